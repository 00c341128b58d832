from datetime import date

import polars as pl

from tests.examples.entitlement import Ledger, in_force

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
