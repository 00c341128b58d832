"""What rules of thumb cost beside the position."""

from decimal import Decimal

import pytest

from lmanalytics.position import savings
from lmanalytics.position.heuristics import NAMES
from tests.position.test_stage import NOTHING, PRICES, WINDOWS, demand_of, host, licenses_of, solved

SINGLE = [PRICES[0], PRICES[2]]
"""70 a Standard license and 400 a Datacenter license, in packs of 2."""


def rules(found):
    rows = found["savings"].select("heuristic", "cost", "objective", "saving", "reason").rows()
    return {row[0]: row[1:] for row in rows}


def two_hosts():
    """Datacenter is what is owned, for one of two hosts; Standard lists for less on both."""
    names = {"standard": "standard_physical_cores", "datacenter": "datacenter_physical_cores"}
    rows = [row for name in "ab" for row in host(name, standard=64, datacenter=16)]
    return demand_of(*((s, p, names[o], *rest) for s, p, o, *rest in rows))


def test_each_rule_of_thumb_is_set_beside_the_position():
    owned = licenses_of(("d", WINDOWS, "Datacenter", 16, False))
    found = solved(two_hosts(), owned, SINGLE)
    standard, datacenter = Decimal(64 * 70), Decimal(16 * 400)
    served = Decimal((128 - 16) * 70)  # Datacenter licenses serve Standard, too
    more, equal = savings.Reason.DEARER.code, savings.Reason.NO_DEARER.code
    assert rules(found) == {
        "all_datacenter": (datacenter, standard, datacenter - standard, more),
        "all_standard": (served, standard, served - standard, more),
        "cheapest_per_host": (served, standard, served - standard, more),
        "greedy_on_stock": (standard, standard, 0, equal),
        "virtual_machines_only": (None, standard, None, savings.Reason.NOT_APPLICABLE.code),
    }
    assert found["savings"]["currency"].drop_nulls().unique().to_list() == ["USD"]
    assert found["savings"].select("entity_id", "entity_group", "product_group").unique().rows() == [
        ("main", "main", "Windows Server core")
    ]


def test_where_nothing_can_be_chosen_no_rule_of_thumb_is_tried():
    assert solved(demand_of(*host("h", standard=16)), NOTHING)["savings"].is_empty()


def test_without_prices_nothing_is_saved_that_could_be_told():
    reasons = {row[-1] for row in rules(solved(two_hosts(), NOTHING, None)).values()}
    assert reasons == {savings.Reason.NO_PRICE.code, savings.Reason.NOT_APPLICABLE.code}


@pytest.mark.parametrize("most", [3, 4])
def test_above_a_size_no_rule_of_thumb_is_tried(monkeypatch, most):
    monkeypatch.setattr(savings, "MOST", most)
    estate = demand_of(*(row for name, n in (("a", 64), ("b", 48)) for row in host(name, standard=n, datacenter=16)))
    found = rules(solved(estate, NOTHING, SINGLE))
    assert set(found) == set(NAMES)
    is_too_large = {row[-1] == savings.Reason.TOO_LARGE.code for row in found.values()}
    assert is_too_large == {most < len(["a standard", "a datacenter", "b standard", "b datacenter"])}
