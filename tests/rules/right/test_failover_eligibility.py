from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_eligibility
from lmanalytics.rules.right.failover_eligibility import Reason
from tests.tables import check

DAY = date(2026, 6, 30)
COPIES = """
case                        | edition    | license_source   | is_evaluation | is_readable | has_primary | is_ose_passive | is_primary_active | has_sa | has_access_sa | licenses | primary_licenses | is_place_known || needs_own_license | is_passive | is_within_primary | obstacle
----------------------------|------------|------------------|---------------|-------------|-------------|----------------|-------------------|--------|---------------|----------|------------------|----------------||-------------------|------------|-------------------|----------------------------
all holds                   | Standard   | own              | false         | false       | true        | true           | true              | true   | true          |        8 |                8 | true           || true              | true       | true              |
edition and source unsaid   |            |                  |               | false       | true        | true           | true              | true   | true          |        8 |                8 | true           || true              | true       | true              |
Developer needs none        | Developer  |                  |               | true        | false       | false          |                   | false  | false         |          |                  | false          || false             | false      |                   | no_own_license
an evaluation needs none    | Enterprise |                  | true          | true        | false       | false          |                   | false  | false         |          |                  | false          || false             | false      |                   | no_own_license
a rented license            | Enterprise | license_included | false         | true        | false       | false          |                   | false  | false         |          |                  | false          || false             | false      |                   | no_own_license
none is named               | Standard   | own              | false         | false       | false       | true           |                   |        |               |        8 |                  | false          || true              | true       |                   | no_primary
it is in no export          | Standard   | own              | false         | false       |             | true           |                   | true   | true          |        8 |                  | true           || true              | true       |                   | primary_unknown
an active one beside it     | Standard   | own              | false         | false       | true        | false          | true              | true   | true          |        8 |                8 | true           || true              | true       | true              | ose_is_active
it can be read              | Standard   | own              | false         | true        | true        | true           | true              | true   | true          |        8 |                8 | true           || true              | false      | true              | serves_reads
who knows whether           | Standard   | own              | false         |             | true        | true           | true              | true   | true          |        8 |                8 | true           || true              |            | true              | reads_unknown
a copy of a copy            | Standard   | own              | false         | false       | true        | true           | false             | true   | true          |        8 |                8 | true           || true              | true       | true              | primary_is_passive
no SA                       | Standard   | own              | false         | false       | true        | true           | true              | false  | true          |        8 |                8 | true           || true              | true       | true              | no_software_assurance
who knows whether SA        | Standard   | own              | false         | false       | true        | true           | true              |        | true          |        8 |                8 | true           || true              | true       | true              | software_assurance_unknown
CALs without SA             | Standard   | own              | false         | false       | true        | true           | true              | true   | false         |        8 |                8 | true           || true              | true       | true              | access_without_sa
CALs unknown                | Standard   | own              | false         | false       | true        | true           | true              | true   |               |        8 |                8 | true           || true              | true       | true              | access_unknown
one core more               | Standard   | own              | false         | false       | true        | true           | true              | true   | true          |        9 |                8 | true           || true              | true       | false             | more_than_primary
cores unknown               | Standard   | own              | false         | false       | true        | true           | true              | true   | true          |          |                8 | true           || true              | true       |                   | cores_unknown
place unknown               | Standard   | own              | false         | false       | true        | true           | true              | true   | true          |        8 |                8 | false          || true              | true       | true              | place_unknown
a failure before an unknown | Standard   | own              | false         |             | true        | true           | true              | true   | true          |        9 |                8 | true           || true              |            | false             | more_than_primary
"""


def test_copies():
    check(failover_eligibility, DAY, COPIES)


def test_copies_on_the_first_day():
    check(failover_eligibility, date(2016, 10, 1), COPIES)


def test_every_reason_occurs():
    cells = {line.split("|")[-1].strip() for line in COPIES.strip().splitlines()[2:]} - {""}
    assert cells == {reason.code for reason in Reason}


@pytest.mark.parametrize(("reading", "passive"), [("not_computable", None), ("not_readable", True)])
def test_what_is_unsaid_is_a_policy(reading, passive):
    facts = pl.LazyFrame(
        {"edition": ["Standard"], "license_source": ["own"], "is_evaluation": [False], "is_readable": [None],
         "has_primary": [True], "is_ose_passive": [True], "is_primary_active": [True], "has_sa": [True],
         "has_access_sa": [True], "licenses": [8], "primary_licenses": [8], "is_place_known": [True]},
        schema_overrides={"is_readable": pl.Boolean},
    )  # fmt: skip
    found = evaluate(facts, failover_eligibility, Settings(DAY, {"unknown_readable": reading})).collect()
    assert found["failover_eligibility__is_passive"].item() is passive
