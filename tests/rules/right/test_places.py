"""OSEs where they may not be, from the exports to the findings."""

from datetime import date

import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import places
from tests.facts.estates import estate, guest, host

AS_OF = date(2026, 6, 30)
THERE = {"host_id": None, "location": "provider_shared", "provider": "INTEROUTE", "license_source": "own"}
VIRTUOZZO = {
    "hypervisor": "virtuozzo", "host_os_product": "Windows Server", "host_os_edition": "Standard", "host_os_use": "workload",
}  # fmt: skip


def found(hosts, oses, **policies):
    facts = estate(hosts, oses)
    inputs = {f"facts_{name}": frame for name, frame in facts.items()}
    answer = places.answers(inputs, Settings(AS_OF, policies))["findings"].collect()
    return [(r["reason"], r["severity"], r["subject_id"], r["statement"]) for r in answer.to_dicts()]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "must_be_rented"),
        ({"license_source": None}, "license_unknown"),
        ({"os_product": "Windows"}, "no_desktop_windows"),
        ({"license_source": "license_included"}, None),
        ({"provider": "Hoster"}, None),
        ({"os_product": "Linux"}, None),
        ({"is_running": False}, None),
        ({"location": "on_premises", "provider": None}, None),
    ],
)
def test_what_runs_at_a_provider_with_stricter_rules(given, reason):
    assert [row[0] for row in found([], [guest("o1", **THERE | given)])] == ([reason] if reason else [])


def test_the_terms_alone_exclude_nothing():
    assert found([], [guest("o1", **THERE)], provider_windows="terms_alone") == []


def test_one_finding_counts_its_oses():
    rows = found([], [guest("o1", **THERE), guest("o2", **THERE), guest("o3", **THERE | {"license_source": None})])
    assert [(reason, statement[:34]) for reason, _, _, statement in rows] == [
        ("license_unknown", "1 OSE with INTEROUTE, such as o3: "),
        ("must_be_rented", "2 OSEs with INTEROUTE, such as o1:"),
    ]


@pytest.mark.parametrize(("edition", "count"), [("Datacenter", 1), ("Standard", 0), (None, 0)])
def test_a_guest_of_virtuozzo_with_another_edition_than_its_host(edition, count):
    rows = found([host(**VIRTUOZZO)], [guest("o1", os_edition=edition)])
    assert [(reason, severity) for reason, severity, *_ in rows] == [("other_edition", "warning")] * count


def test_an_ose_is_explained():
    facts = estate([host(**VIRTUOZZO)], [guest("o1", os_edition="Datacenter"), guest("o2", **THERE)])
    inputs = {f"facts_{name}": frame for name, frame in facts.items()}
    rules = [set(places.explain_subject(inputs, Settings(AS_OF, {}), ose)["rule"]) for ose in ("o1", "o2", "o3")]
    assert rules == [
        {"shared_kernel.edition_fit"},
        {"provider_windows.windows_use", "provider_windows.is_permitted"},
        set(),
    ]
