from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import server_per_instance
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from tests.tables import check, read_table

START = date(2016, 10, 1)

INSTANCES = """
case                          | running_instances | location           | operator              | edition    | has_editions | mounted_databases || server_licenses | licenses_with_sa | edition_required | verdict
------------------------------|-------------------|--------------------|-----------------------|------------|--------------|-------------------||-----------------|------------------|------------------|---------------------------------
one instance                  | 1                 | on_premises        |                       | Standard   | true         |                   || 1               | 0                | Standard         | one_running_instance_per_license
three instances               | 3                 | on_premises        |                       |            | false        |                   || 3               | 0                |                  | one_running_instance_per_license
the most databases, Standard  | 1                 | on_premises        |                       | Standard   | true         | 5                 || 1               | 0                | Standard         | one_running_instance_per_license
one database more             | 1                 | on_premises        |                       | Standard   | true         | 6                 || 1               | 0                | Enterprise       | one_running_instance_per_license
few, yet Enterprise runs      | 1                 | on_premises        |                       | Enterprise | true         | 2                 || 1               | 0                | Enterprise       | one_running_instance_per_license
edition unknown, few          | 1                 | on_premises        |                       |            | true         | 0                 || 1               | 0                | Standard         | one_running_instance_per_license
edition unknown, many         | 1                 | on_premises        |                       |            | true         | 100               || 1               | 0                | Enterprise       | one_running_instance_per_license
more than any edition mounts  | 1                 | on_premises        |                       | Enterprise | true         | 101               || 1               | 0                | Enterprise       | too_many_databases
neither is known              | 1                 | on_premises        |                       |            | true         |                   || 1               | 0                |                  | edition_unknown
no editions, databases given  | 1                 | on_premises        |                       |            | false        | 400               || 1               | 0                |                  | one_running_instance_per_license
on shared servers             | 2                 | provider_shared    | authorized_outsourcer | Standard   | true         |                   || 2               | 2                | Standard         | mobility
in Azure                      | 1                 | azure              |                       | Standard   | true         |                   || 1               | 1                | Standard         | mobility
dedicated, Listed Provider    | 1                 | provider_dedicated | listed_provider       |            | false        |                   || 1               | 1                |                  | mobility
dedicated, another outsourcer | 1                 | provider_dedicated | authorized_outsourcer |            | false        |                   || 1               | 0                |                  | one_running_instance_per_license
dedicated, operator unknown   | 1                 | provider_dedicated |                       |            | false        |                   || 1               | 0                |                  | one_running_instance_per_license
nothing runs                  | 0                 | azure              |                       |            | false        |                   || 0               | 0                |                  | one_running_instance_per_license
how many is unknown           |                   | azure              |                       |            | false        |                   ||                 |                  |                  | one_running_instance_per_license
"""


def test_what_running_instances_require():
    check(server_per_instance, START, INSTANCES)


def test_every_reason_occurs():
    assert set(read_table(INSTANCES)[1]["verdict"]) == {r.code for r in server_per_instance.Reason}


def test_the_day_before_is_an_error_and_not_a_zero():
    with pytest.raises(RuleError, match="2016-10-01"):
        check(server_per_instance, date(2016, 9, 30), INSTANCES)


def edition_by_hand(edition, databases):
    if databases is not None and databases > 5:
        return "Enterprise"
    if edition is not None:
        return edition
    return None if databases is None else "Standard"


@given(st.integers(0, 50), st.sampled_from([None, "Standard", "Enterprise"]), st.none() | st.integers(0, 120))
def test_licenses_and_edition_agree_with_a_plain_reading(instances, edition, databases):
    row = {"running_instances": instances, "edition": edition, "mounted_databases": databases, "has_editions": True}
    facts = pl.LazyFrame([row], schema_overrides={"edition": pl.String, "mounted_databases": pl.Int64})
    found = evaluate(facts, server_per_instance, Settings(START)).collect().row(0, named=True)
    assert found["server_per_instance__server_licenses"] == instances
    assert found["server_per_instance__edition_required"] == edition_by_hand(edition, databases)
