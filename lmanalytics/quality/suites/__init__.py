"""One suite of expectations per table: what the data contract says of it, and what its domain says.

A table with a module of its own here has domain checks; adding `<table>.py` with `<table>_suite` adds them.
"""

from datetime import date
from importlib import import_module
from importlib.util import find_spec

from great_expectations.core import ExpectationSuite

from lmanalytics.quality.checks import suite


def suite_of(table: str, as_of: date | None = None) -> ExpectationSuite:
    """Return the suite of a canonical table; `as_of` is the position date, for checks that look at days."""
    name = f"{__name__}.{table}"
    if find_spec(name) is None:
        return suite(table)
    found: ExpectationSuite = getattr(import_module(name), f"{table}_suite")(as_of)
    return found
