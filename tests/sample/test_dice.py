from zlib import crc32

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.sample.dice import Dice

WORD = 2**64
KEY = pl.col("key")


def splitmix64(state):
    """The published generator, one step from `state`."""
    state = (state + 0x9E3779B97F4A7C15) % WORD
    mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) % WORD
    return mixed ^ (mixed >> 31)


def roll(keys, expression):
    return pl.DataFrame({"key": keys}, schema={"key": pl.Int64}).select(expression).to_series().to_list()


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=20), st.integers(0, 2**31))
def test_bits_are_splitmix64_at_the_place_of_the_key(keys, seed):
    gamma = 0x9E3779B97F4A7C15
    start = crc32(b"size") * gamma + seed
    assert roll(keys, Dice(seed).bits(KEY, "size")) == [splitmix64(start + key * gamma) for key in keys]


def test_a_draw_depends_on_its_key_alone():
    expression = Dice(1).below(KEY, "size", 1000)
    assert roll([5, 6, 7], expression)[1:] == roll([6, 7], expression)


def test_draws_are_spread_evenly():
    assert 0.28 < sum(roll(list(range(10_000)), Dice(1).happens(KEY, "off", 30))) / 10_000 < 0.32
    picked = roll(list(range(10_000)), Dice(1).pick(KEY, "guest", {"a": 1, "b": 3}))
    assert 0.23 < picked.count("a") / 10_000 < 0.27
    assert set(picked) == {"a", "b"}


def test_two_draws_of_one_key_are_not_the_same():
    keys = list(range(1000))
    one, other = (roll(keys, Dice(1).below(KEY, what, 2)) for what in ("moves", "is new"))
    assert 400 < sum(a == b for a, b in zip(one, other, strict=True)) < 600
