"""Great Expectations on Polars against Great Expectations' own pandas engine, and the promises of our engine."""

import random
from datetime import date, timedelta

import pandas as pd
import polars as pl
import pytest

from lmanalytics.quality import engine as ours

import great_expectations as gx  # isort: skip (the package above mutes a warning that its import gives)
import great_expectations.expectations as gxe  # isort: skip
from great_expectations.expectations.row_conditions import Column  # isort: skip

KINDS = ["physical", "virtual", "VM <script>", "a b", "=cmd()"]
DAY = date(2026, 1, 1)


def table(seed):
    """Small tables with a chosen share of nulls, from none to all."""
    draw = random.Random(seed)  # noqa: S311 (a seed makes the table)
    share = draw.choice([0, 0, 0.2, 0.5, 1])
    height = draw.choice([0, 1, 2, 7, 40])

    def column(values):
        return [None if draw.random() < share else draw.choice(values) for _ in range(height)]

    return pl.DataFrame(
        {
            "number": column(list(range(-2, 5))),
            "other": column(list(range(-2, 5))),
            "kind": column(KINDS),
            "name": column(["", "a", "ab", "abc", "x1", "1"]),
            "day": column([DAY + timedelta(days=n) for n in range(4)]),
            "whole": list(range(height)),
        },
        schema={
            "number": pl.Int64,
            "other": pl.Int64,
            "kind": pl.String,
            "name": pl.String,
            "day": pl.Date,
            "whole": pl.Int64,
        },
    )


def expectations(seed):
    draw = random.Random(seed)  # noqa: S311 (a seed makes the table)
    mostly = draw.choice([1, 1, 0.9, 0.5, 0.25])
    low, high = sorted(draw.choices(range(-2, 5), k=2))
    conditions = [
        None,
        Column("number") > 0,
        Column("number") != 1,
        Column("kind") == "virtual",
        Column("kind") != "virtual",
        Column("kind").is_in(["virtual", "a b"]),
        Column("kind").is_not_in(["virtual"]),
        Column("name").is_null(),
        Column("name").is_not_null(),
        (Column("number") >= 0) & (Column("other") <= 3),
        (Column("kind") == "physical") | Column("number").is_null(),
    ]
    common = {"mostly": mostly, "row_condition": draw.choice(conditions)}
    return [
        gxe.ExpectColumnValuesToNotBeNull(column="number", **common),
        gxe.ExpectColumnValuesToBeNull(column="name", **common),
        gxe.ExpectColumnValuesToBeInSet(column="kind", value_set=KINDS[: draw.randint(1, 4)], **common),
        gxe.ExpectColumnValuesToBeInSet(column="number", value_set=[0, 1, 2], **common),
        gxe.ExpectColumnValuesToNotBeInSet(column="kind", value_set=KINDS[2:4], **common),
        gxe.ExpectColumnValuesToBeBetween(column="number", min_value=low, max_value=high, **common),
        gxe.ExpectColumnValuesToBeBetween(column="other", min_value=low, strict_min=True, **common),
        gxe.ExpectColumnValuesToBeBetween(column="other", max_value=high, strict_max=True, **common),
        gxe.ExpectColumnValuesToBeBetween(column="day", min_value=DAY + timedelta(days=1), **common),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex=draw.choice(["^a", "[0-9]$", "^$", "b"]), **common),
        gxe.ExpectColumnValuesToNotMatchRegex(column="kind", regex="<script>|^=", **common),
        gxe.ExpectColumnValueLengthsToBeBetween(column="name", min_value=1, max_value=2, **common),
        gxe.ExpectColumnValueLengthsToEqual(column="name", value=2, **common),
        gxe.ExpectColumnValuesToBeUnique(column="name", **common),
        *(
            gxe.ExpectCompoundColumnsToBeUnique(column_list=["number", "kind"], ignore_row_if=ignored, **common)
            for ignored in ("all_values_are_missing", "any_value_is_missing", "never")
        ),
        *(
            gxe.ExpectColumnPairValuesAToBeGreaterThanB(
                column_A="number",
                column_B="other",
                or_equal=draw.choice([True, False]),
                ignore_row_if=ignored,
                **common,
            )
            for ignored in ("both_values_are_missing", "either_value_is_missing", "neither")
        ),
        *(
            gxe.ExpectColumnPairValuesToBeEqual(column_A="number", column_B="other", ignore_row_if=ignored, **common)
            for ignored in ("both_values_are_missing", "either_value_is_missing", "neither")
        ),
        gxe.ExpectTableRowCountToBeBetween(min_value=1, max_value=30, row_condition=common["row_condition"]),
    ]


def by_pandas(frame, suite):
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("pandas").add_dataframe_asset("table")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    return batch.validate(suite, result_format="BASIC")


def plain(value):
    """pandas has NaN and floats where a column has nulls; a tuple or a dict holds values."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if value is None or value != value:  # noqa: PLR0124 (true of NaN alone)
        return None
    return value


def answers(result):
    named = {}
    for r in result.results:
        arguments = {k: str(v) for k, v in sorted(r.expectation_config.kwargs.items()) if k != "batch_id"}
        named[f"{r.expectation_config.type} {arguments}"] = r
    return named


@pytest.mark.parametrize("seed", range(12))
def test_answers_are_those_of_the_pandas_engine(seed):
    frame = table(seed)
    suite = gx.ExpectationSuite("differential", expectations=expectations(seed))
    theirs = frame.to_pandas()
    theirs["day"] = pd.Series(frame["day"].to_list(), dtype=object)  # it cannot compare a timestamp with a date
    mine, expected = answers(ours.validate(frame.lazy(), suite)), answers(by_pandas(theirs, suite))
    assert mine.keys() == expected.keys()
    assert {name: ours.fault(r) for name, r in expected.items() if ours.fault(r)} == {}, "pandas answers all of these"
    for name, actual in mine.items():
        assert not ours.fault(actual)
        assert (actual.success, plain(actual.result)) == (expected[name].success, plain(expected[name].result)), name


def faults(frame, *given):
    suite = gx.ExpectationSuite("faults", expectations=list(given))
    return {r.expectation_config.type: ours.fault(r) for r in ours.validate(frame.lazy(), suite).results}


@pytest.mark.parametrize(
    "broken",
    [
        gxe.ExpectColumnValuesToBeInSet(column="absent", value_set=[1]),
        gxe.ExpectColumnValuesToBeInSet(column="number", value_set=["text"]),
        gxe.ExpectColumnValuesToMatchRegex(column="name", regex="(unclosed"),
        gxe.ExpectColumnValuesToMatchRegex(column="number", regex="1"),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="number", column_B="absent"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["number", "absent"]),
        gxe.ExpectColumnMeanToBeBetween(column="number", min_value=0),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT absent FROM {batch}"),
    ],
    ids=lambda e: f"{e.expectation_type} {getattr(e, 'column', '')}",
)
def test_a_check_that_cannot_be_evaluated_says_so_and_leaves_the_others_alone(broken):
    sound = gxe.ExpectColumnValuesToNotBeNull(column="whole")
    found = faults(table(3), broken, sound)
    assert found[broken.expectation_type]
    assert not found[sound.expectation_type]


@pytest.fixture
def scans(monkeypatch):
    """Every Scans that the engine makes."""
    made = []

    class Recorded(ours.Scans):
        def __init__(self, frame):
            super().__init__(frame)
            made.append(self)

    monkeypatch.setattr(ours, "Scans", Recorded)
    return made


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_a_suite_takes_three_scans_at_most(scans, seed):
    suite = gx.ExpectationSuite("scans", expectations=expectations(seed))
    ours.validate(table(seed).lazy(), suite)
    assert 1 <= sum(s.made for s in scans) <= 3


def test_a_suite_that_passes_takes_no_scan_for_samples(scans):
    frame = pl.LazyFrame({"a": [1, 2], "b": ["x", "y"]})
    rows = gxe.ExpectColumnValuesToNotBeNull(column="a")
    key = gxe.ExpectCompoundColumnsToBeUnique(column_list=["a", "b"])
    ours.validate(frame, gx.ExpectationSuite("rows", expectations=[rows]))
    ours.validate(frame, gx.ExpectationSuite("key", expectations=[key]))
    assert [s.made for s in scans if s.made] == [1, 2]


def test_samples_are_the_first_rows_that_fail():
    frame = pl.DataFrame({"n": range(1000)}).with_columns(half=pl.col("n") % 2)
    checks = [
        gxe.ExpectColumnValuesToBeBetween(column="n", max_value=899),
        gxe.ExpectColumnValuesToBeInSet(column="half", value_set=[0]),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="n", column_B="half"),
        gxe.ExpectColumnValuesToBeUnique(column="half"),
    ]
    results = ours.validate(frame.lazy(), gx.ExpectationSuite("samples", expectations=checks)).results
    found = {r.expectation_config.type: r.result for r in results}
    assert found["expect_column_values_to_be_between"]["unexpected_count"] == 100
    assert found["expect_column_values_to_be_between"]["partial_unexpected_list"] == list(range(900, 920))
    assert found["expect_column_values_to_be_in_set"]["partial_unexpected_list"] == [1] * 20
    assert found["expect_column_pair_values_to_be_equal"]["partial_unexpected_list"][:2] == [(2, 0), (3, 1)]
    assert found["expect_column_values_to_be_unique"]["partial_unexpected_list"] == [0, 1] * 10


def test_a_query_counts_the_rows_that_it_returns():
    frame = pl.LazyFrame({"a": [1, 4, 4]})
    query = gxe.UnexpectedRowsExpectation(unexpected_rows_query="SELECT * FROM {batch} WHERE a = 4")
    (result,) = ours.validate(frame, gx.ExpectationSuite("query", expectations=[query])).results
    assert (result.success, result.result["observed_value"]) == (False, 2)
