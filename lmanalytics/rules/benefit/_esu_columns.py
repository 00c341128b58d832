"""What a subject of Extended Security Updates is made of: the columns that its sources share."""

import polars as pl

from lmanalytics.schemas import ENTITY

WINDOWS_SERVER, SQL_SERVER, WINDOWS = "Windows Server", "SQL Server", "Windows"
SUBJECT = [ENTITY, "subject_kind", "subject_id", "product", "offer"]
SCHEMA = {
    **dict.fromkeys([*SUBJECT, "host_id", "version", "edition", "location", "basis"], pl.String()),
    "licenses_required": pl.Int64(),
    **dict.fromkeys(("is_hosted", "is_development", "is_authorized_host"), pl.Boolean()),
}
TRACED = {
    **dict.fromkeys(("vcpus", "cores_to_license", "windows_oses", "processors", "physical_cores"), pl.Int64()),
    **dict.fromkeys(("is_physical", "is_passive"), pl.Boolean()),
    **dict.fromkeys(("channel", "recorded_basis"), pl.String()),
    "virtual_licenses": pl.Int64(),
}
"""What the licenses of a subject are computed from, kept where one is explained."""
ON_HOST = [ENTITY, "host_id", "offer"]
OFFER = [ENTITY, "product", "offer", "esu_year"]
YEAR = [*SUBJECT, "esu_year"]
CODED = (ENTITY, "subject_kind", "product", "version", "offer", "edition", "location", "basis")
_CODED_TOO = ("state", "rule", "reason", "outcome", "channel", "currency")
HOSTED = ("license_included", "spla")
"""Sources of a license that a provider includes in its rate."""


def settled(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Compute a frame that several others read, so that the plan does not repeat it for each of them."""
    return frame.collect(engine="streaming").lazy()


def coded(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Code the names that repeat: they take a quarter of the memory, and joins on them half the time."""
    names = [name for name in (*CODED, *_CODED_TOO) if name in frame.collect_schema()]
    return frame.with_columns(pl.col(names).cast(pl.Categorical))


def spelled(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Spell out what was coded."""
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String))
