from datetime import date

import pytest

from lmanalytics.rules.right import self_hosting_component
from tests.tables import check

COMPONENTS = """
case                   | sa_active_until | operated_by            || has_sa | is_operator_another | is_under_own_control
-----------------------|-----------------|------------------------||--------|---------------------|---------------------
the last day counts    | 2026-06-30      | customer               || true   | false               | true
the day after does not | 2026-06-29      | Customer               || false  | false               | true
an affiliate           | 2027-01-01      | affiliate              || true   | false               | true
an outsourcer          | 2027-01-01      | authorized_outsourcer  || true   | true                | true
a name                 | 2027-01-01      | Contoso Hosting        || true   | true                | true
the end user           | 2027-01-01      | End user               || true   | true                | false
not known              |                 |                        ||        |                     |
"""


@pytest.mark.parametrize("day", [date(2026, 6, 30)])
def test_components(day):
    check(self_hosting_component, day, COMPONENTS)
