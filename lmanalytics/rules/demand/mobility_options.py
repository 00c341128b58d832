"""What deployments at providers require of own licenses: under License Mobility, or the terms that serve instead.

The subject is the OSE that a deployment names, else the deployment itself. The demand of installs leaves out what
a running deployment names, so that nothing is counted at home and at the provider.
"""

import polars as pl

from lmanalytics.rules.demand._rows import demand_rows
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import license_mobility_products, license_mobility_through_sa
from lmanalytics.rules.right.mobility import SERVED
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects
from lmanalytics.schemas import ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"demand": ("mobility",)}
_LISTED = load_rule_file(license_mobility_products).table("license_mobility_products")
PRODUCTS: dict[str, tuple[tuple[str, ...], ...]] = dict.fromkeys(
    _LISTED["product"].unique(), (("mobility_deployments", "installs"),)
)
"""The products whose demand at providers is computed, and the tables without which the rest of it is not."""
_THROUGH = license_mobility_through_sa.Reason
_OPTIONS = {
    _THROUGH.FLEXIBLE_VIRTUALIZATION.code: "flexible_virtualization",
    _THROUGH.NOT_NEEDED.code: "outsourced_server",
}
_SHARED_BY = [ENTITY, "subject_id", "product", "edition", "version", "metric", "option"]
_ADD_UP = "System Center"


def answers(inputs: Tables, settings: Settings) -> Tables:
    """List what running deployments require.

    Args:
        inputs: the `mobility` answer, and `prices` where they were given.
        settings: date and policies.

    Returns:
        `demand`: a row per OSE (or deployment without one), product, edition and option (`license_mobility`,
        `flexible_virtualization`, `outsourced_server`). One that may not use own licenses, or whose licenses are
        not computable, is there and not available, with its reason. Free fail-over and what the provider licenses
        have no row.

    """
    otherwise = pl.col("reason").is_in(license_mobility_through_sa.LICENSED_OTHERWISE)
    counted = pl.col("is_running") & ~otherwise & (pl.col("licenses_required") != 0).fill_null(value=True)
    rows = inputs["mobility"].filter(counted).with_columns(
        option=pl.col("reason").replace_strict(_OPTIONS, default="license_mobility"),
        _served=pl.col("is_eligible").fill_null(value=False) | pl.col("reason").is_in(SERVED),
    )  # fmt: skip
    licenses = pl.col("licenses_required")
    known = licenses.is_not_null().all()
    together = pl.when(pl.col("product").first() == _ADD_UP).then(licenses.sum()).otherwise(licenses.max())
    subjects = rows.group_by(_SHARED_BY).agg(
        licenses_required=pl.when(known).then(together),
        _served=pl.col("_served").all(),
        reason=pl.col("reason").sort_by("_served", "deployment_id").first(),
        rule=pl.col("rule").sort_by("_served", "deployment_id").first(),
    )
    with_sa = pl.when(pl.col("option") == "outsourced_server").then(pl.lit(0, pl.Int64)).otherwise("licenses_required")
    completed = subjects.with_columns(
        subject_kind=pl.lit("ose"),
        licenses_with_sa=with_sa,
        full_sets=pl.lit(None, pl.Int64),
        is_lower_bound=pl.lit(value=False),
        oses_covered=pl.lit(1, pl.Int64),
        is_available=pl.col("_served") & pl.col("licenses_required").is_not_null(),
    )
    return {"demand": demand_rows(completed, inputs.get("prices"), settings)}


def explain_subject(_inputs: Tables, _settings: Settings, _subject_ids: Subjects) -> pl.DataFrame:
    """Add nothing: the topic of License Mobility explains its deployments and their OSEs."""
    return pl.DataFrame(schema=EXPLANATION)
