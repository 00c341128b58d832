"""Delimited text is counted, parked and shown alike, and as a plain reading of it says."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.ingest import delimited, text_rows
from lmanalytics.ingest.sources import HEAD_ROWS

CELL = st.sampled_from(["", " ", "a", " b ", "x,y", 'say "hi"', "two\nlines", "ü", "007"])
TABLE = st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=12)


def written(folder, text):
    path = folder / "t.csv"
    path.write_bytes(text.encode())
    return path


def opened(path):
    return delimited.open_text(path, path.name, HEAD_ROWS)


@given(rows=TABLE, places=st.sets(st.integers(0, 2)), quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
@settings(deadline=None)
def test_what_is_parked_counted_and_shown_is_what_the_text_says(tmp_path_factory, rows, places, quoting):
    rows = [["first", "second", "third"], *rows]
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows(rows)
    path = written(tmp_path_factory.mktemp("t"), text.getvalue())
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(cell.strip() for cell in row)]

    parked = text_rows.parked(path, "t.csv", opened(path), places)
    kept = [(number, *(row[place].strip() or None for place in sorted(places))) for number, row in filled]
    assert (parked.filled, parked.wide, parked.frame.collect().rows()) == (len(filled), 0, kept)

    counted = text_rows.counted(path, "t.csv", opened(path))
    assert (counted.filled, counted.wide) == (len(filled), 0)
    whole = [(number, *(cell or None for cell in row)) for number, row in filled]
    assert [tuple(cell or None for cell in row) for row in counted.frame.collect().rows()] == whole

    shown = text_rows.shown(path, "t.csv", opened(path), pl.Series(range(2, len(rows) + 5, 2), dtype=pl.Int64))
    some = [tuple(cell or None for cell in row) for row in shown.collect().rows()]
    assert some == [row for row in whole if row[0] % 2 == 0]


def test_rows_that_are_shown_of_a_text_that_was_not_read_before(tmp_path):
    path = written(tmp_path, "a,b\n1,2\n3,4\n")
    assert text_rows.shown(path, "t.csv", opened(path), pl.Series([3])).collect().rows() == [(3, "3", "4")]


@pytest.mark.parametrize(
    ("row", "last", "is_repaired"),
    [
        ('1,"ab"c,x', "x", True),
        ('1,24" screen,x', "x", True),
        ('1,"ab"c;"d",x', "x", False),  # closed by the last quote
        ('1,"a ""b"" c, d",x', "x", False),
    ],
)
def test_quotes_in_a_column_that_is_not_wanted(tmp_path, row, last, is_repaired):
    text = f"a,b,c\n{row}\n2,k,z\n"
    (tmp_path / "other").mkdir()
    path, other = written(tmp_path, text), written(tmp_path / "other", text)
    parked = text_rows.parked(path, "t.csv", opened(path), [2])
    counted = text_rows.counted(other, "t.csv", opened(other))
    assert parked.frame.collect().rows() == [(1, "c"), (2, last), (3, "z")]
    assert counted.frame.select("source_row", "c2").collect().rows() == [(1, "c"), (2, last), (3, "z")]
    assert bool(parked.repaired) == bool(counted.repaired) == is_repaired
    shown = text_rows.shown(path, "t.csv", opened(path), pl.Series([3])).collect()
    assert shown.select("c0", "c1", "c2").rows() == [("2", "k", "z")]


def test_rows_with_more_fields_than_columns_are_counted(tmp_path):
    path = written(tmp_path, "a,b\n" + "1,2\n" * 50 + "1,2,3\n1,2, \n1,2,\n")
    assert text_rows.parked(path, "t.csv", opened(path), [0]).wide == 1


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ('a,"b"\n"c, d",e\n', True),
        ('"a ""b"" c",""\r\n"",x', True),
        ('"ends"', True),
        ('a,"b"c\n', False),
        ('24" screen,x\n', False),
        ('a,"b";c\n', False),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 20])
def test_quotes_that_stand_where_fields_end(tmp_path, monkeypatch, text, fit, chunk):
    path = written(tmp_path, text)
    table = opened(path)
    monkeypatch.setattr(delimited, "_CHUNK", chunk)
    assert delimited.quotes_fit(table) == fit
