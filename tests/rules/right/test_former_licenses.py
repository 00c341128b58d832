"""Processor licenses are told of: those that count as cores, and those that serve no demand by core."""

from datetime import date

import pytest

from lmanalytics.rules.entitlement import core_grants
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import former_licenses
from tests.examples.entitlement import Ledger

AS_OF = date(2026, 6, 30)
BOUGHT = {"metric": "processor", "order_date": date(2014, 1, 1), "coverage_start": date(2014, 1, 1)}


def told(name, quantity, **more):
    ledger = Ledger(takes_returns=True)
    ledger.buy(name, "license_and_sa", quantity, **BOUGHT | more)
    licenses = ledger.answers(AS_OF)["licenses"].lazy()
    found = former_licenses.answers({"licenses": licenses}, Settings(AS_OF))["findings"].collect()
    return found.select("reason", "severity", "statement").rows()


@pytest.mark.parametrize(
    ("name", "quantity", "until", "expected"),
    [
        ("Windows Server Standard", 2, date(2016, 10, 1),
         ("core_grant", "info", "2 processor licenses of Windows Server Standard count as 32 core licenses.")),
        ("Core Infrastructure Server Suite Datacenter", 1, date(2026, 12, 31),
         ("core_grant", "info",
          "1 processor license of Core Infrastructure Server Suite Datacenter counts as 16 core licenses.")),
        ("Windows Server Standard", 1, date(2016, 9, 30),
         ("no_grant", "warning", "1 processor license of Windows Server Standard serves no demand by core. "
          + core_grants.Reason.NO_GRANT.value)),
        ("Windows Server Standard", 2, None,
         ("grant_unknown", "warning", "2 processor licenses of Windows Server Standard serve no demand by core. "
          + core_grants.Reason.GRANT_UNKNOWN.value)),
        ("BizTalk Server Standard", 2, date(2026, 12, 31),
         ("no_grant_known", "warning", "2 processor licenses of BizTalk Server Standard serve no demand by core. "
          + core_grants.Reason.NO_GRANT_KNOWN.value)),
    ],
)  # fmt: skip
def test_each_verdict_is_told_of(name, quantity, until, expected):
    assert told(name, quantity, coverage_end=until) == [expected]


def test_licenses_by_core_are_not():
    assert told("Windows Server Standard", 16, metric="core") == []
