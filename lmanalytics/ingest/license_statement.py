"""Microsoft License Statements and license summaries: what Microsoft says is owned, in total.

A statement gives effective and active Software Assurance quantities for each product family and version. It
repeats its totals by country, so that only the rows over all countries are read.
"""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lmanalytics.errors import PolicyError, did_you_mean
from lmanalytics.ingest import days, part_numbers, products, statement_quantities
from lmanalytics.ingest.adapter import ORIGIN, Context, Layout, Pieces, Sheet
from lmanalytics.ingest.readings import words
from lmanalytics.ingest.remarks import remark

FORMAT = "license_statement"
CORE_UNIT = "statement_core_unit"
_CORE_UNITS = {"cores": 1, "packs_of_2": 2}
_KEY = ("pool", "family", "version")
_YEAR_FIRST = r"^\s*\d{4}[/.\-]\d{1,2}[/.\-]\d{1,2}"
_LIKE_A_DAY = r"\d[/.\-]\d|\d\s*\p{L}{3,}|\p{L}{3,}\.?\s*\d"


@cache
def vocabulary() -> dict[str, Any]:
    """Return `license_statement.yaml`."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return document


def _layouts() -> tuple[Layout, Layout]:
    aliases = vocabulary()
    measures = {name: tuple(spellings) for name, spellings in (aliases["measures"] | aliases["buckets"]).items()}
    required = {name: measures.pop(name) for name in ("family", "effective", "active_sa")}
    country = tuple(aliases["country"])
    statement = Layout("totals", required | {"country": country}, measures, hints=tuple(aliases["hints"]))
    unresolved = {"unresolved": tuple(aliases["unresolved"])}
    return statement, Layout("summary", required, measures | unresolved, excludes=country)


SHEETS = _layouts()


def snapshots(sheets: Sequence[Sheet]) -> dict[int, date]:
    """Return the day on which each statement was calculated, where the cells above its headings say it."""
    found = {sheet.index: _calculated_on(sheet) for sheet in sheets}
    return {index: day for index, day in found.items() if day is not None}


def read(sheets: Sequence[Sheet], context: Context) -> Pieces:
    """Return `purchases` of basis `statement_summary`; what is odd about a statement becomes a finding."""
    prefixes = part_numbers.id_prefixes(sheets)
    for sheet in sheets:
        yield "purchases", _purchases(sheet, prefixes[sheet.index], context)


def _purchases(sheet: Sheet, prefix: str, context: Context) -> pl.LazyFrame:
    day = sheet.snapshot_on or _calculated_on(sheet)
    rows = _totals(sheet)
    _report(sheet, rows, day, context)
    unit = pl.when(pl.col("metric") == "core").then(_licenses_per_core_unit(context)).otherwise(1)
    return statement_quantities.split(rows, day).select(
        *ORIGIN,
        "part",
        "issues",
        pl.format("{}:{}:{}", pl.lit(prefix), "source_row", "part").alias("purchase_id"),
        pl.lit("statement_summary").alias("basis"),
        *(pl.col(name) for name in ("product", "edition", "version", "metric", "pool", "purchase_type", "quantity")),
        unit.cast(pl.Int64).alias("licenses_per_unit"),
        pl.lit(day, pl.Date).alias("statement_date"),
        "coverage_end",
        "coverage_end_latest",
    )


def _totals(sheet: Sheet) -> pl.LazyFrame:
    """Return the rows over all countries, each once, with product, metric, quantities and issues."""
    frame = sheet.frame.filter(pl.col("family").is_not_null())
    if "country" in sheet.layout.required:
        frame = frame.filter(part_numbers.plain(pl.col("country")).is_in(vocabulary()["all_countries"]))
    frame = statement_quantities.with_quantities(frame.with_columns(_version().alias("version")))
    frame = frame.filter(pl.struct(*_KEY, *statement_quantities.quantities()).is_first_distinct())
    named = products.recognize(frame, "family", products.LICENSE, prefix="named_")
    family_metric = part_numbers.family_metric(pl.col("named_product"), pl.col("family"))
    return named.with_columns(
        pl.col("named_product").is_not_null().alias("is_known"),
        pl.coalesce("named_product", "family").alias("product"),
        pl.col("named_edition").alias("edition"),
        pl.coalesce(part_numbers.pool(pl.col("pool")), "pool").alias("pool"),
        pl.coalesce("version", "named_version").alias("version"),
        pl.coalesce(part_numbers.item_metric(pl.col("family")), "named_metric", family_metric).alias("metric"),
        statement_quantities.issues().alias("issues"),
    )


def _version() -> pl.Expr:
    says_nothing = part_numbers.plain(pl.col("version")).is_in(vocabulary()["no_version"])
    return pl.when(~says_nothing).then(pl.coalesce(part_numbers.version(pl.col("version")), pl.col("version")))


def _licenses_per_core_unit(context: Context) -> int:
    reading = getattr(context.estate, "policies", {}).get(CORE_UNIT, vocabulary()["policies"][CORE_UNIT]["default"])
    if reading not in _CORE_UNITS:
        hint = did_you_mean(str(reading), _CORE_UNITS)
        message = f"estate.yaml, policies: {CORE_UNIT} has no reading {reading!r}.{hint} Write cores or packs_of_2."
        raise PolicyError(message)
    return _CORE_UNITS[reading]


def _calculated_on(sheet: Sheet) -> date | None:
    """Return the first date above the headings, one that starts with the year before any other."""
    cells = pl.DataFrame({"cell": [cell for row in sheet.preamble for cell in row]}, schema={"cell": pl.String})
    found = cells.filter(pl.col("cell").str.contains(_LIKE_A_DAY)).select(
        pl.col("cell").str.contains(_YEAR_FIRST).alias("is_plain"),
        days.moment(pl.col("cell").str.strip_chars(), pl.lit(None, pl.Boolean), words()["months"])
        .dt.date()
        .alias("on"),
    )
    found = found.drop_nulls("on").sort("is_plain", descending=True, maintain_order=True)
    return found["on"].first() if found.height else None  # type: ignore[return-value]  # a date column


def _report(sheet: Sheet, rows: pl.LazyFrame, day: date | None, context: Context) -> None:
    """Say once per sheet what a person must know before its numbers are used."""
    listed = sheet.frame.filter(pl.col("family").is_not_null()).select(pl.len()).collect().item()
    seen = rows.select(
        pl.len().alias("totals"),
        (pl.col("metric") == "core").sum().alias("cores"),
        (~pl.col("is_known")).sum().alias("unknown"),
        pl.col("family").filter(~pl.col("is_known")).unique(maintain_order=True).head(3).implode().alias("names"),
        statement_quantities.has_too_much_sa().sum().alias("uncovered"),
        statement_quantities.has_unlike_buckets().sum().alias("unlike"),
        pl.struct(*_KEY).is_duplicated().sum().alias("repeated"),
    )
    facts = seen.collect().row(0, named=True) | {"listed": listed, "unit": _licenses_per_core_unit(context)}
    applies = {
        "no_totals": listed > 0 and facts["totals"] == 0,
        "no_statement_date": day is None,
        "core_unit": facts["cores"] > 0,
        "too_much_sa": facts["uncovered"] > 0,
        "unlike_periods": facts["unlike"] > 0,
        "repeated_totals": facts["repeated"] > 0,
        "unknown_products": facts["unknown"] > 0,
    }
    remark(context, vocabulary()["findings"], applies, sheet, facts)
