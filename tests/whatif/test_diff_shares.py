"""What causes change adds up exactly to what changed, whatever the two sides are."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics import answers
from lmanalytics.schemas import ANSWERS, MONEY
from lmanalytics.whatif.causes import KNOWN_NOW, UNKNOWN_NOW, Cause
from lmanalytics.whatif.diff_replay import Replay, State, replay
from lmanalytics.whatif.diff_shares import COUNTS, KEY, MEASURES, shares
from tests.whatif.difference_sides import AGAIN, JUNE, MARCH, SEEN, answered, host, ose, price, purchase, side, simple

DAYS = st.sampled_from([MARCH, JUNE])
SEEN_ON = st.sampled_from([SEEN, AGAIN])
HOSTS = st.builds(
    host, st.sampled_from(["h1", "h2", "h3"]), st.integers(1, 40), observed_on=SEEN_ON, cluster_id=st.sampled_from("cd")
)
OSES = st.builds(
    ose, st.sampled_from(["v1", "v2", "v3"]), st.sampled_from(["h1", "h2"]), observed_on=SEEN_ON,
    vcpus=st.integers(1, 16), is_running=st.booleans(), name=st.sampled_from(["a", "b", "c", None]),
)  # fmt: skip
BOUGHT = st.builds(
    purchase, st.sampled_from(["p1", "p2", "p3"]), st.integers(-8, 64),
    purchase_type=st.sampled_from(["license", "license_and_sa", "subscription"]),
    order_date=st.sampled_from([date(2025, 1, 1), date(2026, 5, 1)]),
    coverage_end=st.sampled_from([None, date(2026, 5, 31), date(2027, 5, 31)]),
)  # fmt: skip
PRICES = st.builds(price, st.sampled_from(["Standard", "Datacenter"]), st.sampled_from(["10", "11.5"]))
UNIQUE = {
    "hosts": (HOSTS, ("host_id", "observed_on")),
    "oses": (OSES, ("ose_id", "observed_on")),
    "purchases": (BOUGHT, ("purchase_id",)),
    "prices": (PRICES, ("edition",)),
}


@st.composite
def estates(draw, name):
    tables = {}
    for table, (rows, key) in UNIQUE.items():
        if table == "hosts" or draw(st.integers(0, 5)):
            tables[table] = draw(st.lists(rows, max_size=4, unique_by=lambda row, key=key: tuple(row[k] for k in key)))
    policies = {"movement": draw(st.sampled_from(["observed", "cluster"]))}
    return side(draw(DAYS), name, policies, **tables)


def total(position, measure):
    """Add up a column in the plainest way; unknown when any part is."""
    values = position[measure].to_list()
    return None if None in values else sum(values)


@settings(max_examples=10)
@given(estates("one"), estates("two"))
def test_shares_add_up_to_the_change(first, second):
    then, now = answered(first, simple), answered(second, simple)
    done = replay(then, now, simple)
    found = shares(done, first.tables, second.tables)
    ends = [simple(one.tables, one.settings)["position"].collect() for one in (first, second)]
    for measure in MEASURES:
        before, after = (total(end, measure) for end in ends)
        row = found.balances.row(0, named=True)
        assert (row[f"{measure}_before"], row[f"{measure}_after"]) == (before, after)
        known = before is not None and after is not None
        assert row[f"{measure}_changed"] == (after - before if known else None)
        told = found.causes[measure]
        assert (told.sum() if known else told.drop_nulls().sum()) == (after - before if known else 0)
        falls = found.waterfall[measure].drop_nulls()
        steps = found.waterfall.filter(~pl.col("cause").is_in(["before", "after"]))[measure].sum()
        assert steps == (after or 0) - (before or 0), falls


def test_shares_of_real_positions_add_up():
    then = side(MARCH, "one", hosts=[host()], oses=[ose()], purchases=[purchase(quantity=8)], prices=[price()])
    grown = {"hosts": [host(cores=24)], "oses": [ose(vcpus=12)]}
    lots = [purchase(quantity=8), purchase("p2", 4, order_date=None)]
    now = side(MARCH, "two", **grown, purchases=lots, prices=[price(amount="12.25")])
    done = replay(then, now, answers.position)
    assert [state.cause for state in done.states] == [Cause.PRICE_CHANGED, Cause.BOUGHT, Cause.DATA_CORRECTED]
    found = shares(done, then.tables, now.tables)
    ends = done.first, done.states[-1].position
    windows = [end.filter(pl.col("product") == "Windows Server") for end in ends]
    for measure in MEASURES:
        before, after = (total(one, measure) for one in windows)
        assert found.causes.filter(pl.col("product") == "Windows Server")[measure].sum() == after - before
    bought = found.causes.filter(pl.col("cause") == "bought")
    assert bought.select("required", "owned", "shortage").rows() == [(0, 4, -4)]


def position(*rows):
    """Read (edition, required, owned, cost, currency); None is unknown."""
    if not rows:
        return ANSWERS["position"].empty().collect()
    frame = pl.LazyFrame(
        [dict(zip(("edition", "required", "owned", "shortage_cost", "currency"), row, strict=True)) for row in rows],
        schema_overrides={"required": pl.Int64, "owned": pl.Int64, "edition": pl.String, "shortage_cost": MONEY, "currency": pl.String},
    ).with_columns(entity_id=pl.lit("main"), product=pl.lit("Windows Server"), metric=pl.lit("core"))  # fmt: skip
    short = pl.max_horizontal(pl.col("required") - pl.col("owned"), 0)
    both = pl.col("required").is_not_null() & pl.col("owned").is_not_null()
    return (
        ANSWERS["position"]
        .conform(frame.with_columns(owned_with_sa=pl.lit(0), surplus=pl.lit(0), shortage=pl.when(both).then(short)))
        .collect()
    )


GIVEN = dict.fromkeys(("hosts", "oses", "purchases", "prices"), pl.LazyFrame())


def split(*positions, causes=(Cause.BOUGHT, Cause.NEW, Cause.RETIRED)):
    states = [
        State(cause, "", 1, GIVEN, None, one)
        for cause, one in zip(causes[: len(positions) - 1], positions[1:], strict=True)
    ]
    done = Replay(positions[0], states, pl.DataFrame(), {})
    return shares(done, GIVEN, GIVEN)


def test_what_is_not_computable_stays_so_and_is_never_zero():
    found = split(position(("Standard", None, 16, None, None)), position(("Standard", 32, 16, Decimal(160), "EUR")))
    row = found.balances.row(0, named=True)
    assert (row["required_before"], row["required_after"], row["required_changed"]) == (None, 32, None)
    assert found.causes["required"].drop_nulls().is_empty()
    told = {r["cause"]: r["required"] for r in found.waterfall.to_dicts()}
    assert told == {"before": None, KNOWN_NOW: 32, "after": 32}
    back = split(position(("Standard", 32, 16, Decimal(160), "EUR")), position(("Standard", None, 16, None, None)))
    told = {r["cause"]: (r["required"], r["shortage_cost"]) for r in back.waterfall.to_dicts()}
    assert told == {"before": (32, 160), UNKNOWN_NOW: (-32, -160), "after": (None, None)}


def test_what_is_unknown_in_between_is_told_where_it_is_known_again():
    found = split(
        position(("Standard", 16, 16, Decimal(0), None)),
        position(("Standard", None, 16, None, None)),
        position(("Standard", 48, 16, Decimal(320), "EUR")),
        position(("Standard", 40, 16, Decimal(240), "EUR")),
    )
    rows = {r["cause"]: (r["required"], r["shortage_cost"]) for r in found.causes.to_dicts()}
    assert rows == {"new": (32, 320), "retired": (-8, -80)}


def test_a_balance_that_is_absent_where_it_is_computed_is_zero():
    found = split(position(), position(("Standard", 16, 0, Decimal(160), "EUR")))
    row = found.balances.row(0, named=True)
    assert [row[f"{m}_before"] for m in ("required", "owned", "shortage_cost")] == [0, 0, 0]
    assert row["shortage_cost_changed"] == 160


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"hosts", "purchases"}, (0, 0, 0)),
        ({"purchases"}, (None, 0, None)),
        ({"oses"}, (0, None, None)),
        ({"agreements"}, (None, None, None)),
    ],
)
def test_a_balance_that_is_absent_where_a_table_was_not_given_is_unknown(tables, expected):
    then = dict.fromkeys(tables, pl.LazyFrame())
    state = State(Cause.TABLES_GIVEN, "", 0, GIVEN, None, position(("Standard", 16, 0, Decimal(160), "EUR")))
    found = shares(Replay(position(), [state], pl.DataFrame(), {}), then, GIVEN)
    row = found.balances.row(0, named=True)
    assert tuple(row[f"{m}_before"] for m in ("required", "owned", "shortage")) == expected


def test_versions_of_a_balance_are_added_up():
    many = position(("Standard", 16, 0, Decimal(10), "EUR"), ("Standard", 8, 4, Decimal(5), "EUR"))
    found = split(many, many)
    row = found.balances.row(0, named=True)
    assert (row["required_before"], row["owned_before"], row["shortage_cost_before"]) == (24, 4, 15)


def test_another_currency_leaves_the_cost_without_a_cause():
    found = split(
        position(("Standard", 16, 0, Decimal(100), "EUR")), position(("Standard", 16, 0, Decimal(110), "USD"))
    )
    assert found.balances["shortage_cost_changed"].to_list() == [None]
    told = {(r["cause"], r["currency"]): r["shortage_cost"] for r in found.waterfall.to_dicts()}
    assert told == {("before", "EUR"): 100, (UNKNOWN_NOW, "EUR"): -100, (KNOWN_NOW, "USD"): 110, ("after", "USD"): 110}


def test_without_a_difference_there_is_no_cause():
    one = position(("Standard", 16, 4, Decimal(100), "EUR"))
    found = shares(Replay(one, [], pl.DataFrame(), {}), GIVEN, GIVEN)
    assert found.causes.is_empty()
    assert found.waterfall["cause"].to_list() == ["before", "after"]
    assert found.balances.select(f"{m}_changed" for m in COUNTS).row(0) == (0, 0, 0, 0, 0)
    assert found.balances.columns[: len(KEY)] == KEY


def test_days_between_are_the_ones_that_tests_mean():
    assert SEEN < MARCH < AGAIN < JUNE < JUNE + timedelta(days=1)
