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


def identified(tables: Tables, hosts: pl.LazyFrame, oses: pl.LazyFrame) -> Tables:
    """Replace names by ids.

    Args:
        tables: canonical tables; those of `REFERENCES` are read.
        hosts: entity_id, host_id, host_name of the estate.
        oses: entity_id, ose_id, name of the estate.

    Returns:
        The tables of `REFERENCES` that were given, with the same rows and columns.

    """
    books = {"ose_id": _book(oses, "ose_id", "name"), "host_id": _book(hosts, "host_id", "host_name")}
    found: Tables = {}
    for name in REFERENCES.keys() & tables.keys():
        frame = tables[name]
        for column in REFERENCES[name]:
            book = books["ose_id" if column.endswith("ose_id") else "host_id"]
            frame = (
                frame.with_columns(_key=pl.col(column).str.to_lowercase())
                .join(book, on=[ENTITY, "_key"], how="left", maintain_order="left")
                .with_columns(pl.coalesce("_id", column).alias(column))
                .drop("_key", "_id")
            )
        found[name] = frame
    return found


def by_id(known: Tables) -> Tables:
    """Put what `identified` gave (`facts_installs`, …) in the place of the tables as they were read."""
    return known | {name: known[f"facts_{name}"] for name in REFERENCES if f"facts_{name}" in known}


def _book(machines: pl.LazyFrame, identity: str, name: str) -> pl.LazyFrame:
    """Return entity_id, _key, _id: of ids, names and first labels in this order, those of one machine only."""
    known = machines.select(ENTITY, pl.col(identity).alias("_id"), pl.col(name).alias("_name")).unique()
    texts = pl.col("_id"), pl.col("_name"), pl.col("_name").str.split(".").list.first()
    keys = [known.select(ENTITY, "_id", _key=text, _rank=pl.lit(rank)) for rank, text in enumerate(texts)]
    return (
        pl.concat(keys)
        .with_columns(pl.col("_key").str.to_lowercase())
        .drop_nulls("_key")
        .filter(pl.col("_rank") == pl.col("_rank").min().over(ENTITY, "_key"))
        .group_by(ENTITY, "_key")
        .agg(pl.col("_id").first(), _ids=pl.col("_id").n_unique())
        .filter(pl.col("_ids") == 1)
        .drop("_ids")
    )
