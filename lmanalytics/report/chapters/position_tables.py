"""The grid of the Effective License Position in the columns that auditors know, and the same by entity."""

from datetime import date

import polars as pl
from great_tables import GT

from lmanalytics.position.classes import in_force
from lmanalytics.report.chapters.tables import why_no_line
from lmanalytics.report.display import Grid
from lmanalytics.report.run import Run
from lmanalytics.report.texts import say, told

_LINE = ["entity_id", "product", "edition", "version", "metric"]
_SOURCES = ("volume", "oem", "fpp")
_SHORT = pl.col("shortage") > 0


def position_table(run: Run, limit: int = 120) -> GT:
    """Show the Effective License Position: one line for each product, edition, version and metric, with its clause."""
    entity = pl.col("entity_id").n_unique() > 1
    heading = pl.format(told("position_tables.grid.heading"), "product", _metric())
    cited = clauses(run).collect()
    texts = cited["clauses"].explode().drop_nulls().unique().sort().to_list()
    numbers = {text: say("position_tables.grid.clause", number=number) for number, text in enumerate(texts, 1)}
    frame = (
        run.position.join(sources(run), on=_LINE, how="left", nulls_equal=True, maintain_order="left")
        .join(cited.lazy(), on=_LINE, how="left", nulls_equal=True, maintain_order="left")
        .with_columns(
            *(
                pl.when(pl.col("owned") == pl.col("known")).then(name).when(pl.col("owned") == 0).then(0).alias(name)
                for name in _SOURCES
            ),
            heading=pl.when(entity)
            .then(pl.format(told("position_tables.grid.of_entity"), "entity_id", heading))
            .otherwise(heading),
            line=pl.when(pl.col("edition").is_null() & pl.col("version").is_null())
            .then(
                pl.when(pl.col("required").is_null())
                .then(pl.lit(told("position_tables.grid.no_edition")))
                .otherwise(pl.lit(told("position_tables.grid.any_edition")))
            )
            .otherwise(pl.concat_str("edition", "version", separator=" ", ignore_nulls=True)),
            difference=pl.col("owned") - pl.col("required"),
            clauses=pl.col("clauses").list.eval(pl.element().replace(numbers)).list.join(", ").fill_null(""),
        )
    )
    columns = dict(told("position_tables.grid.columns"))
    notes = list(told("position_tables.grid.notes"))
    notes += [f"{number}: {text}." for text, number in numbers.items()]
    mixed = (
        frame.select(((pl.col("oem") > 0) | (pl.col("fpp") > 0) | pl.col("volume").is_null()).any()).collect().item()
    )
    if mixed:
        notes.append(told("position_tables.grid.sources"))
    else:
        columns = {name: label for name, label in columns.items() if name not in _SOURCES}
        notes += [told("position_tables.grid.one_source")] if run.is_given("purchases") else []
    strong = {"shortage": _SHORT, "shortage_cost": _SHORT}
    return Grid(
        columns,
        why_no_line(run),
        limit,
        "position.parquet",
        run.sentences,
        heading="heading",
        strong=strong,
        notes=notes,
    ).show(frame)


def entities_table(run: Run, limit: int = 80) -> GT:
    """Add up the position by entity, product and metric, over the lines of which both sides are known."""
    counts = ("required", "owned", "surplus", "shortage", "shortage_cost")
    known = pl.col("shortage").is_not_null()
    frame = (
        run.position.group_by("entity_id", "product", "metric")
        .agg(
            *(pl.when(known.any()).then(pl.col(name).filter(known).sum()).alias(name) for name in counts[:-1]),
            shortage_cost=pl.when(known.any() & pl.col("shortage_cost").filter(_SHORT).is_not_null().all()).then(
                pl.col("shortage_cost").sum()
            ),
            currency=pl.col("currency").drop_nulls().min(),
            unknown=(~known).sum().cast(pl.Int64),
        )
        .with_columns(_metric(), name="product")
        .sort("entity_id", "product", "metric")
    )
    columns, notes = told("position_tables.entities.columns"), told("position_tables.entities.notes")
    strong = {"shortage": _SHORT, "shortage_cost": _SHORT}
    return Grid(
        columns, why_no_line(run), limit, "position.parquet", heading="entity_id", strong=strong, notes=notes
    ).show(frame)


def sources(run: Run) -> pl.LazyFrame:
    """Tell the licenses of each line in force by where they came from.

    Returns:
        The key of a line of the position; volume, oem and fpp: licenses; known: their sum. Licenses of which no program
        and no license statement tells the source are in none of them.

    """
    held = in_force(run.licenses, date.fromisoformat(run.as_of))
    stated = run.accepted("purchases").filter(pl.col("basis") == "statement_summary").select("entity_id", "purchase_id")
    from_statement = run.license_sources.join(stated, on=["entity_id", "purchase_id"], how="semi")
    from_statement = from_statement.select("entity_id", "license_id", is_stated=pl.lit(value=True)).unique()
    source = (
        pl.when(pl.col("program").is_in(_SOURCES[1:]))
        .then("program")
        .when(pl.col("program").is_not_null() | pl.col("is_stated"))
        .then(pl.lit("volume"))
    )
    parts = [pl.col("quantity").filter(pl.col("source") == name).sum().alias(name) for name in _SOURCES]
    return (
        held.join(from_statement, on=["entity_id", "license_id"], how="left")
        .with_columns(source=source)
        .group_by("entity_id", "product", "edition", "metric", version="version_right")
        .agg(*parts, known=pl.col("quantity").filter(pl.col("source").is_not_null()).sum())
    )


def clauses(run: Run) -> pl.LazyFrame:
    """Name for each line the clauses under which what it requires was counted.

    Returns:
        The key of a line of the position; clauses: a list of texts, sorted.

    """
    rules = [rule for rule in run.manifest.get("rules") or () if rule.get("in_force", True)]
    cited = pl.LazyFrame(
        {
            "rule": [f"{rule.get('module')}.{rule.get('rule')}" for rule in rules],
            "clause": [str(rule.get("clause") or "") for rule in rules],
        },
        schema={"rule": pl.String, "clause": pl.String},
    ).unique("rule", keep="first", maintain_order=True)
    chosen = ["entity_id", "subject_kind", "subject_id", "product", "option", "edition"]
    plan = run.plan.filter(pl.col("licenses_required") > 0).select(*chosen, "version", "metric")
    counted = run.demand.filter("is_available").select(*chosen, "rule").unique()
    lines = plan.join(counted, on=chosen, nulls_equal=True).select(*_LINE, "rule").unique()
    return lines.join(cited, on="rule").group_by(_LINE).agg(clauses=pl.col("clause").unique().sort())


def _metric() -> pl.Expr:
    return pl.col("metric").replace(told("tables.metrics")).str.replace_all("_", " ", literal=True)
