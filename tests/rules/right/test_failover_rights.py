from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_rights

BEFORE, FIRST = date(2019, 10, 31), date(2019, 11, 1)
DAY = date(2026, 6, 30)
HA, DR, DR_AZURE = "passive_ha", "passive_dr", "passive_dr_azure"


def granted(copies, day=DAY):
    """Give (ose, role, primary place, place, licenses[, primary]) the rights of their primaries."""
    rows = [
        {"entity_id": "main", "primary_ose_id": (*c, "p")[5], "ose_id": c[0], "role": c[1], "primary_place": c[2],
         "place": c[3], "core_licenses": c[4]}
        for c in copies
    ]  # fmt: skip
    found = compute(
        failover_rights,
        "granted",
        Settings(day),
        copies=pl.LazyFrame(rows, schema_overrides={"core_licenses": pl.Int64}),
    )
    return {(r["ose_id"]): (r["is_granted"], r["reason"], r["right"]) for r in found.collect().to_dicts()}


def free(copies, day=DAY):
    return sorted(ose for ose, (is_granted, _, _) in granted(copies, day).items() if is_granted)


def test_three_for_an_own_server_since_november_2019():
    copies = [("a", HA, "own", "own", 8), ("b", DR, "own", "own", 8), ("c", DR_AZURE, "own", "azure", 8)]
    assert free(copies) == free(copies, FIRST) == ["a", "b", "c"]
    assert {r[2] for r in granted(copies).values()} == {"any_purpose", "recovery", "recovery_azure"}


def test_one_before_and_none_in_azure():
    copies = [("a", HA, "own", "own", 8), ("b", DR, "own", "own", 8), ("c", DR_AZURE, "own", "azure", 8)]
    assert len(free(copies, BEFORE)) == 1
    assert granted(copies, BEFORE)["c"][:2] == (False, "no_right")


def test_two_where_all_is_in_azure():
    copies = [("a", HA, "azure", "azure", 8), ("b", DR, "azure", "azure", 8), ("c", DR_AZURE, "azure", "azure", 8)]
    assert len(free(copies)) == 2
    assert len(free(copies, BEFORE)) == 1


def test_a_second_copy_for_recovery_takes_the_right_for_any_purpose():
    two = [("a", DR, "own", "own", 8), ("b", DR, "own", "own", 8)]
    assert free(two) == ["a", "b"]
    three = [*two, ("c", HA, "own", "own", 8)]
    assert granted(three)["c"] == (True, "granted", "any_purpose")
    assert granted(three)["b"][1] == "rights_used_up"


@pytest.mark.parametrize(
    ("role", "primary", "place"),
    [(HA, "own", "azure"), (HA, "own", "elsewhere"), (DR, "own", "partner"), (DR, "azure", "partner"), (HA, "azure", "own"),
     (DR, "partner", "own"), (DR, "partner", "elsewhere"), (DR_AZURE, "partner", "azure")],
)  # fmt: skip
def test_places_without_a_right(role, primary, place):
    assert granted([("a", role, primary, place, 8)])["a"] == (False, "no_right", None)


@pytest.mark.parametrize("day", [date(2016, 10, 1), BEFORE, FIRST, DAY])
def test_one_at_the_same_partner(day):
    copies = [("a", HA, "partner", "partner", 8), ("b", DR, "partner", "partner", 8)]
    assert free(copies, day) == ["a"]


def test_the_copy_that_would_need_most_licenses_comes_first():
    assert free([("a", HA, "own", "own", 4), ("b", HA, "own", "own", 8), ("c", HA, "own", "own", None)]) == ["b"]


def test_another_active_ose_has_rights_of_its_own():
    assert free([("a", HA, "own", "own", 4, "p"), ("b", HA, "own", "own", 4, "q")]) == ["a", "b"]


def test_before_core_licensing_there_is_no_answer():
    with pytest.raises(RuleError, match="2016-10-01"):
        granted([("a", HA, "own", "own", 4)], date(2016, 9, 30))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([HA, DR, DR_AZURE]), st.sampled_from(["own", "azure"])), max_size=9))
def test_numbers_against_a_count_by_hand(kinds):
    copies = [(f"o{i}", role, "own", place, 8) for i, (role, place) in enumerate(kinds)]
    on_own = sum(place == "own" and role == HA for role, place in kinds)
    recovery = sum(place == "own" and role != HA for role, place in kinds)
    azure = sum(place == "azure" and role != HA for role, place in kinds)
    expected = min(2, recovery + min(1, on_own)) if on_own else min(2, recovery)
    assert len(free(copies) if copies else []) == expected + min(1, azure)
