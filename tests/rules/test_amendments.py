"""A parameter of the rules may hold another value for as long as somebody asks what would follow."""

from datetime import date

import pytest

from lmanalytics.errors import ParameterError
from lmanalytics.rules.amendments import AMENDED, Amendment, amended, told_in
from lmanalytics.rules.demand import windows_server_cores
from lmanalytics.rules.parameters import load_rule_file

NAME = ("windows_server_cores", "min_cores_per_server")
DAY = date(2026, 6, 30)


def held(day=DAY):
    return load_rule_file(windows_server_cores).parameters[NAME[1]].on(day)


def test_the_value_holds_meanwhile_and_no_longer():
    before = held()
    with amended([Amendment(*NAME, value=before.value + 8)]):
        assert held().value == before.value + 8
        assert held().reference == AMENDED
    assert held() == before


def test_nothing_amended_is_the_file_itself():
    file = load_rule_file(windows_server_cores)
    with amended([Amendment("another_module", NAME[1], value=1)]):
        assert load_rule_file(windows_server_cores) is file


def test_a_day_leaves_what_held_before_it():
    before = held()
    with amended([Amendment(*NAME, value=24, since=date(2026, 1, 1))]):
        assert held(date(2025, 12, 31)) == before
        assert held(date(2026, 1, 1)).value == 24


def test_the_later_of_two_counts():
    with amended([Amendment(*NAME, value=24), Amendment(*NAME, value=32)]):
        assert held().value == 32
    with amended([Amendment(*NAME, value=24)]), amended([Amendment(*NAME, value=40)]):
        assert held().value == 40


@pytest.mark.parametrize("value", ["24", True, DAY])
def test_a_value_of_another_kind_is_refused(value):
    with amended([Amendment(*NAME, value=value)]), pytest.raises(ParameterError, match="of another kind"):
        held()


@pytest.mark.parametrize(
    "amendment", [Amendment("m", "p", 1), Amendment("m", "p", DAY, DAY), Amendment("m", "p", value=True)]
)
def test_a_manifest_tells_them(amendment):
    assert told_in({"scenario": {"rules": [amendment.told()]}}) == [amendment]
    assert told_in({}) == []
