"""Tables of the scope: entities, products, sources, how deployment maps to entitlement, terms and readings."""

import polars as pl
from great_tables import GT

from lmanalytics.report.chapters.deployment_tables import latest
from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import NO_ESTATE, Run
from lmanalytics.report.texts import told

_COUNTED = ("hosts", "oses", "installs", "agreements", "purchases")
_RULE = ("module", "rule", "sentence", "clause")


def entities_table(run: Run, limit: int = 40) -> GT:
    """Count for each entity what was given: current hosts and OSEs, rows of other tables, and lines of the position."""
    tables = {name: latest(run, name) for name in ("hosts", "oses")}
    tables |= {name: run.accepted(name) for name in _COUNTED if name not in tables} | {"lines": run.position}
    parts = [
        table.group_by("entity_id").agg(n=pl.len().cast(pl.Int64)).with_columns(of=pl.lit(name))
        for name, table in tables.items()
    ]
    each = [pl.col("n").filter(pl.col("of") == name).sum().alias(name) for name in tables]
    frame = pl.concat(parts).group_by("entity_id").agg(each).sort("entity_id")
    place = told("scope_tables.entities")
    return Grid(place["columns"], place["empty"], limit, "position.parquet").show(frame)


def products_table(run: Run, limit: int = 80) -> GT:
    """List every product that is owned or was found: computed, owned only, or found and not computable."""
    place = told("scope_tables.products")
    owned = run.licenses.group_by("product").agg(owned=pl.len().cast(pl.Int64))
    found = run.plan.group_by("product").agg(subjects=pl.len().cast(pl.Int64))
    lines = run.position.group_by("product").agg(
        lines=pl.len().cast(pl.Int64),
        is_known=pl.col("required").is_not_null().any(),
        is_owned=(pl.col("owned") > 0).any(),
    )
    state = (
        pl.when(pl.col("is_known"))
        .then(pl.lit("a_computed"))
        .when(pl.col("is_owned"))
        .then(pl.lit("b_owned"))
        .otherwise(pl.lit("c_not_computable"))
    )
    frame = (
        lines.join(owned, on="product", how="left")
        .join(found, on="product", how="left")
        .with_columns(pl.col("owned", "subjects").fill_null(0), state=state)
        .sort("state", "product")
        .with_columns(pl.col("state").replace(place["states"]))
    )
    return Grid(place["columns"], place["empty"], limit, "position.parquet", heading="state").show(frame)


def tables_table(run: Run) -> GT:
    """List what kind of data was given, in how many files, of which days, and what it serves for."""
    place = told("scope_tables.sources")
    parts = [
        run.accepted(table).select(
            table=pl.lit(table), files=pl.col("source_file").n_unique().cast(pl.Int64), rows=pl.len().cast(pl.Int64),
            oldest=_day(run, table, "min"), newest=_day(run, table, "max"),
        )
        for table in run.tables
    ]  # fmt: skip
    schema = {"table": pl.String, "files": pl.Int64, "rows": pl.Int64, "oldest": pl.String, "newest": pl.String}
    frame = pl.concat([pl.LazyFrame(schema=schema), *parts]).with_columns(
        use=pl.col("table").replace_strict(place["uses"], default="", return_dtype=pl.String)
    )
    return Grid(place["columns"], place["empty"], 40).show(frame.with_columns(words("table")))


def mapping_table(run: Run, limit: int = 60) -> GT:
    """Say for each product and way of licensing that was looked at which rule counts it, in which metric, and why."""
    place = told("scope_tables.mapping")
    listed = (rule for rule in run.manifest.get("rules") or () if rule.get("in_force", True))
    rules = [{name: str(rule.get(name) or "") for name in _RULE} for rule in listed]
    cited = pl.LazyFrame(rules, schema=dict.fromkeys(_RULE, pl.String)).select(
        "module", "sentence", "clause", rule=pl.concat_str("module", "rule", separator=".")
    )
    frame = (
        run.demand.select("product", "option", "metric", "rule")
        .unique()
        .join(cited.unique("rule", keep="first", maintain_order=True), on="rule", how="left")
        .with_columns(words("option"), words("metric"), words("module"))
        .sort("product", "option", "metric", "rule", nulls_last=True)
    )
    empty = place["empty"] if run.has_estate else NO_ESTATE
    columns = {name: label for name, label in place["columns"].items() if name != "module"}
    return Grid(columns, empty, limit, "demand.parquet", heading="product").show(frame)


def terms_table(run: Run, limit: int = 60) -> GT:
    """Say which terms govern the licenses of each product: the days whose terms hold, and the reading that says so."""
    place = told("scope_tables.terms")
    days = [pl.col("governed_on").min(), pl.col("governed_on").max()]
    first, last = (day.cast(pl.String) for day in days)
    frame = (
        run.license_terms.group_by("product", words("reading"))
        .agg(
            governed=pl.when(first == last).then(first).otherwise(pl.format("{} / {}", first, last)),
            licenses=pl.col("quantity").sum(),
            otherwise=pl.col("otherwise").drop_nulls().unique().sort().implode(),
        )
        .with_columns(otherwise=pl.col("otherwise").list.join("; ").str.replace_all("_", " ", literal=True))
        .sort("product", "reading")
    )
    return Grid(place["columns"], place["empty"], limit, "license_terms.parquet", notes=place["notes"]).show(frame)


def policies_table(run: Run) -> GT:
    """List the readings in force where the terms can be read in more than one way, those set for this run first."""
    place = told("scope_tables.policies")
    is_set = pl.col("reason") != "default"
    frame = run.policies.sort(~is_set.fill_null(value=False), "policy").select(
        words("policy"),
        words("reading"),
        "source",
        set=pl.when(is_set).then(pl.lit(place["by_run"])).otherwise(pl.lit(place["by_default"])),
    )
    strong = {"set": pl.col("set") == place["by_run"]}
    return Grid(place["columns"], place["empty"], 120, "policies.parquet", strong=strong).show(frame)


def aside_table(run: Run, limit: int = 20) -> GT:
    """List software of the inventory that was set aside, as the terms say nothing of it; the most frequent first."""
    place = told("scope_tables.aside")
    frame = (
        run.accounts.filter((pl.col("table") == "installs") & (pl.col("rule") == "software"))
        .with_columns(why=explained(run.sentences))
        .sort(-pl.col("rows"), "product")
    )
    return Grid(place["columns"], place["empty"], limit, "accounts.parquet").show(frame)


def _day(run: Run, table: str, end: str) -> pl.Expr:
    """Take the first or last day on which rows of a table were observed; an empty text where they state none."""
    names = run.accepted(table).collect_schema().names()
    column = next((name for name in ("observed_on", "statement_date") if name in names), None)
    if column is None:
        return pl.lit("")
    days = pl.col(column).min() if end == "min" else pl.col(column).max()
    return days.cast(pl.String).fill_null("")
