"""Topic: which day's terms govern each license, and what another choice of the edition would change."""

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.entitlement import new_version_rights
from lmanalytics.rules.entitlement.new_version_rights import alias
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import terms_clauses, terms_edition
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"license_terms": ("licenses",)}
_READINGS = ("at_acquisition", "at_version_upgrade", "current")
_CLAUSES = ("virtual_machine", "listed_provider_servers")
_KEY = [ENTITY, "license_id", "valid_from"]


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Date the terms of every license that is in force.

    Args:
        inputs: `licenses`.
        settings: date and policies.

    Returns:
        `license_terms`: for each license the day that governs the latest version that it may run, what the terms of
        that day say where they have changed, and each other reading under which they say something else.

    """
    here = evaluate(_facts(inputs, settings), terms_edition, settings)
    for reading in _READINGS:
        here = _clauses(here, settings, f"if_{reading}", f"_{reading}")
    here = _clauses(here, settings, "governed_on", "")
    answer = here.with_columns(
        reading=pl.lit(load_rule_file(terms_edition).policies["terms_edition"].chosen(settings)),
        otherwise=pl.concat_str(*(_difference(r) for r in _READINGS), separator="; ", ignore_nulls=True).replace(
            "", None
        ),
        reason=_edition("reason"),
        rule=pl.lit("terms_edition.governed_on"),
    )
    return {"license_terms": ANSWERS["license_terms"].conform(answer).sort(_KEY)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain the terms of one license."""
    if "licenses" not in inputs:
        return pl.DataFrame(schema=EXPLANATION)
    own = inputs | {"licenses": inputs["licenses"].filter(is_asked("license_id", subject_ids))}
    facts = _facts(own, settings).sort(_KEY)
    dated = evaluate(facts, terms_edition, settings).with_columns(governed_on=_edition("governed_on"))
    return pl.concat(
        [
            explain(facts, terms_edition, settings, "license_id"),
            explain(dated.select(pl.exclude("^.+__.+$")), terms_clauses, settings, "license_id"),
        ]
    )


def _facts(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Licenses in force, with the day on which the version that they may run was released."""
    file = load_rule_file(new_version_rights)
    families = file.table("version_families").lazy().select("product", "family")
    released = (
        file.table("product_versions")
        .lazy()
        .group_by("product", _alias=alias(pl.col("version")))
        .agg(version_released_on=pl.col("ga_date").min())
        .rename({"product": "_product"})
    )
    lasts = (pl.col("valid_to") >= settings.as_of).fill_null(value=True)
    begun = (pl.col("valid_from") <= settings.as_of).fill_null(value=True)
    return (
        inputs["licenses"]
        .filter(begun & lasts & (pl.col("quantity") > 0))
        .drop("rule", "reason")
        .join(families, on="product", how="left")
        .with_columns(_product=pl.coalesce("family", "product"), _alias=alias(pl.col("version_right")))
        .join(released, on=["_product", "_alias"], how="left")
        .drop("family", "_product", "_alias")
    )


def _edition(name: str) -> pl.Expr:
    return pl.col(column_name(terms_edition, name))


def _clauses(rows: pl.LazyFrame, settings: Settings, day: str, suffix: str) -> pl.LazyFrame:
    """Add what the terms say that govern on one of the days of `terms_edition`, in columns with a suffix."""
    found = evaluate(rows.with_columns(governed_on=_edition(day)), terms_clauses, settings)
    said = [pl.col(column_name(terms_clauses, clause)).alias(f"{clause}{suffix}") for clause in _CLAUSES]
    return found.with_columns(said).drop(pl.selectors.starts_with(column_name(terms_clauses, "")))


def _difference(reading: str) -> pl.Expr:
    """Name another reading with its day, where some clause reads differently on it."""
    differs = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_{reading}")) for c in _CLAUSES)
    day = _edition(f"if_{reading}").cast(pl.String).fill_null("a day that is not known")
    said = [pl.format(f"{c} {{}}", pl.col(f"{c}_{reading}").cast(pl.String).fill_null("unknown")) for c in _CLAUSES]
    return pl.when(differs).then(pl.format(f"{reading} ({{}}): {{}}", day, pl.concat_str(said, separator=", ")))
