"""Deployments at providers from end to end: eligibility, licenses, forms, outcomes, findings and explanation."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.demand import mobility_options
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import _mobility_forms, mobility
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import table

AS_OF = date(2026, 6, 30)
SQL = {
    "provider": "AWS", "agreement_id": "A1", "product": "SQL Server", "edition": "Standard", "version": "2019",
    "metric": "core", "vcpus": 8, "hosting": "shared", "is_tenant_dedicated_instance": True,
    "deployed_on": date(2026, 6, 1),
}  # fmt: skip
PASSIVE = {"role": "passive_failover", "production_deployment_id": "d1"}
LOT = {
    "agreement_id": "A1", "enrollment_id": "A1", "program": "ea", "product": "SQL Server", "edition": "Standard",
    "metric": "core", "quantity": 100, "valid_from": date(2020, 1, 1), "sa_active": True,
    "sa_start": date(2020, 1, 1), "sa_end": date(2027, 1, 1), "is_perpetual": True,
}  # fmt: skip
AGREEMENT = {"agreement_id": "A1", "enrollment_id": "A1", "program": "ea", "customer": "Contoso"}


def lots(*rows):
    schema = ANSWERS["licenses"].schema
    filled = [{"entity_id": "main", "license_id": f"l{n}", **LOT, **row} for n, row in enumerate(rows, 1)]
    return ANSWERS["licenses"].conform(pl.LazyFrame(filled, schema=schema))


def given(*deployments, owned=({},), forms=None, agreements=(AGREEMENT,), **more):
    rows = [{"deployment_id": f"d{n}", **SQL, **row} for n, row in enumerate(deployments, 1)]
    found = {
        "mobility_deployments": table("mobility_deployments", *rows),
        "agreements": table("agreements", *agreements),
    }
    if owned is not None:
        found["licenses"] = lots(*owned)
    if forms is not None:
        found["verification_forms"] = table("verification_forms", *forms)
    return found | more


def answered(*deployments, as_of=AS_OF, policies=None, **tables):
    found = mobility.answers(given(*deployments, **tables), Settings(as_of, policies or {}))
    return {name: frame.collect().to_dicts() for name, frame in found.items()}


def told(*deployments, **tables):
    """Reason, eligibility and licenses of each deployment."""
    rows = answered(*deployments, **tables)["mobility"]
    return [(r["reason"], r["is_eligible"], r["licenses_required"]) for r in rows]


def form(**row):
    return {"provider": "AWS", "agreement_id": "A1", "enrollment_id": "A1", "submitted_on": date(2026, 6, 5), **row}


def test_the_plain_case():
    found = answered({})
    row = found["mobility"][0]
    assert (row["reason"], row["is_eligible"], row["licenses_required"]) == ("eligible", True, 8)
    assert row["earliest_move"] == date(2026, 8, 30)
    assert [(r["outcome"], r["subject_kind"], r["subject_id"]) for r in found["mobility_deployments_outcomes"]] == [
        ("counted", "ose", "d1")
    ]


def test_a_deployment_that_names_its_ose_is_a_subject_by_it():
    assert answered({"ose_id": "o7"})["mobility"][0]["subject_id"] == "o7"


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"ended_on": AS_OF}, ("eligible", True, 8)),
        ({"ended_on": date(2026, 6, 29)}, ("ended", True, 0)),
        ({"deployed_on": AS_OF}, ("eligible", True, 8)),
        ({"deployed_on": date(2026, 7, 1)}, ("later", True, 0)),
        ({"vcpus": None}, ("size_unknown", True, None)),
        ({"product": "Remote Desktop Services", "metric": "user_cal"}, ("no_software_assurance", False, None)),
        ({"license_source": "license_included"}, ("provider_licenses", None, 0)),
        ({"product": "Windows Server"}, ("product_not_eligible", False, 8)),
        ({"provider": "Hoster"}, ("provider_unknown", None, 8)),
        ({"provider": "Interoute", "is_provider_image": True}, ("provider_image", None, 0)),
        ({"agreement_id": "A2"}, ("no_software_assurance", False, 8)),
        ({"edition": "Enterprise"}, ("no_software_assurance", False, 8)),
        ({"metric": "server"}, ("eligible", True, 1)),
    ],
)
def test_what_else_a_deployment_may_be(row, expected):
    assert told(row) == [expected]


def test_access_licenses_are_counted_by_users():
    assert told(
        {"product": "Remote Desktop Services", "metric": "user_cal"}, owned=({"product": "Remote Desktop Services"},)
    ) == [("counted_by_users", True, None)]


@pytest.mark.parametrize(
    ("owned", "reason"),
    [
        (None, "software_assurance_unknown"),
        ((), "no_software_assurance"),
        (({"sa_active": False, "sa_end": date(2026, 6, 29)},), "no_software_assurance"),
        (({"sa_end": AS_OF},), "eligible"),
        (({"agreement_id": None, "enrollment_id": None, "program": None},), "agreement_unstated"),
        (({"enrollment_id": None},), "eligible"),
        (({"enrollment_id": "E9"},), "no_software_assurance"),
        (({"program": "csp"},), "no_software_assurance"),
        (({"is_perpetual": False, "sa_start": None, "sa_end": None, "valid_to": date(2026, 12, 31)},), "eligible"),
        (
            ({"is_perpetual": False, "sa_start": None, "sa_end": None, "valid_to": date(2026, 6, 29)},),
            "no_software_assurance",
        ),
        (({"sa_end": None},), "eligible"),
        (({"entity_id": "other"},), "no_software_assurance"),
    ],
)
def test_software_assurance_of_the_agreement(owned, reason):
    assert told({}, owned=owned)[0][0] == reason


def test_the_program_is_the_agreements_or_that_of_its_licenses():
    assert told({}, agreements=())[0][0] == "eligible"
    assert told({}, agreements=(), owned=({"program": None},))[0][0] == "program_unknown"
    assert told({}, agreements=(AGREEMENT | {"program": "csp"},))[0][0] == "program_not_eligible"
    assert told({"enrollment_id": "E1"}, owned=({"enrollment_id": "E1"},))[0][0] == "eligible"


def test_a_provider_as_its_table_states_it():
    def provider(**row):
        return table(
            "providers", {"provider": "Hoster", "valid_from": date(2020, 1, 1), "is_listed_provider": False, **row}
        )

    assert told({"provider": "Hoster"}, providers=provider(is_authorized_mobility_partner=True))[0][0] == "eligible"
    assert told({"provider": "hoster"}, providers=provider(is_authorized_mobility_partner=True))[0][0] == "eligible"
    assert told({"provider": "Hoster"}, providers=provider())[0][0] == "flexible_virtualization"
    listed = provider(uses_listed_datacenter=True)
    assert told({"provider": "Hoster"}, providers=listed)[0][0] == "no_partner"
    later = provider(is_authorized_mobility_partner=True, valid_from=date(2026, 7, 1))
    assert told({"provider": "Hoster"}, providers=later)[0][0] == "provider_unknown"


def test_access_licenses_need_software_assurance_where_there_are_such():
    cal = {"access_id": "c1", "product": "Exchange Server CAL", "kind": "user_cal", "quantity": 10}
    row = {"product": "Exchange Server", "metric": "server"}
    owned = ({"product": "Exchange Server"},)
    covered = table("access_licenses", cal | {"sa_active_until": AS_OF})
    ended = table("access_licenses", cal | {"sa_active_until": date(2026, 6, 29)})
    assert told(row, owned=owned, access_licenses=covered)[0][0] == "eligible"
    assert told(row, owned=owned, access_licenses=ended)[0][0] == "access_without_sa"
    assert told({}, access_licenses=ended)[0][0] == "eligible"


def test_one_passive_ose_is_free_and_only_with_the_same_partner():
    rows = told(
        {},
        PASSIVE,
        PASSIVE,
        PASSIVE | {"provider": "Google"},
        PASSIVE | {"provider": "amazon web services", "ended_on": date(2026, 6, 2)},
    )
    assert rows == [
        ("eligible", True, 8), ("free", True, 0), ("another_ose", True, 8), ("other_partner", True, 8), ("ended", True, 0),
    ]  # fmt: skip


def test_passive_instances_of_one_ose_are_one():
    assert told({}, PASSIVE | {"ose_id": "o2"}, PASSIVE | {"ose_id": "o2"})[1:] == [
        ("free", True, 0),
        ("free", True, 0),
    ]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"vcpus": 9}, ("more_licenses", True, 9)),
        ({"production_deployment_id": None}, ("production_unknown", True, None)),
        ({"production_deployment_id": "gone"}, ("production_unknown", True, None)),
        ({"vcpus": None}, ("size_unknown", True, None)),
        ({"hosting": "shared", "is_tenant_dedicated_instance": False}, ("shared_instance", False, 8)),
    ],
)
def test_passive_instances_that_are_not_free(row, expected):
    assert told({}, PASSIVE | row)[1] == expected


def test_production_that_ended_leaves_no_right():
    assert told({"ended_on": date(2026, 6, 2)}, PASSIVE)[1] == ("production_ended", True, 8)


def test_management_licenses_are_shared_in_one_place_only():
    sc = {"product": "System Center", "edition": "Standard", "version": "2025", "managed_oses": 1}
    owned = ({"product": "System Center"},)
    assert [r[2] for r in told(sc, sc, sc, owned=owned)] == [16, 0, 16]
    assert [r[2] for r in told(sc, sc | {"datacenter_id": "dc2"}, owned=owned)] == [16, 16]
    assert [r[2] for r in told(sc | {"managed_oses": None}, sc, owned=owned)] == [None, 16]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ({"server_farm_id": "f1", "bloc": "eu"}, [16, 0]),
        ({"server_farm_id": "f1", "utc_offset_minutes": 600}, [16, 16]),
        ({"server_farm_id": "f1", "bloc": "eu", "farm_from": date(2026, 7, 1)}, [16, 16]),
        ({"server_farm_id": "f2", "bloc": "eu"}, [16, 16]),
        ({"server_farm_id": None}, [16, 16]),
    ],
    ids=["one farm", "too far apart", "not yet", "another farm", "no farm"],
)
def test_management_licenses_are_shared_within_a_server_farm(second, expected):
    sc = {"product": "System Center", "edition": "Standard", "version": "2025", "managed_oses": 1}
    first = {"datacenter_id": "dc1", "farm_from": date(2020, 1, 1), "utc_offset_minutes": 60}
    centers = table(
        "datacenters",
        first | {"server_farm_id": "f1", "bloc": "eu"},
        first | {"datacenter_id": "dc2"} | second,
    )
    both = (sc | {"datacenter_id": "dc1"}, sc | {"datacenter_id": "dc2"})
    owned = ({"product": "System Center"},)
    assert [r[2] for r in told(*both, owned=owned, datacenters=centers)] == expected


def test_licenses_that_came_later_leave_later():
    assignment = {
        "assignment_id": "1", "product": "SQL Server", "metric": "core", "quantity": 8, "basis": "mobility",
        "to_provider": "AWS", "deployment_id": "d1", "assigned_on": date(2026, 6, 20),
    }  # fmt: skip
    found = answered({}, license_assignments=table("license_assignments", assignment))
    assert found["mobility"][0]["earliest_move"] == date(2026, 9, 18)


@pytest.mark.parametrize(
    ("forms", "status", "reason"),
    [
        (None, None, "forms_not_given"),
        ((), "missing", "overdue"),
        ((form(),), "on_time", "submitted"),
        ((form(confirmed_on=date(2026, 6, 20)),), "on_time", "confirmed"),
        ((form(confirmed_on=date(2026, 7, 20)),), "on_time", "submitted"),
        ((form(submitted_on=date(2026, 6, 11)),), "on_time", "submitted"),
        ((form(submitted_on=date(2026, 6, 12)),), "late", "submitted_late"),
        ((form(submitted_on=date(2026, 7, 1)),), "missing", "overdue"),
        ((form(rejected_on=AS_OF),), "rejected", "rejected"),
        ((form(rejected_on=date(2026, 7, 1)),), "on_time", "submitted"),
        ((form(rejected_on=date(2026, 6, 9)), form(submitted_on=date(2026, 6, 20))), "late", "replaced_late"),
        ((form(provider="Google"),), "missing", "overdue"),
        ((form(provider="Amazon Web Services"),), "on_time", "submitted"),
        ((form(agreement_id="A2", enrollment_id="A2"),), "missing", "overdue"),
        ((form(enrollment_id="E1"),), "missing", "overdue"),
    ],
)
def test_the_form_of_a_deployment(forms, status, reason):
    row = answered({}, forms=forms)["verification"][0]
    assert (row["form_due"], row["form_status"], row["reason"]) == (date(2026, 6, 11), status, reason)


def test_one_form_serves_a_partner_or_each_deployment():
    rows = [{}, {"deployed_on": date(2026, 6, 15)}]
    once = answered(*rows, forms=(form(),))["verification"]
    each = answered(*rows, forms=(form(),), policies={"one_form_serves": "each_deployment"})["verification"]
    assert [r["form_status"] for r in once] == ["on_time", "on_time"]
    assert [r["form_status"] for r in each] == ["on_time", "missing"]


def test_a_day_is_one_form_and_what_the_form_asks_stands_beside_it():
    found = answered({"provider": "Interoute"}, {"provider": "Interoute", "product": "Windows Server"}, {}, forms=())
    rows = {r["provider"]: r for r in found["verification"]}
    assert rows["Interoute"]["deployments"] == 1
    assert (rows["Interoute"]["customer"], rows["Interoute"]["program"]) == ("Contoso", "ea")
    assert rows["Interoute"]["partner_email"] == "licensing@interoute.com"
    assert rows["AWS"]["is_form_per_product"] is True


@pytest.mark.parametrize(
    "row",
    [{"product": "Windows Server"}, {"license_source": "spla"}, {"provider": "Hoster", "hosting": "dedicated_server"}],
)
def test_what_needs_no_form(row):
    hoster = {"provider": "Hoster", "valid_from": date(2020, 1, 1), "is_listed_provider": False}
    found = answered(row, forms=(), providers=table("providers", hoster))["verification"][0]
    assert (found["form_status"], found["form_due"]) == ("not_required", None)


def test_what_became_of_each_form():
    forms = (
        form(), form(submitted_on=date(2026, 7, 1)), form(submitted_on=date(2026, 6, 2), rejected_on=date(2026, 6, 9)),
        form(provider="Google"),
    )  # fmt: skip
    found = answered({}, forms=forms)["verification_forms_outcomes"]
    assert [(r["outcome"], r["reason"]) for r in found] == [
        ("used", "form_serves"), ("excluded", "form_later"), ("used", "form_rejected"), ("excluded", "no_deployment"),
    ]  # fmt: skip


def test_every_row_has_one_outcome():
    rows = (
        {},
        {"ended_on": date(2026, 6, 2)},
        {"provider": "Hoster"},
        {"product": "Windows Server"},
        PASSIVE,
        {"vcpus": None},
    )
    found = answered(*rows)["mobility_deployments_outcomes"]
    assert [r["outcome"] for r in found] == [
        "counted",
        "excluded",
        "not_computable",
        "not_licensable",
        "used",
        "not_computable",
    ]


def test_findings_say_what_to_do():
    rows = (
        {"product": "Windows Server"},
        {"product": "Windows Server"},
        {"provider": "Hoster"},
        {"ended_on": date(2026, 6, 2)},
    )
    found = answered(*rows, forms=())["findings"]
    assert {(f["area"], f["severity"], f["reason"]) for f in found} == {
        ("mobility", "error", "product_not_eligible"), ("mobility", "warning", "provider_unknown"),
        ("mobility", "warning", "ended"), ("verification", "error", "overdue"),
    }  # fmt: skip
    assert all(f["statement"].endswith(".") and f["action"].endswith(".") for f in found)
    assert len({f["finding_id"] for f in found}) == len(found)
    assert next(f for f in found if f["reason"] == "product_not_eligible")["statement"].startswith("2 deployments")
    assert next(f for f in found if f["reason"] == "ended")["due_on"] == date(2026, 8, 30)


@pytest.mark.parametrize(("vcpus", "told"), [(100, False), (101, True)])
def test_more_deployed_than_software_assurance_covers(vcpus, told):
    found = answered({"vcpus": vcpus})["findings"]
    assert any(f["finding_id"].endswith("SQL Server Standard/uncovered") for f in found) is told


def test_an_ose_that_is_seen_at_home_still():
    seen = pl.LazyFrame({"entity_id": ["main"], "ose_id": ["o1"], "location": ["on_premises"], "state": ["current"],
                         "host_id": ["h1"], "observed_on": [AS_OF]})  # fmt: skip
    found = answered({"ose_id": "o1"}, facts_oses=seen)["findings"]
    assert any(f["finding_id"].endswith("still_at_home") for f in found)


def test_explanations_recompute_the_deployment():
    lines = mobility.explain_subject(given({}, PASSIVE, forms=(form(),)), Settings(AS_OF), "d2")
    values = {row["rule"]: row["value"] for row in lines.to_dicts()}
    assert values["license_mobility_quantities.licenses_required"] == "8"
    assert values["license_mobility_failover.failover"] == "free"
    assert values["verification_form.form_status"] == "on_time"
    assert mobility.explain_subject(given({}), Settings(AS_OF), "nobody").is_empty()


@pytest.mark.parametrize(
    "day", [date(2016, 10, 1), date(2019, 9, 30), date(2019, 10, 1), date(2022, 9, 30), date(2022, 10, 1)]
)
def test_it_answers_on_every_day(day):
    assert told(
        {"deployed_on": date(2016, 6, 1)},
        as_of=day,
        owned=({"valid_from": date(2015, 1, 1), "sa_start": date(2015, 1, 1)},),
    ) == [("eligible", True, 8)]


def test_nothing_deployed_is_nothing_answered():
    found = answered(forms=())
    assert all(rows == [] for rows in found.values())


def test_answers_conform_and_are_sorted():
    found = mobility.answers(given({}, {"provider": "Google"}, forms=()), Settings(AS_OF))
    assert found["mobility"].collect_schema() == ANSWERS["mobility"].schema
    assert found["verification"].collect_schema() == ANSWERS["verification"].schema
    assert found["verification"].collect()["provider"].to_list() == ["AWS", "Google"]


def test_every_reason_of_the_topics_occurs_here():
    text = __import__("pathlib").Path(__file__).read_text(encoding="utf-8")
    reasons = [*mobility.Reason, *_mobility_forms.Reason]
    assert not [r.code for r in reasons if f'"{r.code}"' not in text]


def demand(*deployments, prices=None, **tables):
    found = mobility.answers(given(*deployments, **tables), Settings(AS_OF))
    inputs = {"mobility": found["mobility"]} | ({} if prices is None else {"prices": table("prices", *prices)})
    return mobility_options.answers(inputs, Settings(AS_OF))["demand"].collect().to_dicts()


def test_demand_is_that_of_oses_and_needs_software_assurance():
    row = demand({"ose_id": "o1"}, prices=({"product": "SQL Server", "edition": "Standard", "metric": "core", "pack_size": 2,
                 "purchase_type": "license_and_sa", "valid_from": date(2026, 1, 1), "unit_price": 5000, "currency": "EUR"},))[0]  # fmt: skip
    assert (row["subject_kind"], row["subject_id"], row["option"]) == ("ose", "o1", "license_mobility")
    assert (row["licenses_required"], row["licenses_with_sa"], row["is_available"]) == (8, 8, True)
    assert (row["demand_class"], row["cost"], row["currency"]) == ("Standard|2019|sa", 20000, "EUR")


def test_demand_of_one_ose_is_not_doubled_and_management_licenses_add_up():
    assert [r["licenses_required"] for r in demand({"ose_id": "o1"}, {"ose_id": "o1", "vcpus": 6})] == [8]
    sc = {"product": "System Center", "version": "2025", "managed_oses": 2, "ose_id": "o1"}
    assert [r["licenses_required"] for r in demand(sc, sc, owned=({"product": "System Center"},))] == [32]


def test_demand_leaves_out_what_takes_no_license():
    assert demand({"ended_on": date(2026, 6, 2)}, {"license_source": "spla"}) == []
    assert [r["subject_id"] for r in demand({}, PASSIVE)] == ["d1"]


def test_demand_of_what_may_not_be_there_is_not_available():
    rows = demand({"product": "Windows Server"}, {"provider": "Hoster"}, {"vcpus": None})
    assert {(r["reason"], r["is_available"]) for r in rows} == {
        ("product_not_eligible", False), ("provider_unknown", False), ("size_unknown", False),
    }  # fmt: skip


def test_demand_under_flexible_virtualization():
    hoster = {"provider": "Hoster", "valid_from": date(2020, 1, 1), "is_listed_provider": False}
    rows = demand(
        {"provider": "Hoster"},
        {"provider": "Hoster", "hosting": "dedicated_server"},
        providers=table("providers", hoster),
    )
    assert [(r["option"], r["licenses_with_sa"], r["is_available"]) for r in rows] == [
        ("flexible_virtualization", 8, True), ("outsourced_server", 0, True),
    ]  # fmt: skip
