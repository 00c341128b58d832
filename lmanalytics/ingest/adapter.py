"""What a reader of one export format is, and what it is given.

An adapter is a module of this package with these names; `readers.py` finds it, adding the file adds it:

    FORMAT    its name in `sources`, such as "rvtools"
    SHEETS    a `Layout` for each kind of sheet that it knows
    read      (list of its sheets, context) -> {table: LazyFrame}, all text, canonical column names

Everything is read as text and cast afterwards (cells.py), so that a bad cell costs its row, never its file.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl


@dataclass(frozen=True)
class Layout:
    """One kind of sheet: the headings that must be there and those that may be.

    Each entry maps a canonical name to the spellings it goes by, newest first. Spellings are compared
    after `headings.normalize`.
    """

    name: str
    required: dict[str, tuple[str, ...]]
    optional: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """One sheet (or CSV file) that matched a layout.

    `frame` has the layout's canonical names, all text, empty cells null, and `source_row` (1-based, the
    row number a person sees in the file). `unmapped` are the headings that no name was found for.
    """

    file: str
    sheet: str
    layout: Layout
    frame: pl.LazyFrame
    unmapped: tuple[str, ...]
    snapshot_on: date | None
    path: Path
    index: int
    """The sheet's number in the run; with `source_row` it makes `row_id`."""
