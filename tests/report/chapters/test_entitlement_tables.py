from datetime import date

import polars as pl

from lmanalytics.report.chapters import entitlement_tables
from lmanalytics.report.display import UNKNOWN
from lmanalytics.report.run import open_run
from lmanalytics.schemas import ANSWERS, CANONICAL
from tests.report.chapters.test_tables import body
from tests.report.example_run import usual


def test_what_is_owned_is_what_is_held_on_the_position_date(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "licenses.parquet"
    later = pl.when(pl.col("license_id") == "L-2").then(pl.lit(date(2026, 7, 1))).otherwise("valid_from")
    pl.read_parquet(path).with_columns(valid_from=later).write_parquet(path)
    rows = [row for row in body(entitlement_tables.entitlement_table(open_run(folder))) if row[0] == "Datacenter"]
    assert [row[:5] for row in rows] == [["Datacenter", "2019", "core", "500", "0"]]


def test_licenses_are_sorted_by_the_time_to_the_end_of_their_coverage(tmp_path):
    rows = body(entitlement_tables.expiry_table(open_run(usual(tmp_path / "run"))))
    assert rows == [
        ["Exchange Server Standard", "server", "0", "0", "0", "2", "2"],
        ["SQL Server Enterprise", "core", "0", "24", "0", "0", "24"],
        ["Windows Server Datacenter", "core", "0", "500", "0", "500", "1,000"],
        ["Windows Server Standard", "core", "64", "0", "0", "0", "64"],
    ]


def test_a_lot_whose_coverage_ended_is_a_gap_from_the_day_after(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "licenses.parquet"
    ends = pl.Series("sa_end", [None, None, None, date(2026, 6, 29), date(2026, 6, 30)], dtype=pl.Date)
    pl.read_parquet(path).with_columns(ends).write_parquet(path)
    (row,) = body(entitlement_tables.gaps_table(open_run(folder)))
    assert row[:6] == ["L-4", "E-1", "Windows Server Datacenter 2019", "500", "2026-06-29", "1"]


def test_step_ups_name_the_base_licenses_that_they_rest_on(tmp_path):
    folder = usual(tmp_path / "run")
    rows = [("P-7", "P-2", 10, True), ("P-7", "P-1", 6, True), ("P-7", None, 4, False)]
    frame = pl.LazyFrame(rows, orient="row", schema=["purchase_id", "base_purchase_id", "quantity", "is_valid"])
    matches = ANSWERS["step_up_matches"].conform(frame.with_columns(entity_id=pl.lit("main")))
    matches.collect().write_parquet(folder / "step_up_matches.parquet")
    (row,) = body(entitlement_tables.step_ups_table(open_run(folder)))
    assert row[3:7] == ["20", "16", "4", "6 of P-1; 10 of P-2"]


def test_agreements_count_the_lots_that_are_held_under_them(tmp_path):
    folder = usual(tmp_path / "run")
    rows = {
        "entity_id": "main",
        "agreement_id": "A-1",
        "enrollment_id": ["E-1", "E-2"],
        "program": ["ea", "select_plus"],
    }
    frame = CANONICAL["agreements"].conform(pl.LazyFrame(rows))
    frame.collect().write_parquet(folder / "accepted" / "agreements.parquet")
    found = {row[1]: row for row in body(entitlement_tables.agreements_table(open_run(folder)))}
    assert found["E-1"][2] == "EA"
    assert found["E-1"][-2:] == ["5", "1,090"]
    assert found["E-2"][2] == "select plus"
    assert found["E-2"][-2:] == ["0", "0"]


def test_a_transfer_that_the_agreement_decides_is_not_called_permitted(tmp_path):
    folder = usual(tmp_path / "run")
    row = {"entity_id": "main", "purchase_id": "P-1", "purchase_type": "transfer_out", "product": "P", "licenses": 5}
    frame = ANSWERS["license_transfers"].conform(pl.LazyFrame([row]))
    frame.collect().write_parquet(folder / "license_transfers.parquet")
    (shown,) = body(entitlement_tables.transfers_table(open_run(folder)))
    assert shown[:6] == ["P-1", "transfer out", "P", "5", UNKNOWN, UNKNOWN]
