"""What notebooks show: a table fit for print from any frame, and markdown made of sentences.

Text from exports stays text: cells are escaped by great_tables, sentences by `escape`. An unknown number
is a dash with a note, never a zero; a table that is cut says how many rows are left and where they are.
"""

import hashlib
import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import great_tables as gt
import polars as pl
from great_tables import GT, loc, style

from lmanalytics.report import leads
from lmanalytics.report.charts.theme import FONT, enable_charts
from lmanalytics.report.reasons import numbered
from lmanalytics.report.texts import say, told
from lmanalytics.report.written import LONGEST, UNKNOWN, amount, day, escape, explained, figure, kind_of, readable
from lmanalytics.schemas import ANSWERS, CANONICAL

__all__ = [
    "LONGEST",
    "UNKNOWN",
    "Grid",
    "Markdown",
    "amount",
    "day",
    "enable",
    "escape",
    "explained",
    "figure",
    "readable",
    "sentence_table",
    "table_html",
]
_NUMERIC = {"number", "money"}
_ALARM = "#a84300"
"""The alarm color of charts, as dark as text must be to be read on white (WCAG 2.1, 1.4.3)."""
_ASIDE = "\x1f"
"""What stands in a cell between an address and the text that leads there; no text from data holds it."""


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
        schema = frame.collect_schema()
        kinds = {name: kind_of(dtype) for name, dtype in schema.items() if name in self.columns}
        head = frame.head(self.limit).collect(engine="streaming")  # apart from the count, so that few rows are sorted
        count = frame.select(pl.len()).collect(engine="streaming").item()
        if head.is_empty():
            return sentence_table(self.empty)
        notes: list[str | gt._text.Html] = [*_currency_note(head, kinds), *self.notes]
        marks = {
            name: head.select(condition.fill_null(value=False)).to_series().arg_true().to_list()
            for name, condition in self.strong.items()
        }
        targets = self._targets(head)
        head = self.named(head)
        head, legend = numbered(head, self.reasons) if "reason" in self.columns else (head, [])
        cells = head.select(readable(pl.col(name), kinds[name]).alias(name) for name in self.columns)
        if self.sums and count > 1:
            cells = pl.concat([cells, frame.select(self._totals(kinds, schema)).collect()])
        if any(UNKNOWN in cells[name] for name in cells.columns):
            notes.append(say("display.unknown", dash=UNKNOWN))
        left = count - self.limit
        if left > 0:
            cut = say("display.cut", limit=amount(self.limit), count=amount(count), left=amount(left))
            notes.append(f"{cut} {say('display.where', file=self.stored)}" if self.stored else cut)
        linked = ""
        has_sums = cells.height > head.height
        if targets is not None:
            linked = self._linked(kinds, schema)
            ahead = pl.concat_str("", pl.lit(_ASIDE)).fill_null("")  # no name of a column is empty
            cells = cells.with_columns(targets.extend_constant(None, int(has_sums)).alias(""))
            cells = cells.with_columns(pl.concat_str(ahead, linked).alias(linked)).drop("")
            notes.append(_all_lines(leads.to_lines(leads.table_of(self.stored))))
        return self._styled(cells, kinds, marks, [*legend, *notes], linked=linked, has_sums=has_sums)

    def _targets(self, head: pl.DataFrame) -> pl.Series | None:
        """Return where each row leads: to its subject's explanation, or else to the lines that say what it says."""
        table = leads.table_of(self.stored)
        contract = ANSWERS.get(table) or CANONICAL.get(table)
        if contract is None or not leads.are_laid():
            return None
        about = next((name for name in leads.SUBJECTS if name in head.columns), "")
        if about and table not in leads.ABOUT_MANY:
            return pl.Series([leads.to_explanation(s) if s else None for s in head[about]], dtype=pl.String)
        where = [name for name in contract.distinguishing if name in head.columns]
        said = head.select(readable(pl.col(name), kind_of(head.schema[name])) for name in where)
        rows = [dict(zip(where, row, strict=True)) for row in said.rows()] if where else [{}] * head.height
        return pl.Series([leads.to_lines(table, row) for row in rows])

    def _linked(self, kinds: Mapping[str, str], schema: pl.Schema) -> str:
        """Return the column that leads: that of the subject, or the first of text."""
        about = next((name for name in leads.SUBJECTS if name in schema and name in self.columns), "")
        own = [name for name in self.columns if name != self.heading]
        return about or next((name for name in own if kinds[name] not in _NUMERIC), own[0])

    def _totals(self, kinds: Mapping[str, str], schema: pl.Schema) -> list[pl.Expr]:
        """Return the last row as text."""
        one_currency = pl.col("currency").drop_nulls().n_unique() <= 1 if "currency" in schema else pl.lit(value=True)
        label = next(name for name in self.columns if kinds[name] not in _NUMERIC and name != self.heading)
        totals = {name: pl.lit(told("display.total") if name == label else "") for name in self.columns}
        if heading := self.heading:
            totals[heading] = (
                pl.when(pl.col(heading).n_unique() == 1)
                .then(pl.col(heading).first())
                .otherwise(pl.lit(told("display.all")))
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
        notes: Sequence[str | gt._text.Html],
        *,
        linked: str,
        has_sums: bool,
    ) -> GT:
        table = _plain(GT(cells, groupname_col=self.heading or None)).cols_label(
            {name: label for name, label in self.columns.items() if name != self.heading}
        )
        right = [name for name in self.columns if kinds[name] in _NUMERIC or name in self.right]
        table = table.cols_align("left").cols_align("right", columns=right) if right else table.cols_align("left")
        if linked:
            table = table.fmt(_link, columns=linked)
        for name, rows in marks.items():
            if rows:
                bold = style.text(weight="bold", color=_ALARM)
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
    return _plain(GT(pl.DataFrame({"note": [sentence]}))).cols_label(note=told("display.nothing")).cols_align("left")


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


def _link(cell: str) -> str:
    """Write a cell as HTML: what stands before `_ASIDE` is where it leads."""
    target, _, said = cell.rpartition(_ASIDE)
    return f'<a href="{html.escape(target)}">{html.escape(said)}</a>' if target else html.escape(said)


def _all_lines(target: str) -> gt._text.Html:
    made: gt._text.Html = gt.html(f'{html.escape(told("display.lines"))} <a href="{target}">{target}</a>')
    return made


def _currency_note(head: pl.DataFrame, kinds: Mapping[str, str]) -> list[str]:
    if "money" not in kinds.values() or "currency" not in head.columns:
        return []
    known = head["currency"].drop_nulls().unique().sort().to_list()
    return [say("display.amounts", currencies=told("display.and").join(known))] if known else []


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
