"""Exchange and Skype for Business Server: each OSE that runs a version with Extended Security Updates."""

import polars as pl

from lmanalytics.facts.outcomes import Reason as OseReason
from lmanalytics.rules.benefit._esu_columns import HOSTED, settled
from lmanalytics.rules.demand._server_installs import Reason as InstallReason
from lmanalytics.rules.demand._server_installs import installs
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right._machines import OSE, rows_of
from lmanalytics.rules.topics import Tables
from lmanalytics.schemas import ENTITY

SERVER = "server"
_SEEN = [ENTITY, "ose_id", "product", "offer"]
_GONE = (
    OseReason.OBSERVED_LATER.code, OseReason.DUPLICATE.code, OseReason.SUPERSEDED.code, OseReason.EVALUATION.code,
    OseReason.TEMPLATE.code, OseReason.NOT_RUNNING.code, InstallReason.OSE_GONE.code,
)  # fmt: skip


def instance_servers(inputs: Tables, offered: pl.DataFrame, settings: Settings) -> pl.LazyFrame:
    """Describe each OSE that runs such a server: one license, whatever its size.

    Args:
        inputs: `installs`, `facts_oses`; `facts_hosts` and `mobility_deployments` where they are known.
        offered: product, version, offer and metric of each offering.
        settings: date and policies.

    """
    versions = offered.lazy().filter(pl.col("metric") == SERVER).select("product", "version", "offer").unique()
    named = pl.col("product").is_in(versions.select("product").unique().collect()["product"].to_list())
    own = inputs["installs"].filter(named)
    running = installs(inputs | {"installs": own}, settings).filter(~pl.col("reason").is_in(_GONE))
    source = pl.col("license_source")
    seen = (
        running.join(versions, on=["product", "version"])
        .group_by(_SEEN)
        .agg(
            pl.col("location").min(),
            version=pl.col("version").max(),
            edition=pl.col("edition").min(),  # Enterprise where both are installed
            is_hosted=source.is_in(HOSTED).fill_null(value=False).any(),
            is_development=(source == "visual_studio").fill_null(value=False).all(),
        )
    )
    servers = settled(seen)
    oses = inputs["facts_oses"].filter(pl.col("state") == "current").select(*OSE, "host_id", "provider")
    return servers.join(rows_of(oses, servers, OSE), on=OSE, how="left").with_columns(
        subject_kind=pl.lit("ose"),
        subject_id="ose_id",
        basis=pl.lit(SERVER),
        licenses_required=pl.lit(1, pl.Int64),
    )
