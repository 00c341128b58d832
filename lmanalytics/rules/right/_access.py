"""The access licenses under which something is used: until when all of them have Software Assurance."""

import polars as pl

from lmanalytics.schemas import ENTITY

_KINDS = r"(\s+(Standard|Enterprise|Device|User))*\s+(CALs?|External Connectors?|Management Licenses?)$"
_ENDS = {"first_end": pl.col("sa_active_until").min(), "has_unknown": pl.col("sa_active_until").is_null().any()}


def access_ends(uses: pl.LazyFrame, access: pl.LazyFrame) -> pl.LazyFrame:
    """Add to each use the first day on which Software Assurance of one of its access licenses ends.

    Access licenses are those of the OSE, those of its host, and those of no OSE and no host that are of the product
    (`Windows Server CAL` is of Windows Server); suites and management licenses of no OSE and no host serve them all.

    Args:
        uses: entity_id, product, ose_id, host_id and whatever else.
        access: the table `access_licenses`.

    Returns:
        The uses with first_end (null where none has a known end) and has_unknown (some end is not known).

    """
    own, hosted = pl.col("ose_id").is_not_null(), pl.col("host_id").is_not_null()
    serves_all = pl.col("product").str.contains("Suite") | (pl.col("kind") == "server_management_license")
    wide = access.filter(~own & ~hosted)
    scopes = {
        "ose": (access.filter(own), [ENTITY, "ose_id"]),
        "host": (access.filter(~own & hosted), [ENTITY, "host_id"]),
        "product": (
            wide.filter(~serves_all).with_columns(pl.col("product").str.replace(_KINDS, "")),
            [ENTITY, "product"],
        ),
        "all": (wide.filter(serves_all), [ENTITY]),
    }
    found = uses
    for scope, (rows, key) in scopes.items():
        ends = rows.group_by(key).agg(**{f"{name}_{scope}": end for name, end in _ENDS.items()})
        found = found.join(ends, on=key, how="left")
    ends_of = [f"first_end_{scope}" for scope in scopes]
    unknown = [f"has_unknown_{scope}" for scope in scopes]
    return found.with_columns(
        first_end=pl.min_horizontal(ends_of),
        has_unknown=pl.any_horizontal(pl.col(unknown).fill_null(value=False)),
    ).drop(*ends_of, *unknown)


def has_sa(until: pl.Expr) -> pl.Expr:
    """Whether all of them have Software Assurance through a day; null where that is not known of one."""
    ended = (pl.col("first_end") < until).fill_null(value=False)
    return pl.when(ended).then(statement=False).when(~pl.col("has_unknown")).then(statement=True)
