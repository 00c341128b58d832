"""The installs of some products that are there on the day of the position, of however many that an estate has."""

from datetime import date

import polars as pl

from lmanalytics.rules.right._machines import OSE
from lmanalytics.rules.topics import held
from lmanalytics.schemas import ENTITY

_INSTALL = [ENTITY, "install_id"]


def current_installs(installs: pl.LazyFrame, products: list[str], as_of: date) -> pl.LazyFrame:
    """Hold the rows that `snapshots.observed` calls current where the inventory of an install is its OSE.

    That is the case of the last day on which the install was seen anywhere, and anything was seen in its OSE.

    Args:
        installs: the canonical table, or its rows with machines by id.
        products: of which rows are wanted; what else is in the same OSEs is read for its days alone.
        as_of: the day of the position.

    Returns:
        entity_id, install_id, ose_id, product, version.

    """
    known = installs.filter(pl.col("observed_on") <= as_of)
    asked = held(
        known.filter(pl.col("product").is_in(products)).select(
            *_INSTALL, "ose_id", "product", "version", "observed_on", "row_id"
        )
    )
    same = known.join(asked.select(_INSTALL).unique(), on=_INSTALL, how="semi")
    first = held(same.group_by(*_INSTALL, "observed_on").agg(pl.col("row_id").min()))
    last = first.group_by(_INSTALL).agg(pl.col("observed_on").max())
    there = known.join(asked.select(OSE).unique(), on=OSE, how="semi")
    last_there = there.group_by(OSE).agg(pl.col("observed_on").max())
    return held(
        asked.join(first, on=[*_INSTALL, "observed_on", "row_id"], how="semi")
        .join(last, on=[*_INSTALL, "observed_on"], how="semi")
        .join(last_there, on=[*OSE, "observed_on"], how="semi")
        .select(*_INSTALL, "ose_id", "product", "version")
    )
