from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import farms, server_farm
from tests.facts.estates import table
from tests.tables import check

AS_OF = date(2026, 6, 30)

FARMS = """
case                              | members | offset_low | offset_high | in_bloc | is_settled || minutes_apart | validity       | is_valid
----------------------------------|---------|------------|-------------|---------|------------||---------------|----------------|---------
a single data center              |       1 |         60 |          60 |       0 | true       ||             0 | one_datacenter | true
a single one, zone unknown        |       1 |            |             |       0 | true       ||               | one_datacenter | true
three hours apart                 |       2 |          0 |         180 |       0 | true       ||           180 | time_zones     | true
a minute below the limit          |       2 |          0 |         239 |       0 | true       ||           239 | time_zones     | true
exactly four hours                |       2 |          0 |         240 |       0 | true       ||           240 | at_the_limit   | true
a minute above                    |       2 |          0 |         241 |       0 | true       ||           241 | too_far_apart  | false
five hours, both in EU or EFTA    |       2 |       -180 |         120 |       2 | true       ||           300 | eu_or_efta     | true
five hours, one in the EU         |       2 |       -180 |         120 |       1 | true       ||           300 | too_far_apart  | false
one zone unknown                  |       2 |            |             |       1 | true       ||               | offset_unknown |
zones unknown, both in EU or EFTA |       2 |            |             |       2 | true       ||               | eu_or_efta     | true
three data centers                |       3 |         60 |          60 |       3 | true       ||             0 | too_many       | false
one came too soon                 |       2 |         60 |          60 |       2 | false      ||             0 | moved_too_soon | false
across the date line              |       2 |       -660 |         720 |       0 | true       ||          1380 | too_far_apart  | false
"""


def test_when_data_centers_are_one_farm():
    check(server_farm, AS_OF, FARMS)


def test_every_reason_occurs():
    assert all(reason.code in FARMS for reason in server_farm.Reason)


def test_around_the_globe_the_date_line_does_not_part_neighbors():
    around = """
    case                 | members | offset_low | offset_high | in_bloc | is_settled || minutes_apart | validity
    ---------------------|---------|------------|-------------|---------|------------||---------------|-----------
    across the date line |       2 |       -660 |         720 |       0 | true       ||            60 | time_zones
    five hours           |       2 |          0 |         300 |       0 | true       ||           300 | too_far_apart
    """
    check(server_farm, AS_OF, around, time_zones="around_the_globe")


OFFSETS = st.one_of(st.none(), st.integers(-12, 14).map(lambda hours: hours * 60))
SITES = st.lists(st.tuples(OFFSETS, st.sampled_from(["eu", "efta", "none"])), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(SITES)
def test_it_agrees_with_the_definition(sites):
    offsets = [offset for offset, _ in sites]
    known = None not in offsets
    facts = {
        "members": len(sites), "offset_low": min(offsets) if known else None,
        "offset_high": max(offsets) if known else None,
        "in_bloc": sum(bloc != "none" for _, bloc in sites), "is_settled": True,
    }  # fmt: skip
    frame = pl.LazyFrame([facts], schema_overrides={"offset_low": pl.Int64, "offset_high": pl.Int64})
    got = evaluate(frame, server_farm, Settings(AS_OF)).collect()["server_farm__is_valid"].item()
    if len(sites) == 1:
        expected = True
    elif len(sites) > 2:
        expected = False
    elif all(bloc != "none" for _, bloc in sites):
        expected = True
    else:
        expected = abs(offsets[0] - offsets[1]) <= 240 if known else None
    assert got is expected


def centers(*rows):
    return table("datacenters", *({"farm_from": date(2020, 1, 1), "bloc": "none", **row} for row in rows))


def answered(*rows, as_of=AS_OF):
    found = farms.answers({"datacenters": centers(*rows)}, Settings(as_of))
    return {name: frame.collect().to_dicts() for name, frame in found.items()}


def intervals(*rows, as_of=AS_OF):
    return [
        (r["server_farm_id"], r["valid_from"], r["valid_to"], r["datacenters"], r["is_valid"], r["reason"])
        for r in answered(*rows, as_of=as_of)["server_farms"]
    ]


MOVE = [
    {"datacenter_id": "a", "server_farm_id": "F", "utc_offset_minutes": 60},
    {"datacenter_id": "b", "server_farm_id": "F", "utc_offset_minutes": 120},
    {"datacenter_id": "b", "server_farm_id": "G", "utc_offset_minutes": 120, "farm_from": date(2024, 1, 1)},
]


def test_a_farm_is_cut_where_a_data_center_leaves():
    assert intervals(*MOVE) == [
        ("F", date(2020, 1, 1), date(2023, 12, 31), ["a", "b"], True, "time_zones"),
        ("F", date(2024, 1, 1), None, ["a"], True, "one_datacenter"),
        ("G", date(2024, 1, 1), None, ["b"], True, "one_datacenter"),
    ]


@pytest.mark.parametrize(("back", "soon"), [(date(2024, 3, 30), True), (date(2024, 3, 31), False)])
def test_a_data_center_may_not_move_between_farms_within_ninety_days(back, soon):
    again = {"datacenter_id": "b", "server_farm_id": "F", "utc_offset_minutes": 120, "farm_from": back}
    later = [row for row in intervals(*MOVE, again) if row[0] == "F" and row[1] >= back]
    settled = ("F", date(2024, 3, 31), None, ["a", "b"], True, "time_zones")
    waiting = ("F", back, date(2024, 3, 30), ["a", "b"], False, "moved_too_soon")
    assert later == ([waiting, settled] if soon else [settled])


def test_a_data_center_without_a_farm_is_one():
    assert intervals({"datacenter_id": "a"}) == [
        ("datacenter:a", date(2020, 1, 1), None, ["a"], True, "one_datacenter")
    ]


def test_two_entities_share_no_farm():
    found = intervals(
        {"datacenter_id": "a", "server_farm_id": "F", "utc_offset_minutes": 60},
        {"datacenter_id": "b", "server_farm_id": "F", "utc_offset_minutes": 600, "entity_id": "other"},
    )
    assert [row[3] for row in found] == [["a"], ["b"]]


def test_rows_findings_and_lines_of_farms():
    far = {"datacenter_id": "c", "server_farm_id": "F", "utc_offset_minutes": 600}
    later = {"datacenter_id": "d", "server_farm_id": "F", "utc_offset_minutes": 60, "farm_from": date(2027, 1, 1)}
    found = answered(MOVE[0], far, later)
    assert [(r["outcome"], r["reason"]) for r in found["datacenters_outcomes"]] == [
        ("used", "in_a_farm"), ("used", "in_a_farm"), ("excluded", "farm_begins_later"),
    ]  # fmt: skip
    assert [(f["severity"], f["reason"]) for f in found["findings"]] == [("error", "too_far_apart")]
    lines = farms.explain_subject({"datacenters": centers(MOVE[0], far)}, Settings(AS_OF), "F")
    assert dict(lines.select("rule", "value").iter_rows())["server_farm.is_valid"] == "False"
    assert farms.explain_subject({"datacenters": centers(MOVE[0])}, Settings(AS_OF), "nowhere").is_empty()


def test_nothing_given_gives_nothing():
    assert answered()["server_farms"] == []
