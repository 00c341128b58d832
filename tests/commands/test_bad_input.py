"""Each kind of bad input ends in a message that says where and what to do, with its exit code, and leaves nothing behind."""

import json
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from lmanalytics.__main__ import cli

HOSTS = "host_id,observed_on,host_name,processors,physical_cores,hypervisor\n"
OSES = "ose_id,observed_on,name,host_id,vcpus,is_running,os_product,os_edition,os_version\n"
GOOD_HOST = "h1,2026-06-28,one,2,16,esxi\n"
GOOD_OSE = "v1,2026-06-28,web,h1,4,true,Windows Server,Standard,2022\n"


def run(folder, tmp_path, *more, command="run", day="2026-06-30"):
    workspace = tmp_path / "workspace"
    result = CliRunner().invoke(cli, ["-w", str(workspace), command, str(folder), "--as-of", day, *more])
    left = [p for p in (workspace / "data" / "runs").glob("*") if not (p / "manifest.json").is_file()]
    assert not left, "something half-written stayed"
    assert "Traceback" not in result.output
    return result


def estate(tmp_path, hosts=HOSTS + GOOD_HOST, oses=OSES + GOOD_OSE):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "hosts.csv").write_text(hosts)
    (folder / "oses.csv").write_text(oses)
    return folder


def answer(tmp_path, name):
    return pl.read_parquet(next((tmp_path / "workspace" / "data" / "runs").glob("*")) / f"{name}.parquet")


def test_a_good_estate_runs(tmp_path):
    result = run(estate(tmp_path), tmp_path, "--json")
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert summary["rows"] == 2
    assert summary["licenses_short"] is None
    assert any("purchases was not given" in reason for reason in summary["not_computable"])


def test_a_folder_that_is_not_there(tmp_path):
    result = run(tmp_path / "absent", tmp_path)
    assert result.exit_code == 2
    assert "is not a folder" in result.stderr


def test_an_empty_folder(tmp_path):
    (tmp_path / "exports").mkdir()
    result = run(tmp_path / "exports", tmp_path)
    assert result.exit_code == 13
    assert "exports" in result.stderr


def test_a_folder_with_nothing_readable(tmp_path):
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (folder / "list.csv").write_text("Dish,Price\nSoup,4\n")
    result = run(folder, tmp_path)
    assert result.exit_code == 13
    assert "list.csv" in result.stderr


def test_an_encrypted_workbook(tmp_path):
    folder = estate(tmp_path)
    (folder / "secret.xlsx").write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 2048)
    result = run(folder, tmp_path)
    assert result.exit_code == 13
    assert "secret.xlsx" in result.stderr
    assert "password" in result.stderr
    assert "label" in result.stderr


def test_a_missing_column(tmp_path):
    result = run(
        estate(
            tmp_path, hosts="observed_on,host_name,processors,physical_cores,hypervisor\n2026-06-28,one,2,16,esxi\n"
        ),
        tmp_path,
    )
    assert result.exit_code == 13
    assert "hosts.csv" in result.stderr
    assert "host_id" in result.stderr


def test_a_wrong_date_costs_its_row_and_not_its_file(tmp_path):
    many = "".join(f"v{i},2026-06-28,vm{i},h1,4,true,Windows Server,Standard,2022\n" for i in range(2, 42))
    bad = "v1,2026-02-31,web,h1,4,true,Windows Server,Standard,2022\n"
    result = run(estate(tmp_path, oses=OSES + many + bad), tmp_path)
    assert result.exit_code == 0, result.output
    kept = pl.read_parquet(next(Path(tmp_path).rglob("quarantine/oses.parquet"))).to_dicts()
    assert [(row["source_file"], row["source_row"]) for row in kept] == [("oses.csv", 42)]
    assert any("observed_on" in reason and "2026-02-31" in reason for reason in kept[0]["reasons"])
    assert answer(tmp_path, "accounts").filter(table="oses")["rows"].sum() == 41


def test_a_negative_core_count_is_quarantined_with_its_reason(tmp_path):
    many = "".join(f"g{i},2026-06-28,good{i},2,16,esxi\n" for i in range(40))
    result = run(estate(tmp_path, hosts=HOSTS + GOOD_HOST + many + "h2,2026-06-28,two,2,-16,esxi\n"), tmp_path)
    assert result.exit_code == 0, result.output
    kept = pl.read_parquet(next(Path(tmp_path).rglob("quarantine/hosts.parquet"))).to_dicts()
    assert [row["host_id"] for row in kept] == ["h2"]
    assert any("core" in reason.lower() for reason in kept[0]["reasons"])
    assert "-16" in kept[0]["raw"]


def test_too_many_bad_rows_do_not_pass_the_gate(tmp_path):
    result = run(estate(tmp_path, hosts=HOSTS + "h1,2026-06-28,one,2,-16,esxi\n"), tmp_path)
    assert result.exit_code == 1
    assert "quarantined" in result.stderr


def test_an_unknown_format_beside_good_files_is_listed_and_ignored(tmp_path):
    folder = estate(tmp_path)
    (folder / "menu.csv").write_text("Dish,Price\nSoup,4\n")
    assert run(folder, tmp_path).exit_code == 0
    row = answer(tmp_path, "sources").filter(file="menu.csv").to_dicts()[0]
    assert (row["format"], row["rows_read"], row["rows_ignored"]) == ("unknown", 1, 1)


def test_two_files_for_one_table_are_read_together(tmp_path):
    folder = estate(tmp_path)
    (folder / "hosts_2.csv").write_text(HOSTS + "h2,2026-06-28,two,2,16,esxi\n")
    assert run(folder, tmp_path).exit_code == 0
    assert answer(tmp_path, "accounts").filter(table="hosts")["rows"].sum() == 2


def test_the_same_row_in_two_files_counts_once(tmp_path):
    folder = estate(tmp_path)
    (folder / "hosts_2.csv").write_text(HOSTS + GOOD_HOST + "h2,2026-06-28,two,2,16,esxi\n")
    assert run(folder, tmp_path).exit_code == 0
    outcomes = dict(
        answer(tmp_path, "accounts").filter(table="hosts").group_by("outcome").agg(pl.col("rows").sum()).rows()
    )
    assert outcomes["duplicate"] == 1
    assert sum(outcomes.values()) == 3


def test_an_old_export_is_warned_of(tmp_path):
    result = run(estate(tmp_path), tmp_path, day="2026-09-30")
    assert result.exit_code == 0, result.output
    statements = " ".join(answer(tmp_path, "findings")["statement"].to_list())
    assert "days" in statements


def test_a_purchase_of_an_unknown_product_is_kept_and_told(tmp_path):
    folder = estate(tmp_path)
    lines = "".join(f"9EM-0056{i};WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic;{i + 1}\n" for i in range(30))
    (folder / "buy.csv").write_text(f"Part Number;Item Name;Quantity\n{lines}XX1-00001;Frobnicator Enterprise;5\n")
    result = run(folder, tmp_path)
    assert result.exit_code == 0, result.output
    statements = " ".join(answer(tmp_path, "findings")["statement"].to_list())
    assert "Frobnicator" in statements
    assert "buy.csv" in statements
    assert answer(tmp_path, "accounts").filter(table="purchases")["rows"].sum() == 31


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '=HYPERLINK("http://example.test")', "$(rm -rf)", "{{ x }}"]
)
def test_a_hostile_name_is_text(tmp_path, name):
    quoted = '"' + name.replace('"', '""') + '"'
    folder = estate(tmp_path, oses=OSES + f"v1,2026-06-28,{quoted},h1,4,true,Windows Server,Standard,2022\n")
    assert run(folder, tmp_path).exit_code == 0
    accepted = pl.read_parquet(next(Path(tmp_path).rglob("accepted/oses.parquet")))
    assert accepted["name"].to_list() == [name]


def test_a_policy_that_does_not_exist_names_the_closest(tmp_path):
    result = run(estate(tmp_path), tmp_path, "--policy", "movment=cluster")
    assert result.exit_code == 15
    assert "'movement'" in result.stderr


def test_a_reading_that_does_not_exist_lists_the_readings(tmp_path):
    result = run(estate(tmp_path), tmp_path, "--policy", "movement=everywhere")
    assert result.exit_code == 15
    assert "observed" in result.stderr


def test_an_option_without_a_reading_is_a_usage_error(tmp_path):
    result = run(estate(tmp_path), tmp_path, "--policy", "movement")
    assert result.exit_code == 2
    assert "NAME=READING" in result.stderr


def test_a_shortage_above_the_limit_is_told_to_the_scheduler(tmp_path):
    folder = estate(tmp_path)
    (folder / "buy.csv").write_text(
        "Part Number,Item Name,Quantity,Order Date,Coverage End\n"
        "9EM-00562,WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic,4,2025-01-15,2027-12-31\n"
    )
    assert run(folder, tmp_path, "--fail-on-shortage", "8").exit_code == 0
    result = run(folder, tmp_path, "--fail-on-shortage", "7")
    assert result.exit_code == 3
    assert "8 licenses are short" in result.stderr


def test_a_date_before_core_licensing_is_refused_with_the_first_day(tmp_path):
    result = run(estate(tmp_path), tmp_path, day="2016-09-30")
    assert result.exit_code == 12
    assert "2016-10-01" in result.stderr
