"""The Workplace Discount Program from employees, copies, orders and agreements, as a run hands them over."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.benefit import _workplace_outcomes, workplace
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.benefit_tables import table

AS_OF = date(2026, 6, 30)
ONLINE = "Microsoft 365 Family or Personal"
VISIO, PROJECT = "Visio Professional 2021 HUP", "Project Professional 2021 HUP"


def employee(name="e", **given):
    return {"employee_id": name, "employed_from": date(2020, 1, 1)} | given


def copy(name="e", product="Visio", **given):
    row = {"employee_id": name, "product": product, "edition": "Standard", "version": "2021", "agreement_id": "A",
           "assigned_from": date(2024, 1, 1), "coverage_end": date(2027, 3, 31), "is_work_licensed_copy": True}  # fmt: skip
    return row | given


def order(number, name="e", offer="Microsoft 365 Family", on=date(2025, 3, 1), **given):
    return {
        "order_id": f"o{number}",
        "employee_id": name,
        "offer": offer,
        "is_renewal": False,
        "ordered_on": on,
    } | given


def agreement(name="A", program="ea", **given):
    row = {"agreement_id": name, "enrollment_id": name, "program": program, "start_date": date(2024, 1, 1),
           "end_date": date(2027, 12, 31), "sam_applications": True}  # fmt: skip
    return row | given


def plans(quantity, sku="Microsoft 365 E3", **given):
    row = {"agreement_id": "A", "enrollment_id": "A", "sku": sku, "quantity": quantity,
           "start_date": date(2024, 1, 1), "end_date": date(2027, 12, 31)}  # fmt: skip
    return row | given


NAMES = {"app_users": "copies", "workplace_orders": "orders", "agreements": "agreements",
         "online_subscriptions": "online", "licenses": "licenses", "sa_memberships": "members"}  # fmt: skip


def given_tables(employees, **parts):
    known = {name: parts[key] for name, key in NAMES.items() if key in parts}
    return {name: table(name, *rows) for name, rows in ({"employees": employees} | known).items()}


def answered(employees, *, on=AS_OF, policies=None, **parts):
    found = workplace.answers(given_tables(employees, **parts), Settings(on, policies or {}))
    return {name: frame.collect() for name, frame in found.items()}


def rows(found):
    return {
        (r["employee_id"], r["offer"]): (r["is_eligible"], r["expires_on"], r["trigger"], r["reason"])
        for r in found["workplace_discount"].to_dicts()
    }


def outcomes(found, name):
    return found[f"{name}_outcomes"].select("outcome", "reason").rows()


def test_both_options_of_an_employee():
    found = rows(answered([employee()], copies=[copy(), copy(product="Project")], agreements=[agreement()]))
    until = (True, date(2027, 3, 31), "end_of_software_assurance", "eligible")
    assert found == {
        ("e", ONLINE): (True, None, None, "threshold_waived_by_applications_sam"),
        ("e", VISIO): until,
        ("e", PROJECT): until,
    }


def test_employees_without_a_copy_have_the_online_option_alone():
    found = answered([employee("b"), employee("a")], copies=[copy("b", product="Office")], agreements=[agreement()])
    assert list(rows(found)) == [("a", ONLINE), ("b", ONLINE)]
    assert outcomes(found, "app_users") == [("excluded", "product_not_in_table")]


@pytest.mark.parametrize(
    ("parts", "may", "why"),
    [
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(2000)]}, True, "threshold_reached"),
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(1999)]}, False, "below_threshold"),
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(1000), plans(1000, "Office 365 E5")]}, True, "threshold_reached"),
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(1999), plans(1, "Contoso")]}, None, "participation_unknown"),
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(2000, end_date=date(2026, 6, 29))]}, False, "below_threshold"),
        ({"agreements": [agreement(sam_applications=False)], "online": [plans(2000, "Microsoft 365 A3")]}, False, "below_threshold"),
        ({"agreements": [agreement(program="ees", sam_applications=False)], "online": [plans(2000, "Microsoft 365 A3")]}, True, "threshold_reached"),
        ({"agreements": [agreement(sam_applications=False)]}, None, "participation_unknown"),
        ({"online": [plans(10)]}, None, "participation_unknown"),
        ({"online": [plans(2000)]}, True, "threshold_reached"),
        ({"agreements": [], "online": [plans(10)]}, False, "below_threshold"),
        ({"agreements": [agreement(end_date=date(2026, 6, 29))], "online": []}, False, "below_threshold"),
        ({"agreements": [agreement(sam_applications=None)], "online": []}, None, "participation_unknown"),
        ({"agreements": [agreement(entity_id="other")], "online": []}, False, "below_threshold"),
        ({"agreements": [agreement(entity_id="other", affiliates=["main"])], "online": []}, True, "threshold_waived_by_applications_sam"),
        ({}, None, "participation_unknown"),
    ],
    ids=str,
)  # fmt: skip
def test_who_takes_part_in_the_online_option(parts, may, why):
    found = rows(answered([employee()], **parts))
    assert (found["e", ONLINE][0], found["e", ONLINE][3]) == (may, why)


def test_a_membership_that_purchases_contradict_does_not_waive_the_threshold():
    member = {"agreement_id": "A", "enrollment_id": "A", "pool": "applications", "contradicted_on": date(2026, 6, 30)}
    found = rows(answered([employee()], agreements=[agreement()], members=[member], online=[]))
    assert found["e", ONLINE][3] == "below_threshold"
    later = member | {"contradicted_on": date(2026, 7, 1)}
    found = rows(answered([employee()], agreements=[agreement()], members=[later], online=[]))
    assert found["e", ONLINE][0] is True


def test_by_the_wider_reading_covered_office_lets_a_customer_take_part():
    lots = [{"license_id": "L", "product": "Office", "edition": "Standard", "metric": "device", "quantity": 5,
             "sa_active": True, "sa_start": date(2025, 1, 1), "sa_end": date(2026, 12, 31)}]  # fmt: skip
    parts = {"agreements": [agreement(sam_applications=False)], "online": [], "licenses": lots}
    assert rows(answered([employee()], **parts))["e", ONLINE][3] == "below_threshold"
    wide = answered([employee()], policies={"workplace_threshold": "subscriptions_or_coverage"}, **parts)
    assert rows(wide)["e", ONLINE][3] == "office_coverage"


@pytest.mark.parametrize(
    ("agreements", "may", "why"),
    [
        ([agreement(program="academic_select")], True, "eligible"),
        ([agreement(program="academic_select", sam_applications=False)], False, "program_not_eligible"),
        ([agreement(program="academic_open")], False, "program_not_eligible"),
        ([agreement("B")], True, "eligible"),
        ([agreement("B", program="academic_open")], None, "program_unknown"),
    ],
)
def test_the_program_of_the_copy_decides(agreements, may, why):
    found = rows(answered([employee()], copies=[copy()], agreements=agreements))
    assert (found["e", VISIO][0], found["e", VISIO][3]) == (may, why)


def held(number, *, active, until):
    return {"license_id": f"L{number}", "product": "Visio", "edition": "Standard", "metric": "device", "quantity": 5,
            "sa_active": active, "sa_end": until, "reason": "purchased"}  # fmt: skip


@pytest.mark.parametrize(
    ("licenses", "may", "last", "why"),
    [
        (None, None, None, "coverage_unknown"),
        ([held(1, active=True, until=date(2027, 1, 1)), held(2, active=True, until=date(2026, 12, 1))], True, date(2026, 12, 1), "eligible"),
        ([held(1, active=False, until=date(2020, 1, 1))], False, None, "coverage_ended"),
        ([held(1, active=True, until=date(2027, 1, 1)), held(2, active=False, until=None)], None, None, "coverage_unknown"),
    ],
)  # fmt: skip
def test_coverage_that_the_copy_does_not_state_is_that_of_its_licenses(licenses, may, last, why):
    parts = {} if licenses is None else {"licenses": licenses}
    found = rows(answered([employee()], copies=[copy(coverage_end=None)], agreements=[agreement()], **parts))
    assert (found["e", VISIO][0], found["e", VISIO][1], found["e", VISIO][3]) == (may, last, why)


def test_of_several_copies_the_one_counts_that_gives_most():
    copies = [
        copy(version="2013", coverage_end=date(2029, 1, 1)),
        copy(edition="Professional", coverage_end=date(2026, 12, 31)),
        copy(version="2019", coverage_end=date(2027, 6, 30)),
    ]
    found = rows(answered([employee()], copies=copies, agreements=[agreement()]))
    assert found["e", VISIO] == (True, date(2027, 6, 30), "end_of_software_assurance", "eligible")


@pytest.mark.parametrize(
    ("person", "work", "placed", "expected"),
    [
        ({"employed_to": date(2026, 5, 31)}, {}, {}, (False, date(2026, 5, 31), "termination_of_employment", "not_employed")),
        ({"employed_to": date(2026, 6, 30)}, {}, {}, (True, date(2026, 6, 30), "termination_of_employment", "license_acquired")),
        ({}, {"coverage_end": date(2026, 6, 29)}, {}, (False, date(2026, 6, 29), "end_of_software_assurance", "coverage_ended")),
        ({}, {"assigned_to": date(2026, 6, 29)}, {}, (False, date(2026, 6, 29), "no_longer_a_user", "not_a_user")),
        ({}, {}, {"installed_version": "2024", "installed_on": date(2026, 1, 1)}, (False, date(2026, 1, 1), "other_version_installed", "other_version_installed")),
        ({}, {}, {"installed_version": "2021"}, (True, date(2027, 3, 31), "end_of_software_assurance", "license_acquired")),
    ],
)  # fmt: skip
def test_a_license_that_was_acquired_expires_with_the_first_of_four_events(person, work, placed, expected):
    found = answered(
        [employee(**person)], copies=[copy(**work)], orders=[order(1, offer=VISIO, **placed)], agreements=[agreement()]
    )
    assert rows(found)["e", VISIO] == expected
    expired = found["findings"].filter(pl.col("rule") == "workplace_discount_expiry.expires_on")
    assert expired.height == (not expected[0])
    assert outcomes(found, "workplace_orders") == [("used", "within_right")]


def test_orders_beyond_the_right_are_told_of_by_reason():
    orders = [
        order(1),
        order(2, offer="Microsoft 365 Personal", on=date(2025, 3, 2)),
        order(3, is_renewal=True, on=date(2026, 3, 1)),
        order(4, offer=VISIO),
        order(5, offer=VISIO, on=date(2025, 4, 1)),
        order(6, offer=PROJECT),
        order(7, offer="Surface Pro"),
        order(8, name="stranger"),
        order(9, name="stranger", offer=VISIO),
        order(10, on=date(2026, 7, 1)),
        order(11, name="f", is_renewal=True),
    ]
    found = answered([employee(), employee("f")], copies=[copy()], orders=orders, agreements=[agreement()])
    assert outcomes(found, "workplace_orders") == [
        ("used", "within_right"),
        ("excluded", "beyond_one"),
        ("used", "renewal"),
        ("used", "within_right"),
        ("excluded", "beyond_one"),
        ("excluded", "not_eligible"),
        ("not_computable", "offer_unknown"),
        ("not_computable", "eligibility_unknown"),
        ("excluded", "not_eligible"),
        ("excluded", "after_as_of"),
        ("not_computable", "nothing_to_renew"),
    ]
    told = found["findings"].sort("finding_id").select("finding_id", "severity").rows()
    assert told == [
        ("workplace_discount:main/Microsoft 365 Family/eligibility_unknown", "info"),
        ("workplace_discount:main/Microsoft 365 Family/nothing_to_renew", "info"),
        ("workplace_discount:main/Microsoft 365 Personal/beyond_one", "warning"),
        ("workplace_discount:main/Project Professional 2021 HUP/not_eligible/no_copy", "warning"),
        ("workplace_discount:main/Surface Pro/offer_unknown", "info"),
        ("workplace_discount:main/Visio Professional 2021 HUP/beyond_one", "warning"),
        ("workplace_discount:main/Visio Professional 2021 HUP/not_eligible/no_copy", "warning"),
    ]
    assert found["findings"].schema == ANSWERS["findings"].schema
    assert rows(found)["e", ONLINE][3] == "subscription_acquired"
    assert rows(found)["e", PROJECT][3] == "no_copy"


def test_without_the_table_of_copies_orders_of_software_are_not_computable():
    found = answered([employee()], orders=[order(1, offer=VISIO)], agreements=[agreement()])
    assert outcomes(found, "workplace_orders") == [("not_computable", "eligibility_unknown")]
    assert rows(found)["e", VISIO] == (None, None, None, "copies_not_given")


def test_an_order_is_judged_by_its_own_day():
    left = employee(employed_to=date(2025, 12, 31))
    copies = [copy(assigned_to=date(2025, 6, 30))]
    orders = [order(1, offer=VISIO, on=date(2025, 6, 30)), order(2, on=date(2025, 12, 31))]
    found = answered([left], copies=copies, orders=orders, agreements=[agreement()])
    assert outcomes(found, "workplace_orders") == [("used", "within_right")] * 2
    late = [order(1, offer=VISIO, on=date(2025, 7, 1)), order(2, on=date(2026, 1, 1))]
    found = answered([left], copies=copies, orders=late, agreements=[agreement()])
    assert outcomes(found, "workplace_orders") == [("excluded", "not_eligible")] * 2
    assert rows(found)["e", ONLINE][3] == "not_employed"


def test_a_subscription_is_renewed_whatever_became_of_employment_and_membership():
    left = employee(employed_to=date(2024, 6, 30))
    ended = agreement(start_date=date(2022, 1, 1), end_date=date(2024, 12, 31))
    orders = [order(1, on=date(2024, 1, 10)), order(2, on=date(2025, 1, 10), is_renewal=True)]
    found = answered([left], orders=orders, agreements=[ended], online=[])
    assert outcomes(found, "workplace_orders") == [("used", "within_right"), ("used", "renewal")]
    assert rows(found)["e", ONLINE] == (True, None, None, "subscription_acquired")


def test_employees_each_have_one_outcome_and_what_is_missing_is_told():
    people = [employee(), employee("f", employed_to=date(2026, 6, 29)), employee("g", employed_from=date(2026, 7, 1))]
    found = answered(people)
    reason = _workplace_outcomes.Reason
    assert outcomes(found, "employees") == [
        ("used", reason.EMPLOYEE_DECIDED.code),
        ("excluded", reason.EMPLOYMENT_OVER.code),
        ("excluded", reason.EMPLOYMENT_OVER.code),
    ]
    assert set(found) == {"workplace_discount", "employees_outcomes", "findings"}
    assert set(found["findings"]["reason"]) == {reason.APP_USERS_NOT_GIVEN.code, reason.PARTICIPATION_UNKNOWN.code}
    assert workplace.answers({}, Settings(AS_OF)) == {}


def test_without_employees_copies_and_orders_are_not_computable():
    inputs = given_tables([], copies=[copy()], orders=[order(1)])
    del inputs["employees"]
    found = {name: frame.collect() for name, frame in workplace.answers(inputs, Settings(AS_OF)).items()}
    reason = _workplace_outcomes.Reason.EMPLOYEES_NOT_GIVEN.code
    assert set(found) == {"app_users_outcomes", "workplace_orders_outcomes"}
    for name in ("app_users", "workplace_orders"):
        assert outcomes(found, name) == [("not_computable", reason)]


def test_a_copy_of_somebody_who_is_no_employee_is_not_computable():
    found = answered([employee()], copies=[copy("stranger")], agreements=[agreement()])
    assert outcomes(found, "app_users") == [("not_computable", "employee_unknown")]
    assert set(rows(found)) == {("e", ONLINE)}


def test_rows_are_sorted_by_entity_person_and_offer():
    people = [employee(n, entity_id=e) for e in ("z", "a") for n in ("e2", "e10", "e1")]
    copies = [copy(n, product=p, entity_id="z") for n in ("e1", "e2") for p in ("Visio", "Project")]
    found = answered(people, copies=copies, agreements=[agreement(entity_id="z")])["workplace_discount"]
    assert found.schema == ANSWERS["workplace_discount"].schema
    assert found.equals(found.sort("entity_id", "employee_id", "offer"))
    assert found.height == 10
    assert not found.select("entity_id", "employee_id", "offer").is_duplicated().any()


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2019, 6, 29), date(2021, 9, 15), date(2030, 1, 1)])
def test_it_evaluates_on_every_day(day):
    person, work = employee(employed_from=date(2015, 1, 1)), copy(assigned_from=date(2015, 1, 1))
    found = rows(answered([person], on=day, copies=[work], orders=[order(1)], agreements=[agreement()]))
    if day < date(2021, 1, 1):
        assert found["e", VISIO][3] == "not_yet_offered"
    if day < date(2019, 6, 30):
        assert found["e", ONLINE][3] == "not_yet_offered"


def test_explain_recomputes_one_employee():
    inputs = given_tables(
        [employee(), employee("f")],
        copies=[copy(), copy("f")],
        orders=[order(1, offer=VISIO)],
        agreements=[agreement()],
    )
    lines = workplace.explain_subject(inputs, Settings(AS_OF), "e")
    assert {r.split(".")[0] for r in lines["rule"]} == {
        "workplace_discount_participation", "workplace_discount_online", "workplace_discount_expiry",
        "workplace_discount_software", "workplace_discount_offers", "workplace_discount_orders",
    }  # fmt: skip
    shown = lines.filter(pl.col("subject") == f"e, {VISIO}").select("rule", "value").rows()
    assert dict(shown)["workplace_discount_software.reason"] == "license_acquired"
    assert workplace.explain_subject(inputs, Settings(AS_OF), "nobody")["subject"].unique().to_list() == []
    assert workplace.explain_subject({}, Settings(AS_OF), "e").is_empty()


PERSON = st.tuples(
    st.none() | st.integers(-2, 2).map(lambda n: AS_OF + timedelta(days=n)),
    st.lists(
        st.tuples(
            st.sampled_from(["Visio", "Project", "Office"]),
            st.sampled_from(["2013", "2021"]),
            st.integers(-2, 2).map(lambda n: AS_OF + timedelta(days=n)),
        ),
        max_size=3,
    ),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(PERSON, min_size=1, max_size=5))
def test_it_agrees_with_a_plain_reading_person_by_person(people):
    employees = [employee(f"e{n}", employed_to=left) for n, (left, _) in enumerate(people)]
    copies = [
        copy(f"e{n}", product=p, version=v, coverage_end=end, assigned_from=date(2024, 1, 1 + k))
        for n, (_, used) in enumerate(people)
        for k, (p, v, end) in enumerate(used)
    ]
    found = rows(answered(employees, copies=copies, agreements=[agreement()]))
    expected = {}
    for n, (left, used) in enumerate(people):
        employed = left is None or left >= AS_OF
        expected[f"e{n}", ONLINE] = employed
        for product, license_ in (("Visio", VISIO), ("Project", PROJECT)):
            own = [(v, end) for p, v, end in used if p == product]
            if own:
                expected[f"e{n}", license_] = employed and any(v == "2021" and end >= AS_OF for v, end in own)
    assert {key: row[0] for key, row in found.items()} == expected
