"""The published examples that are given with the project's documents, where they are present."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.__main__ import main, topics
from tests.examples.outcome import FAILED, PASSED, UNDECIDABLE, result, rows

ROOT = Path(__file__).parents[3]
SHARED = ROOT / os.environ.get("LMANALYTICS_SHARED", "../shared") / "examples"
OPEN = {"BAD-004", "WSB-004"}
"""A price, and a rule of thumb without prices: nothing that terms decide."""


def example(topic, inputs, expected, confidence="high"):
    row = {"id": "X-1", "topic": topic, "inputs_json": inputs, "expected_json": expected, "confidence": confidence}
    return result(row, topics())


@pytest.mark.parametrize("name", ["server.csv", "sa.csv"])
def test_no_shared_example_fails(name):
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not there; set LMANALYTICS_SHARED")
    own = [r for r in rows(path) if r["topic"].removeprefix("known_bad:").startswith(("ws_", "windows_server"))]
    results = [result(row, topics()) for row in own]
    assert not [r for r in results if r.status == FAILED]
    undecidable = {r.id for r in results if r.status == UNDECIDABLE and not r.topic.endswith(("ws_esu", "ws_spla"))}
    assert undecidable <= OPEN


@pytest.mark.parametrize(
    ("topic", "inputs", "expected", "status"),
    [
        ("ws_physical", '{"processors":2,"cores_per_processor":10}', '{"core_licenses":20,"packs_2core":10}', PASSED),
        ("ws_physical", '{"processors":2,"cores_per_processor":[4,20]}', '{"core_licenses":28}', PASSED),
        ("ws_physical", '{"processors":2,"cores_per_processor":10}', '{"core_licenses":21}', FAILED),
        ("ws_physical", '{"processors":2,"cores_per_processor":10}', '{"core_licenses":20,"x":1}', UNDECIDABLE),
        ("ws_physical", '{"processors":2}', '{"core_licenses":20}', UNDECIDABLE),
        ("ws_physical", '{"processors":"two","cores_per_processor":8}', '{"core_licenses":16}', UNDECIDABLE),
        ("ws_physical", '{"processors":2,"cores_per_processor":10,"pack_sizes_available":[16]}',
         '{"cores_required":20,"cores_purchased":32}', PASSED),
        ("ws_physical", '{"processors":2,"cores_per_processor":10}',
         '{"sa_renewal_increase_pct_vs_2proc_grant":25}', PASSED),
        ("ws_physical", '{"total_cores":12,"version":"2012 R2"}', '{"core_licenses":16}', UNDECIDABLE),
        ("ws_std_stack", '{"full_sets":1,"host_used_only_to_manage_vms":false}', '{"windows_vms_allowed":1}', PASSED),
        ("ws_std_stack", ('{"server_cores":16,"windows_vms":2,"host_os":"Windows Server",'
         '"host_used_only_to_manage_vms":false}'), '{"sets":2,"core_licenses":32}', PASSED),
        ("ws_datacenter", '{"full_sets":1}', '{"windows_vms_allowed":"unlimited","physical_ose_allowed":true}', PASSED),
        ("ws_datacenter", '{"full_sets":1}', '{"windows_vms_allowed":2}', FAILED),
        ("ws_cluster_peak", '{"cluster_hosts":4,"windows_vms":7,"vms_move_freely":true}',
         '{"sets_per_host":4,"sets_total":16,"license_each_host_for_peak":true}', PASSED),
        ("ws_cluster_peak", '{"hosts":4,"windows_vms":7,"vms_move_freely":false}', '{"sets_per_host":2}', UNDECIDABLE),
        ("ws_per_vm", '{"vm_vcores":[4,8,16],"sa_or_subscription":false}', '{"allowed":false}', PASSED),
        ("ws_per_vm", '{"licensing":"per VM","host":"Windows Server in the physical OSE"}', '{"allowed":false}', PASSED),
        ("ws_per_vm", '{"rule":"minimum per VM"}', '{"min_core_licenses_per_vm":8}', PASSED),
        ("ws_containers", '{"edition":"Standard","full_sets":2}',
         '{"hyperv_isolated_containers_or_oses":4,"non_isolated_containers":"unlimited"}', PASSED),
        ("ws_breakeven", '{"std_set_usd":882,"dc_set_usd":6155}', '{"datacenter_cheaper_from_vms":13}', PASSED),
        ("windows_server_per_vm", '{"vms":[4]}', '{"core_licences":[8],"total":16,"sa_required":true}', PASSED),
        ("known_bad:ws_std_stack", '{"processors":2,"cores_per_processor":8,"windows_vms":3}',
         '{"published":{"core_licenses":24},"rule_value":{"core_licenses":32}}', PASSED),
        ("known_bad:ws_std_stack", '{"processors":2,"cores_per_processor":8,"windows_vms":3}',
         '{"published":{"core_licenses":32},"rule_value":{"core_licenses":32}}', FAILED),
        ("known_bad:ws_physical", '{"processors":1,"cores_per_processor":8}',
         '{"published":{"packs_2core":8},"rule_value":{"packs_2core":4}}', FAILED),
        ("tool_behaviour", '{"edition":"Standard","processors":2,"cores_per_processor":8,"windows_vms":3}',
         '{"tool_output":24,"rule_value":32}', PASSED),
        ("tool_behaviour", '{"edition":"Standard","sa":true,"vm_vcores":[2,2],"host":"2x16"}',
         '{"tool_output":4,"rule_value":16}', PASSED),
        ("no_such_topic", "{}", "{}", UNDECIDABLE),
    ],
)  # fmt: skip
def test_examples_by_topic(topic, inputs, expected, status):
    assert example(topic, inputs, expected).status == status


@pytest.mark.parametrize("text", ["{", "", "[1]", '{"processors": NaN}', "null"])
def test_a_malformed_cell_is_a_failure_that_says_so(text):
    found = example("ws_physical", text, "{}")
    assert found.status == FAILED
    assert "inputs_json" in found.reason


def test_a_figure_known_to_be_bad_passes_when_the_rules_differ():
    inputs = '{"processors":1,"cores_per_processor":8}'
    assert example("ws_physical", inputs, '{"packs_2core":4}', "known-bad").status == PASSED
    assert example("ws_physical", inputs, '{"packs_2core":8}', "known-bad").status == FAILED


def test_the_command_ends_with_its_counts(tmp_path):
    path = tmp_path / "some.csv"
    path.write_text(
        "id,topic,inputs_json,expected_json,source,confidence\n"
        'A,ws_physical,"{""total_cores"":24}","{""core_licenses"":24}",s,high\n'
        'B,no_such_topic,{},"{""x"":1}",s,high\n'
    )
    command = [sys.executable, "-m", "tests.examples", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "1 passed, 0 failed, 1 undecidable"


@pytest.mark.parametrize("content", [None, "a,b\n1,2\n", b"\xff\xfe\x00"])
def test_an_unreadable_file_is_two(tmp_path, content, capsys):
    path = tmp_path / "some.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main([str(path)]) == 2
    assert "some.csv" in capsys.readouterr().err


def test_without_arguments_it_says_how_to_use_it(capsys):
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("Usage")
