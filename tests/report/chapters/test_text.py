import polars as pl
import pytest

from lmanalytics.report.chapters import text
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, open_run
from lmanalytics.report.since import Change
from tests.report.example_run import RUNS, usual

TEXTS = {"cover": text.cover, "summary": text.summary, "unseen": text.unseen}


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
    assert "To cover 2 lines that are short costs 1,176.00 USD, not counting 1 line without a price." in said
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


def test_without_a_list_of_machines_nothing_is_said_to_be_complete(runs):
    assert text.unseen(runs["usual"]).startswith("No directory or CMDB list was given")


def test_the_change_sets_what_is_short_now_against_then(tmp_path):
    rows = {
        "cause": ["before", "before", "machines_added", "after", "after"],
        "shortage": [10, 2, 30, 40, 2],
        "shortage_cost": [100, None, 300, 400, None],
        "currency": ["USD", None, "USD", "USD", None],
    }
    pl.DataFrame(rows).with_columns(pl.col("shortage_cost").cast(pl.Decimal(38, 4))).write_parquet(
        tmp_path / "waterfall.parquet"
    )
    said = text.changed(Change("earlier", "2026-03-31", (), tmp_path))
    assert said == (
        "Since the position of 2026-03-31: 42 licenses short, 12 then; to cover them costs 400.00 USD, 100.00 USD then. "
        "@tbl-causes splits the difference by cause."
    )
    assert text.changed(None) == "No earlier run of the same entities was found to compare with."


def test_nothing_short_is_said_only_of_what_was_computed(tmp_path):
    path = usual(tmp_path / "run") / "position.parquet"
    pl.read_parquet(path).filter(pl.col("shortage").fill_null(1) == 0).write_parquet(path)
    assert "Nothing that could be computed is short." in text.summary(open_run(path.parent))
