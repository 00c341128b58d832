"""SQL Server: the OSEs and hosts that run a version with Extended Security Updates."""

import polars as pl

from lmanalytics.rules.benefit import esu_sql_server_licenses
from lmanalytics.rules.benefit._esu_columns import HOSTED, ON_HOST, SCHEMA, SQL_SERVER, TRACED, settled
from lmanalytics.rules.demand import per_core_subjects, sql_server_installs
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right._machines import OSE, rows_of
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ENTITY

_INSTALL = sql_server_installs.Reason
_GONE = tuple(
    reason.code
    for reason in (
        _INSTALL.OBSERVED_LATER, _INSTALL.DUPLICATE, _INSTALL.SUPERSEDED, _INSTALL.CLIENT_COMPONENT,
        _INSTALL.EVALUATION, _INSTALL.OSE_TEMPLATE, _INSTALL.OSE_NOT_RUNNING,
    )
)  # fmt: skip
_NAMED = {
    _INSTALL.FREE_EDITION.code: "Express",
    _INSTALL.PROVIDER_ONLY.code: "Web",
    _INSTALL.DEVELOPMENT_EDITION.code: "Developer",
}
_DEVELOPMENT = (_INSTALL.DEVELOPMENT_EDITION.code, _INSTALL.VISUAL_STUDIO.code)


def sql_servers(inputs: Tables, versions: pl.LazyFrame, named: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Describe each version of SQL Server in each OSE."""
    licenses, reason = esu_sql_server_licenses, pl.col("reason")
    seen = per_core_subjects.judged(inputs, settings).filter((pl.col("product") == SQL_SERVER) & ~reason.is_in(_GONE))
    name = mapped(reason, _NAMED.keys(), _NAMED.values())
    judged = seen.join(versions, on="version").with_columns(
        edition=pl.coalesce("edition", name),
        is_passive=reason == _INSTALL.PASSIVE_FREE.code,
        _hosted=reason.is_in(HOSTED),
        _development=reason.is_in(_DEVELOPMENT),
    )
    meter = [ENTITY, "ose_id", "offer"]
    flagged = ["version", "edition", "is_passive", "_hosted", "_development", "reason"]
    installs = settled(judged.select(*meter, *flagged))
    flags = installs.group_by(meter).agg(
        version=pl.col("version").max(),
        is_hosted=pl.col("_hosted").any(),
        is_development=pl.col("_development").all(),
        _unknown=(reason == _INSTALL.PASSIVE_UNKNOWN.code).all(),
    )
    current = inputs["facts_oses"].filter(pl.col("state") == "current")
    oses = rows_of(current.select(*OSE, "host_id", "kind", "vcpus", "location", "provider"), installs, OSE)
    hosts = inputs.get("facts_hosts", pl.LazyFrame(schema={ENTITY: pl.String(), "host_id": pl.String()}))
    cores = [c for c in ("processors", "physical_cores", "cores_per_processor") if c in hosts.collect_schema()]
    by_ose = named.filter((pl.col("product") == SQL_SERVER) & (pl.col("subject_kind") == "ose"))
    channels = by_ose.group_by(ENTITY, "offer", ose_id="subject_id").agg(channel=pl.col("channel").min())
    metered = (
        compute(licenses, "meters", settings, installs=installs.drop("version").rename({"offer": "version"}))
        .rename({"version": "offer"})
        .join(flags, on=meter)
        .join(oses, on=OSE, how="left")
        .join(hosts.select(ENTITY, "host_id", *cores), on=[ENTITY, "host_id"], how="left")
        .join(channels, on=meter, how="left")
        .with_columns(is_physical=pl.col("kind") == "physical")
    )
    counted = evaluate(metered, licenses, settings).with_columns(
        subject_kind=pl.lit("ose"),
        subject_id="ose_id",
        product=pl.lit(SQL_SERVER),
        basis=column_name(licenses, "basis"),
        licenses_required=pl.when("_unknown")
        .then(None)
        .when("is_hosted")
        .then(column_name(licenses, "hosted_licenses"))
        .otherwise(column_name(licenses, "core_licenses")),
    )
    shared = [c for c in SCHEMA if c != "is_authorized_host"]
    columns = [
        *shared,
        "provider",
        *(c for c in TRACED if c in (*cores, "vcpus", "is_physical", "is_passive", "channel")),
    ]
    return _unlimited(settled(counted.select(columns)), named, hosts.select(ENTITY, "host_id", *cores), settings)


def _unlimited(oses: pl.LazyFrame, named: pl.LazyFrame, hosts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Put the host in the place of its virtual OSEs where its coverage is recorded."""
    licenses = esu_sql_server_licenses
    by_host = (
        named.filter((pl.col("product") == SQL_SERVER) & (pl.col("subject_kind") == "host"))
        .select(ENTITY, "offer", host_id="subject_id")
        .unique()
        .with_columns(_whole=True)
    )
    joined = oses.join(by_host, on=ON_HOST, how="left")
    rest = joined.filter(pl.col("_whole").is_null())
    whole = (
        joined.filter(pl.col("_whole"))
        .group_by(ON_HOST)
        .agg(
            pl.col("location").min(),
            pl.col("version").max(),
            is_development=pl.col("is_development").all(),
            is_physical=pl.col("is_physical").any(),
            _edition=pl.col("edition").max(),
            _cores=pl.col("licenses_required").max(),
        )
        .join(hosts, on=[ENTITY, "host_id"], how="left")
        .with_columns(
            subject_kind=pl.lit("host"),
            subject_id="host_id",
            product=pl.lit(SQL_SERVER),
            edition=pl.when("is_physical").then("_edition").otherwise(pl.lit("Enterprise")),
            host_cores="physical_cores",
            is_hosted=pl.lit(value=False),
        )
    )
    counted = evaluate(whole, licenses, settings).with_columns(
        basis=pl.lit(esu_sql_server_licenses.Reason.PHYSICAL_CORES.code),
        licenses_required=pl.when("is_physical").then("_cores").otherwise(column_name(licenses, "host_licenses")),
    )
    kept = pl.exclude("^_.*$")
    whole_hosts = counted.select(*(c for c in SCHEMA if c != "is_authorized_host"), "is_physical")
    return pl.concat([rest.select(kept), whole_hosts], how="diagonal_relaxed")
