"""A purchase counts something, runs forward in time and says what it builds on."""

from datetime import date

from great_expectations.core import ExpectationSuite
from great_expectations.expectations.row_conditions import Column as Where

from lmanalytics.quality.checks import at_least, filled, matches, not_before, not_zero, plausible, plausible_day, suite

MOST_UNITS = 10_000_000


def purchases_suite(as_of: date | None) -> ExpectationSuite:
    """Return the checks of `purchases`."""
    return suite(
        "purchases",
        [
            not_zero("quantity", action="Remove the row, or give the quantity; a return has a negative one."),
            plausible(
                "quantity", -MOST_UNITS, MOST_UNITS, action="Check it; part numbers end up in this column at times."
            ),
            at_least("licenses_per_unit", 1),
            at_least("unit_price", 0, action="Give the price as positive; a return has a negative quantity."),
            matches("currency", "^[A-Z]{3}$", "Currency must be three capital letters such as USD."),
            filled(
                "currency",
                Where("unit_price").is_not_null(),
                "A price should have its currency.",
                action="Add the currency; an amount of unknown currency cannot be added up.",
            ),
            not_before("coverage_end", "coverage_start"),
            not_before("coverage_end_latest", "coverage_end"),
            filled(
                "coverage_end",
                Where("purchase_type").is_in(["sa", "license_and_sa", "subscription"]),
                "Software Assurance and subscriptions should have an end.",
                action="Add coverage_end, or the agreement with its dates; without it nothing follows.",
            ),
            filled(
                "step_up_from",
                Where("purchase_type") == "step_up",
                "A step-up should say what it steps up from.",
                action="Add the edition stepped up from; some exports have it in the item name alone.",
            ),
            filled(
                "esu_year",
                Where("purchase_type") == "esu",
                "Extended Security Updates must say their year.",
                action="Add the year, from 1 on; nothing can be covered with them otherwise.",
                is_error=True,
            ),
            at_least("esu_year", 1),
            filled(
                "statement_date",
                Where("basis") == "statement_summary",
                "A license statement should have its date.",
            ),
            plausible_day("order_date", as_of),
        ],
    )
