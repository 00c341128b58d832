from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_processor
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings

SERVERS = {
    "subject_id": pl.String, "version": pl.String, "edition": pl.String, "servers": pl.Int64,
    "processors": pl.Int64, "windows_oses": pl.Int64,
}  # fmt: skip
CASES = {
    "one machine for each license": (("2008", "Standard", 10, 2, 15), (15, 150, None, "by_former_model")),
    "four for each": (("2008", "Enterprise", 2, 2, 8), (2, 4, None, "by_former_model")),
    "one above four": (("2008 R2", "Enterprise", 10, 2, 5), (2, 20, None, "by_former_model")),
    "by processor": (("2008", "Datacenter", 10, 2, 99), (2, 20, 20, "by_former_model")),
    "nothing runs on it": (("2008", "Standard", 1, 2, 0), (1, 1, None, "by_former_model")),
    "two processors, two machines": (("2012", "Standard", 1, 2, 2), (1, 1, 2, "by_former_model")),
    "a third machine": (("2012 R2", "Standard", 1, 2, 3), (2, 2, 2, "by_former_model")),
    "three processors": (("2012 R2", "Standard", 1, 3, 2), (2, 2, 3, "by_former_model")),
    "four and four": (("2012 R2", "Standard", 3, 4, 4), (4, 12, 12, "by_former_model")),
    "any number": (("2012 R2", "Datacenter", 1, 4, 400), (2, 2, 4, "by_former_model")),
    "by core": (("2016", "Standard", 1, 2, 2), (None, None, None, "not_of_this_model")),
    "no such edition": (("2012", "Enterprise", 1, 2, 2), (None, None, None, "not_of_this_model")),
    "version unknown": ((None, "Standard", 1, 2, 2), (None, None, None, "not_of_this_model")),
    "processors unknown": (("2012", "Standard", 1, None, 2), (None, None, None, "servers_unknown")),
    "machines unknown": (("2012", "Standard", 1, 2, None), (None, None, 2, "servers_unknown")),
    "servers unknown": (("2012", "Standard", None, 2, 2), (1, None, None, "servers_unknown")),
    "no servers": (("2012", "Standard", 0, 2, 2), (1, 0, 0, "by_former_model")),
}


def licenses(*servers, day=date(2026, 6, 30)):
    rows = pl.LazyFrame([("s", *row) for row in servers], schema=SERVERS, orient="row")
    found = compute(windows_server_processor, "licenses", Settings(day), servers=rows).collect()
    return [row[1:] for row in found.rows()]


@pytest.mark.parametrize(("server", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("day", [date(2008, 5, 6), date(2026, 6, 30)])
def test_licenses_before_core_licensing(server, expected, day):
    assert licenses(server, day=day) == [expected]


def test_the_day_before_is_an_error():
    with pytest.raises(RuleError, match="2008-05-06"):
        licenses(("2008", "Standard", 1, 1, 1), day=date(2008, 5, 5))


@given(st.integers(1, 20), st.integers(1, 8), st.integers(0, 60))
def test_they_agree_with_stacking_one_after_the_other(servers, processors, oses):
    def stacked(covers_processors, gives):
        each = -(-processors // covers_processors)
        count, room = 1, gives
        while room < oses:
            count, room = count + 1, room + gives
        return each * count * servers

    assert licenses(("2012 R2", "Standard", servers, processors, oses))[0][1] == stacked(2, 2)
    assert licenses(("2012 R2", "Datacenter", servers, processors, oses))[0][1] == -(-processors // 2) * servers


def test_every_reason_occurs():
    assert {case[1][3] for case in CASES.values()} == {reason.code for reason in windows_server_processor.Reason}
