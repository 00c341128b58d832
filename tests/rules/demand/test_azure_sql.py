"""The topic: services, and machines under the Azure Hybrid Benefit."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.demand import azure_sql
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, table

STANDARD, ENTERPRISE = "azure_hybrid_benefit_standard_cores", "azure_hybrid_benefit_enterprise_cores"


def answers(services=(), machines=(), *, as_of=AS_OF, **tables):
    """Answer for services (service, tier, vcores, source) and machines (id, vcpus, edition)."""
    old = date(2016, 1, 1)
    given = dict(tables)
    if services:
        rows = [{"service_id": f"s{n}", "service": s, "tier": t, "vcores": v, "license_source": src}
                for n, (s, t, v, src) in enumerate(services)]  # fmt: skip
        given["cloud_services"] = table("cloud_services", *rows)
    if machines:
        oses = [guest(name, None, vcpus=size, location="azure", observed_on=old) for name, size, _ in machines]
        found = estate([], oses, as_of=as_of)
        installs = [{"install_id": f"i-{name}", "ose_id": name, "product": "SQL Server", "edition": edition, "version": "2016",
                     "license_source": "azure_hybrid_benefit", "observed_on": old} for name, _, edition in machines]  # fmt: skip
        given |= {"facts_oses": found["oses"], "facts_hosts": found["hosts"], "installs": table("installs", *installs)}
    return {k: f.collect() for k, f in azure_sql.answers(given, Settings(as_of)).items()}


def licenses(found):
    return {(r["subject_id"], r["option"]): (r["edition"], r["licenses_required"]) for r in found["demand"].to_dicts()}


def test_services_and_machines_take_licenses_of_either_edition():
    found = answers([("sql_database", "general_purpose", 10, "azure_hybrid_benefit"), ("sql_managed_instance", "business_critical", 4, "own")],
                    [("a", 2, "Standard"), ("b", 6, "Enterprise")])  # fmt: skip
    assert licenses(found) == {
        ("s0", STANDARD): ("Standard", 10), ("s0", ENTERPRISE): ("Enterprise", 3),
        ("s1", STANDARD): ("Standard", 16), ("s1", ENTERPRISE): ("Enterprise", 4),
        ("a", STANDARD): ("Standard", 4), ("a", ENTERPRISE): ("Enterprise", 1),
        ("b", STANDARD): ("Standard", 24), ("b", ENTERPRISE): ("Enterprise", 6),
    }  # fmt: skip
    assert found["demand"].select(pl.col("licenses_with_sa") == pl.col("licenses_required")).to_series().all()
    assert set(found["demand"]["subject_kind"]) == {"service", "ose"}


def test_the_answer_states_the_edition_of_the_rate():
    found = answers([("sql_database", "business_critical", 4, "own")], [("a", 5, "Standard")])["hybrid_benefit_sql"]
    assert found.select(
        "subject_id", "edition", "licenses_required", "normalized_cores", "reading", "reason"
    ).rows() == [
        ("a", "Standard", 5, 5, "normalized_cores", "required"),
        ("s0", "Enterprise", 4, 16, "normalized_cores", "required"),
    ]
    assert found.schema == ANSWERS["hybrid_benefit_sql"].schema


def test_dual_use_ends_180_days_after_the_assignment():
    rows = [{"assignment_id": str(n), "product": "SQL Server", "metric": "core", "quantity": 4, "basis": "virtual_core",
             "ose_id": "a", "assigned_on": day, "reason": "azure_hybrid_benefit"}
            for n, day in enumerate([date(2026, 1, 1), date(2026, 3, 1), date(2026, 7, 1)])]  # fmt: skip
    found = answers(
        (), [("a", 4, "Standard"), ("b", 4, "Standard")], license_assignments=table("license_assignments", *rows)
    )
    assert found["hybrid_benefit_sql"]["concurrent_until"].to_list() == [date(2026, 8, 28), None]


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (("sql_database", "general_purpose", 8, "azure_hybrid_benefit"), ("counted", "service_counted")),
        (("sql_database", "general_purpose", 8, "own"), ("counted", "service_counted")),
        (("sql_database", "general_purpose", 8, "license_included"), ("excluded", "license_included")),
        (("sql_database", "general_purpose", 8, "spla"), ("excluded", "spla")),
        (("sql_database", "general_purpose", 8, "visual_studio"), ("excluded", "visual_studio")),
        (("sql_database", "general_purpose", 8, "evaluation"), ("excluded", "evaluation")),
        (("sql_database", None, 8, "own"), ("not_computable", "unknown_rate")),
        (("sql_database", "general_purpose", None, "own"), ("not_computable", "vcores_unknown")),
        (("sql_database_dtu", None, 8, "own"), ("not_licensable", "not_eligible")),
    ],
)
def test_each_service_has_one_outcome(service, expected):
    found = answers([service])["cloud_services_outcomes"]
    assert [(r["outcome"], r["reason"]) for r in found.to_dicts()] == [expected]
    counted = expected[0] == "counted"
    assert found["subject_id"].to_list() == ["s0" if counted else None]


def test_findings_tell_of_what_is_not_counted():
    found = answers(
        [("sql_database_dtu", None, 8, "own"), ("sql_database_dtu", None, 4, "own"), ("other", None, 4, "own")]
    )["findings"]
    assert sorted(found["statement"].str.slice(0, 2)) == ["1 ", "2 "]
    assert set(found["reason"]) == {"services_not_computable"}


def test_before_the_benefit_nothing_is_demanded():
    found = answers([("sql_database", "general_purpose", 8, "own")], [("a", 4, "Standard")], as_of=date(2018, 3, 31))
    assert found["demand"].is_empty()
    assert found["hybrid_benefit_sql"]["reason"].to_list() == ["not_yet"]
    assert found["cloud_services_outcomes"]["outcome"].to_list() == ["not_licensable"]


def test_without_services_there_are_no_outcomes_of_them():
    assert "cloud_services_outcomes" not in answers((), [("a", 4, "Standard")])


def test_a_resource_is_explained():
    services = table("cloud_services", {"service_id": "s", "service": "sql_database", "tier": "business_critical", "vcores": 2,
                                        "license_source": "own"})  # fmt: skip
    found = azure_sql.explain_subject({"cloud_services": services}, Settings(AS_OF), "s")
    assert found["value"].to_list() == ["8: Standard 8 or Enterprise 2"]
    assert azure_sql.explain_subject({"cloud_services": services}, Settings(AS_OF), "other").is_empty()
