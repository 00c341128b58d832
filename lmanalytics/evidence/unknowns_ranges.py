"""The range of every unknown fact about machines: what their places require at the one end and at the other."""

import tempfile
from pathlib import Path

import polars as pl

from lmanalytics.evidence.unknowns_ends import SINGLE, Asked, Ends
from lmanalytics.evidence.unknowns_found import SUBJECT, Estate, estate, found, places
from lmanalytics.evidence.unknowns_members import batches
from lmanalytics.evidence.unknowns_stacked import ENDS, copies, stacked
from lmanalytics.evidence.unknowns_varied import BY_ITSELF, cheapest, required
from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import held
from lmanalytics.schemas import ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
AT_ONCE = 150_000
"""Rows of OSEs that are copied at once: it bounds the memory, and more at once are hardly faster."""
_ROW = [*SUBJECT, "product", "fact"]


def ranges(tables: Tables, answered: Tables, ends: Ends, settings: Settings, at_once: int = AT_ONCE) -> pl.DataFrame:
    """Compute the range of every fact about machines.

    Args:
        tables: the accepted canonical tables.
        answered: the facts and answers of the run.
        ends: what a fact is taken to be at its ends.
        settings: date and policies.
        at_once: how many copied rows of OSEs to compute at once; a place is never divided.

    Returns:
        SUBJECT, product, fact, and for each end licenses, cost; currency, is_barred, licenses_counted, cost_counted,
        machines, machine_names, is_seen (the estate shows what is taken for the most). No rows without an estate.

    """
    known = estate(tables, answered)
    if known is None or "demand" not in answered:
        return pl.DataFrame()
    missing = held(found(known))
    lacking = places(missing)
    if lacking.is_empty():
        return pl.DataFrame()
    subjects = lacking.select(SUBJECT).unique(maintain_order=True)
    counted = _counted(answered["demand"], subjects)
    single = missing.filter(pl.col("fact").is_in(SINGLE)).unique().collect(engine="streaming").sort(pl.all())
    most, made = most_vcpus(known, ends), copies(lacking, ends)
    parts, subjects = [], made.group_by(SUBJECT, maintain_order=True).agg(copies=pl.len())
    with tempfile.TemporaryDirectory() as scratch:
        for some, members in batches(known, tables, answered, subjects, at_once, Path(scratch)):
            own = made.join(some, on=SUBJECT, how="semi", maintain_order="left")
            asked = Asked(known, most, single, own, members, tables, answered, ends, settings)
            parts.append(_between(_need(asked), own, counted))
    named = pl.concat(parts).join(lacking, on=[*SUBJECT, "fact"], how="left")
    return named.join(_seen(known, most, ends), on=[ENTITY, "fact"], how="left")


def _need(asked: Asked) -> pl.DataFrame:
    settings = asked.settings
    policies = policies_in_force(Settings(settings.as_of, settings.policies | BY_ITSELF))
    inputs, place = stacked(asked, policies)
    return required(inputs, place, asked.made, settings)


def most_vcpus(known: Estate, ends: Ends) -> pl.DataFrame:
    """Return the largest virtual machine of each entity: entity_id, most_vcpus; none where the estate is no bound."""
    sizes = known.oses.filter((pl.col("kind") != "physical") & ends.by_estate)
    return sizes.group_by(ENTITY).agg(most_vcpus=pl.col("vcpus").max()).collect(engine="streaming")


def _seen(known: Estate, most: pl.DataFrame, ends: Ends) -> pl.DataFrame:
    """Name the facts of which the estate shows a largest one: entity_id, fact, is_seen."""
    sized = known.hosts.filter(pl.col("physical_cores").is_not_null() & ends.by_estate)
    parts = [sized.select(ENTITY, fact=pl.lit("host_cores"))]
    parts += [most.drop_nulls().select(ENTITY, fact=pl.lit(fact)) for fact in ("ose_vcpus", "install_ose")]
    return pl.concat(parts).unique().with_columns(is_seen=pl.lit(value=True))


def _counted(demand: pl.LazyFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """Say what the cheapest option of each place takes as the run has it."""
    own = demand.join(subjects.lazy(), on=SUBJECT, how="semi")
    now = cheapest(own).filter("is_open").collect(engine="streaming")
    return now.select(
        *SUBJECT, "product", licenses_counted="licenses", cost_counted="cost", currency_counted="currency"
    )


def _between(need: pl.DataFrame, made: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Set both ends of each fact beside each other.

    A copy that requires nothing of a product requires zero; an end without a copy is what the run counts.
    """
    rows = need.select(_ROW).unique(maintain_order=True).join(counted, on=[*SUBJECT, "product"], how="left")
    for end in ENDS:
        there = need.filter(pl.col("end") == end).select(
            *_ROW, "licenses", "cost", "currency", "is_barred", is_required=True
        )
        copied = made.filter(pl.col("end") == end).select(*SUBJECT, "fact", is_copied=True)
        rows = (
            rows.join(there, on=_ROW, how="left")
            .join(copied, on=[*SUBJECT, "fact"], how="left")
            .with_columns(
                pl.when(pl.col("is_copied").is_null())
                .then(f"{what}_counted")
                .when(pl.col("is_required").is_null())
                .then(pl.lit(0, dtype))
                .otherwise(what)
                .alias(f"{what}_{end}")
                for what, dtype in (("licenses", pl.Int64), ("cost", MONEY))
            )
            .rename({"currency": f"currency_{end}", "is_barred": f"is_barred_{end}"})
            .drop("licenses", "cost", "is_required", "is_copied")
        )
    return rows.with_columns(
        currency=pl.coalesce("currency_most", "currency_least", "currency_counted"),
        is_barred=pl.any_horizontal(pl.col("is_barred_least", "is_barred_most").fill_null(value=False)),
    ).drop("^currency_.+$", "^is_barred_.+$")
