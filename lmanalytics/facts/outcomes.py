"""What each row of `oses` is to Windows Server: counted, excluded with evidence, or not computable."""

import polars as pl

from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.rules.engine import Reason as ReasonBase

_AZURE = ("azure", "azure_dedicated_host")


class Reason(ReasonBase):
    """Why a row of `oses` counts or does not."""

    COUNTED = "It runs Windows Server and needs licenses of the customer's."
    HOST_OS = "It is the physical OSE of its host and counts there."
    SUPERSEDED = "Something newer was observed."
    IN_PEAK = "Something newer was observed; it counts in the peak of its host."
    DUPLICATE = "The same OSE was listed twice on one day."
    OBSERVED_LATER = "It was observed after the day of the position."
    TEMPLATE = "A template cannot run."
    NOT_RUNNING = "It is switched off."
    NOT_WINDOWS_SERVER = "It does not run Windows Server."
    LICENSE_INCLUDED = "The provider's rate includes the license."
    SPLA = "The provider licenses it under its services agreement."
    VISUAL_STUDIO = "A Visual Studio subscription licenses it for development and test."
    EVALUATION = "It is an evaluation."
    BACKUP_INSTANCE = "It is a backup instance, seen while disaster recovery rights let it run."
    AZURE_HYBRID_BENEFIT = "It runs in Azure or on Azure Local with own licenses under the Azure Hybrid Benefit."
    NOT_IN_AZURE = "It is said to use the Azure Hybrid Benefit, and not to run in Azure or on Azure Local."
    OS_UNKNOWN = "No export says what it runs."
    EDITION_UNKNOWN = "No export says which edition it runs."
    HOST_UNKNOWN = "No export says on which host it runs, or nothing is known of that host."
    VCPUS_UNKNOWN = "No export says how many virtual cores it has."
    PROVIDER_UNKNOWN = "Whether its provider is a Listed Provider is unknown."
    CLOUD_LICENSE_UNKNOWN = "No export says whose license it uses at its provider."


def verdict(policies: dict[str, str]) -> pl.Expr:
    """Give outcome, reason and is_counted; the first of these that holds decides.

    `is_counted` says for a superseded row too whether it counted on its day.
    """
    outcome, reason = _on_its_day(policies)
    state = pl.col("state")
    is_counted = outcome == "counted"
    return pl.struct(
        outcome=pl.when(state == "later")
        .then(pl.lit("excluded"))
        .when(state == "duplicate")
        .then(pl.lit("duplicate"))
        .when(state == "earlier")
        .then(pl.lit("superseded"))
        .otherwise(outcome),
        reason=pl.when(state == "later")
        .then(Reason.OBSERVED_LATER.lit)
        .when(state == "duplicate")
        .then(Reason.DUPLICATE.lit)
        .when(state == "earlier")
        .then(Reason.SUPERSEDED.lit)
        .otherwise(reason),
        is_counted=is_counted,
    )


def evidence() -> pl.Expr:
    """Name the cell that decided and where it stands: `is_running = false (vms.xlsx, vInfo, row 12)`."""
    columns = {
        Reason.OBSERVED_LATER: "observed_on",
        Reason.TEMPLATE: "is_template",
        Reason.NOT_RUNNING: "is_running",
        Reason.NOT_WINDOWS_SERVER: "os_product",
        Reason.LICENSE_INCLUDED: "license_source",
        Reason.SPLA: "license_source",
        Reason.VISUAL_STUDIO: "license_source",
        Reason.EVALUATION: "license_source",
    }
    cell = pl.lit(None, pl.String)
    for reason, column in columns.items():
        said = pl.concat_str(pl.lit(f"{column} = "), pl.col(column).cast(pl.String).fill_null("empty"))
        cell = pl.when(pl.col("_verdict").struct.field("reason") == reason.code).then(said).otherwise(cell)
    row = pl.concat_str(pl.lit("row "), pl.col("source_row").cast(pl.String))
    where = pl.concat_str("source_file", "source_sheet", row, separator=", ", ignore_nulls=True)
    return pl.when(cell.is_not_null()).then(pl.concat_str(cell, pl.lit(" ("), where, pl.lit(")")))


def _on_its_day(policies: dict[str, str]) -> tuple[pl.Expr, pl.Expr]:
    """Chain the tests of one row as it was observed into an outcome and a reason."""
    is_azure, source = pl.col("location").is_in(_AZURE), pl.col("license_source")
    is_shared = pl.col("location") == "provider_shared"
    alone, hybrid = pl.col("subject_kind") == "ose", pl.col("uses_hybrid_benefit")
    cloud = Reason.CLOUD_LICENSE_UNKNOWN, "not_computable"
    if policies["unknown_cloud_license"] == "license_included":
        cloud = Reason.LICENSE_INCLUDED, "excluded"
    off = ~pl.col("is_running") & (policies["count_powered_off"] == "no")
    tests = (
        (pl.col("is_template"), Reason.TEMPLATE, "excluded"),
        (off, Reason.NOT_RUNNING, "excluded"),
        (pl.col("os_product").is_null(), Reason.OS_UNKNOWN, "not_computable"),
        (pl.col("os_product") != WINDOWS_SERVER, Reason.NOT_WINDOWS_SERVER, "excluded"),
        (source == "license_included", Reason.LICENSE_INCLUDED, "excluded"),
        (source == "spla", Reason.SPLA, "excluded"),
        (source == "visual_studio", Reason.VISUAL_STUDIO, "excluded"),
        (source == "evaluation", Reason.EVALUATION, "excluded"),
        ((source == "azure_hybrid_benefit") & ~hybrid, Reason.NOT_IN_AZURE, "not_computable"),
        (hybrid & pl.col("subject_id").is_null(), Reason.HOST_UNKNOWN, "not_computable"),
        (hybrid & alone & pl.col("vcpus").is_null(), Reason.VCPUS_UNKNOWN, "not_computable"),
        (hybrid & (pl.col("kind") != "physical"), Reason.AZURE_HYBRID_BENEFIT, "counted"),
        ((is_azure | is_shared) & source.is_null(), *cloud),
        (is_shared & pl.col("operator").is_null(), Reason.PROVIDER_UNKNOWN, "not_computable"),
        (pl.col("subject_id").is_null(), Reason.HOST_UNKNOWN, "not_computable"),
        (pl.col("needs_datacenter").is_null(), Reason.EDITION_UNKNOWN, "not_computable"),
        (alone & pl.col("vcpus").is_null(), Reason.VCPUS_UNKNOWN, "not_computable"),
        (pl.col("kind") == "physical", Reason.HOST_OS, "counted"),
    )
    outcome, reason = pl.lit("counted"), Reason.COUNTED.lit
    for holds, because, then in reversed(tests):
        outcome = pl.when(holds).then(pl.lit(then)).otherwise(outcome)
        reason = pl.when(holds).then(because.lit).otherwise(reason)
    return outcome, reason
