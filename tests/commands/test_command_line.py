"""The commands as a user types them, on the sample estate."""

import json
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from lmanalytics.__main__ import cli
from lmanalytics.rules import register

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("workspace")
    result = CliRunner().invoke(cli, ["-w", str(folder), "run", str(SAMPLE), "--as-of", "2026-06-30", "--json"])
    assert result.exit_code == 0, result.output
    return folder, json.loads(result.stdout)


def lm(workspace, *words):
    return CliRunner().invoke(cli, ["-w", str(workspace[0]), *words])


def test_no_reason_is_told_in_the_words_of_another_module(workspace):
    texts = register.reasons()
    for path in sorted(Path(workspace[1]["run"]).glob("*.parquet")):
        answer = pl.read_parquet(path)
        if not {"rule", "reason"} <= set(answer.columns):
            continue
        for rule, reason in answer.select("rule", "reason").drop_nulls().unique().rows():
            told = {words[reason] for words in texts.values() if reason in words}
            first, *_, last = rule.split(".") if "." in rule else (rule, rule)
            assert len(told) < 2 or reason in texts.get(last, {}) | texts.get(first, {}), (path.stem, rule, reason)


def test_the_summary_accounts_for_every_row(workspace):
    assert workspace[1]["rows"] > 1000
    assert workspace[1]["not_computable"] == []
    assert workspace[1]["licenses_short"] > 0
    assert workspace[1]["currency"] == "USD"


def test_a_second_run_is_there_already(workspace):
    result = lm(workspace, "run", str(SAMPLE), "--as-of", "2026-06-30", "--json")
    assert json.loads(result.stdout)["is_reused"]


def test_the_reason_of_an_answer_stands_below_its_values(workspace):
    told = lm(workspace, "explain", "latest", "esx020.northwind-rail.example").output.splitlines()
    firsts = [n for n, line in enumerate(told) if line.strip().startswith("alternatives.subject_kind")]
    assert len(firsts) > 3
    for first, following in pairwise(firsts):
        assert not told[first + 1].strip().startswith("as ")
        assert told[following - 1].strip().startswith("as ")


def test_explain_shows_arithmetic_parameters_and_clause(workspace):
    result = lm(workspace, "explain", "latest", "esx001.northwind-rail.example")
    assert result.exit_code == 0, result.output
    assert "windows_server_cores.cores_to_license = 48 core" in result.stdout
    assert "min_cores_per_server = 16 core / server since 2016-10-01" in result.stdout
    assert "Windows Server virtualization licensing guidance" in result.stdout


def test_explain_names_the_closest_subject(workspace):
    result = lm(workspace, "explain", "latest", "esx001.northwind-rail.exampel")
    assert result.exit_code == 16
    assert "esx001.northwind-rail.example" in result.stderr


def test_verify_says_that_nothing_was_changed(workspace):
    result = lm(workspace, "verify", "latest", "--exports", str(SAMPLE))
    assert result.exit_code == 0
    assert "as it was written" in result.stdout


def test_check_reads_and_computes_nothing(workspace, tmp_path):
    result = lm(workspace, "check", str(SAMPLE), "--as-of", "2026-06-30", "--into", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "hosts: " in result.stdout
    assert "corrections.yaml: 2 applied, 1 no longer applies; 2 rows changed or left out" in result.stdout
    assert "Correction COR-2026-03" in result.stderr
    assert (tmp_path / "quarantine" / "hosts.parquet").is_file()
    assert (tmp_path / "corrected" / "devices.parquet").is_file()
    assert not (tmp_path / "tables").exists()


def test_rules_policies_and_reasons_are_listed(workspace):
    assert "windows_server_standard.full_sets" in lm(workspace, "rules").stdout
    assert "movement: " in lm(workspace, "rules", "policies").stdout
    one = lm(workspace, "rules", "policies", "movement").stdout
    assert "* observed" in one
    assert "peak" not in one
    assert "license_coverage.version_too_old" in lm(workspace, "rules", "reasons").stdout


def test_the_contract_is_printed(workspace):
    assert lm(workspace, "tables").stdout == (SAMPLE.parents[1] / "docs" / "tables.md").read_text(encoding="utf-8")


def test_doctor_names_versions_and_publisher(workspace):
    assert "polars" in lm(workspace, "doctor").stdout


def test_a_report_of_nothing_is_refused_with_what_to_do(workspace):
    result = lm(workspace, "report", "2020-01-01-nothing")
    assert result.exit_code == 16
    assert "lmanalytics run" in result.stderr


def test_a_folder_of_exports_needs_its_date(workspace):
    result = lm(workspace, "report", str(SAMPLE))
    assert result.exit_code == 2
    assert "--as-of" in result.stderr


def test_an_unknown_command_is_a_usage_error(workspace):
    assert lm(workspace, "optimise").exit_code == 2
