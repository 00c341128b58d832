import polars as pl

from lmanalytics.rules.mapping import mapped


def test_names_have_their_values_and_others_none():
    rows = pl.DataFrame({"name": ["a", "b", "c", None]})
    found = rows.select(mapped(pl.col("name"), ["a", "b"], [1, 2], pl.Int64()))
    assert found.to_series().to_list() == [1, 2, None, None]


def test_a_value_may_be_an_expression():
    rows = pl.DataFrame({"name": ["a", "b"], "n": [5, 6]})
    assert rows.select(mapped(pl.col("name"), ["b"], [pl.col("n")], pl.Int64())).to_series().to_list() == [None, 6]
