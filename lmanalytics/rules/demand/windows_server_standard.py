"""Windows Server Standard by physical core: full sets and core licenses of one server.

Each time all cores of a server are licensed, a fixed number of OSEs (or containers with Hyper-V isolation)
may run at once. The server's own Windows Server comes on top while it only hosts and manages them. Use
`windows_server_cores` for `cores_to_license`.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


@rule(unit="ose", cite="per_core", start="2016-10-01")
def rights_used(windows_oses: pl.Expr, host_rights_used: pl.Expr) -> pl.Expr:
    """OSEs that use up a right: the peak of guests, and the physical OSE when it does other work than hosting."""
    return windows_oses + host_rights_used


@rule(unit="full_set", cite="per_core", start="2016-10-01")
def full_sets(
    rights_used: pl.Expr, host_runs_windows: pl.Expr, process_containers: pl.Expr, *, oses_per_set: int
) -> pl.Expr:
    """How many times all cores are licensed; once at least where Windows Server runs or holds containers."""
    base = (host_runs_windows | (process_containers > 0)).cast(pl.Int64)
    return pl.max_horizontal((rights_used + oses_per_set - 1) // oses_per_set, base)


@rule(unit="core_license", cite="per_core", start="2016-10-01")
def core_licenses(cores_to_license: pl.Expr, full_sets: pl.Expr) -> pl.Expr:
    """Core licenses that the server demands: whole sets, never a part of one."""
    return cores_to_license * full_sets


@rule(unit="full_set", cite="per_core", start="2016-10-01", optional=("licenses_held",))
def full_sets_of_licenses(licenses_held: pl.Expr, cores_to_license: pl.Expr) -> pl.Expr:
    """Full sets that a number of core licenses makes on this server."""
    return licenses_held.cast(pl.Int64) // cores_to_license


@rule(unit="ose", cite="per_core", start="2016-10-01", optional=("full_sets_held",))
def oses_allowed(full_sets_held: pl.Expr, host_rights_used: pl.Expr, *, oses_per_set: int) -> pl.Expr:
    """Guests, or containers with Hyper-V isolation, that may run at once under the sets that are held."""
    return (full_sets_held.cast(pl.Int64) * oses_per_set - host_rights_used).clip(0)


@rule(unit="code", cite="containers", start="2016-10-01", optional=("full_sets_held",))
def process_containers_allowed(full_sets_held: pl.Expr) -> pl.Expr:
    """Containers without Hyper-V isolation: any number on a licensed server."""
    licensed = full_sets_held.cast(pl.Int64) > 0
    return pl.when(licensed).then(pl.lit("unlimited")).when(~licensed).then(pl.lit("none"))


@rule(unit="flag", cite="per_core", start="2016-10-01", optional=("full_sets_held",))
def is_physical_ose_allowed(full_sets_held: pl.Expr) -> pl.Expr:
    """Whether Windows Server may run in the physical OSE: on a licensed server it may."""
    return full_sets_held.cast(pl.Int64) > 0
