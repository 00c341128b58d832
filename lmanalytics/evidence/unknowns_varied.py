"""What each copy of a place requires, at list price: the topics of demand answer for all copies at once."""

import polars as pl

from lmanalytics.evidence.unknowns_found import SUBJECT
from lmanalytics.evidence.unknowns_stacked import COPY
from lmanalytics.rules.demand import (
    options,
    per_core_options,
    server_products,
    sql_server,
    system_center,
    windows_server,
)
from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import hybrid_benefit
from lmanalytics.schemas import ENTITY, MONEY

Tables = dict[str, pl.LazyFrame]
BY_ITSELF = {"unknown_host": "by_virtual_cores"}
"""A machine whose host stays unknown needs no more than licenses of its own, so that they bound it."""
_OPTION = [*SUBJECT, "product", "option"]
_AMOUNTS = ["licenses", "cost", "currency"]
_UNKNOWN = tuple({*options.UNKNOWN, *per_core_options.UNKNOWN, *(
    reason.code for reason in system_center.Reason if reason.name.endswith("_UNKNOWN")
)})  # fmt: skip


def cheapest(demand: pl.LazyFrame) -> pl.LazyFrame:
    """Take the cheapest open option of each subject and product, without prices the one of fewest licenses.

    Args:
        demand: rows of the `demand` answer.

    Returns:
        SUBJECT, product, licenses, cost, currency, is_open, and is_barred (no option is open, and no better data
        would open one); licenses and cost are null where no option is open,
        cost also where the option has no price.

    """
    priced = pl.col("cost").is_not_null().all()
    options = demand.group_by(_OPTION).agg(
        licenses=pl.col("licenses_required").sum(),
        cost=pl.when(priced).then(pl.col("cost").sum()),
        currency=pl.when(priced).then(pl.col("currency").max()),
        is_open=(pl.col("is_available") & pl.col("licenses_required").is_not_null()).all(),
        _is_unknown=pl.col("reason").is_in(_UNKNOWN).any(),
    )
    ranked = options.sort([*SUBJECT, "product", "cost", "licenses", "option"], nulls_last=True)
    first = [pl.col(c).filter("is_open").first() for c in _AMOUNTS]
    barred = ~pl.col("is_open").any() & ~pl.col("_is_unknown").any()
    return ranked.group_by([*SUBJECT, "product"], maintain_order=True).agg(
        *first, pl.col("is_open").any(), is_barred=barred
    )


def required(inputs: Tables, place: pl.DataFrame, made: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Compute what every copy of a place requires.

    Args:
        inputs: the copies (`unknowns_stacked.stacked`).
        place: entity_id (the copy), ose_id, subject_kind, subject_id: the place of each OSE.
        made: the copies with their places (`unknowns_stacked.copies`).
        settings: the run's date and policies.

    Returns:
        `COPY`, product, licenses, cost, currency, is_barred, a row for each product that the copy requires anything
        of. Licenses are null where something of it stays not computable, or no license may be used there.

    """
    asked = Settings(settings.as_of, settings.policies | BY_ITSELF)
    demand, outcomes = _asked(inputs, asked)
    rows = cheapest(demand).collect(engine="streaming")
    stuck = outcomes.filter(pl.col("outcome") == "not_computable").collect(engine="streaming")
    parts = [_at_place(rows, place, "subject_id"), _at_place(_closed(stuck), place, "ose_id")]
    total = (
        pl.concat(parts, how="diagonal_relaxed")
        .group_by(ENTITY, "subject_kind", "subject_id", "product")
        .agg(
            licenses=_whole("licenses"),
            cost=_whole("cost"),
            currency=pl.col("currency").max(),
            is_barred=pl.col("is_barred").fill_null(value=False).any(),
        )
    )
    named = made.rename({ENTITY: "_entity", "copy": ENTITY})
    back = total.join(named, on=[ENTITY, "subject_kind", "subject_id"])
    return back.with_columns(pl.col("_entity").alias(ENTITY)).select(*COPY, "product", *_AMOUNTS, "is_barred")


def _asked(inputs: Tables, settings: Settings) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """Return the demand of all topics that concern machines, and what became of each OSE and install."""
    demand = [windows_server.answers(inputs, settings)["demand"]]
    outcomes = [_outcomes(inputs["facts_oses"].filter(pl.col("state") == "current"), "Windows Server")]
    if "installs" in inputs:
        for topic, name in ((sql_server, "installs_outcomes_sql"), (server_products, "installs_outcomes_servers")):
            given = topic.answers(inputs, settings)
            demand.append(given["demand"])
            ids = inputs["installs"].select(ENTITY, "install_id", "ose_id").unique()
            own = given[name].select(ENTITY, "install_id", "product", "outcome").join(ids, on=[ENTITY, "install_id"])
            outcomes.append(own.drop("install_id"))
    is_managed = inputs["oses"].select(pl.col("managed_by_system_center").any()).collect().item()
    if is_managed:
        demand.append(system_center.answers({k: v for k, v in inputs.items() if k != "licenses"}, settings)["demand"])
    in_azure = pl.col("uses_hybrid_benefit").any()
    if inputs["facts_oses"].select(in_azure).collect().item():
        rights = hybrid_benefit.answers({k: v for k, v in inputs.items() if k != "licenses"}, settings)["demand"]
        demand.append(demand_rows(rights, inputs.get("prices"), settings))
    return pl.concat(demand, how="diagonal_relaxed"), pl.concat(outcomes)


def _outcomes(oses: pl.LazyFrame, product: str) -> pl.LazyFrame:
    return oses.select(ENTITY, "ose_id", "outcome", product=pl.lit(product)).select(
        ENTITY, "product", "outcome", "ose_id"
    )


def _closed(stuck: pl.DataFrame) -> pl.DataFrame:
    return stuck.with_columns(
        subject_kind=pl.lit("ose"), subject_id="ose_id", licenses=pl.lit(None, pl.Int64), cost=pl.lit(None, MONEY),
        currency=pl.lit(None, pl.String), is_barred=pl.lit(value=False),
    )  # fmt: skip


def _at_place(rows: pl.DataFrame, place: pl.DataFrame, ose: str) -> pl.DataFrame:
    """Count an OSE that is licensed by itself at the place that its copy was made for."""
    owners = place.select(ENTITY, pl.col("ose_id").alias("_ose"), _kind="subject_kind", _place="subject_id")
    alone = pl.col("subject_kind") == "ose"
    joined = rows.with_columns(_ose=pl.when(alone).then(pl.col(ose))).join(owners, on=[ENTITY, "_ose"], how="left")
    return joined.with_columns(
        subject_kind=pl.coalesce("_kind", "subject_kind"), subject_id=pl.coalesce("_place", "subject_id")
    ).select(ENTITY, "subject_kind", "subject_id", "product", *_AMOUNTS, "is_barred")


def _whole(column: str) -> pl.Expr:
    """Add up; one unknown makes the sum unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)
