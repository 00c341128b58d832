from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_assignment
from lmanalytics.rules.benefit.esu_assignment import Reason
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 1, 31)
OFFER = {"entity_id": "main", "product": "Windows Server", "offer": "2012", "esu_year": 3}
TYPES = {"licenses_required": pl.Int64, "recorded": pl.Int64, "years_before": pl.Int64}


def assigned(servers, licenses, **policies):
    """Licenses and reason of each server, of (name, required, recorded, years before)."""
    names = ("subject_id", "licenses_required", "recorded", "years_before")
    rows = [{**OFFER, "subject_kind": "ose", **dict(zip(names, s, strict=True))} for s in servers]
    pool = pl.LazyFrame([OFFER | {"licenses": licenses}])
    found = compute(
        esu_assignment, "assigned", Settings(DAY, policies),
        servers=pl.LazyFrame(rows, schema_overrides=TYPES), pool=pool,
    )  # fmt: skip
    ordered = found.sort("subject_id").collect()
    return list(ordered.select("licenses_covered", "coverage").iter_rows())


RECORDED, BOUGHT, PARTLY, NONE = (
    r.code for r in (Reason.RECORDED, Reason.FROM_PURCHASES, Reason.PARTLY, Reason.NONE_LEFT)
)


@pytest.mark.parametrize(
    ("servers", "licenses", "expected"),
    [
        ([("a", 8, 0, 0), ("b", 8, 0, 0)], 16, [(8, BOUGHT), (8, BOUGHT)]),
        ([("a", 8, 0, 0), ("b", 8, 0, 0)], 8, [(8, BOUGHT), (0, NONE)]),
        ([("a", 8, 0, 0), ("b", 8, 0, 0)], 9, [(8, BOUGHT), (1, PARTLY)]),
        ([("a", 8, 0, 0), ("b", 8, 0, 1)], 8, [(0, NONE), (8, BOUGHT)]),
        ([("a", 8, 8, 0), ("b", 8, 0, 0)], 8, [(8, RECORDED), (8, BOUGHT)]),
        ([("a", 8, 4, 0)], 8, [(8, BOUGHT)]),
        ([("a", 8, 4, 0)], 0, [(4, PARTLY)]),
        ([("a", None, 0, 0), ("b", 8, 0, 0)], 8, [(0, NONE), (8, BOUGHT)]),
        ([("a", 8, 16, 0)], 0, [(16, RECORDED)]),
        ([("a", 8, 0, 0)], 0, [(0, NONE)]),
    ],
)
def test_purchases_cover_servers_in_order(servers, licenses, expected):
    assert assigned(servers, licenses) == expected


def test_purchases_may_count_for_no_server():
    assert assigned([("a", 8, 0, 0)], 8, esu_unassigned_purchases="not_counted") == [(0, NONE)]


def test_another_year_or_entity_is_not_covered():
    for other in ({"esu_year": 2}, {"entity_id": "sister"}, {"offer": "2016"}):
        servers = pl.LazyFrame(
            [
                {
                    **OFFER,
                    "subject_kind": "ose",
                    "subject_id": "a",
                    "licenses_required": 8,
                    "recorded": 0,
                    "years_before": 0,
                }
            ]
        )
        pool = pl.LazyFrame([OFFER | other | {"licenses": 8}])
        found = compute(esu_assignment, "assigned", Settings(DAY), servers=servers, pool=pool).collect()
        assert found["licenses_covered"].to_list() == [0]


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40)), min_size=1, max_size=8), st.integers(0, 200))
def test_agrees_with_plain_spreading(servers, licenses):
    given_rows = [(f"s{n}", required, recorded, 0) for n, (required, recorded) in enumerate(servers)]
    left, expected = licenses, []
    for _, required, recorded, _ in given_rows:
        more = min(max(required - recorded, 0), left)
        left -= more
        expected.append(recorded + more)
    assert [covered for covered, _ in assigned(given_rows, licenses)] == expected
