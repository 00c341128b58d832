"""Topic: Exchange, SharePoint, Skype for Business, Project and Azure DevOps Server; and every other install.

Each OSE in which one of them runs is a subject with one option, a server license. Installs of products that no
rule knows are not computable. SQL Server and BizTalk Server are topics of their own.
"""

import polars as pl

from lmanalytics.rules.demand import server_per_instance
from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.demand._server_installs import OSE, Reason, installs
from lmanalytics.rules.demand._versions import newest
from lmanalytics.rules.engine import column_name
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"installs_outcomes_servers": ("installs",)}
_MODELS = load_rule_file(server_per_instance).table("server_products")
_PER_INSTANCE = _MODELS.filter(license_model="per_instance")["product"]
PRODUCTS: dict[str, tuple[tuple[str, ...], ...]] = dict.fromkeys(_PER_INSTANCE, (("installs",),))
"""The products whose servers' demand is computed, and the tables any of which suffices."""
_LICENSES = column_name(server_per_instance, "server_licenses")
_WITH_SA = column_name(server_per_instance, "licenses_with_sa")
_EDITION = column_name(server_per_instance, "edition_required")
_OUTCOME = [
    "row_id", ENTITY, "install_id", "product", "outcome", "reason", "evidence", "subject_kind", "subject_id",
]  # fmt: skip
_SHOWN = 3


IN_PART = ("demand", "installs_outcomes_servers")


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute what servers require (`in_part`), and `findings` of them (`over_all`)."""
    found = in_part(inputs, settings)
    return found | over_all(found, settings)


def over_all(found: Tables, _: Settings) -> Tables:
    """Tell, once for each reason, of what is not computable or not licensable: `findings`."""
    return {"findings": _findings(found["installs_outcomes_servers"]).collect(engine="streaming").lazy()}


def in_part(inputs: Tables, settings: Settings) -> Tables:
    """Compute what servers licensed per running instance require, and what became of every other install.

    Args:
        inputs: `installs`; `facts_oses`, `facts_hosts`, `mobility_deployments` and `prices` where they are known.
        settings: the run's date and policies.

    Returns:
        `demand`: one option per OSE and product; `installs_outcomes_servers`: a row per row of `installs` that is
        of neither SQL Server nor BizTalk Server, with evidence where it is excluded.

    """
    judged = installs(inputs, settings)
    required = demand_rows(_options(judged, settings), inputs.get("prices"), settings)
    return {
        "demand": required.collect(engine="streaming").lazy(),
        "installs_outcomes_servers": judged.select(_OUTCOME).sort("row_id"),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain the server licenses of one OSE, or of one install."""
    judged = installs(inputs, settings).filter(
        (pl.col("outcome") == "counted") & (is_asked("ose_id", subject_ids) | is_asked("install_id", subject_ids))
    )
    own = judged.select(pl.exclude("^.+__.+$")).sort(ENTITY, "install_id")
    return pl.concat([pl.DataFrame(schema=EXPLANATION), explain(own, server_per_instance, settings, "install_id")])


def _options(judged: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Make one option of all rows of a product in one OSE: they are one running instance."""
    counted = judged.filter(pl.col("outcome") == "counted")
    versions = newest(counted, [*OSE, "product"], settings)
    return (
        counted.group_by(*OSE, "product")
        .agg(
            edition=pl.col(_EDITION).min(),  # Enterprise where both are installed
            licenses_required=pl.col(_LICENSES).max(),
            licenses_with_sa=pl.col(_WITH_SA).max(),
            reason=pl.col("reason").min(),
        )
        .join(versions, on=[*OSE, "product"], how="left")
        .with_columns(
            subject_kind=pl.lit("ose"),
            subject_id="ose_id",
            metric=pl.lit("server"),
            option=pl.lit("server"),
            full_sets=pl.lit(None, pl.Int64),
            is_lower_bound=pl.lit(value=False),
            oses_covered=pl.lit(1, pl.Int64),
            is_available=pl.lit(value=True),
            rule=pl.lit("server_per_instance.server_licenses"),
        )
    )


def _findings(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of installs that nothing was computed for, once for each entity and reason."""
    actions = {
        Reason.UNKNOWN_PRODUCT.code: "Give the product the name that Microsoft gives it, or leave it out of the list.",
        Reason.NO_DEMAND_RULE.code: "Count these by device or user beside this position.",
        Reason.OSE_UNKNOWN.code: "Give the table of OSEs that lists where they run.",
        server_per_instance.Reason.EDITION_UNKNOWN.code: "Give the edition in the list of installs.",
        server_per_instance.Reason.TOO_MANY_DATABASES.code: "Check how many databases these servers mount.",
    }
    other = pl.lit("Say in the list of installs whose license each of them uses.")
    open_rows = judged.filter(pl.col("outcome").is_in(["not_computable", "not_licensable"]))
    names = pl.col("product").unique().sort()
    found = (
        open_rows.group_by(ENTITY, "reason")
        .agg(count=pl.len(), _names=names.head(_SHOWN).str.join(", "), _products=pl.col("product").n_unique())
        .with_columns(_more=pl.when(pl.col("_products") > _SHOWN).then(pl.lit(", …")).otherwise(pl.lit("")))
    )
    return (
        ANSWERS["findings"]
        .conform(
            found.with_columns(
                finding_id=pl.format("installs:{}:{}", ENTITY, "reason"),
                severity=pl.lit("warning"),
                area=pl.lit("installs"),
                subject_id=ENTITY,
                statement=pl.format(
                    "What {} of {} {} is not computed ({}{}).",
                    many("count", "install"), many("_products", "product"), agreeing("count", "requires", "require"),
                    "_names", "_more",
                ),
                action=pl.col("reason").replace_strict(actions, default=other, return_dtype=pl.String),
                status=pl.lit("open"),
                rule=pl.lit("server_products"),
            )
        )
        .sort("finding_id")
    )  # fmt: skip
