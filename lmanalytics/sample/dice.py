"""Random numbers that depend on a key, not on an order: the same seed gives the same estate.

A row draws from its own number, so that a million rows can be made in any pieces. The generator is
SplitMix64, whose arithmetic wraps at 64 bits as Polars' does.
"""

from dataclasses import dataclass
from zlib import crc32

import polars as pl

_STEP = 0x9E3779B97F4A7C15
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_LAST_SHIFT = 31
_WORD = 2**64


@dataclass(frozen=True)
class Dice:
    """Draws for a seed. `what` names the draw, so that no two draws of one row are related."""

    seed: int

    def bits(self, key: pl.Expr, what: str) -> pl.Expr:
        """64 uniform bits per `key`, as UInt64."""
        start = (crc32(what.encode()) * _STEP + self.seed) % _WORD
        bits = (key.cast(pl.UInt64) + _word(1)) * _word(_STEP) + _word(start)
        for shift, factor in _MIX:
            bits = (bits ^ (bits // _word(2**shift))) * _word(factor)
        return bits ^ (bits // _word(2**_LAST_SHIFT))

    def below(self, key: pl.Expr, what: str, limit: int | pl.Expr) -> pl.Expr:
        """A whole number from 0 to `limit` - 1."""
        divisor = limit.cast(pl.UInt64) if isinstance(limit, pl.Expr) else _word(limit)
        return (self.bits(key, what) % divisor).cast(pl.Int64)

    def happens(self, key: pl.Expr, what: str, percent: int | pl.Expr) -> pl.Expr:
        """True for `percent` of the keys."""
        return self.below(key, what, 100) < percent

    def pick(self, key: pl.Expr, what: str, weights: dict[str, int]) -> pl.Expr:
        """One of the names, each as often as its weight says."""
        slots = [name for name, weight in weights.items() for _ in range(weight)]
        return self.below(key, what, len(slots)).replace_strict(list(range(len(slots))), slots, return_dtype=pl.String)


def _word(number: int) -> pl.Expr:
    return pl.lit(number, dtype=pl.UInt64)
