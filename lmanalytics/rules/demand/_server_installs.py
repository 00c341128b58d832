"""What became of each row of `installs` that is neither SQL Server nor BizTalk Server."""

import polars as pl

from lmanalytics.facts.estate_facts import policies_in_force
from lmanalytics.facts.outcomes import Reason as OseReason
from lmanalytics.facts.snapshots import beyond, observed
from lmanalytics.rules.demand import server_per_instance
from lmanalytics.rules.demand._versions import releases
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import CANONICAL, ENTITY

OSE = [ENTITY, "ose_id"]
_ELSEWHERE = ("SQL Server", "BizTalk Server")
_VERDICT = column_name(server_per_instance, "verdict")
_CLOUD = ("azure", "azure_dedicated_host", "provider_shared")


class Reason(ReasonBase):
    """Why an install counts, does not, or cannot be decided."""

    UNKNOWN_PRODUCT = "No rule knows this product."
    NO_DEMAND_RULE = "What this product requires is not computed from installs."
    DECIDED_WITH_ITS_OSE = "What Windows Server requires is decided with the OSE that runs it."
    ACCESS_LICENSES_ONLY = "The service comes with Windows Server and requires access licenses alone."
    MANAGEMENT_SOFTWARE = "The software of a management server comes with the licenses of what it manages."
    OSE_UNKNOWN = "Nothing is known of the OSE that it is on."
    OSE_GONE = "The OSE that it was on is no longer observed."
    MOBILITY_DEPLOYMENT = "It is decided as a deployment under License Mobility."


def installs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Judge each row of `installs` that is of this topic.

    Args:
        inputs: `installs`; `facts_oses`, `facts_hosts`, `oses` and `mobility_deployments` where they were given.
        settings: the run's date and policies.

    Returns:
        row_id, entity_id, install_id, ose_id, product, version, outcome, reason, evidence, subject_kind,
        subject_id, and the columns of `server_per_instance` for a single running instance.

    """
    own = ~pl.col("product").is_in(_ELSEWHERE)
    rows = inputs["installs"].filter(own).with_columns(inventory_id=pl.col("ose_id"))
    seen = observed(rows, "install_id", settings.as_of, beyond(inputs, "installs", own, rows))
    modelled = compute(server_per_instance, "license_models", settings, installs=seen)
    known = releases(settings).select("product").unique().with_columns(_is_known=pl.lit(value=True))
    placed = (
        modelled.join(known, on="product", how="left")
        .join(_oses(inputs, held(rows.select(OSE).unique())), on=OSE, how="left")
        .join(_mobile(inputs, settings), on=[*OSE, "product"], how="left")
        .with_columns(running_instances=pl.lit(1, pl.Int64))
    )
    judged = evaluate(placed, server_per_instance, settings)
    outcome, reason = _verdict(settings)
    counted = pl.col("outcome") == "counted"
    return judged.with_columns(outcome=outcome, reason=reason).with_columns(
        evidence=_evidence(),
        subject_kind=pl.when(counted).then(pl.lit("ose")),
        subject_id=pl.when(counted).then("ose_id"),
    )


def _oses(inputs: Tables, asked: pl.LazyFrame) -> pl.LazyFrame:
    """Say of OSEs where they are, and what excludes them; a host without an OSE of its own counts as one that runs."""
    columns = {"location": pl.String, "operator": pl.String, "_obstacle": pl.String, "_is_current": pl.Boolean}
    none = pl.LazyFrame(schema={**dict.fromkeys(OSE, pl.String), **columns})
    left_out = [OseReason.TEMPLATE.code, OseReason.NOT_RUNNING.code]
    oses = none
    if "facts_oses" in inputs:
        hosts = inputs["facts_hosts"].select(ENTITY, "host_id", _operator="operator")
        oses = (
            inputs["facts_oses"]
            .join(asked, on=OSE, how="semi")
            .join(hosts, on=[ENTITY, "host_id"], how="left")
            .select(
                *OSE,
                "location",
                operator=pl.coalesce("operator", "_operator"),
                _obstacle=pl.when(pl.col("reason").is_in(left_out)).then("reason"),
                _is_current=pl.col("state") == "current",
                _row="row_id",
            )
            .sort("_is_current", "_row", descending=[True, False])
            .unique(OSE, keep="first", maintain_order=True)
            .drop("_row")
        )
    if "facts_hosts" not in inputs:
        return oses
    physical = inputs["facts_hosts"].select(
        ENTITY, pl.col("host_id").alias("ose_id"), pl.lit("on_premises").alias("location"), "operator",
        _obstacle=pl.lit(None, pl.String), _is_current=pl.lit(value=True),
    ).join(asked, on=OSE, how="semi")  # fmt: skip
    return pl.concat([oses, physical.join(oses, on=OSE, how="anti")])


def _mobile(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Name what is deployed under License Mobility on the day of the position, which is decided there."""
    deployments = inputs.get("mobility_deployments", CANONICAL["mobility_deployments"].empty())
    lasts = (pl.col("ended_on") >= settings.as_of).fill_null(value=True)
    current = deployments.filter((pl.col("deployed_on") <= settings.as_of) & lasts & pl.col("ose_id").is_not_null())
    return current.select(*OSE, "product").unique().with_columns(_is_mobile=pl.lit(value=True))


def _verdict(settings: Settings) -> tuple[pl.Expr, pl.Expr]:
    """Chain the tests of one row; the first that holds decides."""
    state, model, source = pl.col("state"), pl.col("license_model"), pl.col("license_source")
    is_cloud = pl.col("location").is_in(_CLOUD).fill_null(value=False)
    cloud = OseReason.CLOUD_LICENSE_UNKNOWN.lit, "not_computable"
    if policies_in_force(settings)["unknown_cloud_license"] == "license_included":
        cloud = OseReason.LICENSE_INCLUDED.lit, "excluded"
    instance = server_per_instance.Reason
    tests = (
        (state == "later", OseReason.OBSERVED_LATER.lit, "excluded"),
        (state == "duplicate", OseReason.DUPLICATE.lit, "duplicate"),
        (state == "earlier", OseReason.SUPERSEDED.lit, "superseded"),
        (model.is_null() & pl.col("_is_known").is_null(), Reason.UNKNOWN_PRODUCT.lit, "not_computable"),
        (model.is_null(), Reason.NO_DEMAND_RULE.lit, "not_computable"),
        (model == "with_its_ose", Reason.DECIDED_WITH_ITS_OSE.lit, "used"),
        (model == "access_licenses_only", Reason.ACCESS_LICENSES_ONLY.lit, "used"),
        (model == "with_management_licenses", Reason.MANAGEMENT_SOFTWARE.lit, "used"),
        (pl.col("is_evaluation").fill_null(value=False), OseReason.EVALUATION.lit, "excluded"),
        (source == "evaluation", OseReason.EVALUATION.lit, "excluded"),
        (source == "license_included", OseReason.LICENSE_INCLUDED.lit, "excluded"),
        (source == "spla", OseReason.SPLA.lit, "excluded"),
        (source == "visual_studio", OseReason.VISUAL_STUDIO.lit, "excluded"),
        (pl.col("_is_current").is_null(), Reason.OSE_UNKNOWN.lit, "not_computable"),
        (~pl.col("_is_current"), Reason.OSE_GONE.lit, "excluded"),
        (pl.col("_obstacle").is_not_null(), pl.col("_obstacle"), "excluded"),
        (pl.col("_is_mobile").is_not_null(), Reason.MOBILITY_DEPLOYMENT.lit, "used"),
        (is_cloud & source.is_null(), *cloud),
        (pl.col(_VERDICT) == instance.EDITION_UNKNOWN.code, pl.col(_VERDICT), "not_computable"),
        (pl.col(_VERDICT) == instance.TOO_MANY_DATABASES.code, pl.col(_VERDICT), "not_licensable"),
    )
    outcome: pl.Expr = pl.lit("counted")
    reason: pl.Expr = pl.col(_VERDICT)
    for holds, because, then in reversed(tests):
        outcome = pl.when(holds).then(pl.lit(then)).otherwise(outcome)
        reason = pl.when(holds).then(because).otherwise(reason)
    return outcome, reason


def _evidence() -> pl.Expr:
    """Name the cell that excluded a row and where it stands."""
    flagged = pl.col("is_evaluation").fill_null(value=False)
    source = pl.format("license_source = {}", "license_source")
    is_evaluation = pl.col("reason") == OseReason.EVALUATION.code
    by_source = [OseReason.EVALUATION.code, OseReason.LICENSE_INCLUDED.code, OseReason.SPLA.code]
    cell = (
        pl.when(is_evaluation & flagged)
        .then(pl.lit("is_evaluation = true"))
        .when(pl.col("reason").is_in([*by_source, OseReason.VISUAL_STUDIO.code]))
        .then(source)
        .when(pl.col("reason") == Reason.OSE_GONE.code)
        .then(pl.format("ose_id = {}", "ose_id"))
        .when(pl.col("_obstacle").is_not_null() & (pl.col("reason") == pl.col("_obstacle")))
        .then(pl.format("ose_id = {}", "ose_id"))
        .when(pl.col("reason") == OseReason.OBSERVED_LATER.code)
        .then(pl.format("observed_on = {}", pl.col("observed_on").cast(pl.String)))
    )
    row = pl.format("row {}", "source_row")
    where = pl.concat_str("source_file", "source_sheet", row, separator=", ", ignore_nulls=True)
    return pl.when(pl.col("outcome") == "excluded").then(pl.concat_str(cell, pl.lit(" ("), where, pl.lit(")")))
