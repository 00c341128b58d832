"""The same question gives the same bytes; a run is computed once, by one process, and whole."""

import os
from datetime import date
from pathlib import Path

import pytest

from lmanalytics import answers, pipeline
from lmanalytics.errors import RunError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import tree_digests
from lmanalytics.evidence.verify import verify
from lmanalytics.workspace import Workspace

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
DAY = date(2026, 6, 30)


@pytest.fixture
def exports(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "hosts.csv").write_text(
        "host_id,observed_on,host_name,processors,physical_cores,hypervisor\nh1,2026-06-28,one,2,16,esxi\n"
    )
    (folder / "oses.csv").write_text(
        "ose_id,observed_on,name,host_id,vcpus,os_product\nv1,2026-06-28,web,h1,4,Windows Server\n"
    )
    return folder


@pytest.mark.slow
def test_the_same_question_gives_the_same_bytes(tmp_path):
    first = pipeline.run(SAMPLE, Workspace(tmp_path / "one"), as_of=DAY).path
    second = pipeline.run(SAMPLE, Workspace(tmp_path / "two"), as_of=DAY).path
    assert first.name == second.name
    assert tree_digests(first) == tree_digests(second)
    assert verify(first, SAMPLE) == []


def test_a_run_that_is_there_is_not_computed_again(exports, tmp_path):
    workspace = Workspace(tmp_path)
    assert not pipeline.run(exports, workspace, as_of=DAY).is_reused
    assert pipeline.run(exports, workspace, as_of=DAY).is_reused
    assert not pipeline.run(exports, workspace, as_of=DAY, fresh=True).is_reused


def test_another_date_or_policy_is_another_run(exports, tmp_path):
    workspace = Workspace(tmp_path)
    runs = {
        pipeline.run(exports, workspace, as_of=DAY).path,
        pipeline.run(exports, workspace, as_of=date(2026, 7, 1)).path,
        pipeline.run(exports, workspace, as_of=DAY, policies={"movement": "cluster"}).path,
    }
    assert len(runs) == 3


def test_a_run_that_fails_leaves_nothing(exports, tmp_path, monkeypatch):
    def broken(*_):
        raise RunError("no")

    monkeypatch.setattr(answers, "compute", broken)
    with pytest.raises(RunError):
        pipeline.run(exports, Workspace(tmp_path), as_of=DAY)
    assert list((tmp_path / "data" / "runs").iterdir()) == []


def test_a_second_process_waits_its_turn(exports, tmp_path):
    run_id = manifest.question(exports, DAY, {}).run_id
    runs = tmp_path / "data" / "runs"
    runs.mkdir(parents=True)
    (runs / f".{run_id}.pid").write_text(str(os.getpid()))
    with pytest.raises(RunError, match="another process"):
        pipeline.run(exports, Workspace(tmp_path), as_of=DAY)


def test_what_a_killed_process_left_is_cleared(exports, tmp_path):
    run_id = manifest.question(exports, DAY, {}).run_id
    runs = tmp_path / "data" / "runs"
    (runs / f".{run_id}.unfinished").mkdir(parents=True)
    (runs / f".{run_id}.unfinished" / "half.parquet").write_bytes(b"")
    (runs / f".{run_id}.pid").write_text("999999999")
    done = pipeline.run(exports, Workspace(tmp_path), as_of=DAY)
    assert [p.name for p in runs.iterdir()] == [done.path.name]
    assert not (done.path / "half.parquet").exists()
