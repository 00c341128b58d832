from datetime import date

import pytest

from lmanalytics.facts.snapshots import observed
from tests.facts.estates import AS_OF, guest, table

MAY, JUNE, JULY = date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31)


def seen(ose_id, day, inventory="vc1", **more):
    return guest(ose_id, observed_on=day, inventory_id=inventory, **more)


def states(*rows, as_of=AS_OF):
    found = observed(table("oses", *rows), "ose_id", as_of).sort("row_id").collect()
    return list(zip(found["state"], found["valid_until"], strict=True))


def test_one_snapshot_is_current():
    assert states(seen("a", JUNE), seen("b", JUNE)) == [("current", None), ("current", None)]


def test_a_machine_that_the_next_snapshot_lacks_is_gone():
    assert states(seen("a", MAY), seen("b", MAY), seen("b", JUNE)) == [
        ("earlier", JUNE),
        ("earlier", JUNE),
        ("current", None),
    ]


def test_a_machine_seen_later_in_another_inventory_has_moved():
    assert states(seen("a", MAY, "vc1"), seen("a", JUNE, "vc2")) == [("earlier", JUNE), ("current", None)]


def test_another_inventory_says_nothing_about_a_machine_it_never_had():
    assert states(seen("a", MAY, "vc1"), seen("b", JUNE, "vc2")) == [("current", None), ("current", None)]


def test_without_an_inventory_only_the_machine_itself_replaces_its_row():
    assert states(seen("a", MAY, None), seen("b", JUNE, None)) == [("current", None), ("current", None)]


def test_what_was_observed_after_the_position_does_not_count():
    assert states(seen("a", JUNE), seen("a", JULY)) == [("current", None), ("later", None)]


def test_on_the_day_of_the_position_counts():
    assert states(seen("a", JUNE), as_of=JUNE) == [("current", None)]
    assert states(seen("a", JUNE), as_of=date(2026, 6, 29)) == [("later", None)]


def test_two_rows_of_one_machine_and_day_are_one():
    assert states(seen("a", JUNE), seen("a", JUNE)) == [("current", None), ("duplicate", None)]


def test_entities_do_not_replace_each_other():
    assert states(seen("a", MAY), seen("a", JUNE, entity_id="other")) == [("current", None), ("current", None)]


@pytest.mark.parametrize("order", [1, -1])
def test_order_of_rows_does_not_matter(order):
    rows = [seen("a", MAY), seen("a", JUNE), seen("b", MAY)][::order]
    found = observed(table("oses", *rows), "ose_id", AS_OF).collect().sort("ose_id", "observed_on")
    assert found["state"].to_list() == ["earlier", "current", "earlier"]
