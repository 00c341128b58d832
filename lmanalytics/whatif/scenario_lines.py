"""A comparison of scenarios as lines of text: totals, then each product in which something differs."""

from collections.abc import Iterator
from decimal import Decimal

import polars as pl

from lmanalytics.whatif.compare import ALL, KEY

_HEADS = ("required", "short", "surplus", "to order", "cost to order", "spent", "change")
_UNKNOWN = "unknown"
_WIDEST = 44


def lines(table: pl.DataFrame) -> Iterator[str]:
    """Write the comparison; what is the same in every scenario is counted in the last line, not listed."""
    same = 0
    width = min(max((len(_shown(title)) for title in table["title"].unique()), default=0), _WIDEST) + 2
    yield " " * width + "".join(f"{head:>14}" for head in _HEADS)
    for part in table.partition_by(KEY, maintain_order=True):
        first = part.row(0, named=True)
        is_total = first["product"] == ALL
        if not is_total and part.select("required", "owned", "short", "surplus", "outlay").n_unique() == 1:
            same += 1
            continue
        named = " ".join(word for word in (first["product"], first["edition"]) if word)
        yield "All products" if is_total else f"{_shown(named)}, {_shown(str(first['metric'])).replace('_', ' ')}"
        for row in part.to_dicts():
            yield f"  {_shown(row['title'])[: width - 2]:<{width - 2}}" + "".join(f"{cell:>14}" for cell in _cells(row))
        if is_total:
            yield from _remarks(part)
    if same:
        yield f"{same} product{'s' * (same > 1)} and edition{'s' * (same > 1)} with no difference."


def _cells(row: dict[str, object]) -> list[str]:
    counts = [_number(row[name]) for name in ("required", "short", "surplus", "to_order")]
    change = _number(row["change_outlay"], sign="+")
    return [*counts, _number(row["cost"]), _number(row["spent"]), "" if row["scenario"] == "base" else change]


def _remarks(totals: pl.DataFrame) -> Iterator[str]:
    currency = " and ".join(totals["currency"].drop_nulls().unique().sort()) or "no currency"
    yield f"  Costs in {currency}: to order by the true-up; spent on what the scenario buys; the change is of both."
    if unpriced := totals["unpriced"].max():
        words = "license has no price and is" if unpriced == 1 else "licenses have no price and are"
        yield f"  Up to {unpriced:,} {words} in no cost."  # type: ignore[str-bytes-safe]
    if unknown := totals["not_computable"].max():
        words = "line of the position is" if unknown == 1 else "lines of the position are"
        yield f"  Up to {unknown:,} {words} not computable and not in the sums."  # type: ignore[str-bytes-safe]


def _number(value: object, sign: str = "") -> str:
    if value is None:
        return _UNKNOWN
    return format(value, f"{sign},.2f" if isinstance(value, Decimal) else f"{sign},")


def _shown(text: str) -> str:
    """Keep what a file says from steering a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
