"""System Center Datacenter: core licenses of one server whose OSEs are managed, however many they are.

All cores are licensed once. Use `system_center_cores` for `cores_to_license`. On the customer's own servers the
number of managed OSEs has no limit; under License Mobility it has one, which is another rule's.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "hosts"
ANSWER = "core_licenses"


@rule(unit="full_set", cite="editions", start="2016-10-01")
def full_sets(managed_oses: pl.Expr, *, full_sets_for_any_number: int) -> pl.Expr:
    """One full set as soon as anything on the server is managed."""
    return pl.when(managed_oses > 0).then(pl.lit(full_sets_for_any_number, pl.Int64)).otherwise(0)


@rule(unit="core_license", cite="editions", start="2016-10-01")
def core_licenses(cores_to_license: pl.Expr, full_sets: pl.Expr) -> pl.Expr:
    """Core licenses that the server demands."""
    return cores_to_license * full_sets


@rule(unit="code", cite="editions", start="2016-10-01", optional=("full_sets_held",))
def oses_allowed(full_sets_held: pl.Expr, *, full_sets_for_any_number: int) -> pl.Expr:
    """OSEs on the server that may be managed under the sets that are held: any number, or none."""
    licensed = full_sets_held.cast(pl.Int64) >= full_sets_for_any_number
    return pl.when(licensed).then(pl.lit("unlimited")).when(~licensed).then(pl.lit("none"))
