"""Texts of a scenario file become values of a column's type, and conditions on it; nothing is evaluated."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import ScenarioError
from lmanalytics.schemas import CANONICAL
from lmanalytics.whatif.patches_values import column, columns_of, condition, value
from lmanalytics.whatif.scenario_document import Entry

HOSTS, OSES = columns_of("hosts"), columns_of("oses")
AGREEMENTS, RUNS, PRICES = columns_of("agreements"), columns_of("recovery_runs"), columns_of("prices")


def entry(value):
    if isinstance(value, list):
        return Entry("f.yaml", 7, tuple(entry(one) for one in value))
    return Entry("f.yaml", 7, value)


@pytest.mark.parametrize(
    ("of", "text", "read"),
    [
        (HOSTS["physical_cores"], "32", 32),
        (HOSTS["physical_cores"], "-1", -1),
        (HOSTS["physical_cores"], None, None),
        (HOSTS["observed_on"], "2026-06-30", date(2026, 6, 30)),
        (RUNS["started_at"], "2026-06-30T14:00:00", datetime(2026, 6, 30, 14)),  # noqa: DTZ001 (tables hold no zones)
        (PRICES["unit_price"], "140.50", Decimal("140.50")),
        (OSES["is_running"], "no", False),
        (OSES["is_running"], "True", True),
        (OSES["location"], "azure", "azure"),
        (OSES["name"], "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
        (AGREEMENTS["affiliates"], "b; c", ["b", "c"]),
        (AGREEMENTS["affiliates"], ["b", "c"], ["b", "c"]),
    ],
)
def test_a_text_is_a_value_of_its_column(of, text, read):
    assert value(entry(text), of) == read


@pytest.mark.parametrize(
    ("of", "text", "said"),
    [
        (HOSTS["physical_cores"], "32.5", "physical_cores is a whole number, which '32.5' is not"),
        (HOSTS["physical_cores"], "9" * 30, "whole number"),
        (HOSTS["physical_cores"], "1_000", "whole number"),
        (HOSTS["physical_cores"], "0x20", "whole number"),
        (HOSTS["observed_on"], "2026-02-30", "a date such as"),
        (HOSTS["observed_on"], None, "must be filled"),
        (RUNS["started_at"], "2026-06-30T14:00:00+02:00", "a time such as"),
        (PRICES["unit_price"], "1e3", "an amount"),
        (PRICES["unit_price"], "1,000.00", "an amount"),
        (PRICES["unit_price"], "NaN", "an amount"),
        (OSES["is_running"], "maybe", "true or false"),
        (OSES["location"], "azur", "Did you mean 'azure'"),
        (OSES["vcpus"], ["1", "2"], "not a list"),
    ],
)
def test_a_text_that_is_none_is_refused_with_its_line(of, text, said):
    with pytest.raises(ScenarioError, match=r"f\.yaml, line 7") as error:
        value(entry(text), of)
    assert said in str(error.value)


FRAME = pl.DataFrame(
    {
        "name": ["web01", "web02", "*", None, "a.b"],
        "vcpus": [2, 4, 8, None, 16],
        "observed_on": [date(2026, 1, day) for day in (1, 2, 3, 4, 5)],
        "is_running": [True, False, True, True, True],
        "affiliates": [["b"], ["b", "c"], [], None, ["d"]],
    }
)
WHERE = [
    ("name", "web01", [0]),
    ("name", ["web01", "a.b"], [0, 4]),
    ("name", "web*", [0, 1]),
    ("name", "web0?", [0, 1]),
    ("name", "a?b", [4]),
    ("name", "A.B", []),
    ("name", "= *", [2]),
    ("name", "!= web*", [2, 3, 4]),
    ("name", None, [3]),
    ("name", "*", [0, 1, 2, 4]),
    ("name", [None, "web01"], [0, 3]),
    ("name", "x' or 1=1", []),
    ("vcpus", "4", [1]),
    ("vcpus", ">= 4", [1, 2, 4]),
    ("vcpus", "> 4", [2, 4]),
    ("vcpus", "< 4", [0]),
    ("vcpus", "<= 4", [0, 1]),
    ("vcpus", "4..8", [1, 2]),
    ("vcpus", "!= 4", [0, 2, 3, 4]),
    ("observed_on", ">2026-01-03", [3, 4]),
    ("observed_on", "2026-01-02..2026-01-03", [1, 2]),
    ("is_running", "false", [1]),
    ("affiliates", "b", [0, 1]),
    ("affiliates", "b;c", [1]),
]


@pytest.mark.parametrize(("name", "told", "fitting"), WHERE, ids=str)
def test_a_condition_finds_its_rows(name, told, fitting):
    of = (OSES | AGREEMENTS)[name]
    hit = FRAME.select(condition(entry(told), of, name)).to_series()
    assert hit.null_count() == 0
    assert [n for n, is_hit in enumerate(hit) if is_hit] == fitting


@pytest.mark.parametrize("told", [">= b", "< 3"])
def test_texts_have_no_order(told):
    with pytest.raises(ScenarioError, match="has no order"):
        condition(entry(told), OSES["name"])


def test_a_bound_of_another_type_is_refused():
    with pytest.raises(ScenarioError, match="whole number"):
        condition(entry(">= many"), OSES["vcpus"])


def test_a_column_that_is_not_there_is_named_with_the_closest():
    with pytest.raises(ScenarioError, match=r"no column 'vcpu'\. Did you mean 'vcpus'"):
        column(entry("x"), "vcpu", OSES, "oses")


def test_every_column_of_every_table_takes_a_condition():
    for name in CANONICAL:
        for of in columns_of(name, provenance=True).values():
            assert isinstance(condition(entry(None), of), pl.Expr)


@given(text=st.text(max_size=20), names=st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_a_text_without_signs_finds_exactly_itself(text, names):
    frame = pl.DataFrame({"name": [*names, text]})
    hit = frame.select(condition(entry(f"={text}"), OSES["name"])).to_series().to_list()
    assert hit == [one == text.strip() for one in frame["name"]]


@given(low=st.integers(-50, 50), high=st.integers(-50, 50), numbers=st.lists(st.none() | st.integers(-60, 60)))
def test_a_range_has_both_its_ends(low, high, numbers):
    frame = pl.DataFrame({"vcpus": pl.Series(numbers, dtype=pl.Int64)})
    hit = frame.select(condition(entry(f"{low}..{high}"), OSES["vcpus"])).to_series().to_list()
    assert hit == [one is not None and low <= one <= high for one in numbers]
