"""The difference from an earlier run: which run it is, that it is computed once, and that it is found again."""

import json
import os

import pytest

from lmanalytics.errors import RunError
from lmanalytics.report import since
from lmanalytics.whatif import diff
from tests.report.example_run import usual


def run(folder, as_of="2026-06-30", entities=("main",), at=1, **more):
    """Write a folder that holds no more of a run than its manifest."""
    folder.mkdir(parents=True)
    path = folder / "manifest.json"
    document = {"run_id": folder.name, "as_of": as_of, "entities": list(entities), **more}
    path.write_text(json.dumps(document), encoding="utf-8")
    os.utime(path, ns=(at, at))
    return folder


@pytest.fixture
def compared(monkeypatch):
    """Count comparisons in place of computing them."""
    asked = []

    def compare(first, second):
        asked.append((first.name, second.name))
        return diff.Difference(first.name, second.name, *[None] * 5, notes=["Read this first."])

    def save(found, into):
        into.mkdir(parents=True)
        (into / "waterfall.csv").write_text(f"{found.before},{found.after}\n", encoding="utf-8")

    monkeypatch.setattr("lmanalytics.compared.todays", lambda: "program")
    monkeypatch.setattr(diff, "diff", compare)
    monkeypatch.setattr(diff, "save", save)
    return asked


def test_the_latest_earlier_day_is_compared_with(tmp_path):
    now = run(tmp_path / "now")
    run(tmp_path / "first", "2025-06-30")
    run(tmp_path / "last", "2026-03-31")
    run(tmp_path / "same_day", "2026-06-30")
    run(tmp_path / "later", "2026-09-30")
    assert since.earlier(now).name == "last"


def test_of_runs_of_one_day_the_one_written_last_counts(tmp_path):
    now = run(tmp_path / "now")
    run(tmp_path / "b", "2026-03-31", at=10)
    run(tmp_path / "a", "2026-03-31", at=20)
    assert since.earlier(now).name == "a"


@pytest.mark.parametrize(
    "other",
    [
        {"as_of": "2026-06-30"},
        {"as_of": "2026-03-31", "entities": ["main", "other"]},
        {"as_of": "2026-03-31", "scenario": {"name": "what if"}},
    ],
)
def test_another_day_other_entities_and_scenarios_are_no_earlier_run(tmp_path, other):
    run(tmp_path / "other", **other)
    assert since.earlier(run(tmp_path / "now")) is None


def test_a_folder_that_holds_no_run_is_passed_over(tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    assert since.earlier(run(tmp_path / "now")) is None


def test_a_difference_is_computed_once(tmp_path, compared):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    for into in ("first", "second"):
        folder = since.difference(now, before, tmp_path / "reports" / into)
        assert (folder / "waterfall.csv").read_text(encoding="utf-8") == "before,now\n"
    assert compared == [("before", "now")]


def test_a_changed_run_is_compared_again(tmp_path, compared):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    since.difference(now, before)
    run(tmp_path / "elsewhere" / "before", "2026-03-31", digest="another")
    (tmp_path / "elsewhere" / "before" / "manifest.json").replace(before / "manifest.json")
    since.difference(now, before)
    assert len(compared) == 2


def test_what_is_broken_is_computed_again(tmp_path, compared):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    (since.difference(now, before) / "difference.json").write_text("{", encoding="utf-8")
    since.difference(now, before)
    assert len(compared) == 2


@pytest.mark.parametrize("name", ["", "before", "folder"])
def test_a_notebook_opens_what_was_computed(tmp_path, compared, name):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    since.difference(now, before)
    change = since.opened(now, str(before) if name == "folder" else name)
    assert (change.before, change.before_as_of, change.notes) == ("before", "2026-03-31", ("Read this first.",))
    assert len(compared) == 1


def test_what_was_compared_with_a_run_elsewhere_is_found_by_its_id(tmp_path, compared):
    now, before = run(tmp_path / "now"), run(tmp_path / "archive" / "before", "2026-03-31")
    since.difference(now, before)
    assert since.opened(now, "before").before == "before"
    assert len(compared) == 1


@pytest.mark.usefixtures("compared")
def test_without_an_earlier_run_there_is_no_difference(tmp_path):
    assert since.opened(run(tmp_path / "now")) is None


@pytest.mark.usefixtures("compared")
def test_a_comparison_may_be_left_out(tmp_path):
    run(tmp_path / "before", "2026-03-31")
    assert since.opened(run(tmp_path / "now"), since.NONE) is None


@pytest.mark.usefixtures("compared")
def test_an_unknown_run_is_named(tmp_path):
    with pytest.raises(RunError, match="no_such_run"):
        since.opened(run(tmp_path / "now"), "no_such_run")


@pytest.mark.usefixtures("compared")
def test_nothing_is_added_to_the_run_folders(tmp_path):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    since.difference(now, before)
    assert [p.name for p in (*now.iterdir(), *before.iterdir())] == ["manifest.json"] * 2


def test_runs_whose_files_were_changed_are_refused(tmp_path):
    now, before = usual(tmp_path / "now"), usual(tmp_path / "before")
    with pytest.raises(RunError, match="not as it was written"):
        since.difference(now, before)
    assert list((tmp_path / since.KEPT).iterdir()) == []


def test_two_that_compare_at_once_keep_one_difference(tmp_path, compared, monkeypatch):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    own = diff.save

    def outrun(found, into):
        monkeypatch.setattr(diff, "save", own)
        since.difference(now, before)
        own(found, into)
        raise OSError(39, "Directory not empty")

    monkeypatch.setattr(diff, "save", outrun)
    assert (since.difference(now, before) / "difference.json").is_file()
    assert [path.name for path in (tmp_path / since.KEPT).iterdir()] == ["before--now"]
    assert len(compared) == 2


@pytest.mark.usefixtures("compared")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    now, before = run(tmp_path / "now"), run(tmp_path / "before", "2026-03-31")
    (tmp_path / since.KEPT).mkdir()
    (tmp_path / since.KEPT / "before--now").write_text("in the way", encoding="utf-8")
    with pytest.raises(RunError, match="cannot be kept"):
        since.difference(now, before)
