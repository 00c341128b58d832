"""Who acts on a finding, and by when: the owners of estate.yaml, and the days that the order knows."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from lmanalytics.ingest.patterns import matches
from lmanalytics.schemas import ENTITY

_COLUMNS = {"area": "area", "product": "product", "entity": ENTITY, "subject": "subject_id"}


def owner(owners: Iterable[Mapping[str, Any]]) -> pl.Expr:
    """Return the owner of a finding: the one that it has, else the first entry of `owners` that fits, else null.

    Args:
        owners: `Estate.owners`: `owner`, and patterns by `area`, `product`, `entity` and `subject`, all of which must
            fit. What a finding does not have fits no pattern.

    """
    found = []
    for one in owners:
        tests = [
            matches(column, one[name], last_part=name == "subject") for name, column in _COLUMNS.items() if name in one
        ]
        fits = pl.all_horizontal(tests).fill_null(value=False) if tests else pl.lit(value=True)
        found.append(pl.when(fits).then(pl.lit(one["owner"])))
    return pl.coalesce("owner", *found)


def order_days(true_up: pl.LazyFrame) -> pl.LazyFrame:
    """Return the first day on which a window to order a product closes.

    Args:
        true_up: the `true_up` answer.

    Returns:
        entity_id, product, edition, metric, name (product and edition) and closes; only where a day is known.

    """
    days = (
        true_up.filter((pl.col("licenses") > 0) & pl.col("window_closes").is_not_null())
        .group_by(ENTITY, "product", "edition", "metric")
        .agg(closes=pl.col("window_closes").min())
    )
    return days.with_columns(name=pl.concat_str("product", "edition", separator=" ", ignore_nulls=True))
