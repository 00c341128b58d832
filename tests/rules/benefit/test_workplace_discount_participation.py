from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_participation
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
CUSTOMERS = """
case                              | has_membership | e3_e5_licenses | a3_a5_licenses | unknown_licenses | is_education | office_licenses_with_sa | from_sa_licenses || licenses_counted | reaches_threshold | participation
----------------------------------|----------------|----------------|----------------|------------------|--------------|-------------------------|------------------||------------------|-------------------|-------------------------------------
a member with few subscriptions   | true           |            150 |              0 |                0 | false        |                       0 |                0 ||              150 | false             | threshold_waived_by_applications_sam
exactly enough                    | false          |           2000 |              0 |                0 | false        |                       0 |                0 ||             2000 | true              | threshold_reached
one too few                       | false          |           1999 |              0 |                0 | false        |                       0 |                0 ||             1999 | false             | below_threshold
none                              | false          |              0 |              0 |                0 | false        |                       0 |                0 ||                0 | false             | below_threshold
A3 and A5 of a school             | false          |           1000 |           1000 |                0 | true         |                       0 |                0 ||             2000 | true              | threshold_reached
A3 and A5 of a company            | false          |           1000 |           1000 |                0 | false        |                       0 |                0 ||             1000 | false             | below_threshold
unknown names could reach it      | false          |           1999 |              0 |                1 | false        |                       0 |                0 ||             1999 |                   | participation_unknown
unknown names could not           | false          |           1998 |              0 |                1 | false        |                       0 |                0 ||             1998 | false             | below_threshold
subscriptions not given           | false          |                |                |                  | false        |                       0 |                0 ||                  |                   | participation_unknown
memberships not given, enough     |                |           2000 |              0 |                0 | false        |                       0 |                0 ||             2000 | true              | threshold_reached
memberships not given, too few    |                |           1999 |              0 |                0 | false        |                       0 |                0 ||             1999 | false             | participation_unknown
coverage of Office alone          | false          |              0 |              0 |                0 | false        |                     500 |               10 ||                0 | false             | below_threshold
"""
WIDER = """
case                     | has_membership | e3_e5_licenses | a3_a5_licenses | unknown_licenses | is_education | office_licenses_with_sa | from_sa_licenses || participation
-------------------------|----------------|----------------|----------------|------------------|--------------|-------------------------|------------------||------------------
coverage of Office alone | false          |              0 |              0 |                0 | false        |                       1 |                0 || office_coverage
From SA alone            | false          |              1 |              0 |                0 | false        |                       0 |                1 || office_coverage
neither                  | false          |              1 |              0 |                0 | false        |                       0 |                0 || below_threshold
"""


def test_who_takes_part():
    check(workplace_discount_participation, AS_OF, CUSTOMERS)


def test_by_the_page_of_2019_coverage_of_office_does_as_well():
    check(workplace_discount_participation, AS_OF, WIDER, workplace_threshold="subscriptions_or_coverage")


def test_every_reason_occurs():
    found = {value for t in (CUSTOMERS, WIDER) for value in read_table(t)[1]["participation"]}
    assert found == {r.code for r in workplace_discount_participation.Reason}


MAYBE = st.none() | st.booleans()
COUNT = st.none() | st.integers(0, 4000)


@given(MAYBE, COUNT, st.integers(0, 4000), st.integers(0, 50), st.booleans())
def test_it_agrees_with_a_plain_reading(member, e_suites, a_suites, unknown, school):
    facts = pl.LazyFrame(
        {"has_membership": [member], "e3_e5_licenses": [e_suites], "a3_a5_licenses": [a_suites],
         "unknown_licenses": [unknown], "is_education": [school]},
        schema={"has_membership": pl.Boolean, "e3_e5_licenses": pl.Int64, "a3_a5_licenses": pl.Int64,
                "unknown_licenses": pl.Int64, "is_education": pl.Boolean},
    )  # fmt: skip
    row = evaluate(facts, workplace_discount_participation, Settings(AS_OF)).collect().to_dicts()[0]
    found = row[column_name(workplace_discount_participation, "participation")]
    counted = None if e_suites is None else e_suites + (a_suites if school else 0)
    if member:
        assert found == "threshold_waived_by_applications_sam"
    elif counted is not None and counted >= 2000:
        assert found == "threshold_reached"
    elif member is None or counted is None or counted + unknown >= 2000:
        assert found == "participation_unknown"
    else:
        assert found == "below_threshold"
