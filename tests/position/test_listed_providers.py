"""Old licenses serve a Listed Provider's dedicated servers, new ones and those of unknown age do not."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.evidence.findings import findings
from lmanalytics.position.optimum import planned
from lmanalytics.position.true_up import Reason, true_up
from lmanalytics.schemas import ANSWERS, MONEY
from tests.position.test_balance import LISTED, SETTINGS, VERSIONS, balanced, demand_of, licenses_of

HERE = """
subject | edition  | version | option                  | required | sa | price
cloud   | Standard | 2019    | standard_physical_cores | 16       | no | 70
own     | Standard | 2019    | standard_physical_cores | 16       | no | 70
"""
EARLY, LATE = date(2019, 9, 30), date(2019, 10, 1)


def estate(**acquired):
    """Make a demand of 16 licenses there and 16 here, and a lot of 16 for each day that is given."""
    there = pl.col("subject_id") == "cloud"
    demand = demand_of(HERE).with_columns(
        acquired_before=pl.when(there).then(pl.lit(date(2019, 10, 1))),
        cost=pl.when(~there).then(pl.col("cost")).cast(MONEY),
    )
    lots = "license | edition | version_right | quantity | sa | host\n" + "\n".join(
        f"{name} | Standard | 2022 | 16 | no |" for name in acquired
    )
    days = pl.col("license_id").replace_strict(acquired, return_dtype=pl.Date)
    return demand, licenses_of(lots).with_columns(acquired_on=days)


def short_of(demand, licenses):
    empty = pl.LazyFrame(
        schema={"entity_id": pl.String, "product": pl.String, "metric": pl.String, "min_licenses": pl.Int64}
    )
    chosen = planned(demand, empty, licenses, LISTED, VERSIONS, SETTINGS).plan
    found = balanced(chosen, licenses).plan.collect()
    return dict(found.select("subject_id", "licenses_short").rows())


@pytest.mark.parametrize(
    ("acquired", "short"),
    [
        ({"a": EARLY, "b": EARLY}, {"cloud": 0, "own": 0}),
        ({"a": EARLY, "b": LATE}, {"cloud": 0, "own": 0}),
        ({"b": EARLY, "a": LATE}, {"cloud": 0, "own": 0}),
        ({"a": LATE, "b": LATE}, {"cloud": 16, "own": 0}),
        ({"a": None, "b": None}, {"cloud": 16, "own": 0}),
        ({"a": EARLY}, {"cloud": 0, "own": 16}),
    ],
    ids=["both old", "one old", "the other old", "both new", "age unknown", "one for two"],
)
def test_old_licenses_go_where_no_others_may(acquired, short):
    assert short_of(*estate(**acquired)) == short


def test_what_nothing_for_sale_may_serve_has_no_cost():
    demand, licenses = estate(a=LATE)
    short = balanced(demand.with_columns(reason=pl.lit("required")), licenses).short.collect()
    there = short.filter(pl.col("acquired_before").is_not_null())
    assert there.select("short", "cost", "price").rows() == [(16, None, None)]


@pytest.mark.parametrize(
    ("acquired", "ordered", "reason"),
    [
        ({"a": LATE, "b": LATE}, [], Reason.NOTHING_TO_ORDER),
        ({"a": LATE}, [], Reason.NOTHING_TO_ORDER),
        ({"a": EARLY}, [16], Reason.NO_PRICE),
        ({"a": EARLY, "b": EARLY}, [], Reason.NOTHING_DUE),
    ],
    ids=["both new", "one new", "one old for two", "both old"],
)
def test_no_order_makes_up_for_old_licenses(acquired, ordered, reason):
    demand, licenses = estate(**acquired)
    short = balanced(demand.with_columns(reason=pl.lit("required")), licenses).short
    lines = true_up(short, None, None, SETTINGS).collect()
    assert [n for n in lines["licenses"] if n] == ordered
    assert lines["reason"].to_list() == [reason.code]


def test_what_no_order_makes_up_for_is_told():
    demand, licenses = estate(a=LATE)
    found = balanced(demand.with_columns(reason=pl.lit("required")), licenses)
    checks = pl.DataFrame(schema={"success": pl.Boolean, "unexpected_count": pl.Int64, "table": pl.String,
                                  "check": pl.String, "severity": pl.String, "sentence": pl.String})  # fmt: skip
    told = findings({"plan": found.plan, "demand": demand}, ANSWERS["findings"].empty().collect(), checks).collect()
    assert told.select("severity", "statement").rows() == [
        (
            "error",
            "16 licenses of Windows Server are short on servers that take only licenses acquired before 2019-10-01.",
        )
    ]
