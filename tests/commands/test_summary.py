"""The last line of a run: an amount stands there only where prices say one."""

from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.commands_run import cost_of


def short(*rows):
    return pl.DataFrame(rows, schema={"shortage_cost": pl.Decimal(38, 2), "currency": pl.String}, orient="row")


@pytest.mark.parametrize(
    ("rows", "cost"),
    [
        ([], (Decimal(0), "")),
        ([(Decimal(5), "USD")], (Decimal(5), "USD")),
        ([(Decimal(5), "USD"), (None, None)], (Decimal(5), "USD")),
        ([(None, None)], (None, "")),
        ([(Decimal(5), "USD"), (Decimal(7), "EUR")], (None, "")),
    ],
)
def test_what_is_short_costs_what_prices_say_and_else_it_is_unknown(rows, cost):
    assert cost_of(short(*rows)) == cost
