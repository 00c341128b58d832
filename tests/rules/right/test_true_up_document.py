from datetime import date

from lmanalytics.rules.right import true_up_document
from tests.tables import check

INCREASES = """
case            | increase || document
----------------|----------||-----------------
nothing added   |        0 || update_statement
one more        |        1 || true_up_order
fewer than last |       -5 || update_statement
not known       |          ||
"""


def test_what_is_due():
    check(true_up_document, date(2026, 6, 30), INCREASES)
