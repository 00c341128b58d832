"""The Azure Migration Allowance: virtual machines in Azure under Datacenter licenses that work on-premises, too.

Each Datacenter license with coverage may serve a virtual machine in Azure while it serves a server of the
customer's. A machine is served whole, by licenses of one edition.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "oses"
ANSWER = "allowance"


class Reason(ReasonBase):
    """Whether Datacenter licenses serve a machine beside their work on-premises."""

    CONCURRENT = "Datacenter licenses with coverage serve it beside their work on-premises."
    BEYOND = "It needs more than what other machines leave of the Datacenter licenses."
    NONE_HELD = "No Datacenter licenses with coverage are owned that could serve it beside their work on-premises."


@frame_rule(unit="core_license", cite="allowance", start="2016-10-01")
def allowance(machines: pl.LazyFrame, held: pl.LazyFrame) -> pl.LazyFrame:
    """Say which machines the Datacenter licenses of each customer serve beside their work on-premises.

    Large machines come first; what is left when one does not fit goes to smaller ones that do.

    Args:
        machines: entity_id, ose_id, licenses; those with none, or an unknown number, are left out.
        held: entity_id, quantity of Datacenter licenses with coverage that no host of Azure takes.

    Returns:
        entity_id, ose_id, is_concurrent, reason.

    """
    lots = held.group_by("entity_id").agg(_held=pl.col("quantity").sum().clip(0).cast(pl.Int64))
    left = pl.col("_held") - pl.col("licenses").filter("_is_first").sum().over("entity_id")
    fits = ~pl.col("_is_first") & (pl.col("licenses") <= pl.col("_left"))
    small = pl.when(fits).then("licenses").otherwise(0).cum_sum().over("entity_id")
    is_concurrent = pl.col("_is_first") | (fits & (small <= pl.col("_left")))
    return (
        machines.filter(pl.col("licenses") > 0)
        .join(lots, on="entity_id", how="left")
        .with_columns(pl.col("_held").fill_null(0))
        .sort("entity_id", "licenses", "ose_id", descending=[False, True, False])
        .with_columns(_is_first=pl.col("licenses").cum_sum().over("entity_id") <= pl.col("_held"))
        .with_columns(_left=left)
        .with_columns(is_concurrent=is_concurrent)
        .select(
            "entity_id",
            "ose_id",
            "is_concurrent",
            reason=pl.when("is_concurrent")
            .then(Reason.CONCURRENT.lit)
            .when(pl.col("_held") == 0)
            .then(Reason.NONE_HELD.lit)
            .otherwise(Reason.BEYOND.lit),
        )
        .sort("entity_id", "ose_id")
    )
