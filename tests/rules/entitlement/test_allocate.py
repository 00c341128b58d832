import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.entitlement._allocate import allocate

SIDE = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=12)


def side(rows, name):
    schema = {"key": pl.String, name: pl.Int64, "units": pl.Int64}
    return pl.DataFrame([(key, n, units) for n, (key, units) in enumerate(rows)], schema=schema, orient="row")


def one_by_one(demands, supplies):
    """The same, a unit at a time."""
    queues = {key: [n for n, (k, units) in enumerate(supplies) if k == key for _ in range(units)] for key in "abc"}
    served = [
        (n, queues[key].pop(0) if queues[key] else None) for n, (key, units) in enumerate(demands) for _ in range(units)
    ]
    rest = [(None, n) for key in "abc" for n in queues[key]]
    return sorted(served + rest, key=str)


@settings(deadline=None)
@given(SIDE, SIDE)
def test_pieces_are_those_of_one_unit_at_a_time(demands, supplies):
    pieces = allocate(side(demands, "demand"), side(supplies, "supply"))
    units = [(d, s) for d, s, n in pieces.select("demand", "supply", "units").rows() for _ in range(n)]
    assert sorted(units, key=str) == one_by_one(demands, supplies)
