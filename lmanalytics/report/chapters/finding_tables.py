"""The register of findings: what a person must act on, who, until when, and the money at stake."""

import polars as pl
from great_tables import GT

from lmanalytics.report.grids import grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told

_RANK = {"error": 0, "warning": 1, "info": 2}
_OPTIONAL = ("owner", "due_on", "money_at_stake")


def findings_register_table(run: Run, limit: int = 80) -> GT:
    """List the findings: errors first, then by the money at stake; who acts, until when, and the status.

    Columns that no finding fills are left out. A due day before the position date is bold.
    """
    rank = pl.col("severity").replace_strict(_RANK, default=len(_RANK), return_dtype=pl.Int8)
    found = run.findings
    given = found.select(pl.col(_OPTIONAL).is_not_null().any()).collect().row(0, named=True)
    columns = {n: s for n, s in told("finding_tables.register.columns").items() if given.get(n, True)}
    frame = found.sort(rank, -pl.col("money_at_stake").fill_null(0), "finding_id").with_columns(
        words("status"), heading=_severity()
    )
    strong = {"due_on": pl.col("due_on") < pl.lit(run.as_of).str.to_date()} if given["due_on"] else {}
    return grid(
        run, "findings", "finding_tables.register", limit, columns=columns, heading="heading", strong=strong
    ).show(frame)


def findings_owners_table(run: Run, limit: int = 40) -> GT:
    """Count open findings by who acts on them, with the first day on which one is due."""
    of = {name: (pl.col("severity") == name).sum().cast(pl.Int64) for name in _RANK}
    frame = (
        run.findings.filter(pl.col("status") == "open")
        .group_by("owner", "area")
        .agg(**of, first=pl.col("due_on").min())
        .sort("owner", "area", nulls_last=True)
        .with_columns(words("area"), heading=pl.col("owner").fill_null(told("finding_tables.owners.nobody")))
    )
    return grid(run, "findings", "finding_tables.owners", limit, heading="heading").show(frame)


def _severity() -> pl.Expr:
    names = told("finding_tables.severities")
    return pl.col("severity").replace(names)
