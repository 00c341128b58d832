"""Topic: SQL Server in Azure under own licenses: services, and virtual machines under the Azure Hybrid Benefit."""

import polars as pl

from lmanalytics.facts.peaks import SUBJECT
from lmanalytics.rules.demand import azure_sql_normalized_cores, per_core_options, price_list
from lmanalytics.rules.demand.per_core_machines import SQL_SERVER
from lmanalytics.rules.demand.per_core_subjects import judged, versions
from lmanalytics.rules.demand.sql_server import conform
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import compute, in_force
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS = {"cloud_services_outcomes": ("cloud_services",), "hybrid_benefit_sql": ("installs",)}
_BENEFIT = ("azure_hybrid_benefit", "own")
_RULE = "azure_sql_normalized_cores.normalized"
_MACHINE = "sql_virtual_machine"
_FIELDS = {
    **dict.fromkeys((*SUBJECT, "service", "tier", "edition"), pl.String()),
    "vcores": pl.Int64(),
    "version_rank": pl.Int64(),
}
_PUBLISHED = azure_sql_normalized_cores.Reason


class Reason(ReasonBase):
    """What became of a row of `cloud_services`, and what a finding tells."""

    SERVICE_COUNTED = "It runs under licenses of the customer's."
    LICENSE_INCLUDED = "The provider's rate includes the license."
    SPLA = "The provider licenses it under its services agreement."
    VISUAL_STUDIO = "A Visual Studio subscription licenses it for development and test."
    EVALUATION = "It is an evaluation."
    SERVICES_NOT_COMPUTABLE = "What some services need of own licenses is not computable, or none may be used."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what SQL Server in Azure takes of own licenses.

    Args:
        inputs: `cloud_services`, `installs`, `facts_oses`, `license_assignments` and `prices` are read.
        settings: date and policies.

    Returns:
        `demand`: for each service and machine an option by Standard and one by Enterprise core licenses, all
        with Software Assurance; `hybrid_benefit_sql`: a row for each; `cloud_services_outcomes`: a row per
        row of that table, where it was given; `findings`.

    """
    resources = compute(azure_sql_normalized_cores, "normalized", settings, services=_resources(inputs, settings))
    resources = resources.collect(engine="streaming").lazy()
    listed = price_list.all_products(inputs.get("prices"), settings.as_of)
    demand = per_core_options.priced(pl.concat([_option(resources, e) for e in ("Standard", "Enterprise")]), listed)
    found = {"demand": conform(demand), "hybrid_benefit_sql": _benefit(resources, inputs, settings)}
    if "cloud_services" in inputs:
        found["cloud_services_outcomes"] = _outcomes(inputs["cloud_services"], resources)
    return found | {"findings": _findings(resources)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute one service or machine: a line with its normalized cores and the licenses of either edition."""
    own = _resources(inputs, settings).filter(is_asked("subject_id", subject_ids))
    rows = compute(azure_sql_normalized_cores, "normalized", settings, services=own)
    file = load_rule_file(azure_sql_normalized_cores)
    said = {
        name: pl.concat_str(pl.lit(f"{name} = "), pl.col(name).cast(pl.String).fill_null("unknown"))
        for name in ("service", "tier", "edition", "vcores", "normalized_per_vcore", "licensed_vcores", "reason")
    }
    return (
        rows.select(
            subject="subject_id",
            rule=pl.lit(_RULE),
            value=pl.concat_str(
                pl.col("normalized_cores").cast(pl.String).fill_null("unknown"),
                pl.lit(": Standard "),
                pl.col("standard_cores").cast(pl.String).fill_null("none"),
                pl.lit(" or Enterprise "),
                pl.col("enterprise_cores").cast(pl.String).fill_null("none"),
            ),
            unit=pl.lit("core"),
            inputs=pl.concat_str(*said.values(), separator=", "),
            given=pl.lit("table azure_sql_rates"),
            clause=pl.lit(str(file.references["scope"])),
        )
        .cast(EXPLANATION)
        .collect()
    )


def _resources(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """List what uses own licenses in Azure: services, and machines with the highest edition in each."""
    services = inputs.get("cloud_services", CANONICAL["cloud_services"].empty())
    own = services.filter(pl.col("license_source").is_in(_BENEFIT)).with_columns(
        subject_kind=pl.lit("service"), subject_id="service_id", version_rank=pl.lit(None, pl.Int64)
    )
    counted = judged(inputs, settings).filter(
        (pl.col("outcome") == "counted") & pl.col("uses_benefit") & (pl.col("product") == SQL_SERVER)
    )
    machines = (
        counted.join(versions(), on=["product", "version"], how="left")
        .group_by(SUBJECT)
        .agg(
            pl.col("edition").sort_by("level").last(),
            pl.col("version_rank").max(),
            vcores=pl.col("vcpus").first(),
            service=pl.lit(_MACHINE),
            tier=pl.lit(None, pl.String),
        )
    )
    return pl.concat([frame.select(pl.col(c).cast(t) for c, t in _FIELDS.items()) for frame in (own, machines)])


def _option(resources: pl.LazyFrame, edition: str) -> pl.LazyFrame:
    licenses = f"{edition.lower()}_cores"
    able = resources.filter((pl.col("reason") == _PUBLISHED.REQUIRED.code) & pl.col(licenses).is_not_null())
    return able.select(
        *SUBJECT,
        "version_rank",
        "reason",
        product=pl.lit(SQL_SERVER),
        edition=pl.lit(edition),
        option=pl.lit(f"azure_hybrid_benefit_{licenses}"),
        metric=pl.lit("core"),
        without_sa=pl.lit(0, pl.Int64),
        with_sa=pl.col(licenses),
        oses_covered=pl.lit(1, pl.Int64),
        is_lower_bound=pl.lit(value=False),
        acquired_before=pl.lit(None, pl.Date),
        sa_from_version=pl.lit(None, pl.String),
        rule=pl.lit(_RULE),
    )


def _benefit(resources: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """State for each resource the licenses of the edition of its rate, and until when both sides may be used."""
    assigned = inputs.get("license_assignments", CANONICAL["license_assignments"].empty()).filter(
        (pl.col("product") == SQL_SERVER)
        & (pl.col("reason") == "azure_hybrid_benefit")
        & (pl.col("assigned_on") <= settings.as_of)
        & pl.col("ose_id").is_not_null()
    )
    days = 0
    if settings.as_of >= azure_sql_normalized_cores.concurrent_days.start:
        value = in_force(load_rule_file(azure_sql_normalized_cores), "days_of_dual_use", settings.as_of).value
        days = value if isinstance(value, int) else 0
    since = assigned.group_by(ENTITY, "ose_id").agg(_since=pl.col("assigned_on").max())
    dear = pl.col("normalized_per_vcore") > 1
    until = pl.when((pl.col("subject_kind") == "ose") & (pl.col("reason") == _PUBLISHED.REQUIRED.code)).then(
        pl.col("_since").dt.offset_by(f"{days}d")
    )
    rows = resources.join(since, left_on=[ENTITY, "subject_id"], right_on=[ENTITY, "ose_id"], how="left").with_columns(
        product=pl.lit(SQL_SERVER),
        edition=pl.when(dear).then(pl.lit("Enterprise")).when(~dear).then(pl.lit("Standard")),
        licenses_required=pl.when(dear).then("enterprise_cores").otherwise("standard_cores"),
        reading=pl.lit("normalized_cores"),
        concurrent_until=until,
        rule=pl.lit(_RULE),
    )
    return ANSWERS["hybrid_benefit_sql"].conform(rows).sort(ENTITY, "subject_id")


def _outcomes(services: pl.LazyFrame, resources: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the outcome of each row of `cloud_services`."""
    known = resources.filter(pl.col("subject_kind") == "service").select(
        ENTITY, service_id="subject_id", _because="reason"
    )
    source, because = pl.col("license_source"), pl.col("_because")
    required = because == _PUBLISHED.REQUIRED.code
    excluded = [Reason.LICENSE_INCLUDED.code, Reason.SPLA.code, Reason.VISUAL_STUDIO.code, Reason.EVALUATION.code]
    open_ended = because.is_in([_PUBLISHED.UNKNOWN_RATE.code, _PUBLISHED.VCORES_UNKNOWN.code])
    return (
        services.join(known.unique([ENTITY, "service_id"]), on=[ENTITY, "service_id"], how="left")
        .select(
            "row_id",
            "service_id",
            ENTITY,
            product=pl.lit(SQL_SERVER),
            outcome=pl.when(required)
            .then(pl.lit("counted"))
            .when(open_ended)
            .then(pl.lit("not_computable"))
            .when(because.is_not_null())
            .then(pl.lit("not_licensable"))
            .otherwise(pl.lit("excluded")),
            reason=pl.when(required)
            .then(Reason.SERVICE_COUNTED.lit)
            .otherwise(pl.coalesce(because, pl.when(source.is_in(excluded)).then(source))),
            subject_kind=pl.when(required).then(pl.lit("service")),
            subject_id=pl.when(required).then("service_id"),
        )
        .sort("row_id")
    )


def _findings(resources: pl.LazyFrame) -> pl.LazyFrame:
    """Tell, for each entity and reason, of services for which own licenses are declared and not counted."""
    sentences = {reason.code: str(reason.value) for reason in _PUBLISHED}
    rows = (
        resources.filter(pl.col("reason") != _PUBLISHED.REQUIRED.code)
        .group_by(ENTITY, pl.col("reason").alias("_why"))
        .agg(_rows=pl.len())
        .with_columns(
            finding_id=pl.concat_str(pl.lit("azure_sql:"), "_why", pl.lit(":"), ENTITY),
            severity=pl.lit("warning"),
            area=pl.lit("demand"),
            subject_id=pl.lit(SQL_SERVER),
            statement=pl.concat_str(
                pl.col("_rows").cast(pl.String),
                pl.lit(" resources in Azure are declared to use own SQL Server licenses and are not counted. "),
                pl.col("_why").replace(sentences),
            ),
            action=pl.lit("Correct service, tier, edition and virtual cores, or let the provider's rate include it."),
            status=pl.lit("open"),
            rule=pl.lit("azure_sql"),
            reason=Reason.SERVICES_NOT_COMPUTABLE.lit,
        )
    )
    return ANSWERS["findings"].conform(rows).sort(ENTITY, "finding_id")
