from itertools import product

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import PositionError
from lmanalytics.position.assign import assign
from lmanalytics.schemas import MONEY

NAMES = "abc"


def frames(owned, required, arcs, prices):
    supply = pl.DataFrame(
        {"supply_class": list(NAMES[: len(owned)]), "quantity": owned}, schema_overrides={"quantity": pl.Int64}
    )
    needs = pl.DataFrame(
        {"demand_class": list(NAMES[: len(required)]), "quantity": required, "unit_price": prices},
        schema_overrides={"quantity": pl.Int64, "unit_price": MONEY},
    )
    pairs = pl.DataFrame(
        {
            "supply_class": [NAMES[s] for s, _ in arcs],
            "demand_class": [NAMES[d] for _, d in arcs],
            "distance": [0] * len(arcs),
        },
        schema_overrides={"supply_class": pl.String, "demand_class": pl.String, "distance": pl.Int64},
    )
    return supply, needs, pairs


def cheapest_shortage(owned, required, arcs, prices):
    """Try every way of serving demand, unit by unit, and return the least cost of what stays short."""
    best = sum(r * p for r, p in zip(required, prices, strict=True))
    ranges = [range(min(owned[s], required[d]) + 1) for s, d in arcs]
    for flow in product(*ranges):
        out = [sum(f for f, (a, _) in zip(flow, arcs, strict=True) if a == s) for s in range(len(owned))]
        got = [sum(f for f, (_, b) in zip(flow, arcs, strict=True) if b == d) for d in range(len(required))]
        if all(o <= have for o, have in zip(out, owned, strict=True)) and all(
            g <= r for g, r in zip(got, required, strict=True)
        ):
            best = min(best, sum((r - g) * p for r, g, p in zip(required, got, prices, strict=True)))
    return best


@given(
    owned=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    required=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    links=st.integers(0, 2**9 - 1),
    prices=st.lists(st.integers(1, 50), min_size=3, max_size=3),
)
def test_no_other_assignment_leaves_less_to_buy(owned, required, links, prices):
    arcs = [(s, d) for s in range(len(owned)) for d in range(len(required)) if links >> (3 * s + d) & 1]
    prices = prices[: len(required)]
    flows = assign(*frames(owned, required, arcs, prices))
    got = dict(flows.group_by("demand_class").agg(pl.col("quantity").sum()).rows())
    out = dict(flows.group_by("supply_class").agg(pl.col("quantity").sum()).rows())
    assert all(out.get(NAMES[i], 0) <= have for i, have in enumerate(owned))
    assert all(got.get(NAMES[i], 0) <= need for i, need in enumerate(required))
    assert set(flows.select("supply_class", "demand_class").rows()) <= {(NAMES[s], NAMES[d]) for s, d in arcs}
    left = sum((need - got.get(NAMES[i], 0)) * prices[i] for i, need in enumerate(required))
    assert left == cheapest_shortage(owned, required, arcs, prices)


def test_the_closer_fit_is_used_first():
    supply, needs, arcs = frames([5, 5], [5], [(0, 0), (1, 0)], [10])
    flows = assign(supply, needs, arcs.with_columns(distance=pl.Series([3, 1])))
    assert flows.rows() == [("b", "a", 5)]


def test_without_prices_as_many_licenses_as_possible_are_covered():
    flows = assign(*frames([4, 4], [4, 4], [(0, 0), (0, 1), (1, 1)], [None, None]))
    assert flows["quantity"].sum() == 8


def test_nothing_owned_or_nothing_required_assigns_nothing():
    assert assign(*frames([0], [5], [(0, 0)], [1])).is_empty()
    assert assign(*frames([5], [0], [(0, 0)], [1])).is_empty()
    assert assign(*frames([5], [5], [], [1])).is_empty()


def test_negative_stock_is_refused_with_what_to_do():
    with pytest.raises(PositionError, match="returns exceed what was bought"):
        assign(*frames([-1], [5], [(0, 0)], [1]))
