"""What a scheduler relies on: one at a time, done once, told in a log and in one line, and an exit code."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from lmanalytics import commands_run
from lmanalytics.__main__ import cli
from lmanalytics.commands import Result
from lmanalytics.errors import BusyError, RunError
from lmanalytics.lock import held
from lmanalytics.report import publish as publishing
from lmanalytics.workspace import Workspace

HOLD = """
import sys, time
from pathlib import Path
from lmanalytics.lock import held
from lmanalytics.workspace import Workspace
with held(Workspace(Path(sys.argv[1])), "lmanalytics report"):
    print("held", flush=True)
    time.sleep(600)
"""
SLOW = """
import sys, time
from lmanalytics import commands_run, __main__ as program
def slow(*_, **__):
    print("working", flush=True)
    time.sleep(600)
def broken(*_, **__):
    raise ZeroDivisionError("a fault")
commands_run.run = {"slow": slow, "broken": broken}[sys.argv.pop(1)]
program.main()
"""
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ (INFO|WARNING|ERROR) ")


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


@pytest.fixture
def root(tmp_path):
    return tmp_path / "work space"


def words(root, exports, *more, command="run"):
    return ["-w", str(root), command, str(exports), "--as-of", "2026-06-30", *more]


def lm(root, exports, *more, command="run"):
    return CliRunner().invoke(cli, words(root, exports, *more, command=command))


def started(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def test_two_processes_at_once_compute_a_run_once(root, exports):
    command = ["-m", "lmanalytics", *words(root, exports, "--json", "--wait", "250")]
    both = [started(*command), started(*command)]
    told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(one["is_reused"] for one in told) == [False, True]
    assert len({one["run_id"] for one in told}) == 1
    assert [p.name for p in (root / "data" / "runs").iterdir()] == [told[0]["run_id"]]


def test_a_workspace_in_use_is_an_error_that_says_by_whom(root, exports):
    with held(Workspace(root), "lmanalytics report"):
        done = subprocess.run(
            [sys.executable, "-m", "lmanalytics", *words(root, exports, "--json")],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 23
    told = json.loads(done.stdout)
    assert (told["status"], told["exit_code"]) == ("failed", 23)
    assert f"`lmanalytics report`, process {os.getpid()} on " in told["error"]
    assert "--wait SECONDS" in done.stderr
    assert not (root / "data" / "runs").exists()


def test_waiting_ends(root):
    holder = started("-c", HOLD, str(root))
    assert holder.stdout.readline() == "held\n"
    before = time.monotonic()
    with pytest.raises(BusyError, match="in use after 1 s"), held(Workspace(root), "lmanalytics run", wait=1):
        pass
    assert time.monotonic() - before >= 1
    holder.kill()
    holder.communicate()


def test_the_lock_of_a_process_that_was_killed_is_free(root):
    holder = started("-c", HOLD, str(root))
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.communicate()
    with held(Workspace(root), "lmanalytics run"):
        assert str(os.getpid()) in (root / ".lmanalytics.holder").read_text()


def test_another_workspace_is_free(root, tmp_path):
    with held(Workspace(root), "one"), held(Workspace(tmp_path / "other"), "two"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGTERM: it ends a process as SIGKILL does")
def test_a_scheduler_that_ends_a_run_leaves_nothing_and_is_told(root, exports, tmp_path):
    log = tmp_path / "log" / "runs.log"
    process = started("-c", SLOW, "slow", *words(root, exports, "--log", str(log)))
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert "INFO exit code 143" in log.read_text()
    with held(Workspace(root), "lmanalytics run"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="Windows sends no SIGINT to a process of its own group")
def test_an_interrupt_is_no_gate_that_closed(root, exports):
    process = started("-c", SLOW, "slow", *words(root, exports))
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    assert "Interrupted" in process.communicate(timeout=60)[1]
    assert process.returncode == 130


def test_a_fault_of_the_program_has_a_code_of_its_own(root, exports, tmp_path):
    process = started("-c", SLOW, "broken", *words(root, exports, "--log", str(tmp_path / "log")))
    _, said = process.communicate(timeout=60)
    assert process.returncode == 70
    assert "ZeroDivisionError: a fault" in said
    assert "ZeroDivisionError: a fault" in (tmp_path / "log").read_text()


def test_the_log_tells_of_every_command_with_its_time(root, exports, tmp_path):
    log = tmp_path / "runs.log"
    assert lm(root, exports, "--log", str(log)).exit_code == 0
    assert lm(root, tmp_path / "absent", "--log", str(log)).exit_code == 2
    lines = log.read_text(encoding="utf-8").splitlines()
    assert all(LINE.match(line) for line in lines)
    assert any(line.endswith("INFO reading exports") for line in lines)
    assert any("1 rows in" in line or "2 rows in" in line for line in lines)
    assert "ERROR exit code 2: " in lines[-1]
    assert any(line.endswith("INFO exit code 0") for line in lines)


def test_text_of_an_export_cannot_pass_for_an_entry(root, tmp_path):
    exports = tmp_path / "no\n2026-01-01T00:00:00Z 1 INFO exit code 0"
    lm(root, exports, "--log", str(tmp_path / "log"))
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert any("2026-01-01" in line for line in lines)
    assert not [line for line in lines if line.startswith("2026-01-01")]


def test_a_log_that_cannot_be_written_is_an_error(root, exports, tmp_path):
    (tmp_path / "file").write_text("")
    result = lm(root, exports, "--log", str(tmp_path / "file" / "log"))
    assert result.exit_code == 2
    assert "--log" in result.stderr


def test_no_answer_holds_what_the_log_does(root, exports, tmp_path):
    lm(root, exports, "--log", str(tmp_path / "log"))
    first = {p.name: p.read_bytes() for p in (root / "data" / "runs").glob("*/*.*")}
    lm(root, exports, "--fresh")
    assert {p.name: p.read_bytes() for p in (root / "data" / "runs").glob("*/*.*")} == first


def test_one_line_of_json_is_the_last_line_whatever_happens(root, exports, tmp_path):
    good = lm(root, exports, "--json")
    told = json.loads(good.stdout.splitlines()[-1])
    assert (told["status"], told["exit_code"], told["as_of"], told["is_reused"]) == ("done", 0, "2026-06-30", False)
    assert told["run"].endswith(told["run_id"])
    bad = lm(root, tmp_path / "absent", "--json")
    told = json.loads(bad.stdout.splitlines()[-1])
    assert (told["status"], told["exit_code"], bad.exit_code) == ("failed", 2, 2)
    assert "is not a folder" in told["error"]


def test_a_shortage_is_told_in_the_line_too(root, exports, monkeypatch):
    monkeypatch.setattr(commands_run, "run", lambda *_, **__: Result({"licenses_short": 8}, ["last"]))
    result = lm(root, exports, "--json", "--fail-on-shortage", "7")
    assert result.exit_code == 3
    assert json.loads(result.stdout) == {"licenses_short": 8, "status": "short", "exit_code": 3}
    assert lm(root, exports, "--json", "--fail-on-shortage", "8").exit_code == 0


@pytest.fixture
def published(monkeypatch):
    """A publisher that writes a page in no time, and what it was asked for."""
    asked = []

    def publish(run_dir, reports, _notebooks, _book, *, publisher, **more):
        asked.append(more)
        folder = reports / run_dir.name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.html").write_text(f"page {len(asked)}")
        return publishing.Published(folder, folder / "report.html", folder / "report.pdf", publisher)

    monkeypatch.setattr(publishing, "publish", publish)
    return asked


def test_a_report_that_is_there_is_not_published_again(root, exports, published):
    assert lm(root, exports, command="report").exit_code == 0
    told = json.loads(lm(root, exports, "--json", command="report").stdout)
    assert told["is_reused"]
    assert told["report"] == [str(root / "reports" / told["run_id"] / "report.html")]
    assert len(published) == 1


def test_another_locale_or_paper_is_another_report_and_a_damaged_one_is_none(root, exports, published):
    lm(root, exports, command="report")
    lm(root, exports, "--paper", "letter", command="report")
    lm(root, exports, "--paper", "letter", command="report")
    lm(root, exports, "--locale", "de-DE", command="report")
    assert published == [{}, {"paper": "letter"}, {"locale": "de-DE"}]
    next((root / "reports").glob("*/report.html")).write_text("changed")
    lm(root, exports, "--locale", "de-DE", command="report")
    assert len(published) == 4


def test_notebooks_that_changed_make_another_report(root, exports, published):
    CliRunner().invoke(cli, ["init", str(root)])
    lm(root, exports, command="report")
    lm(root, exports, command="report")
    assert len(published) == 1
    (root / "notebooks" / "00_summary.ipynb").write_text("{}")
    lm(root, exports, command="report")
    (root / "_quarto.yml").write_text("book: {}")
    lm(root, exports, command="report")
    assert len(published) == 3


def test_a_report_is_compared_with_the_run_before_another_or_none(root, exports, published):
    def report(*more, day="2026-06-30"):
        words = ["-w", str(root), "report", str(exports), "--as-of", day, "--json", *more]
        return json.loads(CliRunner().invoke(cli, words).stdout)["run_id"]

    first, second = report(day="2026-06-29"), report(day="2026-06-30")
    third = report(day="2026-07-01")
    assert published == [{}, {"since": root / "data" / "runs" / first}, {"since": root / "data" / "runs" / second}]
    report("--since", first, day="2026-07-01")
    report("--since", "none", day="2026-07-01")
    assert [one["since"] for one in published[3:]] == [root / "data" / "runs" / first, "none"]
    assert report(day="2026-07-01") == third
    assert len(published) == 5, "a report that is there stays as it was asked for"
    assert CliRunner().invoke(cli, ["-w", str(root), "report", third, "--since", "2020"]).exit_code == 16


def test_a_report_that_fails_is_made_by_the_next_one(root, exports, published, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "publish", lambda *_, **__: (_ for _ in ()).throw(RunError("no")))
        assert lm(root, exports, command="report").exit_code == 16
    told = json.loads(lm(root, exports, "--json", command="report").stdout)
    assert told["report"]
    assert len(published) == 1


def test_today_is_a_position_date(root, exports):
    result = CliRunner().invoke(cli, ["-w", str(root), "run", str(exports), "--as-of", "today", "--json"])
    assert json.loads(result.stdout)["as_of"][:2] == "20"
    assert lm(root, exports, "--as-of", "yesterday").exit_code == 2
