"""System Center Standard: full sets and core licenses of one server whose OSEs are managed.

Each time all cores of a server are licensed, a fixed number of OSEs on it may be managed. A managed physical
OSE is one of them. Use `system_center_cores` for `cores_to_license`.

A Core Infrastructure Server Suite Standard license is one of System Center Standard and one of Windows Server
Standard for the same core: its System Center part serves this demand as any other license does, and its other
part serves Windows Server (`suite_components`). So the suite is no option of its own here; what it saves is
`core_infrastructure_suite`.
"""

import polars as pl

from lmanalytics.rules.demand import _per_core
from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


@rule(unit="full_set", cite="editions", start="2016-10-01")
def full_sets(managed_oses: pl.Expr, *, oses_per_set: int) -> pl.Expr:
    """How many times all cores are licensed; nothing managed, none."""
    return _per_core.rounded_up(managed_oses, oses_per_set)


@rule(unit="core_license", cite="editions", start="2016-10-01")
def core_licenses(cores_to_license: pl.Expr, full_sets: pl.Expr) -> pl.Expr:
    """Core licenses that the server demands: whole sets, never a part of one."""
    return cores_to_license * full_sets


@rule(unit="ose", cite="editions", start="2016-10-01", optional=("full_sets_held",))
def oses_allowed(full_sets_held: pl.Expr, *, oses_per_set: int) -> pl.Expr:
    """OSEs on the server that may be managed under the sets that are held."""
    return full_sets_held.cast(pl.Int64) * oses_per_set
