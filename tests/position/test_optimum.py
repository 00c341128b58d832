from datetime import date
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.position import optimum
from lmanalytics.position.balance import balance
from lmanalytics.position.plan import choose, top_up
from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, MONEY

SETTINGS = Settings(date(2026, 6, 30))
VERSIONS = pl.DataFrame({"product": ["Windows Server"], "version": ["2022"], "version_rank": [1]})
LISTED = pl.LazyFrame(
    {
        "entity_id": ["main", "main"],
        "edition": ["Standard", "Datacenter"],
        "price": ["10", "60"],
        "price_with_sa": ["15", "75"],
        "currency": ["USD", "USD"],
    }
).with_columns(pl.col("price", "price_with_sa").cast(PER_LICENSE))
NO_MINIMUM = pl.LazyFrame(
    schema={"entity_id": pl.String, "product": pl.String, "metric": pl.String, "min_licenses": pl.Int64}
)
MINIMUM = pl.LazyFrame({"entity_id": "main", "product": "Windows Server", "metric": "core", "min_licenses": 16})
STANDARD, DATACENTER, VIRTUAL = "standard_physical_cores", "datacenter_physical_cores", "virtual_cores"
EDITION = {STANDARD: "Standard", DATACENTER: "Datacenter", VIRTUAL: "Standard"}
PRICE = {STANDARD: 10, DATACENTER: 60, VIRTUAL: 15}


def demand(*hosts, priced=True):
    """Give each host its options: standard, datacenter and virtual licenses."""
    rows = [
        {
            "subject_id": f"h{n}",
            "option": option,
            "edition": EDITION[option],
            "licenses_required": required,
            "licenses_with_sa": required if option == VIRTUAL else 0,
            "cost": required * PRICE[option] if priced else None,
        }
        for n, host in enumerate(hosts)
        for option, required in zip((STANDARD, DATACENTER, VIRTUAL), host, strict=True)
    ]
    frame = pl.LazyFrame(rows, schema_overrides={"cost": pl.Int64}).with_columns(
        entity_id=pl.lit("main"),
        subject_kind=pl.lit("host"),
        product=pl.lit("Windows Server"),
        metric=pl.lit("core"),
        version=pl.lit("2022"),
        is_available=pl.lit(value=True),
        currency=pl.lit("USD"),
        cost=pl.col("cost").cast(MONEY),
        unit_price=pl.lit(None, MONEY),
        reason=pl.lit("required"),
    )
    with_sa = frame.select("licenses_with_sa").collect().to_series()
    return ANSWERS["demand"].conform(frame).with_columns(licenses_with_sa=with_sa)


def owned(*lots):
    """Read (edition, quantity, has SA)."""
    rows = [{"license_id": f"l{n}", "edition": e, "quantity": q, "sa_active": sa} for n, (e, q, sa) in enumerate(lots)]
    types = {"license_id": pl.String, "edition": pl.String, "quantity": pl.Int64, "sa_active": pl.Boolean}
    frame = pl.LazyFrame(rows, schema=types).with_columns(
        entity_id=pl.lit("main"),
        product=pl.lit("Windows Server"),
        metric=pl.lit("core"),
        version_right=pl.lit("2022"),
    )
    return ANSWERS["licenses"].conform(frame)


def planned(options, licenses, minimums=NO_MINIMUM, listed=LISTED):
    return optimum.planned(options, minimums, licenses, listed, VERSIONS, SETTINGS).plan.collect()


def to_buy(chosen, licenses):
    solved = balance(chosen.lazy(), licenses, LISTED, VERSIONS, ("Windows Server",), SETTINGS)
    return solved.position.select(pl.col("shortage_cost").sum()).collect().item()


def test_owned_datacenter_licenses_make_datacenter_the_option():
    chosen = planned(demand((32, 16, 64)), owned(("Datacenter", 16, False)))
    assert chosen.select("option", "cost", "cost_of_next_best", "reason").rows() == [
        (DATACENTER, 960, 320, "owned_licenses")
    ]


def test_owned_licenses_without_software_assurance_make_physical_cores_the_option():
    assert planned(demand((32, 16, 16)), owned()).select("option", "reason").rows() == [(VIRTUAL, "cheapest")]
    assert planned(demand((32, 16, 16)), None)["option"].to_list() == [VIRTUAL]
    chosen = planned(demand((32, 16, 16)), owned(("Standard", 24, False)))
    assert chosen.select("option", "reason").rows() == [(STANDARD, "owned_licenses")]


def test_equal_hosts_share_what_is_owned_by_their_ids():
    chosen = planned(demand(*[(32, 16, 64)] * 3), owned(("Datacenter", 32, False)))
    assert chosen["option"].to_list() == [DATACENTER, DATACENTER, STANDARD]


def test_among_plans_that_leave_as_much_to_buy_the_cheapest_options_win():
    chosen = planned(demand((32, 16, 64)), owned(("Datacenter", 16, False), ("Standard", 32, False)))
    assert chosen.select("option", "reason").rows() == [(STANDARD, "cheapest")]


def test_the_minimum_of_a_customer_can_make_physical_cores_cheaper():
    assert planned(demand((16, 16, 8)), owned(), MINIMUM).select("option", "licenses_required").rows() == [
        (STANDARD, 16)
    ]
    assert planned(demand((32, 16, 8)), owned(), MINIMUM).select("subject_kind", "licenses_required").rows() == [
        ("customer", 8),
        ("host", 8),
    ]


def test_without_prices_the_fewest_licenses_are_bought():
    nothing = LISTED.clear()
    chosen = planned(demand((32, 16, 24), priced=False), owned(("Standard", 20, False)), listed=nothing)
    assert chosen.select("option", "reason").rows() == [(STANDARD, "owned_licenses")]


HOST = st.tuples(st.sampled_from([16, 32, 48]), st.sampled_from([16, 24]), st.sampled_from([8, 24, 40]))
LOT = st.tuples(st.sampled_from(["Standard", "Datacenter"]), st.integers(1, 40), st.booleans())


@given(hosts=st.lists(HOST, min_size=1, max_size=3), lots=st.lists(LOT, max_size=3))
@settings(max_examples=10)
@pytest.mark.slow
def test_no_other_choice_of_options_leaves_less_to_buy(hosts, lots):
    options, licenses = demand(*hosts), owned(*lots)
    chosen = planned(options, licenses, MINIMUM)
    least = min(
        to_buy(top_up(choose(options, taken), MINIMUM).collect(), licenses)
        for taken in (
            options.select("entity_id", "subject_kind", "subject_id", "product", "option")
            .filter(pl.concat_str("subject_id", "option").is_in([f"h{n}{o}" for n, o in enumerate(picked)]))
            .collect()
            for picked in product((STANDARD, DATACENTER, VIRTUAL), repeat=len(hosts))
        )
    )
    assert chosen.filter(subject_kind="host").height == len(hosts)
    assert to_buy(chosen, licenses) == least
