"""A price is an amount in a currency, for a known thing."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, matches, suite


def prices_suite(_as_of: date | None) -> ExpectationSuite:
    """Return the checks of `prices`."""
    return suite(
        "prices",
        [
            at_least("unit_price", 0),
            at_least("pack_size", 1),
            at_least("esu_year", 1),
            matches("currency", "^[A-Z]{3}$", "Currency must be three capital letters such as USD."),
            filled(
                "step_up_from",
                Where("purchase_type") == "step_up",
                "A step-up's price must say what it steps up from.",
                is_error=True,
            ),
            filled(
                "esu_year",
                Where("purchase_type") == "esu",
                "A price of Extended Security Updates must say its year.",
                is_error=True,
            ),
        ],
    )
