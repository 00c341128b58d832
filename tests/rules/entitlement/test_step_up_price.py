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


MONTHS = """
case                 | agreement_month || year_of_month
---------------------|-----------------||--------------
the first            |               1 ||             1
the last of a year   |              12 ||             1
the next             |              13 ||             2
the last of the term |              36 ||             3
not known            |                 ||
"""


def test_months():
    facts = "higher_price_per_year lower_price_per_year agreement_year term_years"
    blank = "|".join(" " for _ in facts.split())
    lines = [
        line
        if set(line) <= set("-| ")
        else line.replace("||", f"| {' | '.join(facts.split()) if n == 0 else blank} ||", 1)
        for n, line in enumerate(MONTHS.strip().splitlines())
    ]
    check(step_up_price, date(2026, 6, 30), "\n".join(lines))
