"""The solver equals exhaustive search, written out plainly: every choice, every use of a license, every purchase."""

from dataclasses import replace
from itertools import product
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import PositionError
from lmanalytics.position import exact as module
from lmanalytics.position import heuristics
from lmanalytics.position.exact import exact
from lmanalytics.position.problem import ARCS, GOODS, NEEDS, SUPPLY, TAKES, USES, YIELDS, Problem

# Needs: licenses of Windows Server Standard and Datacenter and of System Center Datacenter, then the lines and the
# base of step-ups that a license passes through, and what suites may bring to subjects with both products.
STANDARD, DATACENTER, CENTER, BUY_S, BUY_D, BUY_C, SUITE, STEP, BASE, JOINT = range(10)


def problem(shapes, lots, packs):
    """Build the problem of an estate.

    shapes: (count, [needs by class for each alternative]); lots: (edition, quantity, has SA);
    packs: {line: [(size, price)]}.
    """
    takes, uses = [], []
    for shape, (count, alternatives) in enumerate(shapes):
        for number, needs in enumerate(alternatives):
            for need, quantity in enumerate(needs):
                if quantity:
                    uses.append((len(takes), need, quantity))
            if both := min(needs[DATACENTER], needs[CENTER]):
                uses.append((len(takes), JOINT, -both))
            takes.append((shape, f"o{number}", count, 0.0))
    arcs = []
    for lot, (edition, _, has_sa) in enumerate(lots):
        serves = [edition] + [STANDARD] * (edition == DATACENTER) + [BASE] * (edition == STANDARD and has_sa)
        arcs += [(lot, need, 0.0, 0, None) for need in serves]
    goods = [(float(price), size) for line in packs for size, price in packs[line]]
    yields = [(g, line, size) for g, (line, size) in enumerate((b, s) for b in packs for s, _ in packs[b])]
    passages = [
        {BUY_S: -1, STANDARD: 1}, {BUY_D: -1, DATACENTER: 1}, {BUY_D: -1, STANDARD: 1}, {BUY_C: -1, CENTER: 1},
        {SUITE: -1, JOINT: -1, DATACENTER: 1, CENTER: 1}, {STEP: -1, BASE: -1, DATACENTER: 1},
        {STEP: -1, BASE: -1, STANDARD: 1},
    ]  # fmt: skip
    for passage in passages:
        yields += [(len(goods), need, quantity) for need, quantity in passage.items()]
        goods.append((0.0, 0))

    def frame(rows, schema):
        return pl.DataFrame(rows, schema=schema, orient="row")

    return Problem(
        frame(takes, TAKES), frame(uses, USES), frame([(0,)] * 10, NEEDS), frame([(q,) for _, q, _ in lots], SUPPLY),
        frame(arcs, ARCS), frame(goods, GOODS), frame(yields, YIELDS),
    )  # fmt: skip


def test_an_option_that_names_one_class_twice_needs_both():
    one = problem([(3, [[8, *[0] * 9]])], [], {BUY_S: [(2, 100)]})
    twice = replace(one, uses=pl.concat([one.uses, one.uses]))
    assert (exact(one).objective, exact(twice).objective) == (1200.0, 2400.0)


def filled(line, quantity, packs):
    """Cost the cheapest mix of packs for at least so many licenses."""
    best = [0] + [None] * quantity
    for n in range(1, quantity + 1):
        best[n] = min(price + best[max(0, n - size)] for size, price in packs[line])
    return best[quantity]


def cheapest(shapes, lots, packs):
    """Try every choice, every use of what is owned, every step-up and every suite."""
    picks = [list(product(alternatives, repeat=count)) for count, alternatives in shapes]
    return min(purchase([n for pick in taken for n in pick], lots, packs) for taken in product(*picks))


def purchase(chosen, lots, packs):
    needed = [sum(needs[k] for needs in chosen) for k in (STANDARD, DATACENTER, CENTER)]
    joint = sum(min(needs[DATACENTER], needs[CENTER]) for needs in chosen)
    owned = [sum(q for e, q, _ in lots if e == k) for k in (STANDARD, DATACENTER, CENTER)]
    base = sum(q for e, q, sa in lots if e == STANDARD and sa)
    costs = []
    for down in range(owned[DATACENTER] + 1):  # Datacenter licenses that run Standard
        for stepped in range(base + 1):  # Standard licenses that become Datacenter
            standard = max(0, needed[STANDARD] - min(owned[STANDARD] - stepped, needed[STANDARD]) - down)
            datacenter = max(0, needed[DATACENTER] - (owned[DATACENTER] - down) - stepped)
            center = max(0, needed[CENTER] - owned[CENTER])
            for suites in range(joint + 1):
                costs += [
                    filled(STEP, stepped, packs)
                    + filled(SUITE, suites, packs)
                    + filled(BUY_S, standard - dear, packs)
                    + filled(BUY_D, max(0, datacenter - suites) + dear, packs)
                    + filled(BUY_C, max(0, center - suites), packs)
                    for dear in range(standard + 1)  # Standard that is bought as Datacenter
                ]
    return min(costs)


def drawing(seed):
    return Random(seed)  # noqa: S311 (draws test estates)


def estate(draw):
    """Draw an estate; `draw(a, b)` gives a whole number from a to b."""
    shapes = []
    for _ in range(draw(1, 2)):
        center = draw(0, 3)
        options = [(draw(1, 5), 0, center), (0, draw(1, 3), center), (draw(0, 2), draw(0, 2), center)]
        shapes.append((draw(1, 2), options[: draw(1, 3)]))
    lots = [(draw(0, 2), draw(1, 4), bool(draw(0, 1))) for _ in range(draw(0, 3))]
    packs = {
        line: [(1 + draw(0, 1), draw(*price)), (4, 3 * draw(*price))]
        for line, price in ((BUY_S, (5, 20)), (BUY_D, (10, 60)), (BUY_C, (5, 30)), (SUITE, (10, 80)), (STEP, (2, 40)))
    }
    return shapes, lots, packs


def meets(found, asked):
    """Check a solution against the problem, row by row."""
    by_shape = asked.takes.with_columns(n=found.takes).group_by("shape").agg(pl.col("n").sum(), pl.col("count").first())
    assert by_shape.filter(pl.col("n") != pl.col("count")).is_empty()
    out = asked.arcs.with_columns(n=found.flows).group_by("supply").agg(pl.col("n").sum())
    held = asked.supply.with_row_index("supply")
    assert held.join(out, on="supply").filter(pl.col("n") > pl.col("quantity")).is_empty()
    parts = [
        asked.arcs.select("need", n=found.flows),
        asked.yields.join(found.packs.to_frame("p").with_row_index("good"), on="good").select(
            "need", n=pl.col("quantity") * pl.col("p")
        ),
        asked.uses.join(found.takes.to_frame("t").with_row_index("take"), on="take").select(
            "need", n=-pl.col("quantity") * pl.col("t")
        ),
    ]
    net = pl.concat(parts).group_by("need").agg(pl.col("n").sum())
    needs = asked.needs.with_row_index("need")
    assert needs.join(net, on="need").filter(pl.col("n") < pl.col("fixed")).is_empty()
    assert min(found.takes.min(), found.packs.min(), found.flows.min() or 0) >= 0


def check(drawn):
    asked, found = problem(*drawn), exact(problem(*drawn))
    least = cheapest(*drawn)
    meets(found, asked)
    assert found.objective == least
    assert found.bound == least
    return asked, least


@pytest.mark.parametrize("seed", range(8))
def test_every_small_estate_costs_what_trying_everything_finds(seed):
    random = drawing(seed)
    for _ in range(25):
        check(estate(random.randint))


def price_list_of_one_pack_each(drawn):
    """Leave one size of pack on every line, which fits hardly any need."""
    shapes, lots, packs = drawn
    return shapes, lots, {line: [(3, price + 1)] for line, ((_, price), _) in packs.items()}


@pytest.mark.parametrize("seed", range(20, 26))
def test_where_no_pack_fits_it_costs_what_trying_everything_finds(seed):
    random = drawing(seed)
    for _ in range(25):
        check(price_list_of_one_pack_each(estate(random.randint)))


def test_a_search_that_calls_a_dear_solution_optimal_is_not_believed(monkeypatch):
    asked = problem([(2, [(3, 0, 0), (0, 2, 0)])], [(STANDARD, 2, True)], PRICES)
    right, search = exact(asked), module.searched

    def mistaken(matrix, price, unit, start, *, simplified=True):
        found, bound = search(matrix, price, unit, start, simplified=simplified)
        if simplified:
            found[-asked.goods.height] += 4  # packs that nothing needs
            bound = price @ found
        return found, bound

    monkeypatch.setattr(module, "searched", mistaken)
    assert (exact(asked).objective, exact(asked).bound) == (right.objective, right.bound)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_thousands_of_small_estates_cost_what_trying_everything_finds(seed):
    random = drawing(seed)
    for _ in range(100):
        check(estate(random.randint))


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_no_estate_is_found_that_costs_less(data):
    check(estate(lambda low, high: data.draw(st.integers(low, high))))


@pytest.mark.parametrize("seed", range(4))
def test_no_heuristic_is_ever_cheaper(seed):
    random = drawing(seed)
    for _ in range(10):
        asked, least = check(estate(random.randint))
        assert min(heuristics.costs(asked).values()) >= least - 1e-6


def test_the_same_problem_has_the_same_solution_every_time():
    drawn = estate(drawing(7).randint)
    first, second = exact(problem(*drawn)), exact(problem(*drawn))
    for name in ("takes", "flows", "packs", "worth_of_need", "worth_of_supply"):
        assert getattr(first, name).to_list() == getattr(second, name).to_list()


ONE = [(1, [(0, 4, 0)])]
PRICES = {BUY_S: [(2, 10)], BUY_D: [(2, 60)], BUY_C: [(2, 30)], SUITE: [(2, 80)], STEP: [(2, 40)]}


def test_one_license_more_is_worth_what_it_saves():
    found = exact(problem(ONE, [(DATACENTER, 2, False)], PRICES))
    assert found.objective == 60
    assert found.worth_of_supply.to_list() == [30]
    assert found.worth_of_need.to_list()[DATACENTER] == 30
    enough = exact(problem(ONE, [(DATACENTER, 5, False)], PRICES))
    assert enough.worth_of_supply.to_list() == [0]


def test_packs_are_rounded_once_for_all_subjects():
    three = [(1, [(3, 0, 0)]), (2, [(3, 0, 0)])]
    assert exact(problem(three, [], PRICES)).objective == 50


def test_a_step_up_takes_the_base_license_away_from_standard():
    both = [(1, [(2, 0, 0)]), (1, [(0, 2, 0)])]
    assert exact(problem(both, [(STANDARD, 2, True)], PRICES)).objective == 40 + 10
    assert exact(problem(both, [(STANDARD, 2, False)], PRICES)).objective == 60


def test_a_suite_serves_subjects_with_both_products_only():
    together = [(1, [(0, 2, 2)])]
    apart = [(1, [(0, 2, 0)]), (1, [(0, 0, 2)])]
    assert exact(problem(together, [], PRICES)).objective == 80
    assert exact(problem(apart, [], PRICES)).objective == 90


def test_among_equal_costs_the_least_list_cost_wins():
    asked = problem([(1, [(2, 0, 0), (0, 2, 0)])], [(STANDARD, 2, False), (DATACENTER, 2, False)], PRICES)
    for costs, option in (([5.0, 9.0], [1, 0]), ([9.0, 5.0], [0, 1])):
        again = replace(asked, takes=asked.takes.with_columns(list_cost=pl.Series(costs)))
        assert exact(again).takes.to_list() == option


@pytest.mark.parametrize(
    ("lots", "packs", "sentence"),
    [
        ([(STANDARD, -1, False)], PRICES, "returns exceed what was bought"),
        ([], PRICES | {BUY_D: [(2, -60)]}, "prices are negative"),
        ([], {line: [] for line in PRICES}, "neither owned nor for sale"),
    ],
)
def test_contradictions_end_in_a_sentence(lots, packs, sentence):
    with pytest.raises(PositionError, match=sentence):
        exact(problem(ONE, lots, packs))


def test_an_empty_problem_costs_nothing():
    found = exact(problem([], [], {line: [] for line in PRICES}))
    assert (found.objective, found.bound) == (0, 0)
