"""Under which agreement licenses of a product had active Software Assurance, and when."""

from datetime import date

import polars as pl

from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.rules.right import license_coverage, license_mobility_programs

LICENSE = ["entity_id", "agreement_id", "enrollment_id", "product", "edition"]
_ANY = ""
_SPAN = ["sa_from", "sa_to"]


def covered_lots(licenses: pl.LazyFrame) -> pl.LazyFrame:
    """List the days on which lots have Software Assurance, or are subscriptions, for each edition they may run.

    Args:
        licenses: the `licenses` answer.

    Returns:
        LICENSE (enrollment_id is the agreement's where the lot has none), program, quantity, sa_from, sa_to.

    """
    table = load_rule_file(license_coverage).table("edition_rights")
    rights = table.lazy().select("product", edition="edition_held", edition_run="edition_run")
    endless = pl.lit(date.max)
    subscribed = ~pl.col("is_perpetual")
    begins = pl.when(subscribed).then("valid_from").otherwise(pl.max_horizontal("sa_start", "valid_from"))
    ends = (
        pl.when(subscribed)
        .then(pl.col("valid_to").fill_null(endless))
        .when(pl.col("sa_end").is_not_null())
        .then(pl.min_horizontal("sa_end", "valid_to"))
        .when("sa_active")
        .then(pl.col("valid_to").fill_null(endless))
    )
    lots = (
        licenses.filter(pl.col("quantity") > 0)
        .with_columns(
            pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id"),
            sa_from=begins.fill_null(date.min),
            sa_to=ends,
        )
        .filter(pl.col("sa_from") <= pl.col("sa_to"))
        .select(*LICENSE, "program", "quantity", *_SPAN)
    )
    lower = lots.join(rights, on=["product", "edition"]).with_columns(edition="edition_run").drop("edition_run")
    return pl.concat([lots, lower])


def quantities(lots: pl.LazyFrame, as_of: date) -> pl.LazyFrame:
    """Add up the licenses that have Software Assurance on a day under a program with License Mobility.

    Returns:
        LICENSE (agreement_id null: a statement names none), sa_quantity.

    """
    table = load_rule_file(license_mobility_programs).table("license_mobility_programs")
    barred = table.filter(pl.col("software_assurance") == "none")["program"].to_list()
    allowed = ~pl.col("program").is_in(barred).fill_null(value=False)
    active = (pl.col("sa_from") <= as_of) & (pl.col("sa_to") >= as_of)
    return lots.filter(active & allowed).group_by(LICENSE).agg(sa_quantity=pl.col("quantity").sum())


def has_assurance(rows: pl.LazyFrame, lots: pl.LazyFrame, day: str) -> pl.LazyFrame:
    """Add has_sa: whether licenses of the product had Software Assurance on the day of the row.

    Args:
        rows: entity_id, agreement_id (null: any), product, edition, and the day.
        lots: `covered_lots`.
        day: the column of the day.

    Returns:
        The rows with has_sa, never null.

    """
    by_agreement = lots.select(_key("agreement_id"), *_SPAN)
    by_entity = lots.select(_key(None), *_SPAN)
    spans = _merged(pl.concat([by_agreement, by_entity]).unique())
    found = (
        rows.with_columns(_key("agreement_id"))
        .sort(day)
        .join_asof(
            spans.sort("sa_from"), left_on=day, right_on="sa_from", by="_key", strategy="backward",
            check_sortedness=False,
        )
    )  # fmt: skip
    covered = (pl.col("sa_to") >= pl.col(day)).fill_null(value=False)
    return found.with_columns(has_sa=covered).drop("_key", *_SPAN, strict=False)


def _merged(spans: pl.LazyFrame) -> pl.LazyFrame:
    """Join spans of one key that overlap or follow on, so that the last one begun tells whether a day is covered."""
    until = pl.col("sa_to").cum_max().shift(1).over("_key", order_by=_SPAN)
    gap = (pl.col("sa_from") > until.dt.offset_by("1d")).fill_null(value=False)
    return (
        spans.with_columns(pl.col("sa_to").clip(upper_bound=date(date.max.year - 1, 1, 1)))
        .sort("_key", *_SPAN)
        .with_columns(_gap=gap)
        .with_columns(_span=pl.col("_gap").cum_sum().over("_key"))
        .group_by("_key", "_span")
        .agg(pl.col("sa_from").min(), pl.col("sa_to").max())
        .drop("_span")
    )


def _key(agreement: str | None) -> pl.Expr:
    owner = pl.lit(_ANY) if agreement is None else pl.col(agreement).fill_null(_ANY)
    parts = [pl.col("entity_id"), owner, pl.col("product"), pl.col("edition").fill_null(_ANY)]
    return pl.concat_str(parts, separator="\x1f").alias("_key")
