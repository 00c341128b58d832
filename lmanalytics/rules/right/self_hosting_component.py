"""Whether one component of a Unified Solution, a product or an access license, has Software Assurance."""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "components"
ANSWER = "has_sa"


@rule(unit="flag", cite="self_hosting", start="2016-10-01")
def has_sa(sa_active_until: pl.Expr, *, as_of: date) -> pl.Expr:
    """Whether its Software Assurance is active on the day of the position; its last day counts."""
    return sa_active_until.cast(pl.Date) >= as_of


@rule(unit="flag", cite="self_hosting", start="2016-10-01")
def is_operator_another(operated_by: pl.Expr) -> pl.Expr:
    """Whether another than the customer or an affiliate operates its servers: the Outsourcing clause then applies."""
    return ~_text(operated_by).is_in(["customer", "affiliate"])


@rule(unit="flag", cite="self_hosting", start="2016-10-01")
def is_under_own_control(operated_by: pl.Expr) -> pl.Expr:
    """Whether its servers are under the control of the customer or a third party, and not of the end user."""
    return ~_text(operated_by).is_in(["end_user", "enduser"])


def _text(operator: pl.Expr) -> pl.Expr:
    return operator.cast(pl.String).str.strip_chars().str.to_lowercase().str.replace_all(r"[\s-]+", "_")
