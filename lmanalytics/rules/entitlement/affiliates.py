"""Whose needs a license may serve: those of its entity, and of the affiliates that its agreement names.

An agreement covers the entity that signed it and the affiliates in its list. What any of them acquired under it may
serve all of them; a license of no agreement, or of one that does not name its entity, serves its own entity alone.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule

FACTS = "licenses"
ANSWER = "serves"
SEPARATOR = ";"
_HOME = ["agreement_id", "enrollment_id"]


@frame_rule(unit="text", cite="affiliates", start="2001-10-01")
def serves(licenses: pl.LazyFrame, agreements: pl.LazyFrame, *, affiliate_use: str) -> pl.LazyFrame:
    """Add to each license the further entities that it may serve.

    Args:
        licenses: entity_id, agreement_id, enrollment_id and more.
        agreements: entity_id, agreement_id, enrollment_id, affiliates (a list of entities).
        affiliate_use: whether affiliates may use what was acquired under their agreement.

    Returns:
        The same rows with serves: entities by name, separated by a semicolon; null where there is none.

    """
    if affiliate_use != "listed":
        return licenses.with_columns(serves=pl.lit(None, pl.String))
    enrollment = pl.coalesce("enrollment_id", "agreement_id")
    rows = agreements.filter(pl.col("affiliates").list.len() > 0).with_row_index("_agreement")
    members = (
        rows.select(
            "_agreement", "agreement_id", enrollment_id=enrollment, member=pl.concat_list("entity_id", "affiliates")
        )
        .explode("member", empty_as_null=False, keep_nulls=False)
        .with_columns(pl.col("member").str.strip_chars())
        .filter(pl.col("member") != "")
        .unique()
    )
    served = (
        members.join(members.select("_agreement", _other="member"), on="_agreement")
        .filter(pl.col("member") != pl.col("_other"))
        .group_by(*_HOME, entity_id="member")
        .agg(serves=pl.col("_other").unique().sort().str.join(SEPARATOR))
    )
    return licenses.join(served, on=["entity_id", *_HOME], how="left", maintain_order="left")
