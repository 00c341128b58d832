"""How many passive OSEs of SQL Server each active one with Software Assurance has free, and which ones they are.

Since 1 November 2019: one for any purpose, such as high availability; one more for disaster recovery; and one for
disaster recovery in Azure, where the active one is not there itself. Before: one. On the shared servers of a
License Mobility partner: one, of the same partner.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "copies"
ANSWER = "granted"
_PRIMARY = ["entity_id", "primary_ose_id"]


class Reason(ReasonBase):
    """Whether an active OSE still has a right left for a passive one."""

    GRANTED = "The active OSE has a free passive OSE of this kind."
    NO_RIGHT = "An active OSE there has no free passive OSE of this kind in this place."
    RIGHTS_USED_UP = "Other passive OSEs use up the rights of the active one."


@frame_rule(unit="flag", cite="from_2019", start="2016-10-01")
def granted(copies: pl.LazyFrame, *, failover_rights: pl.DataFrame, as_of: date) -> pl.LazyFrame:
    """Give each active OSE's rights to its passive OSEs: the one that would need most licenses first.

    Args:
        copies: entity_id, primary_ose_id, ose_id, role (passive_ha, passive_dr, passive_dr_azure), primary_place and
            place (own, azure, partner: the same partner as the active OSE's, elsewhere), core_licenses.
        failover_rights: the dated table.
        as_of: the day of the position.

    Returns:
        entity_id, primary_ose_id, ose_id, right (the one used; null without one), is_granted, reason.

    """
    in_force = failover_rights.lazy().filter(
        (pl.col("valid_from") <= as_of) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= as_of))
    )
    pairs = copies.group_by(*_PRIMARY, "ose_id").agg(
        pl.col("role").min(), pl.col("primary_place").first(), pl.col("place").first(), pl.col("core_licenses").max()
    )
    ranked = (
        pairs.join(in_force, on=["primary_place", "role", "place"], how="left")
        .sort(*_PRIMARY, "core_licenses", "ose_id", descending=[False, False, True, False], nulls_last=True)
        .with_columns(is_own=_place([*_PRIMARY, "right"]) <= pl.col("oses"))
        .with_columns(right=pl.when(pl.col("is_own")).then("right").otherwise("other_right"))
        .sort("is_own", descending=True, nulls_last=True, maintain_order=True)
        .with_columns(is_granted=_place([*_PRIMARY, "right"]) <= pl.col("oses"))
    )
    has_right = pl.col("is_own").is_not_null()
    is_granted = pl.col("is_granted").fill_null(value=False) & pl.col("right").is_not_null()
    return ranked.select(
        *_PRIMARY,
        "ose_id",
        right=pl.when(is_granted).then("right"),
        is_granted=is_granted,
        reason=pl.when(is_granted)
        .then(Reason.GRANTED.lit)
        .when(has_right)
        .then(Reason.RIGHTS_USED_UP.lit)
        .otherwise(Reason.NO_RIGHT.lit),
    ).sort(*_PRIMARY, "ose_id")


def _place(key: list[str]) -> pl.Expr:
    """Give the place of the row in the queue for a right, from 1."""
    return pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(key)
