"""Windows Server Datacenter by physical core: one full set, then any number of OSEs and containers."""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


@rule(unit="full_set", cite="per_core", start="2016-10-01")
def full_sets(
    windows_oses: pl.Expr,
    host_rights_used: pl.Expr,
    host_runs_windows: pl.Expr,
    process_containers: pl.Expr,
    *,
    full_sets_for_any_number: int,
) -> pl.Expr:
    """The one set that licenses the server, or none where nothing runs that needs it."""
    anything = (windows_oses + host_rights_used + process_containers > 0) | host_runs_windows
    return anything.cast(pl.Int64) * full_sets_for_any_number


@rule(unit="core_license", cite="per_core", start="2016-10-01")
def core_licenses(cores_to_license: pl.Expr, full_sets: pl.Expr) -> pl.Expr:
    """Core licenses that the server demands, however many guests it has."""
    return cores_to_license * full_sets


@rule(unit="code", cite="containers", start="2016-10-01", optional=("full_sets_held",))
def oses_allowed(full_sets_held: pl.Expr, *, full_sets_for_any_number: int) -> pl.Expr:
    """Guests and containers of both kinds that may run: any number once the server is licensed in full."""
    licensed = full_sets_held.cast(pl.Int64) >= full_sets_for_any_number
    return pl.when(licensed).then(pl.lit("unlimited")).when(~licensed).then(pl.lit("none"))


@rule(unit="flag", cite="per_core", start="2016-10-01", optional=("full_sets_held",))
def is_physical_ose_allowed(full_sets_held: pl.Expr, *, full_sets_for_any_number: int) -> pl.Expr:
    """Whether Windows Server may run in the physical OSE, for any work."""
    return full_sets_held.cast(pl.Int64) >= full_sets_for_any_number
