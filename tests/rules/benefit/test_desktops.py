from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import desktops
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.benefit_tables import table

AS_OF = date(2026, 6, 30)
ASKED = Settings(AS_OF)
PC = {"is_qualified_desktop": True, "windows_edition": "Pro", "screen_inches": "14.0", "sa_active_until": date(2027, 6, 30),
      "office_edition": "Professional Plus", "office_sa_until": date(2027, 3, 31), "primary_user_id": "u1"}  # fmt: skip
E3 = {"agreement_id": "A", "enrollment_id": "A", "sku": "Microsoft 365 E3", "quantity": 10, "start_date": date(2025, 1, 1),
      "end_date": date(2026, 12, 31)}  # fmt: skip


def answered(*devices, **others):
    inputs = {"devices": table("devices", *devices)} | others
    return {name: frame.collect() for name, frame in desktops.answers(inputs, ASKED).items()}


def of(found, device):
    rows = found["device_benefits"].filter(pl.col("device_id") == device)
    return {r["benefit"]: (r["is_entitled"], r["quantity"], r["expires_on"], r["reason"]) for r in rows.to_dicts()}


def test_a_covered_pc_has_every_benefit():
    found = of(answered({"device_id": "pc"} | PC, online_subscriptions=table("online_subscriptions", E3)), "pc")
    windows, office = date(2027, 6, 30), date(2027, 3, 31)
    assert found == {
        "Enterprise Sideloading": (True, None, windows, "windows_software_assurance"),
        "Microsoft Desktop Optimization Pack (MDOP)": (True, None, windows, "support_ended"),
        "Office Online Server": (True, None, office, "licensed_device"),
        "Office Online Server from any device": (True, None, office, "primary_user"),
        "Office for the web": (True, None, date(2026, 12, 31), "licensed_device"),
        "Office for the web from any device": (True, None, date(2026, 12, 31), "primary_user"),
        "Virtualization Rights for Windows and Windows Embedded Desktops": (
            True,
            4,
            windows,
            "windows_software_assurance",
        ),
        "Windows SA per User Add-on Purchase Rights": (True, None, windows, "primary_device"),
        "Windows SA per User local installation": (True, None, None, "qualifying_edition"),
        "Windows Virtual Desktop Access (VDA)": (True, 4, windows, "windows_software_assurance"),
    }


def test_a_thin_client_needs_a_vda_license_of_its_own():
    thin = {"device_id": "thin", "is_qualified_desktop": False}
    found = of(answered(thin, thin | {"device_id": "vda", "vda_until": date(2027, 1, 1)}), "thin")
    assert found["Windows Virtual Desktop Access (VDA)"] == (False, 0, None, "no_coverage")
    found = of(answered(thin | {"vda_until": date(2027, 1, 1)}), "thin")
    assert found["Windows Virtual Desktop Access (VDA)"] == (True, 4, date(2027, 1, 1), "virtual_desktop_access")
    assert found["Enterprise Sideloading"][0] is False


def test_expired_coverage_shows_its_day():
    old = PC | {"device_id": "old", "sa_active_until": date(2026, 6, 29), "office_sa_until": date(2026, 6, 29)}
    found = of(answered(old), "old")
    assert found["Enterprise Sideloading"] == (False, None, date(2026, 6, 29), "coverage_expired")
    assert found["Office Online Server"] == (False, None, date(2026, 6, 29), "office_coverage_expired")


@pytest.mark.parametrize(
    ("subscriptions", "may", "why"),
    [
        (None, None, "online_plan_unknown"),
        ([E3 | {"entity_id": "other"}], False, "no_online_plan"),
        ([E3 | {"sku": "Visio Plan 1"}], False, "no_online_plan"),
        ([E3 | {"sku": "Contoso"}], None, "online_plan_unknown"),
        ([E3], True, "licensed_device"),
    ],
)
def test_office_for_the_web_needs_storage_online(subscriptions, may, why):
    others = {} if subscriptions is None else {"online_subscriptions": table("online_subscriptions", *subscriptions)}
    found = of(answered({"device_id": "pc"} | PC, **others), "pc")
    assert (found["Office for the web"][0], found["Office for the web"][3]) == (may, why)
    assert found["Office Online Server"][0] is True


def test_rows_are_sorted_and_each_device_has_an_outcome():
    found = answered(*({"device_id": name} | PC for name in ("b", "c", "a")))
    rows = found["device_benefits"]
    assert rows.schema == ANSWERS["device_benefits"].schema
    assert rows.equals(rows.sort("entity_id", "device_id", "benefit"))
    assert rows.height == 30
    assert found["devices_outcomes"].select("row_id", "outcome").rows() == [(0, "used"), (1, "used"), (2, "used")]


def lot(number, product, quantity, **given):
    return {"license_id": f"L{number}", "product": product, "metric": "device", "quantity": quantity, "sa_active": True,
            "is_perpetual": True} | given  # fmt: skip


def test_devices_that_claim_more_than_is_owned_are_told_of():
    licenses = table("licenses", lot(1, "Windows", 1, edition="Enterprise"), lot(2, "Office", 2, edition="Standard"),
                     lot(3, "Windows", 5, edition="Enterprise", sa_active=False))  # fmt: skip
    told = answered(*({"device_id": n} | PC for n in "ab"), licenses=licenses)["findings"]
    assert told["finding_id"].to_list() == ["device_benefits:main/windows_device"]
    assert told["statement"].to_list() == [
        "2 devices claim Software Assurance of Windows, but 1 license per device has it."
    ]
    assert told["reason"].to_list() == [desktops.Reason.MORE_CLAIMED_THAN_OWNED.code]
    assert answered({"device_id": "a"} | PC)["findings"].is_empty()


def test_explain_recomputes_one_device():
    inputs = {"devices": table("devices", {"device_id": "a"} | PC, {"device_id": "b"} | PC)}
    lines = desktops.explain_subject(inputs, ASKED, "a")
    assert set(lines["subject"]) == {"a"}
    assert dict(lines.select("rule", "value").rows())["device_benefits_windows.add_on_purchase"] == "primary_device"
    assert desktops.explain_subject(inputs, ASKED, "z").is_empty()
    assert desktops.explain_subject({}, ASKED, "a").is_empty()
    assert desktops.answers({}, ASKED) == {}
