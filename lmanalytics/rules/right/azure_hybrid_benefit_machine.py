"""Azure Hybrid Benefit for Windows Server: core licenses of one virtual machine in Azure.

Licenses are counted virtual machine by virtual machine, with a minimum for each. How larger machines are
rounded was published in three ways: by each core, by blocks of cores, and by whole sets of licenses. Under
whole sets a machine above half a set leaves nothing to another, and two small machines share a set; so a
customer's sets are counted by the sizes of the machines and not by the sum of their cores.
"""

import polars as pl

from lmanalytics.rules.engine import frame_rule, rule

FACTS = "oses"
ANSWER = "licenses"

EXACT, BLOCKS, SETS = "exact", "blocks_of_8", "sets_of_16"


@rule(unit="core", cite="constrained", start="2016-10-01", decides_null=True, optional=("underlying_vcpus",))
def virtual_cores(vcpus: pl.Expr, underlying_vcpus: pl.Expr, *, ahb_constrained_vcpus: str) -> pl.Expr:
    """Virtual cores that count: of a size with constrained cores those of the full size, or those that are active."""
    if ahb_constrained_vcpus == "active":
        return vcpus.cast(pl.Int64)
    return pl.max_horizontal(vcpus.cast(pl.Int64), underlying_vcpus.cast(pl.Int64))


@rule(unit="core_license", cite="number_of_licenses", start="2016-10-01")
def licenses(
    virtual_cores: pl.Expr,
    *,
    ahb_rounding: str,
    min_licenses_per_machine: int,
    licenses_per_step: int,
    licenses_per_block: int,
    licenses_per_set: int,
    machines_per_set: int,
) -> pl.Expr:
    """Core licenses of one machine: its virtual cores, raised to the minimum and rounded up as the reading says."""
    least = pl.max_horizontal(virtual_cores, min_licenses_per_machine)
    if ahb_rounding == SETS:
        shared = licenses_per_set // machines_per_set
        return pl.when(virtual_cores <= shared).then(shared).otherwise(_up(virtual_cores, licenses_per_set))
    return _up(least, licenses_per_block if ahb_rounding == BLOCKS else licenses_per_step)


@rule(unit="full_set", cite="sets_of_16", start="2016-10-01")
def sets(virtual_cores: pl.Expr, *, licenses_per_set: int) -> pl.Expr:
    """Whole sets of licenses that the machine takes if it shares none with another."""
    return _up(pl.max_horizontal(virtual_cores, 1), licenses_per_set) // licenses_per_set


@rule(unit="core_license", cite="number_of_licenses", start="2016-10-01", optional=("instances",))
def scale_set_licenses(licenses: pl.Expr, instances: pl.Expr) -> pl.Expr:
    """Core licenses of a scale set: those of one machine for each of its instances."""
    return licenses * instances.cast(pl.Int64)


@rule(unit="core", cite="sets_of_16", start="2016-10-01", optional=("licenses_held",))
def largest_machine(
    licenses_held: pl.Expr,
    *,
    ahb_rounding: str,
    min_licenses_per_machine: int,
    licenses_per_step: int,
    licenses_per_block: int,
    licenses_per_set: int,
) -> pl.Expr:
    """Virtual cores of the largest machine that licenses cover when they are stacked on it; none below the minimum."""
    step = {EXACT: licenses_per_step, BLOCKS: licenses_per_block, SETS: licenses_per_set}[ahb_rounding]
    held = licenses_held.cast(pl.Int64)
    return pl.when(held >= min_licenses_per_machine).then(held // step * step).when(held.is_not_null()).then(0)


@rule(unit="ose", cite="sets_of_16", start="2016-10-01", optional=("licenses_held",))
def machines_covered(licenses_held: pl.Expr, licenses: pl.Expr, *, ahb_rounding: str, licenses_per_set: int) -> pl.Expr:
    """Machines of this size that licenses cover."""
    held = licenses_held.cast(pl.Int64)
    usable = held // licenses_per_set * licenses_per_set if ahb_rounding == SETS else held
    return usable // licenses


@rule(unit="core_license", cite="number_of_licenses", start="2016-10-01", optional=("processor_licenses",))
def core_licenses_of_processors(processor_licenses: pl.Expr, *, core_licenses_per_processor_license: int) -> pl.Expr:
    """Core licenses to which licenses of the former processor model are equivalent."""
    return processor_licenses.cast(pl.Int64) * core_licenses_per_processor_license


@frame_rule(unit="core_license", cite="sets_of_16", start="2016-10-01")
def packing(
    machines: pl.LazyFrame, *, ahb_rounding: str, licenses_per_set: int, min_licenses_per_customer: int
) -> pl.LazyFrame:
    """Add up the machines of each customer: in whole sets where the reading is of sets, and to the minimum.

    Args:
        machines: entity_id, licenses (of one machine), machines (how many are alike); a row for each size is enough.
        ahb_rounding: the reading.
        licenses_per_set: licenses in one set.
        min_licenses_per_customer: fewest licenses of a customer with any machine; zero where there is none.

    Returns:
        entity_id, machines, licenses_of_machines (each by itself), licenses (of the customer), sets (whole
        sets of these licenses), unshared_licenses (what the customer takes beyond the machines: the half of
        a set that nothing shares, or what is lacking to the minimum). Null where a machine's number is.

    """
    each = pl.col("licenses") * pl.col("machines")
    total = pl.when(pl.col("licenses").is_not_null().all()).then(each.sum())
    whole = _up(pl.col("licenses_of_machines"), licenses_per_set if ahb_rounding == SETS else 1)
    least = pl.when(pl.col("licenses_of_machines") > 0).then(min_licenses_per_customer).otherwise(0)
    return (
        machines.group_by("entity_id")
        .agg(licenses_of_machines=total.cast(pl.Int64), machines=pl.col("machines").sum().cast(pl.Int64))
        .with_columns(licenses=pl.when(whole.is_not_null()).then(pl.max_horizontal(whole, least)).cast(pl.Int64))
        .with_columns(
            sets=_up(pl.col("licenses"), licenses_per_set) // licenses_per_set,
            unshared_licenses=pl.col("licenses") - pl.col("licenses_of_machines"),
        )
        .select("entity_id", "machines", "licenses_of_machines", "licenses", "sets", "unshared_licenses")
        .sort("entity_id")
    )


def _up(quantity: pl.Expr, step: int) -> pl.Expr:
    return (quantity + step - 1) // step * step
