from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_licenses

DAY = date(2026, 6, 30)
OSES = [
    # kind, vcpus, cores of each processor, processors, cores, licenses
    ("virtual", 3, None, None, None, 4),
    ("virtual", 4, None, None, None, 4),
    ("virtual", 5, None, None, None, 5),
    ("virtual", 0, None, None, None, 4),
    ("virtual", None, [8, 8], 2, 16, None),
    ("hyperv_container", 2, None, None, None, 4),
    ("physical", None, [3, 3], 2, 6, 8),
    ("physical", None, [4, 4], 2, 8, 8),
    ("physical", None, [2, 10], 2, 12, 14),
    ("physical", None, None, 2, 6, 8),
    ("physical", None, None, 2, 20, 20),
    ("physical", None, None, None, 20, None),
    ("physical", 8, None, 2, None, None),
    (None, 8, [4], 1, 4, None),
]
SCHEMA = {"kind": pl.String, "vcpus": pl.Int64, "cores_per_processor": pl.List(pl.Int64), "processors": pl.Int64,
          "physical_cores": pl.Int64}  # fmt: skip


def licenses(*ose):
    facts = pl.LazyFrame([ose], schema=SCHEMA, orient="row")
    return evaluate(facts, failover_licenses, Settings(DAY)).collect()["failover_licenses__core_licenses"].item()


@pytest.mark.parametrize("row", OSES)
def test_licenses_of_one_ose(row):
    assert licenses(*row[:-1]) == row[-1]


@given(st.lists(st.integers(1, 64), min_size=1, max_size=8))
def test_each_processor_has_its_minimum(cores):
    assert licenses("physical", None, cores, len(cores), sum(cores)) == sum(max(4, c) for c in cores)


@given(st.integers(0, 256))
def test_each_virtual_ose_has_its_minimum(vcpus):
    assert licenses("virtual", vcpus, None, None, None) == max(4, vcpus)
