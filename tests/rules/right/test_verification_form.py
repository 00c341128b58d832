from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import verification_form
from tests.tables import check

AS_OF = date(2026, 6, 30)

FORMS = """
case                             | deployed_on | needs_mobility | is_azure | first_submitted_on | standing_on | standing_confirmed_on || form_due   | standing       | form_status
---------------------------------|-------------|----------------|----------|--------------------|-------------|-----------------------||------------|----------------|-------------
before the deployment            | 2026-06-01  | true           | false    | 2026-05-01         | 2026-05-01  | 2026-05-10            || 2026-06-11 | confirmed      | on_time
on the tenth day                 | 2026-06-01  | true           | false    | 2026-06-11         | 2026-06-11  |                       || 2026-06-11 | submitted      | on_time
on the eleventh day              | 2026-06-01  | true           | false    | 2026-06-12         | 2026-06-12  |                       || 2026-06-11 | submitted_late | late
late, and confirmed              | 2026-06-01  | true           | false    | 2026-06-12         | 2026-06-12  | 2026-06-20            || 2026-06-11 | submitted_late | late
rejected, and no other since     | 2026-06-01  | true           | false    | 2026-06-05         |             |                       || 2026-06-11 | rejected       | rejected
rejected, replaced in time       | 2026-06-01  | true           | false    | 2026-06-05         | 2026-06-10  |                       || 2026-06-11 | submitted      | on_time
rejected, replaced late          | 2026-06-01  | true           | false    | 2026-06-05         | 2026-06-15  |                       || 2026-06-11 | replaced_late  | late
none, due today                  | 2026-06-20  | true           | false    |                    |             |                       || 2026-06-30 | still_time     | pending
none, due yesterday              | 2026-06-19  | true           | false    |                    |             |                       || 2026-06-29 | overdue        | missing
nothing that needs one           | 2026-06-01  | false          | false    |                    |             |                       || 2026-06-11 | not_required   | not_required
Azure                            | 2026-06-01  | true           | true     |                    |             |                       || 2026-06-11 | overdue        | missing
whether it needs one is unknown  | 2026-06-01  |                |          |                    |             |                       || 2026-06-11 | overdue        | missing
"""


def test_how_a_form_stands():
    check(verification_form, AS_OF, FORMS)


def test_every_reason_occurs():
    assert all(reason.code in FORMS for reason in verification_form.Reason)


def test_azure_may_be_read_as_needing_none():
    table = """
    case  | deployed_on | needs_mobility | is_azure || form_status
    ------|-------------|----------------|----------||-------------
    Azure | 2026-06-01  | true           | true     || not_required
    AWS   | 2026-06-01  | true           | false    || missing
    """
    check(verification_form, AS_OF, table, form_for_azure="not_required")


@settings(max_examples=60, deadline=None)
@given(st.integers(-40, 40), st.one_of(st.none(), st.integers(-40, 40)))
def test_it_agrees_with_a_calendar(deployed, submitted):
    day = AS_OF + timedelta(deployed)
    form = None if submitted is None else AS_OF + timedelta(submitted)
    frame = pl.LazyFrame(
        {
            "deployed_on": [day],
            "needs_mobility": [True],
            "is_azure": [False],
            "first_submitted_on": [form],
            "standing_on": [form],
        },
        schema_overrides={"first_submitted_on": pl.Date, "standing_on": pl.Date},
    )
    got = evaluate(frame, verification_form, Settings(AS_OF)).collect()["verification_form__form_status"].item()
    last = day + timedelta(10)
    if form is not None:
        assert got == ("on_time" if form <= last else "late")
    else:
        assert got == ("pending" if last >= AS_OF else "missing")
