"""Access licenses in tables written by hand: `Windows Server User CAL` is Windows Server, licensed by user."""

import polars as pl

from lmanalytics.ingest.products import FIELDS, LICENSE, recognize

_ACCESS = r"(?i)\b(cals?|client access licen[cs]es?|external connectors?)\b"
_SUITE = r"(?i)\bsuite\b"
_ADDITIVE = ("Exchange Server", "SharePoint Server", "Skype for Business Server")
"""Products whose access licenses have editions: without one the base license is meant."""
_BOUGHT = frozenset({"purchases", "prices", "agreement_products"})
_COUNTED = frozenset({"access_licenses", "access_counts"})
NAMED = _BOUGHT | _COUNTED
"""Tables whose products may be access licenses."""


def named(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """Word the access licenses of a canonical table as its rules know them.

    Args:
        frame: the rows of the table as text.
        table: its name; a table that names no access licenses comes back as it is.

    Returns:
        The rows. In what is bought the product loses the words of the access license, and edition, version and metric
        are filled in where the row leaves them empty; in what is counted the name keeps them: `Windows Server CAL`.
        Suites, and names that are not recognized, stay as they are written.

    """
    if table not in NAMED:
        return frame
    columns = frame.collect_schema().names()
    text = pl.col("product")
    asked = frame.select(_written="product").filter(pl.col("_written").str.contains(_ACCESS)).unique()
    known = recognize(asked, "_written", LICENSE, "_known_").with_columns(
        _known_edition=pl.when(pl.col("_known_edition").is_null() & pl.col("_known_product").is_in(_ADDITIVE))
        .then(pl.lit("Standard"))
        .otherwise("_known_edition")
    )
    rows = frame.join(known, left_on="product", right_on="_written", how="left", maintain_order="left")
    is_known = pl.col("_known_product").is_not_null() & ~text.str.contains(_SUITE).fill_null(value=True)
    found = {name: pl.col(f"_known_{name}") for name in FIELDS}
    if table in _COUNTED:
        connector = text.str.contains(r"(?i)external connector")
        edition = pl.when(found["product"].is_in(_ADDITIVE)).then(found["edition"])
        kind = pl.when(connector).then(pl.lit("External Connector")).otherwise(pl.lit("CAL"))
        name = pl.concat_str(found["product"], edition, kind, separator=" ", ignore_nulls=True)
        return rows.with_columns(product=pl.when(is_known).then(name).otherwise(text)).select(columns)
    own = [name for name in FIELDS if name != "product" and name in columns]
    filled = {
        name: pl.when(is_known & (pl.col(name).fill_null("") == "")).then(found[name]).otherwise(name) for name in own
    }
    return rows.with_columns(product=pl.when(is_known).then(found["product"]).otherwise(text), **filled).select(columns)
