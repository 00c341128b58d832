"""What an item name, a part number or a license-type cell says about a purchase.

`SQLSvrStdCore ALNG LicSAPk MVL 2Lic CoreLic` is SQL Server Standard, license with Software Assurance, by
core, two licenses a unit. The words stand in `part_numbers.yaml`. Functions take and return expressions,
text unless said otherwise; what a text does not say is null.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from lmanalytics.ingest.adapter import Sheet

_STEP_UP_BASE = r"(?i)step[ -]?up\s*(?:licen[sc]e|lizenz)?\s*\(?(?:from|von|de|depuis|fra)\s+(.+?)\)?\s*$"
_STEP_UP_TAIL = r"(?i)[\s(\-]*(?:sa\s+)?step[ -]?up.*$"
_PART_NUMBER = r"(?i)^\s*([a-z0-9]{3})-[a-z0-9]{5}\s*$"
_VERSION = r"\b((?:19|20)\d\d)\s?(?i:(r2))?\b"


@cache
def vocabulary() -> dict[str, Any]:
    """Return `part_numbers.yaml`."""
    document: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return document


def plain(text: pl.Expr) -> pl.Expr:
    """Lower case, `-`, `_` and runs of blanks as one blank, `licence` as `license`."""
    return (
        text.str.to_lowercase()
        .str.replace_all(r"[\s_\-]+", " ")
        .str.replace_all("licence", "license")
        .str.strip_chars()
    )


def unit_type(cell: pl.Expr) -> pl.Expr:
    """Purchase type of a license-type cell: `L&SA`, `Perpetual + Software Assurance`, `SU`, `From SA`."""
    return pl.coalesce(_folded(cell, vocabulary()["unit_types"]), item_kind(cell))


def item_kind(name: pl.Expr) -> pl.Expr:
    """Purchase type that an item name says, such as license_and_sa for `LicSAPk`."""
    return _first(_without(name, vocabulary()["not_a_kind"]), vocabulary()["item_kinds"])


def metric(cell: pl.Expr) -> pl.Expr:
    """Metric of a cell that holds one, such as core for `Per Core (with CAL)`."""
    return pl.coalesce(_folded(cell, vocabulary()["metrics"]), item_metric(cell))


def item_metric(name: pl.Expr) -> pl.Expr:
    """Metric that an item name says, such as user_cal for `UsrCAL`. `Core CAL Suite` is no core license."""
    return _first(_without(name, vocabulary()["not_a_core"]), vocabulary()["item_metrics"])


def program(cell: pl.Expr) -> pl.Expr:
    """Program of a cell that names one."""
    return pl.coalesce(_folded(cell, vocabulary()["programs"]), _first(cell, vocabulary()["program_words"]))


def pool(cell: pl.Expr) -> pl.Expr:
    """Product pool of a cell: `Server`, `Anwendungen`."""
    return _folded(cell, vocabulary()["pools"])


def item_program(name: pl.Expr) -> pl.Expr:
    """Program where the item name settles it: OLP, OLV, SPLA, not MVL, which stands for all."""
    return _first(name, vocabulary()["item_programs"])


def pack_size(name: pl.Expr) -> pl.Expr:
    """Licenses that one unit brings, an integer: 2 for `2Lic`, 16 for `16 Core License Pack`."""
    patterns = vocabulary()["packs"]
    return pl.coalesce(name.str.extract(f"(?i){pattern}").cast(pl.Int64, strict=False) for pattern in patterns)


def version(name: pl.Expr) -> pl.Expr:
    """Version year in a name: `2012 R2` for `WinSvrStd 2012R2 SNGL`."""
    return pl.concat_str(
        name.str.extract(_VERSION, 1),
        name.str.extract(_VERSION, 2).str.to_uppercase(),
        separator=" ",
        ignore_nulls=True,
    ).replace("", None)


def id_prefixes(sheets: Sequence[Sheet]) -> dict[int, str]:
    """Return, by sheet index, what row numbers are put behind to name a purchase: the file's stem if that is unique."""
    stems = Counter(Path(sheet.file).stem for sheet in sheets)
    return {
        sheet.index: stem if stems[stem := Path(sheet.file).stem] == 1 else f"{sheet.file}:{sheet.sheet or ''}"
        for sheet in sheets
    }


def is_part_number(cell: pl.Expr) -> pl.Expr:
    """Whether a cell is a part number such as `7NQ-00302`, a boolean."""
    return cell.str.contains(_PART_NUMBER)


def family(part_number: pl.Expr) -> pl.Expr:
    """Full product name of a part number's prefix. The rest of the number says no more than that."""
    prefixes = {prefix.lower(): name for name, body in _products().items() for prefix in body.get("prefixes", ())}
    return _mapped(part_number.str.extract(_PART_NUMBER).str.to_lowercase(), prefixes)


def item_product(name: pl.Expr) -> pl.Expr:
    """Full name of the product whose abbreviation comes first in an item name."""
    return _abbreviations(name).list.get(0, null_on_oob=True)


def item_base(name: pl.Expr) -> pl.Expr:
    """Full name of what an item steps up from: the second abbreviation, or what follows `Step-up from`.

    `Step-up from Standard Core` names no product; the caller puts the product that is stepped up to before it.
    """
    return pl.coalesce(_abbreviations(name).list.get(1, null_on_oob=True), name.str.extract(_STEP_UP_BASE))


def without_step_up(name: pl.Expr) -> pl.Expr:
    """The name up to the words `Step-up …`."""
    return name.str.replace(_STEP_UP_TAIL, "").replace("", None)


def abbreviated_metric(full_name: pl.Expr) -> pl.Expr:
    """Metric of a full name that stands for an abbreviation: `SQLSvrStd` without Core is licensed by server."""
    return _mapped(full_name, {name: body["metric"] for name, body in _products().items() if "metric" in body})


def _products() -> dict[str, dict[str, Any]]:
    products: dict[str, dict[str, Any]] = vocabulary()["products"]
    return products


def _abbreviations(name: pl.Expr) -> pl.Expr:
    """Full names of all abbreviations in an item name, in their order, a list."""
    items = {item.lower(): full for full, body in _products().items() for item in body.get("items", ())}
    known = _mapped(pl.element().str.to_lowercase(), items)
    return name.str.extract_all(r"[\w/]+").list.eval(known).list.drop_nulls()


def _folded(cell: pl.Expr, words: Mapping[str, Sequence[str]]) -> pl.Expr:
    codes = {" ".join(re.split(r"[\s_\-]+", word)): code for code, spellings in words.items() for word in spellings}
    return _mapped(plain(cell), {word.replace("licence", "license"): code for word, code in codes.items()})


def _mapped(text: pl.Expr, codes: Mapping[str, str]) -> pl.Expr:
    return text.replace_strict(dict(codes), default=None, return_dtype=pl.String)


def _first(text: pl.Expr, patterns: Sequence[tuple[str, str]]) -> pl.Expr:
    return pl.coalesce(pl.when(text.str.contains(f"(?i){pattern}")).then(pl.lit(code)) for pattern, code in patterns)


def _without(text: pl.Expr, patterns: Sequence[str]) -> pl.Expr:
    return text.str.replace_all("(?i)" + "|".join(patterns), " ")


def family_metric(product: pl.Expr, name: pl.Expr) -> pl.Expr:
    """Metric of a statement's product whose family name does not say it: Core would stand in the name."""
    metrics = {**vocabulary()["sole_metrics"], **vocabulary()["family_metrics"]}
    return pl.when(~is_access(name)).then(_mapped(product, metrics))


def sole_metric(product: pl.Expr, name: pl.Expr) -> pl.Expr:
    """Metric of a product that is sold by one metric only. An access license has its own, which its name says."""
    return pl.when(~is_access(name)).then(_mapped(product, vocabulary()["sole_metrics"]))


def is_access(name: pl.Expr) -> pl.Expr:
    """Whether a name is one of an access license, a boolean."""
    return name.str.contains(f"(?i){vocabulary()['access']}").fill_null(value=False)


def versioned_metric(product: pl.Expr, version_: pl.Expr, edition: pl.Expr) -> pl.Expr:
    """Core for an edition of a version that is sold by core alone, such as Windows Server Standard 2022."""
    since = _mapped(product, vocabulary()["core_since"])
    return pl.when(edition.is_not_null() & (version_.str.slice(0, 4) >= since)).then(pl.lit("core"))
