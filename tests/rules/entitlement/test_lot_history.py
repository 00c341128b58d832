"""Step-ups, coverage and returns against a plain reference that moves one license at a time."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples.entitlement import Ledger, in_force

DAY = timedelta(days=1)
START = date(2024, 1, 1)
AS_OF = date(2026, 6, 30)
NAMES = ("BizTalk Server Branch", "BizTalk Server Standard", "BizTalk Server Enterprise")
EDGES = ((0, 1), (0, 2), (1, 2))
KINDS = {"transfer_out": 0, "sa": 2, "step_up": 4}


@dataclass
class Unit:
    """One license of the reference."""

    lot: str
    node: int
    agreement: str
    since: date
    acquired: date
    sa_start: date | None
    sa_end: date | None
    until: date = date.max
    removed: bool = False
    left: list[tuple[int, str, date, date]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    is_pinned: bool = False

    def covered(self, day: date) -> bool:
        return self.sa_start is not None and self.sa_end is not None and self.sa_start <= day <= self.sa_end


def days(offset: int) -> date:
    return START + offset * DAY


def reference(lots: list[dict[str, Any]], events: list[dict[str, Any]]) -> tuple[list[Unit], dict[str, int]]:
    """Serve the events of each product in topological order, day by day, one license after another."""
    pinned = {e["pin"] for e in events if e.get("pin")}
    units = [
        Unit(
            lot["id"],
            lot["node"],
            lot["agreement"],
            lot["day"],
            lot["day"],
            lot["day"] if lot["sa_end"] else None,
            lot["sa_end"],
            is_pinned=lot["id"] in pinned,
        )
        for lot in lots
        for _ in range(lot["quantity"])
    ]
    missing = {}
    for node in range(len(NAMES)):
        mine = [e for e in events if e["node"] == node]
        mine.sort(
            key=lambda e: (e["day"], KINDS[e["kind"]], not e["pin"], str(e.get("sa_end")), e.get("to", 0), e["id"])
        )
        for group in _together(mine):
            for scope in ("home", "left") if group[0]["kind"] == "transfer_out" else ("home", "entity"):
                if scope == "entity" and group[0]["kind"] != "sa":
                    continue
                for event in group:
                    if scope == "entity" and event.get("pin"):
                        continue
                    for _ in range(missing.get(event["id"], event["quantity"])):
                        chosen = _choose(units, event, scope)
                        if chosen is None:
                            break
                        _apply(chosen, event)
                        missing[event["id"]] = missing.get(event["id"], event["quantity"]) - 1
        missing |= {e["id"]: e["quantity"] for e in mine if e["id"] not in missing}
    return units, missing


def _together(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Events of one day and kind ask their first scope before any asks its second."""
    groups: list[list[dict[str, Any]]] = []
    for event in events:
        same = groups and all(groups[-1][0].get(k) == event.get(k) for k in ("day", "kind"))
        if same and bool(groups[-1][0].get("pin")) == bool(event.get("pin")):
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def _choose(units: list[Unit], event: dict[str, Any], scope: str) -> Unit | None:
    def preference(unit: Unit) -> tuple[Any, ...]:
        acquired = unit.acquired.toordinal()
        end = unit.sa_end.toordinal() if unit.sa_end else 0
        apart = abs(event["day"].toordinal() - 1 - end) if unit.sa_end else 0
        first = {"step_up": -end, "transfer_out": -acquired, "sa": apart}[event["kind"]]
        left = [(-d.toordinal(), since) for n, _, d, since in unit.left if n == event["node"]]
        stepped, since = left[0] if left else (-date.max.toordinal(), unit.since)
        stays = -unit.until.toordinal()
        ties = (unit.lot, stepped, since, end, stays, unit.agreement, unit.sa_start or date.min)
        return unit.is_pinned, first, acquired, *ties

    return min((u for u in units if _fits(u, event, scope)), key=preference, default=None)


def _fits(unit: Unit, event: dict[str, Any], scope: str) -> bool:
    day, kind, pin = event["day"], event["kind"], event.get("pin")
    if (pin and unit.lot != pin) or (kind == "transfer_out" and unit.removed):
        return False
    if scope == "left":
        gone = any(n == event["node"] and a == event["agreement"] and d <= day for n, a, d, _ in unit.left)
        return gone and unit.until >= day
    is_home = scope == "entity" or bool(pin) or unit.agreement == event["agreement"]
    if unit.node != event["node"] or not is_home or not unit.since <= day <= unit.until:
        return False
    if kind == "step_up":
        return unit.covered(day)
    if kind == "sa" and unit.sa_end is None:
        return day <= unit.acquired
    return kind != "sa" or (day <= unit.sa_end + DAY and event["sa_end"] > unit.sa_end)


def _apply(unit: Unit, event: dict[str, Any]) -> None:
    if event["kind"] == "step_up":
        unit.left.append((unit.node, unit.agreement, event["day"], unit.since))
        unit.node, unit.since = event["to"], event["day"]
        unit.steps.append(event["id"])
    elif event["kind"] == "sa":
        unit.sa_start = unit.sa_start if unit.sa_end and event["day"] <= unit.sa_end + DAY else event["day"]
        unit.sa_end = event["sa_end"]
        unit.agreement = event["agreement"]
    else:
        unit.until, unit.removed = event["day"] - DAY, True


Estate = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def estates(seed: int) -> list[Estate]:
    """Many small estates of the BizTalk chain under two agreements, on few days so that orders collide."""
    dice = random.Random(seed)  # noqa: S311 (a test's dice)
    return [_estate(dice) for _ in range(40)]


def _estate(dice: random.Random) -> Estate:
    def day() -> date:
        return days(60 * dice.randrange(7))

    lots = [
        {
            "id": f"L{n}",
            "node": dice.choice((0, 0, 0, 1, 2)),
            "agreement": dice.choice("AAAB"),
            "day": day(),
            "sa_end": dice.choice((None, days(60 * dice.randrange(1, 13) - 1), days(60 * dice.randrange(6, 13) - 1))),
            "quantity": dice.randrange(1, 7),
        }
        for n in range(dice.randrange(1, 6))
    ]
    events: list[dict[str, Any]] = []
    for n in range(dice.randrange(9)):
        event: dict[str, Any] = {
            "id": f"E{n}",
            "kind": dice.choice(("step_up", "step_up", "sa", "transfer_out")),
            "agreement": dice.choice("AAAB"),
            "day": day(),
            "quantity": dice.randrange(1, 7),
            "pin": None,
            "node": dice.choice((0, 0, 1, 2)),
        }
        if event["kind"] == "step_up":
            event["node"], event["to"] = dice.choice(EDGES)
            event["pin"] = dice.choice([None, None, None, *(lot["id"] for lot in lots)])
        if event["kind"] == "sa":
            event["sa_end"] = event["day"] + dice.randrange(1, 9) * 60 * DAY - DAY
        events.append(event)
    return lots, events


def buy(ledger: Ledger, entity: str, lots: list[dict[str, Any]], events: list[dict[str, Any]]) -> None:
    for lot in lots:
        kind = "license_and_sa" if lot["sa_end"] else "license"
        ledger.buy(
            NAMES[lot["node"]],
            kind,
            lot["quantity"],
            entity_id=entity,
            purchase_id=lot["id"],
            agreement_id=lot["agreement"],
            order_date=lot["day"],
            coverage_start=lot["day"] if lot["sa_end"] else None,
            coverage_end=lot["sa_end"],
        )
    for event in events:
        more = {
            "entity_id": entity,
            "purchase_id": event["id"],
            "agreement_id": event["agreement"],
            "order_date": event["day"],
            "base_purchase_id": event.get("pin"),
        }
        if event["kind"] == "step_up":
            ledger.step_up(NAMES[event["node"]], NAMES[event["to"]], event["quantity"], **more)
        elif event["kind"] == "sa":
            more |= {"coverage_start": event["day"], "coverage_end": event["sa_end"]}
            ledger.buy(NAMES[event["node"]], "sa", event["quantity"], **more)
        else:
            ledger.buy(NAMES[event["node"]], "transfer_out", event["quantity"], **more)


def played(many: list[Estate]) -> list[dict[str, pl.DataFrame]]:
    """Answers of several estates, computed at once as entities that share every id."""
    ledger = Ledger(takes_returns=True)
    for number, (lots, events) in enumerate(many):
        buy(ledger, f"entity {number}", lots, events)
    answers = ledger.answers(AS_OF)
    return [
        {name: frame.filter(pl.col("entity_id") == f"entity {number}") for name, frame in answers.items()}
        for number in range(len(many))
    ]


SEED = st.integers(0, 2**32)
SLOW = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(SEED)
def test_the_answers_are_those_of_one_license_at_a_time(seed):
    many = estates(seed)
    for (lots, events), answers in zip(many, played(many), strict=True):
        units, missing = reference(lots, events)
        held = in_force(answers["licenses"], AS_OF).select(
            "license_id", "edition", "agreement_id", "sa_end", "valid_from", "quantity"
        )
        found = [(lot.partition("/")[0], *rest) for lot, *rest, quantity in held.rows() for _ in range(quantity)]
        expected = [
            (u.lot, NAMES[u.node].split()[-1], u.agreement, u.sa_end, u.since)
            for u in units
            if u.since <= AS_OF <= u.until
        ]
        assert sorted(found, key=str) == sorted(expected, key=str)
        steps = [e["id"] for e in events if e["kind"] == "step_up"]
        none = answers["step_up_matches"].filter(pl.col("base_purchase_id").is_null())
        short = dict(none.group_by("purchase_id").agg(pl.col("quantity").sum()).rows())
        assert {i: short.get(i, 0) for i in steps} == {i: missing[i] for i in steps}


@SLOW
@given(SEED)
def test_step_ups_and_coverage_add_no_license(seed):
    kept = [(lots, [e for e in events if e["kind"] != "transfer_out"]) for lots, events in estates(seed)]
    for (lots, _), answers in zip(kept, played(kept), strict=True):
        held = in_force(answers["licenses"], AS_OF)
        assert held["quantity"].sum() == sum(lot["quantity"] for lot in lots)
        sums = answers["step_ups"].with_columns(total=pl.col("quantity_valid") + pl.col("quantity_unresolved"))
        assert sums["total"].to_list() == sums["quantity"].to_list()


@SLOW
@given(SEED, st.integers(1, 5))
def test_a_larger_base_never_makes_fewer_step_ups_valid(seed, more):
    first = [(lots, [e for e in events if e["kind"] == "step_up"][:1]) for lots, events in estates(seed)]
    larger = [([{**lot, "quantity": lot["quantity"] + more} for lot in lots], events) for lots, events in first]
    for before, after in zip(played(first), played(larger), strict=True):
        assert after["step_ups"]["quantity_valid"].sum() >= before["step_ups"]["quantity_valid"].sum()


@pytest.mark.parametrize(
    ("reading", "stepped"), [("latest_sa_end", "L2"), ("earliest_sa_end", "L1"), ("first_acquired", "L1")]
)
def test_which_base_is_used_first_is_a_policy(reading, stepped):
    ledger = Ledger(takes_returns=True)
    for name, end in (("L1", date(2025, 12, 31)), ("L2", date(2026, 12, 31))):
        start = START if name == "L1" else START + DAY
        ledger.buy(NAMES[0], "license_and_sa", 5, purchase_id=name, order_date=start, coverage_end=end)
    ledger.step_up(NAMES[0], NAMES[1], 5, order_date=days(100))
    matches = ledger.answers(AS_OF, step_up_base_order=reading)["step_up_matches"]
    assert matches["base_purchase_id"].to_list() == [stepped]


def test_competing_step_ups_are_served_by_day_then_by_the_nearer_product_then_by_purchase():
    ledger = Ledger(takes_returns=True)
    ledger.buy(NAMES[0], "license_and_sa", 10, order_date=START)
    late = ledger.step_up(NAMES[0], NAMES[1], 9, order_date=days(2))
    far = ledger.step_up(NAMES[0], NAMES[2], 4, order_date=days(1))
    near = ledger.step_up(NAMES[0], NAMES[1], 5, order_date=days(1))
    found = ledger.answers(AS_OF)["step_ups"].select("purchase_id", "quantity_valid").rows()
    assert dict(found) == {near: 5, far: 4, late: 1}


def test_renewed_coverage_moves_with_its_new_enrollment_and_so_do_step_ups():
    ledger = Ledger(takes_returns=True)
    ledger.buy(NAMES[0], "license_and_sa", 10, order_date=START, coverage_end=date(2024, 12, 31))
    ledger.buy(NAMES[0], "sa", 10, agreement_id="A2", order_date=date(2025, 1, 1), coverage_end=AS_OF)
    old = ledger.step_up(NAMES[0], NAMES[1], 2, order_date=date(2025, 6, 1))
    new = ledger.step_up(NAMES[0], NAMES[1], 3, order_date=date(2025, 6, 1), agreement_id="A2")
    assert dict(ledger.answers(AS_OF)["step_ups"].select("purchase_id", "quantity_valid").rows()) == {old: 0, new: 3}
    kept = ledger.answers(AS_OF, sa_base="same_enrollment")
    assert dict(kept["step_ups"].select("purchase_id", "quantity_valid").rows()) == {old: 0, new: 0}


def test_a_partial_renewal_splits_the_lot_and_a_gap_cannot_be_repaired():
    ledger = Ledger(takes_returns=True)
    lot = ledger.buy("Visio Standard", "license_and_sa", 500, order_date=START, coverage_end=date(2024, 12, 31))
    ledger.buy("Visio Standard", "sa", 400, order_date=date(2025, 1, 1), coverage_end=AS_OF)
    late = ledger.buy("Visio Standard", "sa", 100, order_date=date(2025, 1, 2), coverage_end=AS_OF)
    answers = ledger.answers(AS_OF)
    parts = answers["licenses"].select("license_id", "quantity", "sa_active", "sa_end").rows()
    assert parts == [(f"{lot}/1", 100, False, date(2024, 12, 31)), (f"{lot}/2", 400, True, AS_OF)]
    row = answers["purchase_outcomes"].filter(pl.col("purchase_id") == late)
    assert row.select("outcome", "reason").rows() == [("excluded", "sa_has_gap")]
    restarted = ledger.answers(AS_OF, sa_gap="restarts")["licenses"]
    assert restarted.filter("sa_active")["quantity"].sum() == 500


def test_returns_leave_unstepped_licenses_first_and_then_take_the_step_ups_along():
    for ordered, left, unresolved in ((60, 10, 0), (100, 0, 30)):
        ledger = Ledger(takes_returns=True)
        ledger.buy("Visio Standard", "license_and_sa", 100, order_date=START)
        ledger.step_up("Visio Standard", "Visio Professional", ordered, order_date=days(10))
        ledger.buy("Visio Standard", "license_and_sa", -30, order_date=days(20))
        answers = ledger.answers(AS_OF)
        assert ledger.held(answers, AS_OF)["Visio Standard"] == left
        assert answers["step_ups"]["quantity_unresolved"].to_list() == [unresolved]
        assert in_force(answers["licenses"], AS_OF)["quantity"].sum() == 70
        assert in_force(answers["licenses"], days(19))["quantity"].sum() == 100


def test_a_step_up_that_leaves_with_its_own_product_is_gone_but_was_valid():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license_and_sa", 100, order_date=START)
    ledger.step_up("Visio Standard", "Visio Professional", 100, order_date=days(10))
    ledger.buy("Visio Professional", "transfer_out", 30, order_date=days(20))
    answers = ledger.answers(AS_OF)
    assert answers["step_ups"].select("quantity_valid", "quantity_unresolved").rows() == [(100, 0)]
    assert ledger.held(answers, AS_OF) == {"Visio Standard": 0, "Visio Professional": 70}


def test_coverage_goes_to_what_was_bought_with_it_before_it_lengthens_other_coverage():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license_and_sa", 5, order_date=START, coverage_end=days(400))
    ledger.buy("Visio Standard", "license", 5, order_date=days(100))
    ledger.buy("Visio Standard", "sa", 5, order_date=days(100), coverage_end=days(900))
    rows = ledger.answers(AS_OF)["licenses"].select("license_id", "sa_end").rows()
    assert rows == [("P001", days(400)), ("P002", days(900))]
