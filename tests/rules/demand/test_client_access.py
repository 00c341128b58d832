from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import client_access
from lmanalytics.rules.engine import compute, evaluate
from lmanalytics.rules.parameters import Settings
from tests.facts.estates import table
from tests.tables import check, read_table

START = date(2016, 10, 1)
AS_OF = date(2026, 6, 30)

ACCESS = """
case                         | users | devices | equivalent_users || user_licenses | device_licenses | user_choice    | device_choice
-----------------------------|-------|---------|------------------||---------------|-----------------|----------------|---------------
both are counted             | 40    | 25      |                  || 40            | 25              | required       | required
some have a subscription     | 40    | 25      | 15               || 25            | 25              | required       | required
all have one                 | 40    | 25      | 40               || 0             | 25              | required       | required
more subscribers than users  | 40    | 25      | 41               || 0             | 25              | required       | required
users alone are counted      | 40    |         |                  || 40            |                 | required       | not_counted
devices alone are counted    |       | 25      | 5                ||               | 25              | not_counted    | required
no users, yet devices        | 0     | 25      |                  || 0             | 25              | others_counted | required
no devices, yet users        | 40    | 0       |                  || 40            | 0               | required       | others_counted
nobody                       | 0     | 0       |                  || 0             | 0               | required       | required
nothing is counted           |       |         |                  ||               |                 | not_counted    | not_counted
"""


def test_by_the_user_or_by_the_device():
    check(client_access, START, ACCESS)


def test_every_reason_occurs():
    assert set(read_table(ACCESS)[1]["user_choice"]) == {r.code for r in client_access.Reason}


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(client_access, date(2016, 9, 30), ACCESS)


def counts(*rows):
    named = [dict(zip(("product", "host_id", "users", "devices", "external_users"), row, strict=False)) for row in rows]
    return compute(client_access, "terms", Settings(AS_OF), counts=table("access_counts", *named))


def totals(*rows, **policies):
    found = compute(client_access, "totals", Settings(AS_OF, policies), counts=counts(*rows)).collect()
    return {(p, e): (u, d, least) for p, e, u, d, least in found.select(
        "product", "edition", "users", "devices", "is_lower_bound").rows()}  # fmt: skip


WINDOWS, REMOTE = ("Windows Server", None), ("Remote Desktop Services", None)
EXCHANGE, ENTERPRISE = ("Exchange Server", "Standard"), ("Exchange Server", "Enterprise")


def test_remote_desktop_comes_on_top_of_windows_server():
    assert totals(("Windows Server", None, 30, 20), ("Remote Desktop Services", None, 45, 5)) == {
        WINDOWS: (45, 20, False),
        REMOTE: (45, 5, False),
    }
    assert totals(("Remote Desktop Services", None, 45)) == {WINDOWS: (45, None, True), REMOTE: (45, None, False)}


def test_what_is_not_counted_below_stays_unknown():
    found = totals(("Windows Server", None, 30), ("Remote Desktop Services", None, 10, 7))
    assert found[WINDOWS] == (30, None, False)


def test_enterprise_licenses_come_on_top_of_standard_ones():
    assert totals(("Exchange Server", None, 100), ("Exchange Server Enterprise CAL", None, 30)) == {
        EXCHANGE: (100, None, False),
        ENTERPRISE: (30, None, False),
    }
    assert totals(("Exchange Server Enterprise CAL", None, 30))[EXCHANGE] == (30, None, True)
    found = totals(
        ("Skype for Business Server Plus CAL", None, 9), ("Skype for Business Server Enterprise CAL", None, 4)
    )
    assert found["Skype for Business Server", "Standard"] == (9, None, True)


def test_several_names_of_one_license_are_one():
    assert totals(("Windows Server", None, 10), ("Windows Server CAL", None, 12, 3)) == {WINDOWS: (12, 3, False)}


def test_a_count_of_the_company_wins_over_those_of_its_hosts():
    rows = (("Windows Server", None, 10), ("Windows Server", "h1", 8), ("Windows Server", "h2", 7))
    assert totals(*rows)[WINDOWS] == (10, None, False)


@pytest.mark.parametrize(("reading", "users"), [("all_different", 15), ("same_people", 8)])
def test_counts_of_several_hosts_add_up_as_the_policy_says(reading, users):
    rows = (("Windows Server", "h1", 8), ("Windows Server", "h2", 7))
    assert totals(*rows, users_of_several_hosts=reading)[WINDOWS] == (users, None, False)


def test_a_host_that_is_not_counted_makes_the_total_unknown():
    rows = (("Windows Server", "h1", 8, 1), ("Windows Server", "h2", None, 7))
    assert totals(*rows)[WINDOWS] == (None, 8, False)


def test_what_nobody_reaches_and_what_no_rule_knows_is_left_out():
    assert totals(("Windows Server", None, 0, 0), ("Exchange Server",), ("Contoso Server", None, 5)) == {}


def external(*rows):
    found = compute(client_access, "external", Settings(AS_OF), counts=counts(*rows)).collect()
    return found.select("product", "host_id", "external_users", "external_use").rows()


def test_external_users_are_counted_where_the_server_license_does_not_cover_them():
    rows = [(product, None, None, None, 9) for product in (
        "Exchange Server", "SharePoint Server", "Skype for Business Server", "Project Server", "Windows Server")]  # fmt: skip
    assert external(*rows) == [
        ("Project Server", None, 9, "cal"),
        ("Windows Server", None, 9, "cal_or_connector"),
    ]


def test_external_users_of_remote_desktop_need_both():
    assert external(("Remote Desktop Services", "h1", None, None, 9), ("Windows Server", "h1", None, None, 4)) == [
        ("Remote Desktop Services", "h1", 9, "cal_or_connector"),
        ("Windows Server", "h1", 9, "cal_or_connector"),
    ]


def test_where_hosts_are_counted_the_count_of_the_company_is_left_aside():
    rows = (("Windows Server", None, 5, 5, 50), ("Windows Server", "h1", None, None, 30))
    assert external(*rows) == [("Windows Server", "h1", 30, "cal_or_connector")]
    assert external(("Windows Server", None, 5, 5, 0)) == []


@given(st.none() | st.integers(0, 500), st.none() | st.integers(0, 500), st.none() | st.integers(0, 500))
def test_licenses_agree_with_a_plain_reading(users, devices, subscribers):
    row = {"users": users, "devices": devices, "equivalent_users": subscribers}
    facts = pl.LazyFrame([row], schema=dict.fromkeys(row, pl.Int64))
    found = evaluate(facts, client_access, Settings(START)).collect().row(0, named=True)
    assert found["client_access__user_licenses"] == (None if users is None else max(users - (subscribers or 0), 0))
    is_open = users is not None and not (users == 0 and (devices or 0) > 0)
    assert (found["client_access__user_choice"] == "required") == is_open


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 99), st.integers(1, 99)), min_size=1, max_size=6))
def test_totals_of_hosts_agree_with_a_plain_sum(rows):
    by_host = {}
    for name, users, devices in rows:
        most = by_host.get(name, (0, 0))
        by_host[name] = max(most[0], users), max(most[1], devices)
    expected = tuple(sum(pair[k] for pair in by_host.values()) for k in (0, 1))
    assert totals(*(("Windows Server", h, u, d) for h, u, d in rows))[WINDOWS][:2] == expected
