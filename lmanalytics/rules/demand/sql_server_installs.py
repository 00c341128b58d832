"""What each install of SQL Server or BizTalk Server asks for: licenses of an edition, or why it needs none.

Every OSE in which any component but client tools runs needs licenses of its own. Free editions, evaluations,
licenses of others and passive copies under a fail-over right need none of the customer's.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule
from lmanalytics.schemas import ENTITY

ANSWER = "judged"
_AZURE, _SHARED = ("azure", "azure_dedicated_host"), ("azure", "azure_dedicated_host", "provider_shared")
_COUNTED, _EXCLUDED, _UNKNOWN = "counted", "excluded", "not_computable"


class Reason(ReasonBase):
    """Why a row of `installs` counts or does not."""

    COUNTED = "It runs under licenses of the customer's."
    OBSERVED_LATER = "It was observed after the day of the position."
    DUPLICATE = "The same install was listed twice on one day."
    SUPERSEDED = "Its OSE was observed again since."
    CLIENT_COMPONENT = "Client tools alone need no license."
    EVALUATION = "It is an evaluation."
    FREE_EDITION = "The edition is free."
    DEVELOPMENT_EDITION = "The edition is free, for development and test alone."
    LICENSE_INCLUDED = "The provider's rate includes the license."
    SPLA = "The provider licenses it under its services agreement."
    VISUAL_STUDIO = "A Visual Studio subscription licenses it for development and test."
    PROVIDER_ONLY = "The edition is licensed through service providers only."
    OSE_UNKNOWN = "No export describes the OSE in which it runs."
    OSE_TEMPLATE = "It is in a template, which cannot run."
    OSE_NOT_RUNNING = "Its OSE is switched off."
    BENEFIT_NOT_YET = "On the day of the position the Azure Hybrid Benefit for SQL Server did not exist yet."
    MOBILITY_FREE = "The License Mobility deployment of its OSE takes no license: rented, or a free fail-over copy."
    PASSIVE_FREE = "A fail-over right permits the passive copy without licenses of its own."
    PASSIVE_UNKNOWN = "Whether a fail-over right permits the passive copy is not computable."
    EDITION_UNKNOWN = "No export states an edition that is known."
    CLOUD_LICENSE_UNKNOWN = "No export says whose license it uses at its provider."
    HOST_UNKNOWN = "It runs in a physical OSE whose host no export describes."
    OSE_CORES_UNKNOWN = "No export says how many virtual cores its OSE has, or what else it is licensed by."


@frame_rule(unit="code", cite="editions", start="2012-04-01")
def judged(
    installs: pl.LazyFrame,
    oses: pl.LazyFrame,
    passive: pl.LazyFrame,
    mobility: pl.LazyFrame,
    *,
    per_core_editions: pl.DataFrame,
    per_core_components: pl.DataFrame,
    unknown_per_core_edition: str,
    has_hybrid_benefit: bool,
) -> pl.LazyFrame:
    """Settle what each row is, and the place where it is licensed.

    Args:
        installs: the rows of the canonical table with state.
        oses: entity_id, ose_id, kind, vcpus, location, ose_state (`template`, `not_running` or null),
            subject_kind, subject_id, bound_hosts, host_id, unknown_cloud_license (the reading in force).
        passive: entity_id, install_id, is_free.
        mobility: entity_id, ose_id, product of running License Mobility deployments that take no license.
        per_core_editions: product, edition, what sort it is, and the edition of license that it needs.
        per_core_components: components that need no license.
        unknown_per_core_edition: what an install needs whose edition is unknown.
        has_hybrid_benefit: whether the Azure Hybrid Benefit for SQL Server exists.

    Returns:
        entity_id, row_id, install_id, ose_id, host_id, product, outcome, reason, evidence, subject_kind,
        subject_id, edition (that the license needs), level (its rank), version, kind, vcpus, location,
        bound_hosts, environment, uses_benefit (under the Azure Hybrid Benefit).

    """
    assumed = {"standard_suffices": "standard", "enterprise_required": "enterprise"}.get(unknown_per_core_edition)
    known = per_core_editions.lazy().rename({"edition": "_edition", "kind": "_sort"}).drop("reference")
    placed = (
        installs.with_columns(
            _edition=pl.col("edition").str.to_lowercase().str.strip_chars(),
            _component=pl.col("component").str.to_lowercase().str.strip_chars(),
        )
        .with_columns(_edition=_assumed(pl.col("_edition"), assumed, per_core_editions))
        .join(known, on=["product", "_edition"], how="left")
        .join(
            per_core_components.lazy().select(_component="component", _is_client=pl.lit(value=True)),
            on="_component",
            how="left",
        )
        .join(oses.with_columns(_has_ose=pl.lit(value=True)), on=[ENTITY, "ose_id"], how="left")
        .join(passive.select(ENTITY, "install_id", "is_free", _passive=True), on=[ENTITY, "install_id"], how="left")
        .join(mobility.unique().with_columns(_moved=pl.lit(value=True)), on=[ENTITY, "ose_id", "product"], how="left")
        .with_columns(_alone=_alone())
        .with_columns(
            subject_kind=pl.when("_alone").then(pl.lit("ose")).otherwise("subject_kind"),
            subject_id=pl.when("_alone").then("ose_id").otherwise("subject_id"),
            uses_benefit=pl.col("_alone") & _in(_AZURE) & _is_benefit(),
        )
    )
    tests = _tests(has_hybrid_benefit=has_hybrid_benefit)
    outcome, reason = pl.lit(_COUNTED), Reason.COUNTED.lit
    for holds, because, then in reversed(tests):
        outcome = pl.when(holds).then(pl.lit(then)).otherwise(outcome)
        reason = pl.when(holds).then(because.lit).otherwise(reason)
    return (
        placed.with_columns(outcome=outcome, reason=reason)
        .with_columns(evidence=_evidence())
        .select(
            ENTITY, "row_id", "install_id", "ose_id", "host_id", "product", "outcome", "reason", "evidence",
            "subject_kind", "subject_id", "level", "version", "kind", "vcpus", "location", "bound_hosts",
            "environment", "uses_benefit", edition="license_edition",
        )
        .sort("row_id")
    )  # fmt: skip


def _assumed(edition: pl.Expr, assumed: str | None, editions: pl.DataFrame) -> pl.Expr:
    if assumed is None:
        return edition
    listed = edition.is_in(editions["edition"].unique().to_list())
    return pl.when(listed.fill_null(value=False)).then(edition).otherwise(pl.lit(assumed))


def _in(locations: tuple[str, ...]) -> pl.Expr:
    return pl.col("location").is_in(locations).fill_null(value=False)


def _alone() -> pl.Expr:
    """Tell whether the OSE is licensed by itself: on shared servers, or where nothing is known of its host."""
    shared = pl.col("location").is_in(["azure", "provider_shared"])
    virtual = pl.col("kind") != "physical"
    return (pl.col("_has_ose") & (shared | (virtual & pl.col("subject_id").is_null()))).fill_null(value=False)


def _is_benefit() -> pl.Expr:
    return (pl.col("license_source") == "azure_hybrid_benefit").fill_null(value=False)


def _tests(*, has_hybrid_benefit: bool) -> tuple[tuple[pl.Expr, Reason, str], ...]:
    """List what is tested, in order: the first that holds decides."""
    state, source, kind = pl.col("state"), pl.col("license_source"), pl.col("_sort")
    unsaid = source.is_null() & _in(_SHARED)
    included = pl.col("unknown_cloud_license") == "license_included"
    return (
        (state == "later", Reason.OBSERVED_LATER, _EXCLUDED),
        (state == "duplicate", Reason.DUPLICATE, "duplicate"),
        (state == "earlier", Reason.SUPERSEDED, "superseded"),
        (pl.col("_is_client").is_not_null(), Reason.CLIENT_COMPONENT, _EXCLUDED),
        (pl.col("is_evaluation").fill_null(value=False) | (kind == "evaluation") | (source == "evaluation"),
         Reason.EVALUATION, _EXCLUDED),
        (kind == "free", Reason.FREE_EDITION, _EXCLUDED),
        (kind == "development", Reason.DEVELOPMENT_EDITION, _EXCLUDED),
        (source == "license_included", Reason.LICENSE_INCLUDED, _EXCLUDED),
        (source == "spla", Reason.SPLA, _EXCLUDED),
        (source == "visual_studio", Reason.VISUAL_STUDIO, _EXCLUDED),
        (pl.col("_has_ose").is_null(), Reason.OSE_UNKNOWN, _UNKNOWN),
        (pl.col("ose_state") == "template", Reason.OSE_TEMPLATE, _EXCLUDED),
        (pl.col("ose_state") == "not_running", Reason.OSE_NOT_RUNNING, _EXCLUDED),
        (unsaid & included, Reason.LICENSE_INCLUDED, _EXCLUDED),
        (unsaid, Reason.CLOUD_LICENSE_UNKNOWN, _UNKNOWN),
        (kind == "provider_only", Reason.PROVIDER_ONLY, "not_licensable"),
        (pl.col("uses_benefit") & (not has_hybrid_benefit), Reason.BENEFIT_NOT_YET, "not_licensable"),
        (pl.col("_moved").is_not_null(), Reason.MOBILITY_FREE, _EXCLUDED),
        (pl.col("is_free").fill_null(value=False), Reason.PASSIVE_FREE, _EXCLUDED),
        (pl.col("_passive").is_not_null() & pl.col("is_free").is_null(), Reason.PASSIVE_UNKNOWN, _UNKNOWN),
        (pl.col("level").is_null(), Reason.EDITION_UNKNOWN, _UNKNOWN),
        (pl.col("subject_id").is_null(), Reason.HOST_UNKNOWN, _UNKNOWN),
        (pl.col("_alone") & pl.col("vcpus").is_null(), Reason.OSE_CORES_UNKNOWN, _UNKNOWN),
    )  # fmt: skip


def _evidence() -> pl.Expr:
    """Name the cell that decided and where it stands, for a ground that somebody may have to prove."""
    columns = {
        Reason.CLIENT_COMPONENT: "component",
        Reason.FREE_EDITION: "edition",
        Reason.DEVELOPMENT_EDITION: "edition",
        Reason.LICENSE_INCLUDED: "license_source",
        Reason.SPLA: "license_source",
        Reason.VISUAL_STUDIO: "license_source",
        Reason.PASSIVE_FREE: "role",
        Reason.OSE_NOT_RUNNING: "ose_id",
        Reason.OSE_TEMPLATE: "ose_id",
    }
    cell = pl.lit(None, pl.String)
    for reason, column in columns.items():
        cell = pl.when(pl.col("reason") == reason.code).then(_said(column)).otherwise(cell)
    evaluated = pl.when(pl.col("is_evaluation").fill_null(value=False)).then(_said("is_evaluation"))
    by_source = pl.when(pl.col("license_source") == "evaluation").then(_said("license_source"))
    found = pl.when(pl.col("reason") == Reason.EVALUATION.code).then(
        pl.coalesce(evaluated, by_source, _said("edition"))
    )
    row = pl.concat_str(pl.lit("row "), pl.col("source_row").cast(pl.String))
    where = pl.concat_str("source_file", "source_sheet", row, separator=", ", ignore_nulls=True)
    cell = pl.coalesce(found, cell)
    return pl.when(cell.is_not_null()).then(pl.concat_str(cell, pl.lit(" ("), where, pl.lit(")")))


def _said(column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{column} = "), pl.col(column).cast(pl.String).fill_null("empty"))
