"""Windows Server on hosts among which OSEs move: what all of them demand together.

Licenses by physical core stay with their server, so each server is licensed for its peak before a
workload arrives there, be it only for fail-over, balancing or maintenance.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "clusters"
ANSWER = "full_sets"


@rule(unit="flag", cite="moving", start="2016-10-01")
def is_each_host_licensed(*, license_each_host_for_peak: bool) -> pl.Expr:
    """Whether every server on which an OSE may run is licensed for its peak."""
    return pl.lit(license_each_host_for_peak)


@rule(unit="full_set", cite="moving", start="2016-10-01")
def full_sets(hosts: pl.Expr, full_sets_per_host: pl.Expr, is_each_host_licensed: pl.Expr) -> pl.Expr:
    """Full sets of all hosts, each of them sized for every OSE that may run there."""
    return pl.when(is_each_host_licensed).then(hosts * full_sets_per_host)
