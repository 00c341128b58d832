from datetime import date

import polars as pl
import pytest

from lmanalytics.facts.software import sorted_out
from lmanalytics.rules.demand._versions import releases
from lmanalytics.rules.demand.server_products import _MODELS
from lmanalytics.rules.parameters import Settings

SETTINGS = Settings(date(2026, 6, 30))


def parted(*products, settings=SETTINGS):
    schema = {"entity_id": pl.String, "product": pl.String, "row_id": pl.Int64}
    rows = pl.LazyFrame([("main", name, n) for n, name in enumerate(products)], schema=schema, orient="row")
    kept, aside = sorted_out(rows, settings)
    return kept.collect(), aside.collect()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SQL Server", None),
        ("sql srv 2019", None),
        ("Microsoft Something New", None),
        ("MS Project", None),
        ("Contoso for SQL Server", None),
        ("7-Zip", "other_publisher"),
        ("CrowdStrike Windows Sensor", "other_publisher"),
        ("=cmd|'/c calc'!A1", "other_publisher"),
        ("", "other_publisher"),
        ("Microsoft Visual C++ 2019 X64 Minimum Redistributable", "free_component"),
        ("Microsoft Edge", "free_component"),
        ("Microsoft ODBC Driver 17 for SQL Server", "free_component"),
        ("SQL Server Management Studio", "free_component"),
        (None, None),
    ],
)
def test_a_name_decides(name, reason):
    kept, aside = parted(name)
    assert aside["reason"].to_list() == ([reason] if reason else [])
    assert kept.height == (reason is None)


def test_no_product_that_a_rule_knows_is_set_aside():
    known = {*releases(SETTINGS).collect()["product"], *_MODELS["product"]}
    assert len(known) > 10
    _, aside = parted(*sorted(known))
    assert aside["product"].to_list() == []


def test_rows_stay_in_order_and_add_up():
    names = ["7-Zip", "SQL Server", None, "7-Zip", "Exchange Server", "PuTTY"]
    kept, aside = parted(*names)
    assert kept["row_id"].to_list() == [1, 2, 4]
    assert dict(zip(aside["product"], aside["rows"], strict=True)) == {"7-Zip": 2, "PuTTY": 1}
    assert kept.height + aside["rows"].sum() == len(names)


def test_nothing_is_set_aside_under_the_other_reading():
    other = Settings(SETTINGS.as_of, {"unrecognized_software": "not_computable"})
    kept, aside = parted("7-Zip", settings=other)
    assert (kept.height, aside.height) == (1, 0)
