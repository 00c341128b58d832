"""Fail-over rights of SQL Server: which passive copies need no licenses, and how many are saved."""

import polars as pl

from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_coverage, failover_eligibility, failover_passive, failover_rights
from lmanalytics.rules.right._access import access_ends, has_sa
from lmanalytics.rules.right._copies import PRODUCT, Copies, copies
from lmanalytics.rules.right._machines import OSE
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"failover": ("installs", "facts_oses")}
_OBSTACLE = column_name(failover_eligibility, "obstacle")
_NEEDS_NONE = failover_eligibility.Reason.NO_OWN_LICENSE.code
_REASONS = (*failover_eligibility.Reason, *failover_rights.Reason, *failover_passive.Reason)
_SENTENCES = {reason.code: str(reason.value) for reason in _REASONS}


def free_installs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say of each passive copy of SQL Server whether it needs licenses.

    Args:
        inputs: `installs`, `facts_oses`; `facts_hosts`, `licenses` and `access_licenses` where they are known.
        settings: the run's date and policies.

    Returns:
        install_id, entity_id, is_free (null where it is not computable), reason (a code of `failover_eligibility`,
        `failover_rights` or `failover_passive`); a row for each install of SQL Server whose latest row on or before
        the day of the position has a passive role. Sorted by entity_id and install_id.

    """
    return _decided(inputs, settings).select("install_id", ENTITY, "is_free", "reason").sort(ENTITY, "install_id")


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Answer `failover` per passive copy, and what to do about those that need licenses."""
    rows = ANSWERS["failover"].conform(_decided(inputs, settings)).sort(ENTITY, "install_id")
    decided = rows.collect(engine="streaming").lazy()
    return {"failover": decided, "findings": _findings(decided)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one passive copy by its install, or all of one OSE."""
    judged = _judged(inputs, settings)
    asked = judged.filter(is_asked("install_id", subject_ids) | is_asked("ose_id", subject_ids))
    mates = judged.join(asked.select(OSE).unique(), on=OSE, how="semi").sort(ENTITY, "install_id").collect().lazy()
    facts = mates.select(pl.exclude("^failover_.+__.+$"))
    lines = [explain(facts, module, settings, "install_id") for module in (failover_eligibility, failover_passive)]
    ids = asked.select("install_id").collect()["install_id"]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines]).filter(pl.col("subject").is_in(ids.to_list()))


def _decided(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    names = {name: column_name(failover_passive, name) for name in ("is_free", "reason", "licenses_saved")}
    final = evaluate(_judged(inputs, settings), failover_passive, settings)
    return final.with_columns(
        **{name: pl.col(column) for name, column in names.items()},
        rule=pl.col(column_name(failover_passive, "decided_by")),
    )


def _judged(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Every fact of each passive copy, the conditions decided and the rights given out."""
    found = copies(inputs, settings)
    known = found.passive.join(_assurance(found, inputs, settings), on=[ENTITY, "primary_ose_id"], how="left")
    by_server = pl.col("metric") == "server"
    licenses = pl.when(by_server).then(pl.lit(1, pl.Int64)).otherwise("core_licenses")
    asked = pl.when(by_server).then(pl.lit(1, pl.Int64)).otherwise("standing_for_licenses")
    facts = known.with_columns(licenses=licenses, primary_licenses=asked)
    judged = evaluate(facts, failover_eligibility, settings).with_columns(obstacle=pl.col(_OBSTACLE))
    eligible = judged.filter(pl.col("obstacle").is_null())
    rights = compute(failover_rights, "granted", settings, copies=eligible).select(
        ENTITY, "primary_ose_id", "ose_id", "is_granted", right_reason="reason"
    )
    return judged.join(rights, on=[ENTITY, "primary_ose_id", "ose_id"], how="left")


def _assurance(found: Copies, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say for each active OSE whether its licenses and access licenses have Software Assurance."""
    licenses = inputs.get("licenses")
    primaries = found.primaries
    if licenses is None:
        covered = primaries.with_columns(has_sa=pl.lit(None, pl.Boolean), metric=pl.lit(None, pl.String))
    else:
        supply = licenses.filter((pl.col("product") == PRODUCT) & pl.col("sa_active")).select(
            ENTITY, "edition", "metric", licenses="quantity"
        )
        units = primaries.select(ENTITY, "subject_id", "edition", core_licenses="subject_licenses").unique()
        coverage = compute(failover_coverage, "coverage", settings, primaries=units, supply=supply)
        covered = primaries.join(coverage.drop("reason"), on=[ENTITY, "subject_id"], how="left")
    access = inputs.get("access_licenses")
    uses = access_ends(
        covered.with_columns(product=pl.lit(PRODUCT)),
        CANONICAL["access_licenses"].empty() if access is None else access,
    )
    accessed = has_sa(pl.lit(settings.as_of)) if access is not None else pl.lit(None, pl.Boolean)
    return uses.select(
        ENTITY,
        "has_sa",
        "metric",
        primary_ose_id="ose_id",
        has_access_sa=pl.when(pl.col("metric") == "core").then(statement=True).otherwise(accessed),
    )


def _findings(decided: pl.LazyFrame) -> pl.LazyFrame:
    """Tell per reason of the copies that need licenses, and of those of which that is not known."""
    told = decided.filter(~pl.col("is_free").fill_null(value=False) & (pl.col("reason") != _NEEDS_NONE))
    rows = told.group_by(ENTITY, "reason", "rule", is_unknown=pl.col("is_free").is_null()).agg(copies=pl.len())
    sentence = pl.col("reason").replace_strict(_SENTENCES, return_dtype=pl.String)
    needs = pl.format("Passive copies of SQL Server that need licenses: {}. {}", "copies", sentence)
    open_ones = pl.format("Passive copies of SQL Server that may need licenses: {}. {}", "copies", sentence)
    return (
        ANSWERS["findings"]
        .conform(
            rows.with_columns(
                finding_id=pl.concat_str(pl.lit("failover"), ENTITY, "reason", separator=":"),
                severity=pl.when("is_unknown").then(pl.lit("warning")).otherwise(pl.lit("info")),
                area=pl.lit("failover"),
                statement=pl.when("is_unknown").then(open_ones).otherwise(needs),
                action=pl.when("is_unknown")
                .then(pl.lit("Give what is missing in the tables of installs, licenses or access licenses."))
                .otherwise(pl.lit("License them, or change what keeps them from being free.")),
                status=pl.lit("open"),
            )
        )
        .sort(ENTITY, "finding_id")
    )
