"""What disaster recovery takes out of demand: servers that only receive replicas, and backups while they may run."""

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import disaster_recovery_host
from lmanalytics.rules.right._license_days import license_days, on_day
from lmanalytics.rules.right._machines import HOST, OSE, rows_of
from lmanalytics.rules.right.recovery import permitted_runs
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"replica_hosts": ("hosts", "facts_hosts")}
_IDLE = ["not_running", "template"]


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Answer `replica_hosts` for each host that is dedicated to disaster recovery or receives replicas."""
    judged = evaluate(_hosts(inputs, settings), disaster_recovery_host, settings)
    names = {name: pl.col(column_name(disaster_recovery_host, name)) for name in ("is_license_waived", "reason")}
    decided = judged.with_columns(**names, rule=pl.lit("disaster_recovery_host.reason"))
    return {"replica_hosts": ANSWERS["replica_hosts"].conform(decided).sort(HOST)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain whether one host needs no license of its own."""
    facts = _hosts(inputs, settings).filter(is_asked("host_id", subject_ids)).collect().lazy()
    return pl.concat([pl.DataFrame(schema=EXPLANATION), explain(facts, disaster_recovery_host, settings, "host_id")])


def backup_oses(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List the rows of `facts_oses` that were observed while a permitted run of the OSE was on: they need no licenses.

    Args:
        inputs: `facts_oses` and what `recovery` reads; without `recovery_runs` the list is empty. What `recovery`
            answered, `disaster_recovery`, is not computed again.
        settings: the run's date and policies.

    Returns:
        row_id, entity_id, ose_id, run_id. Sorted by row_id.

    """
    oses = inputs["facts_oses"].select("row_id", *OSE, "observed_on")
    if "recovery_runs" not in inputs:
        return oses.select("row_id", *OSE, run_id=pl.lit(None, pl.String)).clear()
    if "disaster_recovery" in inputs:
        answered = inputs["disaster_recovery"].filter("is_permitted")
        permitted = inputs["recovery_runs"].join(answered, on=[ENTITY, "run_id"], how="semi")
    else:
        permitted = permitted_runs(inputs, settings).filter("is_permitted")
    spans = held(
        permitted.select(*OSE, "run_id", _from=pl.col("started_at").dt.date(), _to=pl.col("ended_at").dt.date())
    )
    on = (
        rows_of(oses, spans, OSE)
        .sort("observed_on")
        .join_asof(
            spans.sort("_from", "_to", "run_id"),
            left_on="observed_on",
            right_on="_from",
            by=OSE,
            strategy="backward",
            check_sortedness=False,
        )
    )
    return on.filter(pl.col("observed_on") <= pl.col("_to")).select("row_id", *OSE, "run_id").sort("row_id")


def _hosts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    use = inputs["hosts"].select("row_id", "host_os_use")
    asked = held(
        inputs["facts_hosts"]
        .join(use, on="row_id", how="left")
        .filter(pl.col("is_dr_dedicated") | (pl.col("host_os_use") == "replica_target"))
    )
    known = asked.join(_busy(inputs, asked), on=HOST, how="left")
    facts = known.with_columns(serves_production=pl.col("serves_production").fill_null(value=False))
    if "licenses" not in inputs:
        return facts.with_columns(has_windows_sa=pl.lit(None, pl.Boolean))
    days = license_days(inputs["licenses"])
    dated = facts.with_columns(product=pl.lit("Windows Server"), _day=pl.lit(settings.as_of))
    counted = on_day(dated, days, "_day")
    some, unsure = pl.col("licenses_with_sa") > 0, pl.col("licenses_unsure") > 0
    has_sa = pl.when(some).then(statement=True).when(~unsure).then(statement=False)
    return counted.with_columns(has_windows_sa=has_sa).drop("product", "_day")


def _busy(inputs: Tables, asked: pl.LazyFrame) -> pl.LazyFrame:
    """List those of some hosts on which anything but disaster recovery runs."""
    if "facts_oses" not in inputs:
        return pl.LazyFrame(schema={ENTITY: pl.String, "host_id": pl.String, "serves_production": pl.Boolean})
    running = inputs["facts_oses"].filter(
        pl.col("state") == "current",
        pl.col("kind") != "physical",
        ~pl.col("reason").is_in(_IDLE),
        pl.col("environment") != "disaster_recovery",
    )
    there = rows_of(running.select(*HOST, "ose_id"), asked, HOST)
    if "recovery_runs" in inputs:
        there = there.join(inputs["recovery_runs"], on=OSE, how="anti")
    return there.select(HOST).unique().with_columns(serves_production=pl.lit(value=True))
