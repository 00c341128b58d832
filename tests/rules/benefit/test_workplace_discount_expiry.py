from datetime import date, timedelta

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_expiry
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

AS_OF = date(2026, 6, 30)
LICENSES = """
case                        | employed_to | coverage_end | assigned_to | other_version_on || expires_on | trigger
----------------------------|-------------|--------------|-------------|------------------||------------|--------------------------
employment ends first       | 2026-05-31  | 2027-03-31   |             |                  || 2026-05-31 | termination_of_employment
coverage ends first         | 2027-05-31  | 2027-03-31   | 2028-01-01  |                  || 2027-03-31 | end_of_software_assurance
the copy is taken away      | 2027-05-31  | 2027-03-31   | 2026-01-15  |                  || 2026-01-15 | no_longer_a_user
another version             | 2027-05-31  | 2027-03-31   | 2026-01-15  | 2025-12-24       || 2025-12-24 | other_version_installed
all on one day              | 2026-01-15  | 2026-01-15   | 2026-01-15  | 2026-01-15       || 2026-01-15 | termination_of_employment
coverage and copy together  |             | 2026-01-15   | 2026-01-15  |                  || 2026-01-15 | end_of_software_assurance
nothing in sight            |             |              |             |                  ||            |
"""


def test_the_earliest_of_four_events_ends_the_license():
    check(workplace_discount_expiry, AS_OF, LICENSES)


def test_every_reason_occurs():
    assert set(read_table(LICENSES)[1]["trigger"]) - {None} == {r.code for r in workplace_discount_expiry.Reason}


DAYS = st.none() | st.integers(0, 3).map(lambda n: AS_OF + timedelta(days=n))
EVENTS = ("employed_to", "coverage_end", "assigned_to", "other_version_on")
NAMES = dict(zip(EVENTS, (r.code for r in workplace_discount_expiry.Reason), strict=True))


@given(st.tuples(DAYS, DAYS, DAYS, DAYS))
def test_it_agrees_with_a_plain_minimum(days):
    facts = pl.LazyFrame({e: [d] for e, d in zip(EVENTS, days, strict=True)}, schema=dict.fromkeys(EVENTS, pl.Date))
    row = evaluate(facts, workplace_discount_expiry, Settings(AS_OF)).collect().to_dicts()[0]
    dated = [(d, n, e) for n, (e, d) in enumerate(zip(EVENTS, days, strict=True)) if d is not None]
    first = min(dated, default=(None, 0, None))
    assert row[column_name(workplace_discount_expiry, "expires_on")] == first[0]
    assert row[column_name(workplace_discount_expiry, "trigger")] == NAMES.get(first[2])
