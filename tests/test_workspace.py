import json

import pytest

from lmanalytics.errors import RunError, UsageError
from lmanalytics.workspace import TEMPLATE, Workspace, init


def make_run(workspace, name):
    folder = workspace.runs / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"run_id": name}))
    return folder


def test_a_workspace_is_laid_with_notebooks_and_the_book(tmp_path):
    init(tmp_path / "new")
    shipped = {p.name for p in (TEMPLATE / "notebooks").glob("*.ipynb")}
    assert {p.name for p in (tmp_path / "new" / "notebooks").glob("*.ipynb")} == shipped
    assert [p.name for p in (tmp_path / "new" / "notebooks" / "guide").iterdir()] == ["your_own_question.ipynb"]
    assert (tmp_path / "new" / "_quarto.yml").is_file()
    assert (tmp_path / "new" / "data" / "raw").is_dir()


def test_laying_it_again_leaves_what_is_there(tmp_path):
    init(tmp_path)
    (tmp_path / "_quarto.yml").write_text("mine")
    assert init(tmp_path) == []
    assert (tmp_path / "_quarto.yml").read_text() == "mine"


def test_a_file_is_no_place_for_a_workspace(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        init(tmp_path / "file")


def test_a_run_is_found_by_id_by_its_start_and_as_latest(tmp_path):
    workspace = Workspace(tmp_path)
    first = make_run(workspace, "2026-06-30-aaaa")
    second = make_run(workspace, "2026-06-30-bbbb")
    assert workspace.run("2026-06-30-aaaa") == first
    assert workspace.run("2026-06-30-b") == second
    assert workspace.run(second) == second
    assert workspace.run("latest") in {first, second}


def test_an_ambiguous_start_names_the_runs(tmp_path):
    workspace = Workspace(tmp_path)
    make_run(workspace, "2026-06-30-aaaa")
    make_run(workspace, "2026-06-30-bbbb")
    with pytest.raises(RunError, match="2026-06-30-aaaa, 2026-06-30-bbbb"):
        workspace.run("2026")


def test_an_unknown_run_says_how_to_make_one(tmp_path):
    with pytest.raises(RunError, match="lmanalytics run EXPORTS"):
        Workspace(tmp_path).run("2026-06-30-cccc")
