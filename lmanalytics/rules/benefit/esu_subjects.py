"""What may need Extended Security Updates: servers, OSEs and devices that run a version with an offering."""

import polars as pl

from lmanalytics.rules.benefit._esu_columns import SCHEMA, SQL_SERVER, SUBJECT, TRACED, WINDOWS, WINDOWS_SERVER, settled
from lmanalytics.rules.benefit._esu_servers import instance_servers
from lmanalytics.rules.benefit._esu_sql_servers import sql_servers
from lmanalytics.rules.benefit._esu_windows_servers import windows_servers
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import mobility_partners
from lmanalytics.rules.right._mobility_facts import with_provider
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ENTITY

DEVICE = "device"
_STATUS, _PARTNER = column_name(mobility_partners, "partner_status"), mobility_partners.Reason


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
        unknown), is_hosted (under a license that the provider includes), is_development, is_authorized_host (whether
        the provider is Azure or an Authorized Mobility Partner; null where that is unknown). A server whose OSEs
        count by its cores is one row of kind host; any other OSE is a row of its own.

    """
    parts = [pl.LazyFrame(schema=SCHEMA)]
    named = recorded.select(*SUBJECT, "channel").unique()
    if "facts_oses" in inputs:
        parts += [*windows_servers(inputs, _versions(offered, WINDOWS_SERVER), named, settings)]
    if {"facts_oses", "installs"} <= inputs.keys():
        parts.append(sql_servers(inputs, _versions(offered, SQL_SERVER), named, settings))
        parts.append(instance_servers(inputs, offered, settings))
    if "devices" in inputs:
        parts.append(_devices(inputs["devices"], _versions(offered, WINDOWS)))
    wanted = SCHEMA | {"provider": pl.String()} | (TRACED if traced else {})
    rows = pl.concat([_only(part, wanted) for part in parts]).drop("is_authorized_host")
    known = rows.join(_providers(inputs, settings), on=[ENTITY, "provider"], how="left")
    in_azure = pl.col("location").str.starts_with("azure").fill_null(value=False)
    authorized = pl.when(in_azure).then(statement=True).otherwise("is_authorized_host")
    return known.select(*SCHEMA, *(TRACED if traced else ())).with_columns(is_authorized_host=authorized)


def _providers(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Say of each provider of an OSE whether it may license what is updated; unknown ones are left out."""
    none = pl.LazyFrame(schema={ENTITY: pl.String(), "provider": pl.String()})
    names = inputs.get("facts_oses", none).select(ENTITY, "provider").drop_nulls().unique()
    judged = evaluate(with_provider(settled(names), inputs, settings), mobility_partners, settings)
    known = judged.filter(pl.col(_STATUS) != _PARTNER.PROVIDER_UNKNOWN.code)
    return settled(known.select(ENTITY, "provider", is_authorized_host=pl.col(_STATUS) != _PARTNER.NO_PARTNER.code))


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
