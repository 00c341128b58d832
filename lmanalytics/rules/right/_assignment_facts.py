"""Assignments with what the rules of reassignment ask: where licenses came from, since when, and how far it is."""

import polars as pl

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_products, reassignment, reassignment_chain, reassignment_period
from lmanalytics.rules.right._assurance import covered_lots, has_assurance
from lmanalytics.rules.right._farm_facts import judged_farms, memberships, no_members, same_farm, with_farm
from lmanalytics.rules.right._machines import OSE, rows_of
from lmanalytics.rules.right._mobility_facts import decide, partners
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import CANONICAL, ENTITY

_ENDS = ("from", "to")
_OWN = ("own",)
_COLUMNS = [
    "row_id", ENTITY, "assignment_id", "source", "product", "edition", "metric", "basis", "agreement_id",
    "enrollment_id", "quantity", "assignment_reason", "assigned_on", "last_assigned_on", "last_reason", "has_origin",
    "is_same_place", "from_datacenter", "to_datacenter", "from_provider", "to_provider", "is_recovery",
]  # fmt: skip


def assignments(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Chain the assignments of the history on or before the day of the position: `_COLUMNS`."""
    table = inputs["license_assignments"].filter(pl.col("assigned_on") <= settings.as_of)
    rows = table.rename({"reason": "assignment_reason"}).with_columns(
        pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id"),
        pl.col("agreement_id").fill_null(pl.col("agreement_id")),
        source=pl.lit("assignment"),
    )
    for end in _ENDS:
        known = rows.join(_providers(inputs, settings, end), on=f"{end}_provider", how="left")
        rows = _located(known, inputs, end).with_columns(_place(end))
    rows = _with_origin(rows)
    chained = compute(reassignment_chain, "chained", settings, assignments=rows)
    moved = chained.with_columns(
        has_origin=pl.col("origin").is_not_null(), is_same_place=pl.col("origin") == pl.col("destination")
    )
    return _with_recovery(moved, inputs).select(_COLUMNS)


def snapshot_moves(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Turn each move of an OSE to another Server Farm into an assignment of the licenses that follow it: `_COLUMNS`."""
    changed = _between_datacenters(inputs, settings)
    what = inputs["oses"].select("row_id", "kind", "os_product", "os_edition", "license_source")
    moves = changed.join(rows_of(what, changed, ["row_id"]), on="row_id")
    own = pl.col("license_source").is_null() | pl.col("license_source").is_in(_OWN)
    by_machine = pl.col("assigned_on") >= reassignment.follows_machine.start
    windows = moves.filter(
        (pl.col("kind") == "virtual") & (pl.col("os_product") == "Windows Server") & own & by_machine
    ).with_columns(product="os_product", edition="os_edition")
    parts = [windows.drop("os_product", "os_edition", "license_source", "kind")]
    if "installs" in inputs:
        parts.append(_with_installs(moves, inputs["installs"], settings))
    rows = pl.concat(parts, how="diagonal").with_columns(
        assignment_id=pl.format("snapshot:{}:{}:{}", "ose_id", "assigned_on", "product"),
        source=pl.lit("snapshots"),
        basis=pl.lit("virtual_core"),
        metric=pl.lit("core"),
        assignment_reason=pl.lit("routine"),
        last_reason=pl.lit("routine"),
        has_origin=pl.lit(value=True),
        is_same_place=pl.lit(value=False),
        is_recovery=pl.lit(None, pl.Boolean),
        quantity=pl.lit(None, pl.Int64),
        **{f"{end}_provider": pl.lit(None, pl.String) for end in _ENDS},
        **{c: pl.lit(None, pl.String) for c in ("agreement_id", "enrollment_id")},
    )
    return rows.select(_COLUMNS)


def _between_datacenters(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Hold the moves of OSEs from one data center to another, with from_datacenter and to_datacenter."""
    seen = inputs["oses"].select("row_id", *OSE, "observed_on", "host_id")
    rows = compute(reassignment_chain, "observed_moves", settings, oses=seen)
    for end in _ENDS:
        rows = _located(rows.with_columns(pl.lit(None, pl.String).alias(f"{end}_datacenter_id")), inputs, end)
    return held(rows.filter(pl.col("from_datacenter") != pl.col("to_datacenter")))


def judged(rows: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Decide each assignment; of what snapshots show only moves to another farm are kept."""
    members = memberships(inputs["datacenters"], settings) if "datacenters" in inputs else no_members()
    for end in _ENDS:
        rows = with_farm(rows, members, end, "assigned_on")
    rows = same_farm(rows, judged_farms(members, settings), "assigned_on")
    stays = (pl.col("source") == "snapshots") & pl.col("is_same_farm").fill_null(value=True)
    if "licenses" in inputs:
        rows = has_assurance(rows, covered_lots(inputs["licenses"]), "assigned_on")
    else:
        rows = rows.with_columns(has_sa=pl.lit(None, pl.Boolean))
    for end in _ENDS:
        rows = rows.join(_providers(inputs, settings, end), on=f"{end}_provider", how="left")
    rows = rows.filter(~stays).with_columns(
        is_same_zone=pl.col("from_zone") == pl.col("to_zone"),
        is_bound=pl.lit(value=True),
        uses_zones="from_uses_zones",
        from_provider="from_key",
        to_provider="to_key",
    )
    for module in (reassignment_period, license_mobility_products, reassignment):
        rows = decide(rows, module, settings)
    return rows


def _providers(inputs: Tables, settings: Settings, end: str) -> pl.LazyFrame:
    """List the providers of one end with one name for each, and whether their own rules speak of zones."""
    table = inputs.get("license_assignments", CANONICAL["license_assignments"].empty())
    named = table.select(provider=f"{end}_provider").drop_nulls()
    return partners(named, settings).select(
        pl.col("provider").alias(f"{end}_provider"),
        pl.col("provider_key").alias(f"{end}_key"),
        pl.col("uses_zones").alias(f"{end}_uses_zones"),
    )


def _located(rows: pl.LazyFrame, inputs: Tables, end: str) -> pl.LazyFrame:
    """Add the data center of one end: its own, or that of its host on the latest day known."""
    table = inputs.get("hosts", CANONICAL["hosts"].empty())
    hosts = (
        table.filter(pl.col("datacenter_id").is_not_null())
        .sort("observed_on", "row_id")
        .group_by(ENTITY, pl.col("host_id").alias(f"{end}_host_id"))
        .agg(_datacenter=pl.col("datacenter_id").last())
    )
    return (
        rows.join(hosts, on=[ENTITY, f"{end}_host_id"], how="left")
        .with_columns(pl.coalesce(f"{end}_datacenter_id", "_datacenter").alias(f"{end}_datacenter"))
        .drop("_datacenter")
    )


def _place(end: str) -> pl.Expr:
    """Name the place of one end: a host, else a provider with its data center, else a data center."""
    host, provider, center = (pl.col(f"{end}_{c}") for c in ("host_id", "key", "datacenter_id"))
    return (
        pl.when(host.is_not_null())
        .then(pl.format("host {}", host))
        .when(provider.is_not_null())
        .then(pl.format("provider {} {}", provider, center.fill_null("")))
        .when(center.is_not_null())
        .then(pl.format("datacenter {}", center))
        .alias("origin" if end == "from" else "destination")
    )


def _with_origin(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Where an assignment names an OSE or a deployment and no origin, its licenses come from where that was before."""
    tracked = [*reassignment_chain.LICENSE, "_tracked"]
    named = pl.coalesce("deployment_id", "ose_id")
    carried = {
        "origin": "destination",
        **{f"from_{c}": f"to_{c}" for c in ("datacenter", "provider", "key", "host_id")},
    }
    before = {
        old: pl.when(pl.col("_tracked").is_not_null()).then(
            pl.col(new).shift(1).over(tracked, order_by=["assigned_on", "row_id"])
        )
        for old, new in carried.items()
    }
    unsaid = pl.col("origin").is_null()
    return rows.with_columns(_tracked=named).with_columns(
        pl.when(unsaid).then(value).otherwise(old).alias(old) for old, value in before.items()
    )


def _with_recovery(rows: pl.LazyFrame, inputs: Tables) -> pl.LazyFrame:
    """Tell whether the OSE is one for disaster recovery."""
    table = inputs.get("oses", CANONICAL["oses"].empty())
    recovery = table.filter(pl.col("environment") == "disaster_recovery").select(OSE)
    known = rows_of(recovery, inputs["license_assignments"], OSE).unique()
    return rows.join(known.with_columns(is_recovery=pl.lit(value=True)), on=OSE, how="left")


def _with_installs(moves: pl.LazyFrame, installs: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Add what is installed on OSEs that moved, of products with License Mobility and under own licenses."""
    own = pl.col("license_source").is_null() | pl.col("license_source").is_in(_OWN)
    there = installs.filter((pl.col("observed_on") <= settings.as_of) & own).select(*OSE, "product", "edition")
    known = rows_of(there, moves, OSE).unique().with_columns(metric=pl.lit("core"))
    listed = decide(known, license_mobility_products, settings).filter(
        pl.col("across_farms") == license_mobility_products.Reason.LISTED.code
    )
    one = listed.group_by(*OSE, "product").agg(pl.col("edition").min())
    return moves.drop("os_product", "os_edition", "license_source", "kind").join(one, on=OSE)
