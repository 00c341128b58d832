"""From one run to another: what changed, split by cause so that the causes add up exactly."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lmanalytics import answers
from lmanalytics.errors import UsageError
from lmanalytics.whatif.causes import KNOWN_NOW, UNKNOWN_NOW
from lmanalytics.whatif.diff_replay import Position, Progress, replay
from lmanalytics.whatif.diff_shares import MEASURES, shares
from lmanalytics.whatif.diff_sides import Side, check, side
from lmanalytics.whatif.diff_subjects import subjects

TABLES = ("waterfall", "causes", "balances", "subjects", "changes")
_FORMULA = r"^\s*[=+\-@\t\r\n]"


@dataclass(frozen=True)
class Difference:
    """The difference of two runs."""

    before: str
    after: str
    waterfall: pl.DataFrame
    """`diff_shares.Shares.waterfall`: what each cause changes, added up by metric and currency."""
    causes: pl.DataFrame
    """What each cause changes of each balance: entity, product, edition, metric."""
    balances: pl.DataFrame
    """Each balance before, after and changed."""
    subjects: pl.DataFrame
    """The subjects that are licensed otherwise (`diff_subjects.subjects`)."""
    changes: pl.DataFrame
    """The rows of the tables that changed, with cause, before and after (`causes_rows.CHANGES`)."""
    notes: list[str]
    """What a reader should know."""

    @property
    def is_empty(self) -> bool:
        """Whether neither any row nor any answer differs."""
        steps = self.waterfall.filter(~pl.col("cause").is_in(["before", "after"]))
        return steps.is_empty() and self.changes.is_empty() and self.subjects.is_empty()


def diff(first: Path, second: Path, progress: Progress = lambda _: None) -> Difference:
    """Compare two finished runs.

    Args:
        first: the folder of the run from which.
        second: the folder of the run to which.
        progress: told of each computation.

    Raises:
        RunError: a folder is not a finished run, or was changed since.
        UsageError: the runs are of different companies.

    """
    return between(side(first), side(second), progress=progress)


def between(
    before: Side, after: Side, position: Position = answers.position, progress: Progress = lambda _: None
) -> Difference:
    """Compare two sides, of runs or in memory; see `diff`."""
    notes = check(before, after)
    done = replay(before, after, position, progress)
    found = shares(done, before.tables, after.tables)
    by_subject = subjects(before, after, done.changes, done.pairs)
    untold = found.waterfall.filter(pl.col("cause").is_in([KNOWN_NOW, UNKNOWN_NOW]))
    if untold.height:
        notes.append("Some balances are computable on one side only: their change is told, and no cause of it.")
    return Difference(
        before.name, after.name, found.waterfall, found.causes, found.balances, by_subject, done.changes, notes
    )


def save(found: Difference, into: Path) -> list[Path]:
    """Write every table of a difference as CSV and Parquet, and the pictures as SVG.

    Text that a spreadsheet would take for a formula begins with an apostrophe in CSV.

    Raises:
        UsageError: `into` is a file.

    """
    if into.exists() and not into.is_dir():
        message = f"{into} is no folder. Give another one with --into."
        raise UsageError(message)
    from lmanalytics.report.charts.difference import pictures  # noqa: PLC0415 (Altair takes a second to import)

    into.mkdir(parents=True, exist_ok=True)
    written = []
    for name in TABLES:
        frame: pl.DataFrame = getattr(found, name)
        frame.write_parquet(into / f"{name}.parquet", compression="zstd")
        inert(frame).write_csv(into / f"{name}.csv")
        written += [into / f"{name}.csv", into / f"{name}.parquet"]
    for name, svg in pictures(found.waterfall).items():
        path = into / f"{name}.svg"
        path.write_text(svg, encoding="utf-8")
        written.append(path)
    return sorted(written)


def inert(frame: pl.DataFrame) -> pl.DataFrame:
    """Write text so that no spreadsheet takes it for a formula; numbers stay numbers."""
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(_FORMULA)).then("'" + text).otherwise(text).name.keep())


def lines(found: Difference) -> list[str]:
    """Write a difference for a terminal: the causes, then each balance that changed."""
    if found.is_empty:
        return [f"{found.before} to {found.after}: no difference"]
    head = ["", *(m.replace("owned_with_sa", "with SA").replace("_", " ") for m in MEASURES)]
    told = [f"From {found.before} to {found.after}"]
    groups = found.waterfall.partition_by("metric", "currency", maintain_order=True)
    for group in sorted(groups, key=lambda g: str(g["metric"][0])):
        metric, currency = group["metric"][0], group["currency"][0]
        title = f"{metric.replace('_', ' ')} licenses" + (f", cost in {currency}" if currency else "")
        rows = [
            [_name(row), *(_cell(row[m], is_change=row["cause"] not in {"before", "after"}) for m in MEASURES)]
            for row in group.to_dicts()
        ]
        told += ["", title, *_grid([head, *rows])]
    moved = pl.any_horizontal(pl.col(f"{m}_changed").fill_null(0) != 0 for m in MEASURES)
    rows = [
        [", ".join(str(row[c]) for c in ("product", "edition", "metric", "entity_id") if row[c])]
        + [_cell(row[f"{m}_changed"], is_change=True) for m in MEASURES]
        for row in found.balances.filter(moved).to_dicts()
    ]
    if rows:
        told += ["", "Balances that changed", *_grid([head, *rows])]
    counts = found.subjects.height, found.changes.height
    return [*told, "", f"{counts[0]:,} subjects are licensed otherwise; {counts[1]:,} rows of tables changed"]


def _name(row: dict[str, object]) -> str:
    return str(row["cause"]).replace("_", " ") + (f" ({row['detail']})" if row["detail"] else "")


def _cell(value: object, *, is_change: bool) -> str:
    """Write a number; what is not known as a question mark, no change as nothing."""
    if value is None:
        return "?"
    if is_change and not value:
        return ""
    sign = "+" if is_change else ""
    return f"{value:{sign},.2f}" if not isinstance(value, int) else f"{value:{sign},}"


def _grid(rows: list[list[str]]) -> list[str]:
    """Align columns, names to the left and numbers to the right; a name stays on its line whatever it holds."""
    clean = [["".join(c if c.isprintable() else " " for c in cell) for cell in row] for row in rows]
    widths = [max(len(row[n]) for row in clean) for n in range(len(clean[0]))]
    return [
        "  ".join(
            cell.ljust(w) if n == 0 else cell.rjust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in clean
    ]
