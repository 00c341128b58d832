"""Benefits by pool from purchases and agreements, as a run hands them over."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import pools
from lmanalytics.rules.entitlement import stage
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.benefit_tables import table

AS_OF = date(2026, 6, 30)
COVERED = {"purchase_type": "license_and_sa", "coverage_end": date(2027, 12, 31)}


def bought(number, product, quantity=10, **given):
    row = {
        "purchase_id": f"p{number}", "basis": "transaction", "agreement_id": "A1", "product": product,
        "metric": "device", "purchase_type": "license", "quantity": quantity, "licenses_per_unit": 1,
        "order_date": date(2025, 2, 1),
    }  # fmt: skip
    return row | given


def agreement(name="A1", program="ea", **given):
    row = {"agreement_id": name, "enrollment_id": name, "program": program, "start_date": date(2025, 1, 1),
           "end_date": date(2027, 12, 31), "sam_applications": False, "sam_systems": False, "sam_servers": False}  # fmt: skip
    return row | given


def answered(purchases, agreements=(), *, on=AS_OF, online=(), **policies):
    asked = Settings(on, policies)
    inputs = {"purchases": table("purchases", *purchases), "agreements": table("agreements", *agreements)}
    inputs |= stage.answers(inputs, asked)
    if online:
        inputs["online_subscriptions"] = table("online_subscriptions", *online)
    return {name: frame.collect() for name, frame in pools.answers(inputs, asked).items()}


def benefit(found, name, pool=None):
    rows = found["benefits"].filter((pl.col("benefit") == name) & (pl.col("pool") == (pool or pl.col("pool"))))
    return [(r["is_entitled"], r["quantity"], r["expires_on"], r["reason"]) for r in rows.to_dicts()]


def test_active_coverage_of_a_pool_brings_its_benefits_until_it_ends():
    found = answered([bought(1, "Windows Server", 16, metric="core", **COVERED)], [agreement()])
    assert benefit(found, "License Mobility") == [(True, 16, date(2027, 12, 31), "active_coverage")]
    assert benefit(found, "New Version Rights", "applications") == [(False, 0, None, "no_coverage")]


def test_benefits_expire_with_coverage():
    ended = bought(1, "SQL Server", purchase_type="license_and_sa", coverage_end=date(2026, 6, 29))
    found = answered([ended], [agreement()])
    assert benefit(found, "License Mobility") == [(False, 0, date(2026, 6, 29), "coverage_expired")]


def test_retired_benefits_are_gone_since_their_day():
    lines = [bought(1, "Office Standard", order_date=date(2020, 1, 1), **COVERED)]
    contract = agreement(start_date=date(2020, 1, 1))
    for name in ("Planning Services", "Training Vouchers"):
        last, first = (answered(lines, [contract], on=day) for day in (date(2021, 1, 31), date(2021, 2, 1)))
        assert benefit(last, name, "applications") == [(None, None, date(2027, 12, 31), "awarded_by_spend")]
        assert benefit(first, name, "applications") == [(False, 0, date(2021, 1, 31), "retired")]


def test_the_pool_of_a_statement_wins_over_the_mapping():
    stated = bought(1, "Visual Studio", 5, metric="user", pool="servers", **COVERED)
    found = answered([stated], [agreement()])
    assert benefit(found, "New Version Rights", "servers")[0][:2] == (True, 5)
    assert found["findings"].is_empty()


def test_a_covered_license_without_a_pool_is_told_of():
    found = answered([bought(1, "Visual Studio", 5, metric="user", **COVERED)], [agreement()])
    assert found["findings"]["finding_id"].to_list() == ["sa_benefits:main/Visual Studio"]
    assert "5 licenses of Visual Studio" in found["findings"]["statement"][0]
    placed = answered(
        [bought(1, "Visual Studio", 5, metric="user", **COVERED)], [agreement()], visual_studio_pool="servers"
    )
    assert placed["findings"].is_empty()


@pytest.mark.parametrize(("devices", "may"), [(9999, False), (10000, True)])
def test_source_licensing_needs_ten_thousand_desktops_of_the_customer(devices, may):
    lines = [
        bought(1, "Windows", 4000, edition="Enterprise", **COVERED),
        bought(2, "Windows", devices - 4000, edition="Enterprise", agreement_id="A2", **COVERED),
        bought(3, "Windows", 5000, edition="VDA", **COVERED),
    ]
    found = answered(lines, [agreement(), agreement("A2")])
    decided = benefit(found, pools.SOURCE_LICENSING)
    reason = "enough_desktops" if may else "too_few_desktops"
    assert decided == [(may, devices if may else 0, date(2027, 12, 31) if may else None, reason)] * 2


def test_by_the_wider_reading_vda_and_users_online_count():
    lines = [
        bought(1, "Windows", 6000, edition="Enterprise", **COVERED),
        bought(2, "Windows", 1000, edition="VDA", **COVERED),
    ]
    users = {"agreement_id": "A1", "enrollment_id": "A1", "sku": "Microsoft 365 E3", "quantity": 3000,
             "start_date": date(2025, 1, 1), "end_date": date(2027, 1, 1)}  # fmt: skip
    wide = answered(lines, [agreement()], online=[users], source_licensing_count="device_sa_vda_and_user")
    assert benefit(wide, pools.SOURCE_LICENSING)[0][:2] == (True, 10000)
    assert benefit(answered(lines, [agreement()], online=[users]), pools.SOURCE_LICENSING)[0][0] is False


def test_an_academic_program_has_research_licensing_instead():
    found = answered([bought(1, "Windows", 20000, edition="Enterprise", **COVERED)], [agreement(program="ees")])
    assert benefit(found, pools.SOURCE_LICENSING)[0][0] is False
    assert benefit(found, pools.RESEARCH_LICENSING)[0][:2] == (True, 20000)
    none = answered([bought(1, "Office Standard", **COVERED)], [agreement(program="ees")])
    assert benefit(none, pools.RESEARCH_LICENSING) == [(False, 0, None, "no_coverage")]


def test_a_purchase_without_coverage_contradicts_the_membership_of_its_pool():
    lines = [
        bought(1, "Office Standard", **COVERED),
        bought(2, "Visio", 3, edition="Standard"),
        bought(3, "Windows Server", 8),
    ]
    found = answered(lines, [agreement(sam_applications=True, sam_systems=True)])
    members = {r["pool"]: (r["is_member"], r["licenses_without_sa"]) for r in found["sa_memberships"].to_dicts()}
    assert members == {"applications": (False, 3), "systems": (True, 0), "servers": (False, 8)}
    assert found["findings"]["finding_id"].to_list() == ["sa_membership:main/A1/A1/applications"]
    assert (
        "3 licenses of the pool were bought without coverage, the first on 2025-02-01."
        in found["findings"]["statement"][0]
    )


def test_either_half_alone_gives_what_it_can():
    both = answered([bought(1, "Office Standard", **COVERED)], [agreement()])
    asked = Settings(AS_OF)
    licenses = {
        "licenses": stage.answers({"purchases": table("purchases", bought(1, "Office Standard", **COVERED))}, asked)[
            "licenses"
        ]
    }
    alone = pools.answers(licenses, asked)
    assert set(alone) == {"benefits", "findings"}
    assert alone["benefits"].filter("is_entitled").select(pl.len()).collect().item() > 0
    contracts = pools.answers({"agreements": table("agreements", agreement())}, asked)
    assert set(contracts) == {"sa_memberships", "findings"}
    assert set(both) == {"benefits", "sa_memberships", "findings"}


def test_answers_conform_and_are_sorted_by_their_keys():
    lines = [bought(n, p, **COVERED) for n, p in enumerate(("Office Standard", "Windows", "SQL Server"))]
    found = answered(lines, [agreement(), agreement("A0")])
    for name in ("benefits", "sa_memberships", "findings"):
        assert found[name].schema == ANSWERS[name].schema
    key = ["entity_id", *ANSWERS["benefits"].key]
    assert found["benefits"].equals(found["benefits"].sort(key))
    assert not found["benefits"].select(key).is_duplicated().any()


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2021, 2, 1), date(2030, 1, 1)])
def test_it_evaluates_on_every_day(day):
    found = answered([bought(1, "Office Standard", order_date=date(2016, 1, 1), **COVERED)], [agreement()], on=day)
    assert found["benefits"].height == 23


def test_explain_names_each_rule_of_an_agreement_and_nothing_of_a_stranger():
    asked = Settings(AS_OF)
    inputs = {"purchases": table("purchases", bought(1, "Windows", edition="Enterprise", **COVERED)),
              "agreements": table("agreements", agreement())}  # fmt: skip
    inputs |= stage.answers(inputs, asked)
    lines = pools.explain_subject(inputs, asked, "A1")
    assert {r.split(".")[0] for r in lines["rule"]} == {"sa_benefits", "source_licensing", "sa_membership"}
    shown = lines.filter(
        (pl.col("subject") == "A1, systems, Enterprise Sideloading") & (pl.col("rule") == "sa_benefits.expires_on")
    )
    assert shown["value"].to_list() == ["2027-12-31"]
    assert pools.explain_subject(inputs, asked, "nobody").is_empty()
