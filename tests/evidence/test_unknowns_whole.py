from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from lmanalytics import answers
from lmanalytics.errors import UsageError
from lmanalytics.evidence import unknowns_whole
from lmanalytics.evidence.unknowns_whole import SCHEMA, whole_swing
from lmanalytics.rules.parameters import Settings
from tests.evidence.test_unknowns import DATACENTER, PRICES, priced
from tests.facts.estates import AS_OF, guest, host, table

SETTINGS = Settings(AS_OF)


def owned(quantity):
    return table("purchases", {
        "purchase_id": "p1", "program": "ea", "agreement_id": "A", "enrollment_id": "E", "product": "Windows Server",
        "edition": "Standard", "version": "2022", "metric": "core", "purchase_type": "license", "quantity": quantity,
        "order_date": date(2024, 1, 1), "acquired_on": date(2024, 1, 1), "unit_price": Decimal(1), "currency": "USD",
    })  # fmt: skip


def estate(*oses):
    hosts = table("hosts", *(host(f"h{n}") for n in range(len(oses))))
    return {"hosts": hosts, "oses": table("oses", *oses), "purchases": owned(16), **priced(*PRICES)}


def test_what_is_owned_covers_the_least_and_not_the_most():
    """A host lacks the edition of its machine: Standard is owned, Datacenter would have to be bought."""
    tables = estate(guest("v1", "h0", vcpus=64, os_version="2022"))
    answered = answers.position(tables, SETTINGS)
    swing = whole_swing(tables, answered, SETTINGS, answers.position)
    assert swing.rows() == [("ose_edition", 0, 16, 0, 16 * DATACENTER, 16 * DATACENTER)]


def test_an_estate_that_lacks_nothing_asks_nothing_again():
    tables = estate(guest("v1", "h0", os_edition="Standard", os_version="2022"))
    answered = answers.position(tables, SETTINGS)
    assert whole_swing(tables, answered, SETTINGS, pytest.fail).is_empty()
    assert whole_swing({}, {}, SETTINGS, pytest.fail).schema == pl.Schema(SCHEMA)


def test_a_large_estate_is_refused_with_what_to_read_instead(monkeypatch):
    monkeypatch.setattr(unknowns_whole, "LIMIT", 1)
    tables = estate(guest("v1", "h0"), guest("v2", "h1"))
    answered = answers.position(tables, SETTINGS)
    with pytest.raises(UsageError, match="has 2 OSEs"):
        whole_swing(tables, answered, SETTINGS, pytest.fail)
