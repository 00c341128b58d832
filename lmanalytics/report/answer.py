"""An answer as JupyterLab shows it: its first rows and how many there are, never a million of them."""

import html
from typing import Any

import polars as pl

from lmanalytics.report.texts import say
from lmanalytics.report.written import amount

ROWS = 10
"""Rows that are shown."""
_LONGEST = 60
_STYLE = "<style>.lm-answer .dataframe :is(th, td) {white-space: nowrap !important; text-align: left}</style>"


class Answer(pl.LazyFrame):
    """A lazy frame like any other, of which JupyterLab shows the first rows and the number of rows."""

    def _repr_html_(self) -> str:
        head, count = self._first()
        with pl.Config(tbl_hide_dataframe_shape=True, tbl_rows=ROWS, tbl_cols=-1, fmt_str_lengths=_LONGEST):
            return f'<div class="lm-answer">{_STYLE}{head._repr_html_()}<small>{html.escape(count)}</small></div>'

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 (IPython's signature)
        head, count = self._first()
        with pl.Config(tbl_hide_dataframe_shape=True, tbl_rows=ROWS, fmt_str_lengths=_LONGEST):
            printer.text(f"{head}\n{count}")

    def _first(self) -> tuple[pl.DataFrame, str]:
        head = self.head(ROWS).collect(engine="streaming")
        if head.height < ROWS:
            return head, say("shown.answer.all", rows=amount(head.height))
        rows = self.select(pl.len()).collect(engine="streaming").item()
        if rows == ROWS:
            return head, say("shown.answer.all", rows=amount(rows))
        return head, say("shown.answer.first", rows=amount(rows), shown=amount(ROWS))


def answer(frame: pl.LazyFrame) -> Answer:
    """Let JupyterLab show the rows of a lazy frame, and of what is filtered, joined or sorted from it."""
    frame.__class__ = Answer
    return frame  # type: ignore[return-value]  # (its class was set)
