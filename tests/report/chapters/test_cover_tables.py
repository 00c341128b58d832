import json

import polars as pl

from lmanalytics.report.chapters import cover_tables
from lmanalytics.report.run import open_run
from tests.report.chapters.test_tables import body
from tests.report.example_run import usual


def conditions(run):
    return {row[0].partition(" ")[0]: row[2] for row in body(cover_tables.conditions_table(run))}


def test_a_report_is_a_draft_while_anything_is_open(tmp_path):
    run = open_run(usual(tmp_path / "run"))
    control = dict(body(cover_tables.control_table(run)))
    assert control["Status"].startswith("Draft: 4 of 6 conditions")
    assert control["Digest of the manifest"] == "e" * 64
    assert control["Data cut"] == "2026-06-01 to 2026-06-01, by the snapshots that state their day"
    assert conditions(run) == {
        "Both": "met",
        "Every": "open",
        "The": "met",
        "No": "open",
    }


def test_a_report_is_final_only_when_every_condition_is_met(tmp_path):
    folder = usual(tmp_path / "run")
    for name, kept in (("position", "shortage"), ("plan", "option")):
        path = folder / f"{name}.parquet"
        pl.read_parquet(path).drop_nulls(kept).write_parquet(path)
    path = folder / "findings.parquet"
    pl.read_parquet(path).filter(pl.col("severity") != "error").write_parquet(path)
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    assert cover_tables.open_conditions(open_run(folder)) | {"rules": 0} == dict.fromkeys(
        ("given", "computable", "subjects", "rows", "errors", "rules"), 0
    )
    assert dict(body(cover_tables.control_table(open_run(folder))))["Status"].startswith("Draft: 1 of 6")
    manifest["rules"] = [rule | {"status": "verified"} for rule in manifest["rules"]]
    path.write_text(json.dumps(manifest), encoding="utf-8")
    assert dict(body(cover_tables.control_table(open_run(folder))))["Status"].startswith("Final as computed")


def test_an_empty_run_is_no_final_report(tmp_path):
    folder = usual(tmp_path / "run")
    for name in ("position", "plan", "findings"):
        path = folder / f"{name}.parquet"
        pl.read_parquet(path).clear().write_parquet(path)
    assert cover_tables.open_conditions(open_run(folder))["computable"] == 1
