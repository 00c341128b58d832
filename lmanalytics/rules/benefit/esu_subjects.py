"""What may need Extended Security Updates: servers, OSEs and devices that run a version with an offering."""

import polars as pl

from lmanalytics.rules.benefit._esu_columns import SCHEMA, SQL_SERVER, SUBJECT, TRACED, WINDOWS, WINDOWS_SERVER
from lmanalytics.rules.benefit._esu_sql_servers import sql_servers
from lmanalytics.rules.benefit._esu_windows_servers import windows_servers
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables

DEVICE = "device"


def subjects(
    inputs: Tables, offered: pl.DataFrame, recorded: pl.LazyFrame, settings: Settings, *, traced: bool = False
) -> pl.LazyFrame:
    """List everything that runs a version with an offering, and the licenses that its updates need.

    Args:
        inputs: `facts_oses` and `facts_hosts`; `installs`, `devices` and `plan` where they are known.
        offered: product, version and offer of each offering.
        recorded: SUBJECT and channel of recorded coverage.
        settings: date and policies.
        traced: whether to keep what the licenses are computed from (TRACED).

    Returns:
        SUBJECT, host_id, version, edition, location, basis, licenses_required (null where what decides it is
        unknown), is_hosted (under a license that the provider includes), is_development. A server whose OSEs
        count by its cores is one row of kind host; any other OSE is a row of its own.

    """
    parts = [pl.LazyFrame(schema=SCHEMA)]
    named = recorded.select(*SUBJECT, "channel").unique()
    if "facts_oses" in inputs:
        parts += [*windows_servers(inputs, _versions(offered, WINDOWS_SERVER), named, settings)]
        parts += [sql_servers(inputs, _versions(offered, SQL_SERVER), named, settings)] if "installs" in inputs else []
    if "devices" in inputs:
        parts.append(_devices(inputs["devices"], _versions(offered, WINDOWS)))
    wanted = SCHEMA | (TRACED if traced else {})
    return pl.concat([_only(part, wanted) for part in parts])


def _only(part: pl.LazyFrame, wanted: dict[str, pl.DataType]) -> pl.LazyFrame:
    have = part.collect_schema()
    return part.select((pl.col(c) if c in have else pl.lit(None)).cast(t).alias(c) for c, t in wanted.items())


def client_version(version: pl.Expr, edition: pl.Expr) -> pl.Expr:
    """Word a version of Windows as the offerings do: `Windows 7 SP1` is `7`, `10 1607` with LTSB is `10 2016 LTSB`."""
    said = (
        version.str.replace(r"(?i)^\s*(microsoft )?windows\s+", "")
        .str.replace(r"(?i)\s+(sp|service pack)\s*\d+$", "")
        .str.strip_chars()
    )
    old = said.str.contains(r"^10 (version )?1607$") & edition.str.contains("LTSB", literal=True)
    return pl.when(old).then(pl.lit("10 2016 LTSB")).otherwise(said)


def _versions(offered: pl.DataFrame, product: str) -> pl.LazyFrame:
    return offered.lazy().filter(pl.col("product") == product).select("version", "offer").unique()


def _devices(devices: pl.LazyFrame, versions: pl.LazyFrame) -> pl.LazyFrame:
    """Describe the devices that run a version of Windows with an offering: one license each."""
    named = devices.with_columns(
        version=client_version(pl.col("windows_version"), pl.col("windows_edition")), edition="windows_edition"
    )
    return named.join(versions, on="version").with_columns(
        subject_kind=pl.lit(DEVICE),
        subject_id="device_id",
        product=pl.lit(WINDOWS),
        host_id=pl.lit(None, pl.String),
        location=pl.lit("on_premises"),
        basis=pl.lit(DEVICE),
        licenses_required=pl.lit(1, pl.Int64),
        is_hosted=pl.lit(value=False),
        is_development=pl.lit(value=False),
    )
