from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import workplace_discount_offers
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
OFFERS = """
case                       | offer                         | installed_version | installed_on | ordered_on || right                            | option          | product | other_version_on
---------------------------|-------------------------------|-------------------|--------------|------------||----------------------------------|-----------------|---------|-----------------
Family                     | Microsoft 365 Family          |                   |              | 2025-01-01 || Microsoft 365 Family or Personal | online_services |         |
Personal uses the same     | Microsoft 365 Personal        |                   |              | 2025-01-01 || Microsoft 365 Family or Personal | online_services |         |
its name before 2020       | Office 365 Home               |                   |              | 2019-08-01 || Microsoft 365 Family or Personal | online_services |         |
Visio, its own version     | Visio Professional 2021 HUP   | LTSC 2021         | 2025-02-01   | 2025-01-01 || Visio Professional 2021 HUP      | software        | Visio   |
Visio, a later version     | visio  professional 2021 HUP  | LTSC 2024         | 2025-02-01   | 2025-01-01 || Visio Professional 2021 HUP      | software        | Visio   | 2025-02-01
Project, a prior version   | Project Professional 2021 HUP | LTSC 2019         |              | 2025-01-01 || Project Professional 2021 HUP    | software        | Project | 2025-01-01
an offer that is not known | Surface Pro                   | LTSC 2024         | 2025-02-01   | 2025-01-01 ||                                  |                 |         |
"""


def test_what_an_order_asks_for():
    check(workplace_discount_offers, AS_OF, OFFERS)


@given(st.text(max_size=30))
def test_any_text_is_read_without_harm(offer):
    facts = pl.LazyFrame(
        {"offer": [offer], "installed_version": [offer], "installed_on": [AS_OF], "ordered_on": [AS_OF]}
    )
    row = evaluate(facts, workplace_discount_offers, Settings(AS_OF)).collect().to_dicts()[0]
    known = "".join(offer.split()).lower() in {
        "microsoft365family", "microsoft365personal", "office365home", "office365personal",
        "visioprofessional2021hup", "projectprofessional2021hup",
    }  # fmt: skip
    assert (row[column_name(workplace_discount_offers, "right")] is not None) <= known
