"""What a topic rests on: the modules whose rules it may use, and the tables that it may read.

Both are read off the program's own imports and words, so that asking a question again under another reading of
one policy asks only the topics that it can reach.
"""

import ast
from functools import cache
from pathlib import Path
from types import ModuleType

import lmanalytics

_ROOT = Path(lmanalytics.__file__).parent
_NAME = "lmanalytics"


def modules(topic: ModuleType) -> frozenset[str]:
    """Return the names of the modules of rules and facts that a topic imports, itself and through others."""
    found, waiting = set(), [topic.__name__]
    while waiting:
        name = waiting.pop()
        if name not in found and _path(name).is_file():
            found.add(name)
            waiting += _imports(name)
    return frozenset(found)


def words(topic: ModuleType) -> frozenset[str]:
    """Return every text that stands in the modules of a topic: a table that it reads is among them."""
    return frozenset().union(*(_texts(name) for name in modules(topic)))


@cache
def _imports(name: str) -> tuple[str, ...]:
    found = []
    for node in ast.walk(_tree(name)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith((f"{_NAME}.rules", f"{_NAME}.facts")):
            found += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return tuple(found)


@cache
def _texts(name: str) -> frozenset[str]:
    constants = (node.value for node in ast.walk(_tree(name)) if isinstance(node, ast.Constant))
    return frozenset(value for value in constants if isinstance(value, str))


@cache
def _tree(name: str) -> ast.Module:
    return ast.parse(_path(name).read_text(encoding="utf-8"))


def _path(name: str) -> Path:
    return _ROOT.joinpath(*name.split(".")[1:]).with_suffix(".py")
