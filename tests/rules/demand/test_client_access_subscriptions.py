from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import client_access_subscriptions
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.facts.estates import table

AS_OF = date(2026, 6, 30)
TERM = {"agreement_id": "A", "enrollment_id": "E", "start_date": date(2026, 1, 1), "end_date": AS_OF}


def equivalents(*rows, day=AS_OF, **policies):
    given_ = table("online_subscriptions", *({**TERM, **row} for row in rows))
    found = compute(client_access_subscriptions, "equivalents", Settings(day, policies), subscriptions=given_).collect()
    return {(p, e): n for p, e, n in found.select("product", "edition", "equivalent_users").rows()}


def test_a_suite_gives_base_and_additive_rights_of_every_user():
    found = equivalents({"sku": "Microsoft 365 E3", "quantity": 40})
    assert found["Windows Server", None] == 40
    assert found["Exchange Server", "Standard"] == found["Exchange Server", "Enterprise"] == 40
    assert ("Remote Desktop Services", None) not in found


def test_a_frontline_suite_gives_base_rights_alone():
    found = equivalents({"sku": "microsoft 365 f3 ", "quantity": 7})
    assert found["SharePoint Server", "Standard"] == 7
    assert ("SharePoint Server", "Enterprise") not in found


def test_office_365_gives_no_right_to_windows_server():
    found = equivalents({"sku": "Office 365 E3", "quantity": 7})
    assert ("Windows Server", None) not in found
    assert found["Skype for Business Server", "Enterprise"] == 7


def test_subscriptions_of_several_names_add_up():
    rows = ({"sku": "Microsoft 365 E3", "quantity": 5}, {"sku": "Microsoft 365 E5", "quantity": 6})
    assert equivalents(*rows)["Windows Server", None] == 11


@pytest.mark.parametrize(
    ("row", "counts"),
    [
        ({}, True),
        ({"end_date": date(2026, 6, 29)}, False),
        ({"start_date": AS_OF}, True),
        ({"start_date": date(2026, 7, 1), "end_date": date(2027, 1, 1)}, False),
        ({"sku": "Power BI Pro"}, False),
    ],
    ids=str,
)
def test_a_subscription_counts_by_its_name_and_while_it_lasts(row, counts):
    assert bool(equivalents({"sku": "Microsoft 365 E3", "quantity": 5} | row)) == counts


def test_the_policy_may_leave_them_out():
    row = {"sku": "Microsoft 365 E3", "quantity": 5}
    assert equivalents(row, subscriptions_as_access="not_counted") == {}


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        equivalents({"sku": "Microsoft 365 E3", "quantity": 5}, day=date(2016, 9, 30))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["Microsoft 365 E3", "Office 365 E1", "Intune"]), st.integers(1, 99))))
def test_totals_agree_with_a_plain_sum(rows):
    found = equivalents(*({"sku": s, "quantity": q} for s, q in rows))
    windows = sum(q for s, q in rows if s == "Microsoft 365 E3")
    exchange = sum(q for s, q in rows if s != "Intune")
    assert found.get(("Windows Server", None), 0) == windows
    assert found.get(("Exchange Server", "Standard"), 0) == exchange
