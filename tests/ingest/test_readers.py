"""The whole way from a folder to canonical Parquet, with an account of every row."""

import hashlib
from datetime import date

import polars as pl
import pytest

from lmanalytics.errors import EstateError, ExportError, UsageError
from lmanalytics.ingest.readers import adapters, ingest, raw
from lmanalytics.schemas import ANSWERS, CANONICAL

HOSTS = "host_id,observed_on,host_name,processors,physical_cores\nh1,2026-06-01,esx1,2,32\nh2,2026-06-01,esx2,2,x\n"
OSES = "ose_id,observed_on,name,host_id,inventory_id\n1,2026-06-01,a,h1,v\n2,2026-06-01,=cmd(),h1,v\n"


def test_sources_account_for_every_row_of_every_file(exports):
    path = exports.text("hosts.csv", HOSTS)
    exports.text("notes.txt", "Call Anna\nabout the hosts\n")
    exports.text("picture.png", "x")
    exports.book("other.xlsx", {"Budget": [["Year", "Cost"], ["2026", "5"]], "Empty": []})
    sources = exports.read().sources
    assert sources.columns == [c for c in ANSWERS["sources"].schema.names() if c not in {"entity_id", "rule", "reason"}]
    counts = sources.select("file", "sheet", "format", "rows_read", "rows_mapped", "rows_ignored", "rows_quarantined")
    assert counts.rows() == [
        ("hosts.csv", None, "canonical", 2, 2, 0, 0),
        ("notes.txt", None, "unknown", 1, 0, 1, 0),
        ("other.xlsx", "Budget", "unknown", 1, 0, 1, 0),
        ("other.xlsx", "Empty", "unknown", 0, 0, 0, 0),
        ("picture.png", None, "unknown", 0, 0, 0, 0),
    ]
    assert sources["sha256"][0] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_findings_are_answers_with_stable_ids(exports):
    exports.text("hosts.csv", HOSTS.replace("host_name", "hostname"))
    first, second = exports.read().findings, exports.read().findings
    assert first.schema == ANSWERS["findings"].schema
    assert first.equals(second)
    assert first.select("severity", "area", "status", "rule", "reason").rows() == [
        ("info", "ingest", "open", "ingest", "column_not_used")
    ]


def test_the_same_bytes_are_read_once_and_said_so(exports):
    exports.text("hosts.csv", HOSTS)
    exports.text("copy of hosts.csv", HOSTS)
    assert exports.table("hosts").height == 2
    assert "hosts.csv has the same content as copy of hosts.csv" in exports.findings()["file_given_twice"]
    assert exports.result.sources.filter(format="duplicate")["file"].to_list() == ["hosts.csv"]


def test_tabs_that_only_support_others_may_be_alike(exports):
    source = [["Name", "API version", "Fullname"], ["vc1", "8.0", "VMware vCenter Server 8.0"]]
    for day in ("2026-05-01", "2026-06-01"):
        exports.csv(f"{day}/RVTools_tabvSource.csv", source)
        exports.csv(f"{day}/RVTools_tabvHost.csv", [["Host", "# Cores", "# CPU"], [f"esx-{day}", "32", "2"]])
    assert sorted(exports.read().sources["format"]) == ["duplicate", "rvtools", "rvtools", "rvtools"]
    assert "file_given_twice" not in exports.findings()


@pytest.mark.parametrize(("copies", "told"), [(20, 20), (21, 21), (60, 21)])
def test_many_findings_of_one_kind_are_summed_up(exports, copies, told):
    for number in range(copies + 1):
        exports.text(f"{number:03}.csv", HOSTS)
    findings = exports.read().findings
    assert findings["reason"].to_list() == ["file_given_twice"] * told
    summed = [f"And {copies - 20} more of this kind, {copies} in all; the last is about {copies:03}.csv."]
    assert findings.filter(pl.col("statement").str.starts_with("And"))["statement"].to_list() == summed[: copies > 20]


@pytest.mark.parametrize(
    ("as_of", "code"),
    [
        (date(2026, 7, 1), None),
        (date(2026, 7, 2), "export_is_old"),
        (date(2026, 6, 1), None),
        (date(2026, 5, 31), "export_after_position_date"),
    ],
)
def test_exports_older_than_thirty_days_or_after_the_position_date_are_told(exports, as_of, code):
    exports.text("hosts.csv", HOSTS)
    exports.read(as_of)
    assert list(exports.findings()) == ([code] if code else [])


def test_an_older_snapshot_is_no_fault_beside_a_newer_one_of_the_same_inventory(exports):
    exports.text("a.csv", OSES.replace("2026-06-01", "2026-01-01"))
    exports.text("b.csv", OSES)
    exports.read()
    assert exports.findings() == {}


@pytest.mark.parametrize("files", [{}, {"readme.md": "x"}, {"a.csv": "Year,Cost\n1,2\n"}])
def test_a_folder_with_nothing_readable_is_refused(exports, files):
    for name, text in files.items():
        exports.text(name, text)
    with pytest.raises(
        ExportError, match=r"exports has nothing that can be read: .*Known formats: canonical, .*rvtools"
    ):
        exports.read()


def test_an_encrypted_workbook_is_refused_by_name(exports):
    exports.text("hosts.csv", HOSTS)
    (exports.folder / "secret.xlsx").write_bytes(bytes.fromhex("D0CF11E0A1B11AE1") + bytes(512))
    with pytest.raises(ExportError, match=r"secret\.xlsx is encrypted: .* sensitivity label"):
        exports.read()


def test_a_wrong_estate_is_refused_before_anything_is_read(exports):
    exports.text("estate.yaml", "editon: x")
    with pytest.raises(EstateError):
        exports.read()


def test_the_same_folder_gives_the_same_bytes(exports, tmp_path):
    exports.text("hosts.csv", HOSTS)
    exports.text("oses.csv", OSES * 1 + "".join(f"{n},2026-06-01,vm{n},h1,v\n" for n in range(3, 5000)))
    for folder in ("one", "two"):
        ingest(exports.folder, tmp_path / folder, date(2026, 6, 30))
    for name in ("hosts", "oses"):
        one, two = ((tmp_path / folder / f"{name}.parquet").read_bytes() for folder in ("one", "two"))
        assert one == two


def test_rows_keep_the_order_and_the_numbers_of_the_file(exports):
    exports.text("oses.csv", "ose_id,observed_on,name\n" + "".join(f"{n},2026-06-01,vm{n}\n" for n in range(1000)))
    oses = exports.table("oses")
    assert oses["source_row"].to_list() == list(range(2, 1002))
    assert oses["row_id"].to_list() == [(row << 4) for row in range(2, 1002)]
    assert oses["ose_id"].to_list() == [str(n) for n in range(1000)]


def test_a_hostile_name_is_text(exports):
    exports.text("oses.csv", OSES)
    assert exports.table("oses")["name"].to_list() == ["a", "=cmd()"]


def test_headings_below_titles_give_the_row_numbers_of_the_file(exports):
    exports.text("hosts.csv", "Our hosts\n\n" + HOSTS)
    assert exports.table("hosts")["source_row"].to_list() == [4, 5]
    assert exports.result.sources["rows_read"].to_list() == [2]


def test_settings_of_the_estate_reach_the_cells(exports):
    exports.text("hosts.csv", "host_id,observed_on\nh1,1/2/2026\n")
    assert exports.table("hosts")["observed_on"].to_list() == [None]
    exports.text("estate.yaml", "dates: month_first")
    assert exports.table("hosts")["observed_on"].to_list() == [date(2026, 1, 2)]


def test_text_that_had_to_be_mended_is_told(exports):
    exports.text("hosts.csv", HOSTS.replace("esx1", "münchen"), encoding="cp1252")
    assert exports.table("hosts")["host_name"].to_list() == ["münchen", "esx2"]
    assert "Windows-1252" in exports.findings()["text_was_repaired"]


def test_rows_with_more_fields_than_headings_are_told(exports):
    exports.text("hosts.csv", HOSTS + "h3,2026-06-01,a,b,2,32\n")
    exports.read()
    assert "1 rows have more fields than there are headings" in exports.findings()["more_fields_than_headings"]


def test_raw_gives_a_sheet_as_it_was_read(exports):
    exports.text("hosts.csv", "Our hosts\n" + HOSTS.replace("host_name", ""))
    frame = raw(exports.folder, "hosts.csv", None).collect()
    assert frame.columns == ["source_row", "host_id", "observed_on", "column 3", "processors", "physical_cores"]
    assert frame.filter(source_row=4).row(0) == (4, "h2", "2026-06-01", "esx2", "2", "x")


def test_raw_gives_the_rows_that_are_asked_for(exports):
    exports.text("hosts.csv", HOSTS + '"h\n3",2026-06-01,"a ""b""",2,x\nh4,,,,\n')
    asked = raw(exports.folder, "hosts.csv", None, pl.Series([4, 3, 3, 99])).collect()
    assert asked.select("source_row", "host_id", "host_name").rows() == [(3, "h2", "esx2"), (4, "h\n3", 'a "b"')]


def test_raw_of_a_workbook_with_equal_headings(exports):
    exports.book("b.xlsx", {"hosts": [["host_id", "note", "note"], ["h1", "a", "b"]]})
    assert raw(exports.folder, "b.xlsx", "hosts").collect().columns == ["source_row", "host_id", "note", "note (2)"]


def test_raw_of_what_is_gone(exports):
    with pytest.raises(ExportError, match="has no sheet"):
        raw(exports.folder, "b.xlsx", "hosts")


def test_a_digest_that_is_known_is_taken(exports):
    exports.text("hosts.csv", HOSTS)
    taken = ingest(exports.folder, exports.into, date(2026, 6, 30), digests={"hosts.csv": "0" * 64})
    assert taken.sources["sha256"].to_list() == ["0" * 64]


def test_adding_a_module_adds_the_format():
    found = adapters()
    assert {"canonical", "rvtools"} <= set(found)
    for module in found.values():
        assert callable(module.read)
        names = [layout.name for layout in module.SHEETS]
        assert len(names) == len(set(names))


@pytest.mark.slow
def test_a_large_csv_streams(exports):
    rows = 300_000
    frame = pl.select(n=pl.int_range(rows)).select(
        ose_id=pl.format("o{}", "n"),
        observed_on=pl.lit("2026-06-01"),
        name=pl.format("vm{}", "n"),
        host_id=pl.format("h{}", pl.col("n") // 20),
        vcpus=pl.lit("4"),
        os_product=pl.lit("Windows Server"),
    )
    frame.write_csv(exports.folder / "oses.csv")
    exports.read()
    total = pl.scan_parquet(exports.result.tables["oses"]).select(
        pl.len(), pl.col("vcpus").sum(), pl.col("row_id").n_unique()
    )
    assert total.collect().row(0) == (rows, 4 * rows, rows)
    assert pl.scan_parquet(exports.result.tables["oses"]).collect_schema() == CANONICAL["oses"].schema


def test_a_file_of_no_known_format_beside_others_is_told(exports):
    exports.text("hosts.csv", HOSTS)
    exports.text("budget.csv", "Year,Cost\n2026,5\n")
    exports.book(
        "b.xlsx", {"hosts": [["host_id", "processors"], ["h9", "2"]], "Budget": [["Year", "Cost"], ["2026", "5"]]}
    )
    told = exports.read().findings.filter(reason="format_unknown")
    assert told["statement"].to_list() == ["budget.csv is of no known format: none of its 1 rows was read."]


def test_headings_repeated_inside_the_data_are_no_rows(exports):
    exports.text("hosts.csv", HOSTS + HOSTS.replace("h1", "h3").replace("h2", "h4"))
    assert exports.table("hosts")["host_id"].to_list() == ["h1", "h2", "h3", "h4"]
    assert exports.result.sources.select("rows_read", "rows_mapped", "rows_ignored").rows() == [(5, 4, 1)]


def test_a_tab_called_like_a_table_that_is_none_is_no_error(exports):
    exports.text("hosts.csv", HOSTS)
    exports.book("b.xlsx", {"prices": [["item", "currency", "a", "b"], ["x", "EUR", "1", "2"]]})
    assert list(exports.read().tables) == ["hosts"]


def test_raw_of_a_line_of_the_estate(exports):
    exports.text("estate.yaml", "datacenters: [{datacenter_id: Dublin}]")
    assert raw(exports.folder, "estate.yaml", "datacenters").collect().to_dicts() == [
        {"source_row": 1, "farm_from": "2000-01-01", "datacenter_id": "Dublin"}
    ]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="There is no folder"):
        ingest(tmp_path / "nowhere", tmp_path / "into", date(2026, 6, 30))
