from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import sa_benefits_pools, sa_membership
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.rules.benefit.benefit_tables import table
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
AGREEMENTS = """
case                      | is_declared | start_date | end_date   | licenses_without_sa || is_member | reason
--------------------------|-------------|------------|------------|---------------------||-----------|-------------------
enrolled, all covered     | true        | 2025-01-01 | 2027-12-31 |                   0 || true      | member
one license uncovered     | true        | 2025-01-01 | 2027-12-31 |                   1 || false     | contradicted
not enrolled, all covered | false       | 2025-01-01 | 2027-12-31 |                   0 || false     | not_enrolled
first day                 | true        | 2026-06-30 | 2027-12-31 |                   0 || true      | member
not begun                 | true        | 2026-07-01 | 2027-12-31 |                   0 || false     | not_in_force
last day                  | true        | 2023-07-01 | 2026-06-30 |                   0 || true      | member
ended yesterday           | true        | 2023-07-01 | 2026-06-29 |                   0 || false     | not_in_force
days not known            | true        |            |            |                   0 || true      | member
enrollment not known      |             | 2025-01-01 | 2027-12-31 |                   0 ||           | enrollment_unknown
"""


def test_who_is_a_member():
    check(sa_membership, AS_OF, AGREEMENTS)


def test_every_reason_occurs():
    assert set(read_table(AGREEMENTS)[1]["reason"]) == {r.code for r in sa_membership.Reason}


def bought(number, product, **given):
    row = {
        "license_id": f"L{number}", "agreement_id": "A", "enrollment_id": "A", "program": "ea", "product": product,
        "metric": "device", "quantity": 4, "acquired_on": date(2025, 3, 1), "sa_active": False, "is_perpetual": True,
        "reason": "purchased",
    }  # fmt: skip
    return row | given


CONTRACT = {"agreement_id": "A", "enrollment_id": "A", "program": "ea", "start_date": date(2025, 1, 1),
            "end_date": date(2027, 12, 31), "sam_applications": True, "sam_systems": False, "sam_servers": False}  # fmt: skip


def counted(*licenses, pool="applications", on=AS_OF):
    asked = Settings(on)
    pooled = compute(sa_benefits_pools, "pooled", asked, licenses=table("licenses", *licenses))
    found = compute(sa_membership, "memberships", asked, agreements=table("agreements", CONTRACT), licenses=pooled)
    row = found.filter(pl.col("pool") == pool).collect().to_dicts()[0]
    return row["licenses_without_sa"], row["contradicted_on"]


@pytest.mark.parametrize(
    ("given", "without"),
    [
        ({}, 4),
        ({"sa_active": True, "sa_start": date(2025, 3, 1), "sa_end": date(2027, 1, 1)}, 0),
        ({"sa_start": date(2025, 3, 1), "sa_end": date(2026, 1, 1)}, 0),
        ({"reason": "sa_end_unknown"}, 0),
        ({"reason": "granted"}, 0),
        ({"reason": "transferred_in"}, 0),
        ({"reason": "returned"}, 0),
        ({"acquired_on": date(2024, 12, 31)}, 0),
        ({"acquired_on": date(2025, 1, 1)}, 4),
        ({"acquired_on": date(2026, 7, 1)}, 0),
        ({"pool": "servers"}, 0),
        ({"agreement_id": None, "enrollment_id": None}, 0),
    ],
    ids=str,
)
def test_what_contradicts_a_membership(given, without):
    assert counted(bought(0, "Office Standard", **given))[0] == without


def test_only_purchases_of_the_pool_count_and_the_first_is_named():
    lots = [
        bought(0, "Office Standard", quantity=3),
        bought(1, "Visio", quantity=2, acquired_on=date(2025, 2, 1)),
        bought(2, "Windows Server", quantity=100, acquired_on=date(2025, 1, 15)),
    ]
    assert counted(*lots) == (5, date(2025, 2, 1))
    assert counted(*lots, pool="systems") == (0, None)


def test_a_license_that_was_covered_in_any_of_its_intervals_is_no_contradiction():
    earlier = bought(0, "Office Standard", valid_to=date(2025, 12, 31), sa_start=date(2025, 3, 1))
    assert counted(earlier, bought(0, "Office Standard", valid_from=date(2026, 1, 1))) == (0, None)
