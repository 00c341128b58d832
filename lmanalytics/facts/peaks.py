"""The most OSEs that ran at once: on each host, and among the hosts of each subject.

The moments of a subject are the days on which any of its OSEs was observed; an OSE runs at each moment at
which its row holds. Between snapshots nothing is known, so a peak is that of the snapshots.
"""

import polars as pl

from lmanalytics.schemas import ENTITY

SUBJECT = [ENTITY, "subject_kind", "subject_id"]
_CONTAINER = pl.col("kind") == "process_container"


def loads(oses: pl.LazyFrame) -> pl.LazyFrame:
    """List which OSEs ran at which moment: SUBJECT, moment, and of the OSE what its licenses depend on.

    Args:
        oses: the facts of OSEs.

    Returns:
        SUBJECT, moment, ose_id, host_id, kind, vcpus, operator, os_version, version_rank, needs_datacenter,
        bound_hosts.

    """
    rows = oses.filter("is_load").select(
        *SUBJECT, "observed_on", "valid_until", "ose_id", "host_id", "kind", "vcpus", "operator", "os_version",
        "version_rank", "needs_datacenter", "bound_hosts",
    )  # fmt: skip
    moments = rows.select(*SUBJECT, moment="observed_on").unique()
    holds = (pl.col("observed_on") <= pl.col("moment")) & (
        pl.col("valid_until").is_null() | (pl.col("moment") < pl.col("valid_until"))
    )
    return rows.join(moments, on=SUBJECT).filter(holds).drop("observed_on", "valid_until")


def host_peaks(hosts: pl.LazyFrame, running: pl.LazyFrame) -> pl.LazyFrame:
    """Add to each host the most OSEs that could run there at once.

    Args:
        hosts: the facts of hosts.
        running: the `loads` of the same estate.

    Returns:
        The hosts with windows_oses (with Hyper-V isolated containers), process_containers, peak_on (the
        first day of the peak; null without OSEs), has_affinity (some OSE may run only on some hosts of the
        cluster), is_host_os_known and host_rights_used (1 where the physical OSE works). A host that has
        guests and whose own system is unknown is taken to run Windows Server solely to host them, which
        costs nothing more and offers no less careful an answer; without guests it stays unknown.

    """
    free = (
        running.filter(pl.col("bound_hosts").is_null())
        .group_by(*SUBJECT, "moment")
        .agg(_free=(~_CONTAINER).sum().cast(pl.Int64), _free_containers=_CONTAINER.sum().cast(pl.Int64))
    )
    bound = (
        running.filter(pl.col("bound_hosts").is_not_null())
        .explode("bound_hosts", empty_as_null=False, keep_nulls=False)
        .group_by(*SUBJECT, "moment", pl.col("bound_hosts").alias("host_id"))
        .agg(_bound=(~_CONTAINER).sum().cast(pl.Int64), _bound_containers=_CONTAINER.sum().cast(pl.Int64))
    )
    moments = running.select(*SUBJECT, "moment").unique()
    at = (
        hosts.select(*SUBJECT, "host_id")
        .join(moments, on=SUBJECT)
        .join(free, on=[*SUBJECT, "moment"], how="left")
        .join(bound, on=[*SUBJECT, "moment", "host_id"], how="left")
        .with_columns(
            _oses=pl.col("_free").fill_null(0) + pl.col("_bound").fill_null(0),
            _containers=pl.col("_free_containers").fill_null(0) + pl.col("_bound_containers").fill_null(0),
            _is_bound=pl.col("_bound").is_not_null() | pl.col("_bound_containers").is_not_null(),
        )
        .group_by(*SUBJECT, "host_id")
        .agg(
            windows_oses=pl.col("_oses").max(),
            process_containers=pl.col("_containers").max(),
            peak_on=pl.col("moment").filter(pl.col("_oses") == pl.col("_oses").max()).min(),
            has_affinity=pl.col("_is_bound").any(),
        )
    )
    guests = (pl.col("windows_oses") > 0) | (pl.col("process_containers") > 0)
    return (
        hosts.join(at, on=[*SUBJECT, "host_id"], how="left")
        .with_columns(
            pl.col("windows_oses", "process_containers").fill_null(0), pl.col("has_affinity").fill_null(value=False)
        )
        .with_columns(
            is_host_os_known=pl.col("host_runs_windows").is_not_null(),
            host_runs_windows=pl.when(guests)
            .then(pl.col("host_runs_windows").fill_null(value=True))
            .otherwise("host_runs_windows"),
            host_rights_used=pl.when(pl.col("host_uses_right").is_not_null())
            .then(pl.col("host_uses_right").cast(pl.Int64))
            .when(guests)
            .then(0),
        )
    )


def guest_facts(running: pl.LazyFrame) -> pl.LazyFrame:
    """Add up what the OSEs of each subject ask of its licenses.

    Args:
        running: the `loads`, with individual_licenses (what the OSE takes by itself; null where unknown).

    Returns:
        SUBJECT, needs_datacenter, containers_need_datacenter (one that shares the system of its host),
        version_rank (the highest known), guests (the most at once, process containers left out),
        virtual_licenses (the most at once of all guests by themselves), and of those that need Datacenter
        datacenter_guests and datacenter_virtual_licenses; licenses are null where one guest's are unknown.

    """
    each, needs = pl.col("individual_licenses"), pl.col("needs_datacenter").fill_null(value=False)
    of_datacenter = ~_CONTAINER & needs
    at = running.group_by(*SUBJECT, "moment").agg(
        _containers_need=(needs & _CONTAINER).any(),
        _rank=pl.col("version_rank").max(),
        _guests=(~_CONTAINER).sum().cast(pl.Int64),
        _licenses=_known_sum(each, ~_CONTAINER),
        _datacenter_guests=of_datacenter.sum().cast(pl.Int64),
        _datacenter=_known_sum(each, of_datacenter),
    )
    most, least = pl.col("_licenses"), pl.col("_datacenter")
    return at.group_by(SUBJECT).agg(
        needs_datacenter=(pl.col("_containers_need") | (pl.col("_datacenter_guests") > 0)).any(),
        containers_need_datacenter=pl.col("_containers_need").any(),
        version_rank=pl.col("_rank").max(),
        guests=pl.col("_guests").max(),
        virtual_licenses=pl.when(most.is_not_null().all()).then(most.max()),
        datacenter_guests=pl.col("_datacenter_guests").max(),
        datacenter_virtual_licenses=pl.when(least.is_not_null().all()).then(least.max()),
    )


def _known_sum(licenses: pl.Expr, among: pl.Expr) -> pl.Expr:
    """Add up where `among` holds; one unknown makes the sum unknown."""
    return pl.when((licenses.is_not_null() | ~among).all()).then(pl.when(among).then(licenses).otherwise(0).sum())
