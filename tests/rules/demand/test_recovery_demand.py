"""Disaster recovery rights in the demand for Windows Server: backups that may run, and hosts of replicas."""

from datetime import date, datetime

import polars as pl
import pytest

from lmanalytics.rules.demand import windows_server
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import recovery_exemptions
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

SETTINGS = Settings(AS_OF)
REPLICA = host("dr", hypervisor="hyper_v", is_dr_dedicated=True, host_os_use="replica_target",
               host_os_product="Windows Server", host_os_edition="Standard")  # fmt: skip


def covered():
    row = {"entity_id": "main", "license_id": "l", "product": "Windows Server", "metric": "core", "quantity": 16,
           "valid_from": date(2020, 1, 1), "sa_start": date(2020, 1, 1), "sa_end": date(2027, 6, 30),
           "sa_active": True, "is_perpetual": True, "reason": "purchased"}  # fmt: skip
    return pl.LazyFrame([row], schema=ANSWERS["licenses"].schema)


def run(start, end, purpose="test"):
    return {"run_id": "r1", "ose_id": "web-dr", "production_ose_id": "web", "purpose": purpose,
            "target": "customer_server", "started_at": datetime(2026, 6, start), "ended_at": datetime(2026, 6, end, 12)}  # noqa: DTZ001  # fmt: skip


def answered(*runs, replica=REPLICA):
    hosts, oses = [host("h1"), replica], [guest("web", "h1"), guest("web-dr", "dr")]
    inputs = {f"facts_{name}": frame for name, frame in estate(hosts, oses).items()}
    inputs |= {"hosts": table("hosts", *hosts), "licenses": covered(), "access_licenses": table("access_licenses")}
    inputs["recovery_runs"] = table("recovery_runs", *runs)
    inputs |= recovery_exemptions.answers(inputs, SETTINGS)
    return {name: frame.collect() for name, frame in windows_server.answers(inputs, SETTINGS).items()}


def required(found, subject):
    rows = found["demand"].filter(pl.col("subject_id") == subject, pl.col("option") == "standard_physical_cores")
    return rows["licenses_required"].to_list()


def test_nothing_is_required_of_a_replica_server_while_its_backup_may_run():
    found = answered(run(29, 30))
    assert required(found, "h1") == [16]
    assert required(found, "dr") in ([], [0])
    outcome = found["ose_outcomes"].filter(pl.col("ose_id") == "web-dr").select("outcome", "reason", "evidence").row(0)
    assert outcome == ("excluded", "backup_instance", "Run r1")
    assert found["exclusions"].select("subject_id", "evidence").rows() == [("web-dr", "Run r1")]


@pytest.mark.parametrize("runs", [[], [run(1, 29)], [run(1, 2)]], ids=["no run", "three weeks", "over by then"])
def test_a_backup_that_may_not_run_counts(runs):
    found = answered(*runs)
    assert required(found, "dr") == [16]
    assert found["ose_outcomes"].filter(pl.col("ose_id") == "web-dr")["outcome"].to_list() == ["counted"]


def test_the_windows_server_of_another_host_counts_though_its_backup_may_run():
    busy = REPLICA | {"host_os_use": "workload"}
    assert required(answered(run(29, 30), replica=busy), "dr") == [16]
