import json

import polars as pl
import pytest

from lmanalytics.errors import RunError
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import AS_OF, RUNS, SCRIPT, usual


@pytest.fixture
def folder(tmp_path):
    return usual(tmp_path / "data" / "runs" / "2026-06-30-0123456789ab")


def test_every_answer_is_a_lazy_frame_of_its_schema(folder):
    run = open_run(folder)
    for name, table in ANSWERS.items():
        assert getattr(run, name).collect_schema() == table.schema
    assert run.position.select(pl.len()).collect().item() == 5


def test_an_answer_that_is_absent_has_no_rows_and_every_column(folder):
    (folder / "true_up.parquet").unlink()
    absent = open_run(folder).true_up.collect()
    assert absent.is_empty()
    assert absent.schema == ANSWERS["true_up"].schema


def test_a_misspelled_answer_is_an_error_that_names_the_right_one(folder):
    with pytest.raises(AttributeError, match="Did you mean 'position'"):
        _ = open_run(folder).positon


def test_completion_offers_the_answers(folder):
    assert {"position", "true_up", "explain"} <= set(dir(open_run(folder)))


def test_a_run_is_found_from_a_folder_below_the_workspace(folder, tmp_path, monkeypatch):
    notebooks = tmp_path / "notebooks"
    notebooks.mkdir()
    monkeypatch.chdir(notebooks)
    for name in ("data/runs/latest", "latest", f"data/runs/{folder.name}", folder.name, "2026-06-30"):
        assert open_run(name).path.samefile(folder)


def test_a_run_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError, match="no run"):
        open_run("data/runs/latest")


def test_a_run_of_another_day_is_refused(folder):
    assert open_run(folder, AS_OF.isoformat()).as_of == "2026-06-30"
    with pytest.raises(RunError, match="answers for 2026-06-30, not for 2026-12-31"):
        open_run(folder, "2026-12-31")


def test_a_broken_manifest_is_an_error_that_says_what_to_do(folder):
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match="Run again"):
        open_run(folder)


def test_checks_tell_failed_warned_passed_and_broken_apart(folder):
    quality = open_run(folder).quality
    outcomes = quality.filter(pl.col("table") == "hosts").sort("outcome")["outcome"].to_list()
    assert outcomes == ["broken", "failed", "passed", "warned"]
    assert quality.filter(pl.col("outcome") == "broken")["rows_failed"].to_list() == [None, None, None]


def test_rows_are_counted_anew_from_what_was_accepted_and_rejected(folder):
    rows = {r["table"]: (r["accepted"], r["quarantined"], r["read"]) for r in open_run(folder).rows.to_dicts()}
    assert rows == {"purchases": (4, 0, 4), "hosts": (4, 1, 5), "oses": (4, 0, 4)}


def test_only_tables_that_were_given_are_given(folder):
    run = open_run(folder)
    assert run.is_given("hosts", "oses")
    assert not run.is_given("hosts", "agreements")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"what": "cost", "why": "no prices"}, ("cost", "no prices")),
        ("what is owned: table purchases was not given", ("what is owned", "table purchases was not given")),
        ("cost", ("cost", "\N{EN DASH}")),
    ],
)
def test_what_is_not_computable_has_a_reason(folder, item, expected):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {"not_computable": [item]}), encoding="utf-8")
    assert open_run(folder).not_computable.rows() == [expected]


def test_the_customer_is_named_by_the_agreements_or_else_by_the_entities(tmp_path):
    assert open_run(RUNS["usual"](tmp_path / "a")).customer == "Example & Söhne"
    assert open_run(RUNS["empty"](tmp_path / "b")).customer == "Example & Söhne"


def test_tiles_show_the_position_and_escape_what_exports_say(tmp_path):
    page = open_run(RUNS["hostile"](tmp_path / "run"))._repr_html_()
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    assert ">2<" in page
    assert "lines short" in page
