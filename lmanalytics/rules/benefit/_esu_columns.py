"""What a subject of Extended Security Updates is made of: the columns that its sources share."""

import polars as pl

from lmanalytics.schemas import ENTITY

WINDOWS_SERVER, SQL_SERVER, WINDOWS = "Windows Server", "SQL Server", "Windows"
SUBJECT = [ENTITY, "subject_kind", "subject_id", "product", "offer"]
SCHEMA = {
    **dict.fromkeys([*SUBJECT, "host_id", "version", "edition", "location", "basis"], pl.String()),
    "licenses_required": pl.Int64(),
    **dict.fromkeys(("is_hosted", "is_development"), pl.Boolean()),
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
HOSTED = ("license_included", "spla")
"""Sources of a license that a provider includes in its rate."""


def settled(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Compute a frame that several others read, so that the plan does not repeat it for each of them."""
    return frame.collect(engine="streaming").lazy()
