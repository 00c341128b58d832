from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import online_plans
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
NAMES = """
case                     | sku                              | start_date | end_date   || suite | has_storage | has_windows_user | is_from_sa | reason
-------------------------|----------------------------------|------------|------------||-------|-------------|------------------|------------|-----------------
Microsoft 365 E3         | Microsoft 365 E3                 | 2025-01-01 | 2027-12-31 || e3_e5 | true        | true             | false      | plan_counts
its part number          | SPE_E3                           | 2025-01-01 | 2027-12-31 || e3_e5 | true        | true             | false      | plan_counts
From SA                  | M365 E5 From SA                  | 2025-01-01 | 2027-12-31 || e3_e5 | true        | true             | true       | plan_counts
an add-on to E5          | Microsoft 365 E5 Compliance      | 2025-01-01 | 2027-12-31 || none  | false       | false            | false      | plan_irrelevant
Office 365 E5            | Microsoft Office 365 E5          | 2025-01-01 | 2027-12-31 || e3_e5 | true        | false            | false      | plan_counts
ENTERPRISEPACK           | ENTERPRISEPACK                   | 2025-01-01 | 2027-12-31 || e3_e5 | true        | false            | false      | plan_counts
its academic sister      | ENTERPRISEPACK_FACULTY           | 2025-01-01 | 2027-12-31 || a3_a5 | true        | false            | false      | plan_counts
Microsoft 365 A3         | Microsoft 365 A3 for faculty     | 2025-01-01 | 2027-12-31 || a3_a5 | true        | true             | false      | plan_counts
Office 365 E1            | Office 365 E1                    | 2025-01-01 | 2027-12-31 || none  | true        | false            | false      | plan_counts
SharePoint Online        | SharePoint Online (Plan 1)       | 2025-01-01 | 2027-12-31 || none  | true        | false            | false      | plan_counts
OneDrive                 | OneDrive for business (Plan 2)   | 2025-01-01 | 2027-12-31 || none  | true        | false            | false      | plan_counts
Windows per user         | Windows 11 Enterprise E3         | 2025-01-01 | 2027-12-31 || none  | false       | true             | false      | plan_counts
another service          | Exchange Online (Plan 1)         | 2025-01-01 | 2027-12-31 || none  | false       | false            | false      | plan_irrelevant
not known                | Contoso Suite E3                 | 2025-01-01 | 2027-12-31 ||       |             |                  | false      | plan_unknown
ended yesterday          | Microsoft 365 E3                 | 2025-01-01 | 2026-06-29 || e3_e5 | true        | true             | false      | plan_ended
ends today               | Microsoft 365 E3                 | 2025-01-01 | 2026-06-30 || e3_e5 | true        | true             | false      | plan_counts
starts tomorrow          | Microsoft 365 E3                 | 2026-07-01 | 2027-12-31 || e3_e5 | true        | true             | false      | plan_not_started
untidy                   |   microsoft  365   e3            | 2025-01-01 | 2027-12-31 || e3_e5 | true        | true             | false      | plan_counts
"""


def test_what_a_subscription_is():
    check(online_plans, AS_OF, NAMES)


def test_every_reason_occurs():
    assert set(read_table(NAMES)[1]["reason"]) == {r.code for r in online_plans.Reason}


@given(
    st.text(max_size=20), st.sampled_from(["Microsoft 365 ", "Office 365 "]), st.sampled_from(["E3", "E5", "A3", "A5"])
)
def test_any_text_is_read_without_harm(text, family, plan):
    dates = {"start_date": [AS_OF] * 2, "end_date": [AS_OF] * 2}
    facts = pl.LazyFrame({"sku": [text, family + plan], **dates})
    rows = evaluate(facts, online_plans, Settings(AS_OF)).collect()
    suite = rows[column_name(online_plans, "suite")]
    assert suite[1] == {"E": "e3_e5", "A": "a3_a5"}[plan[0]]
    assert suite[0] in {None, "none", "e3_e5", "a3_a5"}


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2030, 1, 1)])
def test_it_evaluates_on_every_day(day):
    evaluate(
        pl.LazyFrame({"sku": ["x"], "start_date": [day], "end_date": [day]}), online_plans, Settings(day)
    ).collect()
