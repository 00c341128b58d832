"""Purchase lists of every origin: quantities, kinds, packs and ids, with nothing counted twice or dropped."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.ingest import headings, purchase_list, sources
from tests.entitlements import read, write_book, write_list

SQL = "SQLSvrStdCore ALNG LicSAPk MVL 2Lic CoreLic"


def test_an_order_line_says_product_kind_and_pack(tmp_path):
    write_list(
        tmp_path,
        f"""
Agreement Number,Enrollment Number,Order Date,PO Number,Part Number,Item Name,Quantity,Coverage Start,Coverage End,Unit Price,Currency
6190047,7E204518,2025-01-20,PO-1,7NQ-00302,{SQL},10,2025-01-20,2027-08-31,"3,586.00",USD
""",
    )
    row = read(tmp_path).purchases.row(0, named=True)
    expected = {
        "purchase_id": "purchases:2",
        "basis": "transaction",
        "agreement_id": "6190047",
        "enrollment_id": "7E204518",
        "product": "SQL Server",
        "edition": "Standard",
        "version": None,
        "metric": "core",
        "purchase_type": "license_and_sa",
        "quantity": 10,
        "licenses_per_unit": 2,
        "order_date": date(2025, 1, 20),
        "coverage_start": date(2025, 1, 20),
        "coverage_end": date(2027, 8, 31),
        "unit_price": Decimal("3586.0000"),
        "currency": "USD",
        "part_number": "7NQ-00302",
        "document_ref": "PO-1",
        "issues": [],
    }
    assert {name: row[name] for name in expected} == expected


LINES = """
7NQ-00302 | SQLSvrStdCore ALNG LicSAPk MVL 2Lic CoreLic                |                    | 10  | SQL Server     | Standard   | core       | license_and_sa | 10  | 2  |
9EM-00653 | WinSvrSTDCore ALNG LicSAPk MVL 16Lic CoreLic               |                    | 4   | Windows Server | Standard   | core       | license_and_sa | 4   | 16 |
9EM-00265 | WinSvrSTDCore ALNG SAPk MVL 2Lic CoreLic                   | Software Assurance | 8   | Windows Server | Standard   | core       | sa             | 8   | 2  |
9EM-00562 | WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic                | L&SA               | -3  | Windows Server | Standard   | core       | license_and_sa | -3  | 2  |
9EA-00278 | WinSvrDCCore ALNG SASU MVL 2Lic WinSvrStdCore CoreLic      | Step-up            | 24  | Windows Server | Datacenter | core       | step_up        | 24  | 2  | Windows Server Standard
          | SQL Server Enterprise Core Step-up from Standard Core      | SU                 | 2   | SQL Server     | Enterprise | core       | step_up        | 2   | 1  | SQL Server Standard
          | EntCAL ALNG SASU MVL CoreCAL UsrCAL                        |                    | 50  | Enterprise CAL Suite |      | user_cal   | step_up        | 50  | 1  | Core CAL Suite
R18-00143 | WinSvrCAL ALNG LicSAPk MVL UsrCAL                          |                    | 200 | Windows Server |            | user_cal   | license_and_sa | 200 | 1  |
359-00792 | SQLCAL ALNG LicSAPk MVL                                    |                    | 2   | SQL Server     |            |            | license_and_sa | 2   | 1  |
          | Exchange Server Standard CAL                               | L                  | 2   | Exchange Server | Standard  |            | license        | 2   | 1  |
228-04437 | SQLSvrStd ALNG LicSAPk MVL                                 |                    | 2   | SQL Server     | Standard   | server     | license_and_sa | 2   | 1  |
          | OfficeProPlus 2019 SNGL OLP NL                             | Perpetual          | 30  | Office         | Professional Plus | device | license     | 30  | 1  |
          | SQL Server Enterprise - 2 Core License Pack - 3 year       | Subscription       | 4   | SQL Server     | Enterprise | core       | subscription   | 4   | 2  |
          | Windows Server 2022 Standard - 16 Core License Pack        |                    | 3   | Windows Server | Standard   | core       | license        | 3   | 16 |
"""


def lines():
    for text in LINES.strip().splitlines():
        number, item, kind, units, *expected = (cell.strip() or None for cell in text.split("|"))
        product, edition, metric, purchase_type, quantity, pack, base = expected
        yield (number, item, kind, units), (product, edition, metric, purchase_type, int(quantity), int(pack), base)


@pytest.mark.parametrize(("given", "expected"), list(lines()))
def test_lines_of_orders(tmp_path, given, expected):
    cells = ",".join(cell or "" for cell in given)
    write_list(tmp_path, f"Part Number,Item Name,Product Type,Quantity\n{cells}\n")
    columns = ("product", "edition", "metric", "purchase_type", "quantity", "licenses_per_unit", "step_up_from")
    done = read(tmp_path)
    assert done.rows(*columns) == [expected]
    assert done.issues() == []


GERMAN = """
Vertragsnummer;Beitrittsnummer;Bestelldatum;Artikelnummer;Bezeichnung;Lizenztyp;Menge;Laufzeitbeginn;Laufzeitende;Einzelpreis;Währung
6190047;5E881203;06.11.2023;9EA-00601;WinSvrDCCore ALNG LicSAPk MVL 16Lic CoreLic;L&SA;4;01.11.2023;31.10.2026;9.120,50;EUR
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_german_lists_in_every_encoding(tmp_path, encoding):
    write_list(tmp_path, GERMAN, encoding=encoding)
    done = read(tmp_path)
    columns = ("product", "quantity", "licenses_per_unit", "order_date", "coverage_end", "unit_price", "currency")
    assert done.rows(*columns) == [
        ("Windows Server", 4, 16, date(2023, 11, 6), date(2026, 10, 31), Decimal("9120.5000"), "EUR")
    ]


def test_french_headings(tmp_path):
    write_list(
        tmp_path,
        """
Numéro de contrat;Référence;Désignation;Type de licence;Quantité;Prix unitaire;Devise
6190047;9EM-00562;WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic;L&SA;12;204,90;EUR
""",
    )
    assert read(tmp_path).rows("agreement_id", "product", "quantity", "unit_price") == [
        ("6190047", "Windows Server", 12, Decimal("204.9000"))
    ]


SERVICENOW = (
    "Publisher part number,Publisher,Product,Version,Edition,Agreement type,License type,License metric,"
    "Rights per license pack,Number of packs,Purchased rights,Start date,End date,Unit cost,PO number\n"
)


def test_the_template_of_servicenow_is_not_multiplied_twice(tmp_path):
    row = (
        "7NQ-00302,Microsoft,SQL Server,2022,Standard,EA,Perpetual + Software Assurance,Per Core,2,10,20,,,EUR;200,P1\n"
    )
    write_list(tmp_path, SERVICENOW + row)
    done = read(tmp_path)
    columns = ("product", "edition", "version", "metric", "program", "purchase_type", "quantity", "licenses_per_unit")
    assert done.rows(*columns) == [("SQL Server", "Standard", "2022", "core", "ea", "license_and_sa", 10, 2)]
    assert done.rows("unit_price", "currency") == [(Decimal("200.0000"), "EUR")]
    assert done.issues() == []


def test_rights_that_are_not_packs_times_rights_are_told(tmp_path):
    row = "7NQ-00302,Microsoft,SQL Server,2022,Standard,EA,Perpetual,Per Core,2,10,40,,,,\n"
    write_list(tmp_path, SERVICENOW + row)
    done = read(tmp_path)
    assert done.rows("quantity", "licenses_per_unit") == [(10, 2)]
    assert done.issues() == ["licenses: the list says 40, but 10 units of 2 licenses are not that many"]
    assert "rights_mismatches" in done.findings


@pytest.mark.parametrize(
    ("headings", "cells", "expected"),
    [
        ("Quantity", "10", (10, 2)),  # units, and the item name says the pack
        ("Purchased rights", "20", (20, 1)),  # licenses: the pack is in them already
        ("Quantity,License Quantity", "10,20", (10, 2)),
        ("Quantity,License Quantity", "20,20", (20, 1)),  # the ratio of the list wins over the item name
        ("Quantity,License Quantity", "10,0", (10, 2)),  # Software Assurance adds no license
        ("Quantity,Quantity Per Unit", "10,16", (10, 16)),
        ("Quantity", "1.000", (1000, 2)),
    ],
)
def test_units_packs_and_totals(tmp_path, headings, cells, expected):
    write_list(tmp_path, f"Item Name,{headings}\n{SQL},{cells}\n")
    assert read(tmp_path).rows("quantity", "licenses_per_unit") == [expected]


def test_core_licenses_without_a_pack_size_are_told(tmp_path):
    write_list(tmp_path, "Part Number,License Type,Quantity\n7NQ-00302,L&SA,10\n")
    done = read(tmp_path)
    assert done.rows("product", "edition", "metric", "quantity", "licenses_per_unit") == [
        ("SQL Server", "Standard", "core", 10, 1)
    ]
    assert "unknown_pack_sizes" in done.findings


def test_a_part_number_alone_says_the_family_but_not_the_kind(tmp_path):
    write_list(tmp_path, "Part Number,Quantity\n7NQ-00302,10\n")
    done = read(tmp_path)
    assert done.rows("product", "purchase_type") == [("SQL Server", None)]
    assert "unknown_purchase_types" in done.findings


def test_unknown_products_are_kept_as_they_are_written(tmp_path):
    write_list(
        tmp_path, "Product,License Type,Quantity\n=SUM(A1:A9),L,1\n<script>alert(1)</script>,L,2\nFrobnicator 9,L,3\n"
    )
    done = read(tmp_path)
    assert done.rows("product", "quantity") == [
        ("=SUM(A1:A9)", 1),
        ("<script>alert(1)</script>", 2),
        ("Frobnicator 9", 3),
    ]
    assert done.findings["unknown_products"].startswith("purchases.csv: 3 rows name a product that is not known")


def test_rows_of_other_publishers_are_left_out_and_counted(tmp_path):
    write_list(
        tmp_path,
        "Publisher,Product,License Type,Quantity\nMicrosoft Corporation,Visio Standard,L,1\nOracle,Database,L,2\n",
    )
    done = read(tmp_path)
    assert done.rows("product") == [("Visio",)]
    assert done.sources.select("rows_read", "rows_mapped", "rows_ignored").rows() == [(2, 1, 1)]
    assert "Oracle" in done.findings["other_publishers"]


def test_acquired_rights_with_an_instruction_row_and_maintenance(tmp_path):
    rows = {
        1: ["sku", "product_name", "product_version", "product_editor", "licence_type", "metric", "acquired_licenses"],
        2: ["MANDATORY\n\nFormat: text", "MANDATORY", "MANDATORY", "MANDATORY", "WISHED", "MANDATORY", "MANDATORY"],
        3: ["sql_std", "SQL Server Standard Core", "2019", "Microsoft", None, "core", 120],
    }
    rows[1] += ["unit_price", "maintenance_licences", "maintenance_start", "maintenance_end"]
    rows[2] += ["MANDATORY", "WISHED", "WISHED", "DELETE THIS LINE BEFORE INJECTION"]
    rows[3] += [15, 50, date(2024, 1, 1), date(2027, 1, 1)]
    write_book(tmp_path / "optisam.xlsx", "acquiredRights", rows)
    done = read(tmp_path)
    assert done.rows("purchase_id", "purchase_type", "quantity", "licenses_per_unit", "coverage_end") == [
        ("optisam:3", "license_and_sa", 50, 1, date(2027, 1, 1)),
        ("optisam:3:1", "license", 70, 1, None),
    ]
    assert done.sources["rows_ignored"].to_list() == [1]
    assert "no_purchases" in done.findings


def test_a_feed_with_semicolons_and_decimal_commas(tmp_path):
    write_list(
        tmp_path,
        """
SKU;Product_name;Editor;Metric;Acquired_licenses;maintenance_licenses;unit_price;product_version
a;SQL Server Standard Core;Microsoft;core;2042;0;1429,4;2019
b;Visio Standard;Microsoft;device;12;;10,5;2021
""",
    )
    done = read(tmp_path)
    assert done.rows("quantity", "unit_price", "purchase_type") == [
        (2042, Decimal("1429.4000"), "license"),
        (12, Decimal("10.5000"), None),
    ]


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        ("yes,no,", "subscription"),
        ("no,yes,", "upgrade"),
        ("no,no,", "license"),
        ("no,no,2027-01-01", "license_and_sa"),
        (",,", None),
    ],
)
def test_flags_of_snow(tmp_path, flags, kind):
    head = "Application Name,Quantity,Is Subscription,Is Upgrade,Maintenance and Support Valid To"
    write_list(tmp_path, f"{head}\nVisio Standard,3,{flags}\n")
    assert read(tmp_path).rows("purchase_type") == [(kind,)]


def test_orders_of_the_admin_center_say_step_up_in_a_column(tmp_path):
    head = "Reseller order number,Customer order number,Ordered on,Part number,Product description,Quantity,Step-up"
    row = "R1,C1,2025-05-01,9EA-00278,WinSvrDCCore ALNG SASU MVL 2Lic WinSvrStdCore CoreLic,4,Yes"
    write_list(tmp_path, f"{head}\n{row}\n")
    assert read(tmp_path).rows("purchase_type", "step_up_from", "document_ref") == [
        ("step_up", "Windows Server Standard", "C1")
    ]


def test_a_step_up_without_a_base_is_told(tmp_path):
    write_list(tmp_path, "Item Name,Quantity\nWinSvrDCCore ALNG SASU MVL 2Lic CoreLic,4\n")
    done = read(tmp_path)
    assert done.rows("purchase_type", "step_up_from") == [("step_up", None)]
    assert "not computable" in done.findings["unknown_step_up_bases"]
    assert done.issues() == []


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("5.00E+123456", True),
        ("5E+15", True),
        ("5E123456", False),
        ("0012345", False),
        ("12345.0", True),
        ("6190047", False),
    ],
)
def test_agreement_numbers_that_a_spreadsheet_changed_are_told(tmp_path, cell, told):
    write_list(tmp_path, f"Enrollment Number,Item Name,Quantity\n{cell},{SQL},1\n012345,{SQL},1\n")
    done = read(tmp_path)
    assert bool(done.issues()) is told
    assert ("mangled_ids" in done.findings) is told


def test_the_column_wins_over_the_item_name_and_the_difference_is_told(tmp_path):
    write_list(tmp_path, f"Item Name,License Type,Quantity\n{SQL},SA,1\n")
    done = read(tmp_path)
    assert done.rows("purchase_type") == [("sa",)]
    assert "the license type says sa, the item name license_and_sa" in done.issues()[0]


@pytest.mark.parametrize(
    ("cell", "program"),
    [
        ("Enterprise Agreement", "ea"),
        ("Select Plus", "select_plus"),
        ("MPSA", "mpsa"),
        ("Open Value Subscription", "open_value_subscription"),
        ("SPLA", "spla"),
        ("OEM", "oem"),
        ("Open License", "open_license"),
    ],
)
def test_programs(tmp_path, cell, program):
    write_list(tmp_path, f"License Program,Item Name,Quantity\n{cell},{SQL},1\n")
    assert read(tmp_path).rows("program") == [(program,)]


def test_what_is_not_understood_is_an_issue_and_not_a_guess(tmp_path):
    write_list(tmp_path, f"Item Name,Program,Quantity,Order Date\n{SQL},Barter,ten,yesterday\n")
    done = read(tmp_path)
    assert done.rows("program", "quantity", "order_date") == [(None, None, None)]
    told = " ".join(done.issues())
    assert all(text in told for text in ("program: 'Barter'", "quantity: 'ten'", "order_date: 'yesterday'"))


def test_given_ids_are_kept_and_others_are_unique_across_files(tmp_path):
    write_list(tmp_path, f"Purchase ID,Item Name,Quantity\nP-1,{SQL},1\n")
    for folder in ("uk", "de"):
        (tmp_path / folder).mkdir()
        write_list(
            tmp_path / folder, f"Item Name,Quantity\n{SQL},1\n{SQL},{len(folder)}{ord(folder[0])}\n", name="orders.csv"
        )
    ids = read(tmp_path).purchases["purchase_id"]
    assert ids.is_unique().all()
    assert "P-1" in ids.to_list()


def test_a_row_of_totals_is_no_purchase(tmp_path):
    write_list(tmp_path, f"Item Name,Quantity\n{SQL},10\n{SQL},20\nTotal,30\n")
    assert read(tmp_path).purchases["quantity"].sum() == 30


def test_title_rows_above_the_headings(tmp_path):
    rows = {1: ["Orders of Contoso"], 2: ["as of", "2026-06-30"], 4: ["Item", "Qty"], 5: [SQL, 7]}
    write_book(tmp_path / "orders.xlsx", "Sheet1", rows)
    assert read(tmp_path).rows("purchase_id", "product", "quantity", "licenses_per_unit") == [
        ("orders:5", "SQL Server", 7, 2)
    ]


def test_a_canonical_table_is_not_taken_for_a_list(tmp_path):
    head = "purchase_id,product,edition,metric,purchase_type,quantity,licenses_per_unit"
    write_list(tmp_path, f"{head}\nP1,SQL Server,Standard,core,license,10,2\n", name="my purchases.csv")
    done = read(tmp_path)
    assert done.sources["format"].to_list() == ["canonical"]
    assert done.rows("purchase_id", "quantity") == [("P1", 10)]


def test_issues_are_lists_even_where_there_is_none(tmp_path):
    write_list(tmp_path, f"Item Name,Quantity\n{SQL},10\n")
    assert read(tmp_path).purchases.select(pl.col("issues").list.len()).item() == 0


FLEXERA = (
    "Purchase Order No,Purchase Order Date,Vendor,Part No / SKU,Publisher,Description,Purchase Type,Purchase Quantity,"
    "Quantity Per Unit,Effective Date,Expiry Date,Unit Price,Contract"
)
SNOW = (
    "License ID,Application Name,SKU,Legal Organisation,Purchase Date,Metric,Is Upgrade,Quantity,Is Subscription,"
    "Maintenance and Support Valid From,Maintenance and Support Valid To,Purchase Currency"
)
SCCM = (
    "Name,Publisher,Version,Language,EffectiveQuantity,PONumber,ResellerName,DateOfPurchase,SupportPurchased,"
    "SupportExpirationDate,Comments"
)


@pytest.mark.parametrize(
    ("head", "row", "expected"),
    [
        (
            FLEXERA,
            f"PO7,2025-05-01,Dealer,7NQ-00302,Microsoft,{SQL},Software,6,2,2025-05-01,2028-04-30,100.00,C1",
            ("license_and_sa", 6, 2, date(2028, 4, 30), "PO7"),
        ),
        (
            FLEXERA,
            "PO7,2025-05-01,Dealer,,Microsoft,SQL Server Standard Core,Software maintenance,6,2,2025-05-01,2028-04-30,,C1",
            ("sa", 6, 2, date(2028, 4, 30), "PO7"),
        ),
        (
            SNOW,
            '77,SQL Server Standard Core,7NQ-00302,"ROOT,IT,SUPPORT",2025-05-01,Number of processor cores,No,8,No,2025-05-01,2027-04-30,EUR',
            ("license_and_sa", 8, 1, date(2027, 4, 30), None),
        ),
        (
            SCCM,
            "SQL Server Standard Core,Microsoft,2019,English,8,PO9,Dealer,05/13/2020,0,05/12/2023,",
            ("license_and_sa", 8, 1, date(2023, 5, 12), "PO9"),
        ),
        (
            SCCM,
            "SQL Server Standard Core,Microsoft,2019,English,8,PO9,Dealer,05/13/2020,1,,",
            ("license", 8, 1, None, "PO9"),
        ),
    ],
    ids=["flexera", "flexera maintenance", "snow", "configmgr, support bought is 0", "configmgr, no support"],
)
def test_templates_of_other_tools(tmp_path, head, row, expected):
    write_list(tmp_path, f"{head}\n{row}\n")
    done = read(tmp_path)
    columns = ("purchase_type", "quantity", "licenses_per_unit", "coverage_end", "document_ref")
    assert done.rows("product", "edition", "metric") == [("SQL Server", "Standard", "core")]
    assert done.rows(*columns) == [expected]


def test_service_providers_licenses_are_kept_with_their_program(tmp_path):
    write_list(tmp_path, f"Item Name,Program,Quantity\n{SQL},SPLA,10\nOfficeStd ALNG LicSAPk MVL SAL,,5\n")
    assert read(tmp_path).rows("program", "quantity") == [("spla", 10), ("spla", 5)]


def test_returns_in_every_notation(tmp_path):
    write_list(tmp_path, f'Item Name,Quantity\n{SQL},-5\n{SQL},(5)\n{SQL},5-\n{SQL},"-1,005"\n')
    assert [quantity for (quantity,) in read(tmp_path).rows("quantity")] == [-5, -5, -5, -1005]


def test_extended_security_updates_have_their_year(tmp_path):
    write_list(
        tmp_path, "Item Name,Metric,Quantity\nSQL Server 2016 Enterprise Extended Security Updates Year 2 2Lic,core,8\n"
    )
    columns = ("product", "edition", "version", "purchase_type", "esu_year", "licenses_per_unit")
    assert read(tmp_path).rows(*columns) == [("SQL Server", "Enterprise", "2016", "esu", 2, 2)]


@pytest.mark.parametrize(
    ("cell", "pool"), [("Server", "servers"), ("Anwendungen", "applications"), ("Systems", "systems")]
)
def test_pools_in_other_languages(tmp_path, cell, pool):
    write_list(tmp_path, f"Product Pool,Item Name,Quantity\n{cell},{SQL},1\n")
    assert read(tmp_path).rows("pool") == [(pool,)]


SAMPLES = Path(os.environ.get("LMANALYTICS_SHARED", "../shared")) / "samples" / "generic-entitlement"


@pytest.mark.parametrize(
    ("file", "rows", "names"),
    [
        ("optisam-AUT_e2e_products_acquiredRights.csv", 21, {"part_number", "product", "licenses", "sa_quantity"}),
        ("optisam-OLN_e2e_products_acquiredRights.csv", 5, {"part_number", "product", "licenses", "sa_quantity"}),
        ("optisam-genericTempWithData.xlsx", 22, {"unit_type", "metric", "coverage_end", "publisher"}),
        ("optisam-genericTempWithDataLive.xlsx", 21, {"unit_type", "metric", "coverage_end", "publisher"}),
    ],
)
def test_headings_of_real_lists_are_recognized(file, rows, names):
    if not SAMPLES.is_dir():
        pytest.skip("the samples are not here; LMANALYTICS_SHARED says where they are")
    for raw in sources.sheets(SAMPLES / file, file):
        layouts = [(purchase_list.FORMAT, layout) for layout in purchase_list.SHEETS]
        match = headings.recognize(raw.head, layouts, [raw.sheet or ""], raw.where)
        if match is not None:
            assert names <= match.columns.keys()
            assert raw.filled_rows - 1 == rows
            return
    pytest.fail(f"{file} has no list of purchases")
