"""Windows Server: the servers and OSEs that run a version with Extended Security Updates."""

import polars as pl

from lmanalytics.rules.benefit import esu_windows_server_licenses
from lmanalytics.rules.benefit._esu_columns import HOSTED, ON_HOST, WINDOWS_SERVER, settled
from lmanalytics.rules.demand import windows_server_cores
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ENTITY

PHYSICAL = esu_windows_server_licenses.Reason.PHYSICAL_CORES.code
VIRTUAL = esu_windows_server_licenses.Reason.VIRTUAL_CORES.code
_OFF = ("template", "not_running")


def windows_servers(
    inputs: Tables, versions: pl.LazyFrame, named: pl.LazyFrame, settings: Settings
) -> list[pl.LazyFrame]:
    """Describe servers by their cores, and the OSEs that count by themselves."""
    licenses = esu_windows_server_licenses
    run = inputs["facts_oses"].filter(
        (pl.col("state") == "current")
        & (pl.col("os_product") == WINDOWS_SERVER)
        & ~pl.col("reason").is_in(_OFF)
        & pl.col("kind").is_in(["virtual", "hyperv_container"])
    )
    named_oses = run.rename({"os_version": "version", "os_edition": "edition"}).join(versions, on="version")
    each = evaluate(named_oses, licenses, settings).select(
        *ON_HOST,
        "ose_id",
        "version",
        "edition",
        "location",
        "vcpus",
        "provider",
        in_cluster=pl.col("subject_kind") == "cluster",
        by_itself=column_name(licenses, "virtual_core_licenses"),
        by_provider=column_name(licenses, "hosted_licenses"),
        is_hosted=pl.col("license_source").is_in(HOSTED).fill_null(value=False),
        is_development=(pl.col("license_source") == "visual_studio").fill_null(value=False),
        product=pl.lit(WINDOWS_SERVER),
    )
    oses = settled(each)
    servers = _servers(inputs, oses, versions, named, settings)
    by_cores = servers.filter(pl.col("basis") == PHYSICAL)
    on_own = pl.col("is_hosted") | pl.col("is_development") | (pl.col("location") != "on_premises")
    placed = oses.join(by_cores.select(*ON_HOST, _by_cores=True), on=ON_HOST, how="left")
    alone = placed.filter(on_own | pl.col("_by_cores").is_null()).with_columns(
        subject_kind=pl.lit("ose"),
        subject_id="ose_id",
        basis=pl.lit(VIRTUAL),
        licenses_required=pl.when("is_hosted").then("by_provider").otherwise("by_itself"),
    )
    return [by_cores, alone]


def _servers(
    inputs: Tables, oses: pl.LazyFrame, versions: pl.LazyFrame, named: pl.LazyFrame, settings: Settings
) -> pl.LazyFrame:
    """Set the licenses by the cores of each server against those of its OSEs one by one."""
    licenses = esu_windows_server_licenses
    observed = inputs["facts_hosts"].join(
        versions.rename({"version": "host_os_version", "offer": "_own_offer"}), on="host_os_version", how="left"
    )
    described_hosts = evaluate(observed, windows_server_cores, settings).select(
        ENTITY,
        "host_id",
        "host_os_edition",
        "host_os_version",
        "_own_offer",
        cores_to_license=column_name(windows_server_cores, "cores_to_license"),
        is_physical=(pl.col("host_runs_windows") & pl.col("_own_offer").is_not_null()).fill_null(value=False),
        _own_right=pl.col("host_uses_right").cast(pl.Int64).fill_null(0),
    )
    hosts = settled(described_hosts)
    guests = (
        oses.filter(~pl.col("is_hosted") & ~pl.col("is_development") & (pl.col("location") == "on_premises"))
        .filter(~pl.col("in_cluster").fill_null(value=False) & pl.col("host_id").is_not_null())
        .group_by(ON_HOST)
        .agg(
            _guests=pl.len().cast(pl.Int64),
            virtual_licenses=pl.when(pl.col("vcpus").is_not_null().all()).then(pl.col("by_itself").sum()),
            _needs_datacenter=pl.col("edition").str.starts_with("Datacenter").any(),
            _guest_version=pl.col("version").max(),
        )
    )
    own = hosts.filter("is_physical").select(ENTITY, "host_id", offer="_own_offer")
    both = pl.concat([guests.select(ON_HOST), own]).unique()
    window = named.filter(pl.col("product") == WINDOWS_SERVER)
    by_host = window.filter(pl.col("subject_kind") == "host").select(ENTITY, "offer", host_id="subject_id")
    by_ose = (
        window.filter(pl.col("subject_kind") == "ose")
        .join(oses.select(ENTITY, "host_id", "ose_id"), left_on=[ENTITY, "subject_id"], right_on=[ENTITY, "ose_id"])
        .select(ON_HOST)
    )
    described = (
        both.join(guests, on=ON_HOST, how="left")
        .join(hosts, on=[ENTITY, "host_id"], how="left")
        .join(by_host.unique().with_columns(_by_host=True), on=ON_HOST, how="left")
        .join(by_ose.unique().with_columns(_by_ose=True), on=ON_HOST, how="left")
        .join(_planned(inputs), on=[ENTITY, "host_id"], how="left")
        .with_columns(
            is_physical=(pl.col("is_physical") & (pl.col("_own_offer") == pl.col("offer"))).fill_null(value=False)
        )
        .with_columns(
            windows_oses=pl.col("_guests").fill_null(0) + pl.when("is_physical").then("_own_right").otherwise(0),
            edition=_edition(),
            recorded=pl.when("_by_host").then(pl.lit(PHYSICAL)).when("_by_ose").then(pl.lit(VIRTUAL)),
            version=pl.max_horizontal("_guest_version", pl.when("is_physical").then("host_os_version")),
        )
    )
    chosen = evaluate(described.with_columns(vcpus=pl.lit(None, pl.Int64)), licenses, settings).select(
        *ON_HOST,
        "version",
        "edition",
        "cores_to_license",
        "windows_oses",
        "is_physical",
        "virtual_licenses",
        recorded_basis="recorded",
        subject_kind=pl.lit("host"),
        subject_id="host_id",
        product=pl.lit(WINDOWS_SERVER),
        location=pl.lit("on_premises"),
        basis=column_name(licenses, "basis"),
        licenses_required=column_name(licenses, "physical_licenses"),
        is_hosted=pl.lit(value=False),
        is_development=pl.lit(value=False),
    )
    return settled(chosen)


def _edition() -> pl.Expr:
    """Name the edition of a server's licenses: as planned, else the one that its OSEs need."""
    needs = pl.col("_needs_datacenter").fill_null(value=False) | (
        pl.col("is_physical") & pl.col("host_os_edition").str.starts_with("Datacenter")
    ).fill_null(value=False)
    return pl.when(needs).then(pl.lit("Datacenter")).otherwise(pl.col("_planned").fill_null("Standard"))


def _planned(inputs: Tables) -> pl.LazyFrame:
    if "plan" not in inputs:
        return pl.LazyFrame(schema={ENTITY: pl.String(), "host_id": pl.String(), "_planned": pl.String()})
    own = (pl.col("product") == WINDOWS_SERVER) & (pl.col("subject_kind") == "host") & (pl.col("metric") == "core")
    by_cores = pl.col("option").str.contains("physical_cores", literal=True)
    rows = inputs["plan"].filter(own & by_cores & pl.col("edition").is_not_null())
    return rows.group_by(ENTITY, host_id="subject_id").agg(_planned=pl.col("edition").min())
