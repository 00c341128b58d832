import polars as pl
import pytest

from lmanalytics.rules.wording import agreeing, licenses, many


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 copies are short"), (1, "1 copy is short"), (2, "2 copies are short"), (11, "11 copies are short")],
)
def test_one_is_not_several(count, said):
    row = pl.select(n=pl.lit(count, pl.Int64))
    words = row.select(pl.format("{} {} short", many("n", "copy", "copies"), agreeing("n", "is", "are")))
    assert words.item() == said


def test_most_nouns_take_an_s():
    rows = pl.DataFrame({"n": [1, 3]}).select(many("n", "license"))
    assert rows.to_series().to_list() == ["1 license", "3 licenses"]


@pytest.mark.parametrize(
    ("count", "metric", "said"),
    [
        (1, "core", "1 core license"),
        (48, "core", "48 core licenses"),
        (10, "user_cal", "10 user CALs"),
        (1, "external_connector", "1 External Connector license"),
        (0, "server", "0 server licenses"),
    ],
)
def test_licenses_are_named_by_their_metric(count, metric, said):
    rows = pl.DataFrame({"n": [count], "metric": [metric]}).select(licenses("n"))
    assert rows.item() == said
