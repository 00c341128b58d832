"""Windows Server up to 2012 R2: licenses by server and by processor, as they were before core licensing.

A license of 2008 covers a server, or in Datacenter one processor; a license of 2012 covers two processors.
Each gives a number of OSEs at once, or any number. Where OSEs move freely, each server is licensed for all.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule

FACTS = "hosts"
ANSWER = "licenses"


class Reason(ReasonBase):
    """Whether the licenses of servers before core licensing are known."""

    BY_FORMER_MODEL = "These licenses of the model before core licensing license the servers."
    NOT_OF_THIS_MODEL = "This version and edition was not licensed by server or processor, or its terms are not known."
    SERVERS_UNKNOWN = "The processors of the servers, or what runs on them, are unknown."


@frame_rule(unit="license", cite="since_2012", start="2008-05-06")
def licenses(servers: pl.LazyFrame, *, windows_server_former_licenses: pl.DataFrame) -> pl.LazyFrame:
    """Count the licenses of servers that are alike.

    Args:
        servers: subject_id, version, edition, servers (how many are alike), processors (of one), windows_oses (the
            most at once on one).
        windows_server_former_licenses: version, edition, processors_per_license (null: a license covers the
            server), oses_per_license (null: any number).

    Returns:
        subject_id, licenses_per_server, licenses, processors_licensed, reason. Each license that is stacked on a
        server covers all of it again.

    """
    terms = windows_server_former_licenses.lazy().drop("reference").with_columns(_is_known=True)
    by_server, unlimited = pl.col("processors_per_license").is_null(), pl.col("oses_per_license").is_null()
    once = pl.when(by_server).then(1).otherwise(_groups("processors", "processors_per_license"))
    stacked = pl.max_horizontal(_groups("windows_oses", "oses_per_license"), 1)
    passes = pl.when(unlimited).then(1).when(pl.col("windows_oses").is_not_null()).then(stacked)
    needed = (once * passes).cast(pl.Int64)
    known = pl.col("_is_known").is_not_null()
    return (
        servers.join(terms, on=["version", "edition"], how="left")
        .with_columns(licenses_per_server=pl.when(known).then(needed))
        .select(
            "subject_id",
            "licenses_per_server",
            licenses=pl.col("licenses_per_server") * pl.col("servers"),
            processors_licensed=pl.when(known & ~by_server).then(pl.col("processors") * pl.col("servers")),
            reason=pl.when(~known)
            .then(Reason.NOT_OF_THIS_MODEL.lit)
            .when(pl.col("licenses_per_server").is_null() | pl.col("servers").is_null())
            .then(Reason.SERVERS_UNKNOWN.lit)
            .otherwise(Reason.BY_FORMER_MODEL.lit),
        )
        .sort("subject_id")
    )


def _groups(total: str, size: str) -> pl.Expr:
    return (pl.col(total) + pl.col(size) - 1) // pl.col(size)
