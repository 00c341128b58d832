"""Enrollments alike, solved as one: never dearer than their proof says, and each steps up no more than it holds."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.position import stage
from lmanalytics.rules.benefit import step_up_opportunities
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL, MONEY

SETTINGS = Settings(date(2026, 6, 30))
NONE = pl.LazyFrame(
    schema={"entity_id": pl.String, "product": pl.String, "metric": pl.String, "min_licenses": pl.Int64}
)
SERVER = "Windows Server"
PRICES = [
    (SERVER, "Standard", "license", None, 2, 140),
    (SERVER, "Datacenter", "license", None, 2, 800),
    (SERVER, "Datacenter", "step_up", "Windows Server Standard", 2, 650),
    (SERVER, "Datacenter", "step_up", "Windows Server Standard", 16, 5000),
]
ONE_SIZE = PRICES[:3]


def lots(quantities, early=()):
    """Give enrollment n so many licenses of Standard, and more that were acquired before October 2019."""
    rows = [(f"l{n}", f"N{n}", q, date(2025, 1, 1)) for n, q in enumerate(quantities)]
    rows += [(f"e{n}", f"N{n}", q, date(2018, 1, 1)) for n, q in enumerate(early)]
    names = ["license_id", "enrollment_id", "quantity", "acquired_on"]
    known = {
        "entity_id": "main", "metric": "core", "version_right": "2025", "agreement_id": "E", "program": "ea",
        "valid_from": date(2026, 1, 1), "is_perpetual": True, "reason": "purchased", "product": SERVER,
        "edition": "Standard", "sa_active": True,
    }  # fmt: skip
    frame = pl.LazyFrame(rows, schema=names, orient="row")
    return ANSWERS["licenses"].conform(frame.with_columns(pl.lit(v).alias(k) for k, v in known.items()))


def prices(rows):
    names = ["product", "edition", "purchase_type", "step_up_from", "pack_size", "unit_price"]
    frame = pl.LazyFrame(rows, schema=names, orient="row", schema_overrides={"step_up_from": pl.String})
    known = {"entity_id": "main", "metric": "core", "valid_from": date(2026, 1, 1), "currency": "USD"}
    frame = frame.with_columns(pl.lit(v).alias(k) for k, v in known.items())
    return CANONICAL["prices"].conform(frame.with_columns(pl.col("unit_price").cast(MONEY)))


def answered(owned, needed, sold):
    """Let one host need so many licenses of Datacenter, and return what is ordered, with objective and bound."""
    demand = pl.LazyFrame({"subject_id": ["h"], "licenses_required": [needed]}).with_columns(
        entity_id=pl.lit("main"), subject_kind=pl.lit("host"), product=pl.lit(SERVER), edition=pl.lit("Datacenter"),
        option=pl.lit("datacenter"), metric=pl.lit("core"), version=pl.lit("2022"), is_available=pl.lit(value=True),
        currency=pl.lit("USD"), cost=pl.lit(0).cast(MONEY), reason=pl.lit("required"),
    )  # fmt: skip
    whole = ANSWERS["demand"].conform(demand).with_columns(licenses_with_sa=pl.lit(0, pl.Int64))
    known = {"demand": whole, "licenses": owned, "prices": prices(sold)}
    found = stage.answers(
        known, SETTINGS, minimums=NONE, unknown=None, products=(SERVER,),
        opportunities=step_up_opportunities.by_pack_size(known, SETTINGS),
    )  # fmt: skip
    order = found["true_up"].filter(pl.col("packs") > 0).collect()
    (proof,) = found["position"].select("objective", "bound").drop_nulls().unique().collect().rows()
    return order, *proof


def stepped(order):
    """Count the licenses that each enrollment steps up, with what its packs hold besides."""
    rows = order.filter(pl.col("purchase_type") == "step_up").group_by("enrollment_id").agg(pl.col("licenses").sum())
    return dict(rows.rows())


@pytest.fixture
def pooling(monkeypatch):
    monkeypatch.setattr("lmanalytics.position.pools.FEW", 1)


@pytest.mark.usefixtures("pooling")
def test_enrollments_alike_step_up_one_after_the_other():
    order, objective, bound = answered(lots([4, 6, 8]), 14, ONE_SIZE)
    assert stepped(order) == {"N0": 4, "N1": 6, "N2": 4}
    assert objective == bound == Decimal(7 * 650)


@pytest.mark.usefixtures("pooling")
def test_each_enrollment_has_its_own_packs_and_the_proof_says_what_that_may_cost():
    order, objective, bound = answered(lots([3, 3]), 6, ONE_SIZE)
    assert stepped(order) == {"N0": 4, "N1": 4}
    assert (objective, bound) == (Decimal(4 * 650), Decimal(3 * 650))


def test_few_enrollments_are_solved_by_themselves():
    order, objective, bound = answered(lots([3, 3]), 4, ONE_SIZE)
    assert objective == bound
    assert sum(stepped(order).values()) == 4


@given(
    st.lists(st.integers(1, 20), min_size=2, max_size=4),
    st.lists(st.integers(1, 9), max_size=2),
    st.integers(1, 60),
    st.sampled_from([PRICES, ONE_SIZE]),
)
@settings(max_examples=8, deadline=None)
def test_together_bounds_apart(quantities, early, needed, sold):
    owned = lots(quantities, early)
    _, apart, least = answered(owned, needed, sold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lmanalytics.position.pools.FEW", 1)
        order, together, bound = answered(owned, needed, sold)
    assert bound <= least <= apart <= together
    held = {f"N{n}": q + (early[n] if n < len(early) else 0) for n, q in enumerate(quantities)}
    for enrollment, count in stepped(order).items():
        assert count < held[enrollment] + 16
    if sold is ONE_SIZE and not early and all(q % 2 == 0 for q in quantities):
        assert together == apart
