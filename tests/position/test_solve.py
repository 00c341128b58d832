"""Parts of a problem are solved apart, and large ones by `large`; together they cost what the whole does."""

import polars as pl
import pytest

from lmanalytics.position import solve
from lmanalytics.position.exact import exact
from lmanalytics.position.problem import Problem
from lmanalytics.position.worth import cost_of_one_more
from tests.position.test_exact import DATACENTER, ONE, PRICES, STANDARD, cheapest, drawing, estate, meets, problem


def side_by_side(first, second):
    """Put two problems into one that share nothing."""

    def moved(frame, column, by):
        return frame.with_columns((pl.col(column).cast(pl.Int64) + by).cast(frame.schema[column]).alias(column))

    def both(name, **by):
        other = getattr(second, name)
        for column, height in by.items():
            other = moved(other, column, height)
        return pl.concat([getattr(first, name), other])

    needs = first.needs.height
    shapes = first.takes["shape"].n_unique()
    return Problem(
        both("takes", shape=shapes), both("uses", take=first.takes.height, need=needs), both("needs"),
        both("supply"), both("arcs", supply=first.supply.height, need=needs), both("goods"),
        both("yields", good=first.goods.height, need=needs),
    )  # fmt: skip


@pytest.mark.parametrize("bins", [1, 100])
def test_parts_cost_together_what_they_cost_alone(monkeypatch, bins):
    monkeypatch.setattr(solve, "_BINS", bins)
    random = drawing(3)
    for _ in range(4):
        drawn = estate(random.randint), estate(random.randint)
        asked = side_by_side(problem(*drawn[0]), problem(*drawn[1]))
        found = solve.solve(asked)
        meets(found.solution, asked)
        assert found.solution.objective == pytest.approx(sum(cheapest(*one) for one in drawn))
        assert found.gaps.sum() == pytest.approx(0)


def test_what_is_too_large_to_try_out_is_solved_with_a_bound(monkeypatch):
    monkeypatch.setattr(solve, "EXACT", 0)
    drawn = estate(drawing(5).randint)
    found = solve.solve(problem(*drawn)).solution
    meets(found, problem(*drawn))
    assert found.bound <= cheapest(*drawn) <= found.objective


def test_subjects_that_need_nothing_take_the_cheapest_name():
    asked = problem([(3, [(0, 0, 0), (0, 0, 0)])], [], PRICES)
    assert solve.solve(asked).solution.takes.to_list() == [3, 0]


def test_one_license_of_what_nobody_needs_yet_costs_its_cheapest_pack():
    asked = problem(ONE, [], PRICES)
    worth = cost_of_one_more(asked, exact(asked))
    assert (worth[STANDARD], worth[DATACENTER]) == (5, 30)
    owned = problem(ONE, [(STANDARD, 3, False)], PRICES)
    assert cost_of_one_more(owned, exact(owned))[STANDARD] == 0
