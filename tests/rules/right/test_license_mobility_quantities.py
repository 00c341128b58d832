from datetime import date
from fractions import Fraction
from math import ceil, floor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_quantities
from tests.tables import read_table

AS_OF = date(2026, 6, 30)


def check(text, **policies):
    """Compare as `tests.tables.check` does; a version in quotes is text."""
    facts, expected = read_table(text)
    facts = facts.with_columns(pl.col("version").str.strip_chars("'"))
    result = evaluate(facts.lazy(), license_mobility_quantities, Settings(AS_OF, policies)).collect()
    names = [pl.col(f"license_mobility_quantities__{c}").alias(c) for c in expected.columns]
    assert_frame_equal(result.select("case", *names), facts.select("case").hstack(expected), check_dtypes=False)


DEPLOYMENTS = """
case                              | product         | version | edition    | metric             | vcpus | oses | managed_before | managed_oses || licenses_required
----------------------------------|-----------------|---------|------------|--------------------|-------|------|----------------|--------------||------------------
a machine of four cores           | SQL Server      | '2019'    | Standard   | core               |     4 |    1 |              0 |              || 4
below the minimum                 | SQL Server      | '2019'    | Standard   | core               |     2 |    1 |              0 |              || 4
one core above                    | SQL Server      | '2019'    | Standard   | core               |     5 |    1 |              0 |              || 5
BizTalk, by core as well          | BizTalk Server  | '2020'    | Standard   | core               |     8 |    1 |              0 |              || 8
cores unknown                     | SQL Server      | '2019'    | Standard   | core               |       |    1 |              0 |              ||
a server license covers one OSE   | SQL Server      | '2019'    | Standard   | server             |    16 |    1 |              0 |              || 1
External Connector: one OSE       | Remote Desktop  | '2022'    |            | external_connector |    16 |    1 |              0 |              || 1
no OSE at all                     | Remote Desktop  | '2022'    |            | external_connector |       |    0 |              0 |              || 0
a license without a rule          | SQL Server      | '2019'    | Standard   | user_cal           |     4 |    1 |              0 |              ||
2012 R2 Standard, two OSEs        | System Center   | '2012 R2' | Standard   | management_license |       |    1 |              0 |            2 || 1
2012 R2 Standard, three           | System Center   | '2012 R2' | Standard   | management_license |       |    1 |              0 |            3 || 2
2012 R2 Datacenter, ten           | System Center   | '2012 R2' | Datacenter | management_license |       |    1 |              0 |           10 || 1
2025 Standard, two                | System Center   | '2025'    | Standard   | core               |     2 |    1 |              0 |            2 || 16
2025 Standard, three              | System Center   | '2025'    | Standard   | core               |     2 |    1 |              0 |            3 || 32
2025 Datacenter, eleven           | System Center   | '2025'    | Datacenter | core               |     2 |    1 |              0 |           11 || 32
the second OSE of the same licenses | System Center | '2025'    | Standard   | core               |     2 |    1 |              1 |            1 || 0
the third one                     | System Center   | '2025'    | Standard   | core               |     2 |    1 |              2 |            1 || 16
nothing is managed                | System Center   | '2025'    | Standard   | core               |     2 |    1 |              0 |            0 || 0
how many it manages is unknown    | System Center   | '2025'    | Standard   | core               |     2 |    1 |              0 |              ||
a version that no table names     | System Center   | '2007'    | Standard   | core               |     2 |    1 |              0 |            2 ||
version unknown                   | System Center   |         | Standard   | core               |     2 |    1 |              0 |            2 ||
"""


def test_licenses_of_a_deployment():
    check(DEPLOYMENTS)


def test_a_part_of_sixteen_management_licenses():
    table = """
    case                | product       | version | edition    | metric | vcpus | oses | managed_before | managed_oses | licenses_held || {}
    --------------------|---------------|---------|------------|--------|-------|------|----------------|--------------|---------------||---
    fifteen of sixteen  | System Center | '2025'  | Datacenter | core   |     1 |    1 |              0 |            5 |            15 || {}
    """
    check(table.format("management_licenses | managed_oses_allowed", "16 | 0"))
    check(table.format("management_licenses | managed_oses_allowed", "8 | 9"), part_of_a_grant="pro_rata")


def held(product, version, edition, licenses, metric="management_license", **policies):
    facts = {
        "product": product, "version": version, "edition": edition, "metric": metric, "licenses_held": licenses,
        "vcpus": None, "oses": None, "managed_before": None, "managed_oses": None,
    }  # fmt: skip
    row = (
        evaluate(pl.LazyFrame([facts]), license_mobility_quantities, Settings(AS_OF, policies))
        .collect()
        .row(0, named=True)
    )
    return row["license_mobility_quantities__managed_oses_allowed"], row["license_mobility_quantities__oses_allowed"]


def test_what_licenses_held_permit():
    assert held("System Center", "2025", "Standard", 48)[0] == 6
    assert held("System Center", "2025", "Datacenter", 32)[0] == 20
    assert held("System Center", "2025", "Datacenter", 31)[0] == 10
    assert held("System Center", "2012 R2", "Datacenter", 1)[0] == 10
    assert held("SQL Server", "2019", "Standard", 3, "server")[1] == 3
    assert held("SQL Server", "2019", "Standard", 3, "external_connector")[1] == 3
    assert held("SQL Server", "2019", "Standard", 3, "core") == (None, None)


@settings(max_examples=60, deadline=None)
@given(
    managed=st.lists(st.integers(0, 60), min_size=1, max_size=12),
    edition=st.sampled_from(["Standard", "Datacenter"]),
    version=st.sampled_from(["2012 R2", "2025"]),
    reading=st.sampled_from(["no_right", "pro_rata"]),
)
def test_deployments_that_share_licenses_add_up_to_what_all_of_them_need(managed, edition, version, reading):
    before = [sum(managed[:n]) for n in range(len(managed))]
    frame = pl.LazyFrame(
        {"managed_oses": managed, "managed_before": before},
        schema={"managed_oses": pl.Int64, "managed_before": pl.Int64},
    ).with_columns(
        product=pl.lit("System Center"), version=pl.lit(version), edition=pl.lit(edition), metric=pl.lit("core"),
        vcpus=pl.lit(4), oses=pl.lit(1),
    )  # fmt: skip
    got = evaluate(frame, license_mobility_quantities, Settings(AS_OF, {"part_of_a_grant": reading})).collect()
    per, oses = (1 if version == "2012 R2" else 16), (2 if edition == "Standard" else 10)
    total = sum(managed)
    needed = ceil(Fraction(total, oses)) * per if reading == "no_right" else ceil(Fraction(total * per, oses))
    assert got["license_mobility_quantities__licenses_required"].sum() == needed
    permitted = needed // per * oses if reading == "no_right" else floor(Fraction(needed * oses, per))
    assert permitted >= total
