from datetime import date
from itertools import zip_longest

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_mixed
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 6, 30)
POINTS = """
case                 | cores_to_license | sets | individual_licenses || set_licenses | core_licenses
---------------------|------------------|------|---------------------||--------------|--------------
one set and one VM   |               16 |    1 |                   8 ||           16 |            24
sets alone           |               16 |    2 |                   0 ||           32 |            32
no set               |               16 |    0 |                  24 ||            0 |            24
cores unknown        |                  |    1 |                   8 ||              |
"""
ID = {"subject_number": 0}


def curve(moments, *, runs=False, used=0, datacenter=()):
    """Give {sets: individual licenses} for the licenses of the OSEs that run at each moment, of Datacenter beside."""
    subject = pl.LazyFrame([{**ID, "host_rights_used": used, "host_runs_windows": runs, "oses_per_set": 2}])
    rows = [
        {**ID, "moment": day, "individual_licenses": n, "needs_datacenter": needs}
        for needs, given_moments in ((False, moments), (True, datacenter))
        for day, moment in enumerate(given_moments)
        for n in moment
    ]
    schema = {
        **dict.fromkeys(ID, pl.Int64),
        "moment": pl.Int64,
        "individual_licenses": pl.Int64,
        "needs_datacenter": pl.Boolean,
    }
    loads = pl.LazyFrame(rows, schema=schema)
    found = compute(windows_server_mixed, "curve", Settings(DAY), subjects=subject, loads=loads).collect()
    return dict(found.select("sets", "individual_licenses").iter_rows())


def test_points():
    check(windows_server_mixed, DAY, POINTS)


def test_sets_take_the_largest():
    assert curve([[8, 8, 16, 32, 8]]) == {0: 72, 1: 24, 2: 8}
    assert curve([[8, 8, 16, 32]]) == {0: 64, 1: 16}


def test_other_work_in_the_physical_ose_takes_one_right():
    assert curve([[8, 16, 32]], runs=True, used=1) == {1: 24}
    assert curve([[8, 16, 32]], runs=True) == {1: 8}


def test_the_busiest_moment_counts_for_each_number_of_sets():
    assert curve([[32, 32, 8], [16, 16, 16, 16]]) == {0: 72, 1: 32}


def test_sets_may_take_all_of_standard_at_a_moment_before_datacenter_came():
    assert curve([[32, 32], [8]], datacenter=[[], [8]]) == {0: 64, 1: 8}
    assert curve([[32, 32, 32], []], datacenter=[[], [8]]) == {0: 96, 1: 32, 2: 8}


def test_an_ose_of_unknown_size_must_be_among_those_that_sets_take():
    assert curve([[8, 8, None, 8]]) == {1: 16}
    assert curve([[None, None, None, 8]]) == {}


def test_no_guests_no_points():
    assert curve([]) == {}


def test_the_day_before_is_an_error():
    with pytest.raises(RuleError, match="its first rule starts on 2022-10-01"):
        check(windows_server_mixed, date(2022, 9, 30), POINTS)


def by_hand(moments, sets, used, datacenter=()):
    """Try every choice of OSEs that the sets could take at each moment; of Datacenter they take none."""
    most = 0
    for moment, never in zip_longest(moments, datacenter, fillvalue=[]):
        free = max(0, 2 * sets - used)
        kept = [c for c in _subsets(moment) if len(moment) - len(c) <= free]
        most = max(most, min(sum(c) for c in kept) + sum(never))
    return most


def _subsets(items):
    if not items:
        return [[]]
    rest = _subsets(items[1:])
    return rest + [[items[0], *r] for r in rest]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(8, 40), max_size=6), min_size=1, max_size=3), st.integers(0, 1), st.booleans())
def test_the_curve_agrees_with_every_choice_by_hand(moments, used, runs):
    runs = runs or used == 1
    found = curve(moments, runs=runs, used=used)
    most = max(len(m) for m in moments)
    last = (most + used + 1) // 2
    for sets in range(int(runs), last + 1):
        assert found.get(sets, 0) == by_hand(moments, sets, used), sets
    assert all(int(runs) <= sets <= last for sets in found)


LICENSES = st.lists(st.integers(8, 40), max_size=5)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LICENSES, LICENSES), min_size=1, max_size=3), st.integers(0, 1), st.booleans())
def test_the_curve_with_datacenter_agrees_with_every_choice_by_hand(moments, used, runs):
    runs = runs or used == 1
    standard, datacenter = ([m[kind] for m in moments] for kind in (0, 1))
    found = curve(standard, runs=runs, used=used, datacenter=datacenter)
    last = (max(map(len, standard)) + used + 1) // 2 if any(datacenter) or any(standard) else 0
    for sets in range(int(runs), last + 1):
        assert found.get(sets, 0) == by_hand(standard, sets, used, datacenter), sets
    assert all(int(runs) <= sets <= max(last, int(runs)) for sets in found)
