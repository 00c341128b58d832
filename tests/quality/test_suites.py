"""Every suite: what it promises of itself, and each domain check on either side of its boundary."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.quality.checks import CELLS, ISSUES, KEY
from lmanalytics.quality.engine import fault, validate
from lmanalytics.quality.split import key_check, row_checks
from lmanalytics.quality.suites import suite_of
from lmanalytics.schemas import CANONICAL, ENTITY

AS_OF = date(2026, 6, 30)
TABLES = sorted(CANONICAL)


def schema_of(table):
    return pl.Schema({**CANONICAL[table].schema, ISSUES: pl.String()})


def failing(table, **values):
    """The checks that one row fails, without those that only miss what the row does not give."""
    schema = schema_of(table)
    row = pl.DataFrame({name: [values.get(name)] for name in schema}, schema=schema)
    checks = row_checks(suite_of(table, AS_OF), schema)
    found = row.select(c.condition.fails.alias(c.name) for c in checks).row(0, named=True)
    return {name for name, fails in found.items() if fails and not name.endswith((".required", ".expected"))}


@pytest.mark.parametrize("table", TABLES)
def test_a_suite_says_of_each_check_what_people_and_the_gate_need(table):
    expectations = suite_of(table, AS_OF).expectations
    names = [e.meta["check"] for e in expectations]
    assert len(set(names)) == len(names)
    for e in expectations:
        assert set(e.meta) == {"check", "severity", "sentence", "action"}
        assert (e.meta["severity"], e.severity.value) in {("error", "critical"), ("warning", "warning")}
        assert e.meta["sentence"][0].isupper()
        assert e.meta["sentence"].endswith(".")
        assert e.meta["action"].endswith(".")
        assert e.description == e.meta["sentence"]


@pytest.mark.parametrize("table", TABLES)
def test_a_suite_follows_the_contract(table):
    found = {e.meta["check"]: e for e in suite_of(table).expectations}
    for column in CANONICAL[table].columns.values():
        assert (f"{column.name}.required" in found) == column.is_required
        assert (f"{column.name}.expected" in found) == (not column.is_required and not column.is_optional)
        assert (f"{column.name}.known" in found) == bool(column.values)
        if column.values:
            assert tuple(found[f"{column.name}.known"].value_set) == column.values
    severities = {name: e.meta["severity"] for name, e in found.items()}
    assert {severities[n] for n in severities if n.endswith((".required", ".known"))} == {"error"}
    assert {severities[n] for n in severities if n.endswith(".expected")} <= {"warning"}
    assert found["entity_id.required"].meta["severity"] == "error"
    assert tuple(found[KEY].column_list) == (ENTITY, *CANONICAL[table].key)
    assert severities[CELLS] == "error"


@pytest.mark.parametrize("table", TABLES)
def test_every_check_can_be_evaluated_and_no_rows_are_a_warning_alone(table):
    suite = suite_of(table, AS_OF)
    result = validate(pl.LazyFrame(schema=schema_of(table)), suite)
    assert {fault(r) for r in result.results} == {""}
    assert [r.expectation_config.meta["check"] for r in result.results if not r.success] == ["rows.present"]
    name, _ = key_check(suite, schema_of(table))
    assert name == KEY


def test_ids_are_those_of_the_record():
    """Ids are kept with results for years, so that a change here has to be meant."""
    assert [e.meta["check"] for e in suite_of("hosts", AS_OF).expectations] == [
        "rows.present", "cells.understood", "key.unique", "entity_id.required", "host_id.required",
        "observed_on.required", "host_name.expected", "processors.expected", "physical_cores.expected",
        "hypervisor.known", "operator.required", "operator.known", "is_dedicated.required", "is_dr_dedicated.required",
        "host_os_use.known", "processors.at_least_1", "physical_cores.at_least_1",
        "physical_cores.at_least_processors", "processors.plausible", "physical_cores.plausible",
        "observed_on.plausible",
    ]  # fmt: skip


DAY, NEXT = date(2026, 1, 1), date(2026, 1, 2)
BOUNDARIES = [
    ("hosts", {"processors": 1}, {"processors": 0}, "processors.at_least_1"),
    ("hosts", {"physical_cores": 1}, {"physical_cores": 0}, "physical_cores.at_least_1"),
    (
        "hosts",
        {"processors": 2, "physical_cores": 2},
        {"processors": 2, "physical_cores": 1},
        "physical_cores.at_least_processors",
    ),
    ("hosts", {"physical_cores": 1}, {"processors": 2, "physical_cores": 1}, "physical_cores.at_least_processors"),
    ("hosts", {"processors": 32}, {"processors": 33}, "processors.plausible"),
    ("hosts", {"physical_cores": 2048}, {"physical_cores": 2049}, "physical_cores.plausible"),
    ("hosts", {"observed_on": AS_OF}, {"observed_on": date(2026, 7, 1)}, "observed_on.plausible"),
    ("hosts", {"observed_on": date(1985, 1, 1)}, {"observed_on": date(1984, 12, 31)}, "observed_on.plausible"),
    ("hosts", {"hypervisor": "esxi"}, {"hypervisor": "ESXi"}, "hypervisor.known"),
    ("hosts", {"cell_issues": None}, {"cell_issues": "processors: 'x' is not a whole number"}, "cells.understood"),
    ("oses", {"vcpus": 1}, {"vcpus": 0}, "vcpus.at_least_1"),
    ("oses", {"vcpus": 2048}, {"vcpus": 2049}, "vcpus.plausible"),
    ("oses", {"kind": "physical"}, {"kind": "virtual"}, "vcpus.filled_where_needed"),
    (
        "oses",
        {"location": "on_premises", "cluster_id": "c"},
        {"location": "on_premises"},
        "host_id.filled_where_needed",
    ),
    ("oses", {"location": "azure"}, {"location": "on_premises"}, "host_id.filled_where_needed"),
    ("purchases", {"quantity": -1}, {"quantity": 0}, "quantity.not_zero"),
    ("purchases", {"quantity": 10_000_000}, {"quantity": 10_000_001}, "quantity.plausible"),
    ("purchases", {"quantity": -10_000_000}, {"quantity": -10_000_001}, "quantity.plausible"),
    ("purchases", {"licenses_per_unit": 1}, {"licenses_per_unit": 0}, "licenses_per_unit.at_least_1"),
    ("purchases", {"unit_price": "0"}, {"unit_price": "-0.0001"}, "unit_price.at_least_0"),
    ("purchases", {"currency": "USD"}, {"currency": "US"}, "currency.well_formed"),
    ("purchases", {"currency": "USD"}, {"currency": "usd"}, "currency.well_formed"),
    ("purchases", {"currency": "USD"}, {"currency": "USD "}, "currency.well_formed"),
    ("purchases", {"unit_price": "1", "currency": "USD"}, {"unit_price": "1"}, "currency.filled_where_needed"),
    (
        "purchases",
        {"coverage_start": DAY, "coverage_end": DAY},
        {"coverage_start": NEXT, "coverage_end": DAY},
        "coverage_end.not_before_coverage_start",
    ),
    (
        "purchases",
        {"coverage_end": DAY, "coverage_end_latest": DAY},
        {"coverage_end": NEXT, "coverage_end_latest": DAY},
        "coverage_end_latest.not_before_coverage_end",
    ),
    ("purchases", {"purchase_type": "license"}, {"purchase_type": "sa"}, "coverage_end.filled_where_needed"),
    ("purchases", {"purchase_type": "license"}, {"purchase_type": "step_up"}, "step_up_from.filled_where_needed"),
    ("purchases", {"purchase_type": "esu", "esu_year": 1}, {"purchase_type": "esu"}, "esu_year.filled_where_needed"),
    ("purchases", {"esu_year": 1}, {"esu_year": 0}, "esu_year.at_least_1"),
    (
        "purchases",
        {"basis": "statement_summary", "statement_date": DAY},
        {"basis": "statement_summary"},
        "statement_date.filled_where_needed",
    ),
    ("purchases", {"order_date": AS_OF}, {"order_date": date(2026, 7, 1)}, "order_date.plausible"),
    (
        "agreements",
        {"start_date": DAY, "end_date": DAY},
        {"start_date": NEXT, "end_date": DAY},
        "end_date.not_before_start_date",
    ),
    ("datacenters", {"utc_offset_minutes": -720}, {"utc_offset_minutes": -721}, "utc_offset_minutes.in_range"),
    ("datacenters", {"utc_offset_minutes": 840}, {"utc_offset_minutes": 841}, "utc_offset_minutes.in_range"),
    ("prices", {"unit_price": "0"}, {"unit_price": "-1"}, "unit_price.at_least_0"),
    ("prices", {"pack_size": 1}, {"pack_size": 0}, "pack_size.at_least_1"),
    ("prices", {"purchase_type": "license"}, {"purchase_type": "step_up"}, "step_up_from.filled_where_needed"),
    ("prices", {"purchase_type": "license"}, {"purchase_type": "esu"}, "esu_year.filled_where_needed"),
    ("installs", {"role": "active"}, {"role": "passive_ha"}, "primary_install_id.filled_where_needed"),
    ("license_assignments", {"to_provider": "p"}, {}, "ose_id.filled_where_needed"),
    ("license_assignments", {"quantity": 1}, {"quantity": 0}, "quantity.at_least_1"),
    (
        "mobility_deployments",
        {"deployed_on": DAY, "ended_on": DAY},
        {"deployed_on": NEXT, "ended_on": DAY},
        "ended_on.not_before_deployed_on",
    ),
    (
        "mobility_deployments",
        {"role": "active"},
        {"role": "passive_failover"},
        "production_deployment_id.filled_where_needed",
    ),
    (
        "verification_forms",
        {"submitted_on": DAY, "confirmed_on": DAY},
        {"submitted_on": NEXT, "confirmed_on": DAY},
        "confirmed_on.not_before_submitted_on",
    ),
    ("esu_coverage", {"device_id": "d"}, {}, "ose_id.filled_where_needed"),
    ("esu_coverage", {"esu_year": 1}, {"esu_year": 0}, "esu_year.at_least_1"),
    ("access_licenses", {"quantity": 1}, {"quantity": 0}, "quantity.at_least_1"),
    ("access_counts", {"users": 0}, {"users": -1}, "users.at_least_0"),
    (
        "employees",
        {"employed_from": DAY, "employed_to": DAY},
        {"employed_from": NEXT, "employed_to": DAY},
        "employed_to.not_before_employed_from",
    ),
    (
        "app_users",
        {"assigned_from": DAY, "assigned_to": DAY},
        {"assigned_from": NEXT, "assigned_to": DAY},
        "assigned_to.not_before_assigned_from",
    ),
    ("workplace_orders", {"ordered_on": AS_OF}, {"ordered_on": date(2026, 7, 1)}, "ordered_on.plausible"),
    ("devices", {"screen_inches": "13.3"}, {"screen_inches": "13.3 in"}, "screen_inches.well_formed"),
    (
        "online_subscriptions",
        {"start_date": DAY, "end_date": DAY},
        {"start_date": NEXT, "end_date": DAY},
        "end_date.not_before_start_date",
    ),
    ("cloud_services", {"vcores": 1}, {"vcores": 0}, "vcores.at_least_1"),
]


@pytest.mark.parametrize(
    ("table", "passes", "fails", "check"), BOUNDARIES, ids=lambda v: v if isinstance(v, str) else ""
)
def test_a_check_holds_on_one_side_of_its_boundary(table, passes, fails, check):
    passes, fails = (
        {
            name: pl.Series([value]).cast(schema_of(table)[name])[0] if name == "unit_price" else value
            for name, value in row.items()
        }
        for row in (passes, fails)
    )
    assert check not in failing(table, **passes)
    assert check in failing(table, **fails)


def test_what_is_not_known_fails_no_domain_check_that_is_an_error():
    for table in TABLES:
        errors = {e.meta["check"] for e in suite_of(table, AS_OF).expectations if e.meta["severity"] == "error"}
        assert not failing(table) & errors, table


def test_without_a_position_date_no_day_is_in_the_future():
    schema = schema_of("hosts")
    row = pl.DataFrame({"observed_on": [date(2999, 1, 1)]}).cast({"observed_on": schema["observed_on"]})
    (check,) = (c for c in row_checks(suite_of("hosts"), schema) if c.name == "observed_on.plausible")
    assert not row.select(check.condition.fails).item()
