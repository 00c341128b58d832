"""Update licenses that were bought without naming a server: which servers they cover.

They cover whole servers first to last, those with the years before first, so that chains go on; the last
server may be covered in part.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "server_years"
ANSWER = "assigned"
_POOL = ["entity_id", "product", "offer", "esu_year"]


class Reason(ReasonBase):
    """Where the licenses of a server's year come from."""

    RECORDED = "The coverage of this server is recorded."
    FROM_PURCHASES = "Purchases that name no server cover it, in the order of the servers."
    PARTLY = "Licenses cover a part of what the server requires."
    NONE_LEFT = "No coverage is recorded, and purchases that name no server do not reach it."


@frame_rule(unit="license", cite="terms", start="2018-07-12")
def assigned(servers: pl.LazyFrame, pool: pl.LazyFrame, *, esu_unassigned_purchases: str) -> pl.LazyFrame:
    """Spread bought licenses over the servers that lack them.

    Args:
        servers: entity_id, subject_kind, subject_id, product, offer, esu_year, licenses_required, recorded
            (licenses of recorded coverage), years_before (years that it has before this one).
        pool: entity_id, product, offer, esu_year, licenses: bought, less those of recorded coverage.
        esu_unassigned_purchases: the policy's reading.

    Returns:
        The servers with licenses_covered and coverage (code).

    """
    use = esu_unassigned_purchases == "first_to_last"
    bought = pool.select(*_POOL, _pool=pl.when(pl.lit(use)).then("licenses").otherwise(0).clip(0))
    lacking = (pl.col("licenses_required") - pl.col("recorded")).clip(0).fill_null(0)
    order = [*_POOL, pl.col("years_before"), pl.col("subject_kind"), pl.col("subject_id")]
    down = [False] * len(_POOL) + [True, False, False]
    spread = (
        servers.with_columns(_lacks=lacking)
        .join(bought.filter(pl.col("_pool") > 0), on=_POOL, how="inner")
        .sort(order, descending=down)
        .with_columns(_before=pl.col("_lacks").cum_sum().over(_POOL) - pl.col("_lacks"))
        .with_columns(_given=pl.min_horizontal("_lacks", (pl.col("_pool") - pl.col("_before")).clip(0)))
        .filter(pl.col("_given") > 0)
        .select(*_POOL, "subject_kind", "subject_id", "_given")
    )
    given = pl.col("_given").fill_null(0)
    return (
        servers.join(spread, on=[*_POOL, "subject_kind", "subject_id"], how="left")
        .with_columns(
            licenses_covered=pl.col("recorded") + given,
            coverage=pl.when(
                (pl.col("recorded") + given < pl.col("licenses_required")) & (pl.col("recorded") + given > 0)
            )
            .then(Reason.PARTLY.lit)
            .when(given > 0)
            .then(Reason.FROM_PURCHASES.lit)
            .when(pl.col("recorded") > 0)
            .then(Reason.RECORDED.lit)
            .otherwise(Reason.NONE_LEFT.lit),
        )
        .drop("_given")
    )
