"""Tables of what identifies and supports the report: run, policies, rules, digests, and what is not computable."""

from collections.abc import Mapping

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid, explained, words
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
        for kind, key in (("input", "inputs"), ("answer", "outputs"))
        for entry in run.manifest.get(key) or ()
    ]
    frame = pl.LazyFrame(
        rows,
        schema=["kind", "file", "sha256"],
        orient="row",
        schema_overrides=dict.fromkeys(("kind", "file", "sha256"), pl.String),
    )
    columns = {"kind": "Kind", "file": "File", "sha256": "SHA-256, first 16 digits"}
    return Grid(
        columns, "The manifest names no files.", 80, "manifest.json", notes=["manifest.json holds the digests in full."]
    ).show(frame)


def policies_table(run: Run) -> GT:
    """List the readings in force where the terms can be read in more than one way, those that matter first."""
    licenses, cost = _changes("licenses_if_otherwise"), _changes("cost_if_otherwise")
    changes = pl.concat_str(licenses, pl.format("Cost: {}", cost), separator=". ", ignore_nulls=True).replace("", None)
    frame = run.policies.with_columns(otherwise=changes).sort(pl.col("otherwise").is_null(), "policy")
    columns = {"policy": "Policy", "reading": "Reading in force", "otherwise": "If read otherwise", "source": "Source"}
    frame = frame.with_columns(pl.col("otherwise").fill_null("unchanged"))
    frame = frame.with_columns(words("policy"), words("reading"))
    return Grid(columns, "No policy was in force.", 80, "policies.parquet").show(frame)


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


def _changes(column: str) -> pl.Expr:
    """Keep of `reading: change; reading: change` the readings that change something."""
    told = pl.col(column).str.split("; ").list.eval(pl.element().filter(~pl.element().str.ends_with(": unchanged")))
    return pl.when(told.list.len() > 0).then(told.list.join("; ").str.replace_all("_", " ", literal=True))


def _counted(noun: str) -> pl.Expr:
    return pl.when(pl.col("n") == 1).then(pl.lit(f"1 {noun}")).otherwise(pl.format(f"{{}} {noun}s", "n"))
