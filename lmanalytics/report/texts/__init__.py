"""What the report says, apart from its numbers: one YAML for each module that speaks; chapters hold their own prose.

A translation is a folder of notebooks and a translation of these files.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def told(place: str) -> Any:
    """Return what stands at `<file>.<name>.…`: a sentence, a list of them, or the labels of a table's columns.

    Raises:
        KeyError: nothing stands there: a fault of the program, never of data.

    """
    file, *names = place.split(".")
    found: Any = _file(file)
    for name in names:
        found = found[name]
    return found


def say(place: str, **values: object) -> str:
    """Return a sentence with its `{names}` filled in; what comes from data is escaped by who gives it."""
    return str(told(place)).format_map(values)


@cache
def _file(name: str) -> Mapping[str, Any]:
    read: Mapping[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return read
