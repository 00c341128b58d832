from datetime import date

import pytest

from tests.facts.estates import estate, guest, host


def only(*hosts, oses=(), **policies):
    return estate(hosts, oses, policies=policies)["hosts"].collect().row(0, named=True)


@pytest.mark.parametrize(
    ("given", "runs", "works"),
    [
        ({"hypervisor": "esxi"}, False, False),
        ({"hypervisor": "nutanix_ahv"}, False, False),
        ({"hypervisor": "hyper_v"}, True, False),
        ({"hypervisor": "virtuozzo"}, True, False),
        ({"hypervisor": "none"}, None, None),
        ({"hypervisor": None}, None, None),
        ({"hypervisor": "none", "host_os_product": "Windows Server"}, True, True),
        ({"hypervisor": None, "host_os_product": "Windows Server"}, True, True),
        ({"hypervisor": "hyper_v", "host_os_product": "Windows Server"}, True, False),
        ({"hypervisor": "hyper_v", "host_os_product": "Windows Server", "host_os_use": "workload"}, True, True),
        ({"hypervisor": "hyper_v", "host_os_product": "Windows Server", "host_os_use": "replica_target"}, True, False),
        ({"hypervisor": "hyper_v", "host_os_product": "Hyper-V Server"}, False, False),
    ],
)
def test_what_the_physical_ose_runs(given, runs, works):
    found = only(host(**given))
    assert (found["host_runs_windows"], found["host_uses_right"]) == (runs, works)


@pytest.mark.parametrize(("reading", "runs"), [("manage_only", True), ("not_windows", False), ("not_computable", None)])
def test_an_unsaid_hyper_v_host_is_a_policy(reading, runs):
    assert only(host(hypervisor="hyper_v"), host_os_on_hyper_v=reading)["host_runs_windows"] is runs


def test_a_physical_ose_wins_over_what_the_host_says():
    rows = [guest("p1", kind="physical", os_version="2022", os_edition="Datacenter")]
    found = only(host(hypervisor="none", host_os_product="Linux"), oses=rows)
    assert found["host_runs_windows"] is True
    assert (found["host_os_version"], found["host_os_edition"]) == ("2022", "Datacenter")


def test_a_physical_ose_under_somebody_elses_license_asks_for_none():
    rows = [guest("p1", kind="physical", license_source="spla")]
    assert only(host(hypervisor="none"), oses=rows)["host_runs_windows"] is False


@pytest.mark.parametrize(
    ("listed", "read"), [(["4", "20"], [4, 20]), ([" 8 "], [8]), (["4", "x"], None), ([], None), (None, None)]
)
def test_cores_of_each_processor(listed, read):
    assert only(host(cores_per_processor=listed))["cores_per_processor"] == read


def test_a_retired_host_is_left_out():
    may, june = date(2026, 5, 31), date(2026, 6, 30)
    rows = [
        host("old", observed_on=may, inventory_id="vc1"),
        host("new", observed_on=may, inventory_id="vc1"),
        host("new", observed_on=june, inventory_id="vc1"),
    ]
    found = estate(rows, [])
    assert found["hosts"].collect()["host_id"].to_list() == ["new"]
    assert found["host_rows"].collect()["state"].to_list() == ["earlier", "earlier", "current"]


def test_hosts_of_a_cluster_share_a_subject_where_oses_move():
    assert only(host(cluster_id="c1"))["subject_kind"] == "host"
    moving = only(host(cluster_id="c1"), movement="cluster")
    assert (moving["subject_kind"], moving["subject_id"]) == ("cluster", "c1")
    assert only(host(), movement="cluster")["subject_kind"] == "host"
