"""What JupyterLab shows: small, escaped, the same facts as text, and the plain frame beneath."""

import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from IPython.core.formatters import DisplayFormatter

import lmanalytics as lm
from lmanalytics.errors import RunError
from lmanalytics.report.answer import ROWS, Answer, answer
from lmanalytics.report.run import open_run
from lmanalytics.report.shown import EXPLAINED, Explanation
from lmanalytics.rules.trace import EXPLANATION
from tests.report.example_run import RUNS, SCRIPT, usual

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "notebooks" / "guide" / "your_own_question.ipynb"
ESTATE = {
    "hosts.csv": "host_id,observed_on,host_name,processors,physical_cores,hypervisor,cluster_id\nh1,2026-06-28,one,2,16,esxi,c\n",
    "oses.csv": "ose_id,observed_on,name,host_id,vcpus,is_running,os_product,os_edition,os_version\n"
    "v1,2026-06-28,web,h1,4,true,Windows Server,Standard,2022\n",
    "buy.csv": "Part Number,Item Name,Quantity,Order Date,Coverage End\n"
    "9EM-00562,WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic,4,2025-01-15,2027-12-31\n",
}


@pytest.fixture
def run(tmp_path):
    return open_run(usual(tmp_path / "data" / "runs" / "2026-06-30-0123456789ab"))


def shown(value):
    data, _ = DisplayFormatter().format(value)
    return data


def test_a_run_shows_tiles_its_short_lines_first_and_its_id(run):
    page = shown(run)["text/html"]
    assert "2026-06-30-0123456789ab" in page
    for label in ("lines in the position", "lines short", "lines not computable"):
        assert label in page
    body = page[page.index("<tbody") :]
    assert body.index("1,176.00") < body.index("SQL Server") < body.index("Datacenter")


def test_a_run_has_a_line_of_text(run):
    assert shown(run)["text/plain"] == (
        "Run 2026-06-30-0123456789ab, position of 2026-06-30 for Example & Söhne: 5 lines, 2 short, 1 not computable."
    )


@pytest.mark.parametrize("name", RUNS)
def test_every_kind_of_run_is_shown_and_no_text_of_an_export_is_markup(name, tmp_path):
    for form, text in shown(open_run(RUNS[name](tmp_path / "run"))).items():
        assert SCRIPT not in text or form == "text/plain"


def test_a_position_of_many_lines_shows_few_and_counts_the_rest(run):
    many = pl.concat([pl.read_parquet(run.path / "position.parquet")] * 400).with_columns(
        product=pl.format("Product {}", pl.int_range(pl.len()))
    )
    many.write_parquet(run.path / "position.parquet")
    page = shown(open_run(run.path))["text/html"]
    assert page.count("<tr>") <= ROWS + 8
    assert f"{2000 - ROWS:,} more lines" in page


def test_an_answer_shows_its_first_rows_and_says_how_many_there_are(tmp_path):
    pl.DataFrame({"n": range(1_000_000), "text": "<b>bold</b>"}).write_parquet(tmp_path / "a.parquet")
    data = shown(answer(pl.scan_parquet(tmp_path / "a.parquet")))
    assert data["text/html"].count("&lt;b&gt;bold") == ROWS
    assert "<b>bold" not in data["text/html"]
    for form in ("text/html", "text/plain"):
        assert f"1,000,000 rows, of which the first {ROWS}" in data[form]


@pytest.mark.parametrize(
    ("rows", "told"), [(0, "0 rows."), (1, "1 rows."), (ROWS, f"{ROWS} rows."), (ROWS + 1, "of which the first")]
)
def test_the_count_holds_at_the_boundary(rows, told):
    frame = answer(pl.LazyFrame({"n": range(rows)}, schema={"n": pl.Int64}))
    assert told in shown(frame)["text/html"]


def test_an_answer_is_a_lazy_frame_and_what_is_made_of_it_is_shown_alike(run):
    short = run.position.filter(pl.col("shortage") > 0)
    assert isinstance(run.position, pl.LazyFrame)
    assert isinstance(short, Answer)
    assert "2 rows." in shown(short)["text/html"]
    assert type(short.collect()) is pl.DataFrame
    assert short.select(pl.col("shortage_cost").sum()).collect().item() == Decimal("1176.00")


def test_rows_of_exports_and_facts_are_shown_alike(run):
    assert "4 rows." in shown(run.accepted("hosts"))["text/html"]
    assert "rows." in shown(run.quarantined("hosts"))["text/html"]


def test_an_answer_in_several_files_is_read_whole(run):
    (run.path / "position.parquet").rename(run.path / "first.parquet")
    (run.path / "position.parquet").mkdir()
    (run.path / "first.parquet").rename(run.path / "position.parquet" / "0.parquet")
    assert run.position.select(pl.len()).collect().item() == 5


def explanation(rows):
    line = {"subject": SCRIPT, "rule": "windows_server_cores.cores", "value": "48", "unit": "core"}
    return Explanation(
        [line | {"inputs": "cores = 32", "given": "", "clause": "The clause"}] * rows, schema=EXPLANATION
    )


def test_an_explanation_shows_its_arithmetic_under_its_subject():
    data = shown(explanation(2))
    assert SCRIPT not in data["text/html"]
    assert "windows_server_cores.cores" in data["text/html"]
    assert data["text/plain"].splitlines() == [
        SCRIPT,
        *["  windows_server_cores.cores = 48 core", "      from  cores = 32", "      as    The clause"] * 2,
    ]


def test_a_long_explanation_is_cut_and_says_so():
    page = shown(explanation(EXPLAINED + 3))["text/html"]
    assert page.count("windows_server_cores.cores") == EXPLAINED
    assert "3 more" in page


def test_a_part_of_an_explanation_is_a_frame():
    assert "shape: (2, 1)" in shown(explanation(2).select("rule"))["text/html"]


def test_who_lacks_licenses_is_asked_in_a_word(run):
    lacking = run.unlicensed().collect()
    assert (lacking["licenses_short"] > 0).all()
    assert lacking["licenses_short"].is_sorted(descending=True)


def test_the_short_api(run, monkeypatch):
    monkeypatch.chdir(run.path.parents[2])
    assert lm.open_run("latest").run_id == run.run_id
    with pytest.raises(RunError, match="no run '2020'"):
        run.diff("2020")


def test_a_run_is_sought_where_it_was_said_and_not_around_the_working_folder(run, tmp_path, monkeypatch):
    usual(tmp_path / "elsewhere" / "data" / "runs" / "2026-06-30-other")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert open_run(run.path.parent / "latest").run_id == run.run_id
    assert open_run("data/runs/latest").path.name == "2026-06-30-other"


def test_a_user_s_error_in_a_notebook_is_its_message_alone():
    assert RunError("There is no run.")._render_traceback_() == ["RunError: There is no run."]


def papermill(notebook, run, out, *parameters, cwd=None):
    command = [sys.executable, "-m", "papermill", str(notebook), str(out), "-p", "run_dir", str(run), *parameters]
    environment = {**os.environ, "PYTHONWARNINGS": "default", "IPYTHONDIR": str(out.parent / "ipython")}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment)


def outputs(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return [output for cell in cells for output in cell.get("outputs", [])]


@pytest.mark.slow
def test_the_guide_runs_by_papermill_alone(tmp_path):
    exports, out = tmp_path / "exports", tmp_path / "out.ipynb"
    exports.mkdir()
    for name, rows in ESTATE.items():
        (exports / name).write_text(rows)
    lm.run(exports, lm.Workspace(tmp_path), as_of=date(2026, 6, 30))
    done = papermill(GUIDE, "latest", out, "-p", "as_of", "2026-06-30", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    forms = [set(one["data"]) for one in outputs(out) if "data" in one]
    assert sum({"text/html", "text/plain"} <= form for form in forms) >= 5
    assert "windows_server_cores" in json.dumps(outputs(out))
    assert any("image/svg+xml" in form for form in forms)


@pytest.mark.slow
def test_a_chapter_runs_by_papermill_alone_and_refuses_another_day(run, tmp_path):
    chapter, out = ROOT / "notebooks" / "40_position.ipynb", tmp_path / "out.ipynb"
    done = papermill(chapter, run.path, out, "-p", "as_of", "2026-06-30")
    assert done.returncode == 0, done.stderr
    assert any("image/svg+xml" in one.get("data", {}) for one in outputs(out))
    refused = papermill(chapter, run.path, out, "-p", "as_of", "2026-12-31")
    assert refused.returncode == 1
    assert "answers for 2026-06-30, not for 2026-12-31" in refused.stderr


def test_the_guide_is_no_chapter_defines_nothing_and_keeps_no_output():
    cells = json.loads(GUIDE.read_text("utf-8"))["cells"]
    assert cells[1]["metadata"]["tags"] == ["parameters"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert GUIDE.name not in (ROOT / "_quarto.yml").read_text("utf-8")
