"""Item names, license-type cells and part numbers, as truth tables."""

import polars as pl
import pytest

from lmanalytics.ingest import part_numbers, products

ITEMS = """
SQLSvrStdCore ALNG LicSAPk MVL 2Lic CoreLic                    | SQL Server Standard Core                           | license_and_sa | core               | 2  |      |              |
SQLSvrEntCore ALNG LicSAPk MVL 2Lic CoreLic                    | SQL Server Enterprise Core                         | license_and_sa | core               | 2  |      |              |
SQLSVRENTCORE ALNG LICSAPK MVL 2LIC CORELIC                    | SQL Server Enterprise Core                         | license_and_sa | core               | 2  |      |              |
SQLSvrEntCore ALNG LicSApk MVL 2Lic CoreLic                    | SQL Server Enterprise Core                         | license_and_sa | core               | 2  |      |              |
SQLSvrStdCore ALNG SA MVL 2Lic CoreLic                         | SQL Server Standard Core                           | sa             | core               | 2  |      |              |
SQLSvrStdCore ALNG SAPk OLP 2Lic NL CoreLic Qlfd               | SQL Server Standard Core                           | sa             | core               | 2  |      | open_license |
SQLSvrStdCore 2022 SNGL MVL 2Lic CoreLic                       | SQL Server Standard Core                           | license        | core               | 2  | 2022 |              |
SQLSvrStdCore 2019 SNGL OLP 2Lic NL CoreLic Qlfd               | SQL Server Standard Core                           | license        | core               | 2  | 2019 | open_license |
SQLSvrStd ALNG LicSAPk MVL                                     | SQL Server Standard                                | license_and_sa |                    |    |      |              |
SQLSvrStdCore ALNG LicSAPk MVL  4 Cores                        | SQL Server Standard Core                           | license_and_sa | core               | 4  |      |              |
SQLCAL ALNG LicSAPk MVL DvcCAL                                 | SQL Server CAL                                     | license_and_sa | device_cal         |    |      |              |
SQLCAL 2022 SNGL MVL UsrCAL                                    | SQL Server CAL                                     | license        | user_cal           |    | 2022 |              |
WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic                    | Windows Server Standard Core                       | license_and_sa | core               | 2  |      |              |
WinSvrSTDCore ALNG LicSAPk MVL 16Lic CoreLic                   | Windows Server Standard Core                       | license_and_sa | core               | 16 |      |              |
WinSvrSTDCore 2019 SNGL OLP 2Lic NL Core Licence               | Windows Server Standard Core                       | license        | core               | 2  | 2019 | open_license |
WinSvrSTDCore 2022 SNGL OLV 16Lic NL 1Y AqY1 CoreLic           | Windows Server Standard Core                       | license        | core               | 16 | 2022 | open_value   |
WinSvrDCCore ALNG LicSAPk MVL 2Lic CoreL                       | Windows Server Datacenter Core                     | license_and_sa | core               | 2  |      |              |
WinSvrDCCore ALNG SA MVL 16Lic CoreLic                         | Windows Server Datacenter Core                     | sa             | core               | 16 |      |              |
WinSvrStd 2012 SNGL OLP NL 2Proc                               | Windows Server Standard                            | license        | processor          | 2  | 2012 | open_license |
WinSvrStd 2008R2 SNGL OLP NL                                   | Windows Server Standard                            | license        |                    |    | 2008 R2 | open_license |
WinSvrCAL 2008 SNGL OLP NL DvcCAL                              | Windows Server CAL                                 | license        | device_cal         |    | 2008 | open_license |
WinSvrCAL ALNG LicSAPk MVL UsrCAL                              | Windows Server CAL                                 | license_and_sa | user_cal           |    |      |              |
WinSvrExtConn ALNG LicSAPk MVL                                 | Windows Server External Connector                  | license_and_sa | external_connector |    |      |              |
WinSvrEssntls 2019 SNGL OLP NL                                 | Windows Server Essentials                          | license        |                    |    | 2019 | open_license |
WinRmtDsktpSrvcsCAL ALNG SA MVL UsrCAL                         | Windows Server Remote Desktop Services CAL         | sa             | user_cal           |    |      |              |
CISSteDCCore ALNG LicSAPk MVL 2Lic CoreLic                     | Core Infrastructure Server Suite Datacenter Core   | license_and_sa | core               | 2  |      |              |
CISStdCore ALNG SA MVL 16Lic CoreLic                           | Core Infrastructure Server Suite Standard Core     | sa             | core               | 16 |      |              |
SysCtrDatactrCore ALNG LicSAPk MVL 2Lic CoreLic                | System Center Datacenter Core                      | license_and_sa | core               | 2  |      |              |
OfficeProPlus 2019 SNGL OLP NL                                 | Office Professional Plus                           | license        |                    |    | 2019 | open_license |
OfficeStd ALNG LicSAPk MVL SAL                                 | Office Standard                                    | license_and_sa | user               |    |      | spla         |
PrjctPro ALNG LicSAPk MVL w1PrjctSvrCAL                        | Project Professional                               | license_and_sa |                    |    |      |              |
VisioStd ALNG SA MVL                                           | Visio Standard                                     | sa             |                    |    |      |              |
CoreCAL ALNG LicSAPk MVL Pltfrm UsrCAL                         | Core CAL Suite                                     | license_and_sa | user_cal           |    |      |              |
EntCAL ALNG SASU MVL CoreCAL DvcCAL                            | Enterprise CAL Suite                               | step_up        | device_cal         |    |      |              | Core CAL Suite
SQLSvrEntCore ALNG SASU MVL 2Lic SQLSvrStdCore CoreLic         | SQL Server Enterprise Core                         | step_up        | core               | 2  |      |              | SQL Server Standard Core
WinSvrDCCore ALNG SASU MVL 2Lic WinSvrStdCore CoreLic          | Windows Server Datacenter Core                     | step_up        | core               | 2  |      |              | Windows Server Standard Core
WinSvrDCCore ALNG SASU MVL 16Lic CoreLic                       | Windows Server Datacenter Core                     | step_up        | core               | 16 |      |              |
OfficeProPlus ALNG SASU MVL OfficeStd                          | Office Professional Plus                           | step_up        |                    |    |      |              | Office Standard
SQL Server Enterprise Core Step-up from Standard Core          |                                                    | step_up        | core               |    |      |              | Standard Core
Windows Server Datacenter Step-Up von Windows Server Standard  |                                                    | step_up        |                    |    |      |              | Windows Server Standard
Office Professional Plus (Step Up from Office Standard)        |                                                    | step_up        |                    |    |      |              | Office Standard
VSEntSubMSDN ALNG LicSAPk MVL                                  | Visual Studio Enterprise Subscription              | license_and_sa |                    |    |      |              |
Visual Studio Professional Subscription                        |                                                    |                |                    |    |      |              |
Visual Studio Enterprise Subscription - 3 year                 |                                                    | subscription   |                    |    |      |              |
SharePoint Server Subscription Edition                         |                                                    |                |                    |    |      |              |
SQL Server Enterprise - 2 Core License Pack - 3 year           |                                                    | subscription   | core               | 2  |      |              |
SQL Server 2025 Enterprise core - 2 core License Pack          |                                                    | license        | core               | 2  | 2025 |              |
SQL Server 2025 - 1 User CAL                                   |                                                    | license        | user_cal           | 1  | 2025 |              |
SQL Server 2025 Standard edition Perpetual 1 Server License    |                                                    | license        | server             |    | 2025 |              |
Windows Server Standard Core License/Software Assurance Pack   |                                                    | license_and_sa | core               |    |      |              |
Windows Server Standard Core Software Assurance                |                                                    | sa             | core               |    |      |              |
SQL Server Standard Core - Lizenz und Software Assurance       |                                                    | license_and_sa | core               |    |      |              |
WindowsServerSTDCORE AllLng LicSAPk MVL 2Licenses CoreLic      | Windows Server Standard Core                       | license_and_sa | core               | 2  |      |              |
M365 E3 MthlySub                                               |                                                    | subscription   |                    |    |      |              |
M365 E3 FromSA ShrdSvr ALNG SubVL MVL PerUsr                   |                                                    | from_sa        |                    |    |      |              |
Dynamics 365 License                                           |                                                    |                |                    |    |      |              |
Windows Server 2022 License                                    |                                                    |                |                    |    | 2022 |              |
Core Infrastructure Server Suite                               |                                                    |                |                    |    |      |              |
Core CAL Suite                                                 |                                                    |                |                    |    |      |              |
SQL Server 2016 Extended Security Updates 2Lic                 |                                                    | esu            |                    | 2  | 2016 |              |
=SUM(A1:A9)                                                    |                                                    |                |                    |    |      |              |
<script>alert(1)</script>                                      |                                                    |                |                    |    |      |              |
"""
TYPES = """
L                                 | license
Lic                               | license
Licence                           | license
Perpetual                         | license
L&SA                              | license_and_sa
LicSAPk                           | license_and_sa
License/Software Assurance Pack   | license_and_sa
Licence & Software Assurance      | license_and_sa
Perpetual + Software Assurance    | license_and_sa
SA                                | sa
SAPk                              | sa
Software Assurance                | sa
SU                                | step_up
SASU                              | step_up
Step-up                           | step_up
 STEP_UP                          | step_up
Subscription Step-up              | step_up
MthlySub                          | subscription
Subscription                      | subscription
SubVL                             | subscription
Sub                               | subscription
From SA                           | from_sa
FromSA                            | from_sa
Add-on                            | add_on
AddOn                             | add_on
Upgrade                           | upgrade
ESU                               | esu
Software Assurance (36 months)    | sa
On-premise software               |
yes                               |
"""
METRICS = """
Per Core                          | core
Per Core (with CAL)               | core
Per Processor                     | processor
Server (per instance)             | server
Server (per server)               | server
User CAL                          | user_cal
Device CAL                        | device_cal
Per User                          | user
Per Device                        | device
User Subscription                 | user
Pro Kern                          | core
oracle.nup.standard               |
"""
PROGRAMS = """
Enterprise Agreement              | ea
EA Subscription                   | eas
SCE                               | sce
MPSA                              | mpsa
Select Plus                       | select_plus
Open Value                        | open_value
Open Value Subscription           | open_value_subscription
OLP                               | open_license
CSP                               | csp
SPLA                              | spla
OEM                               | oem
FPP                               | fpp
Academic Select Plus              | academic_select_plus
Enterprise 6.7                    | ea
Enterprise Subscription 2.0       | eas
SPLA-CORPORATE - PARTNER          | spla
Open Value (3 years)              | open_value
Bring your own                    |
"""


def cells(table: str) -> list[list[str | None]]:
    lines = [line.split("|") for line in table.strip().splitlines()]
    width = max(len(line) for line in lines)
    return [[cell.strip() or None for cell in line] + [None] * (width - len(line)) for line in lines]


def pairs(table: str) -> list[tuple[str | None, str | None]]:
    return [(line[0], line[1]) for line in cells(table)]


def one(expression: pl.Expr) -> object:
    return pl.select(expression).item()


@pytest.mark.parametrize("line", cells(ITEMS), ids=lambda line: str(line[0]))
def test_an_item_name_says_what_was_bought(line):
    name = pl.lit(line[0])
    said = [
        part_numbers.item_product(name),
        part_numbers.item_kind(name),
        part_numbers.item_metric(name),
        part_numbers.pack_size(name).cast(pl.String),
        part_numbers.version(name),
        part_numbers.item_program(name),
        part_numbers.item_base(name),
    ]
    assert [one(expression) for expression in said] == line[1:]


@pytest.mark.parametrize(("cell", "code"), pairs(TYPES))
def test_license_types_are_folded(cell, code):
    assert one(part_numbers.unit_type(pl.lit(cell))) == code


@pytest.mark.parametrize(("cell", "code"), pairs(METRICS))
def test_metrics_are_folded(cell, code):
    assert one(part_numbers.metric(pl.lit(cell))) == code


@pytest.mark.parametrize(("cell", "code"), pairs(PROGRAMS))
def test_programs_are_folded(cell, code):
    assert one(part_numbers.program(pl.lit(cell))) == code


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("7NQ-00302", "SQL Server Standard Core"),
        ("7jq-00341 ", "SQL Server Enterprise Core"),
        ("9EM-00562", "Windows Server Standard Core"),
        ("9EA-00039", "Windows Server Datacenter Core"),
        ("9GS-00495", "Core Infrastructure Server Suite Datacenter Core"),
        ("9GA-00006", "Core Infrastructure Server Suite Standard Core"),
        ("228-04437", "SQL Server Standard"),
        ("ZZZ-00001", None),
        ("7NQ", None),
        ("22804437", None),
    ],
)
def test_a_part_number_says_the_family_only(number, name):
    assert one(part_numbers.family(pl.lit(number))) == name


def test_the_vocabulary_maps_each_abbreviation_and_prefix_to_one_product():
    products = part_numbers.vocabulary()["products"]
    for field in ("items", "prefixes"):
        words = [word.lower() for body in products.values() for word in body.get(field, ())]
        assert len(words) == len(set(words))


def test_an_absent_text_says_nothing():
    nothing = pl.lit(None, pl.String)
    expressions = [part_numbers.unit_type(nothing), part_numbers.pack_size(nothing), part_numbers.version(nothing)]
    assert [one(expression) for expression in expressions] == [None, None, None]


def test_a_step_up_name_is_cut_before_the_words_that_say_so():
    text = pl.lit("SQL Server Enterprise Core Step-up from Standard Core")
    assert one(part_numbers.without_step_up(text)) == "SQL Server Enterprise Core"


def test_every_full_name_is_recognized_as_a_product():
    names = pl.LazyFrame({"name": list(part_numbers.vocabulary()["products"])})
    known = products.recognize(names, "name", products.LICENSE).collect()
    assert known.filter(pl.col("product").is_null())["name"].to_list() == []
    by_core = known.filter(pl.col("name").str.ends_with("Core"))
    assert by_core["metric"].unique().to_list() == ["core"]
    assert by_core["edition"].null_count() == 0


@pytest.mark.parametrize(
    ("name", "is_access"),
    [
        ("SQL Server CAL", True),
        ("Exchange Server Standard CAL", True),
        ("WinSvrCAL", True),
        ("SQL Server Standard", False),
    ],
)
def test_access_licenses_have_not_the_metric_of_their_server(name, is_access):
    assert one(part_numbers.is_access(pl.lit(name))) is is_access
