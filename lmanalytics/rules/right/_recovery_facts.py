"""Runs of backup instances with what their permission depends on: place, licenses and access licenses."""

import polars as pl

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right._access import access_ends, has_sa
from lmanalytics.rules.right._license_days import license_days, on_day
from lmanalytics.rules.right._machines import OSE, last_seen, rows_of, with_host
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import ENTITY

RUN = [ENTITY, "run_id"]
_PAIR = [ENTITY, "ose_id", "production_ose_id"]
_WINDOWS = "Windows Server"
_SERVER_PRODUCT = "Server|System Center|Dynamics"
_OTHERS = ["license_included", "spla", "visual_studio", "evaluation"]


def runs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List the runs that had started by the day of the position, each with its place and its licenses.

    Args:
        inputs: `recovery_runs`; `facts_oses`, `facts_hosts`, `installs`, `licenses` and `access_licenses` where known.
        settings: the run's date and policies.

    Returns:
        The columns of `recovery_runs`; is_same_cluster, is_same_server, is_dr_dedicated, operator, location,
        os_product, license_source; has_software (that needs licenses), licenses and licenses_with_sa (of the
        product that has fewest, on the run's days; null where unknown); has_access_sa.

    """
    table = held(inputs["recovery_runs"].filter(pl.col("started_at").dt.date() <= settings.as_of))
    oses = _machines(table, inputs)
    placed = held(_placed(table, oses))
    covered = _covered(placed, oses, inputs, settings)
    return placed.join(covered, on=RUN, how="left")


def _placed(table: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    own = oses.rename({"cluster_id": "_cluster", "host_id": "_host"})
    theirs = oses.select(
        ENTITY,
        production_ose_id="ose_id",
        _production_cluster="cluster_id",
        _production_host="host_id",
        _production_system="os_product",
        _is_production_known=pl.lit(value=True),
    )
    cluster = pl.coalesce("cluster_id", "_cluster")
    known = pl.col("_is_production_known") & (
        cluster.is_not_null() | pl.col("_is_known") | (pl.col("target") == "azure_site_recovery")
    )
    return (
        table.join(own, on=OSE, how="left")
        .join(theirs, on=[ENTITY, "production_ose_id"], how="left")
        .with_columns(
            is_same_cluster=pl.when(known).then((cluster == pl.col("_production_cluster")).fill_null(value=False)),
            is_same_server=pl.when(known).then((pl.col("_host") == pl.col("_production_host")).fill_null(value=False)),
            os_product=pl.coalesce("os_product", "_production_system"),
        )
        .drop("^_.*$")
    )


def _machines(table: pl.LazyFrame, inputs: Tables) -> pl.LazyFrame:
    """Give each OSE of some run, on either side, as it was last seen, with what is known of its host."""
    asked = pl.concat([table.select(OSE), table.select(ENTITY, ose_id="production_ose_id")])
    names = ("host_id", "cluster_id", "location", "os_product", "license_source")
    last = last_seen(inputs, asked, dict.fromkeys(names, pl.String()))
    known = with_host(last, inputs, {"is_dr_dedicated": pl.Boolean(), "operator": pl.String()})
    return held(known.with_columns(_is_known=pl.lit(value=True)))


def _covered(placed: pl.LazyFrame, oses: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Find the licenses of each run's products on its first and last day, and whether access licenses are covered."""
    products = held(_products(placed, inputs, settings))
    spans = placed.select(*RUN, *_PAIR[1:], _first=pl.col("started_at").dt.date(), _last=pl.col("ended_at").dt.date())
    used = spans.join(products.select(*_PAIR, "product"), on=_PAIR)
    licenses, access = inputs.get("licenses"), inputs.get("access_licenses")
    if licenses is None:
        nothing = pl.lit(None, pl.Int64)
        counted = used.select(*RUN).unique().with_columns(licenses=nothing, licenses_with_sa=nothing)
    else:
        counted = _counted(used, license_days(licenses))
    ends = pl.LazyFrame(
        schema={**dict.fromkeys(_PAIR, pl.String()), "first_end": pl.Date(), "has_unknown": pl.Boolean()}
    )
    if access is not None:
        ends = _access(products, access, oses)
    accessed = has_sa(pl.col("_last")) if access is not None else pl.lit(None, pl.Boolean)
    needs = products.select(_PAIR).unique().with_columns(_needs=pl.lit(value=True))
    return (
        spans.join(needs, on=_PAIR, how="left")
        .join(ends, on=_PAIR, how="left")
        .join(counted, on=RUN, how="left")
        .select(
            *RUN,
            "licenses",
            "licenses_with_sa",
            has_software=pl.col("_needs").fill_null(value=False),
            has_access_sa=pl.when(pl.col("_needs").is_null()).then(statement=True).otherwise(accessed),
        )
    )


def _counted(used: pl.LazyFrame, days: pl.LazyFrame) -> pl.LazyFrame:
    """Count the licenses of the product that has fewest with Software Assurance; null where one is not known."""
    first = on_day(used, days, "_first").select(
        *RUN, "product", "_last", _sa="licenses_with_sa", _unsure="licenses_unsure"
    )
    sure = pl.min_horizontal("_sa", "licenses_with_sa")
    unsure = (sure == 0) & ((pl.col("_unsure") > 0) | (pl.col("licenses_unsure") > 0))
    both = on_day(first, days, "_last").with_columns(_sure=sure, _unsure=unsure)
    none = ((pl.col("_sure") == 0) & ~pl.col("_unsure")).any()
    known = none | ~pl.col("_unsure").any()
    return both.group_by(RUN).agg(
        licenses=pl.when(known).then(pl.col("licenses").sort_by("_sure", "licenses").first()),
        licenses_with_sa=pl.when(known).then(pl.col("_sure").min()),
    )


def _products(placed: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List the server products of each pair of backup and production OSE that need licenses of the customer's."""
    pairs = placed.select(*_PAIR, "os_product", "license_source").unique(_PAIR)
    rented = pl.col("license_source").is_in(_OTHERS).fill_null(value=False)
    systems = pairs.filter((pl.col("os_product") == _WINDOWS) & ~rented).select(*_PAIR, product="os_product")
    if "installs" not in inputs:
        return systems
    free = pl.col("edition").str.contains("Developer|Express|Evaluation") | pl.col("is_evaluation")
    software = (
        inputs["installs"]
        .filter(pl.col("observed_on") <= settings.as_of, pl.col("product").str.contains(_SERVER_PRODUCT))
        .filter(~free.fill_null(value=False), ~rented)
        .select(*OSE, "product")
    )
    sides = pl.concat([pairs.select(*_PAIR, on=side) for side in ("ose_id", "production_ose_id")])
    there = rows_of(software, sides.select(ENTITY, ose_id="on"), OSE).select(ENTITY, "product", on="ose_id").unique()
    return pl.concat([systems, sides.join(there, on=[ENTITY, "on"]).select(*_PAIR, "product")]).unique()


def _access(products: pl.LazyFrame, access: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Find when the first access license ends under which either OSE of a pair is used."""
    hosts = oses.select(*OSE, "host_id")
    sides = [products.select(*_PAIR, "product", _side=side) for side in ("ose_id", "production_ose_id")]
    uses = pl.concat(sides).rename({"ose_id": "_backup", "_side": "ose_id"}).join(hosts, on=OSE, how="left")
    return (
        access_ends(uses, access)
        .group_by(ENTITY, "production_ose_id", "_backup")
        .agg(pl.col("first_end").min(), pl.col("has_unknown").any())
        .rename({"_backup": "ose_id"})
    )
