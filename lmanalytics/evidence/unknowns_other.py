"""Unknown facts whose range needs no rule: prices, purchase lines, versions, counts of access, and what is managed."""

import polars as pl

from lmanalytics.evidence.unknowns_found import SUBJECT
from lmanalytics.evidence.unknowns_varied import cheapest
from lmanalytics.position.balance import version_ranks
from lmanalytics.rules.demand import system_center
from lmanalytics.rules.demand.price_list import all_products, for_entity
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys((*SUBJECT, "product", "fact", "currency", "machine_names"), pl.String()),
    **dict.fromkeys(("licenses_least", "licenses_most", "licenses_counted", "machines"), pl.Int64()),
    **dict.fromkeys(("cost_least", "cost_most", "cost_counted"), MONEY),
    **dict.fromkeys(("is_barred", "is_seen"), pl.Boolean()),
}
_NO_LICENSES = 0
_NAMED = 3
_UNPROVEN = "no_proof_of_purchase"


def rows(tables: Tables, answered: Tables, settings: Settings, *, by_estate: bool) -> pl.DataFrame:
    """List the ranges of these facts (`FIELDS`).

    Args:
        tables: the accepted canonical tables.
        answered: the answers of the run; an absent one was not given.
        settings: date and policies.
        by_estate: whether the largest that the estate shows bounds what the terms leave open.

    """
    listed = all_products(tables.get("prices"), settings.as_of)
    parts = []
    if {"plan", "demand"} <= answered.keys():
        parts += [_prices(answered), _versions(answered, settings)]
    if {"purchase_outcomes"} <= answered.keys() and "purchases" in tables:
        parts.append(_purchases(tables["purchases"], answered["purchase_outcomes"], listed))
    if "access_counts_outcomes" in answered:
        parts.append(_access(tables, answered, listed, by_estate=by_estate))
    found = [_conform(part) for part in pl.collect_all(parts, engine="streaming")] if parts else []
    if "demand" in answered:
        found += _managed(tables, answered, settings)
    return pl.concat([pl.DataFrame(schema=FIELDS), *found])


def _conform(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FIELDS.items()
    )


def _named(*columns: str) -> pl.Expr:
    return pl.concat_str(*columns, separator=" ", ignore_nulls=True)


def _prices(answered: Tables) -> pl.LazyFrame:
    """Name what the plan requires and no price list prices; what is not for sale lacks no price."""
    option = [*SUBJECT, "product", "option", "edition"]
    old = answered["demand"].filter(pl.col("acquired_before").is_not_null()).select(option)
    unpriced = answered["plan"].filter(pl.col("cost").is_null() & (pl.col("licenses_required") > _NO_LICENSES))
    what = [ENTITY, "product", "edition", "metric"]
    return (
        unpriced.join(old, on=option, how="anti", nulls_equal=True)
        .group_by(what)
        .agg(licenses=pl.col("licenses_required").sum(), machines=pl.len())
        .with_columns(
            subject_kind=pl.lit("license"),
            subject_id=_named("product", "edition", "metric"),
            fact=pl.lit("price"),
            licenses_least="licenses",
            licenses_most="licenses",
            licenses_counted="licenses",
        )
    )


def _versions(answered: Tables, settings: Settings) -> pl.LazyFrame:
    """Range over the licenses that serve a place whose version is unknown, unless they may run the newest one."""
    ranks = version_ranks(settings).lazy()
    newest = ranks.filter(pl.col("version_rank") == pl.col("version_rank").max().over("product"))
    plan = answered["plan"].filter(
        pl.col("version").is_null() & (pl.col("licenses_assigned") > _NO_LICENSES) & (pl.col("metric") != "user_cal")
    )
    each = pl.col("cost") / pl.col("licenses_required") * pl.col("licenses_assigned")
    return (
        plan.join(newest.select("product", _newest="version"), on="product")
        .filter(pl.col("version_right").ne_missing(pl.col("_newest")))
        .group_by([*SUBJECT, "product"])
        .agg(
            licenses_most=pl.col("licenses_assigned").sum(),
            cost_most=pl.when(pl.col("cost").is_not_null().all()).then(each.sum()),
            currency=pl.col("currency").max(),
            machines=pl.lit(1),
        )
        .with_columns(
            fact=pl.lit("version"), licenses_least=pl.lit(0), cost_least=pl.lit(0, MONEY), machine_names="subject_id",
            licenses_counted=pl.lit(0), cost_counted=pl.lit(0, MONEY),
        )
    )  # fmt: skip


def _purchases(purchases: pl.LazyFrame, outcomes: pl.LazyFrame, listed: pl.LazyFrame) -> pl.LazyFrame:
    """Range over the licenses of lines that were to count and did not: all of them, or none."""
    undecided = outcomes.filter((pl.col("outcome") == "not_computable") | (pl.col("reason") == _UNPROVEN))
    lines = purchases.join(undecided.select("row_id"), on="row_id", how="semi")
    priced = for_entity(lines.select(ENTITY, "purchase_id", "product", "metric", "edition", "quantity",
                                     "licenses_per_unit"), listed)  # fmt: skip
    count = (pl.col("quantity") * pl.col("licenses_per_unit").fill_null(1)).abs()
    return priced.with_columns(
        subject_kind=pl.lit("purchase"), subject_id="purchase_id", fact=pl.lit("purchase_line"),
        licenses_least=pl.lit(0), licenses_most=count, licenses_counted=pl.lit(0),
        cost_least=pl.lit(0, MONEY), cost_most=(count * pl.col("price")).cast(MONEY), cost_counted=pl.lit(0, MONEY),
        machines=pl.lit(1), machine_names="purchase_id",
    )  # fmt: skip


def _access(tables: Tables, answered: Tables, listed: pl.LazyFrame, *, by_estate: bool) -> pl.LazyFrame:
    """Range over those who may reach what nobody counted: nobody, to every employee or device that is known."""
    open_rows = answered["access_counts_outcomes"].filter(pl.col("reason") == "not_counted")
    known = [
        tables[name].group_by(ENTITY).agg(_most=pl.col(key).n_unique().cast(pl.Int64))
        for name, key in (("employees", "employee_id"), ("devices", "device_id"))
        if name in tables and by_estate
    ]
    none = pl.LazyFrame(schema={ENTITY: pl.String, "_most": pl.Int64})
    most = pl.concat([none, *known]).group_by(ENTITY).agg(pl.col("_most").max())
    what = open_rows.select(ENTITY, "product").unique().with_columns(metric=pl.lit("user_cal"))
    priced = for_entity(what.with_columns(edition=pl.lit(None, pl.String)), listed).join(most, on=ENTITY, how="left")
    return priced.with_columns(
        subject_kind=pl.lit("customer"), subject_id=pl.format("{}/access", ENTITY), fact=pl.lit("access_count"),
        licenses_least=pl.lit(0), licenses_most="_most", cost_least=pl.lit(0, MONEY),
        cost_most=(pl.col("_most") * pl.col("price")).cast(MONEY), machines=pl.lit(1),
    )  # fmt: skip


def _managed(tables: Tables, answered: Tables, settings: Settings) -> list[pl.DataFrame]:
    """Range over what System Center manages where no export says: nothing, to every OSE of the entity."""
    unsaid = answered["demand"].filter(
        (pl.col("product") == system_center.PRODUCT) & (pl.col("reason") == system_center.Reason.MANAGED_UNKNOWN.code)
    )
    owners = unsaid.select(ENTITY).unique().collect(engine="streaming")[ENTITY].sort().to_list()
    if not owners:
        return []
    inputs = {name: answered[name] for name in ("facts_oses", "facts_hosts")}
    inputs |= {"oses": tables["oses"].with_columns(managed_by_system_center=pl.lit(value=True))}
    inputs = {name: frame.filter(pl.col(ENTITY).is_in(owners)) for name, frame in inputs.items()}
    if "prices" in tables:
        inputs["prices"] = tables["prices"]
    every = cheapest(system_center.answers(inputs, settings)["demand"]).collect(engine="streaming")
    whole = [
        pl.when(pl.col("is_open").all() & pl.col(c).is_not_null().all()).then(pl.col(c).sum()).alias(f"{c}_most")
        for c in ("licenses", "cost")
    ]
    barred = (pl.col("is_open") | pl.col("is_barred")).all() & pl.col("is_barred").any()
    total = every.group_by(ENTITY, "product").agg(
        *whole, currency=pl.col("currency").max(), machines=pl.len(), is_barred=barred
    )
    made = total.with_columns(
        subject_kind=pl.lit("customer"), subject_id=ENTITY, fact=pl.lit("system_center"), licenses_least=pl.lit(0),
        cost_least=pl.lit(0, MONEY),
    )  # fmt: skip
    return [_conform(made)]
