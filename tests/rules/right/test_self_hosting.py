from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import self_hosting
from lmanalytics.rules.right.self_hosting import Reason

DAY = date(2026, 6, 30)
GOOD = {
    "sa_products": True,
    "sa_access_licenses": True,
    "licenses_via_vl": True,
    "all_ms_software_eligible": True,
    "own_software_primary": True,
    "principal_service": True,
    "direct_access": False,
    "delivered_remotely": True,
    "servers_controlled_by_customer": True,
    "is_on_end_user_device": False,
    "owned_by_customer": True,
    "is_operator_another": False,
}
CODES = {"is_on_end_user_device": "on_end_user_device"}
CONDITIONS = [name for name in GOOD if name != "is_operator_another"]


def decided(day=DAY, **changed):
    facts = pl.LazyFrame([GOOD | changed], schema=dict.fromkeys(GOOD, pl.Boolean))
    row = evaluate(facts, self_hosting, Settings(day)).collect().to_dicts()[0]
    return tuple(row[f"self_hosting__{name}"] for name in ("is_permitted", "reason", "failing_conditions"))


@pytest.mark.parametrize("day", [date(2016, 10, 1), DAY])
def test_every_condition_holds(day):
    assert decided(day) == (True, "permitted", [])


def test_an_operator_brings_the_outsourcing_clause():
    assert decided(is_operator_another=True) == (True, "outsourced", [])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_one_condition_fails(condition):
    code = CODES.get(condition, condition)
    assert decided(**{condition: not GOOD[condition]}) == (False, code, [code])


@pytest.mark.parametrize("condition", CONDITIONS)
def test_one_condition_is_not_known(condition):
    assert decided(**{condition: None}) == (None, "not_known", [])


def test_a_failure_decides_whatever_else_is_not_known():
    assert decided(sa_products=None, owned_by_customer=False) == (False, "owned_by_customer", ["owned_by_customer"])


def test_every_reason_occurs():
    seen = {decided()[1], decided(is_operator_another=True)[1], decided(sa_products=None)[1]}
    seen |= {decided(**{condition: not GOOD[condition]})[1] for condition in CONDITIONS}
    assert seen == {reason.code for reason in Reason}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([True, False, None]), min_size=len(CONDITIONS), max_size=len(CONDITIONS)))
def test_against_deciding_one_after_another(holds):
    given_values = {
        name: None if value is None else value == GOOD[name] for name, value in zip(CONDITIONS, holds, strict=True)
    }
    failing = [CODES.get(name, name) for name, value in zip(CONDITIONS, holds, strict=True) if value is False]
    expected = False if failing else None if None in holds else True
    is_permitted, reason, found = decided(**given_values)
    assert (is_permitted, found) == (expected, failing)
    assert reason == (failing[0] if failing else "not_known" if expected is None else "permitted")
