"""RVTools 3.x to 4.7, whole, trimmed, merged, filtered or anonymized."""

from datetime import date

import pytest

from lmanalytics.errors import ExportError

VC = "aaaa-1"
INFO = ["VM", "Powerstate", "Template", "CPUs", "Memory", "Annotation", "Datacenter", "Cluster", "Host"]
INFO += [
    "OS according to the configuration file",
    "OS according to the VMware Tools",
    "VM ID",
    "VM UUID",
    "VI SDK UUID",
]
HOST = ["Host", "Datacenter", "Cluster", "# CPU", "Cores per CPU", "# Cores", "VI SDK UUID"]
NAME = "RVTools_export_all_2026-06-20_10.15.00.xlsx"
WS = "Microsoft Windows Server {} (64-bit)"


def vm(number, **other):
    row = dict(
        zip(INFO, [f"vm{number}", "poweredOn", "False", "4", "8192", None, "DC", "C1", "esx1.x.y"], strict=False)
    )
    row |= {"OS according to the configuration file": WS.format(2019), "VM ID": f"vm-{number}"}
    row |= {"VM UUID": f"uuid-{number}", "VI SDK UUID": VC} | other
    return [row.get(heading) for heading in INFO]


def host(name="esx1.x.y", cores=32, sockets=2, cluster="C1", datacenter="DC", uuid=VC):
    return [name, datacenter, cluster, str(sockets), str(cores // sockets), str(cores), uuid]


def book(exports, vms, hosts=None, name=NAME, **tabs):
    exports.book(name, {"vInfo": [INFO, *vms], "vHost": [HOST, *(hosts or [host()])], **tabs})
    return exports


def test_one_machine_on_one_host(exports):
    oses = book(exports, [vm(1)]).table("oses")
    row = oses.row(0, named=True)
    assert row["ose_id"] == "aaaa-1/uuid-1"
    assert row["host_id"] == "aaaa-1/esx1.x.y"
    assert (row["cluster_id"], row["inventory_id"], row["observed_on"]) == ("aaaa-1/C1", VC, date(2026, 6, 20))
    assert (row["vcpus"], row["is_running"], row["is_template"], row["kind"]) == (4, True, False, "virtual")
    assert (row["os_product"], row["os_edition"], row["os_version"]) == ("Windows Server", None, "2019")
    assert (row["source_file"], row["source_sheet"], row["source_row"]) == (NAME, "vInfo", 2)
    hosts = exports.table("hosts").row(0, named=True)
    assert (hosts["host_id"], hosts["host_name"], hosts["datacenter_id"]) == ("aaaa-1/esx1.x.y", "esx1.x.y", "DC")
    assert (hosts["processors"], hosts["physical_cores"], hosts["hypervisor"]) == (2, 32, "esxi")


def test_a_csv_folder_is_one_export(exports):
    exports.csv("vc/RVTools_tabvInfo.csv", [INFO, vm(1, **{"VI SDK UUID": None})])
    exports.csv("vc/RVTools_tabvHost.csv", [HOST, host()])
    exports.csv(
        "vc/RVTools_tabvMetaData.csv",
        [["RVTools version", "xlsx creation datetime", "Server"], ["4.7", "2026-06-21 08:00:00", "vc1"]],
    )
    row = exports.table("oses").row(0, named=True)
    assert (row["ose_id"], row["observed_on"]) == ("aaaa-1/uuid-1", date(2026, 6, 21))


def test_two_csv_exports_in_one_folder_stay_apart_by_the_day_in_their_names(exports):
    for day, cores in (("2026-05-01", 16), ("2026-06-01", 32)):
        exports.csv(f"RVTools_tabvInfo_{day}.csv", [INFO, vm(1)])
        exports.csv(f"RVTools_tabvHost_{day}.csv", [HOST, host(cores=cores)])
    hosts = exports.table("hosts").sort("observed_on")
    assert hosts.select("observed_on", "physical_cores").rows() == [(date(2026, 5, 1), 16), (date(2026, 6, 1), 32)]
    assert exports.table("oses")["ose_id"].n_unique() == 1


def test_keys_are_the_same_in_two_snapshots_of_one_vcenter(exports):
    for day, cores in (("2026-05-01", 16), ("2026-06-01", 32)):
        sheets = {"vInfo": [INFO, vm(1)], "vHost": [HOST, host(cores=cores)]}
        exports.book(f"RVTools_export_all_{day}_10.00.00.xlsx", sheets)
    oses, hosts = exports.table("oses"), exports.table("hosts")
    assert (oses.height, oses["ose_id"].n_unique(), hosts["host_id"].n_unique()) == (2, 1, 1)


def test_without_any_vcenter_the_name_of_the_file_without_its_day_stands_for_it(exports):
    for day in ("2026-05-01", "2026-06-01"):
        rows = [vm(1, Annotation=day, **{"VI SDK UUID": None})]
        exports.book(f"vc_{day}.xlsx", {"vInfo": [INFO, *rows], "vHost": [HOST, host(uuid=None)]})
    assert exports.table("oses")["ose_id"].unique().to_list() == ["vc/uuid-1"]


def test_tabs_of_3_x_with_prefix_and_old_headings(exports):
    info = ["VM", "Powerstate", "CPUs", "Memory MB", "Path", "Datacenter", "Cluster", "Host", "OS", "Object ID", "UUID"]
    rows = [
        [
            "59",
            "poweredOff",
            "2",
            "16,384",
            "[d] 59/59.vmtx",
            "DC",
            "C1",
            "esx1",
            WS.format("2003 Standard"),
            "vm-5",
            "u",
        ]
    ]
    exports.book("RVTools 2017-11-28.xlsx", {"tabvInfo": [info, *rows], "tabvHost": [HOST[:6], host()[:6]]})
    row = exports.table("oses").row(0, named=True)
    assert (row["name"], row["is_running"], row["is_template"]) == ("59", False, True)
    assert (row["os_edition"], row["os_version"]) == ("Standard", "2003")
    assert row["ose_id"] == "RVTools/vm-5"


def test_database_column_names(exports):
    info = ["vInfoVMName", "vInfoPowerstate", "vInfoCPUs", "vInfoHost", "vInfoOS"]
    exports.csv("tabvInfo.csv", [info, ["a", "poweredOn", "2", "esx1", WS.format(2016)]])
    assert exports.table("oses")["os_version"].to_list() == ["2016"]


def test_custom_attributes_and_hand_inserted_columns_move_nothing(exports):
    at = INFO.index("Annotation") + 1
    headings = [INFO[0], "Owner", *INFO[1:at], "CPUs", "Host", "Cluster", "Datacenter", *INFO[at:]]
    row = vm(1)
    moved = [row[0], "me", *row[1:at], "99", "wrong", "wrong", "wrong", *row[at:]]
    exports.book(NAME, {"vInfo": [headings, moved], "vHost": [HOST, host()]})
    found = exports.table("oses").row(0, named=True)
    assert (found["vcpus"], found["host_id"], found["cluster_id"]) == (4, "aaaa-1/esx1.x.y", "aaaa-1/C1")


def test_names_may_repeat_be_blank_or_all_digits(exports):
    rows = [vm(1, VM="59"), vm(2, VM="59"), vm(3, VM=None), vm(4, VM="=cmd()"), vm(5, VM="<script>alert(1)</script> ")]
    oses = book(exports, rows).table("oses").sort("ose_id")
    assert oses["ose_id"].n_unique() == 5
    assert oses["name"].to_list() == ["59", "59", None, "=cmd()", "<script>alert(1)</script>"]


def test_a_shared_smbios_uuid_merges_nothing(exports):
    headings = [*INFO, "SMBIOS UUID"]
    exports.book(NAME, {"vInfo": [headings, *([*vm(n), "same"] for n in range(66))], "vHost": [HOST, host()]})
    assert exports.table("oses")["ose_id"].n_unique() == 66


def test_machines_that_share_an_instance_uuid_are_told_apart_by_their_id(exports):
    rows = [vm(1, **{"VM UUID": "u"}), vm(2, **{"VM UUID": "u"}), vm(3)]
    ids = book(exports, rows).table("oses")["ose_id"].sort().to_list()
    assert ids == ["aaaa-1/u/vm-1", "aaaa-1/u/vm-2", "aaaa-1/uuid-3"]


def test_without_any_id_names_are_told_apart_by_their_order(exports):
    gone = {"VM ID": None, "VM UUID": None}
    rows = [vm(1, VM="a", **gone), vm(2, VM="a", **gone), vm(3, VM="b", **gone)]
    assert book(exports, rows).table("oses")["ose_id"].to_list() == ["aaaa-1/a", "aaaa-1/a/2", "aaaa-1/b"]


def test_one_vm_id_in_two_vcenters_is_two_machines(exports):
    rows = [vm(1, **{"VM UUID": None}), vm(1, **{"VM UUID": None, "VI SDK UUID": "BBBB-2"})]
    oses = book(exports, rows, [host(), host(uuid="BBBB-2")]).table("oses")
    assert oses["ose_id"].sort().to_list() == ["aaaa-1/vm-1", "bbbb-2/vm-1"]
    assert oses["host_id"].n_unique() == 2


@pytest.mark.parametrize(
    ("in_vinfo", "in_vhost", "found"),
    [
        ("esx1", "esx1.x.y", "esx1.x.y"),
        ("esx1.x.y", "esx1", "esx1"),
        ("ESX1.X.Y", "esx1.x.y", "esx1.x.y"),
        ("esx1.a.b", "esx1.x.y", "esx1.a.b"),  # two domains: two hosts
        ("10.0.0.1", "10.0.0.2", "10.0.0.1"),  # addresses have no short form
    ],
)
def test_short_and_full_host_names_join_when_only_one_fits(exports, in_vinfo, in_vhost, found):
    oses = book(exports, [vm(1, Host=in_vinfo)], [host(in_vhost)]).table("oses")
    assert oses["host_id"].to_list() == [f"aaaa-1/{found}"]


def test_a_short_name_that_fits_two_hosts_joins_neither(exports):
    oses = book(exports, [vm(1, Host="esx1")], [host("esx1.a.b"), host("esx1.x.y")]).table("oses")
    assert oses["host_id"].to_list() == ["aaaa-1/esx1"]


def test_a_host_that_vhost_lacks_keeps_its_machines_and_gets_no_row(exports):
    book(exports, [vm(1), vm(2, Host="esx99.x.y"), vm(3, Host="esx99.x.y")])
    assert exports.table("hosts")["host_id"].to_list() == ["aaaa-1/esx1.x.y"]
    assert exports.table("oses")["host_id"].to_list()[1:] == ["aaaa-1/esx99.x.y"] * 2
    assert "2 machines run on 1 hosts that vHost lacks (aaaa-1/esx99.x.y)" in exports.findings()["host_not_in_vhost"]


def test_only_the_newest_export_of_a_vcenter_is_criticized(exports):
    for day in ("2026-05-01", "2026-06-01"):
        sheets = {"vInfo": [INFO, vm(1, Host=f"gone-{day}")], "vHost": [HOST, host()]}
        exports.book(f"RVTools_export_all_{day}_10.00.00.xlsx", sheets)
    told = exports.read().findings.filter(reason="host_not_in_vhost")["statement"].to_list()
    assert len(told) == 1
    assert "gone-2026-06-01" in told[0]


def test_an_anonymized_file_with_blank_hosts_loses_nothing(exports):
    blank = [host(name=None), host(name=None)]
    book(exports, [vm(1, Host=None, Cluster=None), vm(2, Host=None)], blank)
    assert exports.table("oses")["host_id"].to_list() == [None, None]
    hosts = exports.table("hosts")
    assert (hosts["host_id"].n_unique(), hosts["physical_cores"].sum()) == (2, 64)
    assert "2 machines name no host" in exports.findings()["no_host_named"]


def test_a_cluster_is_known_by_its_host_and_two_of_one_name_by_their_datacenter(exports):
    rows = [vm(1, Cluster=None), vm(2, Host="esx2", Datacenter="DC2")]
    oses = book(exports, rows, [host(), host("esx2", datacenter="DC2")]).table("oses")
    assert oses["cluster_id"].to_list() == ["aaaa-1/DC/C1", "aaaa-1/DC2/C1"]


@pytest.mark.parametrize(
    ("guest", "tools", "config", "version", "edition", "text"),
    [
        ("Windows Server 2022, 64-bit (Build 1)", WS.format(2019), WS.format(2016), "2022", None, "Windows Server 2022, 64-bit (Build 1) [guest]"),
        (None, WS.format(2019), WS.format(2016), "2019", None, f"{WS.format(2019)} [tools]"),
        (None, None, WS.format(2016), "2016", None, f"{WS.format(2016)} [config]"),
        (None, WS.format("2016 or later"), None, None, None, f"{WS.format('2016 or later')} [tools]"),
        (None, WS.format("2016 or later"), WS.format(2019), "2019", None, f"{WS.format('2016 or later')} [tools]"),
        ("Windows Server 2012 R2 Standard Edition", WS.format(2012), None, "2012 R2", "Standard", "Windows Server 2012 R2 Standard Edition [guest]"),
        (None, WS.format(2008), WS.format("2003 Standard"), "2008", None, f"{WS.format(2008)} [tools]"),
        (None, WS.format(2003), WS.format("2003 Standard"), "2003", "Standard", f"{WS.format(2003)} [tools]"),
    ],
)  # fmt: skip
def test_the_guest_wins_over_tools_and_tools_over_the_configuration(
    exports, guest, tools, config, version, edition, text
):
    detail = f"architecture='X86' familyName='Windows' prettyName='{guest}'" if guest else None
    row = vm(1, **{"OS according to the VMware Tools": tools, "OS according to the configuration file": config})
    exports.book(NAME, {"vInfo": [[*INFO, "Guest Detailed Data"], [*row, detail]], "vHost": [HOST, host()]})
    found = exports.table("oses").row(0, named=True)
    assert (found["os_version"], found["os_edition"], found["os_text"]) == (version, edition, text)


def test_a_source_that_says_nothing_gives_way(exports):
    tools = {"OS according to the VMware Tools": "Other (64-bit)"}
    assert book(exports, [vm(1, **tools)]).table("oses")["os_product"].to_list() == ["Windows Server"]


@pytest.mark.parametrize(
    ("state", "running"), [("poweredOn", True), ("PoweredOn", True), ("poweredOff", False), ("suspended", False)]
)
def test_power_states(exports, state, running):
    assert book(exports, [vm(1, Powerstate=state)]).table("oses")["is_running"].to_list() == [running]


def test_an_unknown_power_state_is_an_issue(exports):
    row = book(exports, [vm(1, Powerstate="melted")]).table("oses").row(0, named=True)
    assert (row["is_running"], row["issues"]) == (None, ["is_running: 'melted' is neither yes nor no"])


def test_templates_and_placeholders_are_marked(exports):
    headings = [*INFO, "SRM Placeholder"]
    rows = [[*vm(1, Template="TRUE"), "False"], [*vm(2), "True"], [*vm(3), "False"], [*vm(4, VM="vCLS-1"), "False"]]
    exports.book(NAME, {"vInfo": [headings, *rows], "vHost": [HOST, host()]})
    assert exports.table("oses")["is_template"].to_list() == [True, True, False, False]


def test_sockets_of_zero_do_not_matter(exports):
    vcpu = [
        ["VM", "CPUs", "Sockets", "Cores p/s", "VM ID", "VM UUID", "VI SDK UUID"],
        ["vm1", "4", "0", "6", "vm-1", "uuid-1", VC],
    ]
    assert book(exports, [vm(1)], vCPU=vcpu).table("oses")["vcpus"].to_list() == [4]


def test_vcpus_that_vinfo_lacks_come_from_vcpu(exports):
    vcpu = [["VM", "CPUs", "Sockets", "Cores p/s", "VM ID", "VM UUID", "VI SDK UUID"]]
    vcpu += [["vm1", "6", "0", "6", "vm-1", "uuid-1", VC], ["vm2", "8", "1", "8", "vm-2", "uuid-2", VC]]
    assert book(exports, [vm(1, CPUs=None), vm(2)], vCPU=vcpu).table("oses")["vcpus"].to_list() == [6, 4]


@pytest.mark.parametrize(
    ("sockets", "per_socket", "cores", "expected"),
    [
        ("2", "16", "32", 32),
        ("2", "16", None, 32),
        (None, None, "32", 32),
        ("2", None, None, None),
        ("2", None, "-8", -8),
    ],
)
def test_cores_are_stated_or_follow_from_sockets_or_are_unknown(exports, sockets, per_socket, cores, expected):
    row = ["esx1.x.y", "DC", "C1", sockets, per_socket, cores, VC]
    assert book(exports, [vm(1)], [row]).table("hosts")["physical_cores"].to_list() == [expected]


def test_a_merged_file_repeats_headings_and_every_row_is_accounted_for(exports):
    merged = [vm(1), INFO, vm(2), [None] * len(INFO), vm(3)]
    oses = book(exports, merged, [host(), HOST, host("esx2")]).table("oses")
    assert oses["name"].to_list() == ["vm1", "vm2", "vm3"]
    assert oses["source_row"].to_list() == [2, 4, 6]
    counts = exports.result.sources.select("sheet", "rows_read", "rows_mapped", "rows_ignored").rows()
    assert counts == [("vHost", 3, 2, 1), ("vInfo", 4, 3, 1)]


def test_a_machine_called_vm_is_no_heading(exports):
    assert book(exports, [vm(1, VM="VM")]).table("oses")["name"].to_list() == ["VM"]


def test_a_filtered_vinfo_is_noticed(exports):
    tools = [
        ["VM", "Powerstate", "Tools", "Tools Version"],
        *([f"vm{n}", "poweredOn", "toolsOk", "1"] for n in range(5)),
    ]
    book(exports, [vm(n) for n in range(3)], vTools=tools).read()
    assert "vInfo has 3 machines and vTools 5: 2 were filtered out" in exports.findings()["tab_was_filtered"]


@pytest.mark.parametrize(("stated", "is_found"), [("64", False), ("63", True), ("65", True), (None, False)])
def test_the_cores_of_a_cluster_are_checked(exports, stated, is_found):
    cluster = [["Name", "NumHosts", "NumCpuCores", "VI SDK UUID"], ["C1", "2", stated, VC]]
    book(exports, [vm(1)], [host(), host("esx2")], vCluster=cluster).read()
    assert ("cluster_cores_differ" in exports.findings()) == is_found


def test_a_host_that_is_listed_twice_counts_once_for_its_cluster(exports):
    cluster = [["Name", "NumHosts", "NumCpuCores", "VI SDK UUID"], ["C1", "2", "64", VC]]
    book(exports, [vm(1)], [host(), host(), host("esx2")], vCluster=cluster).read()
    assert "cluster_cores_differ" not in exports.findings()


def test_a_cluster_with_a_host_of_unknown_cores_is_not_said_to_differ(exports):
    cluster = [["Name", "NumHosts", "NumCpuCores", "VI SDK UUID"], ["C1", "2", "64", VC]]
    unknown = ["esx2", "DC", "C1", None, None, None, VC]
    book(exports, [vm(1)], [host(), unknown], vCluster=cluster).read()
    assert "cluster_cores_differ" not in exports.findings()


def test_the_day_is_stated_by_the_export_before_its_name(exports):
    meta = [
        ["RVTools major version", "RVTools version", "xlsx creation datetime", "Server"],
        ["4.7", "4.7.1", "2026-06-02 10:00:00", "vc"],
    ]
    assert book(exports, [vm(1)], vMetaData=meta).table("oses")["observed_on"].to_list() == [date(2026, 6, 2)]


def test_an_undated_export_is_as_old_as_its_newest_entry_and_says_so(exports):
    headings = [*INFO, "PowerOn", "Creation date"]
    rows = [[*vm(1), "2026-06-03 01:00:00", "1969-12-31 22:00:00"], [*vm(2), "2026/06/05 01:00:00", None]]
    exports.book("vc.xlsx", {"vInfo": [headings, *rows], "vHost": [HOST, host()]})
    assert exports.table("oses")["observed_on"].unique().to_list() == [date(2026, 6, 5)]
    assert "newest entry is of 2026-06-05" in exports.findings()["export_day_assumed"]


def test_an_export_that_nothing_dates_is_of_the_position_date_unless_the_estate_says(exports):
    exports.book("vc.xlsx", {"vInfo": [INFO, vm(1)], "vHost": [HOST, host()]})
    assert exports.table("oses")["observed_on"].to_list() == [date(2026, 6, 30)]
    assert "vc.xlsx does not say on which day" in exports.findings()["export_undated"]
    exports.text("estate.yaml", "snapshots: {vc.xlsx: 2026-06-11}")
    assert exports.table("oses")["observed_on"].to_list() == [date(2026, 6, 11)]
    assert not exports.findings()


def test_machines_without_a_host_tab(exports):
    exports.book(NAME, {"vInfo": [INFO, vm(1)]})
    assert list(exports.read().tables) == ["oses"]
    assert "no vHost tab" in exports.findings()["no_host_tab"]


def test_a_needed_column_that_is_missing_is_named(exports):
    gone = [heading if heading != "CPUs" else "CPU count" for heading in INFO]
    exports.book(NAME, {"vInfo": [gone, vm(1)], "vHost": [HOST, host()]})
    with pytest.raises(
        ExportError, match=rf"{NAME}, sheet vInfo: this is rvtools vInfo, but it has no column 'CPUs'\."
    ):
        exports.read()


def test_other_tabs_are_listed_and_nothing_else(exports):
    disk = [
        ["VM", "Powerstate", "Template", "Disk", "Capacity MiB", "Host"],
        ["vm1", "poweredOn", "False", "d1", "5", "esx1"],
    ]
    book(exports, [vm(1)], vDisk=disk, Chart=[["nothing here"]]).read()
    formats = dict(exports.result.sources.select("sheet", "format").iter_rows())
    assert formats == {"Chart": "unknown", "vDisk": "unknown", "vHost": "rvtools", "vInfo": "rvtools"}


def test_1304_machines_on_32_hosts_of_a_merged_file(exports):
    vms = [vm(n, Host=f"esx{n % 32}", **{"VI SDK UUID": f"vc-{n % 3}"}) for n in range(1304)]
    hosts = [host(f"esx{n}", uuid=f"vc-{vc}") for n in range(32) for vc in range(3) if (n - vc) % 3 == 0]
    oses = book(exports, vms, hosts).table("oses")
    assert (oses.height, oses["ose_id"].n_unique(), exports.table("hosts").height) == (1304, 1304, 32)
