"""What was bought, zone by zone: the purchase lists of the sample, grown to what each zone needs."""

import polars as pl

from lmanalytics.sample.files import Files
from lmanalytics.sample.order import Order
from lmanalytics.sample.repeated import SITES_OF_ZONE, moved, paper
from lmanalytics.sample.stock import FAMILIES, Tally

_LISTS = {"purchases_uk.csv": "Quantity", "purchases_de.csv": "Menge", "purchases_other.csv": "quantity"}
_MORE = "other"


def add(files: Files, order: Order, tally: Tally, zones: list[int]) -> None:
    """Write the purchase lists of an entity."""
    for name, quantity in _LISTS.items():
        lines = paper(name)
        if order.sites > 1:
            lines = pl.concat(_grown(lines, quantity, tally, zone) for zone in zones)
        if name == "purchases_de.csv":
            files.cp1252(name, lines)
        else:
            files.csv(name, lines, line="\r\n" if name == "purchases_uk.csv" else "\n")


def _grown(lines: pl.DataFrame, quantity: str, tally: Tally, zone: int) -> pl.DataFrame:
    """Return a zone's lines: so many packs more as it needs more than the sample; none of what becomes nothing."""
    shares = {family: tally.share(zone, family) for family in (*FAMILIES, _MORE)}
    family, count = _family(lines), pl.col(quantity).cast(pl.Int64)
    above, below = (family.replace_strict({f: s[side] for f, s in shares.items()}) for side in (0, 1))
    size = (count.abs() * above // below) * count.sign()
    is_tied = pl.col("tied_to_host_id").is_not_null() if "tied_to_host_id" in lines.columns else pl.lit(value=False)
    return (
        lines.with_columns(pl.when(is_tied).then(count).otherwise(size).alias(quantity))
        .filter(pl.col(quantity) != 0)
        .with_columns(pl.col(quantity).cast(pl.String), _site=pl.lit(zone * SITES_OF_ZONE))
        .select("_site", *lines.columns)
        .pipe(moved)
    )


def _family(lines: pl.DataFrame) -> pl.Expr:
    """Name the family of licenses that a line is of; a step-up grows with what it is stepped up from."""
    if "product" in lines.columns:
        product, edition = pl.col("product"), pl.col("edition")
        cores = pl.format("{} {}", product, edition.fill_null(""))
    else:
        cores = pl.col("Item Name" if "Item Name" in lines.columns else "Bezeichnung")
    return (
        pl.when(cores.str.contains("WinSvrSTDCore|^Windows Server Standard"))
        .then(pl.lit("standard"))
        .when(cores.str.contains("WinSvrDCCore|CISDCCore"))
        .then(pl.lit("datacenter"))
        .when(cores == "SQL Server Standard")
        .then(pl.lit("sql_standard"))
        .when(cores == "SQL Server Enterprise")
        .then(pl.lit("sql_enterprise"))
        .otherwise(pl.lit(_MORE))
    )
