"""From a suite to the fate of each row: one expression per check, and one verdict on rows that share a key."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from great_expectations.core import ExpectationSuite
from great_expectations.expectations.expectation import Expectation

from lmanalytics.errors import QualityError
from lmanalytics.quality.checks import CELLS, ISSUES
from lmanalytics.quality.conditions import (
    ABOUT_NULLS,
    COLUMN_TESTS,
    COMPOUND_UNIQUE,
    PAIR_TESTS,
    Condition,
    Given,
    Key,
    condition,
    key,
)
from lmanalytics.quality.scans import STREAMING

ROW = "row_id"
SOURCE = ("source_file", "source_sheet", "source_row")
VERDICTS = pl.Schema({ROW: pl.Int64(), "outcome": pl.String(), "verdict": pl.String(), "is_warned": pl.Boolean()})
HELD = 500_000
"""How many keys that repeat are judged at a time."""


@dataclass(frozen=True, eq=False)
class RowCheck:
    """A check that each row passes or fails by itself."""

    name: str
    sentence: str
    is_error: bool
    condition: Condition
    shown: tuple[str, ...]

    @property
    def reason(self) -> pl.Expr:
        """The sentence with what the row has instead; null where the row passes."""
        given = [pl.format("{} {}", pl.lit(n), pl.col(n).cast(pl.String).fill_null("empty")) for n in self.shown]
        found = pl.format(f"{self.sentence.removesuffix('.')} ({{}}).", pl.concat_str(given, separator=", "))
        return pl.when(self.condition.fails).then(found if given else pl.lit(self.sentence))


@dataclass(frozen=True, eq=False)
class Verdicts:
    """Rows that share their key with another row: how many, and those kept back, as `VERDICTS`."""

    members: int
    kept_back: pl.DataFrame


def row_checks(suite: ExpectationSuite, schema: pl.Schema) -> list[RowCheck]:
    """Translate the suite's row-level expectations, in order.

    Raises:
        QualityError: an expectation of severity `error` that no row can be held to.

    """
    found = []
    for expectation in suite.expectations:
        metric, meta = _metric(expectation), expectation.meta or {}
        if metric in COLUMN_TESTS or metric in PAIR_TESTS:
            given = expectation.dict()
            built = condition(metric, given, schema)
            shown = () if metric in ABOUT_NULLS else _shown(given)
            found.append(RowCheck(meta["check"], meta["sentence"], meta["severity"] == "error", built, shown))
        elif metric != COMPOUND_UNIQUE and meta["severity"] == "error":
            message = f"{suite.name}: the gate cannot hold a row to {meta['check']}; make it a warning."
            raise QualityError(message)
    return found


def key_check(suite: ExpectationSuite, schema: pl.Schema) -> tuple[str, Key]:
    """Return the id of the suite's one uniqueness check, and its key."""
    (found,) = (e for e in suite.expectations if _metric(e) == COMPOUND_UNIQUE)
    return (found.meta or {})["check"], key(COMPOUND_UNIQUE, found.dict(), schema)


def errors(checks: Sequence[RowCheck]) -> pl.Expr:
    """Whether a row fails a check of severity error."""
    return pl.any_horizontal([c.condition.fails for c in checks if c.is_error])


def warnings(checks: Sequence[RowCheck]) -> pl.Expr:
    """Whether a row fails a check of severity warning."""
    return pl.any_horizontal([pl.lit(value=False), *(c.condition.fails for c in checks if not c.is_error)])


def reasons(checks: Sequence[RowCheck]) -> pl.Expr:
    """List why a row fails, in sentences; unreadable cells speak for themselves."""
    own = [c.reason for c in checks if c.is_error and c.name != CELLS]
    return pl.concat_list([pl.concat_list(own).list.drop_nulls(), pl.col("issues").fill_null([])])


def issues_told() -> pl.Expr:
    """Return the column `ISSUES`; only lists that hold something are joined, which few do."""
    issues = pl.col("issues")
    told = pl.when(issues.list.len() > 0).then(issues).list.join("; ")
    return pl.when(told.str.len_bytes() > 0).then(told).alias(ISSUES)


def judge(
    frame: pl.LazyFrame,
    of: Key,
    candidates: pl.Series,
    faulty: pl.Expr,
    doubtful: pl.Expr,
    content: Sequence[str],
) -> Verdicts:
    """Decide between rows that share a key: the first sound one stays.

    A later one that says the same is a `duplicate`; one that says something else is `quarantined`. Rows that are
    faulty by themselves take no part: a row that cannot be read must not oust one that can.

    Args:
        frame: the table, in source order; of the rows whose key repeats, about a million are held at a time.
        of: the key.
        candidates: its hashes that occur more than once, ascending.
        faulty: whether a row fails a check of its own that is an error.
        doubtful: whether it fails one that is a warning.
        content: the columns in which duplicates are the same.

    """
    marked = frame.with_columns(_faulty=faulty, _warned=doubtful)
    members, kept_back = 0, [pl.DataFrame(schema=VERDICTS)]
    for start in range(0, len(candidates), HELD):
        rows = of.repeats(marked, candidates.slice(start, HELD)).collect(engine=STREAMING)
        members += rows.height
        kept_back.append(_kept_back(rows, of, content))
    return Verdicts(members, pl.concat(kept_back).sort(ROW))


def _kept_back(members: pl.DataFrame, of: Key, content: Sequence[str]) -> pl.DataFrame:
    first = {name: pl.col(name).first().over(of.columns) for name in (ROW, *SOURCE)}
    sheet = pl.format(", sheet {}", first["source_sheet"]).fill_null("")
    place = pl.format("{}{}, row {}", first["source_file"].fill_null("?"), sheet, first["source_row"])
    same = pl.all_horizontal([pl.col(name).eq_missing(pl.col(name).first().over(of.columns)) for name in content])
    copy = pl.format("It says the same as {}, which was kept.", place)
    shared = pl.lit(" and ".join(of.columns[1:]))
    other = pl.format("{} has the same {} with other content, and was kept.", place, shared)
    return (
        members.lazy()
        .filter(~pl.col("_faulty"))
        .sort(ROW)
        .with_columns(first=first[ROW], same=same, copy=copy, other=other)
        .filter(pl.col(ROW) != pl.col("first"))
        .select(
            ROW,
            outcome=pl.when("same").then(pl.lit("duplicate")).otherwise(pl.lit("quarantined")),
            verdict=pl.when("same").then("copy").otherwise("other"),
            is_warned="_warned",
        )
        .collect()
    )


def _metric(expectation: Expectation) -> str:
    return str(getattr(expectation, "map_metric", "") or "")


def _shown(given: Given) -> tuple[str, ...]:
    return (given["column"],) if given.get("column") else (given["column_A"], given["column_B"])
