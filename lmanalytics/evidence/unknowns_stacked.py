"""The places that depend on unknown facts, once for each end of each fact, as entities of their own.

One computation then answers for all ends at once: a copy differs from the others in its entity alone.
"""

import polars as pl

from lmanalytics.evidence.unknowns_ends import ALL, Asked, Ends, host_copies, install_copies, ose_copies
from lmanalytics.evidence.unknowns_found import SUBJECT
from lmanalytics.evidence.unknowns_members import MARK
from lmanalytics.facts.estate_facts import windows_versions
from lmanalytics.facts.host_facts import hosts
from lmanalytics.facts.ose_facts import oses
from lmanalytics.facts.providers import operators
from lmanalytics.schemas import CANONICAL, ENTITY

Tables = dict[str, pl.LazyFrame]
ENDS = ("least", "most")
COPY = [*SUBJECT, "fact", "end"]


def copies(places: pl.DataFrame, ends: Ends) -> pl.DataFrame:
    """List the copies: `COPY` and copy (its entity), two for each place and fact, and for several facts together.

    Where a place lacks one fact alone and the run took it to be at an end, that end needs no copy.
    """
    lacking = places.select(*SUBJECT, "fact", _facts=pl.len().over(SUBJECT))
    several = lacking.filter(pl.col("_facts") > 1).unique(SUBJECT, maintain_order=True)
    rows = pl.concat([lacking, several.with_columns(fact=pl.lit(ALL))])
    each = pl.concat([rows.with_columns(end=pl.lit(end)) for end in ENDS])
    settled = pl.col("fact").replace_strict(ends.settled, default=None, return_dtype=pl.String)
    made = each.filter((pl.col("_facts") > 1) | settled.ne_missing(pl.col("end")))
    return made.select(*COPY, copy=pl.concat_str(ENTITY, "fact", "end", separator=MARK))


def stacked(asked: Asked, policies: dict[str, str]) -> tuple[Tables, pl.DataFrame]:
    """Give what the topics of demand read of all copies.

    Args:
        asked: the estate and the ends to set.
        policies: the readings of the policies of facts that hold in the copies.

    Returns:
        `oses`, `installs`, `facts_hosts`, `facts_host_rows`, `facts_oses`, and of what else there is `prices`,
        `licenses`, `replica_hosts`; and the OSEs of the copies: entity_id, ose_id, subject_kind, subject_id (the
        place).

    """
    tables, day = asked.tables, asked.settings.as_of
    host_rows, ose_rows = host_copies(asked), ose_copies(asked)
    marks = host_rows.lazy().select("row_id", "azure_host")
    described = hosts(host_rows.lazy(), _physical(ose_rows), policies).join(marks, on="row_id")
    host_facts = described.collect(engine="streaming").lazy()
    by_copy = asked.made.select(ENTITY, "copy").unique(maintain_order=True).lazy()
    providers = _copied(operators(tables.get("providers"), day), by_copy)
    unsaid = ose_rows.lazy().filter("is_outsourced").select(ENTITY, "provider").unique()
    added = unsaid.with_columns(operator=pl.lit("authorized_outsourcer"))
    operated = pl.concat([providers.join(unsaid, on=[ENTITY, "provider"], how="anti"), added])
    affinity = tables.get("ose_host_affinity")
    rules = None if affinity is None else _renamed(_copied(affinity, by_copy), ose_rows)
    facts = oses(
        ose_rows.lazy().drop("is_outsourced", "machine"), host_facts, operated, rules, windows_versions(), policies
    )
    inputs = {
        "facts_hosts": host_facts,
        "facts_host_rows": host_rows.lazy().select(ENTITY, "row_id", "host_id", "state"),
        "facts_oses": facts.collect(engine="streaming").lazy(),
        "oses": CANONICAL["oses"].conform(ose_rows.lazy()).collect().lazy(),
    }
    if asked.known.installs.height:
        inputs["installs"] = install_copies(asked).lazy()
    shared = {"prices": tables.get("prices")} | {n: asked.answered.get(n) for n in ("licenses", "replica_hosts")}
    inputs |= {n: pl.concat([t, _copied(t, by_copy)]) for n, t in shared.items() if t is not None}
    return inputs, ose_rows.select(ENTITY, "ose_id", "subject_kind", "subject_id").unique(maintain_order=True)


def _copied(frame: pl.LazyFrame, by_copy: pl.LazyFrame) -> pl.LazyFrame:
    names = frame.collect_schema().names()
    return frame.join(by_copy, on=ENTITY).with_columns(pl.col("copy").alias(ENTITY)).select(names)


def _renamed(affinity: pl.LazyFrame, rows: pl.DataFrame) -> pl.LazyFrame:
    """Let rules hold of machines under each id that they have in a copy."""
    ids = rows.lazy().select(ENTITY, "machine", _id="ose_id").unique()
    named = affinity.join(ids, left_on=[ENTITY, "ose_id"], right_on=[ENTITY, "machine"])
    return named.with_columns(ose_id="_id").drop("_id")


def _physical(rows: pl.DataFrame) -> pl.LazyFrame:
    return rows.lazy().filter((pl.col("state") == "current") & (pl.col("kind") == "physical"))
