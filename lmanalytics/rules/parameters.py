"""Read the YAML beside a rule module: references, dated parameters, policies and tables.

Shape of the file (every key but `references` may be absent):

    references: {key: {title, href, accessed, status}}
    parameters: {name: {description, unit, values: {first day: {value, reference, note?}}}}
    policies:   {name: {description, default, readings: {code: {description, reference}}}}
    tables:     {name: {description, key, date?}}     a CSV `<name>.csv` beside it, a `reference` on each row

A value of null withdraws a parameter from that day on.
"""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import yaml

from lmanalytics.errors import ParameterError, PolicyError, did_you_mean
from lmanalytics.rules import amendments

Value = int | str | bool | date


@dataclass(frozen=True)
class Settings:
    """What a run is asked: the position date, and the reading chosen for each policy that was set."""

    as_of: date
    policies: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reference:
    """Where a rule or value comes from. `draft` until a second person has opened the source."""

    title: str
    href: str
    accessed: date
    status: str

    def __str__(self) -> str:
        return self.title if self.status == "verified" else f"{self.title} [{self.status}]"


@dataclass(frozen=True)
class Dated:
    """One value of a parameter with the first day on which it holds; None withdraws it."""

    since: date
    value: Value | None
    reference: str
    note: str = ""


_CONSULTED: ContextVar[set[str] | None] = ContextVar("_CONSULTED", default=None)


@contextmanager
def consulting(names: set[str]) -> Iterator[None]:
    """Note in `names` the policies whose reading is asked for meanwhile; who notes around it is told of them, too.

    Plans are made when rules are called, and no reading is asked for later: what was not consulted changes nothing.
    """
    token = _CONSULTED.set(names)
    try:
        yield
    finally:
        _CONSULTED.reset(token)
        consulted(names)


def consulted(names: set[str]) -> None:
    """Tell those who note of policies that were consulted when what is taken over now was computed."""
    if (around := _CONSULTED.get()) is not None:
        around |= names


@dataclass(frozen=True)
class Parameter:
    """A number, text or date of the terms with its unit and every dated value, oldest first."""

    name: str
    description: str
    unit: str
    values: tuple[Dated, ...]

    def on(self, day: date) -> Dated | None:
        """Return the value in force on `day`, or None before its first day or once withdrawn."""
        started = [v for v in self.values if v.since <= day]
        return started[-1] if started and started[-1].value is not None else None


@dataclass(frozen=True)
class Reading:
    """One published way to read an ambiguous text."""

    code: str
    description: str
    reference: str


@dataclass(frozen=True)
class Policy:
    """An ambiguous text with its readings, and the one that holds unless a run sets another."""

    name: str
    description: str
    default: str
    readings: dict[str, Reading]

    def chosen(self, settings: Settings) -> str:
        """Return the reading in force, or raise PolicyError for one that does not exist."""
        if (names := _CONSULTED.get()) is not None:
            names.add(self.name)
        reading = settings.policies.get(self.name, self.default)
        if reading not in self.readings:
            known = ", ".join(self.readings)
            hint = did_you_mean(reading, self.readings)
            message = f"Policy {self.name} has no reading {reading!r}.{hint} Its readings: {known}."
            raise PolicyError(message)
        return reading


@dataclass(frozen=True)
class RuleFile:
    """Everything in one YAML."""

    path: Path
    references: dict[str, Reference]
    parameters: dict[str, Parameter]
    policies: dict[str, Policy]
    tables: dict[str, dict[str, Any]]

    def table(self, name: str) -> pl.DataFrame:
        """Read `<name>.csv` beside the YAML; empty cells are null, ISO dates are dates."""
        return _read_table(self.path.parent / f"{name}.csv")

    def change_dates(self) -> set[date]:
        """Return every day on which some value starts."""
        return {v.since for p in self.parameters.values() for v in p.values}


def load_rule_file(module: ModuleType) -> RuleFile:
    """Load `<module>.yaml`; raise ParameterError where it is malformed or cites what it does not list."""
    return load_file(Path(str(module.__file__)).with_suffix(".yaml"))


def load_file(path: Path) -> RuleFile:
    """Load one YAML by its path; raise ParameterError as `load_rule_file` does."""
    return amendments.amend(_load(path))


@cache
def _load(path: Path) -> RuleFile:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_NoDuplicateKeys)  # noqa: S506 (a SafeLoader)
    references = {key: Reference(**body) for key, body in document["references"].items()}
    file = RuleFile(
        path,
        references,
        {name: _parameter(name, body) for name, body in (document.get("parameters") or {}).items()},
        {name: _policy(name, body) for name, body in (document.get("policies") or {}).items()},
        document.get("tables") or {},
    )
    cited = {v.reference for p in file.parameters.values() for v in p.values}
    cited |= {r.reference for p in file.policies.values() for r in p.readings.values()}
    if absent := sorted(cited - references.keys()):
        message = f"{path.name} cites {', '.join(absent)}; add it to references."
        raise ParameterError(message)
    return file


@cache
def _read_table(path: Path) -> pl.DataFrame:
    # A page of the terms needs no parallel reader, and starting one for each costs more than reading it.
    with path.open(encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file)
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    return pl.DataFrame([_typed(name, cells) for name, cells in zip(names, columns, strict=True)])


def _typed(name: str, cells: list[str]) -> pl.Series:
    """Give a column the first of date, integer, decimal and boolean that all its cells have, else leave it text."""
    for read, dtype in _TYPES:
        try:
            values = [None if cell == "" else read(cell) for cell in cells]
        except (ValueError, KeyError):
            continue
        if any(value is not None for value in values):
            return pl.Series(name, values, dtype)
    return pl.Series(name, [cell or None for cell in cells], pl.String)


_TYPES: tuple[tuple[Callable[[str], Any], pl.DataType], ...] = (
    (date.fromisoformat, pl.Date()),
    (int, pl.Int64()),
    (float, pl.Float64()),
    ({"true": True, "false": False}.__getitem__, pl.Boolean()),
)


def _parameter(name: str, body: dict[str, Any]) -> Parameter:
    values = [Dated(day, **entry) for day, entry in sorted(body["values"].items())]
    return Parameter(name, body["description"], body["unit"], tuple(values))


def _policy(name: str, body: dict[str, Any]) -> Policy:
    readings = {str(code): Reading(str(code), **entry) for code, entry in body["readings"].items()}
    if body["default"] not in readings:
        message = f"Policy {name}: its default {body['default']!r} is not one of its readings."
        raise ParameterError(message)
    return Policy(name, body["description"], body["default"], readings)


class _NoDuplicateKeys(yaml.SafeLoader):
    """YAML keeps the last of two equal keys; two values for one day are a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 (the base class's signature)
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            mark = node.start_mark
            message = f"{mark.name}, near line {mark.line + 1}: {twice} is given twice; keep one."
            raise ParameterError(message)
        return super().construct_mapping(node, deep)
