"""Which installs the position is about: a software inventory lists mostly what Microsoft's terms say nothing of."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import ENTITY

SET_ASIDE = "installs_set_aside"


class Reason(ReasonBase):
    """Why an install is set aside before anything is computed."""

    OTHER_PUBLISHER = "Its name is not one of Microsoft's, so that the terms say nothing of it."
    FREE_COMPONENT = "It is a component that Microsoft offers without charge."


def sorted_out(installs: pl.LazyFrame, settings: Settings) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Part installs that the terms may have something to say of from the others.

    Args:
        installs: the canonical table; each different name is looked at once.
        settings: date and policies (`unrecognized_software`).

    Returns:
        The rows to compute with, unchanged; and entity_id, product, reason, rows: how many of each product are set
        aside. Rows without a product are computed with.

    """
    policy = load_rule_file(sys.modules[__name__]).policies["unrecognized_software"].chosen(settings)
    if policy == "not_computable":
        return installs, _counted(installs.clear().with_columns(reason=pl.lit(None, pl.String)))
    names = installs.select("product").drop_nulls().unique().collect(engine="streaming").lazy()
    aside = names.select("product", reason=_reason()).drop_nulls("reason").collect().lazy()
    return installs.join(aside, on="product", how="anti", maintain_order="left"), _counted(
        installs.join(aside, on="product")
    )


def _counted(rows: pl.LazyFrame) -> pl.LazyFrame:
    key = [ENTITY, "product", "reason"]
    return rows.group_by(key).agg(rows=pl.len().cast(pl.Int64)).sort(key)


def _reason() -> pl.Expr:
    ours, components = (
        "(?i)" + "|".join(f"(?:{p})" for p in _patterns()[kind]) for kind in ("microsoft", "components")
    )
    name = pl.col("product").str.strip_chars()
    return (
        pl.when(name.str.contains(components))
        .then(Reason.FREE_COMPONENT.lit)
        .when(~name.str.contains(ours))
        .then(Reason.OTHER_PUBLISHER.lit)
    )


@cache
def _patterns() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return document
