"""The how-to notebook for Spark: no chapter of the report, and no name in it that the package does not have."""

import ast
import json
from pathlib import Path

import lmanalytics

ROOT = Path(__file__).parents[2]
NOTEBOOK = json.loads((ROOT / "docs" / "examples" / "spark.ipynb").read_text(encoding="utf-8"))
CODE = ["".join(cell["source"]) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"]


def test_what_it_asks_of_the_package_is_there():
    nodes = [node for text in CODE for node in ast.walk(ast.parse(text))]
    asked = {
        n.attr for n in nodes if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.value.id == "lm"
    }
    assert asked
    assert asked <= set(lmanalytics.__all__)


def test_it_keeps_no_output_and_says_its_parameters():
    cells = NOTEBOOK["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    assert [cell["metadata"]["tags"] for cell in cells if cell["metadata"]] == [["parameters"]]


def test_it_is_no_chapter():
    assert "spark.ipynb" not in (ROOT / "_quarto.yml").read_text(encoding="utf-8")
    assert not (ROOT / "notebooks" / "spark.ipynb").exists()
