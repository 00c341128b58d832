"""Machines that a directory or a CMDB knows: a list of computers of Active Directory, or of servers of ServiceNow."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from lmanalytics.ingest.adapter import ORIGIN, Context, Layout, Pieces, Sheet, layouts

FORMAT = "machine_list"
SHEETS: tuple[Layout, ...] = tuple(replace(layout, custom_between=None) for layout in layouts(__file__, ("", "")))
_TICKS, _START = 864_000_000_000, -134_774
"""Hundreds of nanoseconds in a day, and 1601-01-01 counted from 1970: how a directory writes a moment as a number."""
_GONE = ("retired", "stolen", "absent", "disposed", "6", "7", "8")
"""Install status of what is no longer there, by label and by number; of the operational status only the first and 6."""
_SERVER = r"(?i)server|linux|unix|esx|solaris|aix|ubuntu|red hat|suse|centos|debian"
_WORKSTATION = r"(?i)windows (?:xp|vista|7|8|8\.1|10|11)\b|mac ?os|chrome ?os"


def read(sheets: Sequence[Sheet], context: Context) -> Pieces:
    """Return the machines of each sheet; accounts of a directory that are no computers are left out."""
    del context
    for sheet in sheets:
        directory = sheet.layout.name == "active_directory"
        yield "known_machines", _computers(sheet.frame) if directory else _servers(sheet.frame)


def _computers(frame: pl.LazyFrame) -> pl.LazyFrame:
    kind = pl.col("object_class").str.to_lowercase()
    number = pl.col("last_seen").str.extract(r"^(\d{15,19})$").cast(pl.Int64)
    day = pl.when(number > 0).then((number // _TICKS + _START).cast(pl.Int32).cast(pl.Date).cast(pl.String))
    seen = pl.when(number.is_null()).then("last_seen").otherwise(day)
    return _machines(frame.filter((kind == "computer").fill_null(value=True)), "active_directory", seen, "is_active")


def _servers(frame: pl.LazyFrame) -> pl.LazyFrame:
    installed = pl.col("install_status").str.to_lowercase().is_in(_GONE)
    operational = pl.col("operational_status").str.to_lowercase().is_in(["retired", "6"])
    is_gone = pl.any_horizontal(installed, operational)
    told = pl.any_horizontal(pl.col("install_status", "operational_status").is_not_null())
    active = pl.when(is_gone).then(pl.lit("false")).when(told).then(pl.lit("true"))
    by_class = pl.when(pl.col("class").str.contains(r"(?i)server")).then(pl.lit("server"))
    return _machines(frame, "servicenow", pl.col("last_seen"), active, by_class)


def _machines(
    frame: pl.LazyFrame, source: str, seen: pl.Expr, active: pl.Expr | str, kind: pl.Expr | None = None
) -> pl.LazyFrame:
    text = pl.col("os_text")
    by_system = (
        pl.when(text.str.contains(_SERVER))
        .then(pl.lit("server"))
        .when(text.str.contains(_WORKSTATION))
        .then(pl.lit("workstation"))
    )
    return frame.select(
        *ORIGIN,
        "name",
        "fqdn",
        "os_text",
        source=pl.lit(source),
        kind=by_system if kind is None else pl.coalesce(by_system, kind),
        last_seen=seen,
        is_active=active,
    )
