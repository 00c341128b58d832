from collections import deque
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassignment_chain

AS_OF = date(2026, 6, 30)
JANUARY = date(2026, 1, 1)
SCHEMA = {
    "row_id": pl.Int64, "quantity": pl.Int64, "origin": pl.String, "destination": pl.String, "assigned_on": pl.Date,
    "assignment_reason": pl.String, **dict.fromkeys(reassignment_chain.LICENSE, pl.String),
}  # fmt: skip


def moves(*rows):
    """Make assignments of `(origin, destination, day of the year, quantity)`."""
    same = {"entity_id": "main", "product": "SQL Server", "metric": "core", "assignment_reason": "routine"}
    filled = [
        same | {"row_id": n, "origin": a, "destination": b, "assigned_on": JANUARY + timedelta(day), "quantity": q}
        for n, (a, b, day, q) in enumerate(rows, 1)
    ]
    return pl.LazyFrame(filled, schema=SCHEMA)


def came(frame, reading="longest_there"):
    asked = Settings(AS_OF, {"licenses_moved_first": reading})
    found = compute(reassignment_chain, "chained", asked, assignments=frame).sort("row_id").collect()
    days = found["last_assigned_on"].to_list()
    return [None if day is None else (day - JANUARY).days for day in days]


def test_a_chain_of_one_license():
    assert came(moves((None, "a", 0, 4), ("a", "b", 5, 4), ("b", "c", 90, 4))) == [None, 0, 5]


def test_what_came_first_moves_first():
    two = moves((None, "a", 0, 4), (None, "a", 50, 4), ("a", "b", 60, 4), ("a", "b", 70, 4))
    assert came(two) == [None, None, 0, 50]
    assert came(two, "latest_come") == [None, None, 50, 50]


def test_a_move_of_several_counts_from_the_youngest_of_them():
    assert came(moves((None, "a", 0, 4), (None, "a", 50, 4), ("a", "b", 60, 5))) == [None, None, 50]


def test_what_was_there_before_the_records_is_unknown():
    assert came(moves(("a", "b", 10, 4), (None, "a", 20, 4), ("a", "b", 30, 4))) == [None, None, 20]


def test_what_comes_and_goes_on_one_day_came_that_day():
    assert came(moves(("a", "b", 10, 4), ("b", "c", 10, 4))) == [None, 10]


def test_other_products_and_entities_have_histories_of_their_own():
    frame = moves((None, "a", 0, 4), ("a", "b", 10, 4))
    other = frame.with_columns(entity_id=pl.when(pl.col("row_id") == 2).then(pl.lit("other")).otherwise("entity_id"))
    assert came(other) == [None, None]


def reference(rows):
    """Walk through the history with a queue for each place; what is lacking was there before."""
    events = sorted(
        [(day, 0, n, b, q) for n, (_, b, day, q) in enumerate(rows)]
        + [(day, 1, n, a, q) for n, (a, _, day, q) in enumerate(rows) if a is not None]
    )
    lacking, stock = {}, {}
    for _, out, _, place, quantity in events:
        stock[place] = stock.get(place, 0) + (-quantity if out else quantity)
        lacking[place] = max(lacking.get(place, 0), -stock[place])
    queues = {place: deque([[None, count]] if count else []) for place, count in lacking.items()}
    found = [None] * len(rows)
    for day, out, n, place, quantity in events:
        if not out:
            queues[place].append([day, quantity])
            continue
        left = quantity
        while left:
            taken = min(left, queues[place][0][1])
            found[n] = queues[place][0][0]
            queues[place][0][1] -= taken
            left -= taken
            if not queues[place][0][1]:
                queues[place].popleft()
    return found


PLACES = st.sampled_from(["a", "b", "c"])
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), PLACES), PLACES, st.integers(0, 40), st.integers(1, 9)), min_size=1, max_size=25
)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_it_agrees_with_a_walk_through_the_history(rows):
    assert came(moves(*rows)) == reference(rows)


def seen(*rows):
    schema = {
        "row_id": pl.Int64,
        "entity_id": pl.String,
        "ose_id": pl.String,
        "observed_on": pl.Date,
        "host_id": pl.String,
    }
    filled = [
        {"row_id": n, "entity_id": "main", "ose_id": o, "observed_on": JANUARY + timedelta(d), "host_id": h}
        for n, (o, d, h) in enumerate(rows, 1)
    ]
    return pl.LazyFrame(filled, schema=schema)


def observed(*rows, reading="came_then", as_of=AS_OF):
    asked = Settings(as_of, {"first_seen": reading})
    found = (
        compute(reassignment_chain, "observed_moves", asked, oses=seen(*rows)).sort("ose_id", "assigned_on").collect()
    )
    days = [(r["last_assigned_on"], r["assigned_on"]) for r in found.to_dicts()]
    return [
        (r["ose_id"], r["from_host_id"], r["to_host_id"], *(None if d is None else (d - JANUARY).days for d in pair))
        for r, pair in zip(found.to_dicts(), days, strict=True)
    ]


def test_moves_that_snapshots_show():
    rows = [
        ("o", 0, "h1"),
        ("o", 30, "h1"),
        ("o", 60, "h2"),
        ("o", 90, "h2"),
        ("o", 120, "h1"),
        ("p", 0, "h1"),
        ("p", 9, "h1"),
    ]
    assert observed(*rows) == [("o", "h1", "h2", 0, 60), ("o", "h2", "h1", 60, 120)]
    assert observed(*rows, reading="unknown") == [("o", "h1", "h2", None, 60), ("o", "h2", "h1", 60, 120)]


@pytest.mark.parametrize(("rows", "expected"), [
    ([("o", 0, "h1"), ("o", 30, None), ("o", 60, "h2")], [("o", "h1", "h2", 0, 60)]),
    ([("o", 0, "h1"), ("o", 0, "h2")], []),
    ([("o", 0, "h1"), ("o", 400, "h2")], []),
    ([("o", 0, None), ("o", 9, "h2")], []),
    ([], []),
])  # fmt: skip
def test_what_is_no_move(rows, expected):
    assert observed(*rows) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["o", "p"]), st.integers(0, 60), st.sampled_from(["h1", "h2", "h3"])), max_size=20
    )
)
def test_moves_agree_with_a_walk_through_the_snapshots(rows):
    expected = []
    for ose in ("o", "p"):
        days = {}
        for o, day, host in rows:
            if o == ose:
                days.setdefault(day, host)
        stay = since = None
        for day in sorted(days):
            if stay is not None and days[day] != stay:
                expected.append((ose, stay, days[day], since, day))
            if days[day] != stay:
                stay, since = days[day], day
    assert observed(*rows) == expected
