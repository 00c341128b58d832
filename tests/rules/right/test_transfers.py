from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import transfers
from lmanalytics.schemas import ANSWERS, CANONICAL

SETTINGS = Settings(date(2026, 6, 30))
LINE = {
    "entity_id": "main",
    "purchase_id": "P",
    "basis": "transaction",
    "product": "Windows Server",
    "edition": "Standard",
    "metric": "core",
    "purchase_type": "transfer_out",
    "quantity": 2,
    "licenses_per_unit": 16,
    "order_date": date(2026, 6, 1),
}


def table(schema, *rows):
    return schema.conform(pl.DataFrame(list(rows), infer_schema_length=None).lazy() if rows else pl.LazyFrame())


def purchases(*lines):
    return {"purchases": table(CANONICAL["purchases"], *(LINE | line for line in lines))}


def judged(inputs):
    return transfers.answers(inputs, SETTINGS)["license_transfers"].collect().to_dicts()


def test_a_transfer_is_judged_with_the_program_of_its_agreement():
    agreements = table(
        CANONICAL["agreements"], {"entity_id": "main", "agreement_id": "E", "enrollment_id": "1", "program": "eas"}
    )
    row = judged(purchases({"agreement_id": "E", "enrollment_id": "1"}) | {"agreements": agreements})[0]
    assert (row["licenses"], row["is_permitted"], row["reason"]) == (32, False, "not_perpetual")


@pytest.mark.parametrize(
    ("host", "permitted", "reason"),
    [("h1", False, "machine_stays"), ("h2", True, "with_its_machine"), (None, None, "machine_unknown")],
)
def test_a_bound_license_goes_with_its_machine(host, permitted, reason):
    hosts = {"facts_hosts": pl.LazyFrame({"entity_id": ["main"], "host_id": ["h1"]})}
    row = judged(purchases({"program": "oem", "tied_to_host_id": host}) | hosts)[0]
    assert (row["is_permitted"], row["reason"]) == (permitted, reason)


def test_without_machines_nothing_is_said_of_them():
    assert judged(purchases({"program": "oem", "tied_to_host_id": "h1"}))[0]["reason"] == "machine_unknown"


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ({"coverage_end": date(2026, 6, 1)}, date(2026, 7, 1)),
        ({"coverage_end": date(2026, 5, 31)}, None),
        ({"coverage_end": None}, None),
        ({"coverage_end": date(2027, 1, 1), "purchase_type": "transfer_out"}, None),
    ],
)
def test_the_new_owner_has_days_to_order_coverage_that_was_not_broken(line, until):
    assert judged(purchases({"purchase_type": "transfer_in"} | line))[0]["sa_order_by"] == until


@pytest.mark.parametrize("line", [{"purchase_type": "license"}, {"order_date": date(2026, 7, 1)}])
def test_other_orders_and_later_ones_are_no_transfers(line):
    assert judged(purchases(line)) == []


def findings(inputs):
    return transfers.answers(inputs, SETTINGS)["findings"].collect()


def test_findings_count_transfers_by_product_and_reason():
    lines = ({"purchase_id": "A"}, {"purchase_id": "B"}, {"purchase_id": "C", "program": "csp", "quantity": -1})
    row = findings(purchases(*lines)).to_dicts()
    assert [r["statement"] for r in row] == [
        "3 transfers of 80 licenses of Windows Server are to be checked (agreement decides).",
    ]
    assert findings(purchases({"program": "eas"}))["severity"].to_list() == ["error"]


LOT = {
    "entity_id": "main",
    "license_id": "L",
    "product": "Windows Server",
    "edition": "Standard",
    "metric": "core",
    "quantity": 16,
    "program": "oem",
    "acquired_on": date(2026, 4, 1),
    "valid_from": date(2026, 4, 1),
    "sa_active": False,
    "is_perpetual": True,
    "reason": "purchased",
}


@pytest.mark.parametrize(
    ("lot", "until"),
    [
        ({}, [date(2026, 6, 30)]),
        ({"acquired_on": date(2026, 3, 31)}, []),
        ({"program": "ea"}, []),
        ({"program": "fpp"}, [date(2026, 6, 30)]),
        ({"sa_active": True}, []),
        ({"sa_end": date(2026, 5, 1)}, []),
        ({"valid_to": date(2026, 6, 29)}, []),
        ({"program": "ea", "reason": "transferred_in", "valid_from": date(2026, 6, 10), "sa_end": date(2026, 6, 10)},
         [date(2026, 7, 10)]),
    ],
)  # fmt: skip
def test_until_when_coverage_may_be_ordered_is_told(lot, until):
    found = findings(purchases() | {"licenses": table(ANSWERS["licenses"], LOT | lot)})
    assert found["due_on"].to_list() == until


def test_one_transfer_is_explained():
    lines = transfers.explain_subject(purchases({"program": "eas"}), SETTINGS, "P")
    assert dict(lines.select("rule", "value").rows())["license_transfer.is_permitted"] == "False"
    assert transfers.explain_subject(purchases({}), SETTINGS, "nobody").is_empty()
    assert transfers.explain_subject({}, SETTINGS, "P").is_empty()
