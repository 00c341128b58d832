"""The enrollments whose true-up is to be sent: which are running, until when, and which of them an order goes to."""

import polars as pl

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import true_up_quantity, true_up_window

HOME = ["agreement_id", "enrollment_id"]
_KEY = ["entity_id", *HOME, "product"]
_PROGRAMS = ["ea", "sce", "eas", "ees"]
_SCHEMA = {
    **dict.fromkeys(["entity_id", *HOME], pl.String()),
    **dict.fromkeys(["window_opens", "window_closes", "counted_since"], pl.Date()),
}


def running(agreements: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """List the enrollments that send a true-up every year and are in force.

    Args:
        agreements: the canonical table, or None.
        settings: date and policies.

    Returns:
        entity_id, agreement_id, enrollment_id, window_opens, window_closes (the window that is open, or the next
        one), counted_since (the day from which the highest use of additional products counts); of each entity the
        enrollment whose window closes first comes first.

    """
    if agreements is None:
        return pl.LazyFrame(schema=_SCHEMA)
    day = pl.lit(settings.as_of)
    rows = agreements.filter(
        pl.col("program").is_in(_PROGRAMS)
        & (pl.col("start_date") <= day)
        & (pl.col("end_date").is_null() | (pl.col("end_date") >= day))
    )
    windows = evaluate(rows, true_up_window, settings)
    prior = pl.col("true_up_window__next_anniversary").dt.offset_by("-1y")
    begun = pl.when(prior >= pl.col("start_date")).then(prior)
    dated = windows.with_columns(initial_order_on=pl.col("start_date"), prior_anniversary=begun).with_columns(
        counted_since=true_up_quantity.counted_since(
            pl.col("initial_order_on"), pl.col("last_order_on"), pl.col("prior_anniversary")
        )
    )
    return (
        dated.with_columns(
            window_opens=pl.col("true_up_window__order_opens"), window_closes=pl.col("true_up_window__order_closes")
        )
        .sort("entity_id", "window_closes", *HOME, nulls_last=True)
        .unique(["entity_id", *HOME], keep="first", maintain_order=True)
        .select(_SCHEMA.keys())
    )


def place(
    lines: pl.LazyFrame,
    enrollments: pl.LazyFrame,
    listed: pl.LazyFrame | None,
    licenses: pl.LazyFrame | None,
    settings: Settings,
) -> pl.LazyFrame:
    """Say to which enrollment each product's order goes, how it is counted, and whether it is new there.

    An enrollment that lists the product comes first, then one under which it was ordered, then the one whose
    window closes first.

    Args:
        lines: entity_id, product and more.
        enrollments: `running`.
        listed: the table `agreement_products`, or None.
        licenses: the `licenses` answer, or None: then no product is known to be new.
        settings: date and policies.

    Returns:
        The lines with agreement_id, enrollment_id, window_opens, window_closes, counted_since, basis and is_new.

    """
    key = [*_KEY]
    named = _named(listed)
    ordered = pl.LazyFrame(schema=dict.fromkeys(key, pl.String())) if licenses is None else licenses.select(key)
    asked = lines.select("entity_id", "product").unique()
    best = (
        asked.join(enrollments, on="entity_id")
        .join(named, on=key, how="left")
        .join(ordered.unique().with_columns(_is_ordered=pl.lit(value=True)), on=key, how="left")
        .sort(
            "entity_id", "product", pl.col("is_enterprise_product").is_null(), pl.col("_is_ordered").is_null(),
            "window_closes", *HOME, nulls_last=True,
        )
        .unique(["entity_id", "product"], keep="first", maintain_order=True)
        .with_columns(
            is_new=pl.lit(licenses is not None)
            & pl.col("_is_ordered").is_null()
            & pl.col("is_enterprise_product").is_null()
        )
        .drop("_is_ordered")
    )  # fmt: skip
    found = lines.join(best, on=["entity_id", "product"], how="left")
    return found.with_columns(pl.col("is_new").fill_null(value=False), basis=_basis(settings)).drop(
        "is_enterprise_product"
    )


def at_home(
    lines: pl.LazyFrame, enrollments: pl.LazyFrame, listed: pl.LazyFrame | None, settings: Settings
) -> pl.LazyFrame:
    """Say when the enrollment that a line names sends its order: a step-up is ordered under that of its base.

    Args:
        lines: entity_id, agreement_id, enrollment_id, product and more.
        enrollments: `running`.
        listed: the table `agreement_products`, or None.
        settings: date and policies.

    Returns:
        The columns of `place`; no window where the enrollment sends no true-up.

    """
    found = lines.join(enrollments, on=["entity_id", *HOME], how="left").join(_named(listed), on=_KEY, how="left")
    return found.with_columns(is_new=pl.lit(value=False), basis=_basis(settings)).drop("is_enterprise_product")


def _named(listed: pl.LazyFrame | None) -> pl.LazyFrame:
    """Say which products an enrollment lists, and as what."""
    if listed is None:
        return pl.LazyFrame(schema={**dict.fromkeys(_KEY, pl.String()), "is_enterprise_product": pl.Boolean()})
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    rows = listed.with_columns(enrollment_id=enrollment).select(*_KEY, "is_enterprise_product")
    return rows.unique(_KEY, keep="first", maintain_order=True)


def _basis(settings: Settings) -> pl.Expr:
    reading = load_rule_file(true_up_quantity).policies["true_up_unlisted_product"].chosen(settings)
    basis: pl.Expr = true_up_quantity.basis(pl.col("is_enterprise_product"), true_up_unlisted_product=reading)
    return basis
