"""Recognize products in the words of exports; the words stand in products.yaml."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

OPERATING_SYSTEM, LICENSE, SQL_EDITION = "operating_system", "license", "sql_edition"
FIELDS = ("product", "edition", "version", "metric")
_REMEMBERED = 100_000
_recognized: dict[str, pl.DataFrame] = {}
_TRADE_MARKS = r"\((?:r|tm|c)\)|[®™©]"


def recognize(frame: pl.LazyFrame, column: str, kind: str, prefix: str = "") -> pl.LazyFrame:
    """Add `<prefix>product`, `<prefix>edition`, `<prefix>version` and `<prefix>metric`, all text.

    Args:
        frame: any table.
        column: the text to recognize, such as "Microsoft Windows Server 2019 (64-bit)".
        kind: OPERATING_SYSTEM, LICENSE (what is bought), or SQL_EDITION (what an instance says of itself).
        prefix: put before the names of the columns that are added.

    Each different text is looked at once, however many rows have it. What a text does not say is null; so is
    everything for a text that is not recognized. A product of no license program (Linux) has its family's name.
    """
    return recognize_all(frame, {column: prefix}, kind)


def recognize_all(frame: pl.LazyFrame, prefixes: Mapping[str, str], kind: str) -> pl.LazyFrame:
    """Do what `recognize` does for several columns, given with their prefixes, in one pass over the table."""
    distinct = frame.select(prefixes.keys()).unique().collect(engine="streaming")
    texts = pl.concat([distinct[column].rename("text") for column in prefixes]).unique().drop_nulls().sort()
    known = _known(texts, kind)
    for column, prefix in prefixes.items():
        names = {"text": column} | {field: prefix + field for field in FIELDS}
        frame = frame.join(known.rename(names).lazy(), on=column, how="left", maintain_order="left")
    return frame


def recognize_product(text: str, kind: str = LICENSE) -> dict[str, str | None]:
    """Return product, edition, version and metric of one text."""
    row = recognize(pl.LazyFrame({"text": [text]}), "text", kind).collect().row(0, named=True)
    return {field: row[field] for field in FIELDS}


def _known(texts: pl.Series, kind: str) -> pl.DataFrame:
    """Recognize texts; those that were recognized before in this process are not looked at again."""
    before = _recognized.get(kind, pl.DataFrame(schema=dict.fromkeys(("text", *FIELDS), pl.String)))
    new = texts.filter(~texts.is_in(before["text"].implode())).to_frame("text")
    if new.is_empty():
        return before
    known = pl.concat([before, new.select("text", **_fields(kind))])
    _recognized[kind] = known if known.height <= _REMEMBERED else known.clear()
    return known


@cache
def _patterns() -> dict[str, list[dict[str, Any]]]:
    document: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    )
    return document


@cache
def _fields(kind: str) -> dict[str, pl.Expr]:
    text = pl.col("text").str.replace_all(f"(?i){_TRADE_MARKS}", " ").str.replace_all(r"\s+", " ").str.strip_chars()
    fits: list[pl.Expr] = []
    for body in _patterns()[kind]:
        fit = _contains(text, body["pattern"])
        fits.append(fit & ~_contains(text, body["excludes"]) if "excludes" in body else fit)
    products = _patterns()[kind]
    values = {"product": [pl.lit(body["product"]) for body in products]}
    for field, key in {"edition": "editions", "version": "versions", "metric": "metrics"}.items():
        values[field] = [_of(text, body.get(key) or {}) for body in products]
    return {field: _first(fits, choices) for field, choices in values.items()}


def _first(fits: list[pl.Expr], choices: list[pl.Expr]) -> pl.Expr:
    result = pl.lit(None, pl.String)
    for fit, choice in zip(reversed(fits), reversed(choices), strict=True):
        result = pl.when(fit).then(choice).otherwise(result)
    return result


def _of(text: pl.Expr, patterns: dict[str, str]) -> pl.Expr:
    result = pl.lit(None, pl.String)
    for name, pattern in reversed(patterns.items()):
        value = (
            text.str.extract(f"(?i){pattern}").str.to_uppercase() if name == "$1" else pl.lit(name or None, pl.String)
        )
        result = pl.when(_contains(text, pattern)).then(value).otherwise(result)
    return result


def _contains(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.contains(f"(?i){pattern}")
