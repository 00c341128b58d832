"""License statements: totals only, Software Assurance split by when it ends, nothing guessed."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lmanalytics.errors import PolicyError
from lmanalytics.ingest import statement_quantities
from tests.entitlements import STATEMENT, read, write_book, write_list, write_statement

DAY = date(2026, 5, 31)
SPLIT = ("purchase_type", "quantity", "coverage_end", "coverage_end_latest")


def line(family, effective, sa, buckets=(0, 0, 0), *, version="2022", country="All Countries", pool="Servers"):
    return [pool, family, version, effective, 0, 0, sa, country, *buckets]


def test_the_rows_of_single_countries_repeat_the_total_and_are_not_added(tmp_path):
    rows = [
        line("SQL Server Standard Core", 100, 40, (40, 0, 0)),
        line("SQL Server Standard Core", 70, 40, (40, 0, 0), country="Germany"),
        line("SQL Server Standard Core", 30, 0, country="France"),
    ]
    write_statement(tmp_path, rows)
    done = read(tmp_path)
    assert done.purchases["quantity"].sum() == 100
    account = done.sources.row(0, named=True)
    assert (account["rows_read"], account["rows_mapped"], account["rows_ignored"]) == (3, 1, 2)


def test_effective_and_active_become_covered_and_uncovered_licenses(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 100, 40, (10, 25, 5))])
    assert read(tmp_path).rows(*SPLIT) == [
        ("license_and_sa", 10, DAY, date(2027, 5, 31)),
        ("license_and_sa", 25, date(2027, 5, 31), date(2028, 5, 31)),
        ("license_and_sa", 5, date(2028, 6, 1), None),
        ("license", 60, None, None),
    ]


def test_a_row_says_what_microsoft_says_and_no_agreement(tmp_path):
    write_statement(tmp_path, [line("SQL Server Enterprise Core", 8, 8, (8, 0, 0), version="2019")])
    row = read(tmp_path).purchases.row(0, named=True)
    expected = {
        "basis": "statement_summary",
        "product": "SQL Server",
        "edition": "Enterprise",
        "version": "2019",
        "metric": "core",
        "pool": "servers",
        "licenses_per_unit": 1,
        "statement_date": DAY,
        "agreement_id": None,
        "usage_country": None,
        "issues": [],
    }
    assert {name: row[name] for name in expected} == expected


def test_upgrades_are_in_the_effective_quantity_already(tmp_path):
    row = line("Office Professional Plus", 100, 0, pool="Applications")
    row[4:6] = [30, 20]
    write_statement(tmp_path, [row])
    assert read(tmp_path).rows("purchase_type", "quantity") == [("license", 100)]


@pytest.mark.parametrize(
    ("effective", "sa", "buckets", "parts"),
    [
        (0, 0, (0, 0, 0), []),
        (100, 0, (0, 0, 0), [("license", 100)]),
        (40, 40, (40, 0, 0), [("license_and_sa", 40)]),
        (40, 40, (0, 0, 40), [("license_and_sa", 40)]),
        (
            40,
            30,
            (10, 10, 0),
            [("license_and_sa", 10), ("license_and_sa", 10), ("license_and_sa", 10), ("license", 10)],
        ),
        (40, 30, (None, None, None), [("license_and_sa", 30), ("license", 10)]),
        (10, 30, (10, 10, 10), [("license_and_sa", 10)]),
        (-5, 0, (0, 0, 0), [("license", -5)]),
    ],
)
def test_boundaries_of_the_split(tmp_path, effective, sa, buckets, parts):
    other = line("Visio Standard", 1, 0, pool="Applications")
    write_statement(tmp_path, [line("Windows Server Standard Core", effective, sa, buckets), other])
    rows = read(tmp_path).purchases.filter(pl.col("product") == "Windows Server").sort("row_id")
    assert rows.select("purchase_type", "quantity").rows() == parts


def reference(effective, active, buckets):
    """Plain: how many licenses are covered until which period, and how many are not."""
    room = max(0, min(active, effective))
    taken = []
    for bucket in buckets:
        taken.append(min(bucket, room - sum(taken)))
    return [*taken, room - sum(taken), effective - room]


@given(
    effective=st.integers(-50, 500),
    active=st.integers(0, 500),
    buckets=st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_effective_license_is_in_one_part(effective, active, buckets):
    measures = dict(zip(statement_quantities.MEASURES, map(str, (effective, active, *buckets)), strict=True))
    rows = statement_quantities.with_quantities(pl.LazyFrame([measures]))
    parts = statement_quantities.split(rows, DAY).collect()
    found = dict(parts.select("part", "quantity").rows())
    assert [found.get(part, 0) for part in range(5)] == reference(effective, active, buckets)
    assert parts["quantity"].sum() == effective


def test_more_software_assurance_than_licenses_is_told_and_not_cut_in_silence(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 30, (30, 0, 0))])
    done = read(tmp_path)
    assert done.rows("purchase_type", "quantity") == [("license_and_sa", 10)]
    assert done.issues() == [
        "active_sa: Software Assurance for 30 licenses, but 10 are effective; the rest covers nothing"
    ]
    assert "more active Software Assurance than effective licenses" in done.findings["too_much_sa"]


def test_periods_that_do_not_add_up_are_told(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 50, 40, (10, 0, 0))])
    done = read(tmp_path)
    assert done.issues()[0] == "expiring: the periods hold 10 licenses, active_sa says 40"
    assert "unlike_periods" in done.findings


def test_the_same_row_twice_counts_once_and_another_quantity_is_told(tmp_path):
    rows = [
        line("SQL Server Standard Core", 10, 0),
        line("SQL Server Standard Core", 10, 0),
        line("Windows Server Standard Core", 16, 0),
        line("Windows Server Standard Core", 24, 0),
    ]
    write_statement(tmp_path, rows)
    done = read(tmp_path)
    assert done.rows("product", "quantity") == [("SQL Server", 10), ("Windows Server", 16), ("Windows Server", 24)]
    assert "2 rows" in done.findings["repeated_totals"]


def test_two_versions_of_a_family_are_two_rows(tmp_path):
    rows = [line("SQL Server Standard Core", 10, 0), line("SQL Server Standard Core", 10, 0, version="2019")]
    write_statement(tmp_path, rows)
    done = read(tmp_path)
    assert done.rows("version", "quantity") == [("2022", 10), ("2019", 10)]
    assert "repeated_totals" not in done.findings


@pytest.mark.parametrize(
    ("policy", "per_unit"),
    [("", 1), ("policies: {statement_core_unit: cores}", 1), ("policies: {statement_core_unit: packs_of_2}", 2)],
)
def test_whether_core_units_are_packs_is_a_policy_that_is_told(tmp_path, policy, per_unit):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 0), line("Windows Server - User CAL", 7, 0)])
    (tmp_path / "estate.yaml").write_text(policy, encoding="utf-8")
    done = read(tmp_path)
    assert done.rows("metric", "licenses_per_unit") == [("core", per_unit), ("user_cal", 1)]
    assert f"read as {per_unit} core license(s)" in done.findings["core_unit"]


def test_a_core_unit_that_does_not_exist_is_an_error(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 0)])
    (tmp_path / "estate.yaml").write_text("policies: {statement_core_unit: packs}", encoding="utf-8")
    with pytest.raises(PolicyError, match="Write cores or packs_of_2"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("cell", "place"),
    [("2026/05/31", "K3"), ("2026/05/31", "L3"), ("2026/05/31", "B5"), (DAY, "K3"), ("31.05.2026", "K3")],
)
def test_the_calculation_date_is_found_above_the_headings(tmp_path, cell, place):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 10, (10, 0, 0))], calculated=cell, place=place)
    done = read(tmp_path)
    assert done.purchases["statement_date"].to_list() == [DAY]
    assert done.sources["snapshot_on"].to_list() == [DAY]


@pytest.mark.parametrize("cell", ["not calculated", "54321", "04/05/2026", "2026/13/45"])
def test_without_a_certain_date_no_end_is_invented(tmp_path, cell):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 10, (10, 0, 0))], calculated=cell)
    done = read(tmp_path)
    assert done.rows("statement_date", "coverage_end", "coverage_end_latest", "quantity") == [(None, None, None, 10)]
    assert "no_statement_date" in done.findings


def test_estate_yaml_can_tell_the_date(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 10, (10, 0, 0))], calculated="?")
    (tmp_path / "estate.yaml").write_text('snapshots: {"statement.xlsx": 2026-04-30}', encoding="utf-8")
    assert read(tmp_path).rows("statement_date", "coverage_end") == [(date(2026, 4, 30), date(2026, 4, 30))]


LOCALES = {
    "Pivot-Daten": (
        ("Produktpool", "Lizenzproduktfamilie", "Lizenzversion", "Effektive Lizenzmenge", "Aktive SA-Menge"),
        ("Verwendungsland", "Ablaufende SA 0 - 12 Monate", "Ablaufende SA 12 - 24 Monate", "Ablaufende SA > 24 Monate"),
        "Alle Länder",
    ),
    "Données": (
        (
            "Pool de produits",
            "Famille de produits",
            "Version de licence",
            "Quantité effective",
            "Quantité de SA active",
        ),
        ("Pays d'utilisation", "SA expirant 0 - 12 mois", "SA expirant 12 - 24 mois", "SA expirant > 24 mois"),
        "Tous les pays",
    ),
    "Pivotdata": (
        ("Produktpulje", "Licensproduktfamilie", "Licensversion", "Effektivt licensantal", "Aktivt SA-antal"),
        ("Brugsland", "Udløbende SA 0 - 12 måneder", "Udløbende SA 12 - 24 måneder", "Udløbende SA > 24 måneder"),
        "Alle lande",
    ),
}


@pytest.mark.parametrize("tab", LOCALES)
def test_other_languages(tmp_path, tab):
    first, last, everywhere = LOCALES[tab]
    rows = [["Servers", "SQL Server Standard Core", "2022", 10, 4, everywhere, 4, 0, 0]]
    write_statement(tmp_path, [*rows, [*rows[0][:5], "Danmark", 4, 0, 0]], headings=first + last, tab=tab, place="L3")
    assert read(tmp_path).rows(*SPLIT[:2]) == [("license_and_sa", 4), ("license", 6)]


def test_british_spelling_and_another_heading_row(tmp_path):
    headings = tuple(heading.replace("License", "Licence") for heading in STATEMENT)
    write_statement(
        tmp_path, [line("Visio Professional", 5, 0, pool="Applications")], headings=headings, heading_row=23
    )
    assert read(tmp_path).rows("product", "edition", "metric") == [("Visio", "Professional", "device")]


def test_a_statement_without_totals_is_an_error_that_is_told(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", 10, 0, country="Allemagne")])
    write_list(tmp_path, "Part Number,Item Name,Quantity\n7NQ-00302,SQLSvrStdCore ALNG LicSAPk MVL 2Lic CoreLic,1\n")
    done = read(tmp_path)
    assert done.purchases["basis"].unique().to_list() == ["transaction"]
    assert "nothing was read" in done.findings["no_totals"]


def test_a_quantity_that_is_no_number_is_unknown_and_told(tmp_path):
    write_statement(tmp_path, [line("SQL Server Standard Core", "1O0", 0), line("Visio Standard", "1,200", 0)])
    done = read(tmp_path)
    assert done.rows("product", "quantity") == [("SQL Server", None), ("Visio", 1200)]
    assert done.issues() == ["effective: '1O0' is not a whole number"]


FAMILIES = """
SQL Server Enterprise Core               | SQL Server                       | Enterprise        | core
SQL Server Enterprise                    | SQL Server                       | Enterprise        | server
SQL Server Standard                      | SQL Server                       | Standard          | server
SQL Server - Device CAL                  | SQL Server                       |                   | device_cal
SQL Server CAL                           | SQL Server                       |                   |
Exchange Server Standard CAL             | Exchange Server                  | Standard          |
Windows Server Datacenter Core           | Windows Server                   | Datacenter        | core
Windows Server Standard                  | Windows Server                   | Standard          | processor
Windows Server - User CAL                | Windows Server                   |                   | user_cal
Windows Server External Connector        | Windows Server                   |                   | external_connector
Core Infrastructure Server Suite Standard Core | Core Infrastructure Server Suite | Standard    | core
System Center Datacenter Core            | System Center                    | Datacenter        | core
Exchange Server Standard                 | Exchange Server                  | Standard          | server
Office Professional Plus                 | Office                           | Professional Plus | device
Core CAL Suite - User CAL                | Core CAL Suite                   |                   | user_cal
=cmd|'/c calc'!A1                        | =cmd|'/c calc'!A1                |                   |
"""


def families():
    for text in FAMILIES.strip().splitlines():
        cells = [cell.strip() or None for cell in text.replace("=cmd|", "=cmd¦").split("|")]
        yield [cell.replace("¦", "|") if cell else None for cell in cells]


def test_families_are_products_editions_and_metrics(tmp_path):
    expected = list(families())
    write_statement(tmp_path, [line(family, number + 1, 0) for number, (family, *_) in enumerate(expected)])
    done = read(tmp_path)
    assert [list(row) for row in done.rows("product", "edition", "metric")] == [row[1:] for row in expected]
    assert "=cmd|'/c calc'!A1" in done.findings["unknown_products"]


def test_summaries_without_countries_are_read_too(tmp_path):
    write_list(
        tmp_path,
        """
MLSProductPool,MLSFamilyName,VersionCode,EffectiveQuantity,UnresolvedQuantity,UpgradeQuantity,UpgradeMaintenanceQuantity,ActiveSAQuantity
Servers,SQL Server Standard Core,2019,20,4,0,0,12
""",
        name="mvls 2026-05-31.csv",
    )
    done = read(tmp_path)
    assert done.rows("basis", "purchase_type", "quantity", "coverage_end") == [
        ("statement_summary", "license_and_sa", 12, None),
        ("statement_summary", "license", 8, None),
    ]


def test_a_license_summary_of_the_admin_center(tmp_path):
    rows = {
        1: ["Product family", "Version", "Product pool", "Type", "Effective quantity", "Active SA quantity"],
        2: ["Windows Server Standard Core", "2025", "Servers", "On-premise software", 32, 16],
    }
    write_book(tmp_path / "summary.xlsx", "License summary", rows)
    assert read(tmp_path).rows("purchase_type", "quantity", "version") == [
        ("license_and_sa", 16, "2025"),
        ("license", 16, "2025"),
    ]


def test_a_statement_saved_as_text_with_tabs(tmp_path):
    lines = ["\t".join(STATEMENT), "\t".join(map(str, line("SQL Server Standard Core", 10, 0)))]
    write_list(tmp_path, "\n".join(lines), name="pivot.txt", encoding="utf-16")
    assert read(tmp_path).rows("quantity") == [(10,)]


def test_identifiers_are_unique_and_stay_the_same(tmp_path):
    rows = [line("SQL Server Standard Core", 100, 40, (10, 25, 5)), line("Visio Standard", 5, 0)]
    write_statement(tmp_path, rows)
    done = read(tmp_path)
    assert done.purchases["purchase_id"].is_unique().all()
    assert done.purchases["row_id"].is_unique().all()
    assert done.rows("purchase_id")[0] == ("statement:11:0",)
