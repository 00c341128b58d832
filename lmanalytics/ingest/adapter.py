"""What a reader of one export format is, and what it is given.

An adapter is a module of this package with these names; `readers.py` finds it, adding the file adds it:

    FORMAT      its name in `sources`, such as "rvtools"
    SHEETS      a `Layout` for each kind of sheet that it knows
    read        (list of its sheets, context) -> pieces, one after another: a table and rows of it as LazyFrame,
                all text, canonical column names; whole sheets in the order of their rows
    snapshots   optional: (list of its sheets) -> {sheet index: the day on which it was taken}

Everything is read as text and cast afterwards (cells.py), so that a bad cell costs its row, never its file.
A frame that `read` returns keeps `ORIGIN`; it may add `part` (0 to 15, when one source row makes several
rows of a table) and `issues` (list of sentences). Rows that it leaves out are counted as ignored.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import yaml

ORIGIN = ("source_index", "source_file", "source_sheet", "source_row")


@dataclass(frozen=True)
class Layout:
    """One kind of sheet: the headings that must be there and those that may be.

    Each entry maps a canonical name to the spellings it goes by, newest first. Spellings are compared
    after `headings.normalize`.
    """

    name: str
    required: dict[str, tuple[str, ...]]
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)
    any_of: tuple[tuple[str, ...], ...] = ()
    """Groups of optional names; at least one of each group must be there."""
    excludes: tuple[str, ...] = ()
    """Headings that rule this layout out."""
    hints: tuple[str, ...] = ()
    """What such a sheet or file is usually called; settles what headings leave open."""
    custom_between: tuple[str, str] | None = None
    """The headings between which users' own columns stand; one there never counts as a standard heading."""
    is_auxiliary: bool = False
    """Only supports another sheet: one that lacks a column is passed over."""
    least_share: float = 0
    """The share of a sheet's headings that must be known, unless it is called as usual."""
    is_always_called_so: bool = False
    """The tool fixes the sheet's name: one with another name that lacks a column is something else."""

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling of every heading."""
        return tuple(
            spelling for names in (self.required, self.optional) for words in names.values() for spelling in words
        )


@dataclass(frozen=True)
class Sheet:
    """One sheet (or CSV file) that matched a layout.

    `frame` has every name of the layout (null where the sheet lacks it) and `ORIGIN`, all text but
    `source_index` and `source_row`; empty cells are null; `source_row` is the row a person sees, 1-based.
    """

    file: str
    sheet: str | None
    layout: Layout
    frame: pl.LazyFrame
    found: frozenset[str]
    """The layout's names that the sheet has."""
    unmapped: tuple[str, ...]
    """The headings that no name was found for."""
    preamble: tuple[tuple[str, ...], ...]
    """The filled cells of each row above the headings."""
    snapshot_on: date | None
    path: Path
    index: int
    """The sheet's number in the run; with `source_row` it makes `row_id`."""
    rows: int
    """Filled rows below the headings."""


Pieces = Iterator[tuple[str, pl.LazyFrame]]


@dataclass(frozen=True)
class Finding:
    """Something about an export that a person should know or act on."""

    severity: str
    code: str
    subject: str
    statement: str
    action: str


@dataclass
class Context:
    """What an adapter may ask, and where it says what it noticed."""

    as_of: date
    estate: Any = field(default_factory=SimpleNamespace)
    findings: list[Finding] = field(default_factory=list)

    def find(self, severity: str, code: str, subject: str, statement: str, action: str) -> None:
        """Note a finding: `severity` is error, warning or info; `code` is its snake_case reason."""
        self.findings.append(Finding(severity, code, subject, statement, action))


def layouts(module_file: str, custom_between: tuple[str, str]) -> tuple[Layout, ...]:
    """Read the layouts of the YAML beside an adapter whose tool fixes the names of sheets."""
    document = yaml.safe_load(Path(module_file).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tuple(
        Layout(
            name,
            _spellings(body["required"]),
            _spellings(body.get("optional", {})),
            tuple(tuple(group) for group in body.get("any_of", ())),
            tuple(body.get("excludes", ())),
            (name, *body.get("hints", ())),
            custom_between,
            body.get("is_auxiliary", False),
            is_always_called_so=True,
        )
        for name, body in document.items()
    )


def _spellings(names: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(spellings) for name, spellings in names.items()}
