from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.benefit import sa_benefits_pools
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.tables import frame

AS_OF = date(2026, 6, 30)
PRODUCTS = """
product                                    | edition           | stated       | pool         | family                 | reason
-------------------------------------------|-------------------|--------------|--------------|------------------------|----------------
Office                                     | Professional Plus |              | applications | office_suite           | pool_of_product
Office Professional Plus                   |                   |              | applications | office_suite           | pool_of_product
Office for Mac                             | Standard          |              | applications | office_suite           | pool_of_product
Office                                     | Standard for Mac  |              | applications | office_suite           | pool_of_product
Excel                                      |                   |              | applications | office_other           | pool_of_product
Visio                                      | Standard          |              | applications | visio                  | pool_of_product
Project                                    | Professional      |              | applications | project                | pool_of_product
Project Server                             |                   |              | servers      | server                 | pool_of_product
Project Server CAL                         |                   |              | servers      | access                 | pool_of_product
Windows                                    | Enterprise        |              | systems      | windows_device         | pool_of_product
Windows                                    | VDA               |              | systems      | virtual_desktop_access | pool_of_product
Microsoft Desktop Optimization Pack        |                   |              | systems      | desktop_optimization   | pool_of_product
Windows Server                             | Datacenter        |              | servers      | server                 | pool_of_product
Windows Server CAL                         |                   |              | servers      | access                 | pool_of_product
Windows Server External Connector          |                   |              | servers      | access                 | pool_of_product
SQL Server                                 | Enterprise        |              | servers      | server                 | pool_of_product
System Center                              | Standard          |              | servers      | server                 | pool_of_product
Core CAL Suite                             |                   |              | servers      | access                 | pool_of_product
Dynamics 365 Sales On-premises CAL         |                   |              | servers      | dynamics               | pool_of_product
Visual Studio                              | Enterprise        |              |              | visual_studio          | pool_unknown
Visual Studio                              | Enterprise        | applications | applications | visual_studio          | pool_stated
Office                                     | Standard          | servers      | servers      | office_suite           | pool_stated
Some Widget                                |                   |              |              |                        | pool_unknown
Some Widget                                |                   | systems      | systems      |                        | pool_stated
"""


def pooled(rows, **policies):
    schema = {"product": pl.String, "edition": pl.String, "pool": pl.String}
    licenses = pl.LazyFrame(rows, schema=schema, orient="row")
    return compute(sa_benefits_pools, "pooled", Settings(AS_OF, policies), licenses=licenses).collect()


def test_the_pool_of_each_product():
    lines = [line for line in PRODUCTS.strip().splitlines() if not set(line) <= set("-| ")]
    for row in frame(tuple(lines)).to_dicts():
        found = pooled([(row["product"], row["edition"], row["stated"])])
        assert found.rows() == [(row["product"], row["edition"], row["pool"], row["family"], row["reason"])]


def test_a_bundle_is_in_the_pool_of_each_part():
    found = pooled([("Professional Desktop", None, None)]).sort("pool")
    assert found.select("pool", "family").rows() == [
        ("applications", "office_suite"), ("servers", "access"), ("systems", "windows_device"),
    ]  # fmt: skip


def test_a_stated_pool_chooses_the_part_of_a_bundle():
    assert pooled([("Enterprise Desktop", None, "systems")]).select("pool", "family", "pool_reason").rows() == [
        ("systems", "windows_device", "pool_stated")
    ]


def test_the_policy_places_what_no_source_names():
    for reading in ("applications", "servers"):
        found = pooled([("Visual Studio", "Professional", None), ("Widget", None, None)], visual_studio_pool=reading)
        rows = {r["product"]: (r["pool"], r["pool_reason"]) for r in found.to_dicts()}
        assert rows == {"Visual Studio": (reading, "pool_by_policy"), "Widget": (None, "pool_unknown")}


@given(
    st.lists(
        st.tuples(st.text(max_size=12), st.none() | st.text(max_size=5), st.none() | st.just("systems")), max_size=8
    )
)
def test_no_license_is_lost_and_what_is_stated_holds(rows):
    found = pooled(rows)
    assert found.height >= len(rows)
    assert found.filter(pl.col("pool_reason") == "pool_stated").height == sum(r[2] is not None for r in rows)
