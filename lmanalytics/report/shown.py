"""How JupyterLab shows a run and an explanation: small, escaped, never a million rows."""

import html
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics.explain import lines
from lmanalytics.report.display import Grid, amount, day, table_html
from lmanalytics.report.texts import say, told
from lmanalytics.rules.trace import EXPLANATION

if TYPE_CHECKING:
    from lmanalytics.report.run import Run

ROWS = 10
"""Lines of the position that are shown."""
EXPLAINED = 200
"""Lines of an explanation that are shown."""
_BOX = "display:inline-block;border:1px solid #888;border-radius:4px;padding:6px 12px;margin:0 8px 8px 0"


class Explanation(pl.DataFrame):
    """What `explain` returns: a frame like any other, which JupyterLab shows as arithmetic under its subjects."""

    def _repr_html_(self, **given: bool) -> str:
        if not set(EXPLANATION.names()) <= set(self.columns):
            return super()._repr_html_(**given)
        words = told("shown.explanation")
        columns = {"subject": "", **words["columns"]}
        return table_html(
            Grid(columns, words["empty"], EXPLAINED, heading="subject", right=("value",)).show(self.lazy())
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 (IPython's signature)
        is_whole = set(EXPLANATION.names()) <= set(self.columns)
        printer.text("\n".join(lines(self.head(EXPLAINED))) if is_whole else str(self))


def run_html(run: "Run") -> str:
    """Draw a run: what it is, how it stands, the lines that are short, then those that are unknown."""
    counts, position = _counts(run), run.position
    tiles = (
        f'<div style="{_BOX}"><div style="font-size:18px">{html.escape(counts[name])}</div>'
        f'<div style="font-size:11px">{html.escape(label)}</div></div>'
        for name, label in told("shown.run.tiles").items()
    )
    words = told("shown.run")
    is_short = (pl.col("shortage") > 0).fill_null(value=False)
    order: list[str | pl.Expr] = [is_short, pl.col("shortage").is_null(), "shortage_cost"]
    first = position.sort(*order, "product", descending=[True, True, True, False], nulls_last=True, maintain_order=True)
    lines_left = position.select(pl.len()).collect().item() - ROWS
    notes = [say("shown.run.more", count=amount(lines_left))] if lines_left > 0 else []
    notes += [say("shown.run.not_computable", what=f"{what}: {why}") for what, why in run.not_computable.rows()]
    grid = Grid(words["columns"], words["empty"], ROWS, notes=notes[: ROWS + 1])
    return f"<div>{''.join(tiles)}{table_html(grid.show(first.head(ROWS)))}</div>"


def run_text(run: "Run") -> str:
    """Say in one line what `run_html` draws."""
    return say("shown.run.text", **_counts(run))


def _counts(run: "Run") -> dict[str, str]:
    short = (pl.col("shortage") > 0).sum()
    counted = run.position.select(lines=pl.len(), short=short, unknown=pl.col("shortage").is_null().sum()).collect()
    counts = {name: amount(counted[name].item()) for name in counted.columns}
    return {"as_of": day(run.as_of), "customer": run.customer, **counts, "run": run.run_id}
