import json

import polars as pl
import pytest

from lmanalytics.report import text
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, open_run
from tests.report.example_run import RUNS, usual

TEXTS = {
    name: function
    for name, function in vars(text).items()
    if not name.startswith("_") and getattr(function, "__module__", "") == text.__name__
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


@pytest.mark.parametrize("say", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("name", RUNS)
def test_every_text_says_something_for_every_run(runs, name, say):
    said = say(runs[name])
    assert said
    assert "None" not in said
    assert "<" not in said.replace("\\<", "")


def test_the_summary_says_what_is_short_and_what_it_costs(runs):
    said = text.summary(runs["usual"])
    assert "The position has 5 lines: 2 short, 2 covered, 1 not computable." in said
    assert "**Windows Server Standard 2022** is short of 16 of 96 licenses by core, at 1,176.00 USD." in said
    assert "**Exchange Server Standard 2019** is short of 1 of 3 licenses by server, at an unknown cost." in said
    assert "Covering every shortage costs 1,176.00 USD, not counting 1 line without a price." in said
    assert "The order or update statement is due between 2026-05-01 and 2026-05-31." in said
    assert "1 error among the findings" in said
    assert "by core, where all is known: 1,072 required, 1,096 owned, **16 short**, 40 in surplus." in said
    assert "by server, where all is known: 3 required, 2 owned, **1 short**, 0 in surplus." in said
    assert "Not computable, and not counted above: 1 line, of SQL Server." in said
    assert "11 rows in 2 files were read: 10 used, 1 ignored. They gave 13 rows to account for. In every table" in said


@pytest.mark.parametrize(("name", "sentence"), [("only_hosts", NO_SUPPLY), ("only_purchases", NO_ESTATE)])
def test_a_missing_half_comes_first(runs, name, sentence):
    assert text.summary(runs[name]).startswith(sentence)
    assert "0 short, 0 covered, 1 not computable" in text.summary(runs[name])
    half = {"only_hosts": "required", "only_purchases": "owned"}[name]
    assert f"- Licenses by core: 96 {half}.\n" in text.summary(runs[name])


@pytest.mark.parametrize("name", ["only_hosts", "only_purchases", "empty"])
def test_a_missing_half_never_reads_as_compliant(runs, name):
    said = " ".join(say(runs[name]) for say in TEXTS.values())
    assert "Nothing" not in said
    assert "an update statement takes" not in said


def test_the_quality_says_whether_rows_add_up(tmp_path):
    folder = usual(tmp_path / "run")
    assert "none was dropped silently" in text.quality(open_run(folder))
    path = folder / "accounts.parquet"
    pl.read_parquet(path).filter(pl.col("table") != "oses").write_parquet(path)
    said = text.quality(open_run(folder))
    assert "do not add up to their rows: oses." in said
    assert "none was dropped" not in said


def test_the_age_of_the_oldest_snapshot_is_counted_to_the_position_date(runs):
    assert "The oldest snapshot is of 2026-06-01, 29 days before the position date." in text.quality(runs["usual"])


def test_nothing_short_needs_an_update_statement_and_no_order(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "true_up.parquet"
    pl.read_parquet(path).with_columns(packs=pl.lit(0, pl.Int64)).write_parquet(path)
    assert text.true_up(open_run(folder)).startswith("Nothing is short: an update statement")
    pl.read_parquet(path).clear().write_parquet(path)
    assert text.true_up(open_run(folder)) == "No order follows from what was given."


def test_costs_are_added_by_currency(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "true_up.parquet"
    order = pl.read_parquet(path)
    pl.concat([order, order, order.with_columns(currency=pl.lit("EUR"))]).write_parquet(path)
    assert "It costs 1,176.00 EUR and 2,352.00 USD." in text.true_up(open_run(folder))


def test_the_recipe_repeats_the_policies_that_were_asked_for(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "manifest.json"
    asked = json.loads(path.read_text("utf-8")) | {"policies_asked": {"movement": "cluster"}}
    path.write_text(json.dumps(asked), encoding="utf-8")
    said = text.recipe(open_run(folder))
    assert "lmanalytics run EXPORTS --as-of 2026-06-30 --policy movement=cluster\n" in said
    assert "lmanalytics verify 2026-06-30-0123456789ab --exports EXPORTS" in said
