"""How many core licenses Extended Security Updates need for SQL Server: one OSE, or a host without limit.

Every version in an OSE counts by itself, in the highest edition of it that is installed. Passive replicas
that qualify need none.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "oses"
ANSWER = "core_licenses"
_METER = ["entity_id", "ose_id", "version"]


class Reason(ReasonBase):
    """How the licenses of an OSE are counted, and what else it may do."""

    VIRTUAL_CORES = "By the virtual cores of the machine, with the product's minimum."
    PHYSICAL_CORES = "By the cores of the server, with the product's minimum."
    PASSIVE = "Only passive replicas that qualify run in it; they need no licenses."
    AVAILABLE = "The channel sells updates for this license model."
    NOT_THROUGH_ARC = "Azure Arc sells no updates for server licenses with access licenses."
    PAY_AS_YOU_GO = "Pay for SQL Server by the hour; updates can then be subscribed to."
    LISTED_PROVIDER = "On a Listed Provider's servers each virtual machine counts by itself."
    NEEDS_ENTERPRISE = "Only Enterprise licenses a host for any number of virtual machines."
    UNLIMITED = "Enterprise licenses for all cores of the host cover any number of virtual machines."


@frame_rule(unit="core_license", cite="meters", start="2018-07-12")
def meters(installs: pl.LazyFrame, *, esu_sql_editions: pl.DataFrame) -> pl.LazyFrame:
    """Reduce instances to one row for each version in each OSE, of the highest edition.

    Args:
        installs: entity_id, ose_id, version, edition, is_passive.
        esu_sql_editions: the editions in their order.

    Returns:
        entity_id, ose_id, version, edition (null where one is unknown and none is the highest), is_passive
        (every instance of the version), instances.

    """
    ranked = installs.join(esu_sql_editions.lazy().select("edition", "rank"), on="edition", how="left")
    edition, rank = pl.col("edition"), pl.col("rank")
    top = rank.max() == esu_sql_editions["rank"].max()
    sure = pl.when(top | edition.is_not_null().all())
    return ranked.group_by(_METER).agg(
        edition=sure.then(edition.sort_by(rank, edition, nulls_last=False).last()),
        is_passive=pl.col("is_passive").all(),
        instances=pl.len().cast(pl.Int64),
    )


@rule(
    unit="core", cite="processors", start="2018-07-12", decides_null=True,
    optional=("cores_per_processor", "processors", "physical_cores"),
)  # fmt: skip
def cores_of_server(
    cores_per_processor: pl.Expr, processors: pl.Expr, physical_cores: pl.Expr, *, min_cores_per_processor: int
) -> pl.Expr:
    """Cores of a physical server, each processor raised to its minimum; without a list, no fewer than are sure."""
    each = cores_per_processor.cast(pl.List(pl.Int64))
    raised = each.list.eval(
        pl.when(pl.element().is_not_null()).then(pl.max_horizontal(pl.element(), min_cores_per_processor))
    )
    whole = (each.list.len() > 0) & ~each.list.contains(pl.lit(None, pl.Int64))
    known = processors.is_not_null() & physical_cores.is_not_null()
    least = pl.max_horizontal(physical_cores.cast(pl.Int64), processors.cast(pl.Int64) * min_cores_per_processor)
    return pl.coalesce(pl.when(whole).then(raised.list.sum()), pl.when(known).then(least))


@rule(unit="core", cite="meters", start="2018-07-12", optional=("vcpus", "is_physical"), decides_null=True)
def cores(vcpus: pl.Expr, is_physical: pl.Expr, cores_of_server: pl.Expr) -> pl.Expr:
    """Cores of the OSE: virtual ones, or those of the server where it is the physical OSE."""
    return pl.when(is_physical.cast(pl.Boolean)).then(cores_of_server).otherwise(vcpus.cast(pl.Int64))


@rule(unit="core", cite="cap", start="2018-07-12", optional=("edition", "channel"), decides_null=True)
def billable_cores(cores: pl.Expr, edition: pl.Expr, channel: pl.Expr, *, max_standard_cores_on_arc: int) -> pl.Expr:
    """Cores that count: all of them; through Azure Arc Standard stops at its limit."""
    capped = (edition == "Standard") & (channel == "azure_arc")
    most = pl.when(cores.is_not_null()).then(pl.min_horizontal(cores, max_standard_cores_on_arc))
    return pl.when(capped).then(most).otherwise(cores)


@rule(unit="core_license", cite="terms", start="2018-07-12", optional=("is_passive",), decides_null=True)
def core_licenses(billable_cores: pl.Expr, is_passive: pl.Expr, *, min_licenses_per_ose: int) -> pl.Expr:
    """Core licenses of one version in one OSE, raised to the minimum; none for passive replicas."""
    passive = is_passive.cast(pl.Boolean).fill_null(value=False)
    known = pl.when(billable_cores.is_not_null()).then(pl.max_horizontal(billable_cores, min_licenses_per_ose))
    return pl.when(passive).then(pl.lit(0, pl.Int64)).otherwise(known)


@rule(unit="core_license", cite="hosted", start="2018-07-12")
def min_hosted_licenses_per_ose(*, min_hosted_licenses: int) -> pl.Expr:
    """Fewest core licenses of a virtual machine whose SQL Server the provider includes."""
    return pl.lit(min_hosted_licenses, pl.Int64)


@rule(unit="core_license", cite="hosted", start="2018-07-12", decides_null=True)
def hosted_licenses(cores: pl.Expr, *, min_hosted_licenses: int) -> pl.Expr:
    """Core licenses of one virtual machine whose SQL Server the provider includes."""
    return pl.when(cores.is_not_null()).then(pl.max_horizontal(cores, min_hosted_licenses))


@rule(unit="code", cite="unlimited", start="2018-07-12", optional=("edition", "is_listed_provider"), decides_null=True)
def unlimited_virtualization(edition: pl.Expr, is_listed_provider: pl.Expr) -> pl.Expr:
    """Whether the host may be licensed for any number of virtual machines."""
    return (
        pl.when(is_listed_provider.cast(pl.Boolean))
        .then(Reason.LISTED_PROVIDER.lit)
        .when(edition.cast(pl.String).str.starts_with("Enterprise"))
        .then(Reason.UNLIMITED.lit)
        .when(edition.is_not_null())
        .then(Reason.NEEDS_ENTERPRISE.lit)
    )


@rule(unit="core_license", cite="unlimited", start="2018-07-12", optional=("host_cores",))
def host_licenses(host_cores: pl.Expr, unlimited_virtualization: pl.Expr, *, min_licenses_per_host: int) -> pl.Expr:
    """Enterprise core licenses that cover all virtual machines of a host; null where that is not possible."""
    cores = host_cores.cast(pl.Int64)
    raised = pl.when(cores.is_not_null()).then(pl.max_horizontal(cores, min_licenses_per_host))
    return pl.when(unlimited_virtualization == Reason.UNLIMITED.code).then(raised)


@rule(unit="core", cite="normalized", start="2018-07-12", optional=("standard_cores", "enterprise_cores"))
def normalized_cores(
    standard_cores: pl.Expr, enterprise_cores: pl.Expr, *, normalized_per_standard: int, normalized_per_enterprise: int
) -> pl.Expr:
    """Normalized cores of core licenses of both editions."""
    standard = standard_cores.cast(pl.Int64) * normalized_per_standard
    return standard + enterprise_cores.cast(pl.Int64) * normalized_per_enterprise


@rule(unit="code", cite="server_cal", start="2018-07-12", optional=("channel", "metric"))
def availability(channel: pl.Expr, metric: pl.Expr) -> pl.Expr:
    """Whether the channel sells updates for licenses by core, or by server with access licenses."""
    barred = (channel == "azure_arc") & (metric == "server")
    return pl.when(barred).then(Reason.NOT_THROUGH_ARC.lit).otherwise(Reason.AVAILABLE.lit)


@rule(unit="code", cite="server_cal", start="2018-07-12")
def alternative(availability: pl.Expr) -> pl.Expr:
    """What is left where the channel sells none: pay as you go."""
    return pl.when(availability == Reason.NOT_THROUGH_ARC.code).then(Reason.PAY_AS_YOU_GO.lit)


@rule(unit="code", cite="meters", start="2018-07-12", optional=("is_physical", "is_passive"), decides_null=True)
def basis(is_physical: pl.Expr, is_passive: pl.Expr) -> pl.Expr:
    """How the licenses of the OSE are counted."""
    return (
        pl.when(is_passive.cast(pl.Boolean))
        .then(Reason.PASSIVE.lit)
        .when(is_physical.cast(pl.Boolean))
        .then(Reason.PHYSICAL_CORES.lit)
        .otherwise(Reason.VIRTUAL_CORES.lit)
    )
