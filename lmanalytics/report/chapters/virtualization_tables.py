"""Tables of how virtual machines and hosts are licensed: by cluster, pattern and subject, and what else was tried."""

import polars as pl
from great_tables import GT

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import NO_ESTATE, Run
from lmanalytics.report.texts import say, told

_SUBJECT = ["entity_id", "subject_kind", "subject_id"]
WINDOWS = "Windows Server"
_PLACES = ("host", "cluster", "ose")
_CLUSTER = ["entity_id", "cluster_id", "product"]


def placed(run: Run) -> pl.LazyFrame:
    """Tell for each host, cluster or OSE in the plan how it is licensed, where it stands and how many OSEs count.

    Returns:
        entity_id, subject_kind, subject_id, product, option (words; of all editions that it needs), licenses, short,
        cost, cost_of_next_best, currency, cluster_id, inventory_id, hosts and cores (of the subject), peak (the most
        OSEs at once) and now (OSEs of Windows Server on the position date). What is unknown in part is null.

    """
    key = [*_SUBJECT, "product"]
    plan = run.plan.filter(pl.col("subject_kind").is_in(_PLACES) & (pl.col("metric") == "core").fill_null(value=True))
    subjects = plan.group_by(key).agg(
        whole("licenses_required").alias("licenses"),
        whole("licenses_short").alias("short"),
        whole("cost"),
        pl.col("cost_of_next_best").max(),
        pl.col("currency").drop_nulls().min(),
        option=_option().unique().sort().implode(),
    )
    peaks = run.demand.group_by(key).agg(peak=pl.col("oses_covered").max())
    sizes = (
        _hosts(run)
        .group_by(_SUBJECT)
        .agg(
            pl.col("cluster_id", "inventory_id").drop_nulls().first(),
            whole("physical_cores").alias("cores"),
            hosts=pl.len().cast(pl.Int64),
        )
    )
    joined = subjects.with_columns(pl.col("option").list.join(told("virtualization_tables.names.and")))
    placed = joined.join(peaks, on=key, how="left").join(sizes, on=_SUBJECT, how="left")
    known = (pl.col("subject_kind") == "host") & (pl.col("product") == WINDOWS) & pl.lit(run.facts("oses") is not None)
    now = pl.when(known).then(pl.col("now").fill_null(0)).otherwise("now")
    return placed.join(_now(run), on=key, how="left").with_columns(now=now)


def whole(column: str) -> pl.Expr:
    """Add up a column; null where a part of it is unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def cluster_names() -> pl.Expr:
    """Name a cluster without the inventory that it belongs to; what stands in none is named as that."""
    inventory = pl.concat_str(pl.col("inventory_id").fill_null(""), pl.lit("/"))
    short = pl.when(pl.col("cluster_id").str.starts_with(inventory)).then(
        pl.col("cluster_id").str.slice(inventory.str.len_chars())
    )
    names = told("virtualization_tables.names")
    alone = (
        pl.when(pl.col("subject_kind") == "ose").then(pl.lit(names["no_host"])).otherwise(pl.lit(names["no_cluster"]))
    )
    return pl.coalesce(short, "cluster_id", alone)


def clusters_table(run: Run, limit: int = 24) -> GT:
    """Show for each cluster and product how it is licensed, its peak, and the cost; the dearest first."""
    cluster = ["entity_id", "cluster", "product"]
    layer = pl.format(told("virtualization_tables.names.option_of"), "option", "subjects")
    places = _held(run).with_columns(cluster=cluster_names())
    layers = (
        places.group_by(*cluster, "option")
        .agg(subjects=pl.len().cast(pl.Int64))
        .sort(-pl.col("subjects"), "option")
        .group_by(cluster, maintain_order=True)
        .agg(layer=layer.implode())
        .with_columns(pl.col("layer").list.join("; "))
    )
    frame = (
        places.group_by(cluster)
        .agg(
            *map(whole, ("hosts", "cores", "now", "peak", "licenses", "cost")),
            next_best(),
            pl.col("currency").drop_nulls().min(),
        )
        .join(layers, on=cluster)
        .with_columns(movement=pl.max_horizontal(pl.col("peak") - pl.col("now"), pl.lit(0)).cast(pl.Int64))
        .with_columns(movement=pl.when(pl.col("peak").is_not_null() & pl.col("now").is_not_null()).then("movement"))
        .with_columns(all=pl.col("cost").sum().over("entity_id", "cluster"))
        .sort(-pl.col("all"), "entity_id", "cluster", -pl.col("cost").fill_null(0), "product")
        .with_columns(heading=_heading())
    )
    columns, notes = told("virtualization_tables.clusters.columns"), told("virtualization_tables.clusters.notes")
    return Grid(columns, _why_none(run), limit, "plan.parquet", notes=notes, heading="heading").show(frame)


def patterns_table(run: Run) -> GT:
    """Add up the whole estate by product and option: units, OSEs, licenses and cost."""
    frame = (
        _held(run)
        .group_by("product", "option", kind=words("subject_kind"))
        .agg(
            *map(whole, ("peak", "licenses", "short", "cost")),
            next_best(),
            pl.col("currency").drop_nulls().min(),
            subjects=pl.len().cast(pl.Int64),
        )
        .sort("product", -pl.col("subjects"), "option", "kind")
    )
    columns, notes = told("virtualization_tables.patterns.columns"), told("virtualization_tables.patterns.notes")
    strong = {"short": pl.col("short") > 0}
    return Grid(columns, _why_none(run), 80, "plan.parquet", notes=notes, strong=strong).show(frame)


def next_best() -> pl.Expr:
    """Add up what the cheapest other options cost; a unit without another option costs what it costs."""
    other = pl.col("cost_of_next_best")
    return (
        pl.when(other.is_not_null().any() & pl.col("cost").is_not_null().all())
        .then(pl.coalesce(other, "cost").sum())
        .alias("cost_of_next_best")
    )


def plan_table(run: Run, limit: int = 40) -> GT:
    """Show the option chosen for each host or other subject, and the cost of the next best; the short first."""
    order = [-pl.col("licenses_short").fill_null(0), -pl.col("cost").fill_null(0)]
    frame = run.plan.sort(*order, "subject_id", "product").with_columns(option=_option())
    columns = dict(told("virtualization_tables.plan.columns"))
    products = run.plan.select(pl.col("product").unique().sort()).collect()["product"].to_list()
    notes = [say("virtualization_tables.plan.one_product", product=products[0])] if len(products) == 1 else []
    if notes:
        del columns["product"]
    strong = {"licenses_short": pl.col("licenses_short") > 0}
    return Grid(
        columns, _why_none(run), limit, "plan.parquet", run.sentences, strong=strong,
        notes=[*notes, *told("virtualization_tables.plan.notes")], named=run.named,
    ).show(frame)  # fmt: skip


def alternatives_table(run: Run, subjects: int = 8) -> GT:
    """Show every option of the subjects for which the choice saves most: its licenses and its cost."""
    key = [*_SUBJECT, "product"]
    top = (
        run.plan.filter(pl.col("cost").is_not_null() & pl.col("cost_of_next_best").is_not_null())
        .group_by(key)
        .agg(gain=pl.col("cost_of_next_best").max() - pl.col("cost").sum())
        .sort("gain", *key, descending=[True, *[False] * len(key)])
        .head(subjects)
        .with_row_index("place")
    )
    rows = run.alternatives.join(top, on=key).sort("place", ~pl.col("is_chosen"), "cost", "option", nulls_last=True)
    found = rows.collect()
    heading = pl.format("{}, {}", run.named(found)["subject_id"], found["product"])
    frame = found.with_columns(words("option"), subject=heading).lazy()
    place, strong = told("virtualization_tables.alternatives"), {"is_chosen": pl.col("is_chosen")}
    return Grid(
        place["columns"], place["empty"], 80, "alternatives.parquet", run.sentences, heading="subject", strong=strong,
        notes=place["notes"],
    ).show(frame)  # fmt: skip


def savings_table(run: Run, limit: int = 40) -> GT:
    """Set what rules of thumb would buy against what the position buys, by group of products."""
    tells = pl.col("cost").is_not_null() & ((pl.col("cost") > 0) | (pl.col("objective") > 0))
    frame = (
        run.savings.filter(tells)
        .with_columns(words("heuristic"), products=pl.col("product_group").str.replace_all(";", "; ", literal=True))
        .sort(-pl.col("objective").fill_null(0), "products", "entity_group", "cost", "heuristic", nulls_last=True)
    )
    columns, notes = told("virtualization_tables.savings.columns"), told("virtualization_tables.savings.notes")
    empty = told("virtualization_tables.savings.empty")
    return Grid(columns, empty, limit, "savings.parquet", run.sentences, notes=notes).show(frame)


def _held(run: Run) -> pl.LazyFrame:
    """Compute the places once: a table reads its frame several times, and of a large estate that takes a while."""
    return placed(run).collect(engine="streaming").lazy()


def _hosts(run: Run) -> pl.LazyFrame:
    """Scan the hosts with the subject that licenses each; a run without facts has none."""
    facts = run.facts("hosts")
    if facts is not None:
        return facts
    return run.accepted("hosts").head(0).with_columns(subject_kind=pl.lit("host"), subject_id="host_id")


def _heading() -> pl.Expr:
    """Name a cluster with its hosts and cores; the entity, too, where several have clusters."""
    names = told("virtualization_tables.names")
    sized = pl.format(
        names["sized"],
        "cluster",
        pl.col("hosts").max().over("entity_id", "cluster"),
        pl.col("cores").max().over("entity_id", "cluster"),
    )
    one = pl.col("entity_id").n_unique() == 1
    name = pl.coalesce(sized, "cluster")
    return pl.when(one).then(name).otherwise(pl.format("{}: {}", "entity_id", name))


def _now(run: Run) -> pl.LazyFrame:
    """Count the OSEs that need Windows Server on the position date: the key of a subject, product, now."""
    oses = run.facts("oses")
    if oses is None:
        return pl.LazyFrame(schema=dict.fromkeys([*_SUBJECT, "product"], pl.String) | {"now": pl.Int64})
    stands = pl.col("is_load") & (pl.col("state") == "current") & (pl.col("kind") != "process_container")
    counted = oses.filter(stands).group_by(_SUBJECT).agg(now=pl.len().cast(pl.Int64))
    return counted.with_columns(product=pl.lit(WINDOWS))


def _why_none(run: Run) -> str:
    return str(told("virtualization_tables.clusters.empty")) if run.has_estate else NO_ESTATE


def _option() -> pl.Expr:
    return words("option").fill_null(told("virtualization_tables.names.no_option"))
