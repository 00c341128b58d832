from datetime import date, datetime

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import recovery_exemptions
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

SETTINGS = Settings(AS_OF)
REPLICA = host(
    "dr", hypervisor="hyper_v", is_dr_dedicated=True, host_os_use="replica_target", host_os_product="Windows Server"
)
PRODUCTION = [host("h1", hypervisor="hyper_v"), guest("web", "h1")]


def licenses(end=date(2027, 6, 30)):
    row = {"entity_id": "main", "license_id": "l", "product": "Windows Server", "metric": "core", "quantity": 16,
           "valid_from": date(2020, 1, 1), "sa_start": date(2020, 1, 1), "sa_end": end, "sa_active": end >= AS_OF,
           "is_perpetual": True, "reason": "purchased"}  # fmt: skip
    return pl.LazyFrame([row], schema=ANSWERS["licenses"].schema)


def given(*oses, replica=REPLICA, **tables):
    hosts = [PRODUCTION[0], replica]
    facts = estate(hosts, [PRODUCTION[1], *oses])
    return {"hosts": table("hosts", *hosts), "facts_hosts": facts["hosts"], "facts_oses": facts["oses"],
            "licenses": licenses(), "access_licenses": table("access_licenses"), **tables}  # fmt: skip


def reasons(inputs):
    found = recovery_exemptions.answers(inputs, SETTINGS)["replica_hosts"].collect()
    assert found.schema == ANSWERS["replica_hosts"].schema
    return {r["host_id"]: (r["is_license_waived"], r["reason"]) for r in found.to_dicts()}


def test_only_the_servers_of_disaster_recovery_are_told_of():
    assert reasons(given()) == {"dr": (True, "replica_server")}


@pytest.mark.parametrize(
    ("changed", "serves"),
    [
        ({"environment": "disaster_recovery"}, False),
        ({"is_running": False}, False),
        ({"is_template": True}, False),
        ({}, True),
        ({"os_product": "Linux"}, True),
        ({"environment": "dev_test"}, True),
        ({"host_id": "h1"}, False),
    ],
)
def test_what_else_runs_on_it(changed, serves):
    expected = (False, "serves_production") if serves else (True, "replica_server")
    assert reasons(given(guest("other", **{"host_id": "dr", **changed})))["dr"] == expected


def run(ose_id="web-dr", start=29, end=30):
    return {"run_id": "r", "ose_id": ose_id, "production_ose_id": "web", "purpose": "test", "target": "customer_server",
            "started_at": datetime(2026, 6, start), "ended_at": datetime(2026, 6, end, 12)}  # noqa: DTZ001  # fmt: skip


def test_a_backup_of_the_log_is_no_production():
    inputs = given(guest("web-dr", "dr"), recovery_runs=table("recovery_runs", run()))
    assert reasons(inputs)["dr"] == (True, "replica_server")


def test_software_assurance():
    assert reasons(given(licenses=licenses(date(2026, 6, 29))))["dr"] == (False, "no_software_assurance")
    inputs = given()
    del inputs["licenses"]
    assert reasons(inputs)["dr"] == (None, "assurance_unknown")


def test_a_backup_needs_no_licenses_while_it_may_run():
    inputs = given(guest("web-dr", "dr"), recovery_runs=table("recovery_runs", run()))
    rows = inputs["facts_oses"].filter(pl.col("ose_id") == "web-dr").collect()["row_id"].to_list()
    assert recovery_exemptions.backup_oses(inputs, SETTINGS).collect().rows() == [(rows[0], "main", "web-dr", "r")]


@pytest.mark.parametrize("changed", [{"start": 28, "end": 29}, {"ose_id": "other"}])
def test_a_backup_that_runs_at_another_time_needs_them(changed):
    inputs = given(guest("web-dr", "dr"), recovery_runs=table("recovery_runs", run(**changed)))
    assert recovery_exemptions.backup_oses(inputs, SETTINGS).collect().is_empty()


def test_a_run_that_was_not_permitted_frees_nothing():
    inputs = given(
        guest("web-dr", "dr"), recovery_runs=table("recovery_runs", run()), licenses=licenses(date(2026, 6, 1))
    )
    assert recovery_exemptions.backup_oses(inputs, SETTINGS).collect().is_empty()
    assert recovery_exemptions.backup_oses(given(), SETTINGS).collect().is_empty()


def test_a_host_is_explained():
    lines = recovery_exemptions.explain_subject(given(), SETTINGS, "dr")
    assert lines.filter(pl.col("rule") == "disaster_recovery_host.is_license_waived")["value"].to_list() == ["True"]
    assert recovery_exemptions.explain_subject(given(), SETTINGS, "h1").is_empty()
