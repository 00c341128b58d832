"""Core licenses as they are sold: packs of one size, or large packs with small ones for the rest.

Packs may be split between servers, so they are rounded up once for a pool of licenses, never per server.
"""

import polars as pl

from lmanalytics.rules.engine import rule

FACTS = "pools"
ANSWER = "packs_small"


@rule(unit="pack", cite="packs", start="2016-10-01")
def packs_small(core_licenses: pl.Expr, *, licenses_per_small_pack: int) -> pl.Expr:
    """Small packs alone."""
    return (core_licenses + licenses_per_small_pack - 1) // licenses_per_small_pack


@rule(unit="pack", cite="packs", start="2016-10-01")
def packs_large(core_licenses: pl.Expr, *, licenses_per_large_pack: int) -> pl.Expr:
    """Large packs alone."""
    return (core_licenses + licenses_per_large_pack - 1) // licenses_per_large_pack


@rule(unit="pack", cite="packs", start="2016-10-01")
def mix_large(core_licenses: pl.Expr, *, licenses_per_large_pack: int) -> pl.Expr:
    """Large packs of the mix that buys no more than needed."""
    return core_licenses // licenses_per_large_pack


@rule(unit="pack", cite="packs", start="2016-10-01")
def mix_small(core_licenses: pl.Expr, *, licenses_per_large_pack: int, licenses_per_small_pack: int) -> pl.Expr:
    """Small packs of the mix, for what the large ones leave."""
    rest = core_licenses % licenses_per_large_pack
    return (rest + licenses_per_small_pack - 1) // licenses_per_small_pack


@rule(unit="core_license", cite="packs", start="2016-10-01", optional=("packs_held",))
def licenses_of_small_packs(packs_held: pl.Expr, *, licenses_per_small_pack: int) -> pl.Expr:
    """Core licenses in a number of small packs."""
    return packs_held.cast(pl.Int64) * licenses_per_small_pack


@rule(unit="pack", cite="oem", start="2016-10-01")
def base_packs(packs_large: pl.Expr) -> pl.Expr:
    """The base license of a server bought with its hardware: one large pack."""
    return (packs_large > 0).cast(pl.Int64)


@rule(unit="pack", cite="oem", start="2016-10-01")
def additional_packs(packs_large: pl.Expr, base_packs: pl.Expr) -> pl.Expr:
    """Large packs on top of the base license."""
    return packs_large - base_packs


@rule(unit="core_license", cite="packs", start="2016-10-01", optional=("pack_size",))
def licenses_bought(core_licenses: pl.Expr, pack_size: pl.Expr) -> pl.Expr:
    """Licenses that come in whole packs of a given size."""
    return _packs(core_licenses, pack_size) * pack_size


@rule(unit="money", cite="packs", start="2016-10-01", optional=("pack_size", "pack_price"))
def cost(core_licenses: pl.Expr, pack_size: pl.Expr, pack_price: pl.Expr) -> pl.Expr:
    """What the licenses cost in whole packs of a given size and price."""
    return _packs(core_licenses, pack_size) * pack_price


def _packs(core_licenses: pl.Expr, pack_size: pl.Expr) -> pl.Expr:
    size = pack_size.cast(pl.Int64)
    return (core_licenses + size - 1) // size
