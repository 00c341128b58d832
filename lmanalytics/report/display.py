"""What notebooks show: a table fit for print from any frame, and markdown made of sentences.

Text from exports stays text: cells are escaped by great_tables, sentences by `escape`. An unknown number
is a dash with a note, never a zero; a table that is cut says how many rows are left and where they are.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
from great_tables import GT, loc, style

from lmanalytics.report.reasons import numbered
from lmanalytics.report.theme import ALARM, FONT, enable_charts

UNKNOWN = "\N{EN DASH}"
UNKNOWN_NOTE = f"{UNKNOWN} means unknown or not computable. It is never zero."
LONGEST = 160
_UNSAFE = r"[\p{Cc}\x{061C}\x{200E}\x{200F}\x{202A}-\x{202E}\x{2066}-\x{2069}]"
_MARKS = frozenset("\\`*_{}[]()<>#+-.!|$@~^\"'=:&%/")
_NUMERIC = {"number", "money"}


def _as_is(rows: pl.DataFrame) -> pl.DataFrame:
    return rows


class Markdown(str):
    """Text that a notebook renders as markdown; a plain string everywhere else."""

    __slots__ = ()

    def _repr_markdown_(self) -> str:
        return str(self)


@dataclass(frozen=True)
class Grid:
    """How to show a frame.

    Args:
        columns: label of each column to show, in order.
        empty: the sentence shown in place of a table without rows.
        limit: the most rows to show.
        stored: the file in the run folder that holds every row.
        reasons: sentence of each reason code; a column `reason` becomes a number explained under the table.
        heading: the column whose values head groups of rows.
        sums: the columns to add up in a last row. A sum over an unknown, or over currencies, is unknown.
        strong: rows and columns to set in bold, as a condition for each column.
        notes: sentences under the table.
        right: columns of text to set at the right.
        named: what puts names in the place of subjects' ids.

    """

    columns: Mapping[str, str]
    empty: str
    limit: int = 40
    stored: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)
    heading: str = ""
    sums: Sequence[str] = ()
    strong: Mapping[str, pl.Expr] = field(default_factory=dict)
    notes: Sequence[str] = ()
    right: Sequence[str] = ()
    named: Callable[[pl.DataFrame], pl.DataFrame] = _as_is

    def show(self, frame: pl.LazyFrame) -> GT:
        """Draw the table of `frame`, whose rows are in the order to show."""
        kinds = {name: _kind(dtype) for name, dtype in frame.collect_schema().items() if name in self.columns}
        head = frame.head(self.limit).collect(engine="streaming")  # apart from the count, so that few rows are sorted
        count = frame.select(pl.len()).collect(engine="streaming").item()
        if head.is_empty():
            return sentence_table(self.empty)
        notes = [*_currency_note(head, kinds), *self.notes]
        marks = {
            name: head.select(condition.fill_null(value=False)).to_series().arg_true().to_list()
            for name, condition in self.strong.items()
        }
        head = self.named(head)
        head, legend = numbered(head, self.reasons) if "reason" in self.columns else (head, [])
        cells = head.select(readable(pl.col(name), kinds[name]).alias(name) for name in self.columns)
        if self.sums and count > 1:
            cells = pl.concat([cells, frame.select(self._totals(kinds, frame.collect_schema())).collect()])
        if any(UNKNOWN in cells[name] for name in cells.columns):
            notes.append(UNKNOWN_NOTE)
        left = count - self.limit
        if left > 0:
            where = f" They are in {self.stored} of the run folder." if self.stored else ""
            notes.append(f"The first {self.limit:,} of {count:,} rows; {left:,} more are not shown.{where}")
        return self._styled(cells, kinds, marks, [*legend, *notes], has_sums=cells.height > head.height)

    def _totals(self, kinds: Mapping[str, str], schema: pl.Schema) -> list[pl.Expr]:
        """Return the last row as text."""
        one_currency = pl.col("currency").drop_nulls().n_unique() <= 1 if "currency" in schema else pl.lit(value=True)
        label = next(name for name in self.columns if kinds[name] not in _NUMERIC and name != self.heading)
        totals = {name: pl.lit("Total" if name == label else "") for name in self.columns}
        if heading := self.heading:
            totals[heading] = (
                pl.when(pl.col(heading).n_unique() == 1).then(pl.col(heading).first()).otherwise(pl.lit("All"))
            )
        for name in self.sums:
            is_known = pl.col(name).is_not_null().all() & (one_currency if kinds[name] == "money" else True)
            totals[name] = readable(pl.when(is_known).then(pl.col(name).sum()), kinds[name])
        return [total.alias(name) for name, total in totals.items()]

    def _styled(
        self,
        cells: pl.DataFrame,
        kinds: Mapping[str, str],
        marks: Mapping[str, list[int]],
        notes: Sequence[str],
        *,
        has_sums: bool,
    ) -> GT:
        table = _plain(GT(cells, groupname_col=self.heading or None)).cols_label(
            {name: label for name, label in self.columns.items() if name != self.heading}
        )
        right = [name for name in self.columns if kinds[name] in _NUMERIC or name in self.right]
        table = table.cols_align("left").cols_align("right", columns=right) if right else table.cols_align("left")
        for name, rows in marks.items():
            if rows:
                bold = style.text(weight="bold", color=ALARM)
                table = table.tab_style(bold, loc.body(columns=name, rows=rows))
        if has_sums:
            table = table.tab_style(style.text(weight="bold"), loc.body(rows=[cells.height - 1]))
        dates = [name for name in self.columns if kinds[name] == "date"]
        if dates:
            table = table.tab_style(style.css("white-space: nowrap"), loc.body(columns=dates))
        for note in notes:
            table = table.tab_source_note(note)
        return table


def sentence_table(sentence: str) -> GT:
    """Say in one cell why there is no table, so that captions and references to it still hold."""
    return _plain(GT(pl.DataFrame({"note": [sentence]}))).cols_label(note="Nothing to list").cols_align("left")


def readable(column: pl.Expr, kind: str) -> pl.Expr:
    """Turn a column into text: thousands separators, two decimals of money, ISO dates, yes and no."""
    if kind == "number":
        text = _thousands(column)
    elif kind == "money":
        text = _thousands(column.cast(pl.Decimal(38, 2)))
    elif kind == "flag":
        text = pl.when(column).then(pl.lit("yes")).when(~column).then(pl.lit("no"))
    elif kind == "list":
        text = _safe(column.cast(pl.List(pl.String)).list.join("; "))
    else:
        text = _safe(column.cast(pl.String))
    return text.fill_null(UNKNOWN)


def amount(value: object, unit: str = "") -> str:
    """Write one number for a sentence: `1,234`, `1,234.50 USD`, or `an unknown number`."""
    if value is None:
        return "an unknown amount" if unit else "an unknown number"
    number = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return f"{number} {escape(unit)}".strip()


def escape(value: object) -> str:
    """Make text from data inert in markdown: no link, markup, formula, reference or shortcode survives."""
    text = " ".join(str(UNKNOWN if value is None else value).split())
    text = "".join(c for c in text if c.isprintable())
    return "".join(f"\\{c}" if c in _MARKS else c for c in text)


def enable() -> None:
    """Prepare a notebook: theme and renderer of charts, tables with the same id in every run."""
    enable_charts()
    from IPython import get_ipython  # noqa: PLC0415 (only where there is a notebook)

    shell = get_ipython()
    if shell is not None:
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(GT, table_html)
        formatters["text/plain"].for_type(GT, _say_table)


def table_html(table: GT) -> str:
    """Return the table's HTML with an id that follows from its content."""
    page = table.with_id("gtid0").as_raw_html(inline_css=False)
    return page.replace("gtid0", f"gt{hashlib.sha256(page.encode()).hexdigest()[:10]}")


def _say_table(_: GT, printer: Any, cycle: object) -> None:  # noqa: ARG001 (IPython's signature)
    printer.text("[table]")


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_decimal():
        return "money"
    if dtype.is_integer():
        return "number"
    named = {pl.Boolean: "flag", pl.List: "list", pl.Date: "date"}
    return next((kind for base, kind in named.items() if dtype == base), "text")


def _thousands(column: pl.Expr) -> pl.Expr:
    text = column.cast(pl.String).str.strip_prefix("-")
    whole = text.str.extract(r"^(\d+)").str.reverse().str.replace_all(r"(\d{3})", "$1,").str.strip_suffix(",")
    rest = text.str.extract(r"(\.\d+)$").fill_null("")
    return pl.when(column < 0).then(pl.lit("-")).otherwise(pl.lit("")) + whole.str.reverse() + rest


def _safe(column: pl.Expr) -> pl.Expr:
    text = column.str.replace_all(_UNSAFE, " ").str.strip_chars()
    text = pl.when(text.str.len_chars() > LONGEST).then(text.str.slice(0, LONGEST) + "…").otherwise(text)
    return pl.when(text != "").then(text).when(text == "").then(pl.lit(""))


def _currency_note(head: pl.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    if "money" not in kinds.values() or "currency" not in head.columns:
        return []
    known = head["currency"].drop_nulls().unique().sort().to_list()
    return [f"Amounts in {' and '.join(known)}."] if known else []


def _plain(table: GT) -> GT:
    return table.tab_options(
        table_font_names=FONT,
        table_font_size="13px",
        table_width="100%",
        data_row_padding="4px",
        data_row_padding_horizontal="8px",
        column_labels_padding_horizontal="8px",
        column_labels_font_weight="bold",
        row_group_font_weight="bold",
        source_notes_font_size="11px",
        table_additional_css="#gtid0 .gt_table {table-layout: auto !important}",  # JupyterLab makes columns equal
    )
