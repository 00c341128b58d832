from dataclasses import replace
from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.position_estates import estate
from benchmarks.position_heuristics import HEURISTICS
from lmanalytics.errors import PositionError
from lmanalytics.position.large import large
from lmanalytics.position.large_prices import Limits
from lmanalytics.position.problem import ARCS, GOODS, NEEDS, SUPPLY, TAKES, USES, YIELDS, Problem

TINY = Limits(whole=0, sample=1, open=1, blocks=2, near=1, mends=2, nodes=2)
"""So little is tried that every step has something to do, even where there are three shapes."""


def problem(shapes, supply=(), arcs=(), goods=(), fixed=(0, 0, 0)):
    """Make a problem of (count, [{need: quantity}, …]), (supply, need, cost, limit), (price, {need: quantity})."""
    takes = [
        (s, f"o{i}", count, float(sum(take.values())))
        for s, (count, them) in enumerate(shapes)
        for i, take in enumerate(them)
    ]
    every = [take for _, them in shapes for take in them]
    return Problem(
        takes=pl.DataFrame(takes, TAKES, orient="row"),
        uses=pl.DataFrame([(t, d, q) for t, take in enumerate(every) for d, q in take.items()], USES, orient="row"),
        needs=pl.DataFrame({"fixed": fixed}, NEEDS),
        supply=pl.DataFrame({"quantity": supply}, SUPPLY),
        arcs=pl.DataFrame([(s, d, c, 0, limit) for s, d, c, limit in arcs], ARCS, orient="row"),
        goods=pl.DataFrame([(price, max(brings.values())) for price, brings in goods], GOODS, orient="row"),
        yields=pl.DataFrame([(g, d, q) for g, (_, brings) in enumerate(goods) for d, q in brings.items()], YIELDS, orient="row"),
    )  # fmt: skip


@st.composite
def small(draw):
    """Draw two needs and a line whose packs a good of price 0 passes on to the first need; some also lower a need."""
    whole = st.integers(0, 3)
    take = st.dictionaries(st.integers(0, 1), st.integers(-1, 2), max_size=2)
    shapes = draw(st.lists(st.tuples(st.integers(1, 2), st.lists(take, min_size=1, max_size=3)), max_size=3))
    supply = draw(st.lists(whole, max_size=2))
    every = list(product(range(len(supply)), range(2)))
    pairs = draw(st.lists(st.sampled_from(every), unique=True, max_size=3)) if every else []
    money = st.sampled_from([0.0, 0.5, 1.0, 2.5, 7.25])
    arcs = [(s, d, draw(money), draw(st.sampled_from([None, 1]))) for s, d in pairs]
    price = st.sampled_from([1.0, 2.0, 3.5, 9.99])
    goods = [
        (draw(price), {0: 1}),
        (draw(price), {1: draw(st.integers(1, 3))}),
        (draw(price), {2: draw(st.integers(2, 3))}),
        (0.0, {2: -1, 0: 1}),
    ]
    if draw(st.booleans()):
        goods.append((draw(price), {0: 1, 1: 1}))
    return problem(shapes, supply, arcs, goods, [draw(whole), draw(whole), 0])


def cheapest(p):
    """Try everything: each way to take, to let flow and to buy."""
    needs, arcs, goods = p.needs.height, p.arcs.rows(), p.goods.height
    uses = np.zeros((p.takes.height, needs), int)
    np.add.at(uses, (p.uses["take"].to_numpy(), p.uses["need"].to_numpy()), p.uses["quantity"].to_numpy())
    ways = []
    for shape in p.takes["shape"].unique(maintain_order=True).to_list():
        rows, count = (
            np.flatnonzero(p.takes["shape"].to_numpy() == shape),
            p.takes.filter(pl.col("shape") == shape)["count"][0],
        )
        dealt = [n for n in product(range(count + 1), repeat=len(rows)) if sum(n) == count]
        ways.append([np.array(n) @ uses[rows] for n in dealt])
    wanted = {tuple(p.needs["fixed"].to_numpy() + sum(way, np.zeros(needs, int))) for way in product(*ways)}
    most = np.maximum(np.array(list(wanted)).max(axis=0), 0)
    most[-1] += most[0]  # what the line passes on
    flows = []
    for flow in product(
        *(range(p.supply["quantity"][s] + 1) if limit is None else range(limit + 1) for s, _, _, _, limit in arcs)
    ):
        out, brought = [0] * p.supply.height, np.zeros(needs, int)
        for n, (s, d, _, _, _) in zip(flow, arcs, strict=True):
            out[s] += n
            brought[d] += n
        if all(n <= q for n, q in zip(out, p.supply["quantity"], strict=True)):
            flows.append((sum(n * a[2] for n, a in zip(flow, arcs, strict=True)), brought))
    brings = np.zeros((goods, needs), int)
    np.add.at(brings, (p.yields["good"].to_numpy(), p.yields["need"].to_numpy()), p.yields["quantity"].to_numpy())
    spent, given = (np.array(part) for part in zip(*flows, strict=True))
    # More of a good than meets the largest of its needs is of no use.
    tops = [max(-(-most[d] // row[d]) for d in np.flatnonzero(row > 0)) + 1 for row in brings]
    packs = np.stack(np.meshgrid(*(np.arange(top) for top in tops), indexing="ij"), -1).reshape(-1, goods)
    cost = (spent[:, None] + packs @ p.goods["price"].to_numpy()).ravel()
    met = (given[:, None, :] + packs @ brings).reshape(-1, needs)
    return min(cost[(met >= w).all(axis=1)].min() for w in wanted)


def check(p, solution):
    """Count again, in whole numbers, that the solution is one; and that it costs what it says."""
    takes = p.takes.with_columns(n=solution.takes)
    sums = takes.group_by("shape").agg(pl.col("n").sum(), pl.col("count").first())
    assert (sums["n"] == sums["count"]).all()
    assert takes["n"].min() is None or takes["n"].min() >= 0
    arcs, goods = p.arcs.with_columns(n=solution.flows), p.goods.with_columns(n=solution.packs)
    assert arcs.filter((pl.col("n") < 0) | (pl.col("n") > pl.col("limit"))).is_empty()
    assert goods.filter(pl.col("n") < 0).is_empty()
    out = arcs.group_by("supply").agg(pl.col("n").sum())
    given_out = p.supply.with_row_index("supply").join(out, on="supply", how="left").fill_null(0)
    assert (given_out["n"] <= given_out["quantity"]).all()
    used = p.uses.join(takes.with_row_index("take").select("take", "n"), on="take")
    brought = p.yields.join(goods.with_row_index("good").select("good", "n"), on="good")
    parts = [
        arcs.select("need", met="n"),
        used.select("need", met=-pl.col("n") * pl.col("quantity")),
        brought.select("need", met=pl.col("n") * pl.col("quantity")),
    ]
    met = pl.concat(parts).group_by("need").agg(pl.col("met").sum())
    needs = p.needs.with_row_index("need").join(met, on="need", how="left").fill_null(0)
    assert (needs["met"] >= needs["fixed"]).all()
    cost = (arcs["n"] * arcs["cost"]).sum() + (goods["n"] * goods["price"]).sum()
    assert solution.objective == pytest.approx(cost, rel=1e-12, abs=1e-9)
    assert solution.bound <= solution.objective


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(small())
def test_a_small_problem_is_solved_as_by_trying_everything(p):
    solution = large(p)
    check(p, solution)
    best = cheapest(p)
    assert solution.objective == pytest.approx(best, abs=1e-6)
    assert solution.bound <= best + 1e-9


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(small())
def test_the_bound_holds_however_little_is_tried(p):
    solution = large(p, TINY)
    check(p, solution)
    best = cheapest(p)
    assert solution.bound <= best + 1e-9
    assert best <= solution.objective + 1e-9


@pytest.mark.parametrize(
    "limits", [Limits(near=40, mends=2), Limits(whole=0, sample=50, open=60, blocks=8, near=40, mends=2)]
)
def test_an_estate_of_many_shapes_is_solved_nearly_to_the_bound(limits):
    p = estate(400, 50_000)
    solution = large(p, limits)
    check(p, solution)
    assert solution.objective - solution.bound <= 1e-4 * solution.objective


def test_the_same_problem_has_the_same_solution():
    p = estate(300, 3_000)
    limits = Limits(whole=0, sample=50, open=60, blocks=8, near=20, mends=2)
    first, second = large(p, limits), large(p, limits)
    assert first.takes.equals(second.takes)
    assert first.flows.equals(second.flows)
    assert first.packs.equals(second.packs)
    assert (first.objective, first.bound) == (second.objective, second.bound)


def test_nothing_costs_nothing():
    solution = large(problem([], fixed=[]))
    assert (solution.objective, solution.bound) == (0, 0)
    solution = large(problem([], goods=[(3.0, {0: 2})], fixed=[3]))
    assert solution.packs.to_list() == [2]
    assert solution.objective == 6


def test_an_alternative_that_needs_nothing_is_taken():
    solution = large(problem([(5, [{0: 1}, {}])], goods=[(3.0, {0: 1})], fixed=[0]))
    assert solution.takes.to_list() == [0, 5]


def test_of_equal_costs_the_smaller_list_cost_is_taken():
    p = problem([(4, [{0: 2}, {0: 1}])], supply=[20], arcs=[(0, 0, 0.0, None)], goods=[(3.0, {0: 1})], fixed=[0])
    assert large(p).takes.to_list() == [0, 4]


def test_a_scarce_license_is_worth_what_it_saves():
    p = problem([(10, [{0: 1}])], supply=[4], arcs=[(0, 0, 1.0, None)], goods=[(3.0, {0: 1})], fixed=[0])
    solution = large(p)
    assert solution.objective == 4 * 1 + 6 * 3
    assert solution.worth_of_need.to_list() == pytest.approx([3])
    assert solution.worth_of_supply.to_list() == pytest.approx([2])


def test_a_need_that_nothing_can_meet_is_named():
    p = problem([(10, [{1: 2}])], supply=[4], arcs=[(0, 1, 0.0, None)], goods=[(3.0, {0: 1})], fixed=[0, 0])
    with pytest.raises(PositionError, match=r"16 licenses of need 1 can neither be covered .* nor be bought"):
        large(p)


def test_a_negative_price_or_quantity_is_named():
    p = problem([(1, [{0: 1}])], supply=[-4], goods=[(-3.0, {0: 1})], fixed=[0])
    with pytest.raises(PositionError, match=r"1 of the licenses owned, 1 of the prices are negative"):
        large(p)


def test_no_rule_of_thumb_is_cheaper():
    p = estate(60, 1_000)
    objective = large(p, Limits(whole=0, near=10, mends=1)).objective
    assert all(objective <= rule(p) for rule in HEURISTICS.values())


def test_without_supply_everything_is_bought():
    p = estate(50, 500)
    none = replace(p, supply=p.supply.clear(), arcs=p.arcs.clear())
    solution = large(none)
    check(none, solution)
    assert solution.objective > large(p).objective
