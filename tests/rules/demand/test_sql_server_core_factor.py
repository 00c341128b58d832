from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.demand import sql_server_core_factor
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings

TYPES = {"processor_id": pl.String, "version": pl.String, "cores": pl.Int64, "series": pl.String}


@pytest.mark.parametrize(
    ("version", "cores", "series", "percent", "licenses"),
    [
        ("2012", 1, None, 400, 4),
        ("2014", 2, None, 200, 4),
        ("2014", 3, None, 100, 3),
        ("2012", 16, None, 100, 16),
        ("2012", 6, "AMD 61XX", 75, 5),
        ("2014", 16, "AMD 42XX", 75, 12),
        ("2014", 5, "AMD 42XX", 100, 5),
        ("2014", 1, "AMD 31XX", 400, 4),
        ("2014", 8, "AMD 23XX", 100, 8),
        ("2016", 1, None, 100, 1),
        ("2022", 16, "AMD 61XX", 100, 16),
        ("2014", None, "AMD 61XX", None, None),
    ],
)
def test_factors(version, cores, series, percent, licenses):
    rows = [{"processor_id": "p", "version": version, "cores": cores, "series": series}]
    found = compute(sql_server_core_factor, "factors", Settings(date(2016, 10, 1)),
                    processors=pl.LazyFrame(rows, schema=TYPES)).collect()  # fmt: skip
    assert found.row(0) == ("p", percent, licenses)
