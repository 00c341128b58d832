"""Subscriptions to online services that give the rights of access licenses, user by user.

They count only where a subscription was given by its name; whoever has one needs no access license of the
products that it names. No subscription here gives the rights of Remote Desktop Services.
"""

from datetime import date

import polars as pl

from lmanalytics.rules.engine import frame_rule

FACTS = "online_subscriptions"
ANSWER = "equivalents"


@frame_rule(unit="user", cite="equivalency", start="2016-10-01")
def equivalents(
    subscriptions: pl.LazyFrame, *, subscription_access: pl.DataFrame, subscriptions_as_access: str, as_of: date
) -> pl.LazyFrame:
    """Count the users whose subscription gives access to a product.

    Args:
        subscriptions: entity_id, sku, quantity, start_date, end_date.
        subscription_access: subscription, product, edition (base and additive rights a row each).
        subscriptions_as_access: whether subscribers are among the users that are counted.
        as_of: the position date.

    Returns:
        entity_id, product, edition, equivalent_users; no row where there are none.

    """
    counts = pl.lit(subscriptions_as_access == "counted")
    in_force = (pl.col("start_date") <= as_of) & (pl.col("end_date") >= as_of)
    named = subscription_access.lazy().select("product", "edition", _name=pl.col("subscription").str.to_lowercase())
    return (
        subscriptions.filter(counts & in_force)
        .with_columns(_name=pl.col("sku").str.strip_chars().str.to_lowercase().str.replace(r"^(ms|microsoft) ", ""))
        .join(named, on="_name")
        .group_by("entity_id", "product", "edition")
        .agg(equivalent_users=pl.col("quantity").sum())
        .sort("entity_id", "product", "edition")
    )
