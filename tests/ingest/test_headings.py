"""Sheets are recognized by headings, in any spelling, wherever in the first rows they stand."""

import pytest

from lmanalytics.errors import ExportError
from lmanalytics.ingest import headings
from lmanalytics.ingest.adapter import Layout

HOSTS = Layout("hosts", {"host": ("Host",), "cores": ("# Cores", "Cores")}, {"cluster": ("Cluster",)}, hints=("vHost",))
VMS = Layout("vms", {"name": ("VM",), "host": ("Host",)}, {"cluster": ("Cluster",)}, hints=("vInfo",))
PAIRS = [("tool", HOSTS), ("tool", VMS)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*Server name", "Server Name"),
        ("Memory (MiB)", "Memory (MB)"),
        ("License  Quantity", "licence quantity"),
        ("Licensing ID", "licencing-id"),
        ("Enrolment_Number", "Enrollment Number"),
        ("In Use MiB", "In use MB"),
        ("\ufeffVM", "VM"),
        ("\uff28ost", "Host"),
        (" Host\u00a0", "host"),
    ],
)
def test_spellings_of_one_heading_compare_equal(one, other):
    assert headings.normalize(one) == headings.normalize(other)


@pytest.mark.parametrize(("one", "other"), [("Host", "Hosts"), ("Cores", "# Cores"), ("VM", "VM ID")])
def test_different_headings_stay_different(one, other):
    assert headings.normalize(one) != headings.normalize(other)


@pytest.mark.parametrize("above", [0, 1, 9, 29])
def test_headings_are_found_below_title_rows(above):
    rows = [("A title", None)] * above + [("Host", "# Cores"), ("esx1", "16")]
    match = headings.recognize(rows, PAIRS, ["x"], "f")
    assert (match.layout.name, match.row, match.columns) == ("hosts", above, {"host": 0, "cores": 1})


def test_headings_below_the_thirtieth_row_are_not_looked_for():
    assert headings.recognize([("title", "x")] * 30 + [("Host", "# Cores")], PAIRS, ["x"], "f") is None


def test_an_unrelated_sheet_is_of_no_known_kind():
    assert headings.recognize([("Disk", "Free"), ("a", "b")], PAIRS, ["vDisk"], "f") is None


def test_the_layout_that_explains_more_headings_wins():
    match = headings.recognize([("VM", "Host", "Cores", "Cluster")], [("a", HOSTS), ("b", VMS)], ["vInfo"], "f")
    assert match.layout.name == "vms"


def test_two_formats_that_fit_equally_are_refused_and_both_are_named():
    with pytest.raises(ExportError, match=r"f: its headings fit one hosts and other hosts equally well"):
        headings.recognize([("Host", "Cores")], [("one", HOSTS), ("other", HOSTS)], ["x"], "f")


def test_the_canonical_table_wins_a_tie():
    match = headings.recognize([("Host", "Cores")], [("canonical", HOSTS), ("other", HOSTS)], ["x"], "f")
    assert match.format == "canonical"


def test_a_sheet_called_so_that_lacks_a_column_is_refused_with_what_was_probably_meant():
    with pytest.raises(
        ExportError, match=r"book, sheet vHost: this is tool hosts, but it has no column '# Cores'.*'# core'"
    ):
        headings.recognize([("Host", "# Core", "Cluster")], PAIRS, ["vHost"], "book, sheet vHost")


def test_an_auxiliary_sheet_that_lacks_a_column_is_passed_over():
    layout = Layout(
        "extra", {"host": ("Host",), "x": ("X",)}, {"c": ("Cluster",)}, hints=("vExtra",), is_auxiliary=True
    )
    assert headings.recognize([("Host", "Cluster")], [("tool", layout)], ["vExtra"], "f") is None


def test_one_of_a_group_is_enough_and_none_is_not():
    layout = Layout("list", {"quantity": ("Quantity",)}, {"a": ("Part",), "b": ("Item",)}, any_of=(("a", "b"),))
    assert headings.recognize([("Quantity", "Item")], [("t", layout)], ["x"], "f").columns == {"quantity": 0, "b": 1}
    assert headings.recognize([("Quantity", "Price", "Y", "Z")], [("t", layout)], ["x"], "f") is None


def test_a_heading_that_rules_a_layout_out():
    layout = Layout("vms", VMS.required, excludes=("Sockets",))
    assert headings.recognize([("VM", "Host", "Sockets")], [("t", layout)], ["x"], "f") is None


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        # users' own columns stand between Annotation and Datacenter, whatever they are called
        (("VM", "CPUs", "Annotation", "CPUs", "Datacenter", "Cluster"), 1),
        (("VM", "x", "Annotation", "CPUs", "Datacenter", "CPUs"), 5),
        (("VM", "CPUs", "CPUs", "Annotation", "Datacenter"), 2),
        (("VM", "x", "Annotation", "CPUs", "Datacenter"), 3),
        (("CPUs", "VM", "CPUs"), 2),
    ],
)
def test_a_custom_attribute_named_like_a_standard_column_is_not_taken_for_it(row, expected):
    layout = Layout("vms", {"name": ("VM",), "cpus": ("CPUs",)}, custom_between=("Annotation", "Datacenter"))
    assert headings.recognize([row], [("t", layout)], ["x"], "f").columns["cpus"] == expected


def test_a_custom_attribute_called_datacenter_leaves_the_last_one_standing():
    layout = Layout("vms", {"name": ("VM",), "dc": ("Datacenter",)}, custom_between=("Annotation", "Datacenter"))
    row = ("VM", "Annotation", "Datacenter", "Owner", "Datacenter", "Cluster")
    assert headings.recognize([row], [("t", layout)], ["x"], "f").columns["dc"] == 4


def test_a_sheet_of_which_little_is_known_is_no_canonical_table():
    layout = Layout("hosts", {"host_id": ("host_id",)}, hints=("hosts",), least_share=0.5)
    row = ("host_id", "a", "b", "c")
    assert headings.recognize([row], [("canonical", layout)], ["products"], "f") is None
    assert headings.recognize([row], [("canonical", layout)], ["hosts"], "f") is not None
