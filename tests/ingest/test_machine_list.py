"""Lists of computers of Active Directory and of servers of ServiceNow, as their tools write them."""

from datetime import date

import pytest

AD = (
    '"DistinguishedName","DNSHostName","Enabled","LastLogonDate","Name","ObjectClass","OperatingSystem","SamAccountName"\n'
    '"CN=SRV1,DC=x","srv1.x.example","True","6/28/2026 7:12:33 AM","SRV1","computer","Windows Server 2022 Standard","SRV1$"\n'
    '"CN=PC1,DC=x","","False","","PC1","computer","Windows 11 Enterprise","PC1$"\n'
    '"CN=svc,DC=x","","True","","svc","msDS-GroupManagedServiceAccount","","svc$"\n'
)
NAMES = ("name", "fqdn", "source", "kind", "os_text", "last_seen", "is_active")


def test_computers_of_a_directory(exports):
    exports.text("anything.csv", AD)
    assert exports.table("known_machines").select(NAMES).rows() == [
        ("SRV1", "srv1.x.example", "active_directory", "server", "Windows Server 2022 Standard", date(2026, 6, 28), True),
        ("PC1", None, "active_directory", "workstation", "Windows 11 Enterprise", None, False),
    ]  # fmt: skip
    account = exports.result.sources.row(0, named=True)
    assert (account["format"], account["rows_read"], account["rows_mapped"], account["rows_ignored"]) == (
        "machine_list", 3, 2, 1,
    )  # fmt: skip


def test_the_line_that_older_shells_write_first_is_passed_over(exports):
    exports.text("ad.csv", f"#TYPE Microsoft.ActiveDirectory.Management.ADComputer\n{AD}")
    assert exports.table("known_machines")["name"].to_list() == ["SRV1", "PC1"]


@pytest.mark.parametrize(
    ("ticks", "day"),
    [("134269056000000000", date(2026, 6, 26)), ("134269919999999999", date(2026, 6, 26)), ("0", None)],
)
def test_a_moment_may_be_a_number(exports, ticks, day):
    exports.text("ad.csv", f"Name,OperatingSystem,lastLogonTimestamp\nSRV1,Windows Server 2019,{ticks}\n")
    assert exports.table("known_machines")["last_seen"].to_list() == [day]


CMDB = {
    "field": "name,fqdn,sys_class_name,os,last_discovered,install_status,operational_status",
    "label": "Name,Fully qualified domain name,Class,Operating System,Most recent discovery,Status,Operational status",
}


@pytest.mark.parametrize("headings", CMDB.values(), ids=CMDB)
def test_servers_of_a_cmdb_by_field_or_label(exports, headings):
    exports.text(
        "cmdb.csv",
        f"{headings}\n"
        "srv2,srv2.x.example,Windows Server,Windows 2019 Datacenter,2026-06-20 04:00:00,Installed,Operational\n"
        "srv3,,cmdb_ci_linux_server,Linux Red Hat,,7,1\n"
        "srv4,,cmdb_ci_server,,,1,6\n"
        "srv5,,Computer,Windows 11,,,\n",
    )
    assert exports.table("known_machines").select(NAMES).rows() == [
        ("srv2", "srv2.x.example", "servicenow", "server", "Windows 2019 Datacenter", date(2026, 6, 20), True),
        ("srv3", None, "servicenow", "server", "Linux Red Hat", None, False),
        ("srv4", None, "servicenow", "server", None, None, False),
        ("srv5", None, "servicenow", "workstation", "Windows 11", None, None),
    ]


def test_a_list_of_one_s_own_has_the_columns_of_the_table(exports):
    exports.text("list.csv", "source,name,last_seen\nmonitoring,<b>srv</b>,2026-06-01\n")
    assert exports.table("known_machines").select("source", "name", "last_seen", "kind").rows() == [
        ("monitoring", "<b>srv</b>", date(2026, 6, 1), None)
    ]


@pytest.mark.parametrize(
    "headings",
    [
        "Name,GivenName,Surname,SamAccountName,Enabled,DistinguishedName,UserPrincipalName",
        "Name,Enabled",
        "Name,Status",
        "Name,Quantity,Operating System,Class,Status",
    ],
)
def test_other_lists_with_names_are_not_taken_for_machines(exports, headings):
    exports.text("oses.csv", "ose_id,observed_on\n1,2026-06-01\n")
    exports.text("other.csv", f"{headings}\n{','.join('x' for _ in headings.split(','))}\n")
    assert "known_machines" not in exports.read().tables
