"""Truth tables: `case | inputs || outputs`, one line a case. A blank cell is null."""

from datetime import date
from types import ModuleType

import polars as pl
from polars.testing import assert_frame_equal

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings


def check(module: ModuleType, as_of: date, table: str, **policies: str) -> None:
    """Evaluate `module` on the inputs left of `||` and compare with the outputs right of it."""
    facts, expected = read_table(table)
    result = evaluate(facts.lazy(), module, Settings(as_of, policies)).collect()
    actual = result.select("case", *(pl.col(column_name(module, c)).alias(c) for c in expected.columns))
    assert_frame_equal(actual, facts.select("case").hstack(expected), check_dtypes=False)


def read_table(text: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split a truth table into its input frame (with `case`) and its output frame."""
    lines = [line for line in text.strip().splitlines() if line.strip() and not set(line) <= set("-| ")]
    left, right = zip(*(line.split("||") for line in lines), strict=True)
    return frame(left), frame(right)


def frame(lines: tuple[str, ...]) -> pl.DataFrame:
    """Read `a | b` lines, headings first; whole numbers, ISO dates, true and false are typed."""
    header, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    return pl.DataFrame({name: [_value(row[i]) for row in rows] for i, name in enumerate(header)})


def _value(cell: str) -> int | str | bool | date | None:
    if not cell:
        return None
    if cell in {"true", "false"}:
        return cell == "true"
    if cell.lstrip("-").isdigit():
        return int(cell)
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return cell
