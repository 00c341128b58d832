"""What the tables of chapters share: a grid whose words stand in `texts`, and what an answer lacks."""

from typing import Any

import polars as pl

from lmanalytics.report.display import Grid
from lmanalytics.report.reasons import explained
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told


def grid(run: Run, answer: str, place: str, limit: int = 40, **given: Any) -> Grid:
    """Return how to show rows of an answer.

    Args:
        run: the run; what it says of an answer that is not computable stands in the place of an empty table.
        answer: the answer, or table, whose file holds every row.
        place: where in `texts` the columns are, and `empty`: the sentence for a table without rows.
        limit: the most rows to show.
        given: further arguments of `Grid`. Without `columns`, those of `texts` are shown.

    """
    words: dict[str, Any] = told(place)
    lacking = [f"{what}: {why}" for what, why in run.not_computable.rows() if _is(what, answer)]
    named = {"named": run.named} if "subject_id" in words["columns"] else {}
    columns = given.pop("columns", words["columns"])
    settings: dict[str, Any] = {"stored": f"{answer}.parquet", "reasons": run.sentences} | named | given
    return Grid(columns, " ".join(lacking) or words["empty"], limit, notes=words.get("notes", ()), **settings)


def holder(*columns: str) -> pl.Expr:
    """Name the agreement and enrollment of a row as a heading; the entity, too, where rows are of several."""
    entity = pl.when(pl.col("entity_id").n_unique() > 1).then(pl.format("{}: ", "entity_id")).otherwise(pl.lit(""))
    agreement, enrollment = (pl.col(name) for name in columns or ("agreement_id", "enrollment_id"))
    unknown = pl.lit(told("grids.no_agreement"))
    both = pl.format(told("grids.agreement_and_enrollment"), agreement, enrollment)
    one = pl.format(told("grids.agreement"), agreement)
    same = (agreement == enrollment).fill_null(value=False)
    return entity + pl.when(~same & enrollment.is_not_null()).then(both).otherwise(one).fill_null(unknown)


def because(run: Run) -> pl.Expr:
    """Say the reason of a row in full, where a table has room for it in place of a number."""
    return explained(run.sentences)


def outcomes(run: Run, table: str) -> pl.LazyFrame:
    """Scan what became of each row of a canonical table: row_id, outcome, reason; none where it was not judged."""
    path = run.path / f"{table}_outcomes.parquet"
    empty = pl.LazyFrame(schema={"row_id": pl.Int64, "outcome": pl.String, "reason": pl.String})
    return pl.scan_parquet(path).select(empty.collect_schema().names()) if path.is_file() else empty


def _is(what: object, answer: str) -> bool:
    return str(what).lower() == answer.replace("_", " ")
