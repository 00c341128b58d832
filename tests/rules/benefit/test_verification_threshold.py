from datetime import date
from fractions import Fraction

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import verification_threshold
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check

AS_OF = date(2026, 6, 30)
SHORTAGES = """
case                      | required | held || shortage | is_material | reason
--------------------------|----------|------||----------|-------------|-----------------
below the threshold       |     1000 |  951 ||       49 | false       | not_material
at the threshold          |     1000 |  950 ||       50 | true        | material
above it                  |     1000 |  949 ||       51 | true        | material
nothing short             |     1000 | 1200 ||        0 | false       | not_material
nothing held              |        3 |    0 ||        3 | true        | material
nothing required          |        0 |   10 ||        0 | false       | nothing_required
held is not known         |     1000 |      ||          |             |
required is not known     |          |  100 ||          |             |
"""


def test_shortages():
    check(verification_threshold, AS_OF, SHORTAGES)


def test_every_reason_occurs():
    assert all(reason.code in SHORTAGES for reason in verification_threshold.Reason)


@given(required=st.integers(0, 10**9), held=st.integers(0, 10**9))
def test_the_share_is_exact(required, held):
    facts = pl.LazyFrame({"required": [required], "held": [held]})
    found = evaluate(facts, verification_threshold, Settings(AS_OF)).collect().to_dicts()[0]
    short = max(0, required - held)
    assert found["verification_threshold__is_material"] == (required > 0 and 20 * short >= required)
    percent = found["verification_threshold__shortage_percent"]
    assert (
        percent is None
        if required == 0
        else abs(Fraction(percent) - Fraction(100 * short, required)) < Fraction(1, 10**9)
    )
