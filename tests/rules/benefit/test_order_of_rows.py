"""Facts come as files of partitions, so that nothing may depend on the order in which machines stand in them."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lmanalytics.rules.benefit import esu, esu_updates
from lmanalytics.rules.parameters import Settings
from tests.rules.benefit.esu_estates import DAY, SEEN, inputs, sa

PLACES = ("on_premises", "azure_stack", "on_premises", "azure_dedicated_host")
SQL_YEAR = {
    "product": "SQL Server", "edition": "Enterprise", "version": "2014", "esu_year": 2,
    "coverage_start": date(2025, 7, 9), "coverage_end": date(2026, 7, 8),
}  # fmt: skip
ESTATE = inputs(
    licenses=[sa(date(2027, 12, 31)), sa(date(2027, 12, 31), product="SQL Server", edition="Enterprise")],
    hosts=[{"host_id": f"h{n}"} for n in range(3)],
    oses=[
        {"ose_id": f"v{n}{host}", "host_id": host, "location": place, "os_version": "2012" if n % 2 else "2012 R2"}
        for host in ("h0", "h1", "h2")
        for n, place in enumerate(PLACES)
    ]
    + [{"ose_id": "v0h0", "host_id": "h1", "observed_on": date(2025, 12, 1)}],
    installs=[
        {"install_id": f"{product}{edition}{ose}", "ose_id": ose, "product": product, "edition": edition, "version": version}
        for ose in ("v0h0", "v1h0", "v2h0", "v3h0", "v0h1", "v1h2")
        for product, edition, version in (
            ("SQL Server", "Standard", "2014"), ("SQL Server", "Enterprise", "2014"), ("Exchange Server", "Standard", "2016"),
        )
    ],
    esu_coverage=[
        {"coverage_id": "whole", "host_id": "h0", "quantity": 16, **SQL_YEAR},
        {"coverage_id": "one", "ose_id": "v0h1", "quantity": 8},
    ],
    purchases=[
        {"purchase_id": "p", "quantity": 20, "esu_year": 3, "acquired_on": SEEN, "order_date": SEEN, "version": "2012 R2"},
    ],
)  # fmt: skip


def answered(tables):
    asked = Settings(DAY, {})
    found = {name: frame.collect().lazy() for name, frame in esu.answers(tables, asked).items()}
    found |= {f"updates {name}": frame for name, frame in esu_updates.answers(tables | found, asked).items()}
    return pl.collect_all(list(found.values()))


@settings(max_examples=8)
@given(st.integers(0, 1000))
def test_the_order_of_machines_and_of_what_is_on_them_changes_nothing(seed):
    mixed = {name: frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy() for name, frame in ESTATE.items()}
    for ordered, other in zip(answered(ESTATE), answered(mixed), strict=True):
        assert_frame_equal(ordered, other)


def test_the_estate_has_hosts_that_count_as_a_whole_with_machines_in_several_places():
    servers = answered(ESTATE)[0]
    whole = servers.filter((pl.col("product") == "SQL Server") & (pl.col("subject_kind") == "host"))
    assert whole.height > 0
    assert set(ESTATE["facts_oses"].filter(pl.col("host_id") == "h0").collect()["location"]) == set(PLACES)
