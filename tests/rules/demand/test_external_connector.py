from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import PolicyError, RuleError
from lmanalytics.rules.demand import external_connector
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

START = date(2016, 10, 1)

ACCESS = """
case                          | physical_servers | oses | oses_on_shared_servers | external_users | connector_price | cal_price || connectors | connectors_with_sa | cheaper_above_users | cheapest
------------------------------|------------------|------|------------------------|----------------|-----------------|-----------||------------|--------------------|---------------------|-------------------
one server, however many OSEs | 1                | 12   | 0                      | 71             |                 |           || 1          | 0                  | 70                  | external_connector
at the published number       | 1                | 12   | 0                      | 70             |                 |           || 1          | 0                  | 70                  | user_cals
three servers                 | 3                | 12   | 0                      | 210            |                 |           || 3          | 0                  | 70                  | user_cals
three servers, one user more  | 3                | 12   | 0                      | 211            |                 |           || 3          | 0                  | 70                  | external_connector
prices decide                 | 1                | 1    | 0                      | 51             | 2000            | 40        || 1          | 0                  | 50                  | external_connector
both cost the same            | 1                | 1    | 0                      | 50             | 2000            | 40        || 1          | 0                  | 50                  | user_cals
two servers, uneven prices    | 2                | 1    | 0                      | 4              | 7               | 4         || 2          | 0                  | 1                   | external_connector
access licenses cost nothing  | 1                | 1    | 0                      | 999            | 2000            | 0         || 1          | 0                  | 70                  | user_cals
on shared servers             | 1                | 2    | 3                      | 300            |                 |           || 4          | 3                  | 70                  | external_connector
nobody                        | 1                | 1    | 0                      | 0              |                 |           || 1          | 0                  | 70                  | user_cals
servers unknown               |                  |      |                        | 90             |                 |           ||            | 0                  | 70                  |
users unknown                 | 1                | 1    |                        |                |                 |           || 1          | 0                  | 70                  |
"""


def test_connectors_against_licenses_by_the_user():
    check(external_connector, START, ACCESS)


def test_the_reading_by_virtual_machine():
    table = """
    case        | physical_servers | oses | oses_on_shared_servers | external_users || connectors | covers
    ------------|------------------|------|------------------------|----------------||------------|-------
    twelve OSEs | 1                | 12   | 0                      | 71             || 12         | one_vm
    unknown     | 1                |      | 0                      | 71             ||            | one_vm
    """
    check(external_connector, START, table, external_connector_scope="per_ose")
    with pytest.raises(PolicyError, match="per_server"):
        check(external_connector, START, table, external_connector_scope="per_rack")


def test_a_connector_covers_the_server_and_what_runs_on_it():
    table = """
    case | physical_servers | oses || covers
    -----|------------------|------||-----------------------------------
    one  | 1                | 5    || physical_server_and_all_vms_on_it
    """
    check(external_connector, START, table)


def test_every_reason_occurs():
    found = set(read_table(ACCESS)[1]["cheapest"].drop_nulls()) | {"physical_server_and_all_vms_on_it", "one_vm"}
    assert found == {r.code for r in external_connector.Reason}


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(external_connector, date(2016, 9, 30), ACCESS)


@given(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9999), st.integers(1, 5000), st.integers(1, 100))
def test_the_cheaper_way_agrees_with_a_plain_comparison(servers, shared, users, connector, cal):
    facts = {
        "physical_servers": servers, "oses_on_shared_servers": shared, "external_users": users,
        "connector_price": Decimal(connector), "cal_price": Decimal(cal),
    }  # fmt: skip
    row = evaluate(pl.LazyFrame([facts]), external_connector, Settings(START)).collect().row(0, named=True)
    dearer = users * cal > (servers + shared) * connector
    assert row["external_connector__cheapest"] == ("external_connector" if dearer else "user_cals")
    assert row["external_connector__cheaper_above_users"] == connector // cal
