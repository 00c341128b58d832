"""Read a scenario file as texts with their lines: nothing in it is evaluated, whatever it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from lmanalytics.errors import ScenarioError, UsageError, did_you_mean

MOST_BYTES = 4_000_000
MOST_LEVELS = 50
_QUOTES = "Put a text that begins with * in quotes."
_PLAIN = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "timestamp", "str"))
_NULL, _LIST, _MAPPING = (f"tag:yaml.org,2002:{kind}" for kind in ("null", "seq", "map"))


@dataclass(frozen=True)
class Entry:
    """A text (None where it is empty), a list or a mapping of the file, with the line on which it stands."""

    file: str
    line: int
    value: "str | tuple[Entry, ...] | dict[str, Entry] | None"

    def fail(self, message: str) -> NoReturn:
        """Raise ScenarioError that says where."""
        where = f"{self.file}, line {self.line}: {message}"
        raise ScenarioError(where)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.value, tuple)

    @property
    def is_mapping(self) -> bool:
        """Whether it has names and values."""
        return isinstance(self.value, dict)

    def text(self, what: str) -> str:
        """Return a text that must be filled, or raise ScenarioError naming `what` it is."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.fail(f"{what} must be a text, not {self.kind}.")
        return self.value

    def items(self, what: str) -> "tuple[Entry, ...]":
        """Return the items of a list; a single entry counts as a list of one."""
        if self.value is None:
            self.fail(f"{what} must be a list, each entry of which begins with `-`; it is empty.")
        return self.value if isinstance(self.value, tuple) else (self,)

    def fields(self, what: str) -> "dict[str, Entry]":
        """Return the names with their values, or raise ScenarioError."""
        if not isinstance(self.value, dict):
            self.fail(f"{what} must be `name: value` lines, not {self.kind}.")
        return self.value

    def known(self, names: Iterable[str], what: str) -> None:
        """Raise ScenarioError for a name that is not one of these, at its line."""
        known = list(names)
        for name, entry in self.fields(what).items():
            if name not in known:
                hint = did_you_mean(name, known)
                entry.fail(f"{what} has no {name!r}.{hint} Known: {', '.join(known)}.")

    @property
    def kind(self) -> str:
        """Say what it is, for a sentence."""
        if self.value is None:
            return "empty"
        return "a list" if self.is_list else "names with values" if self.is_mapping else repr(self.value)

    def plain(self) -> Any:
        """Return texts, lists and dictionaries without lines, as JSON has them."""
        if isinstance(self.value, dict):
            return {name: entry.plain() for name, entry in self.value.items()}
        return [entry.plain() for entry in self.value] if isinstance(self.value, tuple) else self.value


def read(path: Path) -> Entry:
    """Read a scenario file.

    Raises:
        UsageError: there is no such file.
        ScenarioError: it is not plain YAML: what is wrong, and on which line.

    """
    if not path.is_file():
        message = f"{path} is no file. Give the YAML file that holds the scenarios."
        raise UsageError(message)
    if path.stat().st_size > MOST_BYTES:
        message = f"{path.name} is larger than {MOST_BYTES:,} bytes; split it."
        raise ScenarioError(message)
    try:
        text = path.read_text(encoding="utf-8-sig")
        _refuse_bombs(path.name, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return Entry(path.name, 1, {}) if node is None else _entry(path.name, node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or " ".join(str(error).split())
        quotes = f" {_QUOTES}" if "alias" in str(getattr(error, "context", "")) else ""
        message = f"{path.name}{where}: this is not YAML: {why}. Correct it there.{quotes}"
        raise ScenarioError(message) from error
    except UnicodeDecodeError as error:
        message = f"{path.name} cannot be read: it is not text in UTF-8."
        raise ScenarioError(message) from error


def _refuse_bombs(file: str, text: str) -> None:
    """Refuse what a short file makes long: `*name`, of which a few lines fill any memory, and brackets in brackets."""
    level = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            said = (
                f"aliases (`*{event.anchor}`) are not read here. Write it out, or let one scenario build `on:` another."
            )
            Entry(file, line, None).fail(f"{said} {_QUOTES}")
        level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if level > MOST_LEVELS:
            Entry(file, line, None).fail(f"this is nested more than {MOST_LEVELS} levels deep; no scenario needs that.")


def _entry(file: str, node: yaml.Node) -> Entry:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
        return Entry(file, line, tuple(_entry(file, item) for item in node.value))
    if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
        return Entry(file, line, _fields(file, node))
    if isinstance(node, yaml.ScalarNode) and node.tag in _PLAIN:
        return Entry(file, line, None if node.tag == _NULL else node.value)
    return Entry(file, line, None).fail(f"the tag {node.tag!r} is not read here; write plain texts, numbers and dates.")


def _fields(file: str, node: yaml.MappingNode) -> dict[str, Entry]:
    fields: dict[str, Entry] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            Entry(file, line, None).fail("a name must be a text.")
        if key.value in fields:
            Entry(file, line, None).fail(f"{key.value!r} is given twice; keep one.")
        fields[key.value] = _entry(file, value)
    return fields
