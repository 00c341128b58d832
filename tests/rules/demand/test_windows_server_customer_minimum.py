from datetime import date

import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server_customer_minimum as module
from tests.tables import check

WITH_MINIMUM = """
case                  | virtual_core_licenses || min_licenses | core_licenses
----------------------|-----------------------||--------------|--------------
one small machine     |                     8 ||           16 |            16
exactly the minimum   |                    16 ||           16 |            16
one above             |                    17 ||           16 |            17
none needs none       |                     0 ||           16 |             0
unknown               |                       ||           16 |
"""
WITHOUT = """
case                  | virtual_core_licenses || min_licenses | core_licenses
----------------------|-----------------------||--------------|--------------
one small machine     |                     8 ||            0 |             8
none needs none       |                     0 ||            0 |             0
"""


@pytest.mark.parametrize("day", [date(2022, 10, 1), date(2023, 3, 31), date(2023, 4, 1), date(2026, 6, 30)])
def test_the_guidance_has_a_minimum_without_an_end(day):
    check(module, day, WITH_MINIMUM)
    check(module, day, WITH_MINIMUM, customer_minimum="guidance")


def test_the_terms_dropped_it_in_april_2023():
    check(module, date(2022, 10, 1), WITH_MINIMUM, customer_minimum="product_terms")
    check(module, date(2023, 3, 31), WITH_MINIMUM, customer_minimum="product_terms")
    check(module, date(2023, 4, 1), WITHOUT, customer_minimum="product_terms")


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="its first rule starts on 2022-10-01"):
        check(module, date(2022, 9, 30), WITH_MINIMUM)
