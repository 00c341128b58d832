from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import device_benefits_office
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
DEVICES = """
case                     | office_edition    | office_sa_until | primary_user_id | has_online_plan | online_plan_until || office_online_server    | office_for_the_web      | office_online_server_anywhere | office_for_the_web_anywhere | web_until
-------------------------|-------------------|-----------------|-----------------|-----------------|-------------------||-------------------------|-------------------------|-------------------------------|-----------------------------|-----------
the plain case           | Professional Plus | 2027-03-31      | u1              | true            | 2026-12-31        || licensed_device         | licensed_device         | primary_user                  | primary_user                | 2026-12-31
Office Standard          | Standard          | 2027-03-31      | u1              | true            | 2028-12-31        || licensed_device         | licensed_device         | primary_user                  | primary_user                | 2027-03-31
Office for Mac           | Standard for Mac  | 2027-03-31      | u1              | true            | 2028-12-31        || licensed_device         | licensed_device         | primary_user                  | primary_user                | 2027-03-31
last day of coverage     | Standard          | 2026-06-30      | u1              | true            | 2028-12-31        || licensed_device         | licensed_device         | primary_user                  | primary_user                | 2026-06-30
the day after            | Standard          | 2026-06-29      | u1              | true            | 2028-12-31        || office_coverage_expired | office_coverage_expired | office_coverage_expired       | office_coverage_expired     | 2026-06-29
never covered            | Standard          |                 | u1              | true            | 2028-12-31        || office_not_covered      | office_not_covered      | office_not_covered            | office_not_covered          | 2028-12-31
another Office           | Home and Business | 2027-03-31      | u1              | true            | 2028-12-31        || office_not_qualifying   | office_not_qualifying   | office_not_qualifying         | office_not_qualifying       | 2027-03-31
no Office                |                   |                 | u1              | true            | 2028-12-31        || office_not_qualifying   | office_not_qualifying   | office_not_qualifying         | office_not_qualifying       | 2028-12-31
shared, no primary user  | Standard          | 2027-03-31      |                 | true            | 2028-12-31        || licensed_device         | licensed_device         | no_primary_user               | no_primary_user             | 2027-03-31
no SharePoint or OneDrive| Standard          | 2027-03-31      | u1              | false           |                   || licensed_device         | no_online_plan          | primary_user                  | no_online_plan              | 2027-03-31
plans are not known      | Standard          | 2027-03-31      | u1              |                 |                   || licensed_device         | online_plan_unknown     | primary_user                  | online_plan_unknown         | 2027-03-31
not known, no user       | Standard          | 2027-03-31      |                 |                 |                   || licensed_device         | online_plan_unknown     | no_primary_user               | no_primary_user             | 2027-03-31
"""


def test_who_edits_where():
    check(device_benefits_office, AS_OF, DEVICES)


def test_every_reason_occurs():
    found = {value for row in read_table(DEVICES)[1].rows() for value in row}
    assert {r.code for r in device_benefits_office.Reason} <= found


DAYS = st.none() | st.integers(-3, 3).map(lambda n: AS_OF + timedelta(days=n))


@given(st.sampled_from([None, "Standard", "Professional Plus", "Home"]), DAYS, st.booleans() | st.none(), st.booleans())
def test_it_agrees_with_a_plain_reading(edition, until, plan, has_user):
    facts = pl.LazyFrame(
        {"office_edition": [edition], "office_sa_until": [until], "has_online_plan": [plan],
         "primary_user_id": ["u" if has_user else None]},
        schema={"office_edition": pl.String, "office_sa_until": pl.Date, "has_online_plan": pl.Boolean,
                "primary_user_id": pl.String},
    )  # fmt: skip
    row = (
        evaluate(facts.with_columns(online_plan_until=None), device_benefits_office, Settings(AS_OF))
        .collect()
        .to_dicts()[0]
    )
    licensed = edition in {"Standard", "Professional Plus"} and until is not None and until >= AS_OF
    expected = {
        "office_online_server": licensed,
        "office_for_the_web": licensed and plan is True,
        "office_online_server_anywhere": licensed and has_user,
        "office_for_the_web_anywhere": licensed and plan is True and has_user,
    }
    for rule, holds in expected.items():
        assert (row[column_name(device_benefits_office, rule)] in device_benefits_office.ENTITLED) == holds
