"""The part of a very large estate that explains some of its machines: their places, and what passive copies lean on."""

from collections.abc import Collection

import polars as pl

LARGE = 250_000
"""Rows of machines above which an estate is not read whole to explain some of it; `explain` of one subject is."""
MOST_OSES = 20_000
"""OSEs in the places that are explained of such an estate."""
OVER_ALL = r"^esu_(eligibility|chain)\."
"""Rules that add up over the whole estate, which a part of it does not explain."""
Tables = dict[str, pl.LazyFrame]


def is_large(inputs: Tables) -> bool:
    """Tell whether an estate has more rows of machines than are read whole."""
    counted = [inputs[name].select(pl.len()) for name in ("facts_hosts", "facts_oses") if name in inputs]
    return bool(sum(frame.collect(engine="streaming").item() for frame in counted) > LARGE)


def places_of(inputs: Tables, ids: Collection[str], most: int = MOST_OSES) -> tuple[Tables, list[str]]:
    """Keep of the tables of machines what explains these subjects.

    Args:
        inputs: facts, accepted tables and answers of a run.
        ids: the subjects, in the order of their weight.
        most: OSEs at most; subjects whose places would go beyond are left out, as are those that need the whole estate.

    Returns:
        The tables, and the subjects that they explain.

    """
    order = pl.DataFrame({"id": list(ids)}, schema={"id": pl.String}).with_row_index("turn")
    machines = _machines(inputs).join(order.lazy(), on="id").group_by("place").agg(pl.col("turn").min())
    sizes = inputs["facts_oses"].group_by(place="subject_id").agg(oses=pl.len())
    places = machines.join(sizes, on="place", how="left").sort("turn", "place").collect(engine="streaming")
    room = pl.col("oses").fill_null(0).cum_sum() <= most
    kept = places.filter(room)["place"].implode()
    chosen = pl.col("subject_id").is_in(kept)
    oses = inputs["facts_oses"].filter(chosen).select("ose_id").unique().collect(engine="streaming")["ose_id"]
    found = dict(inputs)
    if "facts_installs" in inputs:
        copies = inputs["facts_installs"].select("install_id", "ose_id", "primary_install_id")
        own = copies.filter(pl.col("ose_id").is_in(oses.implode())).collect(engine="streaming")
        ends = pl.concat([own["primary_install_id"].drop_nulls(), own["install_id"]]).unique().implode()
        tied = pl.col("install_id").is_in(ends) | pl.col("primary_install_id").is_in(ends)
        more = copies.filter(tied).select("ose_id").collect(engine="streaming")["ose_id"].drop_nulls()
        oses = pl.concat([oses, more]).unique()
    in_oses = pl.col("ose_id").is_in(oses.implode())
    for name in ("facts_oses", "facts_installs", "oses", "installs"):
        if name in inputs:
            found[name] = inputs[name].filter(in_oses).collect(engine="streaming").lazy()
    hosts = pl.concat(
        [
            inputs["facts_hosts"].filter(chosen).select("host_id"),
            found["facts_oses"].select("host_id"),
        ]
    )
    in_hosts = pl.col("host_id").is_in(hosts.unique().collect(engine="streaming")["host_id"].drop_nulls().implode())
    for name in ("facts_hosts", "facts_host_rows", "hosts"):
        if name in inputs:
            found[name] = inputs[name].filter(in_hosts).collect(engine="streaming").lazy()
    known = _machines(found).select("id").unique().collect(engine="streaming")["id"]
    whole = _machines(inputs).select("id").join(order.lazy(), on="id", how="semi").unique().collect(engine="streaming")
    apart = set(whole["id"]) - set(known)
    return found, [one for one in ids if one not in apart and not one.endswith("/access")]


def _machines(inputs: Tables) -> pl.LazyFrame:
    """Name the place of every host, OSE and place: id, place."""
    hosts, oses = inputs["facts_hosts"], inputs["facts_oses"]
    parts = [
        hosts.select(id="host_id", place="subject_id"),
        hosts.select(id="subject_id", place="subject_id"),
        oses.select(id="ose_id", place="subject_id"),
        oses.select(id="subject_id", place="subject_id"),
    ]
    return pl.concat(parts).drop_nulls()
