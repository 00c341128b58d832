"""The position from demand, licenses and a price list: packs, step-ups, suites, locks and the proof."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import PositionError
from lmanalytics.position import alternatives, stage
from lmanalytics.position.grid import Reason
from lmanalytics.position.true_up import Reason as Order
from lmanalytics.rules.benefit import step_up_opportunities
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL, MONEY

SETTINGS = Settings(date(2026, 6, 30))
NO_MINIMUM = pl.LazyFrame(
    schema={"entity_id": pl.String, "product": pl.String, "metric": pl.String, "min_licenses": pl.Int64}
)
WINDOWS, CENTER = "Windows Server", "System Center"
DAY = date(2026, 1, 1)
PRICES = [
    (WINDOWS, "Standard", "license", None, 2, "140"),
    (WINDOWS, "Standard", "license", None, 16, "1000"),
    (WINDOWS, "Datacenter", "license", None, 2, "800"),
    (WINDOWS, "Datacenter", "license_and_sa", None, 2, "1250"),
    (WINDOWS, "Datacenter", "step_up", "Windows Server Standard", 2, "650"),
    (CENTER, "Datacenter", "license_and_sa", None, 2, "600"),
]
SUITE = ("Core Infrastructure Server Suite", "Datacenter", "license_and_sa", None, 2, "1000")


def demand_of(*rows):
    """Read (subject, product, option, edition, required, cost)."""
    names = ["subject_id", "product", "option", "edition", "licenses_required", "cost"]
    frame = pl.LazyFrame(list(rows), schema=names, orient="row", schema_overrides={"licenses_required": pl.Int64})
    full = frame.with_columns(
        entity_id=pl.lit("main"), subject_kind=pl.lit("host"), metric=pl.lit("core"), version=pl.lit("2022"),
        is_available=pl.lit(value=True), currency=pl.lit("USD"), cost=pl.col("cost").cast(MONEY),
        reason=pl.lit("required"),
    )  # fmt: skip
    return ANSWERS["demand"].conform(full).with_columns(licenses_with_sa=pl.lit(0, pl.Int64))


def licenses_of(*rows):
    """Read (license, product, edition, quantity, has SA)."""
    names = ["license_id", "product", "edition", "quantity", "sa_active"]
    frame = pl.LazyFrame(list(rows), schema=names, orient="row", schema_overrides={"quantity": pl.Int64})
    return ANSWERS["licenses"].conform(
        frame.with_columns(
            entity_id=pl.lit("main"), metric=pl.lit("core"), version_right=pl.lit("2025"), agreement_id=pl.lit("E"),
            enrollment_id=pl.lit("N"), program=pl.lit("ea"), valid_from=pl.lit(DAY), is_perpetual=pl.lit(value=True),
            reason=pl.lit("purchased"),
        )
    )  # fmt: skip


def prices_of(rows):
    names = ["product", "edition", "purchase_type", "step_up_from", "pack_size", "unit_price"]
    frame = pl.LazyFrame(list(rows), schema=names, orient="row", schema_overrides={"step_up_from": pl.String})
    return CANONICAL["prices"].conform(
        frame.with_columns(
            entity_id=pl.lit("main"), metric=pl.lit("core"), valid_from=pl.lit(DAY), currency=pl.lit("USD"),
            unit_price=pl.col("unit_price").cast(MONEY),
        )
    )  # fmt: skip


def enrollments():
    frame = pl.LazyFrame(
        {
            "entity_id": ["main"], "agreement_id": ["E"], "enrollment_id": ["N"], "program": ["ea"],
            "start_date": [date(2024, 9, 1)], "end_date": [date(2027, 8, 31)],
        }
    )  # fmt: skip
    return CANONICAL["agreements"].conform(frame)


def assigned(*rows):
    """Read (product, edition, quantity, from, to, day)."""
    names = ["product", "edition", "quantity", "from_host_id", "to_host_id", "assigned_on"]
    types = {"quantity": pl.Int64, "from_host_id": pl.String, "to_host_id": pl.String}
    frame = pl.LazyFrame(list(rows), schema=names, orient="row", schema_overrides=types)
    return CANONICAL["license_assignments"].conform(
        frame.with_columns(
            entity_id=pl.lit("main"), metric=pl.lit("core"), basis=pl.lit("physical_core"), reason=pl.lit("routine"),
            assignment_id=pl.int_range(pl.len()).cast(pl.String),
        )
    )  # fmt: skip


def solved(demand, licenses, prices=PRICES, history=None, minimums=NO_MINIMUM):
    known = {"demand": demand, "licenses": licenses, "agreements": enrollments()}
    if prices is not None:
        known["prices"] = prices_of(prices)
    if history is not None:
        known["license_assignments"] = history
    found = stage.answers(
        known, SETTINGS, minimums=minimums, unknown=None, products=(WINDOWS, CENTER),
        opportunities=step_up_opportunities.by_pack_size(known, SETTINGS),
    )  # fmt: skip
    return {name: frame.collect() for name, frame in found.items()}


def order(found):
    lines = found["true_up"].filter(pl.col("packs") > 0)
    return lines.select("product", "edition", "purchase_type", "pack_size", "packs").rows()


def proof(found):
    return found["position"].select("objective", "bound", "gap").unique().rows()


def host(name, standard=None, datacenter=None):
    """Give a host its options of Windows Server."""
    both = (("standard", "Standard", standard, 70), ("datacenter", "Datacenter", datacenter, 400))
    return [(name, WINDOWS, o, e, n, str(n * price)) for o, e, n, price in both if n]


NOTHING = licenses_of(("none", WINDOWS, "Essentials", 1, False))


def test_packs_are_rounded_once_for_the_pool_and_chosen_with_the_options():
    hosts = [row for n in range(3) for row in host(f"h{n}", standard=9)]
    found = solved(demand_of(*hosts), NOTHING)
    assert order(found) == [(WINDOWS, "Standard", "license", 2, 6), (WINDOWS, "Standard", "license", 16, 1)]
    assert proof(found) == [(Decimal(1840), Decimal(1840), 0)]


def test_stepping_up_costs_less_than_a_new_license():
    owned = licenses_of(("base", WINDOWS, "Standard", 24, True))
    found = solved(demand_of(*host("h", datacenter=16)), owned)
    assert order(found) == [(WINDOWS, "Datacenter", "step_up", 2, 8)]
    line = found["true_up"].row(0, named=True)
    assert line["step_up_from"] == "Windows Server Standard"
    assert (line["agreement_id"], line["enrollment_id"], line["reason"]) == ("E", "N", Order.STEP_UP.code)
    assert line["window_opens"] == date(2026, 7, 3)
    assert proof(found) == [(Decimal(8 * 650), Decimal(8 * 650), 0)]
    assert found["position"].filter(edition="Datacenter")["shortage"].to_list() == [16]


def test_without_software_assurance_there_is_no_step_up():
    owned = licenses_of(("base", WINDOWS, "Standard", 24, False))
    assert order(solved(demand_of(*host("h", datacenter=16)), owned)) == [(WINDOWS, "Datacenter", "license", 2, 8)]


def both(name, windows, center):
    return [
        (name, WINDOWS, "datacenter", "Datacenter", windows, "0"),
        (name, CENTER, "datacenter", "Datacenter", center, "0"),
    ]


def test_a_suite_is_bought_where_one_server_needs_both_and_it_costs_less():
    found = solved(demand_of(*both("h", 16, 16)), NOTHING, [*PRICES, SUITE])
    assert order(found) == [("Core Infrastructure Server Suite", "Datacenter", "license_and_sa", 2, 8)]
    assert proof(found) == [(Decimal(8000), Decimal(8000), 0)]
    apart = demand_of(both("a", 16, 16)[0], both("b", 16, 16)[1])
    assert [row[:2] for row in order(solved(apart, NOTHING, [*PRICES, SUITE]))] == [
        (CENTER, "Datacenter"),
        (WINDOWS, "Datacenter"),
    ]
    dear = solved(demand_of(*both("h", 16, 16)), NOTHING, [*PRICES, (*SUITE[:5], "1500")])
    assert proof(dear) == [(Decimal(8 * 800 + 8 * 600), Decimal(8 * 800 + 8 * 600), 0)]


def test_a_license_inside_its_period_stays_on_its_host():
    owned = licenses_of(("l", WINDOWS, "Datacenter", 16, False))
    hosts = demand_of(*host("a", datacenter=16), *host("b", standard=16, datacenter=16))
    free = solved(hosts, owned)
    assert dict(free["plan"].select("subject_id", "licenses_assigned").rows()) == {"a": 16, "b": 0}
    here = [(WINDOWS, "Datacenter", 16, None, "b", date(2026, 5, 1))]
    held = solved(hosts, owned, history=assigned(*here))
    assert dict(held["plan"].select("subject_id", "licenses_assigned").rows()) == {"a": 0, "b": 16}
    past = [(WINDOWS, "Datacenter", 16, None, "b", date(2026, 1, 5))]
    assert solved(hosts, owned, history=assigned(*past))["plan"]["licenses_assigned"].to_list() == [16, 0]
    moved = assigned(*past, (WINDOWS, "Datacenter", 16, "b", "a", date(2026, 6, 1)))
    assert solved(hosts, owned, history=moved)["plan"]["licenses_assigned"].to_list() == [16, 0]


def test_more_licenses_held_than_owned_are_told_of():
    owned = licenses_of(("l", WINDOWS, "Datacenter", 8, False))
    here = assigned((WINDOWS, "Datacenter", 16, None, "b", date(2026, 5, 1)))
    found = solved(demand_of(*host("b", datacenter=16)), owned, history=here)["findings_of_locks"]
    assert found["statement"].item() == (
        "16 core licenses of Windows Server Datacenter were assigned to hosts that they may not leave before "
        "2026-07-30, but 8 are owned."
    )
    assert found["due_on"].to_list() == [date(2026, 7, 30)]


def test_among_equal_costs_the_assignment_of_today_wins():
    owned = licenses_of(("s", WINDOWS, "Standard", 16, False), ("d", WINDOWS, "Datacenter", 16, False))
    hosts = demand_of(*host("h", standard=16, datacenter=16))
    assert solved(hosts, owned)["plan"]["edition"].to_list() == ["Standard"]
    long_ago = assigned((WINDOWS, "Datacenter", 16, None, "h", date(2024, 5, 1)))
    assert solved(hosts, owned, history=long_ago)["plan"]["edition"].to_list() == ["Datacenter"]


def test_without_prices_licenses_are_minimized_and_the_position_says_so():
    found = solved(demand_of(*host("h", standard=32, datacenter=16)), NOTHING, None)
    assert proof(found) == [(None, None, None)]
    short = found["position"].filter(pl.col("shortage") > 0)
    assert short.select("edition", "reason").rows() == [("Datacenter", Reason.SHORT_WITHOUT_PRICE.code)]


@pytest.mark.parametrize(("first", "cost", "bought"), [(None, 560, "license"), ("2022", 840, "license_and_sa")])
def test_a_shortage_costs_what_is_for_sale(first, cost, bought):
    # Licenses of the version that is sold today may need Software Assurance where older ones do not.
    prices = [(WINDOWS, "Standard", "license", None, 2, "140"), (WINDOWS, "Standard", "license_and_sa", None, 2, "210")]
    asked = demand_of(("h", WINDOWS, "standard", "Standard", 8, "560"))
    asked = asked.with_columns(version=pl.lit("2019"), sa_from_version=pl.lit(first, pl.String))
    found = solved(asked, NOTHING, prices)
    short = found["position"].filter(pl.col("shortage") > 0)
    assert short.select("shortage", "shortage_cost", "objective").rows() == [(8, cost, cost)]
    assert order(found) == [(WINDOWS, "Standard", bought, 2, 4)]


def test_the_minimum_of_a_customer_is_one_choice_of_the_model():
    minimum = pl.LazyFrame({"entity_id": ["main"], "product": [WINDOWS], "metric": ["core"], "min_licenses": [16]})
    options = demand_of(
        ("h", WINDOWS, "virtual_cores", "Datacenter", 8, "5000"), ("h", WINDOWS, "standard", "Standard", 48, "3360")
    ).with_columns(licenses_with_sa=pl.when(pl.col("option") == "virtual_cores").then(8).otherwise(0).cast(pl.Int64))
    assert order(solved(options, NOTHING, minimums=minimum)) == [(WINDOWS, "Standard", "license", 16, 3)]
    owned = licenses_of(("l", WINDOWS, "Datacenter", 15, True))
    found = solved(options, owned, minimums=minimum)
    assert found["plan"].select("subject_kind", "licenses_required").rows() == [("customer", 8), ("host", 8)]
    assert order(found) == [(WINDOWS, "Datacenter", "license_and_sa", 2, 1)]


def test_a_negative_price_ends_in_a_sentence():
    dear = [*PRICES, (WINDOWS, "Standard", "license", None, 4, "-1")]
    with pytest.raises(PositionError, match="correct the price list"):
        solved(demand_of(*host("h", standard=16)), NOTHING, dear)


def test_every_alternative_says_what_it_would_cost():
    owned = licenses_of(("d", WINDOWS, "Datacenter", 16, False))
    hosts = demand_of(*host("a", standard=64, datacenter=16), *host("b", standard=64, datacenter=16))
    found = solved(hosts, owned)
    rows = found["alternatives"].select("subject_id", "option", "cost", "cost_with_owned", "is_chosen").rows()
    scarce = Decimal("62.5") * 64 / 16  # another Datacenter license spares four of Standard
    assert rows == [
        ("a", "datacenter", 6400, scarce * 16, True),
        ("a", "standard", 4480, Decimal("62.5") * 64, False),
        ("b", "datacenter", 6400, scarce * 16, False),
        ("b", "standard", 4480, Decimal("62.5") * 64, True),
    ]
    assert found["position"].filter(edition="Datacenter")["shadow_price"].max() == scarce
    reasons = set(found["alternatives"]["reason"])
    dear = solved(demand_of(*host("h", standard=16, datacenter=16)), NOTHING)["alternatives"]
    unpriced = solved(hosts, NOTHING, None)["alternatives"]
    reasons |= set(dear["reason"]) | set(unpriced["reason"])
    assert reasons == {reason.code for reason in alternatives.Reason}


def test_the_same_inputs_give_the_same_position():
    owned = licenses_of(("s", WINDOWS, "Standard", 24, True), ("d", WINDOWS, "Datacenter", 8, False))
    hosts = demand_of(*(row for n in range(4) for row in host(f"h{n}", standard=32, datacenter=16)))
    first, second = solved(hosts, owned), solved(hosts, owned)
    assert all(first[name].equals(second[name]) for name in first)


def test_a_product_without_prices_leaves_the_proof_of_all_others():
    other = ("s", CENTER, "datacenter", "Datacenter", 4, None)
    found = solved(demand_of(*host("h", standard=16), other), NOTHING, PRICES[:-1])
    rows = found["position"].filter(pl.col("required") > 0).sort("product")
    assert rows.select("product_group", "objective", "bound", "gap").rows() == [
        ("System Center core", None, None, None),
        ("Windows Server core", Decimal(1000), Decimal(1000), Decimal(0)),
    ]
    assert rows["reason"].to_list() == [Reason.SHORT_WITHOUT_PRICE.code, Reason.SHORT.code]
    assert rows["entity_group"].to_list() == ["main", "main"]


def test_a_suite_that_serves_two_products_makes_one_group_of_them():
    found = solved(demand_of(*both("h", 16, 16)), NOTHING, [*PRICES, SUITE])
    groups = found["position"].filter(pl.col("required") > 0)["product_group"].unique().to_list()
    assert groups == ["System Center core;Windows Server core"]
    apart = demand_of(both("a", 16, 16)[0], both("b", 16, 16)[1])
    rows = solved(apart, NOTHING, [*PRICES, SUITE])["position"].filter(pl.col("required") > 0)
    assert sorted(rows.select("product_group", "objective").rows()) == [
        ("System Center core", Decimal(8 * 600)),
        ("Windows Server core", Decimal(8 * 800)),
    ]


LOT = st.tuples(
    st.sampled_from([WINDOWS, CENTER]), st.sampled_from(["Standard", "Datacenter"]), st.integers(1, 40), st.booleans()
)
HOST = st.tuples(st.integers(0, 40), st.integers(0, 24), st.integers(0, 24))


@given(lots=st.lists(LOT, max_size=4), hosts=st.lists(HOST, min_size=1, max_size=4), is_priced=st.booleans())
@settings(max_examples=15)
@pytest.mark.slow
def test_nothing_is_below_zero_and_every_license_is_counted_once(lots, hosts, is_priced):
    rows = [row for n, (standard, datacenter, _) in enumerate(hosts) for row in host(f"h{n}", standard, datacenter)]
    rows += [(f"h{n}", CENTER, "datacenter", "Datacenter", c, str(300 * c)) for n, (_, _, c) in enumerate(hosts) if c]
    if not rows:
        rows = host("h", standard=16)
    owned = licenses_of(*((f"l{n}", *lot) for n, lot in enumerate(lots))) if lots else NOTHING
    found = solved(demand_of(*rows), owned, [*PRICES, SUITE] if is_priced else None)
    position, plan = found["position"], found["plan"]
    counts = ["owned", "required", "assigned", "allocated_in", "allocated_out", "surplus", "shortage"]
    known = position.drop_nulls("required")
    assert known.select(pl.min_horizontal(pl.col(counts).min())).item() >= 0
    assert known.filter(pl.col("required") != pl.col("assigned") + pl.col("shortage")).is_empty()
    held, gone = (
        known.select(pl.sum_horizontal(c)).to_series()
        for c in (["owned", "allocated_in"], ["assigned", "surplus", "allocated_out"])
    )
    assert held.equals(gone)
    assert known["required"].sum() == plan["licenses_required"].sum()
    assert known["assigned"].sum() == plan["licenses_assigned"].sum()
    assert known["allocated_in"].sum() == known["allocated_out"].sum()
    if is_priced:
        groups = known.select("product_group", "objective", "bound").unique()
        assert groups["product_group"].is_unique().all()
        assert groups["objective"].sum() == found["true_up"]["cost"].sum()
        assert (groups["bound"] <= groups["objective"]).all()
