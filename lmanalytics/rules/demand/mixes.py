"""Sets of Windows Server Standard with the remaining OSEs by virtual machine: the best mix of each subject, and all."""

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import windows_server_mixed
from lmanalytics.rules.demand.curves import LISTS, cost, is_undominated
from lmanalytics.rules.demand.price_list import for_entity
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings

_TOTAL = column_name(windows_server_mixed, "core_licenses")
_SETS = column_name(windows_server_mixed, "set_licenses")
_OF_SUBJECT = ["subject_number", "cores_to_license", "standard_licenses", "needs_datacenter", "price", "price_with_sa"]


def ways(known: pl.LazyFrame, running: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """List each number of sets with what is left to license by itself (`windows_server_mixed.curve`)."""
    able = known.filter(pl.col("cores_to_license").is_not_null() & pl.col("host_rights_used").is_not_null())
    guests = (
        running.filter((pl.col("kind") != "process_container") & (pl.col("subject_kind") != "ose"))
        .join(able.select(*SUBJECT, "subject_number"), on=SUBJECT)
        .select("subject_number", "moment", "individual_licenses", "needs_datacenter")
    )
    return compute(windows_server_mixed, "curve", settings, subjects=able, loads=guests)


def mixes(known: pl.LazyFrame, running: pl.LazyFrame, prices: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Find the mixes that are neither sets alone nor single licenses alone.

    Args:
        known: the subjects (`subjects.subjects`), each with its subject_number.
        running: which OSEs ran at which moment.
        prices: one row per entity and edition (`price_list.per_license`).
        settings: the run's date and policies.

    Returns:
        The columns of the subjects that have a mix, and of the one that lists for least set_licenses,
        standard_individual, datacenter_individual and sets of each host; and the lists of `curves` for Standard.

    """
    listed = for_entity(known.with_columns(edition=pl.lit("Standard")), prices).select(_OF_SUBJECT)
    inner = ways(known, running, settings).filter((pl.col("sets") > 0) & (pl.col("individual_licenses") > 0))
    single = pl.col("individual_licenses") - pl.col("individual_datacenter")
    costly = evaluate(inner.join(listed, on="subject_number"), windows_server_mixed, settings).select(
        "subject_number",
        curve_steps="sets",
        curve_without_sa=_SETS,
        curve_with_sa=single,
        _datacenter="individual_datacenter",
        _total=_TOTAL,
        _cost=cost(pl.col(_SETS), single),
        _standard=pl.when(~pl.col("needs_datacenter")).then("standard_licenses"),
    )
    points = costly.collect(engine="streaming").sort("subject_number", "curve_steps").lazy()
    kept = is_undominated("curve_without_sa", "curve_with_sa", ["subject_number"], pl.col("_standard"))
    curve = points.filter(kept).group_by("subject_number", maintain_order=True).agg(LISTS)
    best = (
        points.sort("subject_number", "_cost", "_total", "curve_steps", descending=[False, False, False, True],
                    nulls_last=True)
        .group_by("subject_number", maintain_order=True)
        .first()
        .select(
            "subject_number",
            sets="curve_steps",
            set_licenses="curve_without_sa",
            standard_individual="curve_with_sa",
            datacenter_individual="_datacenter",
        )
    )  # fmt: skip
    return known.join(best, on="subject_number").join(curve, on="subject_number", how="left")
