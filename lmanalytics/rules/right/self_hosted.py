"""Self-Hosted Applications: which Unified Solutions third parties may use, and which conditions others miss."""

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import self_hosting, self_hosting_component
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"self_hosting": ("self_hosted_solutions",)}
_SOLUTION = [ENTITY, "solution_id"]
_HAS_SA = column_name(self_hosting_component, "has_sa")
_CONTROL = column_name(self_hosting_component, "is_under_own_control")
_ANOTHER = column_name(self_hosting_component, "is_operator_another")
_OUTSOURCED = self_hosting.Reason.OUTSOURCED.code
_SENTENCES = {reason.code: str(reason.value) for reason in self_hosting.Reason}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Answer `self_hosting` per solution, and say of each row of `self_hosted_solutions` what became of it."""
    table = inputs["self_hosted_solutions"]
    judged = evaluate(_solutions(table, settings), self_hosting, settings)
    values = {name: column_name(self_hosting, name) for name in ("is_permitted", "failing_conditions", "reason")}
    decided = (
        judged.select(
            *_SOLUTION,
            "is_operator_another",
            rule=pl.lit("self_hosting.reason"),
            **{name: pl.col(column) for name, column in values.items()},
        )
        .collect(engine="streaming")
        .lazy()
    )
    known = pl.col("is_permitted").is_not_null()
    outcomes = table.join(decided.select(*_SOLUTION, "is_permitted", "reason"), on=_SOLUTION, how="left").select(
        "row_id",
        ENTITY,
        "product",
        outcome=pl.when(known).then(pl.lit("used")).otherwise(pl.lit("not_computable")),
        reason="reason",
    )
    return {
        "self_hosting": ANSWERS["self_hosting"].conform(decided).sort(_SOLUTION),
        "self_hosted_solutions_outcomes": outcomes.sort("row_id"),
        "findings": _findings(decided),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one solution: first its components, then its conditions."""
    rows = inputs["self_hosted_solutions"].filter(is_asked("solution_id", subject_ids)).collect().lazy()
    facts = _solutions(rows, settings)
    return pl.concat(
        [
            pl.DataFrame(schema=EXPLANATION),
            explain(rows.sort(*_SOLUTION, "component"), self_hosting_component, settings, "component"),
            explain(facts.sort(_SOLUTION), self_hosting, settings, "solution_id"),
        ]
    )


def _solutions(table: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Put the components of each solution together: what must hold must hold of each of them."""
    parts = evaluate(table, self_hosting_component, settings)
    is_access = pl.col("is_access_license")
    return parts.group_by(_SOLUTION).agg(
        sa_products=_all(pl.col(_HAS_SA).filter(~is_access)),
        sa_access_licenses=_all(pl.col(_HAS_SA).filter(is_access)),
        licenses_via_vl=_all(pl.col("is_volume_licensed")),
        all_ms_software_eligible=_all(pl.col("is_self_hosting_eligible")),
        own_software_primary=_all(pl.col("adds_primary_functionality")),
        direct_access=pl.col("direct_access").any(ignore_nulls=False),
        is_on_end_user_device=pl.col("is_on_end_user_device").any(ignore_nulls=False),
        servers_controlled_by_customer=_all(pl.col(_CONTROL)),
        is_operator_another=pl.col(_ANOTHER).any(),
        **{name: _all(pl.col(name)) for name in ("principal_service", "delivered_remotely", "owned_by_customer")},
    )


def _all(holds: pl.Expr) -> pl.Expr:
    return holds.all(ignore_nulls=False)


def _findings(decided: pl.LazyFrame) -> pl.LazyFrame:
    """Tell per condition of the solutions that miss it, of those not known, and of those that others operate."""
    permitted = pl.col("is_permitted")
    parts = [
        decided.explode("failing_conditions", empty_as_null=False).with_columns(
            code="failing_conditions",
            severity=pl.lit("error"),
            action=pl.lit("Mend the condition, or license those who use the solution otherwise."),
        ),
        decided.filter(permitted.is_null()).with_columns(
            code="reason",
            severity=pl.lit("warning"),
            action=pl.lit("Give the last day of Software Assurance of each component and access license."),
        ),
        decided.filter(permitted & pl.col("is_operator_another")).with_columns(
            code=pl.lit(_OUTSOURCED),
            severity=pl.lit("info"),
            action=pl.lit("Check the Outsourcing Software Management clause for these servers."),
        ),
    ]
    told = pl.concat([part.select(ENTITY, "code", "severity", "action") for part in parts]).filter(
        pl.col("code").is_not_null()
    )
    rows = told.group_by(ENTITY, "code", "severity", "action").agg(solutions=pl.len())
    sentence = pl.col("code").replace_strict(_SENTENCES, return_dtype=pl.String)
    return (
        ANSWERS["findings"]
        .conform(
            rows.with_columns(
                finding_id=pl.concat_str(pl.lit("self_hosting"), ENTITY, "code", separator=":"),
                area=pl.lit("self_hosting"),
                statement=pl.format("Unified Solutions: {}. {}", "solutions", sentence),
                status=pl.lit("open"),
                rule=pl.lit("self_hosting.reason"),
                reason="code",
            )
        )
        .sort(ENTITY, "finding_id")
    )
