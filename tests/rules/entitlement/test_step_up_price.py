from datetime import date

from lmanalytics.rules.entitlement import step_up_price
from tests.tables import check

PRICES = """
case                     | higher_price_per_year | lower_price_per_year | agreement_year | term_years || price_per_year | years_charged | step_up_price
-------------------------|-----------------------|----------------------|----------------|------------||----------------|---------------|--------------
the whole term           |                  1900 |                  300 |              1 |          3 ||           1600 |             3 |          4800
the last year            |                  1900 |                  300 |              3 |          3 ||           1600 |             1 |          1600
after the term           |                  1900 |                  300 |              4 |          3 ||           1600 |               |
a price is not known     |                  1900 |                      |              1 |          3 ||                |             3 |
"""


def test_prices():
    check(step_up_price, date(2026, 6, 30), PRICES)
