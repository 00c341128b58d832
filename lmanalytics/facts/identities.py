"""Machines that other inventories call by name: the ids by which the estate knows them.

A list of SQL Server instances names computers, RVTools numbers them. A reference that is no id of the estate
is looked up as a machine's name and then as the first label of one, in any case, where exactly one machine
of the entity bears it. What is not found stays as it was written.
"""

import polars as pl

from lmanalytics.schemas import ENTITY

Tables = dict[str, pl.LazyFrame]
REFERENCES = {
    "access_counts": ("host_id",),
    "access_licenses": ("host_id", "ose_id"),
    "esu_coverage": ("host_id", "ose_id"),
    "installs": ("ose_id",),
    "license_assignments": ("from_host_id", "to_host_id", "ose_id"),
    "mobility_deployments": ("ose_id",),
    "recovery_runs": ("ose_id", "production_ose_id"),
}
"""The columns of each canonical table that refer to a machine."""
_NAMES = {"host_id": "host_name", "ose_id": "name"}


def identified(tables: Tables, hosts: pl.LazyFrame, oses: pl.LazyFrame) -> Tables:
    """Replace names by ids.

    Args:
        tables: canonical tables; those of `REFERENCES` are read.
        hosts: entity_id, host_id, host_name of the estate.
        oses: entity_id, ose_id, name of the estate.

    Returns:
        The tables of `REFERENCES` that were given, with the same rows and columns.

    """
    given = {name: tables[name] for name in REFERENCES if name in tables}
    books = {
        identity: _book(machines, identity, given) for identity, machines in (("host_id", hosts), ("ose_id", oses))
    }
    found: Tables = {}
    for name, table in given.items():
        frame = table
        for column in REFERENCES[name]:
            frame = (
                frame.with_columns(_key=pl.col(column).str.to_lowercase())
                .join(books[_identity(column)], on=[ENTITY, "_key"], how="left", maintain_order="left")
                .with_columns(pl.coalesce("_id", column).alias(column))
                .drop("_key", "_id")
            )
        found[name] = frame
    return found


def by_id(known: Tables) -> Tables:
    """Put what `identified` gave (`facts_installs`, …) in the place of the tables as they were read."""
    return known | {name: known[f"facts_{name}"] for name in REFERENCES if f"facts_{name}" in known}


def _identity(column: str) -> str:
    return "ose_id" if column.endswith("ose_id") else "host_id"


def _book(machines: pl.LazyFrame, identity: str, tables: Tables) -> pl.LazyFrame:
    """Return entity_id, _key, _id: of ids, names and first labels in this order, those of one machine only.

    Only what the tables ask for is looked up, so that the book is as long as they are, however large the estate.
    """
    references = [
        tables[name].select(ENTITY, _key=pl.col(column).str.to_lowercase())
        for name in tables
        for column in REFERENCES[name]
        if _identity(column) == identity
    ]
    if not references:
        return pl.LazyFrame(schema={ENTITY: pl.String(), "_key": pl.String(), "_id": pl.String()})
    asked = pl.concat(references).drop_nulls().unique().collect(engine="streaming").lazy()
    name = pl.col(_NAMES[identity])
    known = [
        machines.select(ENTITY, _id=identity, _key=text.str.to_lowercase(), _rank=pl.lit(rank))
        .join(asked, on=[ENTITY, "_key"], how="semi")
        .unique()
        for rank, text in enumerate((pl.col(identity), name, name.str.split(".").list.first()))
    ]
    keys = pl.concat(known).collect(engine="streaming").lazy()
    return (
        keys.filter(pl.col("_rank") == pl.col("_rank").min().over(ENTITY, "_key"))
        .group_by(ENTITY, "_key")
        .agg(pl.col("_id").first(), _ids=pl.col("_id").n_unique())
        .filter(pl.col("_ids") == 1)
        .select(ENTITY, "_key", "_id")
        .collect()
        .lazy()
    )
