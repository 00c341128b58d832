"""Access licenses: for every user or every device that reaches a server, whichever is chosen.

A license belongs to one user (of any device) or to one device (for all its users), and serves every server of
the product, up to the version of the license: a server of a later version takes later licenses. Whoever reaches
the server through other hardware or software that pools connections counts as if there were none of it.

Some licenses come on top of others: Remote Desktop Services on Windows Server, and what Exchange, SharePoint and
Skype for Business call Enterprise or Plus on their Standard ones. Servers that are licensed by core need none,
but for Windows Server.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import frame_rule, rule

FACTS = "access"
ANSWER = "user_licenses"
LINE = ["entity_id", "product", "edition"]
"""What access licenses are bought for: a product, and the edition that names what they permit."""
_TERMS = ["counted_as", "product", "edition", "user_metric", "device_metric", "needed", "external_users"]
_KINDS = ["users", "devices"]


class Reason(ReasonBase):
    """Whether an option to license access is open."""

    REQUIRED = "These licenses are required if this option is chosen."
    NOT_COUNTED = "No export counts them."
    OTHERS_COUNTED = "None of them is counted while others are, whose access they cannot license."


@frame_rule(unit="code", cite="access", start="2016-10-01")
def terms(counts: pl.LazyFrame, *, access_products: pl.DataFrame) -> pl.LazyFrame:
    """Add to counts what the terms say of access to their product.

    Args:
        counts: product, and whatever else.
        access_products: the terms by the name under which access is counted.

    Returns:
        The columns of counts but product; counted_as, product and edition (of the licenses), user_metric,
        device_metric, needed, external_use; null where no rule knows the product.

    """
    known = access_products.lazy().select(_TERMS).rename({"external_users": "external_use"})
    return counts.rename({"product": "counted_as"}).join(known, on="counted_as", how="left")


@frame_rule(unit="user", cite="access", start="2016-10-01")
def totals(counts: pl.LazyFrame, *, access_products: pl.DataFrame, users_of_several_hosts: str) -> pl.LazyFrame:
    """Add up who reaches each product of an entity.

    Args:
        counts: entity_id, host_id, and the columns of `terms`, users, devices.
        access_products: which licenses come on top of which.
        users_of_several_hosts: how counts of several hosts are added where none is of the entity as a whole.

    Returns:
        LINE, user_metric, device_metric, users, devices, is_lower_bound (nobody is counted but those who need
        licenses on top of these). What nobody reaches is left out.

    """
    known = counts.filter(pl.col("product").is_not_null())
    whole, several = pl.col("host_id").is_null(), users_of_several_hosts == "all_different"
    some = ((pl.col("users") > 0) | (pl.col("devices") > 0)).any().alias("_some")
    most = [_max(kind) for kind in _KINDS]
    stated = known.filter(whole).group_by(LINE).agg(*most, some)
    by_host = known.filter(~whole).group_by(*LINE, "host_id").agg(*most, some)
    added = [_sum(kind) if several else _max(kind) for kind in _KINDS]
    summed = by_host.group_by(LINE).agg(*added, pl.col("_some").any())
    own = pl.concat([stated, summed.join(stated, on=LINE, how="anti", nulls_equal=True)])
    above = (
        _above(own.filter("_some"), access_products)
        .group_by(LINE)
        .agg(*(_max(kind, prefix="least_") for kind in _KINDS))
    )
    both = (
        own.filter("_some")
        .with_columns(_own=pl.lit(value=True))
        .join(above, on=LINE, how="full", coalesce=True, nulls_equal=True)
    )
    merged = [
        pl.when(pl.col("_own").is_null())
        .then(f"least_{kind}")
        .when(pl.col(kind).is_not_null())
        .then(pl.max_horizontal(kind, f"least_{kind}"))
        .alias(kind)
        for kind in _KINDS
    ]
    metrics = access_products.lazy().select("product", "edition", "user_metric", "device_metric").unique()
    return (
        both.with_columns(*merged, is_lower_bound=pl.col("_own").is_null())
        .join(metrics, on=["product", "edition"], how="left", nulls_equal=True)
        .select(*LINE, "user_metric", "device_metric", *_KINDS, "is_lower_bound")
        .sort(LINE)
    )


@frame_rule(unit="user", cite="external", start="2016-10-01")
def external(counts: pl.LazyFrame, *, access_products: pl.DataFrame) -> pl.LazyFrame:
    """List the external users that need licenses, for each host, or for the entity where none is counted by host.

    Args:
        counts: entity_id, host_id, the columns of `terms`, external_users.
        access_products: which licenses come on top of which.

    Returns:
        LINE, host_id (null: of the entity as a whole), external_use (cal, cal_or_connector), external_users.

    """
    own = counts.filter(pl.col("external_users") > 0).select(*LINE, "host_id", "external_users")
    above = _above(own, access_products).select(*LINE, "host_id", "external_users")
    uses = access_products.lazy().select("product", "edition", external_use="external_users").unique()
    rows = pl.concat([own, above]).group_by(*LINE, "host_id").agg(pl.col("external_users").max())
    hosted = rows.filter(pl.col("host_id").is_not_null()).select(LINE).unique()
    whole = rows.filter(pl.col("host_id").is_null()).join(hosted, on=LINE, how="anti", nulls_equal=True)
    return (
        pl.concat([rows.filter(pl.col("host_id").is_not_null()), whole])
        .join(uses, on=["product", "edition"], how="left", nulls_equal=True)
        .filter(pl.col("external_use").is_in(["cal", "cal_or_connector"]))
        .sort(*LINE, "host_id")
    )


@rule(unit="license", cite="subscriptions", start="2016-10-01", optional=("equivalent_users",))
def user_licenses(users: pl.Expr, equivalent_users: pl.Expr) -> pl.Expr:
    """Licenses for every user but those whose subscription gives the same right."""
    return (users - equivalent_users.fill_null(0)).clip(0)


@rule(unit="license", cite="access", start="2016-10-01")
def device_licenses(devices: pl.Expr) -> pl.Expr:
    """Licenses for every device."""
    return devices


@rule(unit="code", cite="access", start="2016-10-01", decides_null=True)
def user_choice(users: pl.Expr, devices: pl.Expr) -> pl.Expr:
    """Whether access can be licensed by the user."""
    return _choice(users, devices)


@rule(unit="code", cite="access", start="2016-10-01", decides_null=True)
def device_choice(users: pl.Expr, devices: pl.Expr) -> pl.Expr:
    """Whether access can be licensed by the device."""
    return _choice(devices, users)


def _choice(own: pl.Expr, others: pl.Expr) -> pl.Expr:
    return (
        pl.when(own.is_null())
        .then(Reason.NOT_COUNTED.lit)
        .when((own == 0) & (others > 0).fill_null(value=False))
        .then(Reason.OTHERS_COUNTED.lit)
        .otherwise(Reason.REQUIRED.lit)
    )


def _above(own: pl.LazyFrame, access_products: pl.DataFrame) -> pl.LazyFrame:
    """Repeat counts for the licenses that theirs come on top of."""
    table = access_products.lazy()
    bases = table.filter(pl.col("base").is_not_null()).select("product", "edition", counted_as="base").unique()
    below = table.select("counted_as", _product="product", _edition="edition")
    return (
        own.join(bases, on=["product", "edition"], nulls_equal=True)
        .join(below, on="counted_as")
        .with_columns(product="_product", edition="_edition")
        .drop("_product", "_edition", "counted_as")
    )


def _sum(column: str) -> pl.Expr:
    """Add up; one unknown makes the sum unknown."""
    return pl.when(pl.col(column).is_not_null().all()).then(pl.col(column).sum()).alias(column)


def _max(column: str, prefix: str = "") -> pl.Expr:
    return pl.col(column).max().alias(prefix + column)
