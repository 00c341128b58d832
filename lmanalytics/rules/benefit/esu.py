"""Extended Security Updates: which server needs which year, what covers it, and what is left to buy."""

import polars as pl

from lmanalytics.rules.benefit import (
    esu_azure,
    esu_chain,
    esu_coverage,
    esu_eligibility,
    esu_offerings,
    esu_sql_server_licenses,
    esu_windows_server_licenses,
)
from lmanalytics.rules.benefit._esu_columns import SQL_SERVER, SUBJECT, WINDOWS_SERVER, YEAR, coded, settled, spelled
from lmanalytics.rules.benefit._esu_findings import findings
from lmanalytics.rules.benefit._esu_supply import access_gaps, priced, prices
from lmanalytics.rules.benefit._esu_years import Estate, estate, parts, years
from lmanalytics.rules.demand.price_list import all_products
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

NEEDS: dict[str, tuple[str, ...]] = {"esu": ("oses",), "esu_of_devices": ("devices",)}
"""Devices have years of their own, whether or not the OSEs of servers are given."""
_ELIGIBLE = column_name(esu_eligibility, "is_eligible")
_WHY = column_name(esu_eligibility, "eligibility")
_MISSING = column_name(esu_chain, "must_also_buy")
_CHAIN = column_name(esu_chain, "chain")
_SPECIAL = tuple(reason.code for reason in (esu_eligibility.Reason.FREE, esu_eligibility.Reason.DEVELOPMENT))
_QUANTITIES = {WINDOWS_SERVER: esu_windows_server_licenses, SQL_SERVER: esu_sql_server_licenses}


class Reason(ReasonBase):
    """What else a server-year may be."""

    CORES_UNKNOWN = "What decides how many licenses its updates need is not known."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute the server-years.

    Args:
        inputs: `facts_oses` and `facts_hosts`; `installs`, `devices`, `esu_coverage`, `purchases`, `licenses`,
            `plan`, `prices` and `access_licenses` where they are known.
        settings: date and policies.

    Returns:
        `esu`: the answer; of every server the year that is live, or the next one, and those that something
        covers. `esu_coverage_outcomes`: a row for each row of `esu_coverage`. `findings`. Nothing is offered
        before the first day of the rules: `esu` is then empty, and a finding says so.

    """
    if settings.as_of < esu_offerings.offerings.start:
        return {"esu": ANSWERS["esu"].empty(), "findings": findings(None, None, settings)}
    known = estate(inputs, settings)
    told = {"esu": _answered(known, inputs, settings)}
    if "esu_coverage" in inputs:
        told["esu_coverage_outcomes"] = _outcomes(known)
    return told | {"findings": findings(told["esu"], known, settings)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the years of one server, OSE or device; no lines for one without an offering."""
    if settings.as_of < esu_offerings.offerings.start:
        return pl.DataFrame(schema=EXPLANATION)
    rows = settled(years(estate(inputs, settings, traced=True), inputs, settings).select(pl.exclude("^.+__.+$")))
    found = rows.filter(is_asked("subject_id", subject_ids)).sort(YEAR).collect()
    if "facts_oses" in inputs:
        own = is_asked("ose_id", subject_ids) & ~is_asked("ose_id", set(found["subject_id"]))
        hosts = inputs["facts_oses"].filter(own).select("host_id").unique().collect()
        known = is_asked("subject_id", subject_ids) | is_asked("subject_id", set(hosts["host_id"]))
        found = rows.filter(known).sort(YEAR).collect() if hosts.height else found
    lines = [pl.DataFrame(schema=EXPLANATION)]
    for product, module in _QUANTITIES.items():
        counted = found.filter(pl.col("product") == product).unique(SUBJECT, maintain_order=True)
        lines.append(explain(counted.lazy().with_columns(recorded="recorded_basis"), module, settings, "subject_id"))
    modules = (esu_azure, esu_eligibility, esu_chain)
    return pl.concat([*lines, *(explain(found.lazy(), module, settings, "subject_id") for module in modules)])


def _answered(known: Estate, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Compute the answer part by part; the parts are in the order of its key."""
    entities = known.subjects.select(ENTITY).unique().collect(engine="streaming").lazy()
    listed = prices(
        inputs.get("prices"), all_products(inputs.get("prices"), settings.as_of), known.versions, entities, settings
    ).collect()
    gaps = access_gaps(inputs["access_licenses"], settings).collect() if "access_licenses" in inputs else None
    rows = [ANSWERS["esu"].empty()]
    for part in parts(known):
        found = _with_access(years(part, inputs, settings), gaps)
        answer = ANSWERS["esu"].conform(_bought(found, listed)).sort(ENTITY, *ANSWERS["esu"].key)
        rows.append(spelled(settled(coded(answer))))
    return pl.concat(rows)


def _bought(rows: pl.LazyFrame, listed: pl.DataFrame) -> pl.LazyFrame:
    """Add what is left to buy, what it costs, and the reason."""
    gap = (pl.col("licenses_required") - pl.col("licenses_covered")).clip(0)
    bought = priced(rows, listed.lazy()).with_columns(gap=gap, is_eligible=pl.col(_ELIGIBLE))
    cost = pl.when(pl.col("gap") == 0).then(pl.lit(0, MONEY)).when("is_eligible").then(pl.col("gap") * pl.col("price"))
    blocked = ~pl.col("is_eligible").fill_null(value=False) | pl.col(_WHY).is_in(_SPECIAL)
    return bought.with_columns(
        cost=pl.when(pl.col("price").is_not_null()).then(cost.cast(MONEY)),
        must_also_buy=pl.when(pl.col("is_eligible") & ~pl.col(_WHY).is_in(_SPECIAL))
        .then(pl.col(_MISSING))
        .otherwise(pl.lit([], pl.List(pl.Int64))),
        _missing=pl.col(_MISSING).list.len() > 0,
    ).with_columns(
        pl.col("must_also_buy").cast(pl.List(pl.String)),
        reason=pl.when(blocked)
        .then(_WHY)
        .when(pl.col("licenses_required").is_null())
        .then(Reason.CORES_UNKNOWN.lit)
        .when("_missing")
        .then(_CHAIN)
        .otherwise("coverage"),
        rule=pl.when(blocked)
        .then(pl.lit("esu_eligibility.eligibility"))
        .when(pl.col("licenses_required").is_null())
        .then(pl.lit("esu"))
        .when("_missing")
        .then(pl.lit("esu_chain.chain"))
        .otherwise(pl.lit("esu_assignment.assigned")),
    )


def _with_access(rows: pl.LazyFrame, access: pl.DataFrame | None) -> pl.LazyFrame:
    """Add access_licenses_without_sa: of the server, its host and everyone; none while no update is active."""
    if access is None:
        return rows.with_columns(access_licenses_without_sa=pl.lit(None, pl.Int64))
    gaps = access.lazy()
    host, ose, count = pl.col("host_id"), pl.col("ose_id"), pl.col("without_sa")
    by_ose = gaps.filter(ose.is_not_null()).select(ENTITY, "product", _ose=ose, _of_ose=count, _has_ose=True)
    by_host = gaps.filter(ose.is_null() & host.is_not_null()).select(
        ENTITY, "product", _host=host, _of_host=count, _has_host=True
    )
    for_all = gaps.filter(ose.is_null() & host.is_null()).select(ENTITY, "product", _of_all=count, _has_all=True)
    joined = (
        rows.with_columns(_ose=pl.when(pl.col("subject_kind") == "ose").then("subject_id"), _host="host_id")
        .join(by_ose, on=[ENTITY, "product", "_ose"], how="left")
        .join(by_host, on=[ENTITY, "product", "_host"], how="left")
        .join(for_all, on=[ENTITY, "product"], how="left")
    )
    parts = [
        pl.when(pl.col(f"_has_{part}").is_null()).then(0).otherwise(f"_of_{part}") for part in ("ose", "host", "all")
    ]
    unknown = pl.any_horizontal(part.is_null() for part in parts)
    total = pl.when(~unknown).then(pl.sum_horizontal(parts))
    live = pl.col("state") == esu_offerings.Reason.LIVE.code
    free = pl.col(column_name(esu_azure, "is_free"))
    active = live & (((pl.col("licenses_covered") > 0) & ~free) | (free & (pl.col("location") != "azure_stack")))
    return joined.with_columns(access_licenses_without_sa=pl.when(active).then(total).otherwise(pl.lit(0, pl.Int64)))


def _outcomes(known: Estate) -> pl.LazyFrame:
    """Settle the outcome of each row of coverage; of a server that no longer runs the version it is left out."""
    runs = known.subjects.select(SUBJECT).unique().with_columns(_runs=True)
    gone = (pl.col("outcome") == "used") & pl.col("_runs").is_null()
    return (
        known.coverage.join(runs, on=SUBJECT, how="left")
        .select(
            "row_id",
            ENTITY,
            "product",
            outcome=pl.when(gone).then(pl.lit("excluded")).otherwise("outcome"),
            reason=pl.when(gone).then(esu_coverage.Reason.NOT_RUNNING.lit).otherwise("reason"),
        )
        .sort("row_id")
    )
