"""What a row has to do with a check, where nulls, literals and hashes could go wrong."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.quality.conditions import Key, condition, key, repeated, row_filter, typed

COMPOUND, UNIQUE = "compound_columns.unique", "column_values.unique"


def compare(operator, parameter):
    return {"type": "comparison", "column": {"name": "n"}, "operator": operator, "parameter": parameter}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, [True, True, True]),
        (compare("==", 1), [True, False, False]),
        (compare("!=", 1), [False, True, True]),
        (compare("<", 2), [True, False, False]),
        (compare("<=", 2), [True, True, False]),
        (compare(">", 1), [False, True, False]),
        (compare(">=", 1), [True, True, False]),
        (compare("IN", [2]), [False, True, False]),
        (compare("NOT_IN", [2]), [True, False, True]),
        ({"type": "nullity", "column": {"name": "n"}, "is_null": True}, [False, False, True]),
        ({"type": "nullity", "column": {"name": "n"}, "is_null": False}, [True, True, False]),
        ({"type": "and", "conditions": [compare(">", 0), compare("!=", 2)]}, [True, False, False]),
        ({"type": "or", "conditions": [compare("==", 2), compare("==", 1)]}, [True, True, False]),
    ],
    ids=str,
)
def test_a_row_condition_is_never_unknown(given, expected):
    frame = pl.DataFrame({"n": [1, 2, None]})
    found = frame.select(pl.col("n").is_null() | True, kept=row_filter(given, frame.schema))["kept"]
    assert found.to_list() == expected


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (2.0, pl.Int64(), 2),
        (2.5, pl.Int64(), 2.5),
        ("2026-06-30", pl.Date(), date(2026, 6, 30)),
        ("2026-06-30T00:00:00", pl.Date(), date(2026, 6, 30)),
        ("2026-06-30T12:00:00", pl.Datetime("us"), datetime(2026, 6, 30, 12)),  # noqa: DTZ001 (exports have no zone)
        ("2026-06-30", pl.String(), "2026-06-30"),
        (None, pl.Date(), None),
    ],
)
def test_literals_are_what_they_were_before_great_expectations_wrote_them(value, dtype, expected):
    assert typed(value, dtype) == expected
    assert type(typed(value, dtype)) is type(expected)


def test_nulls_are_looked_at_by_the_null_checks_alone():
    frame = pl.DataFrame({"n": [0, None, 5]})
    between = condition("column_values.between", {"column": "n", "min_value": 1.0}, frame.schema)
    filled = condition("column_values.nonnull", {"column": "n"}, frame.schema)
    assert frame.select(between.fails).to_series().to_list() == [True, False, False]
    assert frame.select(filled.fails).to_series().to_list() == [False, True, False]


@given(st.lists(st.integers(0, 9), max_size=40))
def test_repeated_hashes_are_those_that_a_dictionary_counts_twice(values):
    found = repeated(pl.Series(values, dtype=pl.UInt64)).sort().to_list()
    assert found == sorted({v for v in values if values.count(v) > 1})


@given(st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=30))
def test_rows_with_a_repeated_key_are_those_that_a_dictionary_counts_twice(rows):
    frame = pl.DataFrame(rows, schema={"x": pl.String, "y": pl.Int64}, orient="row").with_row_index("row")
    of = key(COMPOUND, {"column_list": ["x", "y"], "ignore_row_if": "never"}, frame.schema)
    hashes = frame.select(of.hash.alias("h"))["h"]
    found = of.repeats(frame.lazy(), repeated(hashes)).collect()["row"].to_list()
    assert found == [i for i, row in enumerate(rows) if rows.count(row) > 1]


def test_keys_that_share_a_hash_by_chance_are_told_apart(monkeypatch):
    monkeypatch.setattr(Key, "hash", property(lambda _: pl.col("n") * 0))
    frame = pl.DataFrame({"n": [1, 2, 2, 3]})
    of = key(UNIQUE, {"column": "n"}, frame.schema)
    candidates = repeated(frame.select(of.hash.alias("h"))["h"])
    assert of.repeats(frame.lazy(), candidates).collect()["n"].to_list() == [2, 2]


def test_a_condition_in_text_is_refused():
    with pytest.raises(TypeError, match="write it with"):
        row_filter("n > 1", pl.Schema({"n": pl.Int64}))
