"""Access licenses that a person names in canonical tables, from the file to what is owned and counted."""

from datetime import date

import polars as pl
import pytest

from lmanalytics import answers, pipeline
from lmanalytics.ingest.access_names import named
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("written", "metric", "expected"),
    [
        ("Windows Server CAL", "user_cal", ("Windows Server", None, "user_cal")),
        ("Windows Server User CAL", None, ("Windows Server", None, "user_cal")),
        ("Windows Server Device CAL", "", ("Windows Server", None, "device_cal")),
        ("Microsoft Exchange Server Standard CAL", "device_cal", ("Exchange Server", "Standard", "device_cal")),
        ("Exchange Server CAL", "user_cal", ("Exchange Server", "Standard", "user_cal")),
        ("SharePoint Server Enterprise User CAL", None, ("SharePoint Server", "Enterprise", "user_cal")),
        ("RDS CAL", "user_cal", ("Remote Desktop Services", None, "user_cal")),
        ("Windows Server External Connector", None, ("Windows Server", None, "external_connector")),
        ("Core CAL Suite", "user_cal", ("Core CAL Suite", None, "user_cal")),
        ("Contoso CAL", "user_cal", ("Contoso CAL", None, "user_cal")),
        ("Windows Server", "core", ("Windows Server", None, "core")),
        ("Calendar Server", "server", ("Calendar Server", None, "server")),
        (None, None, (None, None, None)),
    ],
)
def test_what_is_bought(written, metric, expected):
    text = {"product": written, "edition": None, "metric": metric}
    row = pl.LazyFrame([text], schema=dict.fromkeys(text, pl.String))
    assert named(row, "purchases").collect().row(0) == expected


def test_what_a_row_states_stays():
    row = pl.LazyFrame({"product": ["Exchange Server CAL"], "edition": ["Enterprise"], "metric": ["device_cal"]})
    assert named(row, "purchases").collect().row(0) == ("Exchange Server", "Enterprise", "device_cal")


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("Windows Server User CAL", "Windows Server CAL"),
        ("RDS Device CAL", "Remote Desktop Services CAL"),
        ("Microsoft Exchange Server Enterprise CAL", "Exchange Server Enterprise CAL"),
        ("Windows Server External Connector", "Windows Server External Connector"),
        ("Windows Server", "Windows Server"),
        ("Enterprise CAL Suite", "Enterprise CAL Suite"),
    ],
)
def test_what_is_counted(written, counted):
    rows = pl.LazyFrame({"product": [written]})
    assert named(rows, "access_licenses").collect()["product"].to_list() == [counted]


def test_other_tables_come_back_as_they_are():
    rows = pl.LazyFrame({"product": ["Windows Server CAL"]})
    assert named(rows, "installs").collect()["product"].to_list() == ["Windows Server CAL"]


def _by_user(answer):
    return answer.filter(pl.col("metric") == "user_cal").collect()


def test_from_the_file_to_the_demand(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    heading = "purchase_id,product,metric,quantity,purchase_type,basis,order_date,agreement_id\n"
    bought = "p1,Windows Server User CAL,,100,license,transaction,2025-01-01,A1\n"
    (exports / "purchases.csv").write_text(heading + bought, encoding="utf-8")
    (exports / "access_counts.csv").write_text("product,users,devices\nWindows Server CAL,120,\n", encoding="utf-8")
    _, gated = pipeline.check(exports, tmp_path / "found", as_of=DAY, progress=lambda _: None)
    tables = {name: pl.scan_parquet(path) for name, path in gated.accepted.items()}
    found = answers.position(tables, Settings(DAY, {}))
    columns = ["product", "metric"]
    assert found["licenses"].select(*columns, "quantity").collect().rows() == [("Windows Server", "user_cal", 100)]
    assert _by_user(found["demand"]).select(*columns, "licenses_required").rows() == [
        ("Windows Server", "user_cal", 120)
    ]
    assert _by_user(found["position"]).select(pl.col("owned", "required", "shortage").sum()).row(0) == (100, 120, 20)
