"""Products per core and by server in machines that move among the servers of a cluster.

Licenses of a machine follow it inside a Server Farm under License Mobility, which needs Software Assurance.
Without it a license stays with its server for the days that the terms set, so every server on which the machine
may run holds licenses of its own.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "licenses_of_each_host"


@rule(unit="flag", cite="across_farms", start="2011-07-01")
def needs_sa_to_move(hosts: pl.Expr, *, licenses_follow_with_sa_only: bool) -> pl.Expr:
    """Whether one set of licenses serves the machine with Software Assurance alone: it may run on several servers."""
    return (hosts > 1) & licenses_follow_with_sa_only


@rule(unit="core_license", cite="assignment", start="2011-07-01")
def licenses_of_each_host(licenses: pl.Expr, hosts: pl.Expr) -> pl.Expr:
    """Licenses that stay: those of the machine on each server on which it may run."""
    return licenses * hosts


@rule(unit="license", cite="assignment", start="2011-07-01")
def servers_of_each_host(hosts: pl.Expr, *, server_licenses_per_ose: int) -> pl.Expr:
    """Server licenses that stay: one on each server on which the machine may run."""
    return hosts * server_licenses_per_ose
