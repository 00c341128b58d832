"""Tables of Extended Security Updates: what each year needs, what covers it, and what may be updated today."""

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_YEAR = ["product", "version", "esu_year", "period_start", "period_end"]


def esu_table(run: Run, limit: int = 60) -> GT:
    """List Extended Security Updates by product, version and year: what is needed, covered and missing.

    A cost is unknown where a license that is missing has no price, or prices are of several currencies.
    """
    one = pl.col("currency").n_unique() <= 1
    frame = (
        run.esu.group_by(*_YEAR, "state", "rule", "reason")
        .agg(
            servers=pl.len().cast(pl.Int64),
            required=pl.col("licenses_required").sum(),
            covered=pl.col("licenses_covered").sum(),
            gap=pl.col("gap").sum(),
            unpriced=(pl.col("cost").is_null() & (pl.col("gap") > 0)).any(),
            sum=pl.when(one).then(pl.col("cost").sum()),
            currency=pl.col("currency").min(),
        )
        .with_columns(
            words("state"),
            cost=pl.when(~pl.col("unpriced")).then("sum"),
            name=pl.concat_str("product", "version", separator=" ", ignore_nulls=True),
            heading=pl.format(told("esu_tables.years.heading"), "product", pl.col("version").fill_null("")),
        )
        .sort("product", "version", "esu_year", "period_start", "reason", nulls_last=True)
    )
    strong = {"gap": pl.col("gap") > 0}
    return grid(run, "esu", "esu_tables.years", limit, strong=strong, heading="heading").show(frame)


def esu_updates_table(run: Run) -> GT:
    """Count by product and version what may be updated, what gets new updates, and what is bound to licenses."""
    key = ["product", "version", "is_permitted", "gets_new_updates", "is_bound_to_covered_licenses", "rule", "reason"]
    frame = run.esu_updates.group_by(key).agg(subjects=pl.len().cast(pl.Int64)).sort(key, nulls_last=True)
    strong = {"is_permitted": ~pl.col("is_permitted")}
    return grid(run, "esu_updates", "esu_tables.updates", strong=strong).show(frame)


def esu_before_table(run: Run, limit: int = 30) -> GT:
    """Count by product, version and year the servers that must also buy years before it, and which years."""
    years = pl.col("must_also_buy").list.join(", ")
    frame = (
        run.esu.filter(pl.col("must_also_buy").list.len() > 0)
        .group_by("product", "version", "esu_year", years=years)
        .agg(subjects=pl.len().cast(pl.Int64))
        .sort("product", "version", "esu_year", "years")
    )
    return grid(run, "esu", "esu_tables.before", limit).show(frame)
