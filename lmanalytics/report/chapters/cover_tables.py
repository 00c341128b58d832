"""Tables of the cover: what identifies the report, and what keeps it a draft."""

from collections.abc import Mapping

import polars as pl
from great_tables import GT

from lmanalytics.report.chapters.quality_tables import accounted
from lmanalytics.report.display import Grid, amount, day
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told

_MOST = 4
_DIGITS = 16


def control_table(run: Run) -> GT:
    """What identifies this report: whose position, on which day, from which data, program, rules and readings."""
    conditions = open_conditions(run)
    still = sum(1 for count in conditions.values() if count)
    state = say(f"cover_tables.control.{'draft' if still else 'final'}", open=still, all=len(conditions))
    pairs = {
        "status": state,
        "entities": run.customer,
        "agreements": _agreements(run),
        "as_of": day(run.as_of),
        "cut": _cut(run),
        "run": run.run_id,
        "digest": run.manifest.get("digest"),
        "program": _program(run),
        "rules": _rules(run),
        "policies": _policies(run),
        "engines": ", ".join(f"{name} {v}" for name, v in sorted((run.manifest.get("versions") or {}).items())),
        "currencies": ", ".join(str(code) for code in run.manifest.get("currencies") or ()),
        "inputs": amount(len(run.manifest.get("inputs") or ())),
        "outputs": amount(len(run.manifest.get("outputs") or ())),
        "distribution": told("cover_tables.control.distribution"),
    }
    names = told("cover_tables.control.items")
    known = {names[name]: str(value) for name, value in pairs.items() if value not in (None, "")}
    frame = pl.LazyFrame({"name": list(known), "value": list(known.values())})
    return Grid(told("cover_tables.control.columns"), told("cover_tables.control.empty")).show(frame)


def conditions_table(run: Run) -> GT:
    """Set each condition of a final report against what is still open."""
    place = told("cover_tables.conditions")
    conditions = open_conditions(run)
    frame = pl.LazyFrame(
        {
            "condition": [place["names"][name] for name in conditions],
            "open": list(conditions.values()),
            "state": [place["is_open"] if count else place["met"] for count in conditions.values()],
        },
        schema={"condition": pl.String, "open": pl.Int64, "state": pl.String},
    )
    strong = {"state": pl.col("open") > 0}
    return Grid(place["columns"], place["empty"], strong=strong).show(frame)


def open_conditions(run: Run) -> dict[str, int]:
    """Count what each condition of a final report leaves open; 0 is met.

    A report is final as computed when all are 0: both halves were given, every line and every subject is computable,
    every row is accounted for, no finding is an error, and no rule in force is a draft.
    """
    lines, unknown = run.position.select(pl.len(), unknown=pl.col("shortage").is_null().sum()).collect().row(0)
    without = run.plan.select(pl.col("option").is_null().sum()).collect().item()
    errors = run.findings.filter(pl.col("severity") == "error").select(pl.len()).collect().item()
    drafts = sum(1 for rule in _in_force(run) if rule.get("status") != "verified")
    return {
        "given": int(not run.is_given("purchases")) + int(not run.has_estate),
        "computable": int(unknown) + len(run.manifest.get("not_computable") or ()) + int(not lines),
        "subjects": int(without),
        "rows": accounted(run).filter(~pl.col("adds_up")).collect().height,
        "errors": int(errors),
        "rules": drafts,
    }


def _agreements(run: Run) -> str:
    """Name agreements with their enrollments, the first few."""
    programs = told("entitlement_tables.agreements.programs")
    rows = run.accepted("agreements").select("program", "agreement_id", "enrollment_id").unique()
    sorted_rows = rows.sort("program", "agreement_id", "enrollment_id").collect()
    parts = []
    for program, agreement, enrollment in sorted_rows.head(_MOST).rows():
        kind = "agreement" if agreement == enrollment else "enrollment"
        name = programs.get(program, str(program).replace("_", " "))
        parts.append(say(f"cover_tables.control.{kind}", program=name, agreement=agreement, enrollment=enrollment))
    if sorted_rows.height > _MOST:
        parts.append(say("cover_tables.control.more", count=amount(sorted_rows.height - _MOST)))
    return "; ".join(parts)


def _cut(run: Run) -> str:
    oldest, newest = run.sources.select(o=pl.col("snapshot_on").min(), n=pl.col("snapshot_on").max()).collect().row(0)
    if oldest is None:
        return str(told("cover_tables.control.no_cut"))
    return say("cover_tables.control.cut", oldest=day(oldest), newest=day(newest))


def _program(run: Run) -> str:
    program = run.manifest.get("program") or {}
    digest = program.get("sha256", "") if isinstance(program, Mapping) else program
    version = (run.manifest.get("versions") or {}).get("lmanalytics", "")
    return say("cover_tables.control.program", version=version, digest=str(digest)[:_DIGITS]) if digest else ""


def _rules(run: Run) -> str:
    rules = _in_force(run)
    draft = sum(1 for rule in rules if rule.get("status") != "verified")
    return say("cover_tables.control.rules", rules=amount(len(rules)), draft=amount(draft)) if rules else ""


def _policies(run: Run) -> str:
    every, asked = run.policies.select(pl.len(), (pl.col("reason") != "default").sum()).collect().row(0)
    return say("cover_tables.control.policies", all=amount(every), set=amount(asked)) if every else ""


def _in_force(run: Run) -> list[Mapping[str, object]]:
    return [rule for rule in run.manifest.get("rules") or () if rule.get("in_force", True)]
