"""Notebooks as files: read, and stored without what differs between two runs of the same thing."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from lmanalytics.errors import ReportError

_FORMAT: Any = nbformat  # its functions have no types
COLOR = re.compile(r"\x1b\[[0-9;]*m")
_ADDRESS = re.compile(r"(<[^<>\n]+) at 0x[0-9a-fA-F]{6,16}>")
_SOURCE = re.compile(r"\S{0,300}ipykernel_\d+[/\\]\d+\.py")


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """Read a notebook of format 4.

    Raises:
        ReportError: the file is absent or no notebook.

    """
    try:
        node: nbformat.NotebookNode = _FORMAT.reads(path.read_text(encoding="utf-8"), as_version=4)
    except FileNotFoundError:
        message = f"Notebook {path.name} is absent. The report needs it: restore {path}."
        raise ReportError(message) from None
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        said = str(error).strip().splitlines()[0]
        message = f"{path.name} is no notebook: {said}. Restore it from the package or from version control."
        raise ReportError(message) from None
    for number, cell in enumerate(node.cells, start=1):
        cell["id"] = f"cell-{number}"
    return node


def normalize(node: nbformat.NotebookNode, hide: Mapping[str, str]) -> nbformat.NotebookNode:
    """Drop from an executed notebook, in place, what differs between two runs of the same thing.

    Args:
        node: the executed notebook.
        hide: paths of this machine, and what stands for each in the outputs.

    """
    parameters = node.metadata.get("papermill", {}).get("parameters", {})
    node["metadata"] = _FORMAT.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "papermill": {"parameters": parameters},
        }
    )
    node["nbformat_minor"] = 5
    for number, cell in enumerate(node.cells, start=1):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = _FORMAT.from_dict({"tags": tags} if (tags := cell.metadata.get("tags")) else {})
        if cell.cell_type == "code":
            cell["outputs"] = [_cleaned(output, hide) for output in _joined(cell.outputs)]
    return node


def write_notebook(path: Path, node: nbformat.NotebookNode) -> None:
    """Write a notebook."""
    path.write_text(_FORMAT.writes(node) + "\n", encoding="utf-8")


def _joined(outputs: Iterable[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Join what a cell printed in pieces: how many pieces there are is chance."""
    joined: list[nbformat.NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last["text"] += output.text
        else:
            joined.append(output)
    return joined


def _cleaned(output: nbformat.NotebookNode, hide: Mapping[str, str]) -> nbformat.NotebookNode:
    def clean(value: object) -> object:
        if isinstance(value, str):
            for path, name in sorted(hide.items(), key=lambda item: -len(item[0])):
                value = value.replace(path, name)
            value = _ADDRESS.sub(r"\1>", COLOR.sub("", value))
            return _SOURCE.sub("<cell>", value) if "ipykernel_" in value else value
        if isinstance(value, Mapping):
            return {key: clean(inner) for key, inner in value.items() if key not in {"metadata", "transient"}}
        return [clean(inner) for inner in value] if isinstance(value, list) else value

    result: nbformat.NotebookNode = _FORMAT.from_dict(clean(output))
    if "data" in result:
        result["metadata"] = _FORMAT.from_dict({})
    return result
