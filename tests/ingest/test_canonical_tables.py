"""Tables written by hand, in every form a person may give them."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.errors import ExportError
from lmanalytics.ingest import canonical_tables
from lmanalytics.schemas import CANONICAL

HOSTS = "host_id,observed_on,host_name,processors,physical_cores\nh1,2026-06-01,esx1,2,32\n"
VALUES = {"text": "x", "integer": "7", "date": "2026-01-15", "timestamp": "2026-01-15 10:00:00", "money": "9.50"}
VALUES |= {"boolean": "yes", "list": "a;b"}


def sample(table):
    return [[column.values[0] if column.values else VALUES[column.type] for column in table.columns.values()]]


@pytest.mark.parametrize("name", CANONICAL)
@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_every_table_is_recognized_by_its_columns_in_every_form(exports, name, form):
    table = CANONICAL[name]
    rows = [[*table.columns], *sample(table)]
    if form == "csv":
        exports.csv("anything.csv", rows, delimiter="|")
    elif form == "xlsx":
        exports.book("anything.xlsx", {"Sheet1": rows})
    else:
        pl.DataFrame(rows[1:], schema=[*table.columns], orient="row").write_parquet(exports.folder / "anything.parquet")
    found = exports.table(name)
    assert list(exports.result.tables) == [name]
    assert found.schema == table.schema
    assert found["issues"].to_list() == [[]]
    assert found.select(*table.columns).null_count().sum_horizontal().to_list() == [0]


def test_the_name_of_the_file_settles_what_columns_leave_open(exports):
    exports.text(
        "access_counts.csv",
        "product\nWindows Server\n".replace("product", "product,users").replace("Server\n", "Server,5\n"),
    )
    assert exports.table("access_counts")["users"].to_list() == [5]


def test_spellings_of_columns(exports):
    exports.text("x.csv", "Host ID;Observed On;Physical-Cores;PROCESSORS\nh1;01.06.2026;32;2\n")
    row = exports.table("hosts").row(0, named=True)
    assert (row["host_id"], row["observed_on"], row["physical_cores"]) == ("h1", date(2026, 6, 1), 32)


def test_two_files_of_one_table_are_read_one_after_the_other(exports):
    exports.text("hosts_a.csv", HOSTS)
    exports.text("hosts_b.csv", HOSTS.replace("h1", "h2"))
    hosts = exports.table("hosts")
    assert hosts.select("host_id", "source_file").rows() == [("h1", "hosts_a.csv"), ("h2", "hosts_b.csv")]
    assert hosts["row_id"].n_unique() == 2


def test_the_day_of_the_file_fills_an_absent_observation_day(exports):
    exports.text("hosts_2026-06-11.csv", "host_id,physical_cores,processors\nh1,32,2\n")
    assert exports.table("hosts")["observed_on"].to_list() == [date(2026, 6, 11)]


def test_defaults_and_the_agreement_of_an_absent_enrollment(exports):
    exports.text(
        "purchases.csv",
        "purchase_id,product,metric,purchase_type,quantity,agreement_id\n1,SQL Server,core,license,4,A\n",
    )
    row = exports.table("purchases").row(0, named=True)
    assert (row["basis"], row["licenses_per_unit"], row["enrollment_id"], row["entity_id"]) == (
        "transaction",
        1,
        "A",
        "main",
    )
    assert row["unit_price"] is None


def test_money_of_a_country_that_writes_commas(exports):
    exports.text(
        "prices.csv",
        "product;metric;purchase_type;valid_from;unit_price;currency\nSQL Server;core;license;2026-01-01;1.234,50;EUR\n",
    )
    assert exports.table("prices")["unit_price"].to_list() == [Decimal("1234.5")]


def test_a_needed_column_that_is_missing_is_named_with_what_was_probably_meant(exports):
    exports.text("agreements.csv", "agreement_id,progam,start_date\nA,ea,2026-01-01\n")
    with pytest.raises(
        ExportError,
        match=r"agreements\.csv: this is canonical agreements, but it has no column 'program'\. Did you mean 'progam'",
    ):
        exports.read()


def test_a_column_that_the_table_does_not_have_is_told(exports):
    exports.text("hosts.csv", HOSTS.replace("host_name", "hostname"))
    exports.read()
    assert "has no column hostname, so it was not read" in exports.findings()["column_not_used"]


def test_a_negative_count_and_a_wrong_date_reach_the_gate(exports):
    exports.text("hosts.csv", "host_id,observed_on,physical_cores\nh1,2026-02-30,-8\n")
    row = exports.table("hosts").row(0, named=True)
    assert (row["physical_cores"], row["observed_on"]) == (-8, None)
    assert row["issues"] == ["observed_on: '2026-02-30' is not a date"]


def test_every_required_column_is_needed_unless_it_can_be_filled_in():
    layouts = {layout.name: layout for layout in canonical_tables.SHEETS}
    assert set(layouts) == set(CANONICAL)
    assert set(layouts["hosts"].required) == {"host_id"}
    assert set(layouts["purchases"].required) == {"purchase_id", "product", "metric", "purchase_type", "quantity"}
    assert "enrollment_id" not in layouts["agreements"].required
