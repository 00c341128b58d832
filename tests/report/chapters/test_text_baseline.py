from datetime import date

import polars as pl
import pytest

from lmanalytics.report.chapters import text_baseline
from lmanalytics.report.run import open_run
from tests.report.example_run import RUNS, usual

NAMES = ("scope", "quality", "entitlement", "deployment", "position", "virtualization")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


@pytest.mark.parametrize("say", NAMES)
@pytest.mark.parametrize("name", RUNS)
def test_every_text_says_something_for_every_run(runs, name, say):
    said = getattr(text_baseline, say)(runs[name])
    assert said
    assert "None" not in said
    assert "<" not in said.replace("\\<", "")


@pytest.mark.parametrize("name", ["only_hosts", "only_purchases", "empty"])
def test_a_missing_half_never_reads_as_compliant(runs, name):
    assert "Nothing" not in " ".join(getattr(text_baseline, say)(runs[name]) for say in NAMES)


def test_the_quality_says_whether_rows_add_up(tmp_path):
    folder = usual(tmp_path / "run")
    assert "none was dropped silently" in text_baseline.quality(open_run(folder))
    path = folder / "accounts.parquet"
    pl.read_parquet(path).filter(pl.col("table") != "oses").write_parquet(path)
    said = text_baseline.quality(open_run(folder))
    assert "do not add up to their rows: oses." in said
    assert "none was dropped" not in said


def test_the_age_of_the_oldest_snapshot_is_counted_to_the_position_date(runs):
    said = text_baseline.quality(runs["usual"])
    assert "The oldest snapshot is of 2026-06-01, 29 days before the position date." in said


def test_what_is_no_longer_held_is_not_owned(tmp_path):
    folder = usual(tmp_path / "run")
    assert "1,088 licenses by core in 4 lots, 588 of them" in text_baseline.entitlement(open_run(folder))
    path = folder / "licenses.parquet"
    gone = pl.when(pl.col("license_id") == "L-4").then(pl.lit(date(2026, 6, 29))).otherwise("valid_to")
    pl.read_parquet(path).with_columns(valid_to=gone).write_parquet(path)
    assert "588 licenses by core in 3 lots, 588 of them" in text_baseline.entitlement(open_run(folder))


def test_what_ends_within_a_year_is_told(runs):
    assert "Software Assurance of 64 licenses ends within 12 months" in text_baseline.entitlement(runs["usual"])


def test_exclusions_are_told_by_ground(runs):
    assert "1 subject left out: not windows" in text_baseline.deployment(runs["usual"])


def test_hosts_are_told_by_the_option_that_licenses_them(runs):
    said = text_baseline.virtualization(runs["usual"])
    options = "2 by standard physical cores, 1 by datacenter physical cores, 1 by none available, 1 by virtual cores"
    assert f"5 places are licensed by cores: {options}." in said
