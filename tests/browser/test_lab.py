"""JupyterLab as `make lab` opens it: notebooks open, every cell runs, tables and charts are seen."""

import json
import time

import pytest

from tests.browser.conftest import ROOT, TOKEN, served

NOTEBOOKS = ["guide/your_own_question.ipynb", "40_position.ipynb"]
IDLE = "() => document.querySelector('.jp-Notebook-ExecutionIndicator')?.getAttribute('data-status') === 'idle'"


def run_all(watched, workspace, name):
    """Open a notebook, run all its cells, save it, and return its cells as they were saved."""
    page = watched.page
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.get_by_text("| Idle").wait_for()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    path = workspace / "notebooks" / name
    for _ in range(150):
        time.sleep(2)
        page.keyboard.press("Control+s")
        page.wait_for_function(IDLE)
        try:
            cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
        except ValueError:  # it is being saved
            continue
        is_done = all(cell["execution_count"] for cell in cells)
        if is_done or any(output["output_type"] == "error" for cell in cells for output in cell["outputs"]):
            return cells
    raise AssertionError("it did not end")


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_opens_runs_and_shows_tables_and_charts(lab, workspace, opened, name):
    before = (workspace / "notebooks" / name).read_bytes()
    watched = opened(f"{lab}/tree/{name}?reset&token={TOKEN}", width=1400, height=1000)
    try:
        cells = run_all(watched, workspace, name)
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert [output for output in outputs if output["output_type"] in {"error", "stream"}] == []
        assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
        seen = {"charts": set(), "tables": set()}
        panel = watched.page.locator(".jp-WindowedPanel-outer").first
        for place in range(0, panel.evaluate("e => e.scrollHeight"), 500):
            panel.evaluate(f"e => e.scrollTo(0, {place})")
            watched.page.wait_for_timeout(150)
            for kind, what in (
                ("charts", ".jp-OutputArea-output :is(svg, img, canvas)"),
                ("tables", ".jp-OutputArea-output table"),
            ):
                boxes = [box.bounding_box() for box in watched.page.locator(what).all()]
                seen[kind] |= {round(box["width"]) for box in boxes if box and box["height"] > 40}
        assert seen["charts"]
        assert seen["tables"]
        assert {
            address.split("/")[2].partition(":")[0] for address in watched.requests if address.startswith("http")
        } == {"127.0.0.1"}
    finally:
        (workspace / "notebooks" / name).write_bytes(before)


def test_without_a_run_a_notebook_says_what_to_do(tmp_path, opened):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data" / "runs").mkdir(parents=True)
    source = ROOT / "notebooks" / "40_position.ipynb"
    (tmp_path / "notebooks" / source.name).write_bytes(source.read_bytes())
    with served(tmp_path / "notebooks") as address:
        watched = opened(f"{address}/tree/{source.name}?reset&token={TOKEN}")
        cells = run_all(watched, tmp_path, source.name)
        error = next(output for cell in cells for output in cell["outputs"] if output["output_type"] == "error")
        assert len(error["traceback"]) == 1
        assert "lmanalytics run EXPORTS" in error["traceback"][0]
        assert (
            "There is no run"
            in watched.page.locator(
                ".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error'], .jp-RenderedText"
            ).first.inner_text()
        )
