from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.rules.benefit import step_up_opportunities
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL

SETTINGS = Settings(date(2026, 6, 30))
LOT = {
    "entity_id": "main",
    "license_id": "L1",
    "agreement_id": "E",
    "enrollment_id": "E1",
    "program": "ea",
    "product": "Windows Server",
    "edition": "Standard",
    "metric": "core",
    "quantity": 64,
    "valid_from": date(2025, 1, 1),
    "sa_active": True,
    "is_perpetual": True,
    "reason": "purchased",
}
PRICE = {
    "entity_id": "main",
    "product": "Windows Server",
    "edition": "Datacenter",
    "metric": "core",
    "purchase_type": "step_up",
    "step_up_from": "Windows Server Standard",
    "pack_size": 16,
    "valid_from": date(2026, 1, 1),
    "unit_price": 1600,
    "currency": "USD",
}
NEW = PRICE | {"purchase_type": "license_and_sa", "step_up_from": None, "pack_size": 2, "unit_price": 500}


def table(schema, *rows):
    frame = pl.DataFrame(list(rows), infer_schema_length=None).lazy() if rows else pl.LazyFrame()
    return schema.conform(frame)


def inputs(*lots, prices=(), **more):
    found = {"licenses": table(ANSWERS["licenses"], *(LOT | lot for lot in lots))}
    if prices:
        found["prices"] = table(CANONICAL["prices"], *({"row_id": n} | price for n, price in enumerate(prices)))
    return found | more


def offers(*lots, **more):
    return step_up_opportunities.answers(inputs(*lots, **more), SETTINGS)["step_up_opportunities"].collect()


def test_a_covered_lot_can_step_up_at_the_price_of_the_list():
    row = offers({}, prices=(PRICE, NEW)).to_dicts()[0]
    named = {k: row[k] for k in ("step_up_from", "step_up_to", "quantity", "pack_size", "packs", "reason")}
    assert named == {
        "step_up_from": "Windows Server Standard",
        "step_up_to": "Windows Server Datacenter",
        "quantity": 64,
        "pack_size": 16,
        "packs": 4,
        "reason": "can_step_up",
    }
    assert (row["unit_price"], row["unit_price_of_new"], row["saving"]) == (100, 250, 64 * 150)


def test_without_prices_the_licenses_are_known_and_what_they_save_is_not():
    row = offers({}).to_dicts()[0]
    assert (row["quantity"], row["packs"], row["unit_price"], row["saving"]) == (64, None, None, None)


def test_a_lot_of_the_lowest_edition_has_a_row_for_each_edge():
    rows = offers({"product": "BizTalk Server", "edition": "Branch"}).select("step_up_to", "quantity").rows()
    assert rows == [("BizTalk Server Enterprise", 64), ("BizTalk Server Standard", 64)]


@pytest.mark.parametrize(
    ("lot", "reason", "quantity"),
    [
        ({"sa_active": False}, "no_active_sa", 0),
        ({"sa_active": False, "reason": "sa_end_unknown"}, "sa_end_unknown", None),
        ({"program": "open_license"}, "program_without_step_up", 0),
        ({"agreement_id": None, "enrollment_id": None, "program": None}, "agreement_unknown", None),
        ({"license_id": "L1:windows_server"}, "suite_component", 0),
        ({"license_id": "orders:13/1"}, "can_step_up", 64),
        ({"product": "Exchange Server", "metric": "user_cal"}, "other_metric", 0),
        ({"product": "Exchange Server", "metric": "server"}, "can_step_up", 64),
        ({"product": "Core CAL Suite", "edition": None, "metric": "device_cal"}, "can_step_up", 64),
        ({"product": "Core CAL Suite", "edition": None}, "other_metric", 0),
        ({"product": "SQL Server", "metric": "server"}, "other_metric", 0),
        ({"product": "SQL Server"}, "can_step_up", 64),
    ],
)
def test_what_cannot_step_up_says_why(lot, reason, quantity):
    assert offers(lot).select("reason", "quantity").rows() == [(reason, quantity)]


@pytest.mark.parametrize(
    "lot",
    [
        {"edition": "Datacenter"},
        {"product": "SharePoint Server", "edition": "Standard"},
        {"valid_to": date(2026, 6, 29)},
        {"valid_from": date(2026, 7, 1)},
        {"quantity": 0},
    ],
    ids=["nothing higher", "no edge", "ended", "not begun", "none left"],
)
def test_what_has_no_step_up_or_is_not_held_has_no_row(lot):
    assert offers(lot).is_empty()


def test_an_enrollment_that_ended_takes_no_more_step_ups():
    agreements = table(
        CANONICAL["agreements"],
        {"entity_id": "main", "agreement_id": "E", "enrollment_id": "E1", "end_date": date(2026, 6, 29)},
    )
    assert offers({}, agreements=agreements)["reason"].to_list() == ["enrollment_ended"]


@pytest.mark.parametrize(
    ("price", "paid"),
    [
        ({}, 100),
        ({"step_up_from": "Standard"}, 100),
        ({"step_up_from": "microsoft windows server  standard core"}, 100),
        ({"step_up_from": None}, 100),
        ({"step_up_from": "SQL Server Standard"}, None),
        ({"program": "ea"}, 100),
        ({"program": "mpsa"}, None),
        ({"valid_from": date(2026, 7, 1)}, None),
        ({"metric": "server"}, None),
        ({"entity_id": "other"}, None),
    ],
)
def test_which_price_is_the_one_of_the_step_up(price, paid):
    assert offers({}, prices=(PRICE | price,))["unit_price"].to_list() == [paid]


def test_the_cheapest_pack_counts_the_last_price_of_each_and_no_mix_of_currencies():
    small = PRICE | {"pack_size": 2, "unit_price": 180}
    assert offers({}, prices=(PRICE, small)).select("unit_price", "pack_size", "packs").rows() == [(90, 2, 32)]
    later = small | {"valid_from": date(2026, 6, 30), "unit_price": 300}
    assert offers({}, prices=(PRICE, small, later))["unit_price"].to_list() == [100]
    assert offers({}, prices=(PRICE, small | {"currency": "EUR"}))["unit_price"].to_list() == [None]


def test_prices_in_two_currencies_save_nothing_that_is_known():
    row = offers({}, prices=(PRICE, NEW | {"currency": "EUR"})).to_dicts()[0]
    assert (row["unit_price"], row["unit_price_of_new"], row["saving"], row["currency"]) == (100, None, None, "USD")


def test_an_entity_without_step_up_prices_pays_those_of_main():
    assert offers({"entity_id": "other"}, prices=(PRICE,))["unit_price"].to_list() == [100]


def position(shortage):
    row = {"entity_id": "main", "product": "Windows Server", "edition": "Datacenter", "metric": "core"}
    return table(ANSWERS["position"], row | {"shortage": shortage})


def test_a_shortage_that_step_ups_meet_for_less_is_told_with_the_cheapest_first():
    lots = ({}, {"license_id": "L2", "program": "mpsa", "quantity": 10})
    prices = (PRICE | {"program": "ea"}, PRICE | {"program": "mpsa", "unit_price": 1440}, NEW)
    found = step_up_opportunities.answers(inputs(*lots, prices=prices, position=position(30)), SETTINGS)["findings"]
    row = found.collect().to_dicts()
    assert len(row) == 1
    assert row[0]["money_at_stake"] == Decimal(10 * 160 + 20 * 150)
    assert row[0]["statement"].startswith("30 core licenses of Windows Server Datacenter are short; 30 of Windows")


@pytest.mark.parametrize("shortage", [0, None])
def test_without_a_shortage_there_is_no_finding(shortage):
    found = step_up_opportunities.answers(inputs({}, prices=(PRICE, NEW), position=position(shortage)), SETTINGS)[
        "findings"
    ]
    assert found.collect().is_empty()


def test_one_license_is_explained():
    lines = step_up_opportunities.explain_subject(inputs({}, prices=(PRICE, NEW)), SETTINGS, "L1")
    assert dict(lines.select("rule", "value").rows())["step_up_offer.steppable"] == "64"
    assert step_up_opportunities.explain_subject(inputs({}), SETTINGS, "nobody").is_empty()
