from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.demand import curves, price_list, stage
from lmanalytics.rules.demand.windows_server import answers
from lmanalytics.rules.parameters import Settings
from tests.facts.estates import AS_OF, estate, guest, host, table

MIXED = "standard_physical_and_virtual_cores"
BIG = host(physical_cores=24)


def prices(**each):
    rows = [
        {"product": "Windows Server", "edition": kind.partition("_")[0].title(), "metric": "core", "pack_size": 2,
         "purchase_type": "license_and_sa" if kind.endswith("sa") else "license", "valid_from": date(2026, 1, 1),
         "unit_price": 2 * Decimal(price), "currency": "USD"}
        for kind, price in each.items()
    ]  # fmt: skip
    return table("prices", *rows)


def demand(hosts, oses, *, policies=None, **each):
    facts = {f"facts_{name}": frame for name, frame in estate(hosts, oses, policies=policies).items()}
    found = answers(facts | {"prices": prices(**each)}, Settings(AS_OF, policies or {}))
    return stage.whole({"demand_of_windows_server": found["demand"]})["demand"]


def curve(*given, edition="Standard", **more):
    row = demand(*given, **more).filter(option=MIXED, edition=edition).collect()
    lists = [row[name].explode(empty_as_null=False, keep_nulls=False) for name in curves.LISTS]
    return list(zip(*lists, strict=True))


def points(*given, policies=None, **each):
    listed = price_list.all_products(prices(**each), AS_OF)
    return curves.points(demand(*given, policies=policies, **each), listed).filter(pl.col("option") == MIXED).collect()


def guests(*sizes):
    return [guest(f"g{n}", vcpus=size) for n, size in enumerate(sizes)]


def test_every_number_of_sets_is_a_point():
    assert curve([BIG], guests(4, 4, 8, 8, 4, 4, 4)) == [(1, 24, 40), (2, 48, 24), (3, 72, 8)]


def test_a_point_that_sets_beat_is_dropped():
    assert curve([host()], guests(16, 16, 8, 4, 4)) == [(2, 32, 8)]
    assert curve([host()], guests(16, 16)) == []


def test_a_point_is_not_dropped_for_its_price():
    dear = {"standard": 10, "standard_sa": 1000}
    assert curve([BIG], guests(8, 8, 8, 8, 8), **dear) == [(1, 24, 24), (2, 48, 8)]


def test_sets_of_a_cluster_are_those_of_each_host():
    hosts = [host(f"h{n}", cluster_id="c") for n in (1, 2)]
    found = points(hosts, guests(8, 8, 8), policies={"movement": "cluster"})
    assert found.select("step", "full_sets", "licenses_required", "licenses_with_sa").rows() == [(1, 2, 32 + 8, 8)]


def test_points_have_their_own_licenses_and_cost():
    found = points([BIG], guests(8, 8, 8, 8, 8), standard=10, standard_sa=15).sort("step")
    assert found.select("step", "full_sets", "licenses_required", "licenses_with_sa", "cost", "unit_price").rows() == [
        (1, 1, 48, 24, 240 + 360, Decimal("12.5")),
        (2, 2, 56, 8, 480 + 120, Decimal("10.7143")),
    ]
    assert found["demand_class"].to_list() == ["Standard|any|part_sa"] * 2
    assert set(found["currency"]) == {"USD"}
    assert not set(curves.LISTS) & set(found.columns)


def test_points_without_prices_have_no_cost():
    found = points([host()], guests(8, 8, 8))
    assert found.select("cost", "currency", "unit_price").null_count().row(0) == (1, 1, 1)


def test_the_row_of_demand_is_one_of_its_points():
    given = [BIG], guests(8, 8, 8, 8, 8)
    row = demand(*given, standard=10, standard_sa=20).filter(pl.col("option") == MIXED).drop(curves.LISTS).collect()
    same = points(*given, standard=10, standard_sa=20).join(row, on=row.columns, nulls_equal=True)
    assert same["step"].to_list() == [2]


def test_options_without_a_curve_stay_as_they_are():
    rows = demand([host()], guests(8))
    found = curves.points(rows, price_list.all_products(None, AS_OF)).collect()
    assert found["step"].null_count() == found.height == 3
    assert found.drop("step").sort("option").equals(rows.drop(curves.LISTS).collect().sort("option"))


def test_each_edition_of_a_mix_has_the_same_steps():
    oses = [*guests(8, 8, 4), guest("d", os_edition="Datacenter", vcpus=12)]
    assert curve([BIG], oses) == [(1, 24, 8), (2, 48, 0)]
    assert curve([BIG], oses, edition="Datacenter") == [(1, 0, 12), (2, 0, 12)]


def test_sets_may_take_all_of_standard_on_a_day_before_datacenter_came():
    before = [guest(f"g{n}", vcpus=32, observed_on=date(2026, 3, 1), inventory_id="i") for n in (1, 2)]
    after = [guest("d", os_edition="Datacenter", vcpus=8, inventory_id="i")]
    assert curve([BIG], [*before, *after]) == [(1, 24, 0)]
    assert curve([BIG], [*before, *after], edition="Datacenter") == [(1, 0, 8)]


def test_a_point_that_fewer_sets_beat_is_dropped():
    before = [guest(f"g{n}", vcpus=8, observed_on=date(2026, 3, 1), inventory_id="i") for n in (1, 2, 3)]
    after = [guest("d", os_edition="Datacenter", vcpus=40, inventory_id="i")]
    assert curve([BIG], [*before, *after]) == [(1, 24, 0)]


@pytest.mark.parametrize("given", [{"operator": "listed_provider"}, {"physical_cores": None}])
def test_an_option_that_is_closed_has_no_curve(given):
    found = demand([host(**given)], guests(8, 8, 8, 8, 8)).collect()
    assert found["curve_steps"].null_count() == found.height


# A plain reading: every choice of OSEs for the sets, and what is left by itself.


def plainly(cores, ordinary, datacenter):
    """Give the points (sets, without SA, with SA of Standard) that no other one beats in both respects."""
    single = sorted((max(8, v) for v in ordinary), reverse=True)
    base = max(16, cores)
    every = {(k, base * k, sum(single[2 * k :])) for k in range((len(single) + 1) // 2 + 1)}
    if datacenter:
        every = {p for p in every if p[0]}
    beaten = {
        p for p in every for q in every
        if q != p and q[2] <= p[2] and q[1] + q[2] <= p[1] + p[2] and (q[1:] != p[1:])
    }  # fmt: skip
    return sorted(p for p in every - beaten if p[0] and (p[2] or datacenter))


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 40), st.lists(st.integers(1, 40), max_size=9), st.lists(st.integers(1, 20), max_size=2))
def test_the_points_are_those_that_no_other_beats(cores, ordinary, datacenter):
    if not ordinary and not datacenter:
        return
    oses = [*guests(*ordinary), *(guest(f"d{n}", vcpus=v, os_edition="Datacenter") for n, v in enumerate(datacenter))]
    found = curve([host(physical_cores=cores, processors=1)], oses)
    assert found == plainly(cores, ordinary, datacenter)
