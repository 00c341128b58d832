import json

import polars as pl

from lmanalytics.report.chapters import scope_tables
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS
from tests.report.chapters.test_tables import body, notes
from tests.report.example_run import usual


def test_products_without_a_computed_need_are_told_apart(tmp_path):
    table = scope_tables.products_table(open_run(usual(tmp_path / "run")))
    assert [row[0] for row in body(table)] == ["Exchange Server", "Windows Server", "SQL Server"]
    assert [note for note in notes(table) if not note.startswith("Every")][:2] == [
        "Computed",
        "Owned only, need not computed",
    ]


def test_entities_are_counted_by_what_was_given_for_them(tmp_path):
    assert body(scope_tables.entities_table(open_run(usual(tmp_path / "run")))) == [
        ["main", "4", "4", "0", "0", "4", "5"]
    ]


def test_policies_that_were_set_for_the_run_come_first(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {"policy": ["a", "b"], "reading": ["x_y", "z"], "source": "S", "reason": ["default", "set_for_this_run"]}
    ANSWERS["policies"].conform(pl.LazyFrame(rows)).collect().write_parquet(folder / "policies.parquet")
    assert body(scope_tables.policies_table(open_run(folder))) == [
        ["b", "z", "this run", "S"],
        ["a", "x y", "default", "S"],
    ]


def test_ways_of_licensing_name_the_clause_of_the_rule_in_force(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "demand.parquet"
    only = pl.read_parquet(path).filter(pl.col("option") == "standard_physical_cores")
    only.with_columns(rule=pl.lit("windows_server_standard.core_licenses")).write_parquet(path)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    (rule,) = manifest["rules"]
    manifest["rules"] = [rule | {"in_force": False, "sentence": "As it was."}, rule]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    clause = "Product Terms, Windows Server, Server Licenses (per core)"
    assert body(scope_tables.mapping_table(open_run(folder))) == [
        ["standard physical cores", "core", "Every physical core, at least 16.", clause]
    ]


def test_terms_say_which_days_govern_and_what_other_readings_say(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {
        "product": ["P", "P"],
        "reading": "at_version_upgrade",
        "quantity": [4, 6],
        "governed_on": ["2024-01-01", "2025-11-18"],
        "otherwise": [None, "current: with_sa"],
    }
    frame = pl.LazyFrame(rows).with_columns(pl.col("governed_on").str.to_date())
    ANSWERS["license_terms"].conform(frame).collect().write_parquet(folder / "license_terms.parquet")
    assert body(scope_tables.terms_table(open_run(folder))) == [
        ["P", "at version upgrade", "2024-01-01 / 2025-11-18", "10", "current: with sa"]
    ]


def test_software_that_was_set_aside_is_listed(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {
        "table": "installs",
        "product": ["Tool", "Game"],
        "outcome": "excluded",
        "rows": [2, 9],
        "rule": ["software", "other"],
    }
    ANSWERS["accounts"].conform(pl.LazyFrame(rows)).collect().write_parquet(folder / "accounts.parquet")
    assert [row[:2] for row in body(scope_tables.aside_table(open_run(folder)))] == [["Tool", "2"]]
