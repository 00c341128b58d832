"""Purchase lists of any origin: every table with a quantity and a part number or a product name.

Order lists of resellers and of the Microsoft 365 admin center, ServiceNow's, Flexera's and Snow's templates,
acquired rights of optisam: one table of headings (`purchase_list.yaml`) and one reading of item names.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lmanalytics.ingest import part_numbers
from lmanalytics.ingest.adapter import ORIGIN, Context, Layout, Pieces, Sheet
from lmanalytics.ingest.list_quantities import has_mismatch, mismatch, split, too_much_sa, with_counts
from lmanalytics.ingest.list_types import understood
from lmanalytics.ingest.remarks import remark
from lmanalytics.schemas import ENTITY

FORMAT = "purchase_list"
_SHOWN, _NAMED = 60, 3
_CURRENCY = r"(?i)^\s*([a-z]{3})[;\s]"
_COUNTED = {
    "unknown_products": "unknown",
    "other_publishers": "others",
    "no_purchases": "no_purchases",
    "unknown_purchase_types": "untyped",
    "unknown_metrics": "unmetered",
    "unknown_pack_sizes": "unpacked",
    "unknown_step_up_bases": "baseless",
    "rights_mismatches": "mismatched",
    "mangled_ids": "mangled",
}
_PASSED_ON = (
    ENTITY,
    "order_date",
    "coverage_start",
    "coverage_end",
    "usage_country",
    "tied_to_host_id",
    "document_ref",
)


@cache
def vocabulary() -> dict[str, Any]:
    """Return `purchase_list.yaml`."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return document


SHEETS = (
    Layout(
        "purchases",
        {},
        {name: tuple(spellings) for name, spellings in vocabulary()["columns"].items()},
        any_of=(("quantity", "licenses"), ("part_number", "item_name", "product")),
        excludes=tuple(vocabulary()["excludes"]),
        hints=tuple(vocabulary()["hints"]),
    ),
)


def read(sheets: Sequence[Sheet], context: Context) -> Pieces:
    """Return `purchases` of basis `transaction`; what is odd about a list becomes a finding."""
    prefixes = part_numbers.id_prefixes(sheets)
    for sheet in sheets:
        yield "purchases", _purchases(sheet, prefixes[sheet.index], context)


def _purchases(sheet: Sheet, prefix: str, context: Context) -> pl.LazyFrame:
    rows = with_counts(understood(_purchased(sheet.frame))).with_columns(_issues().alias("issues"))
    _report(sheet, rows, context)
    given = pl.col("purchase_id") + pl.when(pl.col("part") > 0).then(pl.format(":{}", "part")).otherwise(pl.lit(""))
    return split(rows).select(
        *ORIGIN,
        "part",
        "issues",
        pl.coalesce(given, _numbered(prefix)).alias("purchase_id"),
        pl.lit("transaction").alias("basis"),
        *(_id(name).alias(name) for name in ("agreement_id", "enrollment_id")),
        *(pl.col(name) for name in _PASSED_ON),
        *(pl.col(name) for name in ("program", "product", "edition", "version", "metric", "pool", "purchase_type")),
        *(pl.col(name) for name in ("step_up_from", "esu_year", "quantity", "licenses_per_unit")),
        "unit_price",
        pl.coalesce("currency", pl.col("unit_price").str.extract(_CURRENCY).str.to_uppercase()).alias("currency"),
        "part_number",
    )


def _purchased(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Leave out instructions, totals and other publishers' rows."""
    return frame.filter(~_is_no_purchase() & ~_is_of_others())


def _is_no_purchase() -> pl.Expr:
    texts = [pl.col(name).str.strip_chars() for name in ("part_number", "item_name", "product", "quantity", "licenses")]
    return pl.any_horizontal(_has(text, "instructions") | _has(text, "totals") for text in texts)


def _is_of_others() -> pl.Expr:
    return pl.col("publisher").is_not_null() & ~_has(pl.col("publisher"), "publisher")


def _has(text: pl.Expr, name: str) -> pl.Expr:
    return text.str.contains(f"(?i){vocabulary()[name]}").fill_null(value=False)


def _numbered(prefix: str) -> pl.Expr:
    row = pl.format("{}:{}", pl.lit(prefix), "source_row")
    return pl.when(pl.col("part") > 0).then(pl.format("{}:{}", row, "part")).otherwise(row)


def _id(name: str) -> pl.Expr:
    """Drop the decimals that a spreadsheet gives an id of digits."""
    return pl.col(name).str.strip_chars().str.replace(r"^(\d+)\.0+$", "$1")


def _is_mangled(name: str) -> pl.Expr:
    number, others = _id(name), _id(name).drop_nulls().unique().implode()
    lost_zeros = number.str.contains(r"^[1-9]\d+$") & (pl.lit("0") + number).is_in(others)
    return (_has(pl.col(name), "mangled_id") | lost_zeros).fill_null(value=False)


def _issues() -> pl.Expr:
    told = "{}: '{}' looks like an id that a spreadsheet turned into a number; it may join no agreement"
    mangled = [
        pl.when(_is_mangled(name)).then(pl.format(told, pl.lit(name), pl.col(name).str.slice(0, _SHOWN)))
        for name in ("agreement_id", "enrollment_id")
    ]
    return pl.concat_list(mismatch(), too_much_sa(), "contradiction", *mangled).list.drop_nulls()


def _report(sheet: Sheet, rows: pl.LazyFrame, context: Context) -> None:
    """Say once per sheet what a person must know before its numbers are used."""
    known, kind, metric = pl.col("is_known"), pl.col("purchase_type"), pl.col("metric")
    baseless = (kind == "step_up") & pl.col("step_up_from").is_null()
    unpacked = known & (metric == "core") & ~pl.col("is_packed")
    seen = rows.select(
        (~known).sum().alias("unknown"),
        pl.col("product").filter(~known).unique(maintain_order=True).head(_NAMED).implode().alias("names"),
        (kind.is_null()).sum().alias("untyped"),
        (metric.is_null() & known).sum().alias("unmetered"),
        unpacked.sum().alias("unpacked"),
        baseless.sum().alias("baseless"),
        has_mismatch().sum().alias("mismatched"),
        (_is_mangled("agreement_id") | _is_mangled("enrollment_id")).sum().alias("mangled"),
    )
    others = _is_of_others() & ~_is_no_purchase()
    left_out = sheet.frame.select(
        _is_no_purchase().sum().alias("no_purchases"),
        others.sum().alias("others"),
        pl.col("publisher").filter(others).unique(maintain_order=True).head(_NAMED).implode().alias("publishers"),
    )
    facts = seen.collect().row(0, named=True) | left_out.collect().row(0, named=True)
    applies = {code: facts[count] > 0 for code, count in _COUNTED.items()}
    remark(context, vocabulary()["findings"], applies, sheet, facts)
