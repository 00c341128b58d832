"""What an enrollment sends for its yearly true-up: an order, or a statement that nothing was added."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule

FACTS = "agreements"
ANSWER = "document"


class Reason(ReasonBase):
    """The document that is due before the anniversary."""

    UPDATE_STATEMENT = "Update statement (zero-usage order)."
    TRUE_UP_ORDER = "True-up order."


@rule(unit="code", cite="enrollment", start="2011-01-01")
def document(increase: pl.Expr) -> pl.Expr:
    """The order for what was added since the last one; without any increase, the statement in its place."""
    return pl.when(increase > 0).then(Reason.TRUE_UP_ORDER.lit).otherwise(Reason.UPDATE_STATEMENT.lit)
