from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import version_cover
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
NEEDS = """
case                                    | version_rank | right_rank | spare_rank | licenses_required | licenses_short || reason               | is_covered
----------------------------------------|--------------|------------|------------|-------------------|----------------||----------------------|-----------
of the version right                    |            7 |          7 |            |                16 |              0 || covered              | true
older than the version right            |            6 |          7 |            |                16 |              0 || covered              | true
newer by one version                    |            8 |          7 |            |                16 |              0 || newer_than_right     | false
short, and what is left is too old      |            8 |            |          7 |                16 |             16 || newer_than_right     | false
short, and part of its own is too old   |            8 |          7 |            |                16 |              4 || newer_than_right     | false
short, and nothing is left              |            8 |            |            |                16 |             16 || too_few_licenses     | false
short, and what is left would do        |            6 |            |          7 |                16 |             16 || too_few_licenses     | false
short in part, its own would do         |            6 |          7 |            |                16 |              4 || too_few_licenses     | false
the version is not known                |              |          7 |            |                16 |              0 || unknown_version      |
the version right is not known          |            7 |            |            |                16 |              0 || right_unknown        |
what it needs is not known              |            7 |            |            |                   |                || licenses_not_counted |
whether it is short is not known        |            7 |            |          7 |                16 |                || licenses_not_counted |
nothing is required                     |            7 |            |            |                 0 |              0 || no_license_required  | true
nothing required, version not known     |              |            |            |                 0 |              0 || no_license_required  | true
"""


def test_needs():
    check(version_cover, AS_OF, NEEDS)


def test_every_reason_occurs():
    assert all(f" {reason.code} " in NEEDS for reason in version_cover.Reason)


WHOLE = {"version_rank": pl.Int64}


def pooled(needs, supply, edition="Standard"):
    """Needs are ranks by id, supply is (rank, quantity)."""
    asked = pl.LazyFrame({"subject_id": list(needs), "version_rank": list(needs.values())}, schema_overrides=WHOLE)
    held = pl.LazyFrame(supply, schema={"version_rank": pl.Int64, "quantity": pl.Int64}, orient="row")
    both = {"entity_id": pl.lit("main"), "product": pl.lit("Visio"), "edition": pl.lit(edition, pl.String)}
    found = compute(
        version_cover, "pool", Settings(AS_OF), needs=asked.with_columns(**both), supply=held.with_columns(**both)
    ).collect()
    return {
        row["subject_id"]: (row["licenses_assigned"], row["right_rank"], row["spare_rank"]) for row in found.to_dicts()
    }


def test_the_newest_copies_take_the_latest_rights():
    assert pooled({"a": 3, "b": 5, "c": 4}, [(5, 1), (4, 1), (3, 1)]) == {
        "a": (1, 3, None),
        "b": (1, 5, None),
        "c": (1, 4, None),
    }


def test_a_copy_that_is_too_new_leaves_the_license_to_an_older_one():
    assert pooled({"a": 5, "b": 3}, [(4, 1)]) == {"a": (0, None, None), "b": (1, 4, None)}


def test_what_is_left_is_told():
    assert pooled({"a": 5, "b": 5}, [(4, 3), (2, 1)]) == {"a": (0, None, 4), "b": (0, None, 4)}
    assert pooled({"a": 3}, [(5, 1), (2, 1)]) == {"a": (1, 5, 2)}


def test_copies_of_one_version_are_served_in_the_order_of_their_ids():
    assert pooled({"b": 3, "a": 3, "c": 3}, [(3, 2)]) == {"a": (1, 3, None), "b": (1, 3, None), "c": (0, None, None)}


def test_an_edition_that_is_not_known_is_a_pool_of_its_own():
    assert pooled({"a": 3}, [(3, 1)], edition=None) == {"a": (1, 3, None)}


def test_a_copy_of_unknown_version_and_a_right_that_is_not_known_take_no_part():
    assert pooled({"a": None, "b": 3}, [(None, 5), (3, 1)]) == {"a": (0, None, None), "b": (1, 3, None)}


def test_without_licenses_nothing_is_assigned():
    assert pooled({"a": 3}, []) == {"a": (0, None, None)}
    assert pooled({}, [(3, 1)]) == {}


@given(
    needs=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 4), max_size=8),
    supply=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), max_size=5),
)
def test_as_one_serves_them_one_at_a_time(needs, supply):
    shelf = sorted((rank for rank, quantity in supply for _ in range(quantity)), reverse=True)
    expected = {}
    for name, rank in sorted(needs.items(), key=lambda item: (-item[1], item[0])):
        fits = shelf[:1] and shelf[0] >= rank
        expected[name] = (1, shelf.pop(0)) if fits else (0, None)
    spare = shelf[0] if shelf else None
    assert pooled(needs, supply) == {name: (*found, spare) for name, found in expected.items()}
