"""Tables of what identifies and supports the report: run, policies, rules, digests, and what is not computable."""

from collections.abc import Mapping

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run

_RULE = {name: pl.String() for name in ("module", "rule", "sentence", "unit", "start", "clause", "status")}


def control_table(run: Run) -> GT:
    """What identifies this report: whose position, on which day, from which program and inputs."""
    program = run.manifest.get("program") or {}
    digest = program.get("sha256", program) if isinstance(program, Mapping) else program
    versions = ", ".join(f"{name} {v}" for name, v in sorted((run.manifest.get("versions") or {}).items()))
    pairs = {
        "Position of": run.customer,
        "Position date": run.as_of,
        "Run": run.run_id,
        "Digest of the manifest": run.manifest.get("digest"),
        "Digest of the program": digest,
        "Versions": versions,
        "Currencies": ", ".join(str(code) for code in run.manifest.get("currencies") or ()),
        "Input files": str(len(run.manifest.get("inputs") or ())),
        "Answer files": str(len(run.manifest.get("outputs") or ())),
    }
    known = {name: str(value) for name, value in pairs.items() if value not in (None, "")}
    frame = pl.LazyFrame({"name": list(known), "value": list(known.values())})
    return Grid({"name": "Item", "value": "Value"}, "The run has no manifest.").show(frame)


def not_computable_table(run: Run) -> GT:
    """Show what could not be computed, and why: tables that are missing, lines, subjects and rows."""
    why = explained(run.sentences)
    lines = run.position.filter(pl.col("shortage").is_null()).group_by("product", "rule", "reason")
    subjects = run.plan.filter(pl.col("licenses_required").is_null()).group_by("product", "rule", "reason")
    rows = run.accounts.filter(pl.col("outcome") == "not_computable").group_by("table", "product", "rule", "reason")
    product = pl.col("product").replace("*", "any product")
    parts = [
        lines.agg(n=pl.len()).select(what=pl.format("Position, {}: {}", product, _counted("line")), why=why),
        subjects.agg(n=pl.len()).select(what=pl.format("Need, {}: {}", product, _counted("subject")), why=why),
        rows.agg(n=pl.col("rows").sum()).select(
            what=pl.format("Table {}, {}: {}", words("table"), product, _counted("row")), why=why
        ),
    ]
    frame = pl.concat([run.not_computable.lazy(), *(part.sort("what", "why") for part in parts)])
    return Grid(
        {"what": "What", "why": "Why"}, run.missing or "Everything that was asked for could be computed.", 80
    ).show(frame)


def digests_table(run: Run) -> GT:
    """The first sixteen digits of the SHA-256 of every input and answer file."""
    rows = [
        (kind, str(entry.get("file")), str(entry.get("sha256"))[:16])
        for kind, key in (("Exports that were read", "inputs"), ("Answers that were written", "outputs"))
        for entry in run.manifest.get(key) or ()
    ]
    frame = pl.LazyFrame(
        rows,
        schema=["kind", "file", "sha256"],
        orient="row",
        schema_overrides=dict.fromkeys(("kind", "file", "sha256"), pl.String),
    )
    columns = {"kind": "", "file": "File", "sha256": "SHA-256, first 16 digits"}
    notes = ["manifest.json holds the digests in full."]
    return Grid(columns, "The manifest names no files.", 80, "manifest.json", heading="kind", notes=notes).show(frame)


def policies_table(run: Run) -> GT:
    """List the readings in force where the terms can be read in more than one way, and the source of each."""
    frame = run.policies.sort("policy").select(words("policy"), words("reading"), "source")
    columns = {"policy": "Policy", "reading": "Reading in force", "source": "Source"}
    return Grid(columns, "No policy was in force.", 80, "policies.parquet").show(frame)


def readings_table(run: Run) -> GT:
    """List what another reading of a policy would change: licenses required and short, and the cost."""
    frame = (
        _readings(run.policies, "licenses_if_otherwise")
        .join(
            _readings(run.policies, "cost_if_otherwise"), on=["policy", "reading", "other"], how="full", coalesce=True
        )
        .with_columns(
            words("policy"),
            words("reading"),
            words("other"),
            required=_change("said", "required "),
            short=_change("said", "short "),
            cost=_change("said_right", ""),
        )
        .filter(pl.any_horizontal(pl.col("said", "said_right") != "unchanged"))
        .sort("policy", "other")
    )
    columns = {
        "policy": "Policy",
        "reading": "In force",
        "other": "If read as",
        "required": "Required",
        "short": "Short",
        "cost": "Cost",
    }
    currencies = " and ".join(str(code) for code in run.manifest.get("currencies") or ())
    notes = [f"Costs in {currencies}."] if currencies else []
    is_told = run.policies.select((pl.col("licenses_if_otherwise").fill_null("") != "").any()).collect().item()
    empty = (
        "No other reading of one policy changes what is required, what is short or what it costs."
        if is_told
        else "What another reading would change was not computed. Set a policy for a run to see it."
    )
    return Grid(columns, empty, 80, "policies.parquet", notes=notes, right=("required", "short", "cost")).show(frame)


def rules_table(run: Run) -> GT:
    """List every rule in force on the position date, its unit, the day since it holds and its clause."""
    rules = [rule for rule in run.manifest.get("rules") or () if rule.get("in_force", True)]
    rows = [{name: rule.get(name) for name in _RULE} for rule in rules]
    draft = pl.when(pl.col("status") == "verified").then(pl.lit("")).otherwise(pl.format(" [{}]", "status"))
    frame = pl.LazyFrame(rows, schema=_RULE).with_columns(
        words("module"),
        words("unit"),
        clause=pl.col("clause") + draft.fill_null(""),
        says=pl.coalesce("sentence", "rule"),
    )
    columns = {"module": "", "says": "Rule", "unit": "Unit", "start": "Since", "clause": "Clause"}
    note = "[draft]: a second person has not yet compared the rule with its clause."
    return Grid(columns, "The manifest lists no rules.", 400, "manifest.json", heading="module", notes=[note]).show(
        frame
    )


def _readings(policies: pl.LazyFrame, column: str) -> pl.LazyFrame:
    """Turn `reading: change; reading: change` into a row for each: policy, reading, other, said."""
    parts = pl.col("told").str.splitn(": ", 2)
    return (
        policies.select("policy", "reading", told=pl.col(column).str.split("; "))
        .explode("told")
        .drop_nulls("told")
        .select("policy", "reading", other=parts.struct[0], said=parts.struct[1])
    )


def _change(column: str, name: str) -> pl.Expr:
    """Take one change out of what is said, as in `required +52, short unchanged`; what is not said is unchanged."""
    said = pl.col(column)
    unknown = said.str.contains(f"(^|{name})not computable")
    change = said.str.extract(name + r"([+-][\d,.]*\d)").fill_null("unchanged")
    return pl.when(unknown.not_()).then(change)


def _counted(noun: str) -> pl.Expr:
    return pl.when(pl.col("n") == 1).then(pl.lit(f"1 {noun}")).otherwise(pl.format(f"{{}} {noun}s", "n"))
