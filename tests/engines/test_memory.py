"""A limit in words, and how many partitions fit under it."""

import os

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.engines import memory
from lmanalytics.engines.memory import PER_ROW, PROCESS, WORKER, in_flight
from lmanalytics.errors import UsageError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4GiB", 4 * 2**30),
        (" 4 gib ", 4 * 2**30),
        ("1.5GiB", 3 * 2**29),
        ("900MB", 900_000_000),
        ("1TB", 10**12),
        ("0.5TiB", 2**39),
        ("600MiB", 600 * 2**20),
    ],
)
def test_a_size_is_read(text, expected):
    assert memory.size(text) == expected


@pytest.mark.parametrize("text", ["", "four", "4", "4G", "GiB", "-4GiB", "4 GiB of it", "1e3MB", "٤GiB", "4,5GiB"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(UsageError, match="is no size"):
        memory.size(text)


def test_a_number_without_a_unit_is_met_with_one():
    with pytest.raises(UsageError, match="Did you mean 4GiB"):
        memory.size("4")


def test_less_than_the_program_itself_is_refused():
    with pytest.raises(UsageError, match="needs by itself"):
        memory.size("100MiB")


rows = st.lists(st.integers(0, 10_000_000), max_size=12)
sizes = st.integers(PROCESS, 64 * 2**30)


@given(rows, st.integers(1, 8), sizes, st.booleans())
def test_what_is_in_flight_fits_and_one_more_would_not(partitions, workers, limit, alone):
    def taken(count):
        own = 0 if alone else WORKER
        return PROCESS + sum(own + rows * PER_ROW for rows in sorted(partitions, reverse=True)[:count])

    try:
        most = in_flight(limit, partitions, workers, alone=alone)
    except UsageError:
        assert partitions
        assert taken(1) > limit
        return
    assert 1 <= most <= workers
    assert taken(most) <= limit
    assert most == workers or taken(most + 1) > limit


@given(rows, st.integers(1, 8))
def test_without_a_limit_every_worker_has_one(partitions, workers):
    assert in_flight(None, partitions, workers) == workers


def test_what_does_not_fit_says_what_would():
    with pytest.raises(UsageError, match="1 GiB is too little: the largest partition has 9,000,000 rows and needs"):
        in_flight(2**30, [5, 9_000_000, 7], 2)


def test_the_environment_is_as_before():
    before = dict(os.environ)
    with memory.environment(memory.ONE_THREAD):
        assert os.environ["POLARS_MAX_THREADS"] == "1"
    assert dict(os.environ) == before


def test_a_peak_holds_what_was_held():
    before = memory.peak()
    held = pl.int_range(8 * 2**20, eager=True)
    assert memory.peak() >= before
    assert memory.peak() > held.len() * 8
