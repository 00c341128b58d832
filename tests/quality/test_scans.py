"""Scans: numbers are those of a plain reading, and nothing is read twice."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.quality.conditions import COMPOUND_UNIQUE, condition, key
from lmanalytics.quality.scans import Count, Query, Repeats, RepeatsSample, Sample, Scans

SCHEMA = {"n": pl.Int64, "m": pl.Int64, "t": pl.String}
NUMBERS = st.one_of(st.none(), st.integers(-2, 3))
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from(["a", "b", "", None])), max_size=25)


def frame_of(rows):
    return pl.LazyFrame(rows, schema=SCHEMA, orient="row")


@given(ROWS, st.integers(1, 3))
def test_counts_and_samples_are_those_of_a_loop_over_the_rows(rows, limit):
    frame = frame_of(rows)
    schema = frame.collect_schema()
    low = condition("column_values.between", {"column": "n", "min_value": 0.0}, schema)
    known = condition("column_values.in_set", {"column": "t", "value_set": ["a"]}, schema)
    pair = {"column_A": "n", "column_B": "m", "ignore_row_if": "either_value_is_missing", "or_equal": True}
    greater = condition("column_pair_values.a_greater_than_b", pair, schema)
    of = key(COMPOUND_UNIQUE, {"column_list": ["n", "t"], "ignore_row_if": "never"}, schema)
    scans = Scans(frame)
    found = scans.answer(
        {
            "rows": Count(pl.len()),
            "low": Count(low.fails.sum()),
            "low shown": Sample(low, limit),
            "known shown": Sample(known, limit),
            "greater": Count(greater.fails.sum()),
            "greater shown": Sample(greater, limit),
            "twins": Repeats(of),
            "twins shown": RepeatsSample(of, limit),
            "query": Query(frame.select(pl.col("n").max())),
        }
    )
    too_low = [n for n, _, _ in rows if n is not None and n < 0]
    unknown = [t for _, _, t in rows if t is not None and t != "a"]
    smaller = [(n, m) for n, m, _ in rows if n is not None and m is not None and n < m]
    keys = [(n, t) for n, _, t in rows]
    twins = [{"n": n, "t": t} for n, t in keys if keys.count((n, t)) > 1]
    assert found == {
        "rows": len(rows),
        "low": len(too_low),
        "low shown": too_low[:limit],
        "known shown": unknown[:limit],
        "greater": len(smaller),
        "greater shown": smaller[:limit],
        "twins": len(twins),
        "twins shown": twins[:limit],
        "query": max((n for n, _, _ in rows if n is not None), default=None),
    }
    assert scans.made <= 3


def test_what_is_known_is_not_read_again():
    frame = frame_of([(1, 1, "a"), (1, 2, "a"), (-1, 3, "b")])
    of = key(COMPOUND_UNIQUE, {"column_list": ["n", "t"], "ignore_row_if": "never"}, frame.collect_schema())
    total, most = pl.col("m").sum(), pl.col("m").max()
    scans = Scans(frame, [total])
    assert scans.answer({"most": Count(most), "twins": Repeats(of)}) == {"most": 3, "twins": 2}
    made = scans.made
    assert (scans.number(total), scans.number(pl.col("m").max()), len(scans.candidates(of))) == (6, 3, 1)
    assert scans.made == made == 3


def test_a_number_that_nobody_could_count_stops_no_other():
    scans = Scans(frame_of([(1, 1, "a")]), [pl.col("t").str.contains("(").sum()])
    assert scans.answer({"rows": Count(pl.len())}) == {"rows": 1}


@pytest.mark.parametrize("broken", [pl.col("absent").sum(), pl.col("t").str.contains("(").sum()])
def test_faults_are_those_of_the_requests_that_have_them(broken):
    scans = Scans(frame_of([(1, 1, "a")]))
    found = scans.faults({"sound": Count(pl.len()), "broken": Count(broken), "twin": Count(broken)})
    assert found.keys() == {"broken", "twin"}
    assert all(found.values())
    assert scans.made == 0
