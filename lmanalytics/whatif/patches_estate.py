"""The verbs that change the estate: `retire`, `move` and `consolidate`.

They change every observation of a machine, the earlier ones too: as if it had always been so. A `where` with
`observed_on` narrows that.
"""

import polars as pl

from lmanalytics.errors import did_you_mean
from lmanalytics.schemas import ENTITY
from lmanalytics.whatif.patches import HIT, Patched, count, hits, of_machines, selected, values_of
from lmanalytics.whatif.patches_rows import chosen
from lmanalytics.whatif.patches_values import columns_of, value
from lmanalytics.whatif.scenario_file import Change

RETIRABLE = ("hosts", "oses", "installs", "devices", "cloud_services")
_GO_WITH = {
    "host_id": ("ose_host_affinity", "access_counts"),
    "ose_id": ("installs", "ose_host_affinity", "mobility_deployments"),
}
"""What leaves with a host or an OSE. Licenses, assignments and coverage stay: they were bought."""
_CLOUDS = ("azure", "provider_shared")
_PROVIDERS = ("provider_shared", "provider_dedicated")


def retire(patched: Patched, change: Change) -> None:
    """Take machines out of service, with all that runs on them."""
    name = change.object.text("a table")
    if name not in RETIRABLE:
        hint = did_you_mean(name, RETIRABLE)
        change.object.fail(f"{name!r} cannot retire.{hint} {', '.join(RETIRABLE)} can; `remove` leaves out any rows.")
    rows = chosen(patched, name, change)
    if name in {"hosts", "oses"}:
        _retire(patched, change, name, rows)
    else:
        patched.remove(name, rows, change.verb, change.at)


def move(patched: Patched, change: Change) -> None:
    """Put machines elsewhere."""
    name = change.object.text("a table")
    if name not in {"hosts", "oses"}:
        change.object.fail(f"{name!r} cannot move.{did_you_mean(name, ('hosts', 'oses'))} hosts and oses can.")
    rows = chosen(patched, name, change)
    installs = _installs_of(patched, rows) if name == "oses" else None
    if installs is None and "installs" in change.keys:
        change.keys["installs"].fail("`installs` says what becomes of software in moved OSEs; move `oses` for that.")
    values = values_of(change.keys["to"], name)
    patched.set(name, rows, values | (_place(patched, change) if name == "oses" else {}), change.verb, change.at)
    if installs is None:
        return
    if "installs" in change.keys:
        told = values_of(change.keys["installs"], "installs")
        patched.set("installs", installs, told, change.verb, change.at)
    elif _location(change) in _CLOUDS:
        open_ = installs.with_columns(pl.col(HIT) & pl.col("license_source").is_null())
        if unsaid := count(open_):
            patched.warnings.append(
                f"{change.at.file}, line {change.at.line}: nothing says whose license {unsaid:,} installs on the moved"
                " OSEs use; say it beside `to`, such as `installs: {license_source: own}`."
            )


def consolidate(patched: Patched, change: Change) -> None:
    """Spread what runs on the selected hosts over those that stay, the largest first in turn, and retire the rest."""
    if change.object.text("hosts") != "hosts":
        change.object.fail("`consolidate` is followed by hosts.")
    hosts = selected(patched, "hosts", change.keys["where"])
    kept = selected(patched, "hosts", change.keys["onto"])
    key = [ENTITY, "host_id"]
    targets = hits(kept).group_by(key).agg(_cluster=pl.col("cluster_id").sort_by("observed_on").last())
    placed = targets.sort(key).with_columns(_turn=pl.int_range(pl.len()).over(ENTITY), _of=pl.len().over(ENTITY))
    leaving = hosts.join(targets.select(key), on=key, how="anti")
    if not count(leaving):
        change.at.fail("every selected host is one of those in `onto`, so that none would retire.")
    if "oses" in patched.tables:
        rows = of_machines(patched, "oses", patched.tables["oses"], "host_id", hits(leaving).select(key).unique())
        moving = rows.with_columns(pl.col(HIT) & (pl.col("kind") != "physical"))
        _spread(patched, change, moving, placed)
    marks = hosts.join(targets.select(*key, _stays=True), on=key, how="left", maintain_order="left")
    retiring = marks.with_columns(pl.col(HIT) & pl.col("_stays").is_null()).drop("_stays")
    _retire(patched, change, "hosts", retiring)


def _spread(patched: Patched, change: Change, moving: pl.LazyFrame, placed: pl.LazyFrame) -> None:
    """Give the marked OSEs the hosts that stay: there and back again, the largest first."""
    machine = [ENTITY, "ose_id"]
    sizes = hits(moving).group_by(machine).agg(pl.col("vcpus").max())
    turns = sizes.join(placed.group_by(ENTITY).agg(pl.col("_of").first()), on=ENTITY).sort(
        ENTITY, "vcpus", "ose_id", descending=[False, True, False], nulls_last=True
    )
    step = pl.int_range(pl.len()).over(ENTITY) % (2 * pl.col("_of"))
    turn = pl.when(step < pl.col("_of")).then(step).otherwise(2 * pl.col("_of") - 1 - step)
    given = turns.with_columns(_turn=turn).join(placed.drop("_of"), on=[ENTITY, "_turn"])
    joined = moving.join(
        given.select(*machine, _host="host_id", _cluster="_cluster"), on=machine, how="left", maintain_order="left"
    ).with_columns(pl.col(HIT) & pl.col("_host").is_not_null())
    patched.set("oses", joined.collect().lazy(), {"host_id": pl.col("_host"), "cluster_id": pl.col("_cluster")},
                change.verb, change.at)  # fmt: skip
    patched.tables["oses"] = patched.tables["oses"].drop("_host", "_cluster")


def _retire(patched: Patched, change: Change, name: str, rows: pl.LazyFrame) -> None:
    """Remove machines; what refers to them goes first, while their names are still known."""
    key = "host_id" if name == "hosts" else "ose_id"
    stays = rows.filter(~pl.col(HIT)).select(ENTITY, key)
    gone = hits(rows).select(ENTITY, key).unique().join(stays, on=[ENTITY, key], how="anti").collect().lazy()
    if name == "hosts" and "oses" in patched.tables:
        _retire(patched, change, "oses", of_machines(patched, "oses", patched.tables["oses"], "host_id", gone))
    for other in _GO_WITH[key]:
        if other in patched.tables:
            of = of_machines(patched, other, patched.tables[other], key, gone)
            patched.remove(other, of, change.verb, change.at)
    patched.remove(name, rows, change.verb, change.at)


def _installs_of(patched: Patched, rows: pl.LazyFrame) -> pl.LazyFrame | None:
    if "installs" not in patched.tables:
        return None
    moved = hits(rows).select(ENTITY, "ose_id").unique()
    return of_machines(patched, "installs", patched.tables["installs"], "ose_id", moved)


def _location(change: Change) -> str | None:
    to = change.keys["to"].fields("to")
    return str(to["location"].value) if "location" in to else None


def _place(patched: Patched, change: Change) -> dict[str, pl.Expr]:
    """Complete what an OSE's new place says: its host's cluster, or no host at all in a cloud."""
    to, place = change.keys["to"].fields("to"), _location(change)
    columns = columns_of("oses")
    none = pl.lit(None, pl.String)
    if place in _PROVIDERS and "provider" not in to:
        change.keys["to"].fail(f"{place}: say which provider, such as `provider: Contoso Hosting`.")
    if place in _CLOUDS:
        if "license_source" not in to:
            sources = ", ".join(columns["license_source"].values)
            change.keys["to"].fail(f"{place}: say whose licenses it then uses, `license_source:` {sources}.")
        kind = pl.when(pl.col("kind") == "physical").then(pl.lit("virtual")).otherwise("kind")
        found = {"host_id": none, "cluster_id": none, "kind": kind}
        return {name: given for name, given in found.items() if name not in to}
    found = {"location": pl.lit("on_premises"), "provider": none} if place is None else {}
    if "host_id" in to and (host := value(to["host_id"], columns["host_id"])) is not None:
        return {n: v for n, v in (found | _host(patched, change, host)).items() if n not in to or n == "host_id"}
    if "cluster_id" in to:
        _check_cluster(patched, change)
        return {n: v for n, v in (found | {"host_id": none}).items() if n not in to}
    return {}


def _host(patched: Patched, change: Change, named: str) -> dict[str, pl.Expr]:
    """Find the host by id or by name, and its cluster."""
    at = change.keys["to"].fields("to")["host_id"]
    hosts = patched.table("hosts", at).sort("observed_on", "row_id")
    known = hosts.select("host_id", "host_name", "cluster_id").collect()
    fits = known.filter((pl.col("host_id") == named) | (pl.col("host_name") == named))
    if fits["host_id"].n_unique() != 1:
        names = sorted({*known["host_id"].drop_nulls(), *known["host_name"].drop_nulls()})
        several = f"{fits['host_id'].n_unique()} hosts bear this name; give the id."
        at.fail(several if fits.height else f"there is no host {named!r}.{did_you_mean(named, names)}")
    return {"host_id": pl.lit(fits["host_id"][-1]), "cluster_id": pl.lit(fits["cluster_id"][-1], pl.String)}


def _check_cluster(patched: Patched, change: Change) -> None:
    at = change.keys["to"].fields("to")["cluster_id"]
    if at.value is None:
        return
    known = patched.table("hosts", at).select(pl.col("cluster_id").drop_nulls().unique()).collect()["cluster_id"]
    if at.value not in known:
        at.fail(f"no host is in the cluster {at.value!r}.{did_you_mean(str(at.value), known)}")
