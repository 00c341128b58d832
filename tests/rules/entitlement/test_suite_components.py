from datetime import date

from tests.examples.entitlement import Ledger, in_force

AS_OF = date(2026, 6, 30)


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
