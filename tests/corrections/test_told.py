"""What became of each correction is told: in the answer, in findings, in a line."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.corrections import told
from lmanalytics.evidence.accounts import accounts
from lmanalytics.quality.gate import gate
from lmanalytics.schemas import ANSWERS

from .conftest import APPROVED, entry

OSES = "ose_id,observed_on,name,vcpus\nvm-1,2026-06-01,one,4\nvm-2,2026-06-01,<b>two</b>,2\nvm-3,2026-06-01,three,2x\n"
SET = "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: 8"


@pytest.fixture
def estate(exports):
    exports.write("oses.csv", OSES)
    return exports


def test_without_the_file_nothing_is_told_and_no_table_is_written_anew(estate):
    read = estate.read()
    assert read.corrections.is_empty()
    assert read.corrections.schema == ANSWERS["corrections"].schema
    assert read.tables["oses"].parent.name == "tables"
    assert not (estate.into / "corrected").exists()
    assert told.lines(read.corrections) == []


def test_every_outcome_has_its_finding_for_the_approver(estate):
    gone = APPROVED + "  until: 2026-06-29\n"
    estate.write(
        "corrections.yaml",
        entry("A", SET)
        + entry("B", "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 16\nnow: 2")
        + entry("C", "where: {ose_id: vm-9}\ncolumn: vcpus\nwas: 4\nnow: 8")
        + entry("D", SET, gone)
        + entry("E", SET)
        + entry("F", "where: {purchase_id: P}\ncolumn: quantity\nwas: 1\nnow: 2").replace("oses", "purchases")
        + entry("G", "where: {ose_id: vm-2}\nexclude: true")
        + entry("H", 'where: {name: "<b>two</b>"}\ncolumn: name\nwas: "<b>two</b>"\nnow: =cmd()'),
    )
    read = estate.read()
    answer = read.corrections
    assert dict(answer.select("correction_id", "outcome").rows()) == {
        "A": "applied", "B": "no_longer_applies", "C": "matched_nothing", "D": "expired", "E": "superseded",
        "F": "matched_nothing", "G": "applied", "H": "matched_nothing",
    }  # fmt: skip
    assert dict(answer.select("correction_id", "reason").rows())["F"] == "table_not_given"
    found = read.findings.filter(pl.col("area") == "corrections")
    assert dict(found.select("subject_id", "severity").rows()) == {
        "B": "error", "C": "warning", "D": "warning", "E": "warning", "F": "warning", "H": "warning",
    }  # fmt: skip
    assert set(found["owner"]) == {"J. Roe"}
    statement = dict(found.select("subject_id", "statement").rows())
    assert statement["B"] == (
        "Correction B (oses vcpus, ose_id vm-1: '16' to become '2') was not applied: something else stands there now"
        " than the correction expects."
    )
    assert "<b>two</b>" in statement["H"]
    (line,) = told.lines(answer)
    assert line.removeprefix("corrections.yaml: ") == (
        "2 applied, 1 expired, 3 matched nothing, 1 no longer applies, 1 superseded; 2 rows changed or left out"
    )


@pytest.mark.parametrize(("as_of", "outcome"), [(29, "applied"), (30, "expired")])
def test_the_last_day_of_a_correction_is_included(estate, as_of, outcome):
    estate.write("corrections.yaml", entry("A", SET, APPROVED + "  until: 2026-06-29\n"))
    assert estate.read(date(2026, 6, as_of)).corrections["outcome"].to_list() == [outcome]


def test_a_reason_has_a_sentence_an_outcome_and_what_to_do(estate):
    estate.write("corrections.yaml", entry("A", SET))
    assert estate.read().corrections["reason"].to_list() == ["applied"]
    not_applied = {reason for reason, outcome in told.OUTCOME.items() if outcome != "applied"}
    assert not_applied == told._ACTION.keys()  # noqa: SLF001 (the actions are the module's own)
    assert set(told.OUTCOME.values()) == set(ANSWERS["corrections"].columns["outcome"].values)


def test_what_the_export_said_stays_to_be_seen(estate):
    estate.write("corrections.yaml", entry("A", "where: {ose_id: vm-3}\ncolumn: vcpus\nwas: 2x\nnow: 2"))
    read = estate.read()
    assert pl.read_parquet(read.tables["oses"])["vcpus"].to_list() == [4, 2, 2]
    before = pl.read_parquet(estate.into / "corrected" / "oses.parquet")
    assert before.select("ose_id", "vcpus", "source_row").rows() == [("vm-3", None, 4)]
    assert '"vcpus":"2x"' in before["raw"][0]
    assert (estate.folder / "oses.csv").read_text(encoding="utf-8") == OSES


def test_a_row_that_is_left_out_has_an_outcome_of_its_own(estate):
    estate.write("corrections.yaml", entry("A", "where: {ose_id: vm-1}\nexclude: true"))
    read = estate.read()
    folders = [estate.into / name for name in ("accepted", "quarantine", "quality")]
    gated = gate(read.tables, *folders)
    tables = {name: pl.scan_parquet(path) for name, path in gated.accepted.items()}
    answer = accounts(tables, {}, {}, gated.counts, folders[1], estate.into / "corrected").collect()
    assert dict(answer.select("outcome", "rows").rows()) == {"used": 1, "quarantined": 1, "excluded_by_correction": 1}
    assert answer["rows"].sum() == OSES.count("\n") - 1


def test_the_sheets_of_one_table_are_corrected_in_their_order(estate):
    estate.write("b.csv", OSES.replace("vm-", "b-").replace("2x", "2"))
    estate.write("corrections.yaml", entry("A", "where: {vcpus: 2}\ncolumn: vcpus\nwas: 2\nnow: 3"))
    read = estate.read()
    rows = pl.read_parquet(read.tables["oses"])
    assert rows["row_id"].is_sorted()
    assert dict(rows.select("ose_id", "vcpus").rows()) == {
        "vm-1": 4, "vm-2": 3, "vm-3": None, "b-1": 4, "b-2": 3, "b-3": 3,
    }  # fmt: skip
