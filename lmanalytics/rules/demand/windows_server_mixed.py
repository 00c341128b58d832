"""Windows Server Standard with both models on one host: k full sets, the rest by virtual machine.

The sets take the OSEs with the most licenses of their own; what is left at the busiest moment is licensed
by itself. An OSE that needs Datacenter is never among those that the sets take: the edition of a license by
virtual machine is its own, while all sets of a server are of one edition. For hosts among which OSEs move
the base is the sum of their cores, since an OSE that is licensed by itself is so on each of them.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule, rule

FACTS = "hosts"
ANSWER = "core_licenses"


@frame_rule(unit="core_license", cite="adding_oses", start="2022-10-01")
def curve(subjects: pl.LazyFrame, loads: pl.LazyFrame) -> pl.LazyFrame:
    """Licenses by virtual machine for each number of sets, as far as any OSE is left to license by itself.

    Args:
        subjects: subject_number, oses_per_set (of windows_server_standard), host_rights_used,
            host_runs_windows: sets begin at one where Windows Server runs in the physical OSE.
        loads: subject_number, moment, individual_licenses: a row per OSE that runs at a moment; null where the
            OSE's virtual cores are unknown, so that it must be among those that the sets take. And
            needs_datacenter: no set of Standard takes it.

    Returns:
        subject_number, sets, individual_licenses (the most of any moment), individual_oses, individual_datacenter
        (how many of individual_licenses are of Datacenter).

    """
    at = ["subject_number", "moment"]
    left = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    per_set, runs = pl.col("oses_per_set"), pl.col("host_runs_windows")
    datacenter = _datacenter(loads, at)
    taken = pl.col("_all") - pl.col("_left") + pl.col("host_rights_used")
    of_subject = subjects.select("subject_number", "oses_per_set", "host_rights_used", "host_runs_windows")
    ranked = (
        loads.select(*at, "individual_licenses", _not_datacenter=~pl.col("needs_datacenter").fill_null(value=False))
        .sort(*at, "_not_datacenter", "individual_licenses", nulls_last=True)
        .with_columns(
            _all=pl.len().over(at).cast(pl.Int64),
            _left=left.over(at),
            _sum=pl.col("individual_licenses").cum_sum().over(at),
        )
        .filter("_not_datacenter")
        .join(of_subject, on="subject_number")
        .with_columns(_taken=taken)
        .filter(pl.col("_taken") % per_set == 0)
        .select("subject_number", "_sum", "_left", "host_runs_windows", sets=pl.col("_taken") // per_set)
        .filter((pl.col("sets") > 0) | ~runs)
        .drop("host_runs_windows")
    )
    ranked = pl.concat([ranked, _enough(loads, datacenter, of_subject, at)], how="diagonal")
    # At a moment that fewer sets suffice for, what needs Datacenter is all that is left.
    always = datacenter.group_by("subject_number").agg(
        _is_known=pl.col("_datacenter").is_not_null().all(),
        _datacenter=pl.col("_datacenter").max(),
        _never=pl.col("_never").max(),
    )
    most, least = pl.col("individual_licenses"), pl.col("_datacenter").fill_null(0)
    return (
        ranked.group_by("subject_number", "sets")
        .agg(
            individual_licenses=pl.when(pl.col("_sum").is_not_null().all()).then(pl.col("_sum").max()),
            individual_oses=pl.col("_left").max(),
        )
        .join(always, on="subject_number", how="left")
        .filter(most.is_not_null() & pl.col("_is_known").fill_null(value=True))
        .select(
            "subject_number",
            "sets",
            individual_licenses=pl.max_horizontal(most, least),
            individual_oses=pl.max_horizontal("individual_oses", pl.col("_never").fill_null(0)),
            individual_datacenter=least,
        )
    )


def _enough(loads: pl.LazyFrame, datacenter: pl.LazyFrame, subjects: pl.LazyFrame, at: list[str]) -> pl.LazyFrame:
    """Add the sets that take at a moment all that Standard may, where another OSE of the subject needs Datacenter."""
    taken = pl.col("_others") + pl.col("host_rights_used")
    fewest = (taken + pl.col("oses_per_set") - 1) // pl.col("oses_per_set")
    return (
        loads.join(datacenter.select("subject_number").unique(), on="subject_number", how="semi")
        .group_by(at)
        .agg(_others=(~pl.col("needs_datacenter").fill_null(value=False)).sum().cast(pl.Int64))
        .join(subjects, on="subject_number")
        .select(
            "subject_number",
            sets=pl.max_horizontal(fewest, pl.col("host_runs_windows").cast(pl.Int64)),
            _sum=pl.lit(0, pl.Int64),
            _left=pl.lit(0, pl.Int64),
        )
    )


def _datacenter(loads: pl.LazyFrame, at: list[str]) -> pl.LazyFrame:
    """Count at each moment what no set of Standard takes, and its licenses: null where an OSE's are unknown."""
    each = pl.col("individual_licenses")
    return (
        loads.filter("needs_datacenter")
        .group_by(at)
        .agg(_never=pl.len().cast(pl.Int64), _datacenter=pl.when(each.is_not_null().all()).then(each.sum()))
    )


@rule(unit="core_license", cite="adding_oses", start="2022-10-01", optional=("sets",))
def set_licenses(cores_to_license: pl.Expr, sets: pl.Expr) -> pl.Expr:
    """Core licenses of the sets, which need no Software Assurance."""
    return cores_to_license * sets.cast(pl.Int64)


@rule(unit="core_license", cite="adding_oses", start="2022-10-01", optional=("individual_licenses",))
def core_licenses(set_licenses: pl.Expr, individual_licenses: pl.Expr) -> pl.Expr:
    """Core licenses of the sets and of the OSEs that are licensed by themselves."""
    return set_licenses + individual_licenses.cast(pl.Int64)
