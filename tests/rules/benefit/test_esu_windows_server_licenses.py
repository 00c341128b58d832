from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import esu_windows_server_licenses
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

DAY = date(2026, 1, 31)
MACHINES = """
case           | vcpus || virtual_core_licenses | hosted_licenses | min_hosted_licenses_per_ose
---------------|-------||-----------------------|-----------------|----------------------------
twelve         |    12 ||                    12 |              12 |                           8
eight          |     8 ||                     8 |               8 |                           8
one more       |     9 ||                     9 |               9 |                           8
seven          |     7 ||                     8 |               8 |                           8
two            |     2 ||                     8 |               8 |                           8
unknown        |       ||                       |                 |                           8
"""
MACHINES_OF_2023 = """
case           | vcpus || virtual_core_licenses | hosted_licenses | min_hosted_licenses_per_ose
---------------|-------||-----------------------|-----------------|----------------------------
four           |     4 ||                     8 |              16 |                          16
sixteen        |    16 ||                    16 |              16 |                          16
seventeen      |    17 ||                    17 |              17 |                          16
unknown        |       ||                       |                 |                          16
"""
SERVERS = """
case               | cores_to_license | windows_oses | edition    || standard_sets | standard_licenses | datacenter_licenses | physical_licenses
-------------------|------------------|--------------|------------||---------------|-------------------|---------------------|------------------
two on the least   |               16 |            2 | Standard   ||             1 |                16 |                  16 |                16
three              |               16 |            3 | Standard   ||             2 |                32 |                  16 |                32
four on thirty-two |               32 |            4 | Standard   ||             2 |                64 |                  32 |                64
the server alone   |               16 |            0 | Standard   ||             1 |                16 |                  16 |                16
any number         |              128 |           15 | Datacenter ||             8 |              1024 |                 128 |               128
edition unknown    |               16 |            1 |            ||             1 |                16 |                  16 |
OSEs unknown       |               16 |              | Standard   ||               |                   |                  16 |
cores unknown      |                  |            1 | Standard   ||             1 |                   |                     |
"""
PUBLISHED = """
case               | cores_to_license | windows_oses | edition  || standard_sets | standard_licenses
-------------------|------------------|--------------|----------||---------------|------------------
a branch           |               32 |            4 | Standard ||             2 |                32
one more           |               32 |            5 | Standard ||             3 |                48
few on many cores  |               64 |            2 | Standard ||             1 |                64
cores unknown      |                  |            2 | Standard ||             1 |
"""
BASIS = """
case                         | virtual_licenses | cores_to_license | windows_oses | edition  | is_physical | recorded       || basis
-----------------------------|------------------|------------------|--------------|----------|-------------|----------------||---------------
fewer by virtual machine     |                8 |               16 |            1 | Standard | false       |                || virtual_cores
the same                     |               16 |               16 |            2 | Standard | false       |                || virtual_cores
fewer by core                |               17 |               16 |            2 | Standard | false       |                || physical_cores
a physical server            |                8 |               16 |            1 | Standard | true        |                || physical_cores
virtual cores unknown        |                  |               16 |            1 | Standard | false       |                || physical_cores
cores unknown                |                8 |                  |            1 | Standard | false       |                || virtual_cores
neither known                |                  |                  |            1 | Standard | false       |                ||
recorded on the server       |                8 |               16 |            1 | Standard | false       | physical_cores || physical_cores
recorded on its OSEs         |               17 |               16 |            2 | Standard | false       | virtual_cores  || virtual_cores
"""


def test_virtual_machines():
    check(esu_windows_server_licenses, DAY, MACHINES)
    check(esu_windows_server_licenses, DAY, MACHINES_OF_2023, esu_hosted_minimum="answer_of_2023")


def test_servers():
    check(esu_windows_server_licenses, DAY, SERVERS)
    check(esu_windows_server_licenses, DAY, PUBLISHED, esu_standard_sets="least_cores")


def test_basis():
    check(esu_windows_server_licenses, DAY, BASIS)


def basis(day=DAY, **policies):
    row = {"virtual_licenses": 17, "cores_to_license": 16, "windows_oses": 2, "edition": "Standard", "recorded": None}
    frame = pl.LazyFrame([row], schema_overrides={"recorded": pl.String})
    found = evaluate(frame, esu_windows_server_licenses, Settings(day, policies)).collect()
    return found[column_name(esu_windows_server_licenses, "basis")].item()


@pytest.mark.parametrize("reading", ["physical_cores", "virtual_cores"])
def test_a_policy_may_settle_the_basis(reading):
    assert basis(esu_windows_server_basis=reading) == reading


@pytest.mark.parametrize(
    ("day", "expected"), [(date(2022, 9, 30), "physical_cores"), (date(2022, 10, 1), "virtual_cores")]
)
def test_virtual_machines_count_by_themselves_since_their_licensing_began(day, expected):
    assert basis(day, esu_windows_server_basis="virtual_cores") == expected


@given(st.integers(16, 512), st.integers(0, 60))
def test_agrees_with_plain_counting(cores, oses):
    row = {"cores_to_license": cores, "windows_oses": oses, "edition": "Standard"}
    found = evaluate(pl.LazyFrame([row]), esu_windows_server_licenses, Settings(DAY)).collect()
    sets = 1
    while sets * 2 < oses:
        sets += 1
    assert found[column_name(esu_windows_server_licenses, "physical_licenses")].item() == sets * cores
