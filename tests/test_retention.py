"""The oldest runs go; the newest, and what those that stay refer to, never do."""

import json
import os

import pytest
from click.testing import CliRunner

from lmanalytics.__main__ import cli
from lmanalytics.retention import prune
from lmanalytics.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    """Five runs, a day apart, the first the oldest; all but the third have reports."""
    made = Workspace(tmp_path)
    for number, name in enumerate(("r1", "r2", "r3", "r4", "r5")):
        add(made, name, number)
        if name != "r3":
            report(made, name)
    return made


def add(workspace, name, number, **told):
    folder = workspace.runs / name
    folder.mkdir(parents=True)
    path = folder / "manifest.json"
    path.write_text(json.dumps({"run_id": name, **told}))
    os.utime(path, (number * 86400, number * 86400))


def report(workspace, name, since=""):
    folder = workspace.reports / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps({"run_id": name, "asked": {"since": since}}))


def there(folder):
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def test_the_oldest_go_with_their_reports(workspace):
    found = prune(workspace, 2)
    assert found.runs == ["r1", "r2", "r3"]
    assert found.left == ["r4", "r5"]
    assert there(workspace.runs) == ["r4", "r5"]
    assert there(workspace.reports) == ["r4", "r5"]


def test_the_newest_stays_even_if_none_is_to(workspace):
    assert prune(workspace, 0).left == ["r5"]


def test_more_than_there_are_stay(workspace):
    assert prune(workspace, 9).runs == []
    assert len(there(workspace.runs)) == 5


def test_what_a_kept_report_is_compared_with_stays_and_so_on(workspace):
    report(workspace, "r5", since="r2")
    report(workspace, "r2", since="r1")
    assert prune(workspace, 1).left == ["r1", "r2", "r5"]
    assert there(workspace.reports) == ["r1", "r2", "r5"]


def test_what_only_a_pruned_report_refers_to_goes(workspace):
    report(workspace, "r3", since="r1")
    assert prune(workspace, 2).left == ["r4", "r5"]


def test_a_reference_to_a_run_that_is_not_there_is_nothing(workspace):
    report(workspace, "r5", since="r0")
    assert prune(workspace, 1).left == ["r5"]


def test_the_run_that_was_asked_for_stays_however_old(workspace):
    assert prune(workspace, 1, used="r2").left == ["r2", "r5"]


def test_a_scenario_stays_as_long_as_its_base_and_is_not_counted(workspace):
    add(workspace, "s1", 6, scenario={"base_run": "r1"})
    add(workspace, "s4", 5, scenario={"base_run": "r4"})
    (workspace.reports / "scenarios" / "r1").mkdir(parents=True)
    found = prune(workspace, 2)
    assert found.left == ["r1", "r4", "r5", "s4", "s1"]  # s1 is what `latest` names, so its base stays
    add(workspace, "r6", 7)
    assert prune(workspace, 2).left == ["r5", "r6"]
    assert there(workspace.reports / "scenarios") == []


def test_differences_go_with_either_run(workspace):
    for name in ("r1--r2", "r3--r4", "r4--r5"):
        (workspace.runs / ".since" / name).mkdir(parents=True)
    prune(workspace, 2)
    assert sorted(p.name for p in (workspace.runs / ".since").iterdir()) == ["r4--r5"]


def test_a_damaged_manifest_or_report_counts_as_a_run_without_references(workspace):
    (workspace.runs / "r5" / "manifest.json").write_text("{")
    (workspace.reports / "r5" / "report.json").write_text("[]")
    assert prune(workspace, 1).left == ["r5"]


def test_what_is_no_run_stays(workspace):
    (workspace.runs / "notes").mkdir()
    (workspace.runs / "notes" / "mine.txt").write_text("")
    (workspace.reports / "mine").mkdir()
    prune(workspace, 1)
    assert "notes" in there(workspace.runs)
    assert "mine" in there(workspace.reports)


def test_a_dry_run_tells_and_deletes_nothing(workspace):
    result = CliRunner().invoke(cli, ["-w", str(workspace.root), "prune", "--keep", "4", "--dry-run", "--json"])
    told = json.loads(result.stdout)
    assert told["deleted"] == ["r1"]
    assert told["paths"] == [str(workspace.runs / "r1"), str(workspace.reports / "r1")]
    assert len(there(workspace.runs)) == 5
    CliRunner().invoke(cli, ["-w", str(workspace.root), "prune", "--keep", "4"])
    assert there(workspace.runs) == ["r2", "r3", "r4", "r5"]


def test_to_keep_none_is_refused(workspace):
    assert CliRunner().invoke(cli, ["-w", str(workspace.root), "prune", "--keep", "0"]).exit_code == 2
