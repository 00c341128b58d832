"""Any encoding, any delimiter, headings and numbers as they stand; what cannot be opened says why."""

import zipfile
from datetime import date

import polars as pl
import pytest
import xlsxwriter

from lmanalytics.errors import ExportError
from lmanalytics.ingest import sources


def only(path):
    (sheet,) = sources.sheets(path, path.name)
    return sheet


def write(tmp_path, content, name="t.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def rows(sheet):
    return sheet.frame.collect().rows()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path, encoding):
    sheet = only(write(tmp_path, "Name;Größe\r\nMünchen;5\r\n", encoding=encoding))
    assert sheet.head[0] == ("Name", "Größe")
    assert rows(sheet)[1] == (2, "München", "5")
    assert bool(sheet.repaired) == (encoding == "cp1252")


def test_utf_16_without_a_mark(tmp_path):
    sheet = only(write(tmp_path, "Name,Cores\r\nä,5\r\n".encode("utf-16-le")))
    assert rows(sheet)[1] == (2, "ä", "5")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_found_outside_quotes(tmp_path, delimiter):
    text = "\n".join(delimiter.join(row) for row in (["a", "b"], ['"x, y; z | w"', "1"], ["q", "2"]))
    sheet = only(write(tmp_path, text))
    assert rows(sheet) == [(1, "a", "b"), (2, "x, y; z | w", "1"), (3, "q", "2")]


@pytest.mark.parametrize("first", ["sep=;\r\n", "#TYPE Selected.System.Management\r\n"])
def test_a_first_line_that_is_no_heading_is_skipped_and_counted(tmp_path, first):
    sheet = only(write(tmp_path, first + "a;b\r\n1;2\r\n"))
    assert (sheet.head[0], sheet.first_row) == (("a", "b"), 2)
    assert rows(sheet)[-1] == (3, "1", "2")


def test_embedded_line_breaks_blank_lines_and_quotes(tmp_path):
    sheet = only(write(tmp_path, 'a,b\r\n"two\r\nlines","say ""hi"""\r\n\r\nlast,1\r\n'))
    assert rows(sheet) == [(1, "a", "b"), (2, "two\r\nlines", 'say "hi"'), (4, "last", "1")]
    assert sheet.filled_rows == 3


def test_a_quote_inside_a_field_is_repaired(tmp_path):
    sheet = only(write(tmp_path, 'a;b;c\n1;24" screen;x\n2;"ab"c;y\n'))
    assert rows(sheet)[1:] == [(2, "1", '24" screen', "x"), (3, "2", "abc", "y")]
    assert "quotes" in sheet.repaired


def test_title_rows_and_ragged_rows(tmp_path):
    sheet = only(write(tmp_path, "Report of 2026\n\na,b,c\n1,2\n1,2,3\n1,2,3,4\n"))
    assert [row[:4] for row in rows(sheet)[1:]] == [
        (3, "a", "b", "c"),
        (4, "1", "2", None),
        *[(n, "1", "2", "3") for n in (5, 6)],
    ]


def test_rows_wider_than_all_rows_of_the_head_are_counted(tmp_path):
    assert only(write(tmp_path, "a,b\n" + "1,2\n" * 50 + "1,2,3\n1,2,\n")).wide_rows == 1


def test_line_ends_of_an_old_machine(tmp_path):
    assert rows(only(write(tmp_path, "a,b\r1,2\r3,4\r")))[1:] == [(2, "1", "2"), (3, "3", "4")]


def test_a_workbook_gives_text_and_the_row_numbers_a_person_sees(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, day = book.add_worksheet("A"), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_string(3, 2, "host")
        sheet.write_string(3, 3, "day")
        sheet.write_string(4, 2, "007")
        sheet.write_datetime(4, 3, date(2026, 12, 25), day)
        sheet.write_number(6, 2, 16)
        sheet.write_blank(400, 9, None, day)
        book.add_worksheet("Empty")
        hidden = book.add_worksheet("Hidden")
        hidden.write_string(0, 0, "x")
        hidden.hide()
    found = {sheet.sheet: sheet for sheet in sources.sheets(path, "b.xlsx")}
    assert list(found) == ["A", "Empty", "Hidden"]
    assert [row[:3] for row in rows(found["A"])] == [
        (4, "host", "day"),
        (5, "007", "2026-12-25 00:00:00"),
        (7, "16", None),
    ]
    assert found["Empty"].filled_rows == 0


def test_a_sheet_that_declares_every_row_of_excel_is_read_at_once(tmp_path):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        sheet = book.add_worksheet("vInfo")
        sheet.write_row(0, 0, ["VM", "CPUs"])
        sheet.write_row(1, 0, ["a", "2"])
        sheet.write_blank(1_048_575, 0, None, book.add_format({"bold": True}))
    found = only(path)
    assert found.filled_rows == 2
    assert rows(found)[-1] == (2, "a", "2")


def test_parquet_of_any_type(tmp_path):
    path = tmp_path / "t.parquet"
    frame = pl.DataFrame({"n": [1], "day": [date(2026, 1, 2)], "list": [["a", "b"]], "yes": [True], "none": [None]})
    frame.write_parquet(path)
    sheet = only(path)
    assert sheet.head == (("n", "day", "list", "yes", "none"),)
    assert rows(sheet) == [(1, "1", "2026-01-02", "a;b", "true", None)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"a\.csv is empty \(0 bytes\)"),
        ("a.xlsx", bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 600, r"password or a sensitivity label.*or export the sheets as CSV"),
        ("a.xls", bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 600, r"old \.xls format"),
        ("a.xlsx", b"PK\x03\x04not a workbook", r"a\.xlsx cannot be opened as a workbook"),
        ("a.xlsx", b"<html><table></table></html>", r"named like a workbook but is none"),
        ("a.csv", b"a,b\x00\x01\x02\x03\x04,\xff\n", r"a\.csv is not text"),
        ("a.parquet", b"PAR1 but broken", r"cannot be read as Parquet"),
        ("a.csv", b'a,b\n1,"never ends' + b"x" * 140_000, r"a\.csv, line \d+: a quoted field does not end"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_says_why_and_what_to_do(tmp_path, name, content, message):
    with pytest.raises(ExportError, match=message):
        list(sources.sheets(write(tmp_path, content, name), name))


def test_a_zip_that_is_no_workbook(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ExportError, match="cannot be opened as a workbook"):
        list(sources.sheets(path, "a.xlsx"))


def test_files_are_found_in_order_without_what_is_none_of_our_business(tmp_path):
    for name in ("b.csv", "a/z.csv", ".hidden", "~$b.xlsx", "estate.yaml", "a/.git/x.csv", "C.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x", encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in sources.files(tmp_path)] == ["C.csv", "a/z.csv", "b.csv"]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("RVTools_export_all_2024-05-01_10.15.00.xlsx", date(2024, 5, 1)),
        ("hosts_20240501.csv", date(2024, 5, 1)),
        ("2024-05-01/RVTools_tabvInfo.csv", date(2024, 5, 1)),
        ("2024-05-01/hosts_2024-06-02.csv", date(2024, 6, 2)),
        ("hosts_2024-13-45.csv", None),
        ("order 5123456789.csv", None),
        ("hosts.csv", None),
    ],
)
def test_days_in_names(name, day):
    assert sources.day_in_name(name) == day


def test_a_large_sheet_is_parked_on_disk_and_reads_the_same(tmp_path, monkeypatch):
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("A").write_column(0, 0, ["host", "a", "b"])
    monkeypatch.setattr(sources, "_CELLS_IN_MEMORY", 1)
    assert rows(only(path)) == [(1, "host"), (2, "a"), (3, "b")]
