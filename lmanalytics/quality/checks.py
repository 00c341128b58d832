"""Expectations with what the gate and people need beside them, and those that follow from the data contract.

Each carries in `meta`: `check` (its id, which never changes), `severity` (`error` quarantines the row,
`warning` lets it pass), `sentence` (what must hold) and `action` (what to do when it does not).
"""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from operator import and_
from typing import Any

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_null import ExpectColumnValuesToBeNull
from great_expectations.expectations.core.expect_column_values_to_match_regex import ExpectColumnValuesToMatchRegex
from great_expectations.expectations.core.expect_column_values_to_not_be_in_set import ExpectColumnValuesToNotBeInSet
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.expect_compound_columns_to_be_unique import ExpectCompoundColumnsToBeUnique
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.schemas import CANONICAL, ENTITY, Column, Table

CELLS = "cells.understood"
KEY = "key.unique"
ISSUES = "cell_issues"
"""The column that a table gets for its checks: its `issues` as one text, null where there is none."""
FIRST_DAY = date(1985, 1, 1)
WORDS = {
    "ose": "OSE",
    "oses": "OSEs",
    "os": "OS",
    "sa": "SA",
    "esu": "ESU",
    "sam": "SAM",
    "vcpus": "virtual CPUs",
    "dr": "DR",
}
CORRECT = "Correct the row in the export."


def check(
    kind: type[Expectation],
    name: str,
    sentence: str,
    *,
    action: str = CORRECT,
    is_error: bool = True,
    **given: Any,
) -> Expectation:
    """Make an expectation with its id, severity, sentence and action."""
    meta = {"check": name, "severity": "error" if is_error else "warning", "sentence": sentence, "action": action}
    return kind(
        meta=meta,
        description=sentence,
        severity=FailureSeverity.CRITICAL if is_error else FailureSeverity.WARNING,
        **given,
    )


def label(column: str) -> str:
    """Return a column's name as a sentence begins with it."""
    words = [WORDS.get(word, word) for word in column.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def at_least(column: str, low: int, *, action: str = CORRECT) -> Expectation:
    """A number that is given is at least `low`, or the row is an error."""
    return check(
        ExpectColumnValuesToBeBetween, f"{column}.at_least_{low}", f"{label(column)} must be at least {low}.",
        action=action, column=column, min_value=low,
    )  # fmt: skip


def between(column: str, low: int, high: int) -> Expectation:
    """A number that is given lies between `low` and `high`, or the row is an error."""
    return check(
        ExpectColumnValuesToBeBetween, f"{column}.in_range", f"{label(column)} must be between {low} and {high}.",
        column=column, min_value=low, max_value=high,
    )  # fmt: skip


def not_zero(column: str, *, action: str = CORRECT) -> Expectation:
    """A number that is given is not zero, or the row is an error."""
    return check(
        ExpectColumnValuesToNotBeInSet, f"{column}.not_zero", f"{label(column)} must not be zero.",
        action=action, column=column, value_set=[0],
    )  # fmt: skip


def plausible(column: str, low: int, high: int, *, action: str) -> Expectation:
    """A number outside `low` to `high` is suspicious, no more; a `low` of 0 is not looked at."""
    below = f"below {low:,} or " if low else ""
    return check(
        ExpectColumnValuesToBeBetween, f"{column}.plausible", f"{label(column)} is rarely {below}above {high:,}.",
        action=action, is_error=False, column=column, min_value=low or None, max_value=high,
    )  # fmt: skip


def plausible_day(column: str, as_of: date | None) -> Expectation:
    """A day before computers were licensed, or after the position date, is suspicious."""
    when = f"between {FIRST_DAY.year} and the position date" if as_of else f"after {FIRST_DAY.year}"
    return check(
        ExpectColumnValuesToBeBetween, f"{column}.plausible", f"{label(column)} should lie {when}.",
        action="Check the day; what happens after the position date does not count yet.",
        is_error=False, column=column, min_value=FIRST_DAY, max_value=as_of,
    )  # fmt: skip


def not_before(later: str, earlier: str) -> Expectation:
    """Where both days are given, the first is not before the second, or the row is an error."""
    name, other = f"{later}.not_before_{earlier}", label(earlier)
    sentence = f"{label(later)} must not lie before {other[0].lower()}{other[1:]}."
    return _not_less(later, earlier, name, sentence, CORRECT)


def not_fewer(many: str, few: str, *, action: str = CORRECT) -> Expectation:
    """Where both numbers are given, the first is at least the second, or the row is an error."""
    name, sentence = f"{many}.at_least_{few}", f"{label(many)} must be at least the number of {few}."
    return _not_less(many, few, name, sentence, action)


def _not_less(first: str, second: str, name: str, sentence: str, action: str) -> Expectation:
    return check(
        ExpectColumnPairValuesAToBeGreaterThanB, name, sentence, action=action,
        column_A=first, column_B=second, or_equal=True, ignore_row_if="either_value_is_missing",
    )  # fmt: skip


def filled(column: str, where: Any, sentence: str, *, action: str = CORRECT, is_error: bool = False) -> Expectation:
    """Rows that meet a condition have the column filled in; a warning unless it is said to be an error."""
    return check(
        ExpectColumnValuesToNotBeNull, f"{column}.filled_where_needed", sentence,
        action=action, is_error=is_error, column=column, row_condition=where,
    )  # fmt: skip


def matches(column: str, regex: str, sentence: str, *, is_error: bool = True) -> Expectation:
    """Text that is given has a form."""
    return check(
        ExpectColumnValuesToMatchRegex, f"{column}.well_formed", sentence,
        is_error=is_error, column=column, regex=regex,
    )  # fmt: skip


def suite(table: str, domain: Iterable[Expectation] = ()) -> ExpectationSuite:
    """Join what the data contract says of a table with what its domain says."""
    contract = CANONICAL[table]
    derived = [e for column in _columns(contract) for e in _of_column(column)]
    return ExpectationSuite(name=table, expectations=[*_of_table(contract), *derived, *domain])


def _columns(table: Table) -> list[Column]:
    return [Column(ENTITY, "text", is_required=True, is_optional=False), *table.columns.values()]


def _of_table(table: Table) -> list[Expectation]:
    key = [ENTITY, *table.key]
    needed = [name for name in table.key if table.columns[name].is_required]
    complete = reduce(and_, (Where(name).is_not_null() for name in needed))
    return [
        check(
            ExpectTableRowCountToBeBetween, "rows.present", "The table should have rows.",
            action="Give an export with rows, or none.", is_error=False, min_value=1,
        ),
        check(
            ExpectColumnValuesToBeNull, CELLS, "Every cell must be readable as what its column holds.",
            action="Correct the cell in the export.", column=ISSUES,
        ),
        check(
            ExpectCompoundColumnsToBeUnique, KEY, f"Only one row may have the same {' and '.join(table.key)}.",
            action="Keep the row that is right in the export.",
            column_list=key, row_condition=complete, ignore_row_if="never",
        ),
    ]  # fmt: skip


def _of_column(column: Column) -> list[Expectation]:
    found = []
    fill = f"Fill in {column.name} in the export."
    if column.is_required or not column.is_optional:
        must = "must" if column.is_required else "should"
        found.append(
            check(
                ExpectColumnValuesToNotBeNull, f"{column.name}.{'required' if column.is_required else 'expected'}",
                f"{label(column.name)} {must} be filled in.",
                action=fill, is_error=column.is_required, column=column.name,
            )
        )  # fmt: skip
    if column.values:
        found.append(
            check(
                ExpectColumnValuesToBeInSet, f"{column.name}.known",
                f"{label(column.name)} must be one of {', '.join(column.values)}.",
                column=column.name, value_set=list(column.values),
            )
        )  # fmt: skip
    return found
