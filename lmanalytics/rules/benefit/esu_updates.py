"""What may be done with Extended Security Updates: on which servers they may be, and with what support."""

import polars as pl

from lmanalytics.rules.benefit import esu_eligibility, esu_offerings, esu_support, esu_use
from lmanalytics.rules.benefit._esu_columns import HOSTED, SQL_SERVER, WINDOWS_SERVER
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import mobility_partners
from lmanalytics.rules.right._machines import OSE, rows_of
from lmanalytics.rules.right._mobility_facts import with_provider
from lmanalytics.rules.topics import Tables, held
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"esu_updates": ("oses",), "esu_updates_of_devices": ("devices",)}
_SERVER = [ENTITY, "subject_kind", "subject_id", "product", "version"]
_VERSION = ["product", "version"]
_FLAGS = ("is_permitted", "gets_new_updates", "is_bound_to_covered_licenses")
_USE, _SUPPORT = column_name(esu_use, "use"), column_name(esu_support, "support")
_STATUS, _PARTNER = column_name(mobility_partners, "partner_status"), mobility_partners.Reason
_STACK = "azure_stack"
_FREE, _DEVELOPMENT = esu_eligibility.Reason.FREE.code, esu_eligibility.Reason.DEVELOPMENT.code
_ACT = {
    esu_use.Reason.NOT_COVERED: "Apply none of the updates bought for other servers to these, or buy coverage.",
    esu_use.Reason.COVERED_BEFORE: "Keep the software under the licenses that were covered; apply no later updates.",
    esu_use.Reason.VISUAL_STUDIO_EXCLUDED: "Apply none of the updates to these, or buy coverage for them.",
}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Say of every server whose updates have begun whether they may be on it.

    Args:
        inputs: the `esu` answer; `facts_oses` and `installs` for where it runs and by whose license, `agreements` for
            support plans, `providers`.
        settings: date and policies.

    Returns:
        `esu_updates`: whether software with updates may run there, may take new ones, and is bound to licenses that
        have or had coverage. No export says which updates are installed, so the answer holds if any are. `findings`:
        of servers without current coverage where others of the same version have had it, of customers whose
        updates come without support, and of providers that may not host what is updated.

    """
    if "esu" not in inputs or settings.as_of < esu_offerings.offerings.start:
        return {"esu_updates": ANSWERS["esu_updates"].empty()}
    servers = evaluate(_servers(inputs, settings), esu_use, settings)
    told = servers.with_columns(
        reason=_USE,
        rule=pl.lit("esu_use.use"),
        **{name: pl.col(column_name(esu_use, name)) for name in _FLAGS},
    )
    keys = [*ANSWERS["esu_updates"].schema, "entity_has_coverage", "customer_has_coverage"]
    kept = held(told.select(keys))
    answer = ANSWERS["esu_updates"].conform(kept).sort(ENTITY, *ANSWERS["esu_updates"].key)
    parts = [_of_use(kept), _of_support(kept, inputs, settings), _of_providers(inputs, settings)]
    found = pl.concat([ANSWERS["findings"].conform(part) for part in parts])
    return {"esu_updates": answer, "findings": found.sort(ENTITY, "finding_id")}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one server, OSE or device; no lines for one whose updates have not begun."""
    if "esu" not in inputs or settings.as_of < esu_offerings.offerings.start:
        return pl.DataFrame(schema=EXPLANATION)
    found = _servers(inputs, settings).filter(is_asked("subject_id", subject_ids)).sort(_SERVER).collect()
    return explain(found.lazy(), esu_use, settings, "subject_id")


def _servers(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Sum up the years of each server: covered now, covered before, and by what else it may have updates."""
    begun = (pl.col("period_start") <= settings.as_of).fill_null(value=False)
    live = begun & (pl.col("period_end") >= settings.as_of).fill_null(value=True)
    covered = (pl.col("licenses_covered") > 0) & (pl.col("gap").fill_null(0) == 0)
    by_server = held(
        inputs["esu"]
        .filter(begun)
        .group_by(_SERVER)
        .agg(
            pl.col("edition").max(),
            is_covered_now=(live & covered).any(),
            was_covered=(~live & covered).any(),
            is_free=(live & (pl.col("reason") == _FREE)).any(),
            is_development=(pl.col("reason") == _DEVELOPMENT).any(),
        )
    )
    terms = compute(esu_offerings, "offerings", settings).group_by(_VERSION).agg(pl.col("is_visual_studio_free").all())
    developer = pl.col("edition").str.contains("Developer", literal=True).fill_null(value=False)
    other = pl.when(developer).then(pl.lit("developer")).otherwise(pl.lit("visual_studio"))
    stack = (pl.col("location") == _STACK).fill_null(value=False)
    return (
        by_server.join(_locations(inputs, by_server), on=[ENTITY, "subject_id"], how="left")
        .join(terms, on=_VERSION, how="left")
        .with_columns(
            is_updated=pl.lit(None, pl.Boolean),
            is_waived=pl.col("is_free") & stack,
            is_covered_now=pl.col("is_covered_now") | (pl.col("is_free") & ~stack),
            use_license=pl.when("is_development").then(other).otherwise(pl.lit("own")),
            customer_has_coverage=pl.col("is_covered_now").any().over(ENTITY, *_VERSION),
            entity_has_coverage=(pl.col("is_covered_now") | pl.col("was_covered")).any().over(ENTITY, *_VERSION),
        )
    )


def _locations(inputs: Tables, servers: pl.LazyFrame) -> pl.LazyFrame:
    none = pl.LazyFrame(schema=dict.fromkeys((ENTITY, "ose_id", "location", "state"), pl.String()))
    current = inputs.get("facts_oses", none).filter(pl.col("state") == "current")
    return rows_of(current.select(ENTITY, "location", subject_id="ose_id"), servers, [ENTITY, "subject_id"])


def _of_use(servers: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of servers without coverage where the customer has, or had, updates that could get there."""
    acts = {reason.code: text for reason, text in _ACT.items()}
    sentences = {reason.code: str(reason.value) for reason in _ACT}
    rows = (
        servers.filter(pl.col("reason").is_in(list(acts)) & pl.col("entity_has_coverage"))
        .group_by(ENTITY, *_VERSION, "reason")
        .agg(_servers=pl.len())
    )
    return rows.with_columns(
        finding_id=pl.format("esu:{}/{} {}/updates/{}", ENTITY, "product", "version", "reason"),
        severity=pl.lit("warning"),
        area=pl.lit("esu"),
        subject_id=pl.format("{} {}", "product", "version"),
        statement=pl.format(
            "{} {}, servers: {}. {}", "product", "version", "_servers", pl.col("reason").replace_strict(sentences)
        ),
        action=pl.col("reason").replace_strict(acts),
        status=pl.lit("open"),
        rule=pl.lit("esu_use.use"),
    )


def _of_support(servers: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Tell of customers with updates none of whose agreements has a support plan that helps with them."""
    table = inputs.get("agreements", CANONICAL["agreements"].empty())
    in_force = table.filter((pl.col("end_date") >= settings.as_of).fill_null(value=True))
    plans = in_force.select(ENTITY, "support_plan").unique()
    customers = servers.group_by(ENTITY).agg(has_updates=pl.col("customer_has_coverage").any())
    judged = evaluate(customers.filter("has_updates").join(plans, on=ENTITY, how="left"), esu_support, settings)
    helps, excluded = esu_support.Reason.INCLUDED, esu_support.Reason.PLAN_EXCLUDED
    sentences = {reason.code: str(reason.value) for reason in esu_support.Reason}
    rows = (
        judged.group_by(ENTITY)
        .agg(
            _helps=(pl.col(_SUPPORT) == helps.code).any(),
            reason=pl.when((pl.col(_SUPPORT) == excluded.code).any())
            .then(excluded.lit)
            .otherwise(esu_support.Reason.PLAN_UNKNOWN.lit),
        )
        .filter(~pl.col("_helps"))
    )
    return rows.with_columns(
        finding_id=pl.format("esu:{}/support/{}", ENTITY, "reason"),
        severity=pl.lit("info"),
        area=pl.lit("esu"),
        statement=pl.format("Extended Security Updates: {}", pl.col("reason").replace_strict(sentences)),
        action=pl.lit("State the support plan of an agreement, or expect no help with installing the updates."),
        status=pl.lit("open"),
        rule=pl.lit("esu_support.support"),
    )


def _of_providers(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Tell of workloads under a provider's licenses whose provider is no Authorized Services Provider."""
    none = pl.LazyFrame(
        schema=dict.fromkeys(
            (ENTITY, "ose_id", "provider", "location", "state", "license_source", "product"), pl.String
        )
    )
    oses = inputs.get("facts_oses", none).filter(pl.col("state") == "current")
    hosted = pl.col("license_source").is_in(HOSTED)
    systems = oses.filter(hosted).select(ENTITY, "ose_id", product=pl.lit(WINDOWS_SERVER))
    installs = inputs.get("installs", none).filter(hosted & (pl.col("product") == SQL_SERVER))
    workloads = pl.concat([systems, installs.select(ENTITY, "ose_id", "product")]).unique()
    live = (pl.col("period_start") <= settings.as_of) & (pl.col("period_end") >= settings.as_of)
    needs = inputs["esu"].filter(live.fill_null(value=False) & (pl.col("licenses_required") != 0))
    subjects = needs.select(ENTITY, *_VERSION, ose_id="subject_id")
    updated = held(subjects.join(workloads, on=[*OSE, "product"], how="semi"))
    there = rows_of(oses.select(*OSE, "provider", "location"), updated, OSE)
    asked = updated.join(there, on=[ENTITY, "ose_id"], how="left").filter(
        ~pl.col("location").str.starts_with("azure").fill_null(value=False)
    )
    judged = evaluate(with_provider(asked, inputs, settings), mobility_partners, settings)
    barred = [_PARTNER.NO_PARTNER.code, _PARTNER.PROVIDER_UNKNOWN.code]
    rows = (
        judged.with_columns(pl.col("provider").fill_null("a provider that is not named"), reason=_STATUS)
        .filter(pl.col("reason").is_in(barred))
        .group_by(ENTITY, *_VERSION, "provider", "reason")
        .agg(_servers=pl.len())
    )
    return rows.with_columns(
        finding_id=pl.format("esu:{}/{} {}/hosted/{}/{}", ENTITY, "product", "version", "provider", "reason"),
        severity=pl.lit("warning"),
        area=pl.lit("esu"),
        subject_id="provider",
        statement=pl.format(
            "{} {}, servers under licenses of {}: {}. Updates are sold for them at Authorized Mobility Partners alone.",
            "product", "version", "provider", "_servers",
        ),
        action=pl.lit("State the provider's standing in the table of providers, or buy no updates for these."),
        status=pl.lit("open"),
        rule=pl.lit("mobility_partners.partner_status"),
    )  # fmt: skip
