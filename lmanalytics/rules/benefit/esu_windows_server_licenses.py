"""How many core licenses Extended Security Updates need for Windows Server: those of the product itself.

By physical core a server counts its cores with the product's minimums, Standard once for each set of OSEs
and Datacenter once; by virtual machine an OSE counts its virtual cores. Use `windows_server_cores` for
`cores_to_license`.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "virtual_core_licenses"


class Reason(ReasonBase):
    """How the licenses of a server are counted."""

    PHYSICAL_CORES = "By the cores of the server, with the product's minimums."
    VIRTUAL_CORES = "By the virtual cores of each virtual machine, with the product's minimum."


@rule(unit="core_license", cite="terms", start="2018-07-12", optional=("vcpus",))
def virtual_core_licenses(vcpus: pl.Expr, *, min_licenses_per_ose: int) -> pl.Expr:
    """Core licenses of one virtual machine: its virtual cores, raised to the minimum."""
    return _at_least(vcpus, min_licenses_per_ose)


@rule(unit="core_license", cite="hosted", start="2018-07-12", optional=("vcpus",))
def hosted_licenses(
    vcpus: pl.Expr, *, esu_hosted_minimum: str, min_hosted_licenses: int, min_hosted_licenses_2023: int
) -> pl.Expr:
    """Core licenses of one virtual machine whose Windows Server the provider includes."""
    least = min_hosted_licenses if esu_hosted_minimum == "terms" else min_hosted_licenses_2023
    return _at_least(vcpus, least)


@rule(unit="core_license", cite="hosted", start="2018-07-12")
def min_hosted_licenses_per_ose(
    *, esu_hosted_minimum: str, min_hosted_licenses: int, min_hosted_licenses_2023: int
) -> pl.Expr:
    """Fewest core licenses of a virtual machine whose Windows Server the provider includes."""
    return pl.lit(min_hosted_licenses if esu_hosted_minimum == "terms" else min_hosted_licenses_2023, pl.Int64)


@rule(unit="full_set", cite="sets", start="2018-07-12", optional=("windows_oses",))
def standard_sets(windows_oses: pl.Expr, *, oses_per_set: int) -> pl.Expr:
    """Sets of Standard that cover the OSEs in need of updates; one at least, for the server itself."""
    return _at_least((windows_oses.cast(pl.Int64) + oses_per_set - 1) // oses_per_set, 1)


@rule(unit="core_license", cite="sets", start="2018-07-12", optional=("cores_to_license",))
def cores_per_set(cores_to_license: pl.Expr, *, esu_standard_sets: str, min_cores_per_server: int) -> pl.Expr:
    """Core licenses of one set of Standard: all cores of the server, or the least that a server needs."""
    all_cores = cores_to_license.cast(pl.Int64)
    if esu_standard_sets == "all_cores":
        return all_cores
    return pl.when(all_cores.is_not_null()).then(pl.lit(min_cores_per_server, pl.Int64))


@rule(unit="core_license", cite="sets", start="2018-07-12", optional=("cores_to_license",))
def standard_licenses(cores_to_license: pl.Expr, cores_per_set: pl.Expr, standard_sets: pl.Expr) -> pl.Expr:
    """Core licenses of a server with Standard, by physical core; never fewer than its cores."""
    return pl.max_horizontal(cores_per_set * standard_sets, cores_to_license.cast(pl.Int64))


@rule(unit="core_license", cite="terms", start="2018-07-12", optional=("cores_to_license",))
def datacenter_licenses(cores_to_license: pl.Expr) -> pl.Expr:
    """Core licenses of a server with Datacenter, by physical core: its cores once, for any number of OSEs."""
    return cores_to_license.cast(pl.Int64)


@rule(unit="core_license", cite="terms", start="2018-07-12", optional=("edition",), decides_null=True)
def physical_licenses(edition: pl.Expr, standard_licenses: pl.Expr, datacenter_licenses: pl.Expr) -> pl.Expr:
    """Core licenses of a server by physical core, in the edition of its licenses."""
    return (
        pl.when(edition == "Datacenter").then(datacenter_licenses).when(edition.is_not_null()).then(standard_licenses)
    )


@rule(unit="flag", cite="by_virtual_machine", start="2018-07-12")
def is_by_virtual_machine(*, virtual_machines_may_count: bool) -> pl.Expr:
    """Whether a virtual machine may count by itself on the customer's own servers."""
    return pl.lit(virtual_machines_may_count)


@rule(
    unit="code",
    cite="virtual",
    start="2018-07-12",
    optional=("virtual_licenses", "is_physical", "recorded"),
    decides_null=True,
)
def basis(
    virtual_licenses: pl.Expr,
    physical_licenses: pl.Expr,
    is_physical: pl.Expr,
    recorded: pl.Expr,
    is_by_virtual_machine: pl.Expr,
    *,
    esu_windows_server_basis: str,
) -> pl.Expr:
    """How the OSEs of one server count; recorded coverage decides, then the policy.

    Args:
        virtual_licenses: of its OSEs one by one; null where one's virtual cores are unknown.
        physical_licenses: of the whole server; null where its cores are unknown.
        is_physical: whether the server's own OSE needs updates; that one never counts by virtual core.
        recorded: the basis on which coverage of the server or of its OSEs is recorded.
        is_by_virtual_machine: whether virtual machines may count by themselves yet.
        esu_windows_server_basis: the policy's reading.

    """
    physical, virtual = physical_licenses.cast(pl.Int64), virtual_licenses.cast(pl.Int64)
    if esu_windows_server_basis == "fewest":
        prefers = (virtual.is_null() | (physical < virtual)).fill_null(value=False)
    else:
        prefers = pl.lit(esu_windows_server_basis == Reason.PHYSICAL_CORES.code)
    by_cores = is_physical.cast(pl.Boolean).fill_null(value=False) | ~is_by_virtual_machine | prefers
    return (
        pl.when(recorded.is_not_null())
        .then(recorded)
        .when(physical.is_null() & virtual.is_null())
        .then(None)
        .when(by_cores)
        .then(Reason.PHYSICAL_CORES.lit)
        .otherwise(Reason.VIRTUAL_CORES.lit)
    )


def _at_least(count: pl.Expr, least: int) -> pl.Expr:
    """Raise a known count to a minimum."""
    whole = count.cast(pl.Int64)
    return pl.when(whole.is_not_null()).then(pl.max_horizontal(whole, least))
