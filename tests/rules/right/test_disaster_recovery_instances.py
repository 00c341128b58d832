from datetime import date, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import disaster_recovery_instances

DAY = date(2026, 6, 30)
START = datetime(2026, 3, 2)  # noqa: DTZ001 (logs of runs name no zone)


def only(*runs):
    """Say of (backup, production, from hour, to hour) whether each was the only backup, in their order."""
    rows = [
        {"entity_id": "main", "run_id": f"{i:04}", "ose_id": backup, "production_ose_id": production,
         "started_at": START + timedelta(hours=begin), "ended_at": START + timedelta(hours=end)}
        for i, (backup, production, begin, end) in enumerate(runs)
    ]  # fmt: skip
    found = compute(disaster_recovery_instances, "backups", Settings(DAY), runs=pl.LazyFrame(rows)).collect()
    return found.sort("run_id")["is_only_backup"].to_list()


def test_one_backup():
    assert only(("a", "p", 0, 5)) == [True]


def test_a_second_one_meanwhile():
    assert only(("a", "p", 0, 5), ("b", "p", 4, 9)) == [True, False]


def test_a_second_one_afterwards():
    assert only(("a", "p", 0, 5), ("b", "p", 5, 9)) == [True, True]


def test_the_same_one_again():
    assert only(("a", "p", 0, 5), ("a", "p", 3, 9), ("a", "p", 9, 12)) == [True, True, True]


def test_a_run_that_goes_on_is_one_with_what_it_overlaps():
    assert only(("a", "p", 0, 5), ("a", "p", 4, 9), ("b", "p", 8, 9)) == [True, True, False]


def test_backups_of_other_production():
    assert only(("a", "p", 0, 5), ("b", "q", 0, 5)) == [True, True]


def test_the_name_decides_between_two_that_start_at_once():
    assert only(("b", "p", 0, 5), ("a", "p", 0, 5)) == [False, True]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.integers(1, 10)), min_size=1, max_size=10))
def test_against_looking_at_every_pair(drawn):
    runs = [(ose, "p", begin, begin + length) for ose, begin, length in drawn]
    spells = []
    for ose in "abc":
        for begin, end in sorted((b, e) for o, _, b, e in runs if o == ose):
            if spells and spells[-1][0] == ose and begin < spells[-1][2]:
                spells[-1][2] = max(spells[-1][2], end)
            else:
                spells.append([ose, begin, end])

    def is_first(ose, begin):
        spell = next(s for s in spells if s[0] == ose and s[1] <= begin < s[2])
        return not any(s[2] > spell[1] and (s[1], s[0]) < (spell[1], ose) for s in spells if s is not spell)

    assert only(*runs) == [is_first(ose, begin) for ose, _, begin, _ in runs]
