from datetime import date
from decimal import Decimal

import pytest

from lmanalytics.rules.demand.price_list import for_entity, per_license
from tests.facts.estates import AS_OF, table


def price(amount, **given):
    common = {"product": "Windows Server", "edition": "Standard", "metric": "core", "purchase_type": "license"}
    return {**common, "pack_size": 16, "valid_from": date(2026, 1, 1), "currency": "USD",
            "unit_price": Decimal(amount), **given}  # fmt: skip


def listed(*rows):
    found = per_license(table("prices", *rows), "Windows Server", "core", AS_OF).collect()
    return {(r["entity_id"], r["edition"]): (r["price"], r["price_with_sa"]) for r in found.to_dicts()}


def test_one_license_of_a_pack():
    assert listed(price("1069")) == {("main", "Standard"): (Decimal("66.8125"), None)}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([price(100, valid_from=date(2025, 1, 1)), price(160)], 10),
        ([price(100, valid_from=AS_OF), price(160)], Decimal("6.25")),
        ([price(100, valid_from=date(2026, 7, 1)), price(160)], 10),
        ([price(160), price(30, pack_size=2)], 10),
        ([price(160), price(18, pack_size=2)], 9),
        ([price(160), price(1, product="SQL Server"), price(1, metric="server"), price(1, purchase_type="sa")], 10),
    ],
    ids=["newest", "first day", "not yet", "larger pack", "smaller pack", "other articles"],
)
def test_the_cheapest_pack_in_force(rows, expected):
    assert listed(*rows)["main", "Standard"][0] == expected


def test_with_software_assurance():
    rows = [price(160), price(240, purchase_type="license_and_sa")]
    assert listed(*rows) == {("main", "Standard"): (10, 15)}
    assert listed(rows[1]) == {("main", "Standard"): (15, 15)}


def test_two_currencies_do_not_compare():
    assert listed(price(160), price(100, currency="EUR", pack_size=2)) == {}


def test_no_prices_no_rows():
    assert per_license(None, "Windows Server", "core", AS_OF).collect().is_empty()


def test_prices_of_main_hold_for_an_entity_without_its_own():
    prices = per_license(
        table("prices", price(160), price(320, entity_id="own"), price(800, edition="Datacenter")),
        "Windows Server", "core", AS_OF,
    )  # fmt: skip
    need = [{"entity_id": e, "edition": "Standard"} for e in ("main", "own", "none")]
    need.append({"entity_id": "own", "edition": "Datacenter"})
    frame = table("purchases", *need).select("entity_id", "edition")
    found = for_entity(frame, prices).collect()
    rows = {(r["entity_id"], r["edition"]): r["price"] for r in found.to_dicts()}
    assert rows == {
        ("main", "Standard"): 10,
        ("own", "Standard"): 20,
        ("none", "Standard"): 10,
        ("own", "Datacenter"): None,
    }
