from datetime import date

import polars as pl

from lmanalytics.rules.engine import compute
from lmanalytics.rules.entitlement import suite_components
from lmanalytics.rules.parameters import Settings
from tests.examples.entitlement import Ledger, in_force
from tests.tables import read_table

AS_OF = date(2026, 6, 30)
ACCESSED = ("Exchange Server", "SharePoint Server", "Skype for Business Server")


def test_a_suite_grants_its_components_beside_itself():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Core Infrastructure Server Suite Standard", "license_and_sa", 4, licenses_per_unit=16)
    ledger.step_up(
        "Core Infrastructure Server Suite Standard",
        "Core Infrastructure Server Suite Datacenter",
        16,
        licenses_per_unit=2,
    )
    answers = ledger.answers(AS_OF)
    held = in_force(answers["licenses"], AS_OF).select("product", "edition", "quantity", "sa_active").rows()
    suite = "Core Infrastructure Server Suite"
    assert sorted(held) == sorted(
        (product, edition, 32, True)
        for product in (suite, "System Center", "Windows Server")
        for edition in ("Standard", "Datacenter")
    )
    documents = answers["license_sources"].filter(
        answers["license_sources"]["license_id"].str.contains(":windows_server")
    )
    assert set(documents["purchase_id"]) == {"P001", "P002"}


def test_a_component_is_not_stepped_up_on_its_own():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Core Infrastructure Server Suite Standard", "license_and_sa", 64)
    ledger.step_up("Windows Server Standard", "Windows Server Datacenter", 16)
    found = ledger.answers(AS_OF)["step_ups"].row(0, named=True)
    assert (found["quantity_valid"], found["reason"]) == (0, "no_base")


def test_a_suite_of_access_licenses_grants_base_and_additive_ones():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Core CAL Suite (User CAL)", "license_and_sa", 50)
    ledger.step_up("Core CAL Suite (User CAL)", "Enterprise CAL Suite (User CAL)", 20)
    held = in_force(ledger.answers(AS_OF)["licenses"], AS_OF)
    found = held.group_by("product", "edition", "metric").agg(pl.col("quantity").sum()).rows()
    assert sorted(found, key=str) == sorted(
        [
            ("Core CAL Suite", None, "user_cal", 30),
            ("Enterprise CAL Suite", None, "user_cal", 20),
            ("Windows Server", None, "user_cal", 50),
            ("System Center", None, "management_license", 50),
            *((p, "Standard", "user_cal", 50) for p in ACCESSED),
            *((p, "Enterprise", "user_cal", 20) for p in ACCESSED),
        ],
        key=str,
    )
    assert held["license_id"].is_unique().all()
    versions = held.filter(product="Exchange Server")["version_right"].unique().to_list()
    assert versions == ["Subscription Edition"]


GRANTS = """
case                      | product | quantity | sa_active || granted | quantity
--------------------------|---------|----------|-----------||---------|---------
three for two             | A       |       10 | true      || B       | 15
a rest grants nothing     | A       |        3 | true      || B       | 4
too few                   | C       |        4 | true      || D       | 0
just enough               | C       |        5 | true      || D       | 1
without coverage          | A       |       10 | false     ||         |
coverage is not known     | A       |       10 |           ||         |
how many is not known     | A       |          | true      || B       |
nothing is offered for it | E       |       10 | true      ||         |
"""


def test_covered_licenses_grant_others_in_the_ratio_of_the_offer():
    given, expected = read_table(GRANTS)
    licenses = given.with_columns(entity_id=pl.lit("main"), license_id="case").lazy()
    offers = pl.LazyFrame({"product": ["A", "C"], "granted_product": ["B", "D"], "licenses": [2, 5], "granted": [3, 1]})
    found = compute(suite_components, "grants", Settings(AS_OF), licenses=licenses, license_grants=offers).collect()
    assert found["is_marked"].all()
    rows = zip(given["case"], *(expected[name] for name in expected.columns), strict=True)
    granted = {case: (product, quantity) for case, product, quantity in rows if product}
    answers = found.select("license_id", "product", "quantity").rows()
    assert {case: (product, quantity) for case, product, quantity in answers} == granted
