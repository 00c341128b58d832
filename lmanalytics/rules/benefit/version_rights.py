"""Topic: the version of each OSE and install against the version right of the licenses that it has."""

import polars as pl

from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.position.classes import in_force
from lmanalytics.rules.benefit import version_cover
from lmanalytics.rules.demand._server_installs import Reason as InstallReason
from lmanalytics.rules.demand._versions import releases
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.entitlement.new_version_rights import alias
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import license_coverage
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"version_rights": ("licenses",)}
_SUBJECT = [ENTITY, "subject_kind", "subject_id", "product"]
_PER_COPY = ("device", "server")
"""Metrics of which each copy takes one license, where no rule computes what it requires."""
_COPY = [ENTITY, "copy_id", "product", "edition", "version"]
_SHOWN = [ENTITY, "subject_id", "product"]


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compare every running OSE and install with the licenses that its machine was assigned.

    Args:
        inputs: `licenses`; `plan` and `position`, `facts_oses`, and `installs` with `installs_outcomes`, where they
            were given.
        settings: date and policies.

    Returns:
        `version_rights`, a row for each OSE that counts for Windows Server and each install that counts, or that
        no rule of demand knows; and `findings`, one for each version that is newer than the rights, or unknown.

    """
    rows = evaluate(_needs(inputs, settings), version_cover, settings)
    answer = rows.with_columns(
        version_installed="version",
        is_covered=pl.col(column_name(version_cover, "is_covered")),
        reason=pl.col(column_name(version_cover, "reason")),
        rule=pl.lit("version_cover.is_covered"),
    )
    conformed = ANSWERS["version_rights"].conform(answer).sort(_SHOWN)
    return {"version_rights": conformed, "findings": _findings(answer)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain the version of one OSE or install."""
    if "licenses" not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    own = _needs(inputs, settings).filter(is_asked("subject_id", subject_ids)).sort(_SHOWN)
    return explain(own, version_cover, settings, "subject_id")


def _needs(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Put each copy beside its licenses: version_rank, right_rank, spare_rank, licenses_required, licenses_short."""
    known = releases(settings).select("product", "_alias", "version_rank")
    copies = [part.with_columns(_alias=alias(pl.col("version"))) for part in (_oses(inputs), _installs(inputs))]
    ranked = [part.join(known, on=["product", "_alias"], how="left").drop("_alias") for part in copies]
    planned = pl.concat(ranked, how="diagonal").filter(~pl.col("is_unplanned"))
    unplanned = pl.concat(ranked, how="diagonal").filter("is_unplanned")
    parts = [_of_the_plan(planned, inputs, settings), _of_the_pool(unplanned, inputs, settings)]
    named = releases(settings).select("product", right_rank="version_rank", version_right="version")
    columns = ["subject_id", "version_rank", "right_rank", "spare_rank", "licenses_required", "licenses_short"]
    rows = pl.concat([part.select(ENTITY, "product", "version", *columns) for part in parts], how="vertical_relaxed")
    return rows.join(named, on=["product", "right_rank"], how="left")


def _oses(inputs: Tables) -> pl.LazyFrame:
    """OSEs that count for Windows Server, each with the subject with which it is licensed."""
    if "facts_oses" not in inputs:
        return _none()
    return (
        inputs["facts_oses"]
        .filter(pl.col("outcome") == "counted")
        .select(
            ENTITY,
            "subject_kind",
            "subject_id",
            copy_id="ose_id",
            product=pl.lit(WINDOWS_SERVER),
            edition="os_edition",
            version="os_version",
            is_unplanned=pl.lit(value=False),
        )
    )


def _installs(inputs: Tables) -> pl.LazyFrame:
    """Installs that count, each with its subject, and those that no rule of demand knows."""
    if not {"installs", "installs_outcomes"} <= inputs.keys():
        return _none()
    unknown = pl.col("reason") == InstallReason.NO_DEMAND_RULE.code
    judged = (
        inputs["installs_outcomes"]
        .filter((pl.col("outcome") == "counted") | unknown)
        .select("row_id", "subject_kind", "subject_id", is_unplanned=unknown)
    )
    return (
        inputs["installs"]
        .join(judged, on="row_id")
        .rename({"install_id": "copy_id"})
        .select(*_COPY, "subject_kind", "subject_id", "is_unplanned")
    )


def _none() -> pl.LazyFrame:
    return pl.LazyFrame(schema={**dict.fromkeys([*_COPY, *_SUBJECT], pl.String()), "is_unplanned": pl.Boolean()})


def _of_the_plan(copies: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Give each copy the lowest version right that its subject was assigned, and the latest that is left over."""
    known = releases(settings).select("product", version_right="version", rank="version_rank")
    plan = inputs.get("plan", ANSWERS["plan"].empty())
    assigned = (
        plan.join(known, on=["product", "version_right"], how="left")
        .group_by(_SUBJECT)
        .agg(
            licenses_required=_summed("licenses_required"),
            licenses_short=_summed("licenses_short"),
            right_rank=pl.col("rank").filter(pl.col("licenses_assigned") > 0).min(),
            _is_partly_unknown=((pl.col("licenses_assigned") > 0) & pl.col("rank").is_null()).any(),
        )
        .with_columns(right_rank=pl.when(~pl.col("_is_partly_unknown")).then("right_rank"))
    )
    left = _left_over(inputs.get("position", ANSWERS["position"].empty()), known)
    short = plan.filter(pl.col("licenses_short") > 0).select(*_SUBJECT, "edition", "metric")
    spare = (
        short.join(left, on=[ENTITY, "product", "edition", "metric"], nulls_equal=True)
        .group_by(_SUBJECT)
        .agg(spare_rank=pl.col("rank").max())
    )
    return (
        copies.join(assigned, on=_SUBJECT, how="left")
        .join(spare, on=_SUBJECT, how="left")
        .with_columns(subject_id="copy_id")
    )


def _left_over(position: pl.LazyFrame, known: pl.LazyFrame) -> pl.LazyFrame:
    """Say what no machine was assigned: the latest version right by the editions that it may run as."""
    key = [ENTITY, "product", "metric"]
    surplus = position.filter(pl.col("surplus") > 0).join(
        known.rename({"version_right": "version"}), on=["product", "version"], how="left"
    )
    rights = load_rule_file(license_coverage).table("edition_rights").lazy()
    lower = surplus.join(
        rights.select("product", _metric="metric", edition="edition_held", edition_run="edition_run"),
        on=["product", "edition"],
    ).filter(pl.col("_metric").is_null() | (pl.col("_metric") == pl.col("metric")))
    both = [surplus.select(*key, "edition", "rank"), lower.select(*key, "rank", edition="edition_run")]
    return pl.concat(both, how="diagonal")


def _summed(column: str) -> pl.Expr:
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum())


def _of_the_pool(copies: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Give each copy a license of its entity's pool; where licenses are counted otherwise, say only what is left."""
    known = releases(settings).select("product", version_right="version", version_rank="version_rank")
    held = in_force(inputs["licenses"], settings.as_of).join(known, on=["product", "version_right"], how="left")
    per_copy = held.filter(pl.col("metric").is_in(_PER_COPY))
    pooled = compute(version_cover, "pool", settings, needs=copies.with_columns(subject_id="copy_id"), supply=per_copy)
    pool = [ENTITY, "product", "edition"]
    others = (
        held.filter(~pl.col("metric").is_in(_PER_COPY))
        .group_by(pool)
        .agg(_other_rank=pl.col("version_rank").max(), _is_other=pl.lit(value=True))
    )
    unknown = per_copy.filter(pl.col("version_rank").is_null()).select(pool).unique()
    is_open = (pl.col("licenses_assigned") == 0) & pl.col("_is_other").fill_null(value=False)
    beyond = (pl.col("_other_rank") < pl.col("version_rank")).fill_null(value=False)
    required = pl.when(~is_open | beyond).then(1)
    return (
        pooled.join(others, on=pool, how="left", nulls_equal=True)
        .join(unknown.with_columns(_is_unknown=pl.lit(value=1)), on=pool, how="left", nulls_equal=True)
        .with_columns(
            licenses_required=required.cast(pl.Int64),
            licenses_short=pl.max_horizontal(1 - pl.col("licenses_assigned") - pl.col("_is_unknown").fill_null(0), 0),
            spare_rank=pl.max_horizontal("spare_rank", pl.when(beyond).then("_other_rank")),
        )
        .drop("_other_rank", "_is_other", "_is_unknown")
    )


def _findings(answer: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of versions that are newer than the rights, and of what has no known version."""
    reason = version_cover.Reason
    told = answer.filter(pl.col("reason").is_in([reason.NEWER_THAN_RIGHT.code, reason.UNKNOWN_VERSION.code]))
    unknown = pl.col("reason") == reason.UNKNOWN_VERSION.code
    rows = told.group_by(ENTITY, "product", "version", "reason").agg(_n=pl.len())
    what = pl.concat_str("product", "version", separator=" ", ignore_nulls=True)
    copies = many("_n", "copy", "copies")
    return rows.with_columns(
        finding_id=pl.format("versions:{}/{}/{}", ENTITY, what, "reason"),
        severity=pl.when(unknown).then(pl.lit("warning")).otherwise(pl.lit("error")),
        area=pl.lit("versions"),
        subject_id=what,
        statement=pl.when(unknown)
        .then(pl.format("Of {} of {} no export says which version.", copies, "product"))
        .otherwise(
            pl.format(
                "{} of {} {} newer than the version right of the licenses.", copies, what, agreeing("_n", "is", "are")
            )
        ),
        action=pl.when(unknown)
        .then(pl.lit("Complete the export; without the version it is not computable whether the licenses reach it."))
        .otherwise(pl.lit("Assign licenses with a later version right, buy such, or run an earlier version.")),
        status=pl.lit("open"),
        rule=pl.lit("version_cover.is_covered"),
    )
