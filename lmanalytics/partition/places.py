"""Which machines must be seen together: a place is a cluster with its hosts, a single host, or an OSE without either.

Names of machines are long and many; here they are 64-bit hashes. Two names with one hash only put two places into
one partition, which changes no answer.
"""

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from lmanalytics.schemas import ENTITY

Tables = dict[str, pl.LazyFrame]
_SEEDS = {"host_id": 1, "cluster_id": 2, "ose_id": 3, "install_id": 5}
_SEED = 4


def node(column: str, kind: str) -> pl.Expr:
    """Hash a machine's id within its entity; null where there is none."""
    return pl.col(column).hash(_SEEDS[kind]) ^ pl.when(pl.col(column).is_not_null()).then(pl.col(ENTITY).hash(_SEED))


def places(tables: Tables) -> pl.DataFrame:
    """Join hosts and clusters to places.

    Args:
        tables: `hosts` and `oses`, canonical; an absent one has no rows. Hosts that were ever in one cluster are one
            place, and so are two clusters between which a host moved, or to which an OSE on Azure Local belongs.

    Returns:
        node, place: UInt64, a row per host and cluster; the place is the lowest node of it.

    """
    pairs = [pl.LazyFrame(schema={"node": pl.UInt64(), "other": pl.UInt64()})]
    for name in ("hosts", "oses"):
        if name in tables:
            rows = tables[name] if name == "hosts" else tables[name].filter(pl.col("location") == "azure_stack")
            both = rows.select(node=node("host_id", "host_id"), other=node("cluster_id", "cluster_id"))
            pairs.append(both.drop_nulls("node").unique())
    edges = pl.concat(pairs).unique().sort("node", "other", nulls_last=True).collect(engine="streaming")
    nodes = pl.concat([edges["node"], edges["other"].rename("node")]).drop_nulls().unique().sort()
    known = edges.drop_nulls()
    ends = [nodes.search_sorted(known[name]).to_numpy() for name in ("node", "other")]
    graph = coo_array((np.ones(known.height, dtype=np.int8), ends), shape=(len(nodes), len(nodes)))
    _, labels = connected_components(graph, directed=False)
    joined = pl.DataFrame({"node": nodes, "label": labels})
    return joined.select("node", place=pl.col("node").min().over("label"))


def place_of_ose(oses: pl.LazyFrame, known: pl.DataFrame) -> pl.LazyFrame:
    """Add `place`, UInt64: that of the host, else that of the cluster, else the OSE by itself."""
    of_host = known.lazy().rename({"node": "_host", "place": "_host_place"})
    of_cluster = known.lazy().rename({"node": "_cluster", "place": "_cluster_place"})
    return (
        oses.with_columns(_host=node("host_id", "host_id"), _cluster=node("cluster_id", "cluster_id"))
        .join(of_host, on="_host", how="left", maintain_order="left")
        .join(of_cluster, on="_cluster", how="left", maintain_order="left")
        .with_columns(place=pl.coalesce("_host_place", "_cluster_place", "_host", "_cluster", node("ose_id", "ose_id")))
        .drop("_host", "_cluster", "_host_place", "_cluster_place")
    )
