"""The position chooses points of option-cost curves: by what is owned, not by list prices alone."""

from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.position.plan import Reason
from tests.position.test_stage import NOTHING, WINDOWS, demand_of, licenses_of, solved

ALONE, WITH_SA = 70, 100
PRICES = [
    (WINDOWS, "Standard", "license", None, 2, str(2 * ALONE)),
    (WINDOWS, "Standard", "license_and_sa", None, 2, str(2 * WITH_SA)),
]
CURVE = [(0, 40), (16, 24), (32, 8), (48, 0)]
MIX = "standard_physical_and_virtual_cores"


def listed(point):
    without, with_sa = point
    return ALONE * without + WITH_SA * with_sa


def demand(*curves):
    """Give each host one option with a curve; its row shows the point that lists for least."""
    best = [min(curve, key=listed) for curve in curves]
    frame = demand_of(*((f"h{n}", WINDOWS, MIX, "Standard", sum(p), str(listed(p))) for n, p in enumerate(best)))
    added = pl.LazyFrame(
        {
            "subject_id": [f"h{n}" for n in range(len(curves))],
            "licenses_with_sa": [point[1] for point in best],
            "full_sets": [point[0] // 16 for point in best],
            "curve_steps": [[point[0] // 16 for point in curve] for curve in curves],
            "curve_without_sa": [[point[0] for point in curve] for curve in curves],
            "curve_with_sa": [[point[1] for point in curve] for curve in curves],
        }
    )
    return frame.drop("licenses_with_sa").join(added, on="subject_id")


def owned(alone, with_sa):
    lots = [("a", alone, False), ("s", with_sa, True)]
    rows = [(name, WINDOWS, "Standard", quantity, sa) for name, quantity, sa in lots if quantity]
    return licenses_of(*rows) if rows else NOTHING


def least(curves, alone, with_sa):
    """Try every point of every host. What has Software Assurance and is left over serves where none is needed."""

    def cost(points):
        without, needs = (sum(point[k] for point in points) for k in (0, 1))
        over = max(with_sa - needs, 0)
        return WITH_SA * max(needs - with_sa, 0) + ALONE * max(without - alone - over, 0)

    return min(cost(points) for points in product(*curves))


def test_by_list_prices_the_point_of_the_row_is_taken():
    plan = solved(demand(CURVE), NOTHING, PRICES)["plan"]
    assert plan.select("licenses_required", "licenses_with_sa", "full_sets", "reason").rows() == [
        (40, 8, 2, Reason.ONLY_OPTION.code)
    ]


def test_owned_licenses_make_another_point_the_cheapest():
    found = solved(demand(CURVE), owned(48, 0), PRICES)
    row = found["plan"].select("licenses_required", "licenses_with_sa", "full_sets", "licenses_short", "reason").row(0)
    assert row == (48, 0, 3, 0, Reason.OWNED_LICENSES.code)
    assert found["plan"]["cost"].item() == listed((48, 0))
    assert found["plan"]["cost_of_next_best"].item() == listed((32, 8))
    assert found["position"]["objective"].drop_nulls().unique().to_list() == [0]
    assert found["alternatives"].select("option", "is_chosen").rows() == [(MIX, True)]


def test_equal_hosts_take_different_points_where_that_costs_less():
    plan = solved(demand(*[CURVE] * 3), owned(112, 0), PRICES)["plan"].sort("subject_id")
    assert sorted(plan["full_sets"].to_list()) == [2, 2, 3]
    assert plan["subject_id"].to_list() == ["h0", "h1", "h2"]


SHORT = [(0, 20), (16, 10), (32, 0)]


@given(
    curves=st.lists(st.sampled_from([CURVE, SHORT, CURVE[1:]]), min_size=1, max_size=3),
    alone=st.integers(0, 40),
    with_sa=st.integers(0, 25),
)
@settings(max_examples=15)
@pytest.mark.slow
def test_no_other_points_leave_less_to_buy(curves, alone, with_sa):
    found = solved(demand(*curves), owned(2 * alone, 2 * with_sa), PRICES)
    rows = found["plan"].sort("subject_id").select("licenses_required", "licenses_with_sa").rows()
    assert all((whole - sa, sa) in curve for (whole, sa), curve in zip(rows, curves, strict=True))
    assert found["true_up"]["cost"].sum() == least(curves, 2 * alone, 2 * with_sa)
    proven = found["position"].drop_nulls("objective").filter(pl.col("required") > 0)
    assert set(proven["bound"]) == {least(curves, 2 * alone, 2 * with_sa)}
