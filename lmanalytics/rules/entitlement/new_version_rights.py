"""New Version Rights: the highest version that a license may run.

Under coverage the latest version may run. After it, a perpetual license keeps the versions that were released
while it lasted, its last day included; of a subscription nothing remains.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "licenses"
ANSWER = "version_right"
_ANY_EDITION = "*"


class Reason(ReasonBase):
    """Why licenses of one version cover an installed one, or do not."""

    NEWER_COVERS_OLDER = (
        "New version rights move the statement to the new version; downgrade rights cover the older install."
    )
    SAME_VERSION = "The licenses are of the installed version, or their version right ends with it."
    TOO_FEW = "Too few licenses reach the installed version."


@frame_rule(unit="version", cite="new_version", start="2001-10-01")
def version_rights(
    licenses: pl.LazyFrame,
    *,
    product_versions: pl.DataFrame,
    version_families: pl.DataFrame,
    unknown_version: str,
    as_of: date,
) -> pl.LazyFrame:
    """Add `version_right` to licenses.

    Args:
        licenses: product, edition, version, acquired_on, valid_from, valid_to, sa_active, sa_end, is_perpetual.
        product_versions: product, edition, version, ga_date.
        version_families: product, family (the product whose versions it follows).
        unknown_version: what a license of unknown version was when acquired.
        as_of: the position date.

    Returns:
        The same rows with version_right; null where it is not known, or where nothing remains.

    """
    families = version_families.lazy().select("product", _family="family")
    releases = _releases(product_versions)
    known = (
        releases.select(_product="product", _edition="edition").unique().with_columns(_has_edition=pl.lit(value=True))
    )
    days = _days(as_of)
    columns = licenses.collect_schema().names()
    placed = (
        licenses.with_row_index("_row")
        .join(families, on="product", how="left")
        .with_columns(_product=pl.coalesce("_family", "product"), _edition=pl.col("edition"))
        .join(known, on=["_product", "_edition"], how="left")
        .with_columns(
            _edition=pl.when(pl.col("_has_edition")).then("_edition").otherwise(pl.lit(_ANY_EDITION)),
            _alias=alias(pl.col("version")),
            **days,
        )
    )
    asked = placed.select("_row", "_product", "_edition", "_right_day", "_bought_day", "_alias")
    covered = _latest(asked, releases, "_right_day", "_covered")
    bought = _latest(asked, releases, "_bought_day", "_bought")
    named = releases.select(
        _product="product", _edition="edition", _alias=alias(pl.col("version")), _named_ga="ga_date", _named="version"
    ).unique(["_product", "_edition", "_alias"], keep="first", maintain_order=True)
    licensed = pl.coalesce("_named", "version")
    first = licensed if unknown_version == "unknown" else pl.coalesce(licensed, "_bought")
    first_ga = pl.coalesce("_named_ga", pl.when(pl.col("version").is_null()).then("_bought_ga"))
    newer = pl.col("_covered").is_not_null() & (pl.col("_covered_ga") >= first_ga).fill_null(value=True)
    ended = ~pl.col("is_perpetual") & (pl.col("valid_to") < as_of).fill_null(value=False)
    return (
        placed.join(covered, on="_row", how="left")
        .join(bought, on="_row", how="left")
        .join(named, on=["_product", "_edition", "_alias"], how="left")
        .with_columns(version_right=pl.when(ended).then(None).when(newer).then("_covered").otherwise(first))
        .sort("_row")
        .select(*columns, "version_right")
    )


@frame_rule(unit="license", cite="downgrade", start="2001-10-01")
def version_cover(licenses: pl.LazyFrame, installs: pl.LazyFrame, *, product_versions: pl.DataFrame) -> pl.LazyFrame:
    """Say whether enough licenses may run an installed version, or one released later.

    Args:
        licenses: entity_id, product, version_right, quantity.
        installs: entity_id, product, version, installed.
        product_versions: product, version, ga_date.

    Returns:
        The columns of installs, held (licenses that reach the version), is_covered and reason; both null where
        the version is not known.

    """
    released = _releases(product_versions).filter(pl.col("edition") == _ANY_EDITION)
    day = released.select("product", _alias=alias(pl.col("version")), ga="ga_date").unique(
        ["product", "_alias"], keep="first", maintain_order=True
    )
    run = (
        installs.with_row_index("_row")
        .with_columns(_alias=alias(pl.col("version")))
        .join(day, on=["product", "_alias"], how="left")
    )
    held = licenses.with_columns(_alias=alias(pl.col("version_right"))).join(day, on=["product", "_alias"], how="inner")
    reach = (
        run.join(
            held.select("entity_id", "product", "quantity", right_ga="ga"), on=["entity_id", "product"], how="left"
        )
        .group_by("_row")
        .agg(
            held=pl.col("quantity").filter(pl.col("right_ga") >= pl.col("ga")).sum(),
            _newer=(pl.col("right_ga") > pl.col("ga")).any(),
        )
    )
    return (
        run.join(reach, on="_row", how="left")
        .with_columns(is_covered=pl.when(pl.col("ga").is_not_null()).then(pl.col("held") >= pl.col("installed")))
        .with_columns(reason=_cover_reason())
        .sort("_row")
        .drop("_row", "_alias", "ga", "_newer")
    )


def _cover_reason() -> pl.Expr:
    return (
        pl.when(~pl.col("is_covered"))
        .then(Reason.TOO_FEW.lit)
        .when(pl.col("is_covered") & pl.col("_newer"))
        .then(Reason.NEWER_COVERS_OLDER.lit)
        .when("is_covered")
        .then(Reason.SAME_VERSION.lit)
    )


def alias(version: pl.Expr) -> pl.Expr:
    """A version's name without what some call it and some do not: `LTSC 2021`, `2021 (LTSC)` and `2021` are one."""
    return version.str.replace_all("LTSC", "", literal=True).str.replace_all("()", "", literal=True).str.strip_chars()


def _days(as_of: date) -> dict[str, pl.Expr]:
    """The last day whose releases the license may run by coverage, and the day it was bought."""
    last = pl.min_horizontal(pl.lit(as_of), "valid_to")
    covered = pl.col("sa_end").is_not_null() | pl.col("sa_active") | ~pl.col("is_perpetual")
    return {
        "_right_day": pl.when(covered).then(pl.min_horizontal(last, "sa_end")),
        "_bought_day": pl.when(pl.col("acquired_on").is_not_null()).then(
            pl.min_horizontal(pl.lit(as_of), "acquired_on")
        ),
    }


def _releases(product_versions: pl.DataFrame) -> pl.LazyFrame:
    """Every version by edition, and once more for editions that the table does not tell apart."""
    columns = ["product", "edition", "version", "ga_date"]
    own = product_versions.lazy().filter(pl.col("edition").is_not_null()).select(columns)
    every = product_versions.lazy().group_by("product", "version").agg(pl.col("ga_date").min())
    return pl.concat([own, every.with_columns(edition=pl.lit(_ANY_EDITION)).select(columns)]).sort(
        "ga_date", "product", "edition", "version"
    )


def _latest(asked: pl.LazyFrame, releases: pl.LazyFrame, day: str, name: str) -> pl.LazyFrame:
    """The last version released on or before a day: _row, <name>, <name>_ga."""
    released = releases.select(
        pl.col("product").alias("_product"),
        pl.col("edition").alias("_edition"),
        pl.col("version").alias(name),
        pl.col("ga_date").alias(f"{name}_ga"),
        "ga_date",
    )
    return (
        asked.filter(pl.col(day).is_not_null())
        .sort(day)
        .join_asof(
            released,
            left_on=day,
            right_on="ga_date",
            by=["_product", "_edition"],
            strategy="backward",
            check_sortedness=False,
        )
        .select("_row", name, f"{name}_ga")
    )
