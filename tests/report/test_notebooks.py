"""Notebooks load, call and show: what they hold, and that every cell works on every kind of run."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import altair as alt
import nbformat
import pytest
import yaml
from great_tables import GT

from lmanalytics.report.display import Markdown
from tests.report.example_run import RUNS

NOTEBOOKS = sorted(Path(__file__).parents[2].joinpath("notebooks").glob("*.ipynb"))
OWN = (
    "index",
    "00_summary",
    "05_scope",
    "10_data_quality",
    "20_entitlement",
    "30_deployment",
    "40_position",
    "50_virtualization",
    "60_benefits",
    "70_mobility",
    "80_esu",
    "85_workplace",
    "90_true_up",
    "92_difference",
    "94_findings",
    "96_sign_off",
    "97_rules",
    "98_sources",
)
MINE = [path for path in NOTEBOOKS if path.stem in OWN]
ALL = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
PAGE = 30
EXECUTE = """
import json, sys
from pathlib import Path
from lmanalytics.report.execute import execute_notebooks
for job in json.loads(sys.argv[1]):
    execute_notebooks([Path(name) for name in job["notebooks"]], Path(job["out"]), job["parameters"])
"""
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.ListComp)


def read(path):
    return nbformat.read(path, as_version=4)


def code(path):
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def options(cell):
    lines = [line.removeprefix("#|") for line in cell.source.splitlines() if line.startswith("#|")]
    return yaml.safe_load("\n".join(lines)) or {}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: make(root / name) for name, make in RUNS.items()}


def test_every_chapter_is_there():
    assert set(OWN) <= {path.stem for path in NOTEBOOKS}


@ALL
def test_a_notebook_is_valid_and_holds_nothing_of_a_run(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in code(path):
        assert cell.outputs == []
        assert cell.execution_count is None
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


@ALL
def test_a_notebook_starts_with_a_title_and_its_parameters(path):
    first, second, *_ = read(path).cells
    if path.stem == "index":
        assert (first.cell_type, first.source) == ("markdown", "# About this report {.unnumbered}")
    else:
        assert first.cell_type == "raw"
        assert set(yaml.safe_load(first.source.strip("-\n"))) == {"title"}
    assert second.metadata.tags == ["parameters"]
    given = {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(second.source).body}
    own = {"since": ""} if path.stem in {"00_summary", "92_difference"} else {}
    assert given == {"run_dir": "data/runs/latest", "as_of": "2026-06-30", **own}


@ALL
def test_a_notebook_defines_nothing_and_is_short(path):
    lines = 0
    for cell in code(path):
        tree = ast.parse(cell.source)
        assert not [node for node in ast.walk(tree) if isinstance(node, DEFINITIONS)]
        lines += len(cell.source.splitlines())
        assert len(cell.source.splitlines()) <= PAGE


@ALL
def test_captions_belong_to_labels(path):
    for cell in code(path):
        given = options(cell)
        kind = str(given.get("label", "")).partition("-")[0]
        if kind == "fig":
            assert given["fig-cap"]
            assert given["fig-alt"]
        elif kind == "tbl":
            assert given["tbl-cap"].endswith(".")


def test_labels_are_unique_across_chapters():
    labels = [label for path in NOTEBOOKS for cell in code(path) if (label := options(cell).get("label"))]
    assert len(set(labels)) == len(labels)


def test_references_between_chapters_resolve():
    labels = {options(cell).get("label") for path in NOTEBOOKS for cell in code(path)}
    text = "\n".join(cell.source for path in NOTEBOOKS for cell in read(path).cells if cell.cell_type == "markdown")
    labels |= set(re.findall(r"\{#([\w-]+)\}", text))
    assert set(re.findall(r"@((?:fig|tbl|sec)-[\w-]+)", text)) <= labels


@pytest.mark.parametrize("path", MINE, ids=lambda p: p.stem)
@pytest.mark.parametrize("name", RUNS)
def test_every_cell_shows_what_it_announces(path, name, folders):
    space = {}
    for cell in code(path):
        shown = last_value(cell.source, space)
        space |= {"run_dir": str(folders[name])} if "parameters" in cell.metadata.get("tags", []) else {}
        kind = str(options(cell).get("label", "")).partition("-")[0]
        if kind == "tbl":
            assert isinstance(shown, GT)
        elif kind == "fig":
            assert isinstance(shown, alt.TopLevelMixin)
        elif options(cell).get("output") == "asis":
            assert isinstance(shown, Markdown)
        else:
            assert shown is None


def last_value(source, space):
    """Run a cell as a kernel does and return the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), space)  # noqa: S102 (our own notebook)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), space) if last else None  # noqa: S307 (likewise)


@pytest.mark.slow
def test_notebooks_run_in_a_kernel_and_give_the_same_bytes(folders, tmp_path):
    jobs = [
        ("first", "usual", "40_position"),
        ("second", "usual", "40_position"),
        ("hostile", "hostile", "00_summary"),
        ("empty", "empty", "00_summary"),
    ]
    given = [
        {
            "notebooks": [str(path) for path in MINE if path.stem == stem],
            "out": str(tmp_path / out),
            "parameters": {"run_dir": str(folders[name]), "as_of": "2026-06-30"},
        }
        for out, name, stem in jobs
    ]
    subprocess.run([sys.executable, "-c", EXECUTE, json.dumps(given)], check=True)
    assert (tmp_path / "first/40_position.ipynb").read_bytes() == (tmp_path / "second/40_position.ipynb").read_bytes()
    for out, _, stem in jobs:
        cells = json.loads((tmp_path / out / f"{stem}.ipynb").read_text("utf-8"))["cells"]
        forms = [set(output["data"]) for cell in cells for output in cell.get("outputs", []) if "data" in output]
        assert {"text/html", "image/svg+xml", "text/plain"} in forms
        assert {"text/html", "text/plain"} in forms
        assert {"text/markdown", "text/plain"} in forms
