"""Tables of the yearly true-up: when it is due and what is sent, what is counted how, and the order lines."""

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import grid, holder
from lmanalytics.report.locales import locale
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_ENROLLMENT = ["entity_id", "agreement_id", "enrollment_id"]
_NOTHING = "update_statement"


def schedule_table(run: Run, limit: int = 40) -> GT:
    """List running enrollments: order or update statement, its window, and what the order comes to.

    Costs are of the lines that have a price; the others are counted.
    """
    said = told("order_tables.schedule")
    is_order = (pl.col("basis") != _NOTHING).any()
    late = pl.col("window_closes") < pl.lit(run.as_of).str.to_date()
    frame = (
        run.true_up.group_by(_ENROLLMENT)
        .agg(
            document=pl.when(is_order).then(pl.lit(said["order"])).otherwise(pl.lit(said["statement"])),
            window_opens=pl.col("window_opens").max(),
            window_closes=pl.col("window_closes").max(),
            lines=(pl.col("basis") != _NOTHING).sum().cast(pl.Int64),
            unpriced=(pl.col("cost").is_null() & (pl.col("licenses") > 0)).sum().cast(pl.Int64),
            cost=pl.when(pl.col("currency").drop_nulls().n_unique() <= 1).then(pl.col("cost").sum()),
            currency=pl.col("currency").drop_nulls().min(),
        )
        .with_columns(name=pl.coalesce("enrollment_id", "agreement_id", pl.lit(told("grids.no_agreement"))))
        .sort(_ENROLLMENT, nulls_last=True)
    )
    strong = {"window_closes": late}
    return grid(run, "true_up", "order_tables.schedule", limit, strong=strong).show(frame)


def counted_table(run: Run, limit: int = 60) -> GT:
    """List what is ordered by how it is counted: enterprise products today, additional ones at their highest use.

    Columns: product with edition and metric, licenses owned and required in the position, to order, and the day from
    which the highest use counts.
    """
    line = ["product", "edition", "metric"]
    position = run.position.group_by("entity_id", *line).agg(
        pl.when(pl.col(name).is_not_null().all()).then(pl.col(name).sum()).alias(name) for name in ("owned", "required")
    )
    ordered = (
        run.true_up.filter(pl.col("basis") != _NOTHING)
        .group_by("entity_id", *line, "basis", "counted_since", "agreement_id", "enrollment_id")
        .agg(pl.col("licenses").sum())
    )
    names = told("order_tables.counted.bases")
    frame = (
        ordered.join(position, on=["entity_id", *line], how="left", nulls_equal=True)
        .with_columns(
            words("metric"),
            heading=pl.col("basis").replace(names),
            name=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True),
        )
        .sort("basis", "name", "metric", "enrollment_id", nulls_last=True)
    )
    return grid(run, "true_up", "order_tables.counted", limit, heading="heading").show(frame)


def enterprise_products_table(run: Run, limit: int = 60) -> GT:
    """List what enrollments name as their products, and whether each is counted at the order or at its highest use."""
    frame = (
        run.accepted("agreement_products")
        .with_columns(heading=holder())
        .sort(
            "agreement_id", "enrollment_id", "is_enterprise_product", "product", descending=[False, False, True, False]
        )
    )
    stored = "accepted/agreement_products.parquet"
    return grid(run, "agreement_products", "order_tables.products", limit, heading="heading", stored=stored).show(frame)


def order_lines_table(run: Run, limit: int = 60) -> GT:
    """List the order lines of each enrollment, with packs and price; an update statement has a line of its own."""
    everything = pl.col("product") == "*"
    opens, closes = (locale().dates(pl.col(name)) for name in ("window_opens", "window_closes"))
    window = pl.format(told("order_tables.lines.window"), opens, closes).fill_null("")
    frame = run.true_up.with_columns(
        words("purchase_type"),
        heading=holder() + window,
        name=pl.when(everything)
        .then(pl.lit(told("order_tables.lines.everything")))
        .otherwise(pl.concat_str("product", "edition", "version", separator=" ", ignore_nulls=True)),
        metric=pl.when(everything).then(pl.lit("")).otherwise(words("metric")),
        packs=pl.when(everything)
        .then(pl.lit(""))
        .otherwise(pl.format(told("order_tables.lines.pack"), "packs", "pack_size")),
        unit_price=pl.when(~everything).then("unit_price"),
    )
    return grid(
        run, "true_up", "order_tables.lines", limit, heading="heading", sums=("licenses", "cost"), right=("packs",)
    ).show(frame)
