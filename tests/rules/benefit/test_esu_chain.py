from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_chain
from lmanalytics.rules.benefit.esu_chain import Reason
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 1, 31)
SCHEMA = {"esu_year": pl.Int64, "years_owned": pl.List(pl.Int64), "is_chained": pl.Boolean}
NAMES = ("must_also_buy", "must_buy", "may_be_bought_alone", "chain")


def decided(year, owned, is_chained, **policies):
    frame = pl.LazyFrame({"esu_year": [year], "years_owned": [owned], "is_chained": [is_chained]}, schema=SCHEMA)
    found = evaluate(frame, esu_chain, Settings(DAY, policies)).collect().to_dicts()[0]
    return tuple(found[column_name(esu_chain, name)] for name in NAMES)


@pytest.mark.parametrize(
    ("year", "owned", "is_chained", "expected"),
    [
        (1, [], True, ([], [1], True, Reason.FIRST_YEAR.code)),
        (1, None, True, ([], [1], True, Reason.FIRST_YEAR.code)),
        (2, [], True, ([1], [1, 2], False, Reason.YEARS_MISSING.code)),
        (2, [1], True, ([], [2], True, Reason.CONTINUED.code)),
        (3, [1, 2], True, ([], [3], True, Reason.CONTINUED.code)),
        (3, [1], True, ([2], [2, 3], False, Reason.YEARS_MISSING.code)),
        (3, [2], True, ([1], [1, 3], False, Reason.YEARS_MISSING.code)),
        (3, None, True, ([1, 2], [1, 2, 3], False, Reason.YEARS_MISSING.code)),
        (3, [3], True, ([1, 2], [1, 2], False, Reason.YEARS_MISSING.code)),
        (2, [], False, ([], [2], True, Reason.NOT_CHAINED.code)),
        (None, [1], True, (None, None, None, None)),
        (2, [1], None, ([], [2], True, None)),
    ],
)
def test_years(year, owned, is_chained, expected):
    found = decided(year, owned, is_chained)
    assert found[:3] == expected[:3]
    assert found[3] == expected[3]


def test_the_second_period_may_need_the_first():
    assert decided(2, [], is_chained=False, exchange_periods="in_sequence")[:2] == ([1], [1, 2])


@given(st.integers(1, 6), st.sets(st.integers(1, 6)))
def test_agrees_with_plain_sets(year, owned):
    missing, needed, alone, _ = decided(year, sorted(owned), is_chained=True)
    assert missing == sorted(set(range(1, year)) - owned)
    assert set(needed) | owned >= set(range(1, year + 1))
    assert alone == (not missing)


def test_years_of_one_server_are_its_own():
    keys = {"entity_id": "main", "subject_kind": "ose", "product": "Windows Server", "offer": "2012"}
    rows = [("a", 2, 8), ("a", 1, 8), ("a", 1, 4), ("b", 1, 0), ("c", 3, 1)]
    coverage = pl.LazyFrame([keys | {"subject_id": s, "esu_year": y, "quantity": q} for s, y, q in rows])
    found = compute(esu_chain, "owned", Settings(DAY), coverage=coverage).sort("subject_id").collect()
    assert dict(zip(found["subject_id"], found["years_owned"].to_list(), strict=True)) == {"a": [1, 2], "c": [3]}
