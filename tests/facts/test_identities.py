import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.facts.identities import identified

OSES = [
    ("main", "4211-a", "SQL01.corp.example"),
    ("main", "4211-b", "sql02"),
    ("main", "4211-c", "web"),
    ("main", "4211-d", "web"),
    ("main", "4211-e", "web.corp.example"),
    ("main", "4211-f", "4211-A"),
    ("other", "9", "sql02"),
]


def oses(rows):
    schema = dict.fromkeys(("entity_id", "ose_id", "name"), pl.String)
    return pl.LazyFrame(rows, schema=schema, orient="row")


def ids(*names, entity="main", rows=OSES):
    hosts = pl.LazyFrame([("main", "h1", "esx1.example")], schema=["entity_id", "host_id", "host_name"], orient="row")
    schema = {"entity_id": pl.String, "ose_id": pl.String}
    installs = pl.LazyFrame([(entity, name) for name in names], schema=schema, orient="row")
    return identified({"installs": installs}, hosts, oses(rows))["installs"].collect()["ose_id"].to_list()


def test_an_id_stands_for_itself_even_where_it_is_a_name_too():
    assert ids("4211-a", "4211-f") == ["4211-a", "4211-f"]


def test_a_name_and_its_first_label_in_any_case():
    assert ids("sql01.CORP.example", "sql01", "SQL02") == ["4211-a", "4211-a", "4211-b"]


def test_a_name_that_several_bear_is_left_alone():
    assert ids("web", "web.corp.example") == ["web", "4211-e"]


def test_what_is_not_known_is_left_alone_and_so_is_another_entity():
    assert ids("sql99", None) == ["sql99", None]
    assert ids("sql01", entity="other") == ["sql01"]
    assert ids("sql02", entity="other") == ["9"]


def test_every_reference_of_a_table_is_looked_up():
    moved = pl.LazyFrame({"entity_id": ["main"], "from_host_id": ["ESX1"], "to_host_id": ["esx2"], "ose_id": ["sql02"]})
    hosts = pl.LazyFrame([("main", "h1", "esx1.example")], schema=["entity_id", "host_id", "host_name"], orient="row")
    found = identified({"license_assignments": moved}, hosts, oses(OSES))["license_assignments"].collect()
    assert found.row(0) == ("main", "h1", "esx2", "4211-b")


NAMES = st.sampled_from(["a", "A", "a.x", "b", "b.x", "b.y", "c.x.y"])


@given(st.lists(st.tuples(NAMES, NAMES), max_size=6, unique_by=lambda row: row[0]), st.lists(NAMES, max_size=5))
def test_it_agrees_with_looking_them_up_one_by_one(rows, asked):
    machines = [("main", *row) for row in rows]

    def scalar(name):
        by_id = {i for i, _ in rows if i.lower() == name.lower()}
        by_name = {i for i, n in rows if n.lower() == name.lower()}
        by_label = {i for i, n in rows if n.split(".")[0].lower() == name.lower()}
        found = by_id or by_name or by_label
        return next(iter(found)) if len(found) == 1 else name

    assert ids(*asked, rows=machines) == [scalar(name) for name in asked]
