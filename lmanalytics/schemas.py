"""The data contract as objects: one `Table` per canonical and per answer table.

The columns stand in `canonical.yaml` and `answers.yaml` beside this module. Quality suites, readers,
docs and tests all derive from them, so a column is described once.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
import yaml

MONEY = pl.Decimal(38, 4)
TYPES: dict[str, pl.DataType] = {
    "text": pl.String(),
    "integer": pl.Int64(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us"),
    "money": MONEY,
    "boolean": pl.Boolean(),
    "list": pl.List(pl.String()),
}
ENTITY = "entity_id"
DEFAULT_ENTITY = "main"
_KINDS = (ENTITY, "product", "edition", "version", "metric", "pool")
PROVENANCE = pl.Schema(
    {
        "source_file": pl.String(),
        "source_sheet": pl.String(),
        "source_row": pl.Int64(),
        "row_id": pl.Int64(),
        "issues": pl.List(pl.String()),
    }
)
_COLUMN = re.compile(r"^(?P<type>[\w|]+)(?P<mark>[!?]?)(?:\s*=\s*(?P<default>\S+))?$")


@dataclass(frozen=True)
class Column:
    """One column: its type, the values of an enum, whether it must be filled, what fills it if absent."""

    name: str
    type: str
    is_required: bool
    is_optional: bool
    values: tuple[str, ...] = ()
    default: str | None = None

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type; an enum is text whose values a quality suite checks."""
        return TYPES[self.type]


@dataclass(frozen=True)
class Table:
    """One table of the contract: its key and its columns, in order."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    is_answer: bool

    @cached_property
    def schema(self) -> pl.Schema:
        """All columns of the table as it stands in Parquet, entity first, provenance last."""
        own = {name: column.dtype for name, column in self.columns.items()}
        ends = {"rule": pl.String(), "reason": pl.String()} if self.is_answer else dict(PROVENANCE)
        return pl.Schema({ENTITY: pl.String(), **own, **ends})

    @property
    def distinguishing(self) -> list[str]:
        """The columns that tell its rows apart, or kinds of them, from each other: the key, and the product's."""
        return [name for name in (ENTITY, *self.columns) if name in self.key or name in _KINDS]

    def empty(self) -> pl.LazyFrame:
        """No rows, every column."""
        return pl.LazyFrame(schema=self.schema)

    def conform(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Select the table's columns in order, absent ones as null, each cast to its type."""
        have = set(frame.collect_schema().names())
        if not have:
            return self.empty()
        columns = [
            (pl.col(name) if name in have else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in self.schema.items()
        ]
        return frame.select(columns)


def _column(name: str, notation: str) -> Column:
    match = _COLUMN.match(notation.strip())
    if match is None:
        message = f"{name}: {notation!r} is not 'type mark = default'"
        raise ValueError(message)
    kind, mark, default = match["type"], match["mark"], match["default"]
    values = tuple(kind.split("|")) if kind not in TYPES else ()
    return Column(name, "text" if values else kind, mark == "!", mark == "?", values, default)


def _load(file: str, *, is_answer: bool) -> dict[str, Table]:
    document = yaml.safe_load((Path(__file__).parent / file).read_text(encoding="utf-8"))
    return {
        name: Table(
            name,
            tuple(body["key"]),
            {column: _column(column, notation) for column, notation in body["columns"].items()},
            is_answer,
        )
        for name, body in document.items()
    }


CANONICAL = _load("canonical.yaml", is_answer=False)
ANSWERS = _load("answers.yaml", is_answer=True)


def markdown() -> str:
    """Return the data contract as one Markdown document, a section for each table."""
    lines = ["# The data contract", "", *_INTRODUCTION]
    for title, tables in (("Canonical tables", CANONICAL), ("Answer tables", ANSWERS)):
        lines += ["", f"## {title}"]
        for table in tables.values():
            lines += ["", f"### {table.name}", "", f"Key: {', '.join(table.key)}.", ""]
            lines += ["| column | type | |", "|---|---|---|"]
            lines += [f"| {c.name} | {' · '.join(c.values) or c.type} | {_mark(c)} |" for c in table.columns.values()]
    return "\n".join(lines) + "\n"


def _mark(column: Column) -> str:
    default = f"; default {column.default}" if column.default else ""
    return ("required" if column.is_required else "may be empty" if column.is_optional else "expected") + default


_INTRODUCTION = (
    "Canonical tables are what every export becomes; you may hand them in yourself as CSV, XLSX or Parquet.",
    "Answer tables are what a run computes, as Parquet in its folder. Names are fixed; columns may be added.",
    "",
    "Dates are ISO, both ends of an interval are inclusive, counts are whole numbers, money is a decimal with its",
    "currency beside it. Unknown is empty, never zero. A list is separated by `;`. *Required*: a row without it is",
    "quarantined. *Expected*: its absence is a warning. Every table also has `entity_id` (the company; `main` where",
    "none is given); canonical tables have `source_file`, `source_sheet`, `source_row`, `row_id` and `issues`, answer",
    "tables `rule` and `reason`.",
)
