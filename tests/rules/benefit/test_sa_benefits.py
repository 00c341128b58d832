from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.benefit import sa_benefits, sa_benefits_pools
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings, load_rule_file
from tests.rules.benefit.benefit_tables import table
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
DECISIONS = """
case                         | valid_from | retired_on | is_by_spend | licenses_with_sa | licenses_unknown | licenses_barred | sa_until   | sa_ended_on || is_entitled | quantity | expires_on | reason
-----------------------------|------------|------------|-------------|------------------|------------------|-----------------|------------|-------------||-------------|----------|------------|------------------
active                       | 2015-07-01 |            | false       |              120 |                0 |               0 | 2027-12-31 |             || true        |      120 | 2027-12-31 | active_coverage
active, end not known        | 2015-07-01 |            | false       |              120 |                5 |               3 |            | 2025-12-31  || true        |      120 |            | active_coverage
nothing                      | 2015-07-01 |            | false       |                0 |                0 |               0 |            |             || false       |        0 |            | no_coverage
ended                        | 2015-07-01 |            | false       |                0 |                0 |               0 |            | 2026-06-29  || false       |        0 | 2026-06-29 | coverage_expired
perhaps active               | 2015-07-01 |            | false       |                0 |                7 |               0 |            | 2025-12-31  ||             |          |            | coverage_unknown
under a customer agreement   | 2015-07-01 |            | false       |                0 |                0 |               9 |            |             || false       |        0 |            | customer_agreement
retired                      | 2015-07-01 | 2021-02-01 | true        |              120 |                0 |               0 | 2027-12-31 |             || false       |        0 | 2021-01-31 | retired
retires tomorrow             | 2015-07-01 | 2026-07-01 | true        |              120 |                0 |               0 | 2027-12-31 |             ||             |          | 2027-12-31 | awarded_by_spend
retires today                | 2015-07-01 | 2026-06-30 | false       |              120 |                0 |               0 | 2027-12-31 |             || false       |        0 | 2026-06-29 | retired
by spend, none               | 2015-07-01 | 2026-07-01 | true        |                0 |                0 |               0 |            |             || false       |        0 |            | no_coverage
not yet                      | 2026-07-01 |            | false       |              120 |                0 |               0 | 2027-12-31 |             || false       |        0 |            | not_yet_offered
first day                    | 2026-06-30 |            | false       |                1 |                0 |               0 | 2027-12-31 |             || true        |        1 | 2027-12-31 | active_coverage
"""
CROSSES = {
    "New Version Rights": "AYS",
    "Office for the web, Office Online Server": "A",
    "Enterprise Source Licensing Program": "Y",
    "Enterprise Sideloading": "Y",
    "Microsoft Desktop Optimization Pack (MDOP)": "Y",
    "Windows Virtual Desktop Access (VDA)": "Y",
    "Workplace Discount Program": "A",
    "Microsoft Dynamics CustomerSource": "S",
    "Step-Up License": "AS",
    "Servers – Disaster Recovery Rights": "S",  # noqa: RUF001 (the terms' own dash)
    "License Mobility": "S",
    "Servers – Self Hosted Applications": "S",  # noqa: RUF001
    "Windows SA per User Add-on Purchase Rights": "Y",
    "Virtualization Rights for Windows and Windows Embedded Desktops": "Y",
}
LETTER = {"applications": "A", "systems": "Y", "servers": "S"}


def test_when_a_benefit_is_available():
    check(sa_benefits, AS_OF, DECISIONS)


def test_every_reason_occurs():
    assert set(read_table(DECISIONS)[1]["reason"]) == {r.code for r in sa_benefits.Reason}


def coverage(licenses, *, on=AS_OF, agreements=None, **policies):
    asked = Settings(on, policies)
    pooled = compute(sa_benefits_pools, "pooled", asked, licenses=licenses)
    known = table("agreements") if agreements is None else agreements
    return compute(sa_benefits, "coverage", asked, licenses=pooled, agreements=known).collect()


def license_(number, product, **given):
    row = {
        "license_id": f"L{number}", "agreement_id": "A", "enrollment_id": "A", "program": "ea", "product": product,
        "metric": "device", "quantity": 10, "sa_active": True, "sa_end": date(2027, 12, 31), "is_perpetual": True,
        "reason": "purchased",
    }  # fmt: skip
    return row | given


def everything(**given):
    products = ("Office Standard", "Windows Enterprise", "Windows Server", "Dynamics 365 CAL")
    return table("licenses", *(license_(n, p, **given) for n, p in enumerate(products)))


def test_the_matrix_has_the_seventeen_crosses_of_the_terms():
    found = coverage(everything()).filter(pl.col("retired_on").is_null())
    crosses = {}
    for row in found.to_dicts():
        assert row["licenses_with_sa"] >= 10
        crosses.setdefault(row["benefit"], set()).add(LETTER[row["pool"]])
    assert crosses == {name: set(pools) for name, pools in CROSSES.items()}
    assert found.height == sum(map(len, CROSSES.values())) == 17


def test_customersource_moves_with_its_policy():
    moved = coverage(everything(), customersource_pool="applications")
    found = moved.filter(pl.col("benefit") == "Microsoft Dynamics CustomerSource")
    assert found["pool"].to_list() == ["applications"]
    assert moved.filter(pl.col("retired_on").is_null()).height == 17


def test_two_benefits_are_retired_in_every_pool():
    found = coverage(everything()).filter(pl.col("retired_on").is_not_null())
    assert found["retired_on"].unique().to_list() == [date(2021, 2, 1)]
    assert set(found["benefit"]) == {"Planning Services", "Training Vouchers"}
    assert found.height == 6


def test_only_qualifying_products_bring_a_benefit():
    found = coverage(table("licenses", license_(0, "Visio", edition="Standard")))
    held = dict(found.filter(pl.col("pool") == "applications").select("benefit", "licenses_with_sa").rows())
    assert held["Office for the web, Office Online Server"] == 0
    assert held["Step-Up License"] == held["Workplace Discount Program"] == held["New Version Rights"] == 10


@pytest.mark.parametrize(
    ("product", "is_perpetual", "reading", "counted"),
    [
        ("SQL Server", True, "equivalent", 0),
        ("SQL Server", False, "equivalent", 10),
        ("SQL Server", False, "none", 0),
        ("Office Standard", False, "equivalent", 0),
    ],
)
def test_a_customer_agreement_brings_server_subscriptions_alone(product, is_perpetual, reading, counted):
    bought = table("licenses", license_(0, product, program="csp", is_perpetual=is_perpetual))
    found = coverage(bought, csp_subscription_benefits=reading).filter(pl.col("benefit") == "New Version Rights")
    assert found["licenses_with_sa"].sum() == counted
    assert found["licenses_barred"].sum() == 10 - counted


def test_an_agreement_without_licenses_has_rows_too():
    contracts = table("agreements", {"agreement_id": "B", "enrollment_id": "B", "program": "ees"})
    found = coverage(table("licenses"), agreements=contracts)
    assert set(found["agreement_id"]) == {"B"}
    assert found["licenses_with_sa"].sum() == 0


def test_the_longest_coverage_counts_and_an_unknown_end_leaves_it_open():
    ends = (date(2026, 12, 31), date(2028, 6, 30))
    both = [license_(n, "Office Standard", sa_end=end) for n, end in enumerate(ends)]
    new = pl.col("benefit") == "New Version Rights"
    apps = pl.col("pool") == "applications"
    assert coverage(table("licenses", *both)).filter(new & apps)["sa_until"].to_list() == [ends[1]]
    third = license_(3, "Office Standard", sa_end=None)
    assert coverage(table("licenses", *both, third)).filter(new & apps)["sa_until"].to_list() == [None]


DAYS = st.none() | st.integers(-400, 400).map(lambda n: AS_OF + timedelta(days=n))
LICENSES = st.lists(
    st.tuples(st.integers(1, 50), st.booleans(), DAYS, st.sampled_from(["purchased", "sa_end_unknown"]))
)


@settings(max_examples=40)
@given(LICENSES)
def test_counts_agree_with_a_plain_sum(rows):
    licenses = table(
        "licenses",
        *(
            license_(n, "Windows Server", quantity=q, sa_active=active, sa_end=end, reason=why)
            for n, (q, active, end, why) in enumerate(rows)
        ),
    )
    found = coverage(licenses).filter(pl.col("benefit") == "License Mobility").to_dicts()
    if not rows:
        assert not found
        return
    active = [r for r in rows if r[1]]
    past = [r[2] for r in rows if not r[1] and r[2] and r[2] < AS_OF]
    assert found[0]["licenses_with_sa"] == sum(r[0] for r in active)
    assert found[0]["licenses_unknown"] == sum(r[0] for r in rows if not r[1] and r[3] == "sa_end_unknown")
    assert found[0]["sa_until"] == (max(r[2] for r in active) if active and all(r[2] for r in active) else None)
    assert found[0]["sa_ended_on"] == (max(past) if past else None)


def test_every_row_of_the_matrix_says_how_sure_it_is():
    matrix = load_rule_file(sa_benefits).table("benefit_pools")
    assert matrix["confidence"].is_between(1, 100).all()
