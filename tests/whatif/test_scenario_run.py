"""Each scenario has a run of its own that is like any other; one that changes nothing is its base."""

import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner
from polars.testing import assert_frame_equal

from lmanalytics import answers, pipeline
from lmanalytics.__main__ import cli
from lmanalytics.errors import LmError, RunError, ScenarioError, UsageError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.verify import verify
from lmanalytics.explain import explain
from lmanalytics.schemas import ANSWERS
from lmanalytics.whatif.scenario import BASE, compare
from lmanalytics.whatif.scenario_file import load
from lmanalytics.whatif.scenario_run import patched, run
from lmanalytics.workspace import Workspace
from tests.whatif.scenario_estates import write_file

DAY = date(2026, 6, 30)
EXPORTS = {
    "estate.yaml": ["policies: {max_quarantined_share: '100'}", "owners: [{area: position, owner: Buyer}]"],
    "corrections.yaml": [
        "- {id: C1, table: purchases, where: {purchase_id: p2}, exclude: true,",
        "   reason: Twice, evidence: CHG-1, approver: J. Roe, approved_on: 2026-06-12}",
        "- {id: C2, table: oses, where: {ose_id: v1}, column: vcpus, was: 2, now: 8,",
        "   reason: Wrong, evidence: CHG-2, approver: J. Roe, approved_on: 2026-06-12}",
    ],
    "hosts.csv": [
        "host_id,observed_on,host_name,cluster_id,processors,physical_cores,hypervisor",
        "h1,2026-06-28,one,,2,16,esxi",
        "h2,2026-06-28,two,,2,32,esxi",
        "h3,2026-06-28,three,,1,8,esxi",
        "h3,2026-06-28,three again,,1,8,esxi",
    ],
    "oses.csv": [
        "ose_id,observed_on,name,host_id,vcpus,os_product,os_edition",
        "v1,2026-06-28,web01,h1,4,Windows Server,Standard",
        "v2,2026-06-28,web02,h2,4,Windows Server,Standard",
        "v3,2026-06-28,sql01,h3,8,Windows Server,Standard",
    ],
    "purchases.csv": [
        "purchase_id,product,edition,version,metric,purchase_type,quantity,order_date",
        "p1,Windows Server,Standard,2022,core,license,16,2025-01-10",
        "p2,Windows Server,Standard,2022,core,license,16,2025-01-10",
    ],
    "prices.csv": [
        "product,edition,metric,purchase_type,pack_size,valid_from,unit_price,currency",
        "Windows Server,Standard,core,license,2,2025-01-01,140.00,USD",
    ],
}
FILE = """
scenarios:
  unchanged:
  without_three:
    title: Host three retires
    changes:
      - retire: hosts
        where: {host_id: h3}
  minimum_24:
    title: And Microsoft asks for 24 cores of each server
    on: without_three
    changes:
      - rule: windows_server_cores.min_cores_per_server
        value: 24
"""


def write_exports(folder, without=""):
    folder.mkdir(parents=True)
    for name, lines in EXPORTS.items():
        kept = [line for line in lines if not (without and without in line.split(","))]
        (folder / name).write_text("\n".join(kept) + "\n")
    return folder


@pytest.fixture(scope="module", autouse=True)
def no_other_readings():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "SWING_LIMIT", -1)
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The exports, their run, and the three scenarios answered on it."""
    root = tmp_path_factory.mktemp("scenarios")
    exports = write_exports(root / "exports")
    file = write_file(root, FILE)
    found = compare(file, exports, workspace=Workspace(root), as_of=DAY)
    return root, exports, file, found


def read(folder, name):
    return pl.read_parquet(folder / f"{name}.parquet")


def test_a_scenario_that_changes_nothing_has_the_answers_of_its_base(world):
    *_, found = world
    for name in ANSWERS:
        assert_frame_equal(read(found.runs["unchanged"], name), read(found.base, name))


def test_a_host_that_retires_is_a_host_that_was_never_exported(world, tmp_path):
    *_, found = world
    without = pipeline.run(write_exports(tmp_path / "exports", "h3"), Workspace(tmp_path), as_of=DAY).path
    for name in ("demand", "plan", "position", "true_up", "licenses", "version_rights"):
        assert_frame_equal(read(found.runs["without_three"], name), read(without, name))


def test_rows_add_up_to_those_that_are_left_and_those_that_were_kept_back(world):
    *_, found = world
    rows = {
        name: dict(read(run, "accounts").group_by("table").agg(pl.col("rows").sum()).rows())
        for name, run in found.runs.items()
    }
    assert rows["unchanged"] == rows[BASE] == {"hosts": 4, "oses": 3, "purchases": 2, "prices": 1}
    assert rows["without_three"] == {"hosts": 3, "oses": 2, "purchases": 2, "prices": 1}  # one host was kept back


def test_the_manifest_names_the_base_and_what_was_done(world):
    *_, found = world
    document = manifest.read(found.runs["minimum_24"])
    told = document["scenario"]
    assert (told["base_run"], told["builds_on"], told["file"]) == (found.base.name, ["without_three"], "scenarios.yaml")
    assert [(c["scenario"], c["verb"], c["table"], c["removed"]) for c in told["changes"]] == [
        ("without_three", "retire", "oses", 1), ("without_three", "retire", "hosts", 1),
    ]  # fmt: skip
    assert told["rules"] == [
        {
            "module": "windows_server_cores",
            "parameter": "min_cores_per_server",
            "value": 24,
            "kind": "int",
            "since": None,
        }
    ]
    assert document["inputs"] == manifest.read(found.base)["inputs"]


def test_the_runs_of_scenarios_are_verified_and_explained_like_any_other(world):
    _, exports, _, found = world
    for folder in found.runs.values():
        assert not [found for found in verify(folder, exports) if found.part != "program"]
    given = explain(found.runs["minimum_24"], "h1")["given"].to_list()
    assert any("min_cores_per_server = 24 core / server as a scenario says" in text for text in given)
    assert not any("as a scenario says" in text for text in explain(found.base, "h1")["given"])


def test_the_comparison_is_that_of_the_runs(world):
    *_, found = world
    totals = found.table.filter(pl.col("product") == "*").select(
        "scenario", "required", "owned", "short", "change_short"
    )
    assert totals.rows() == [  # hosts of 16, 32 and 8 cores, each with one OSE; the least is 16, or 24 for a server
        (BASE, 64, 16, 48, 0),
        ("unchanged", 64, 16, 48, 0),
        ("without_three", 48, 16, 32, -16),
        ("minimum_24", 56, 16, 40, -8),
    ]


def test_the_same_scenario_is_not_computed_again(world):
    root, _, file, found = world
    again = compare(file, found.base, workspace=Workspace(root))
    assert again.runs == found.runs
    assert again.table.equals(found.table)
    done = run(load(file)[0], found.base, Workspace(root))
    assert done.is_reused


def test_positions_in_memory_are_those_of_the_runs(world):
    root, _, file, found = world
    before = sorted(p.name for p in (root / "data" / "runs").iterdir())
    quick = compare(file, found.base, workspace=Workspace(root), only=["minimum_24"], quick=True)
    wanted = found.table.filter(pl.col("scenario").is_in([BASE, "minimum_24"])).drop("run_id")
    assert_frame_equal(quick.table.drop("run_id"), wanted)
    assert sorted(p.name for p in (root / "data" / "runs").iterdir()) == before
    assert list(quick.runs) == [BASE]


@pytest.mark.parametrize("quick", [False, True])
def test_a_row_that_the_gate_refuses_stops_the_scenario_and_leaves_nothing(world, tmp_path, quick):
    root, _, _, found = world
    text = "scenarios:\n  bad:\n    changes:\n      - set: purchases\n        where: all\n        to: {quantity: 0}\n"
    before = sorted(p.name for p in (root / "data" / "runs").iterdir())
    with pytest.raises(ScenarioError, match="1 row of purchases that does not pass the gate"):
        compare(write_file(tmp_path, text), found.base, workspace=Workspace(root), quick=quick)
    assert sorted(p.name for p in (root / "data" / "runs").iterdir()) == before


@pytest.mark.parametrize("quick", [False, True])
def test_tables_that_were_changed_after_the_run_are_no_base(world, tmp_path, quick):
    *_, file, found = world
    run_dir = tmp_path / "run"
    shutil.copytree(found.base, run_dir)
    read(run_dir / "accepted", "hosts").head(1).write_parquet(run_dir / "accepted" / "hosts.parquet")
    with pytest.raises(RunError, match="changed after the run was written"):
        compare(file, run_dir, workspace=Workspace(tmp_path), only=["unchanged"], quick=quick)


def test_another_day_counts_what_was_seen_by_then(world, tmp_path):
    *_, found = world
    text = "scenarios:\n  early: {as_of: 2026-06-27}\n  late: {as_of: 2026-12-31}\n"
    early, late = load(write_file(tmp_path, text))
    document = manifest.read(found.base)
    assert patched(early, found.base, document).settings.as_of == date(2026, 6, 27)
    quick = compare(write_file(tmp_path, text), found.base, workspace=Workspace(tmp_path), quick=True)
    required = dict(quick.table.filter(pl.col("product") == "*").select("scenario", "required").rows())
    assert (required["early"], required["late"]) == (0, 64)
    assert late.last.title == "late"


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("scenarios: {a: {policies: {movment: cluster}}}", ScenarioError, "Did you mean 'movement'"),
        ("scenarios: {a: {policies: {movement: clusters}}}", ScenarioError, "Did you mean 'cluster'"),
        ("scenarios: {a: {policies: {max_quarantined_share: '100'}}}", ScenarioError, "decides how exports are read"),
    ],
)
def test_a_policy_that_cannot_be_set_is_refused(world, tmp_path, text, error, said):
    *_, found = world
    with pytest.raises(error, match=said):
        compare(write_file(tmp_path, text), found.base, workspace=Workspace(tmp_path))


@pytest.mark.parametrize(
    ("path", "options", "said"),
    [
        ("latest", {}, "no run"),
        ("exports", {}, "--as-of"),
        ("base", {"as_of": date(2020, 1, 1)}, "not of 2020-01-01"),
        ("base", {"only": ["unchangd"]}, "Did you mean 'unchanged'"),
    ],
)
def test_what_it_starts_from_is_checked(world, tmp_path, path, options, said):
    _, exports, file, found = world
    start = {"latest": "latest", "exports": exports, "base": found.base}[path]
    with pytest.raises((UsageError, RunError), match=said):
        compare(file, start, workspace=Workspace(tmp_path), **options)


def test_the_command_prints_saves_and_ends_as_documented(world, tmp_path):
    root, _, file, found = world

    def called(*words):
        return CliRunner().invoke(cli, ["-w", str(root), "scenario", *map(str, words)])

    done = called(file, found.base.name, "--quick", "--only", "without_three")
    assert done.exit_code == 0
    assert "Host three retires" in done.stdout
    saved = {Path(line).name for line in done.stdout.splitlines() if line.startswith(str(root / "reports"))}
    assert saved == {"scenarios.csv", "scenarios.parquet", "scenarios.svg", "scenarios.html"}
    told = json.loads(called(file, "latest", "--quick", "--json", "--only", "unchanged", "--into", tmp_path).stdout)
    assert [row["scenario"] for row in told["scenarios"] if row["product"] == "*"] == [BASE, "unchanged"]
    assert called(file, found.base, "--as-of", "2020-01-01").exit_code == UsageError.exit_code
    wrong = called(write_file(tmp_path, "scenarios: {a: {x: 1}}"), found.base)
    assert wrong.exit_code == ScenarioError.exit_code
    assert "scenarios.yaml, line 1" in wrong.stderr
    assert issubclass(ScenarioError, LmError)
