"""Processor licenses of old lots: what they became when products came to be licensed by core."""

from datetime import date

import pytest

from lmanalytics.rules.entitlement import core_grants
from tests.examples.entitlement import Ledger, in_force

AS_OF = date(2026, 6, 30)
WINDOWS = {"metric": "processor", "order_date": date(2014, 1, 1), "version": "2012 R2"}


def held(kind="license_and_sa", name="Windows Server Datacenter", quantity=3, renewed=(), **more):
    ledger = Ledger(takes_returns=True)
    ledger.buy(name, kind, quantity, **WINDOWS | more)
    for row in renewed:
        ledger.buy(name, "sa", **row)
    answers = ledger.answers(AS_OF)
    rows = in_force(answers["licenses"], AS_OF).select("license_id", "metric", "quantity", "sa_active", "reason").rows()
    return rows, answers


@pytest.mark.parametrize(
    ("name", "until", "cores"),
    [
        ("Windows Server Datacenter", date(2016, 9, 30), None),
        ("Windows Server Datacenter", date(2016, 10, 1), 48),
        ("Windows Server Standard", date(2016, 10, 1), 48),
        ("System Center Standard", date(2016, 12, 31), 48),
        ("SQL Server Enterprise", date(2016, 12, 31), 12),
        ("BizTalk Server Enterprise", date(2016, 12, 31), None),
    ],
)
def test_software_assurance_that_reached_core_licensing_became_cores(name, until, cores):
    rows, _ = held(name=name, coverage_start=date(2014, 1, 1), coverage_end=until)
    expected = [("P001", "processor", 3, False, "purchased")]
    if cores:
        expected.append(("P001:core_grant", "core", cores, False, "core_grant"))
    assert rows == expected


def test_without_software_assurance_nothing_was_granted():
    assert held("license")[0] == [("P001", "processor", 3, False, "purchased")]


def test_granted_cores_begin_with_core_licensing_and_name_the_purchase():
    _, answers = held(coverage_start=date(2014, 1, 1), coverage_end=date(2016, 12, 31))
    row = answers["licenses"].filter(core_grants.is_granted(answers["licenses"]["license_id"])).to_dicts()[0]
    assert (row["valid_from"], row["acquired_on"]) == (date(2016, 10, 1), date(2014, 1, 1))
    sources = answers["license_sources"].filter(core_grants.is_granted(answers["license_sources"]["license_id"]))
    assert sources.select("purchase_id", "quantity").rows() == [("P001", 48)]


@pytest.mark.parametrize(("cores", "licenses", "active"), [(48, 3, 48), (32, 2, 32), (60, 3, 48), (15, 0, 0)])
def test_renewals_by_core_reach_the_processor_licenses(cores, licenses, active):
    renewal = {
        "quantity": cores, "metric": "core", "order_date": date(2017, 1, 1), "coverage_start": date(2017, 1, 1),
        "coverage_end": date(2027, 12, 31),
    }  # fmt: skip
    rows, _ = held(coverage_start=date(2014, 1, 1), coverage_end=date(2016, 12, 31), renewed=[renewal])
    covered = {metric: sum(r[2] for r in rows if r[1] == metric and r[3]) for metric in ("processor", "core")}
    assert covered == {"processor": licenses, "core": active}
    assert sum(r[2] for r in rows if r[1] == "core") == 48


def test_where_cores_are_owned_too_a_renewal_is_theirs():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Windows Server Datacenter", "license", 3, **WINDOWS)
    day = date(2026, 1, 1)
    ledger.buy("Windows Server Datacenter", "license", 16, order_date=day)
    ledger.buy("Windows Server Datacenter", "sa", 16, order_date=day, coverage_start=day, coverage_end=AS_OF)
    rows = in_force(ledger.answers(AS_OF)["licenses"], AS_OF).select("license_id", "metric", "sa_active").rows()
    assert sorted(rows) == [("P001", "processor", False), ("P002", "core", True)]


def test_a_suite_of_processor_licenses_grants_cores_of_its_components():
    rows, _ = held(
        name="Core Infrastructure Server Suite Datacenter",
        coverage_start=date(2014, 1, 1),
        coverage_end=date(2027, 1, 1),
    )
    by_core = {license_id: quantity for license_id, metric, quantity, *_ in rows if metric == "core"}
    assert by_core == {
        "P001:core_grant": 48, "P001:core_grant:system_center": 48, "P001:core_grant:windows_server": 48,
    }  # fmt: skip


def test_every_verdict_occurs():
    def verdict(**more):
        ledger = Ledger(takes_returns=True)
        ledger.buy(more.pop("name", "Windows Server Standard"), more.pop("kind", "license_and_sa"), 1, **WINDOWS | more)
        licenses = ledger.answers(AS_OF)["licenses"].lazy()
        return core_grants.verdicts(licenses).collect()["verdict"].to_list()

    found = [
        verdict(coverage_end=date(2016, 10, 1)), verdict(coverage_end=date(2016, 9, 30)),
        verdict(coverage_end=None), verdict(name="BizTalk Server Standard"),
    ]  # fmt: skip
    assert found == [["core_grant"], ["no_grant"], ["grant_unknown"], ["no_grant_known"]]
    assert {code for codes in found for code in codes} == {reason.code for reason in core_grants.Reason}
