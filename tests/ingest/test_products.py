"""The words of real exports and what they mean."""

import polars as pl
import pytest

from lmanalytics.ingest import products
from tests.tables import read_table

OPERATING_SYSTEMS = """
case                                                        || product                  | edition                | version
Microsoft Windows Server 2025 (64-bit)                      || Windows Server           |                        | '2025
Microsoft Windows Server 2022 (64-bit)                      || Windows Server           |                        | '2022
Microsoft Windows Server 2019 (64-bit)                      || Windows Server           |                        | '2019
Microsoft Windows Server 2016 (64-bit)                      || Windows Server           |                        | '2016
Microsoft Windows Server 2016 or later (64-bit)             || Windows Server           |                        |
Microsoft Windows Server 2012 (64-bit)                      || Windows Server           |                        | '2012
Microsoft Windows Server 2008 R2 (64-bit)                   || Windows Server           |                        | 2008 R2
Microsoft Windows Server 2008 (32-bit)                      || Windows Server           |                        | '2008
Microsoft Windows Server 2003 Standard (32-bit)             || Windows Server           | Standard               | '2003
Microsoft Windows Server 2003 (64-bit)                      || Windows Server           |                        | '2003
Microsoft Windows 2000 Server                               || Windows Server           |                        | '2000
Microsoft Windows 2000 Professional                         || Windows                  | Pro                    | '2000
Windows Server 2019, 64-bit (Build 17763.8276)              || Windows Server           |                        | '2019
Windows Server 2025, 64-bit (Build 26100.32230)             || Windows Server           |                        | '2025
Windows Server, 64-bit (Build 20348.4171)                   || Windows Server           |                        | '2022
Windows Server 2012 R2 Standard Edition, 64-bit (Build 9600) || Windows Server          | Standard               | 2012 R2
Windows Server 2008 R2 Enterprise Edition, 64-bit Service Pack 1 (Build 7601) || Windows Server | Enterprise      | 2008 R2
Microsoft Windows Server 2019 Standard                      || Windows Server           | Standard               | '2019
Microsoft Windows Server 2019 Datacenter                    || Windows Server           | Datacenter             | '2019
Microsoft Windows Server 2022 Datacenter Azure Edition      || Windows Server           | Datacenter: Azure Edition | '2022
Microsoft Windows Server 2012 R2 Essentials                 || Windows Server           | Essentials             | 2012 R2
Windows Server 2008 R2 Foundation                           || Windows Server           | Foundation             | 2008 R2
Windows Web Server 2008 R2                                  || Windows Server           | Web                    | 2008 R2
Microsoft(R) Windows(R) Server 2003, Enterprise Edition     || Windows Server           | Enterprise             | '2003
Microsoft® Windows Server® 2008 Standard                    || Windows Server           | Standard               | '2008
Windows Server 2016 Standard Evaluation                     || Windows Server           | Standard               | '2016
Windows Server 2003 R2 Standard Edition                     || Windows Server           | Standard               | 2003 R2
Windows NT Server 4.0                                       || Windows Server           |                        | NT 4.0
Windows Server, version 20H2 Datacenter                     || Windows Server           | Datacenter             | 20H2
WindowsServer 2019-Datacenter                               || Windows Server           | Datacenter             | '2019
windows9Server64Guest                                       || Windows Server           |                        |
windows2019srv_64Guest                                      || Windows Server           |                        | '2019
windows2019srvNext_64Guest                                  || Windows Server           |                        | '2022
windows2022srvNext_64Guest                                  || Windows Server           |                        | '2025
windows8Server64Guest                                       || Windows Server           |                        | '2012
windows7Server64Guest                                       || Windows Server           |                        | 2008 R2
winLonghorn64Guest                                          || Windows Server           |                        | '2008
winNetStandardGuest                                         || Windows Server           | Standard               | '2003
Win2019                                                     || Windows Server           |                        | '2019
Hyper-V Server 2019                                         || Hyper-V Server           |                        | '2019
Windows Storage Server 2012 R2 Standard                     || Windows Storage Server   | Standard               | 2012 R2
Windows Small Business Server 2011 Standard                 || Windows Small Business Server | Standard          | '2011
Microsoft Windows 10 (64-bit)                               || Windows                  |                        | '10
Windows 10 Enterprise, 64-bit (Build 19042.1766)            || Windows                  | Enterprise             | '10
Windows 10 Enterprise multi-session                         || Windows                  | Enterprise multi-session | '10
Windows 11 Pro, 64-bit (Build 22631.5039)                   || Windows                  | Pro                    | '11
Microsoft Windows 8.1 (64-bit)                              || Windows                  |                        | '8.1
Microsoft Windows 7 (32-bit)                                || Windows                  |                        | '7
Microsoft Windows XP Professional (32-bit)                  || Windows                  | Pro                    | XP
Microsoft Windows Vista (32-bit)                            || Windows                  |                        | Vista
windows9_64Guest                                            || Windows                  |                        | '10
Red Hat Enterprise Linux 8.6 (Ootpa)                        || Red Hat Enterprise Linux |                        | '8
Red Hat Enterprise Linux 6 (64-bit)                         || Red Hat Enterprise Linux |                        | '6
CentOS 4/5/6/7 (64-bit)                                     || CentOS                   |                        |
CentOS 7 (64-bit)                                           || CentOS                   |                        | '7
Oracle Linux Server release 7.9                             || Oracle Linux             |                        | '7
SUSE Linux Enterprise 12 (64-bit)                           || SUSE Linux Enterprise    |                        | '12
SUSE openSUSE (64-bit)                                      || openSUSE                 |                        |
Ubuntu 22.04.5 LTS                                          || Ubuntu                   |                        | '22.04
Ubuntu Linux (64-bit)                                       || Ubuntu                   |                        |
Debian GNU/Linux 11 (bullseye)                              || Debian                   |                        | '11
Amazon Linux 2 (64-bit)                                     || Amazon Linux             |                        | '2
VMware Photon OS (64-bit)                                   || VMware Photon OS         |                        |
Other 3.x or later Linux (64-bit)                           || Linux                    |                        |
FreeBSD Pre-11 versions (64-bit)                            || FreeBSD                  |                        |
Oracle Solaris 10 (64-bit)                                  || Solaris                  |                        |
Other (64-bit)                                              ||                          |                        |
Customer Appliance 7                                        ||                          |                        |
"""

LICENSES = """
case                                                        || product                         | edition               | version | metric
Windows Server Standard Core                                || Windows Server                  | Standard              |         | core
Windows Server Datacenter - 2 Core                          || Windows Server                  | Datacenter            |         | core
Windows Server 2012 R2 Datacenter                           || Windows Server                  | Datacenter            | 2012 R2 |
Windows Server Datacenter 2 Proc                            || Windows Server                  | Datacenter            |         | processor
WinSvrSTDCore ALNG LicSAPk MVL 2Lic CoreLic                 || Windows Server                  | Standard              |         | core
Windows Server 2019 User CAL                                || Windows Server                  |                       | '2019   | user_cal
Windows Server CAL - Device                                 || Windows Server                  |                       |         | device_cal
Windows Server External Connector                           || Windows Server                  |                       |         | external_connector
Windows Remote Desktop Services User CAL                    || Remote Desktop Services         |                       |         | user_cal
SQL Server Enterprise Core                                  || SQL Server                      | Enterprise            |         | core
SQL Server Standard Core 2022                               || SQL Server                      | Standard              | '2022   | core
SQL Server Standard                                         || SQL Server                      | Standard              |         |
SQLSvrEntCore SNGL SA MVL 2Lic CoreLic                      || SQL Server                      | Enterprise            |         | core
SQL Server Business Intelligence 2012                       || SQL Server                      | Business Intelligence | '2012   |
SQL Server User CAL                                         || SQL Server                      |                       |         | user_cal
Core Infrastructure Server Suite Datacenter Core            || Core Infrastructure Server Suite | Datacenter           |         | core
CIS Suite Standard 16 Core                                  || Core Infrastructure Server Suite | Standard             |         | core
System Center Datacenter Core                               || System Center                   | Datacenter            |         | core
Exchange Server Standard 2019                               || Exchange Server                 | Standard              | '2019   |
Skype for Business Server 2019                              || Skype for Business Server       |                       | '2019   |
Skype for Business Server Standard - User CAL               || Skype for Business Server       | Standard              |         | user_cal
Skype for Business Server Plus Device CAL                   || Skype for Business Server       | Plus                  |         | device_cal
Visual Studio Enterprise Subscription                       || Visual Studio                   | Enterprise            |         | user
Office Professional Plus 2021                               || Office                          | Professional Plus     | '2021   | device
Windows 11 Enterprise Upgrade                               || Windows                         | Enterprise            | '11     | device
Core CAL Suite - User                                       || Core CAL Suite                  |                       |         | user_cal
Adobe Acrobat                                               ||                                 |                       |         |
"""

SQL_EDITIONS = {
    "Enterprise Edition: Core-based Licensing (64-bit)": "Enterprise Core",
    "Enterprise Edition: Core-based Licensing": "Enterprise Core",
    "Enterprise Edition (64-bit)": "Enterprise",
    "Enterprise Edition": "Enterprise",
    "Enterprise Evaluation Edition": "Enterprise Evaluation",
    "Standard Edition (64-bit)": "Standard",
    "Standard Edition": "Standard",
    "Business Intelligence Edition (64-bit)": "Business Intelligence",
    "Developer Edition": "Developer",
    "Developer Edition (64-bit)": "Developer",
    "Express Edition": "Express",
    "Express Edition (64-bit)": "Express",
    "Web Edition (64-bit)": "Web",
    "Workgroup Edition (64-bit)": "Workgroup",
}


def check(table, kind):
    """Compare with a truth table; `'` before a number keeps it text."""
    facts, expected = read_table(table)
    texts = facts.with_columns(pl.col("case").cast(pl.String))
    found = products.recognize(texts.lazy(), "case", kind).collect()
    for row, want in zip(found.to_dicts(), expected.to_dicts(), strict=True):
        wanted = {name: str(value).removeprefix("'") if value is not None else None for name, value in want.items()}
        assert {name: row[name] for name in wanted} == wanted, row["case"]


def test_operating_systems():
    check(OPERATING_SYSTEMS, products.OPERATING_SYSTEM)


def test_licenses():
    check(LICENSES, products.LICENSE)


def test_the_tables_hold_at_least_sixty_real_strings():
    assert len((OPERATING_SYSTEMS + LICENSES).strip().splitlines()) - 2 >= 60


@pytest.mark.parametrize(("text", "edition"), SQL_EDITIONS.items())
def test_fourteen_spellings_of_sql_editions(text, edition):
    found = products.recognize_product(text, products.SQL_EDITION)
    assert (found["product"], found["edition"]) == ("SQL Server", edition)


def test_one_product():
    assert products.recognize_product("SQL Server Enterprise Core") == {
        "product": "SQL Server",
        "edition": "Enterprise",
        "version": None,
        "metric": "core",
    }


def test_rows_keep_their_order_and_number_and_nulls_stay_null():
    frame = pl.LazyFrame({"n": [3, 1, 2, 4], "os": ["Ubuntu Linux", None, "Ubuntu Linux", "x"]})
    found = products.recognize(frame, "os", products.OPERATING_SYSTEM, prefix="os_").collect()
    assert found["n"].to_list() == [3, 1, 2, 4]
    assert found["os_product"].to_list() == ["Ubuntu", None, "Ubuntu", None]


def test_a_hostile_text_is_text():
    assert products.recognize_product("=cmd()|'/C calc'!A0", products.OPERATING_SYSTEM)["product"] is None
