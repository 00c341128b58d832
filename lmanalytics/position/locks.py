"""Licenses inside their period of reassignment stay on the host that they were assigned to.

An assignment by physical core or by server holds its licenses there for the days of the terms. Licenses with
License Mobility and active Software Assurance move inside a Server Farm at any time, and are not held.
"""

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_products, reassignment_period
from lmanalytics.schemas import ANSWERS, ENTITY

_KIND = [ENTITY, "product", "edition", "metric"]
_HELD = ("physical_core", "server")
_EARLIEST = column_name(reassignment_period, "earliest_allowed")
_ACROSS = column_name(license_mobility_products, "across_farms")


def locks(assignments: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
    """Find how many licenses are held on which host on the day of the position.

    Args:
        assignments: the canonical table `license_assignments`.
        settings: date and policies.

    Returns:
        entity_id, product, edition, metric, agreement_id, host_id, quantity, earliest_allowed (the first day on
        which the last of them may leave), sorted.

    """
    key = [*_KIND, "agreement_id"]
    rows = assignments.filter((pl.col("assigned_on") <= settings.as_of) & pl.col("basis").is_in(_HELD))
    dated = evaluate(
        rows.with_columns(last_assigned_on="assigned_on", is_bound=pl.lit(value=True)), reassignment_period, settings
    )
    recent = pl.col(_EARLIEST) > settings.as_of
    came = dated.filter(pl.col("to_host_id").is_not_null()).group_by([*key, pl.col("to_host_id").alias("host_id")])
    left = dated.filter(pl.col("from_host_id").is_not_null()).group_by([*key, pl.col("from_host_id").alias("host_id")])
    held = came.agg(
        pl.col("quantity").sum(), _recent=pl.col("quantity").filter(recent).sum(),
        earliest_allowed=pl.col(_EARLIEST).max(),
    ).join(left.agg(_left=pl.col("quantity").sum()), on=[*key, "host_id"], how="left", nulls_equal=True)  # fmt: skip
    still = pl.min_horizontal("_recent", pl.col("quantity") - pl.col("_left").fill_null(0))
    return (
        held.select(*key, "host_id", "earliest_allowed", quantity=still)
        .filter(pl.col("quantity") > 0)
        .sort(*key, "host_id", nulls_last=True)
        .collect()
    )


def bound(licenses: pl.LazyFrame, held: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Bind licenses to the hosts on which they are held: those of the assignment's agreement, if it names one.

    Args:
        licenses: the `licenses` answer in force.
        held: `locks`.
        settings: date and policies.

    Returns:
        The licenses, their lots split where a part is bound; tied_to_host_id names the host.

    """
    judged = evaluate(licenses, license_mobility_products, settings).collect()
    is_mobile = (pl.col(_ACROSS) == license_mobility_products.Reason.LISTED.code) & pl.col("sa_active")
    is_free = pl.col("tied_to_host_id").is_null() & ~is_mobile.fill_null(value=False)
    columns = licenses.collect_schema().names()
    lots, fixed = judged.filter(is_free).select(columns), judged.filter(~is_free).select(columns)
    parts = [fixed]
    for named, key in ((True, [*_KIND, "agreement_id"]), (False, _KIND)):
        asked = held.filter(pl.col("agreement_id").is_not_null() == named)
        tied, lots = _dealt(lots, asked, key)
        parts.append(tied.select(columns))
    return pl.concat([*parts, lots]).sort("license_id", "valid_from", "tied_to_host_id", nulls_last=True)


def _dealt(lots: pl.DataFrame, held: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Deal lots to hosts in the order of their ids: the parts that are bound, and what is left of the lots."""
    ordered = lots.sort(*key, "license_id", "valid_from", nulls_last=True).with_row_index("lot")
    ends = ordered.with_columns(_to=pl.col("quantity").cum_sum().over(key))
    hosts = held.group_by([*key, "host_id"]).agg(pl.col("quantity").sum()).sort([*key, "host_id"], nulls_last=True)
    wanted = hosts.with_columns(_until=pl.col("quantity").cum_sum().over(key), _asked="quantity").drop("quantity")
    shared = pl.min_horizontal("_to", "_until") - pl.max_horizontal(
        pl.col("_to") - pl.col("quantity"), pl.col("_until") - pl.col("_asked")
    )
    tied = (
        ends.join(wanted, on=key, nulls_equal=True)
        .with_columns(quantity=shared, tied_to_host_id="host_id")
        .filter(pl.col("quantity") > 0)
    )
    used = tied.group_by("lot").agg(_used=pl.col("quantity").sum())
    rest = ordered.join(used, on="lot", how="left", maintain_order="left").with_columns(
        quantity=pl.col("quantity") - pl.col("_used").fill_null(0)
    )
    return tied, rest.filter(pl.col("quantity") > 0).select(lots.columns)


def today(demand: pl.LazyFrame, assignments: pl.LazyFrame, settings: Settings) -> pl.DataFrame:
    """Find the options that take licenses of the edition that is assigned today.

    Args:
        demand: the `demand` answer.
        assignments: the canonical table `license_assignments`.
        settings: date.

    Returns:
        entity_id, subject_kind, subject_id, product, option.

    """
    past = assignments.filter(pl.col("assigned_on") <= settings.as_of)
    place = [ENTITY, "product", "edition", "subject_id"]
    came = past.select(*place[:3], subject_id=pl.coalesce("ose_id", "to_host_id"), n="quantity")
    past = past.filter(pl.col("ose_id").is_null())
    left = past.select(*place[:3], subject_id="from_host_id", n=-pl.col("quantity"))
    stays = pl.concat([came, left])
    held = stays.drop_nulls("subject_id").group_by(place).agg(pl.col("n").sum()).filter(pl.col("n") > 0)
    return (
        demand.join(held, on=place, how="semi", nulls_equal=True)
        .select(ENTITY, "subject_kind", "subject_id", "product", "option")
        .unique()
        .collect()
    )


def findings(licenses: pl.DataFrame, held: pl.DataFrame) -> pl.LazyFrame:
    """Tell where more licenses were assigned within the period than are owned.

    Args:
        licenses: the `licenses` answer in force.
        held: `locks`.

    Returns:
        The `findings` answer.

    """
    owned = licenses.group_by(_KIND).agg(owned=pl.col("quantity").sum())
    asked = held.group_by(_KIND).agg(pl.col("quantity").sum(), until=pl.col("earliest_allowed").max())
    lacking = asked.join(owned, on=_KIND, how="left", nulls_equal=True).with_columns(pl.col("owned").fill_null(0))
    name = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True)
    rows = lacking.filter(pl.col("quantity") > pl.col("owned")).select(
        ENTITY,
        "product",
        finding_id=pl.format("locked:{}/{}/{}", ENTITY, name, "metric"),
        severity=pl.lit("error"),
        area=pl.lit("position"),
        subject_id=name,
        statement=pl.format(
            "{} {} licenses of {} were assigned to hosts that they may not leave before {}, but {} are owned.",
            "quantity", "metric", name, pl.col("until").cast(pl.String), "owned",
        ),
        action=pl.lit("Correct the history or the purchases: what is owned is bound to the first hosts."),
        due_on="until",
        status=pl.lit("open"),
        rule=pl.lit("reassignment_period.earliest_allowed"),
    )  # fmt: skip
    return ANSWERS["findings"].conform(rows.lazy()).sort("finding_id")
