from datetime import date

from lmanalytics.rules.right import license_mobility_products
from tests.tables import check

AS_OF = date(2026, 6, 30)

PRODUCTS = """
case                          | product                  | edition    | metric             || through_sa           | across_farms
------------------------------|--------------------------|------------|--------------------||----------------------|---------------------
SQL Server Standard           | SQL Server               | Standard   | core               || listed               | listed
SQL Server Enterprise         | SQL Server               | Enterprise | core               || listed               | listed
SQL Server Standard by server | SQL Server               | Standard   | server             || listed               | listed
another edition of SQL Server | SQL Server               | Web        | core               || edition_not_listed   | edition_not_listed
its edition unknown           | SQL Server               |            | core               || edition_unknown      | edition_unknown
Exchange of any edition       | Exchange Server          | Enterprise | server             || listed               | listed
Exchange, edition unknown     | Exchange Server          |            | server             || listed               | listed
SharePoint                    | SharePoint Server        |            | server             || listed               | listed
Skype for Business            | Skype for Business Server |           | server             || listed               | listed
Lync, as Interoute names it   | Lync Server              |            | server             || listed               | listed
Project Server                | Project Server           |            | server             || listed               | listed
Team Foundation Server        | Azure DevOps Server      |            | server             || listed               | listed
BizTalk                       | BizTalk Server           | Standard   | core               || listed               | listed
Dynamics CRM, Interoute only  | Dynamics CRM Server      |            | server             || listed               | listed
System Center                 | System Center            | Datacenter | management_license || listed               | not_across_farms
RDS user CAL                  | Remote Desktop Services  |            | user_cal           || listed               | license_not_listed
RDS External Connector        | Remote Desktop Services  |            | external_connector || listed               | listed
RDS device CAL                | Remote Desktop Services  |            | device_cal         || license_not_listed   | license_not_listed
RDS, license unknown          | Remote Desktop Services  |            |                    || license_not_listed   | license_not_listed
Windows Server                | Windows Server           | Datacenter | core               || operating_system     | operating_system
a desktop system              | Windows                  | Enterprise | device             || operating_system     | operating_system
Office                        | Office                   | Standard   | device             || desktop_application  | desktop_application
Project on the desktop        | Project                  | Standard   | device             || desktop_application  | desktop_application
something else                | Widget Server            |            | server             || not_listed           | not_listed
product unknown               |                          |            |                    ||                      |
"""


def test_which_products_have_license_mobility():
    check(license_mobility_products, AS_OF, PRODUCTS)


def test_another_reading_lets_system_center_across_farms():
    table = """
    case          | product        | edition  | metric || across_farms
    --------------|----------------|----------|--------||-------------
    System Center | System Center  | Standard | core   || listed
    Windows       | Windows Server | Standard | core   || operating_system
    """
    check(license_mobility_products, AS_OF, table, system_center_across_farms="available")


def test_every_reason_occurs():
    codes = {reason.code for reason in license_mobility_products.Reason}
    assert codes == {code for code in codes if code in PRODUCTS}
