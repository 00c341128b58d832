"""What a person must act on about deployments at providers and their verification forms."""

import polars as pl

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_failover, license_mobility_through_sa, verification_form
from lmanalytics.rules.right._assurance import LICENSE, covered_lots, quantities
from lmanalytics.rules.right._machines import rows_of
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

_THROUGH, _FAILOVER, _FORM = (
    license_mobility_through_sa.Reason,
    license_mobility_failover.Reason,
    verification_form.Reason,
)
_FLEXIBLE = _THROUGH.FLEXIBLE_VIRTUALIZATION.code
_CURES = {
    _THROUGH.PRODUCT_NOT_ELIGIBLE: "Rent the software from the provider, or run it on own servers.",
    _THROUGH.PROGRAM_NOT_ELIGIBLE: "Use licenses of a program with Software Assurance, or rent the software.",
    _THROUGH.SHARED_INSTANCE: "Have the provider run the instance for this customer alone.",
    _THROUGH.NO_PARTNER: "Move to Azure or an Authorized Mobility Partner, or rent the software from the provider.",
    _THROUGH.NO_SOFTWARE_ASSURANCE: "Renew or buy Software Assurance, or bring the software back.",
    _THROUGH.ACCESS_WITHOUT_SA: "Cover the access licenses with Software Assurance as well.",
    _THROUGH.FLEXIBLE_VIRTUALIZATION: "Check that Software Assurance or subscriptions cover it; no form is needed.",
}
_STATES = {
    _FORM.OVERDUE: ("error", "Submit the verification form now; Microsoft may ask for its date."),
    _FORM.REJECTED: ("error", "Correct the form and submit it again, buy the licenses, or rent the software."),
    _FORM.SUBMITTED_LATE: ("warning", "Keep the evidence of the submission; send the next form within its time."),
    _FORM.REPLACED_LATE: ("warning", "Keep both forms with the correspondence about the rejection."),
    _FORM.STILL_TIME: ("info", "Submit the verification form by that day; the packet in the report is filled in."),
}


def findings(mobility: pl.LazyFrame, checked: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Gather the findings: one per provider, product and reason, and one per provider, agreement and form status.

    Args:
        mobility: the `mobility` answer.
        checked: the `verification` answer.
        inputs: `facts_oses` where it is known, for OSEs that are seen on own hosts still.
        settings: the run's date.

    """
    parts = [_barred(mobility), _unknown(mobility), _forms(checked), _moved_too_soon(mobility, settings)]
    if "facts_oses" in inputs:
        parts.append(_still_at_home(mobility, inputs["facts_oses"]))
    if "licenses" in inputs:
        parts.append(_uncovered(mobility, inputs["licenses"], settings))
    return pl.concat([ANSWERS["findings"].conform(part) for part in parts]).sort(ENTITY, "finding_id")


def _barred(mobility: pl.LazyFrame) -> pl.LazyFrame:
    told = pl.col("is_running") & ~pl.col("is_eligible")
    rows = _counted(mobility.filter(told))
    return _told(
        rows,
        severity=pl.when(pl.col("reason") == _FLEXIBLE).then(pl.lit("info")).otherwise(pl.lit("error")),
        action=pl.col("reason").replace_strict({r.code: text for r, text in _CURES.items()}, default=None),
    )


def _unknown(mobility: pl.LazyFrame) -> pl.LazyFrame:
    otherwise = pl.col("reason").is_in(license_mobility_through_sa.LICENSED_OTHERWISE)
    told = pl.col("is_running") & ~otherwise & (pl.col("is_eligible").is_null() | pl.col("licenses_required").is_null())
    again = told & ~(pl.col("is_eligible").fill_null(value=True).not_())
    return _told(
        _counted(mobility.filter(again)),
        severity=pl.lit("warning"),
        action=pl.lit("Complete the tables that say so; until then nothing is computed for these deployments."),
    )


def _uncovered(mobility: pl.LazyFrame, licenses: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tell where more is deployed under an agreement than it has licenses with Software Assurance for."""
    required = (
        mobility.filter(pl.col("is_running") & pl.col("is_eligible"))
        .group_by(LICENSE)
        .agg(_required=pl.col("licenses_required").sum(), subject_id=pl.col("deployment_id").min())
    )
    owned = quantities(covered_lots(licenses), settings.as_of)
    rows = required.join(owned, on=LICENSE, how="left", nulls_equal=True).filter(
        pl.col("_required") > pl.col("sa_quantity")
    )
    name = pl.concat_str("product", pl.col("edition").fill_null(""), separator=" ").str.strip_chars()
    where = pl.format("{} ({})", "agreement_id", "enrollment_id")
    return rows.with_columns(
        finding_id=pl.format("mobility:{}/{}/{}/uncovered", ENTITY, where, name),
        severity=pl.lit("error"),
        area=pl.lit("mobility"),
        statement=pl.format(
            "Under {}, {} of {} with Software Assurance {} held, and deployments with providers need {}.",
            where, many("sa_quantity", "license"), name, agreeing("sa_quantity", "is", "are"), "_required",
        ),
        action=pl.lit("Buy licenses with Software Assurance under that agreement, or deploy less with providers."),
        status=pl.lit("open"),
        rule=pl.lit("license_mobility_quantities.licenses_required"),
        reason=pl.lit("no_software_assurance"),
    )  # fmt: skip


def _counted(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.group_by(ENTITY, "provider", "product", "reason", "rule").agg(
        _rows=pl.len(), subject_id=pl.col("deployment_id").min()
    )


def _told(rows: pl.LazyFrame, *, severity: pl.Expr, action: pl.Expr) -> pl.LazyFrame:
    return rows.with_columns(
        finding_id=pl.format("mobility:{}/{}/{}/{}", ENTITY, "provider", "product", "reason"),
        severity=severity,
        area=pl.lit("mobility"),
        statement=pl.format(
            "{} of {} with {}, such as {}: {}",
            many("_rows", "deployment"),
            "product",
            "provider",
            "subject_id",
            _sentence(),
        ),
        action=action,
        status=pl.lit("open"),
    )


def _sentence() -> pl.Expr:
    sentences = {reason.code: str(reason.value) for reason in (*_THROUGH, *_FAILOVER)}
    own = {
        "size_unknown": "What their licenses depend on is unknown.",
        "counted_by_users": "Access licenses are counted by users and devices.",
    }
    return pl.col("reason").replace_strict(sentences | own, default="See the answer.")


def _forms(checked: pl.LazyFrame) -> pl.LazyFrame:
    rows = (
        checked.filter(pl.col("reason").is_in([reason.code for reason in _STATES]))
        .group_by(ENTITY, "provider", "agreement_id", "enrollment_id", "reason", "rule")
        .agg(pl.col("deployments").sum(), due_on=pl.col("form_due").min())
    )
    where = pl.format("{} under {} ({})", "provider", "agreement_id", pl.col("enrollment_id").fill_null("-"))
    return rows.with_columns(
        finding_id=pl.format("verification:{}/{}/{}", ENTITY, where, "reason"),
        subject_id=where,
        severity=pl.col("reason").replace_strict({r.code: s for r, (s, _) in _STATES.items()}),
        area=pl.lit("verification"),
        statement=pl.format(
            "{} with {}, form due on {}: {}",
            many("deployments", "deployment"),
            where,
            pl.col("due_on").cast(pl.String).fill_null("an unknown day"),
            pl.col("reason").replace_strict({r.code: str(r.value) for r in _STATES}),
        ),
        action=pl.col("reason").replace_strict({r.code: a for r, (_, a) in _STATES.items()}),
        status=pl.lit("open"),
    )


def _moved_too_soon(mobility: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tell of deployments that ended within the period: their licenses stay with the provider until it is over."""
    bound = (pl.col("ended_on") < pl.col("earliest_move")) & (pl.col("earliest_move") > settings.as_of)
    rows = (
        mobility.filter(~pl.col("is_running") & bound)
        .group_by(ENTITY, "provider", "product")
        .agg(_rows=pl.len(), subject_id=pl.col("deployment_id").min(), due_on=pl.col("earliest_move").max())
    )
    return rows.with_columns(
        finding_id=pl.format("mobility:{}/{}/{}/ended_within_period", ENTITY, "provider", "product"),
        severity=pl.lit("warning"),
        area=pl.lit("mobility"),
        statement=pl.format(
            "{} of {} with {} ended within the period of the terms: the licenses may not be used elsewhere before {}.",
            many("_rows", "deployment"), "product", "provider", pl.col("due_on").cast(pl.String),
        ),
        action=pl.lit("Keep the licenses unassigned until then, or use them for other deployments there."),
        status=pl.lit("open"),
        rule=pl.lit("reassignment_period.earliest_allowed"),
        reason=pl.lit("ended"),
    )  # fmt: skip


def _still_at_home(mobility: pl.LazyFrame, oses: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of OSEs that run at a provider by one table and on own hosts by another."""
    home = (pl.col("location") == "on_premises") & (pl.col("state") == "current") & pl.col("host_id").is_not_null()
    running = mobility.filter(pl.col("is_running"))
    at_home = oses.filter(home).select(ENTITY, subject_id="ose_id", _seen="observed_on")
    moved = running.join(rows_of(at_home, running, [ENTITY, "subject_id"]), on=[ENTITY, "subject_id"])
    rows = (
        moved.filter(pl.col("_seen") >= pl.col("deployed_on"))
        .group_by(ENTITY, "provider", "product")
        .agg(_rows=pl.len(), subject_id=pl.col("subject_id").min())
    )
    return rows.with_columns(
        finding_id=pl.format("mobility:{}/{}/{}/still_at_home", ENTITY, "provider", "product"),
        severity=pl.lit("warning"),
        area=pl.lit("mobility"),
        statement=pl.format(
            "{} of {}, such as {}, deployed with {} and seen on own hosts since: counted at the provider alone.",
            many("_rows", "OSE"), "product", "subject_id", "provider",
        ),
        action=pl.lit("Correct the deployment, or license the OSE at home as well: licenses move, they do not copy."),
        status=pl.lit("open"),
        rule=pl.lit("license_mobility_through_sa.eligibility"),
        reason=pl.lit("eligible"),
    )  # fmt: skip
