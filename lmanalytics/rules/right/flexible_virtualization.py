"""Flexible Virtualization Benefit: own licenses on the shared servers of an Authorized Outsourcer.

Since October 2022 licenses with Software Assurance, and subscription licenses, of any product may be used
there. An Authorized Outsourcer is one that is no Listed Provider and uses none as its data center provider.
No form is sent.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "oses"
ANSWER = "shared_use"


class Reason(ReasonBase):
    """Whether licenses may be used on the shared servers of a provider."""

    PERMITTED = "Licenses with coverage may be used on the shared servers of an Authorized Outsourcer."
    NEEDS_COVERAGE = "Shared servers take licenses with active Software Assurance, or subscriptions, only."
    COVERAGE_UNKNOWN = "Whether Software Assurance or a subscription is active is not known."
    LISTED_PROVIDER = "The benefit does not reach the servers of a Listed Provider, or of one that relies on it."
    PROVIDER_UNKNOWN = "Whether its provider is a Listed Provider is not known."
    NOT_INTRODUCED_YET = "On the day of the position the Flexible Virtualization Benefit had not been introduced."


@rule(unit="flag", cite="benefit", start="2016-10-01", decides_null=True)
def is_authorized_outsourcer(is_listed_provider: pl.Expr, uses_listed_datacenter: pl.Expr) -> pl.Expr:
    """Whether a provider is an Authorized Outsourcer: neither listed itself nor on a listed one's data centers."""
    return ~(is_listed_provider.cast(pl.Boolean) | uses_listed_datacenter.cast(pl.Boolean))


@rule(unit="code", cite="benefit", start="2016-10-01", end="2022-09-30", name="shared_use", decides_null=True)
def shared_use_before_introduction(is_authorized_outsourcer: pl.Expr) -> pl.Expr:
    """Whether licenses may be used on its shared servers: not yet."""
    either = is_authorized_outsourcer.is_null() | is_authorized_outsourcer.is_not_null()
    return pl.when(either).then(Reason.NOT_INTRODUCED_YET.lit)


@rule(unit="code", cite="benefit", start="2022-10-01", decides_null=True, optional=("has_coverage",))
def shared_use(is_authorized_outsourcer: pl.Expr, has_coverage: pl.Expr) -> pl.Expr:
    """Whether licenses may be used on its shared servers."""
    covered = has_coverage.cast(pl.Boolean)
    return (
        pl.when(is_authorized_outsourcer.is_null())
        .then(Reason.PROVIDER_UNKNOWN.lit)
        .when(~is_authorized_outsourcer)
        .then(Reason.LISTED_PROVIDER.lit)
        .when(covered.is_null())
        .then(Reason.COVERAGE_UNKNOWN.lit)
        .when(~covered)
        .then(Reason.NEEDS_COVERAGE.lit)
        .otherwise(Reason.PERMITTED.lit)
    )
