"""Where software that Extended Security Updates have changed may run."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "updated_software"
ANSWER = "use"
_DEVELOPER = ("developer", "visual_studio")


class Reason(ReasonBase):
    """Why updated software may or may not be used."""

    NOT_UPDATED = "The software holds no such updates."
    COVERED = "The licenses have coverage for this year."
    COVERED_BEFORE = "Coverage has ended; the updates received may stay in use under the licenses that had it."
    AZURE_STACK = "The terms permit updated workloads on Azure Stack."
    DEVELOPMENT = "Development and test under Developer edition or Visual Studio may take the customer's updates."
    NO_UPDATES_TO_TAKE = "The customer has no coverage whose updates development and test could take."
    VISUAL_STUDIO_EXCLUDED = "This offering does not extend to Visual Studio subscriptions."
    NOT_COVERED = "Updated software may be used only under licenses that have coverage."


@rule(
    unit="code", cite="terms", start="2018-07-12", decides_null=True,
    optional=(
        "is_updated", "is_covered_now", "was_covered", "is_waived", "use_license", "customer_has_coverage",
        "is_visual_studio_free",
    ),
)  # fmt: skip
def use(
    is_updated: pl.Expr,
    is_covered_now: pl.Expr,
    was_covered: pl.Expr,
    is_waived: pl.Expr,
    use_license: pl.Expr,
    customer_has_coverage: pl.Expr,
    is_visual_studio_free: pl.Expr,
    *,
    esu_visual_studio: str,
) -> pl.Expr:
    """Why software may be used: covered, covered before, on Azure Stack, for development; or why not.

    `use_license` is own, developer or visual_studio. Unknown flags count as no; nothing said of updates as updated.
    """
    barred = ~is_visual_studio_free.cast(pl.Boolean).fill_null(value=True) & (esu_visual_studio == "by_offering")
    return (
        pl.when(~is_updated.cast(pl.Boolean))
        .then(Reason.NOT_UPDATED.lit)
        .when(is_covered_now.cast(pl.Boolean))
        .then(Reason.COVERED.lit)
        .when(is_waived.cast(pl.Boolean))
        .then(Reason.AZURE_STACK.lit)
        .when((use_license == "visual_studio") & barred)
        .then(Reason.VISUAL_STUDIO_EXCLUDED.lit)
        .when(use_license.is_in(_DEVELOPER) & customer_has_coverage.cast(pl.Boolean))
        .then(Reason.DEVELOPMENT.lit)
        .when(was_covered.cast(pl.Boolean))
        .then(Reason.COVERED_BEFORE.lit)
        .when(use_license.is_in(_DEVELOPER))
        .then(Reason.NO_UPDATES_TO_TAKE.lit)
        .otherwise(Reason.NOT_COVERED.lit)
    )


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def is_permitted(use: pl.Expr) -> pl.Expr:
    """Whether the software may be used as it is."""
    allowed = (Reason.NOT_UPDATED, Reason.COVERED, Reason.COVERED_BEFORE, Reason.AZURE_STACK, Reason.DEVELOPMENT)
    return use.is_in([reason.code for reason in allowed])


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def needs_own_coverage(use: pl.Expr) -> pl.Expr:
    """Whether licenses of its own must have coverage for the updates to be used."""
    needs = (Reason.COVERED, Reason.COVERED_BEFORE, Reason.NOT_COVERED, Reason.VISUAL_STUDIO_EXCLUDED)
    return use.is_in([reason.code for reason in needs])


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def gets_new_updates(use: pl.Expr) -> pl.Expr:
    """Whether updates that appear from now on may be applied."""
    gets = (Reason.COVERED, Reason.AZURE_STACK, Reason.DEVELOPMENT)
    return use.is_in([reason.code for reason in gets])


@rule(unit="flag", cite="terms", start="2018-07-12", decides_null=True)
def is_bound_to_covered_licenses(use: pl.Expr) -> pl.Expr:
    """Whether the software may run only under the licenses that have, or had, coverage."""
    return use.is_in([reason.code for reason in (Reason.COVERED, Reason.COVERED_BEFORE, Reason.NOT_COVERED)])
