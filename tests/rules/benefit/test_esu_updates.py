"""The topic: where updates may be, by the years that a server has, and with what support."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import esu, esu_updates, esu_use
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.esu_estates import DAY, inputs, sa, table

SOME = [sa(date(2027, 12, 31))]
FIRST = {"esu_year": 1, "coverage_start": date(2023, 10, 11), "coverage_end": date(2024, 10, 8)}
SECOND = {"esu_year": 2, "coverage_start": date(2024, 10, 9), "coverage_end": date(2025, 10, 14)}
ALL = (FIRST, SECOND, {})
V1, V2 = {"ose_id": "v1", "host_id": "h1"}, {"ose_id": "v2", "host_id": "h1"}


def covered(ose, *rows):
    return [{"coverage_id": f"{ose}{n}", "ose_id": ose, "quantity": 8} | row for n, row in enumerate(rows)]


def given(*oses, coverage=(), plans=None, providers=(), installs=(), day=DAY):
    named = {"esu_coverage": coverage, "providers": providers, "installs": installs}
    tables = {name: list(rows) for name, rows in named.items() if rows}
    found = inputs(day, SOME, hosts=[{"host_id": "h1"}], oses=list(oses), **tables)
    if plans is not None:
        rows = [
            {"agreement_id": f"a{n}", "enrollment_id": f"a{n}", "program": "ea", "support_plan": plan} | dates
            for n, (plan, dates) in enumerate(plans)
        ]
        found["agreements"] = table("agreements", rows)
    return found | esu.answers(found, Settings(day))


def answered(*oses, day=DAY, **more):
    found = esu_updates.answers(given(*oses, day=day, **more), Settings(day))
    return {name: frame.collect().to_dicts() for name, frame in found.items()}


def told(*oses, **more):
    columns = ("reason", "is_permitted", "gets_new_updates", "is_bound_to_covered_licenses")
    return {r["subject_id"]: tuple(r[c] for c in columns) for r in answered(*oses, **more)["esu_updates"]}


@pytest.mark.parametrize(
    ("ose", "coverage", "expected"),
    [
        (V1, ALL, ("covered", True, True, True)),
        (V1, (FIRST, SECOND), ("covered_before", True, False, True)),
        (V1, (FIRST, SECOND, {"quantity": 7}), ("covered_before", True, False, True)),
        (V1, (), ("not_covered", False, False, True)),
        (V1 | {"location": "azure"}, (), ("covered", True, True, True)),
        (V1 | {"location": "azure_stack"}, (), ("azure_stack", True, True, False)),
    ],
    ids=["all years", "not this year", "this year in part", "never", "Azure", "Azure Stack"],
)
def test_what_a_server_may_do_with_updates(ose, coverage, expected):
    assert told(ose, coverage=covered("v1", *coverage)) == {"v1": expected}


def test_development_takes_the_updates_of_production():
    development = V2 | {"license_source": "visual_studio"}
    alone = told(development)
    beside = told(V1, development, coverage=covered("v1", *ALL))
    assert alone["v2"][0] == "no_updates_to_take"
    assert beside["v2"] == ("development", True, True, False)


def test_a_server_beside_covered_ones_must_not_get_their_updates():
    found = answered(V1, V2, coverage=covered("v1", *ALL))["findings"]
    assert [(f["reason"], f["severity"], f["statement"]) for f in found if f["rule"] == "esu_use.use"] == [
        (
            "not_covered",
            "warning",
            "Windows Server 2012 R2, servers: 1. Updated software may be used only under licenses that have coverage.",
        )
    ]
    alone = answered(V2)["findings"]
    assert not [f for f in alone if f["rule"] == "esu_use.use"]


def test_a_server_whose_coverage_ended_is_told_of():
    found = answered(V1, coverage=covered("v1", FIRST, SECOND))["findings"]
    assert [f["reason"] for f in found] == ["covered_before"]


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        (None, ["plan_unknown"]),
        ([(None, {})], ["plan_unknown"]),
        ([("Premier", {})], ["plan_excluded"]),
        ([("Premier", {}), (None, {})], ["plan_excluded"]),
        ([("Premier", {}), ("Unified", {})], []),
        ([("Unified", {"end_date": DAY})], []),
        ([("Unified", {"end_date": date(2026, 1, 30)})], ["plan_unknown"]),
    ],
)
def test_updates_without_support_are_told_of(plans, expected):
    found = answered(V1, coverage=covered("v1", *ALL), plans=plans)["findings"]
    assert [f["reason"] for f in found if f["rule"] == "esu_support.support"] == expected
    without = answered(V1, plans=plans)["findings"]
    assert not [f for f in without if f["rule"] == "esu_support.support"]


HOSTED = {"ose_id": "p1", "location": "provider_shared", "license_source": "license_included"}
STATED = {"provider": "Contoso Cloud", "valid_from": date(2020, 1, 1), "is_listed_provider": False}


@pytest.mark.parametrize(
    ("ose", "providers", "expected"),
    [
        ({"provider": "AWS"}, [], []),
        ({"provider": "Contoso Cloud"}, [], ["provider_unknown"]),
        ({"provider": None}, [], ["provider_unknown"]),
        ({"provider": "Contoso Cloud"}, [STATED], ["no_partner"]),
        ({"provider": "Contoso Cloud"}, [STATED | {"is_authorized_mobility_partner": True}], []),
        ({"provider": "Contoso Cloud", "license_source": "own"}, [STATED], []),
        ({"provider": "Contoso Cloud", "location": "azure"}, [STATED], []),
        ({"provider": "Contoso Cloud", "os_version": "2022"}, [STATED], []),
    ],
)
def test_updates_for_a_providers_licenses_need_an_authorized_provider(ose, providers, expected):
    found = answered(HOSTED | ose, providers=providers)["findings"]
    assert [f["reason"] for f in found if f["rule"] == "mobility_partners.partner_status"] == expected


def test_sql_server_of_a_provider_counts_by_itself():
    sql = {"install_id": "i1", "ose_id": "p1", "license_source": "spla"}
    machine = HOSTED | {"provider": "Contoso Cloud", "os_version": "2022", "license_source": "own"}
    found = answered(machine, providers=[STATED], installs=[sql])["findings"]
    assert [(f["subject_id"], f["statement"].split(",")[0]) for f in found] == [("Contoso Cloud", "SQL Server 2014")]


def test_before_the_first_year_nothing_is_said():
    seen = V1 | {"observed_on": date(2018, 1, 1)}
    assert told(seen, day=date(2023, 10, 10)) == {}
    assert told(seen, day=date(2023, 10, 11))["v1"][0] == "not_covered"
    assert answered(seen, day=date(2018, 7, 11)) == {"esu_updates": []}


def test_without_servers_there_is_no_answer():
    found = esu_updates.answers({}, Settings(DAY))
    assert found["esu_updates"].collect_schema() == ANSWERS["esu_updates"].empty().collect_schema()
    assert esu_updates.explain_subject({}, Settings(DAY), "v1").is_empty()


def test_a_server_is_explained():
    lines = esu_updates.explain_subject(given(V1, V2, coverage=covered("v1", *ALL)), Settings(DAY), "v1")
    assert dict(lines.select("rule", "value").rows())["esu_use.use"] == esu_use.Reason.COVERED.code
    assert set(lines["subject"]) == {"v1"}


def test_the_answer_keeps_its_contract():
    frame = esu_updates.answers(given(V1, V2), Settings(DAY))["esu_updates"].collect()
    assert frame.select(pl.struct("subject_id", "product", "version").is_unique().all()).item()
    assert frame.schema == ANSWERS["esu_updates"].empty().collect_schema()
