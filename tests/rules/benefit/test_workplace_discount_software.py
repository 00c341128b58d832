from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_software
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings

AS_OF = date(2026, 6, 30)
PLAIN = {
    "product": "Visio", "edition": "Standard", "version": "2021", "program": "ea", "has_membership": None,
    "is_work_licensed_copy": True, "day": AS_OF, "employed_from": date(2020, 1, 1), "employed_to": None,
    "assigned_from": date(2024, 1, 1), "assigned_to": None, "coverage": "known", "coverage_end": date(2027, 3, 31),
    "other_version_on": None, "licenses_acquired": 0, "are_copies_given": True,
}  # fmt: skip
KINDS = {
    "product": pl.String, "edition": pl.String, "version": pl.String, "program": pl.String, "has_membership": pl.Boolean,
    "is_work_licensed_copy": pl.Boolean, "day": pl.Date, "employed_from": pl.Date, "employed_to": pl.Date,
    "assigned_from": pl.Date, "assigned_to": pl.Date, "coverage": pl.String, "coverage_end": pl.Date,
    "other_version_on": pl.Date, "licenses_acquired": pl.Int64,
    "are_copies_given": pl.Boolean,
}  # fmt: skip
YESTERDAY, TOMORROW = AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)
CASES = [
    ({}, True, "eligible"),
    ({"product": "Office"}, False, "product_not_in_table"),
    ({"version": "2013"}, False, "version_not_in_table"),
    ({"version": "2016"}, True, "eligible"),
    ({"version": "2019"}, True, "eligible"),
    ({"version": "LTSC 2021"}, True, "eligible"),
    ({"version": "2024"}, False, "version_not_in_table"),
    ({"version": None}, None, "version_unknown"),
    ({"edition": "Premium"}, False, "version_not_in_table"),
    ({"program": "academic_select", "has_membership": False}, False, "program_not_eligible"),
    ({"program": "academic_select", "has_membership": True}, True, "eligible"),
    ({"program": "academic_select", "has_membership": None}, None, "program_unknown"),
    ({"program": "academic_select_plus", "has_membership": False}, False, "program_not_eligible"),
    ({"program": "academic_select_plus", "has_membership": True}, True, "eligible"),
    ({"program": "academic_open", "has_membership": True}, False, "program_not_eligible"),
    ({"program": "academic_open", "has_membership": None}, False, "program_not_eligible"),
    ({"program": "select_plus", "has_membership": False}, True, "eligible"),
    ({"program": None}, None, "program_unknown"),
    ({"is_work_licensed_copy": False}, False, "not_work_copy"),
    ({"employed_to": AS_OF}, True, "eligible"),
    ({"employed_to": YESTERDAY}, False, "not_employed"),
    ({"employed_from": AS_OF}, True, "eligible"),
    ({"employed_from": TOMORROW}, False, "not_employed"),
    ({"employed_from": None}, None, "employee_unknown"),
    ({"assigned_from": AS_OF}, True, "eligible"),
    ({"assigned_from": TOMORROW}, False, "not_a_user"),
    ({"assigned_to": AS_OF}, True, "eligible"),
    ({"assigned_to": YESTERDAY}, False, "not_a_user"),
    ({"assigned_from": None}, False, "no_copy"),
    ({"assigned_from": None, "are_copies_given": False}, None, "copies_not_given"),
    ({"assigned_from": None, "are_copies_given": None}, False, "no_copy"),
    ({"coverage_end": AS_OF}, True, "eligible"),
    ({"coverage_end": YESTERDAY}, False, "coverage_ended"),
    ({"coverage_end": None}, False, "coverage_ended"),
    ({"coverage": "unknown", "coverage_end": None}, None, "coverage_unknown"),
    ({"coverage": None, "coverage_end": None}, None, "coverage_unknown"),
    ({"licenses_acquired": 1}, True, "license_acquired"),
    ({"licenses_acquired": 1, "other_version_on": TOMORROW}, True, "license_acquired"),
    ({"licenses_acquired": 1, "other_version_on": AS_OF}, False, "other_version_installed"),
    ({"day": date(2021, 9, 15), "assigned_from": date(2021, 1, 1)}, False, "not_yet_offered"),
    ({"day": date(2021, 9, 16), "assigned_from": date(2021, 1, 1)}, True, "eligible"),
    ({"version": None, "coverage_end": YESTERDAY}, False, "coverage_ended"),
    ({"program": None, "employed_to": YESTERDAY}, False, "not_employed"),
]


def decided(facts, on=AS_OF, **policies):
    frame = pl.LazyFrame({c: [v] for c, v in (PLAIN | facts).items()}, schema=KINDS)
    row = evaluate(frame, workplace_discount_software, Settings(on, policies)).collect().to_dicts()[0]
    return {
        r: row[column_name(workplace_discount_software, r)]
        for r in ("is_eligible", "reason", "quantity", "devices", "license_offered")
    }


@pytest.mark.parametrize(("facts", "may", "why"), CASES, ids=lambda v: str(v) if isinstance(v, dict) else None)
def test_who_may_acquire_a_license(facts, may, why):
    found = decided(facts)
    assert (found["is_eligible"], found["reason"]) == (may, why)
    assert (found["quantity"], found["devices"]) == ((None, None) if may is None else (int(may), int(may)))


def test_every_reason_occurs():
    assert {why for *_, why in CASES} == {r.code for r in workplace_discount_software.Reason}


@pytest.mark.parametrize("edition", ["Standard", "Professional"])
@pytest.mark.parametrize("product", ["Visio", "Project"])
def test_the_twelve_rows_of_the_table(product, edition):
    for version in ("2016", "2019", "2021"):
        found = decided({"product": product, "edition": edition, "version": version})
        assert found["is_eligible"]
        assert found["license_offered"] == f"{product} Professional 2021 HUP"


def test_by_the_wider_reading_a_later_version_qualifies():
    for version, may in (("2013", False), ("2021", True), ("2024", True), ("2027", False)):
        assert decided({"version": version}, workplace_versions="later_too")["is_eligible"] is may


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2021, 9, 15)])
def test_before_the_license_existed_nobody_may(day):
    found = decided({"day": day, "assigned_from": date(2016, 1, 1), "employed_from": date(2016, 1, 1)}, on=day)
    assert (found["is_eligible"], found["reason"]) == (False, "not_yet_offered")


AROUND = st.none() | st.integers(-3, 3).map(lambda n: AS_OF + timedelta(days=n))


@given(
    st.sampled_from(["2013", "2016", "2021", "2024"]),
    st.sampled_from(["ea", "academic_select", "academic_open"]),
    st.booleans(),
    st.tuples(AROUND, AROUND, AROUND),
)
def test_it_agrees_with_a_plain_reading(version, program, member, ends):
    employed_to, assigned_to, coverage_end = ends
    found = decided(
        {"version": version, "program": program, "has_membership": member, "employed_to": employed_to,
         "assigned_to": assigned_to, "coverage_end": coverage_end}
    )  # fmt: skip
    may = (
        version in {"2016", "2019", "2021"}
        and (program == "ea" or (program == "academic_select" and member))
        and (employed_to is None or employed_to >= AS_OF)
        and (assigned_to is None or assigned_to >= AS_OF)
        and coverage_end is not None
        and coverage_end >= AS_OF
    )
    assert found["is_eligible"] is may
