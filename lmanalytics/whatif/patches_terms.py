"""The verbs that change what things cost and what the terms say: `price` and `rule`."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from lmanalytics.errors import ParameterError, did_you_mean
from lmanalytics.rules import register
from lmanalytics.rules.amendments import Amendment, amended
from lmanalytics.rules.parameters import Parameter, load_rule_file
from lmanalytics.schemas import MONEY, Column
from lmanalytics.whatif.patches import HIT, Patched
from lmanalytics.whatif.patches_rows import chosen
from lmanalytics.whatif.patches_values import value
from lmanalytics.whatif.scenario_document import Entry
from lmanalytics.whatif.scenario_file import Change

_KINDS: dict[type, str] = {int: "integer", bool: "boolean", date: "date", str: "text"}


def price(patched: Patched, change: Change) -> None:
    """Set the prices of a product to an amount, or change them by percent, rounded to four decimals."""
    product, percent = change.object.text("a product"), change.read("change_percent")
    amount = change.read("unit_price")
    if (amount is None) == (percent is None):
        change.at.fail("say either `unit_price: 140.00` or `change_percent: -10`.")
    if (amount is not None and amount < 0) or (percent is not None and percent < -100):  # noqa: PLR2004 (percent)
        change.at.fail("a price cannot be negative.")
    listed = patched.table("prices", change.at).select(pl.col("product").unique()).collect()["product"].to_list()
    if product not in listed:
        change.object.fail(f"the price list has no {product!r}.{did_you_mean(product, listed)} `add: prices` adds one.")
    rows = chosen(patched, "prices", change).with_columns(pl.col(HIT) & (pl.col("product") == product))
    new = pl.lit(amount, MONEY)
    if percent is not None:
        new = (pl.col("unit_price") * pl.lit(1 + Decimal(percent) / 100, pl.Decimal(20, 6))).round(4).cast(MONEY)
    if not patched.set("prices", rows, {"unit_price": new}, change.verb, change.at) and not change.may_be_empty:
        change.at.fail(f"no price of {product} would change. Correct the `where`, or write `may_be_empty: true`.")


def rule(patched: Patched, change: Change) -> None:
    """Let a parameter of a rule module have another value."""
    module, _, name = change.object.text("a parameter").partition(".")
    known = {m.__name__.rpartition(".")[2]: m for m in register.modules()}
    named = [f"{short}.{one}" for short, m in known.items() for one in load_rule_file(m).parameters]
    if module not in known or name not in load_rule_file(known[module]).parameters:
        own = [one for one in named if one.startswith(f"{module}.")] if module in known else []
        hint = did_you_mean(change.object.text(""), own or named)
        there = f" Parameters of {module}: {', '.join(o.partition('.')[2] for o in own)}." if own else ""
        change.object.fail(f"there is no parameter {change.object.value!r} of the rules.{hint}{there}")
    read = _value(change.keys["value"], load_rule_file(known[module]).parameters[name])
    amendment = Amendment(module, name, read, change.read("since"))
    try:
        with amended([amendment]):
            load_rule_file(known[module])
    except ParameterError as error:
        change.keys["value"].fail(str(error))
    patched.amendments.append(amendment)


def _value(entry: Entry, of: Parameter) -> Any:
    held = next(v.value for v in of.values if v.value is not None)
    column = Column(of.name, _KINDS[type(held)], is_required=True, is_optional=False)
    read = value(entry, column)
    if isinstance(read, str) and not re.fullmatch(r"[\w .:/+-]{1,200}", read):
        entry.fail(f"{of.name} holds codes such as {held!r}.")
    return read
