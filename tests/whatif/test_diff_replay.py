"""One cause after the other: each can occur, each is told from the others, and what is reached is the second side."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lmanalytics.rules.amendments import Amendment
from lmanalytics.rules.demand import windows_server_cores
from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.schemas import CANONICAL, ENTITY
from lmanalytics.whatif.causes import GROUPS, MACHINES, WHOLE, Cause
from lmanalytics.whatif.diff_replay import compare, replay
from tests.whatif.difference_sides import (
    AGAIN,
    JUNE,
    MARCH,
    SEEN,
    answered,
    host,
    ose,
    price,
    purchase,
    side,
    simple,
)

COVERED = {"purchase_type": "license_and_sa", "coverage_start": date(2025, 1, 1), "coverage_end": date(2026, 5, 31)}
RENTED = {"purchase_type": "subscription", "coverage_start": date(2025, 1, 1), "coverage_end": date(2026, 5, 31)}
INSTALL = {"install_id": "i1", "ose_id": "v1", "observed_on": SEEN, "product": "SQL Server", "edition": "Standard",
           "version": "2019"}  # fmt: skip
AGREEMENT = {"agreement_id": "a1", "enrollment_id": "e1", "program": "ea"}
BASE = {
    "hosts": [host()],
    "oses": [ose()],
    "installs": [INSTALL],
    "purchases": [purchase()],
    "prices": [price()],
    "agreements": [AGREEMENT],
    "access_counts": [{"product": "Windows Server", "users": 5, "devices": 3}],
    "providers": [{"provider": "x", "valid_from": SEEN, "is_listed_provider": False}],
}
SEEN_AGAIN = {
    "hosts": [host(observed_on=AGAIN)],
    "oses": [ose(observed_on=AGAIN)],
    "installs": [INSTALL | {"observed_on": AGAIN}],
}
O = Cause.OBSERVED_AGAIN  # noqa: E741 (stands in most rows of the table below)
CASES = {
    "nothing": ({}, []),
    "price": ({"prices": [price(amount="11")]}, [Cause.PRICE_CHANGED]),
    "another price": ({"prices": [price(), price(valid_from=date(2026, 1, 1))]}, [Cause.PRICE_CHANGED]),
    "renewed": ({"purchases": [purchase(coverage_end=date(2029, 5, 31))]}, [Cause.COVERAGE_CHANGED]),
    "agreement": ({"agreements": [AGREEMENT | {"program": "sce"}]}, [Cause.AGREEMENTS_CHANGED]),
    "bought": ({"purchases": [purchase(), purchase("p2", order_date=date(2026, 4, 1))]}, [Cause.BOUGHT]),
    "ordered on the first day": ({"purchases": [purchase(), purchase("p2", order_date=MARCH)]}, [Cause.PURCHASES_CORRECTED]),
    "ordered a day later": ({"purchases": [purchase(), purchase("p2", order_date=date(2026, 4, 1))]}, [Cause.BOUGHT]),
    "order day unknown": ({"purchases": [purchase(), purchase("p2", order_date=None)]}, [Cause.BOUGHT]),
    "returned": ({"purchases": [purchase(), purchase("p2", -4, order_date=date(2026, 4, 1))]}, [Cause.RETURNED]),
    "transferred away": (
        {"purchases": [purchase(), purchase("p2", 4, purchase_type="transfer_out", order_date=date(2026, 4, 1))]},
        [Cause.RETURNED],
    ),
    "withdrawn": ({"purchases": []}, [Cause.PURCHASES_CORRECTED]),
    "quantity corrected": ({"purchases": [purchase(quantity=18)]}, [Cause.PURCHASES_CORRECTED]),
    "renumbered lines": ({"purchases": [purchase("list:7")]}, []),
    "cores corrected": ({"hosts": [host(cores=24)]}, [Cause.DATA_CORRECTED]),
    "machine was missed": ({"oses": [ose(), ose("v2")]}, [Cause.DATA_CORRECTED]),
    "no machine was seen": ({"oses": []}, [O, Cause.RETIRED]),
    "seen again": (SEEN_AGAIN, [O]),
    "cores": (SEEN_AGAIN | {"hosts": [host(cores=24, observed_on=AGAIN)]}, [O, Cause.RESIZED]),
    "cores, earlier snapshot kept": ({"hosts": [host(), host(cores=24, observed_on=AGAIN)]}, [O, Cause.RESIZED]),
    "virtual cores": (SEEN_AGAIN | {"oses": [ose(vcpus=8, observed_on=AGAIN)]}, [O, Cause.RESIZED]),
    "stopped": (SEEN_AGAIN | {"oses": [ose(is_running=False, observed_on=AGAIN)]}, [O, Cause.SWITCHED]),
    "moved to a cluster": (SEEN_AGAIN | {"hosts": [host(cluster_id="d", observed_on=AGAIN)]}, [O, Cause.MOVED]),
    "moved to a provider": (
        SEEN_AGAIN | {"oses": [ose(location="provider_shared", provider="x", observed_on=AGAIN)]},
        [O, Cause.MOVED],
    ),
    "moved and resized": (
        SEEN_AGAIN | {"oses": [ose(on="h2", vcpus=8, observed_on=AGAIN)]},
        [O, Cause.MOVED, Cause.RESIZED],
    ),
    "upgraded": (SEEN_AGAIN | {"oses": [ose(os_version="2025", observed_on=AGAIN)]}, [O, Cause.UPGRADED]),
    "install upgraded": (
        SEEN_AGAIN | {"installs": [INSTALL | {"version": "2022", "observed_on": AGAIN}]},
        [O, Cause.UPGRADED],
    ),
    "environment": (SEEN_AGAIN | {"oses": [ose(environment="dev_test", observed_on=AGAIN)]}, [O, Cause.SETTINGS_CHANGED]),
    "renamed": (SEEN_AGAIN | {"hosts": [host(host_name="h1.other", observed_on=AGAIN)]}, [O, Cause.SETTINGS_CHANGED]),
    "another id": (
        SEEN_AGAIN | {"oses": [ose("v9", name="V1", observed_on=AGAIN)], "installs": [INSTALL | {"ose_id": "v9", "observed_on": AGAIN}]},
        [Cause.REIDENTIFIED, O, Cause.SETTINGS_CHANGED],
    ),
    "new": (SEEN_AGAIN | {"oses": [ose(observed_on=AGAIN), ose("v2", observed_on=AGAIN)]}, [O, Cause.NEW]),
    "gone": ({"oses": [ose(), ose("v0", observed_on=AGAIN)]}, [O, Cause.NEW, Cause.RETIRED]),
    "installed": (
        SEEN_AGAIN | {"installs": [INSTALL | {"observed_on": AGAIN}, INSTALL | {"install_id": "i2", "observed_on": AGAIN}]},
        [O, Cause.INSTALLED],
    ),
    "uninstalled": (
        SEEN_AGAIN | {"installs": [INSTALL | {"install_id": "i2", "observed_on": AGAIN}]},
        [O, Cause.INSTALLED, Cause.UNINSTALLED],
    ),
    "gone with what it runs": (
        {"oses": [ose("v0", observed_on=AGAIN)], "installs": [INSTALL | {"ose_id": "v0", "install_id": "i0", "observed_on": AGAIN}]},
        [O, Cause.NEW, Cause.RETIRED],
    ),
    "counted": ({"access_counts": [{"product": "Windows Server", "users": 6, "devices": 3}]}, [Cause.COUNTED]),
    "deployed": (
        {"providers": [{"provider": "x", "valid_from": SEEN, "is_listed_provider": True}]},
        [Cause.DEPLOYED],
    ),
}  # fmt: skip


def between(first, second, **options):
    return replay(answered(first, simple), answered(second, simple), simple, **options)


def causes(done):
    return [state.cause for state in done.states]


@pytest.mark.parametrize(("changed", "expected"), CASES.values(), ids=CASES)
def test_a_change_of_one_kind_is_that_cause(changed, expected):
    first, second = side(MARCH, **BASE), side(JUNE, **BASE | changed)
    done = between(first, second)
    assert causes(done) == [Cause.DATE_PASSED, *expected]
    assert set(done.changes["cause"]) == {cause.code for cause in expected} - {O.code}
    assert_frame_equal(done.states[-1].position, simple(second.tables, second.settings)["position"].collect())
    for name, part in compare(first, second)[0].items():
        said = [ENTITY, *CANONICAL[name].columns, "row_id"]
        reached = part.at(Cause.PROGRAM_AFTER).select(said).collect()
        assert_frame_equal(reached, second.tables[name].select(said).collect())


def test_every_cause_of_a_table_has_a_case():
    met = {cause for _, expected in CASES.values() for cause in expected}
    others = {Cause.PROGRAM_BEFORE, Cause.PROGRAM_AFTER, Cause.DATE_PASSED, Cause.RULE_CHANGED, Cause.POLICY_CHANGED, Cause.TABLES_GIVEN,
              Cause.SA_LAPSED, Cause.EXPIRED}  # fmt: skip
    assert met | others == set(Cause)
    assert not met & others


def test_equal_sides_compute_nothing():
    asked = []
    assert between(side(**BASE), side(**BASE, name="two"), progress=asked.append).states == []
    assert asked == []


def test_one_cause_computes_nothing_that_is_not_known_already():
    asked = []
    done = between(side(**BASE), side(**BASE | {"prices": [price(amount="12")]}), progress=asked.append)
    assert (causes(done), asked) == ([Cause.PRICE_CHANGED], [])


def test_the_date_and_what_ends_by_it_are_told_apart():
    lots = [purchase(), purchase("p2", 10, **COVERED), purchase("p3", 20, **RENTED)]
    tables = BASE | {"purchases": lots}
    done = between(side(MARCH, **tables), side(JUNE, **tables))
    assert causes(done) == [Cause.DATE_PASSED, Cause.SA_LAPSED, Cause.EXPIRED]
    told = [(s.position["owned"].item(), s.position["owned_with_sa"].item()) for s in done.states]
    assert told == [(46, 30), (46, 20), (26, 0)]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (date(2026, 3, 30), []),
        (MARCH, [Cause.SA_LAPSED]),
        (date(2026, 6, 29), [Cause.SA_LAPSED]),
        (JUNE, []),
        (None, []),
    ],
)
def test_coverage_lapses_when_its_last_day_is_between_the_dates(end, expected):
    tables = BASE | {"purchases": [purchase(**COVERED | {"coverage_end": end})]}
    assert causes(between(side(MARCH, **tables), side(JUNE, **tables))) == [Cause.DATE_PASSED, *expected]
    back = between(side(JUNE, **tables), side(MARCH, **tables))
    assert causes(back) == [Cause.DATE_PASSED, *expected]


def test_coverage_without_an_end_of_its_own_ends_with_its_agreement():
    tables = BASE | {
        "purchases": [purchase(program=None, enrollment_id="e1", **COVERED | {"coverage_end": None})],
        "agreements": [AGREEMENT | {"end_date": date(2026, 5, 31)}],
    }
    assert causes(between(side(MARCH, **tables), side(JUNE, **tables))) == [Cause.DATE_PASSED, Cause.SA_LAPSED]


def test_a_renewal_leaves_nothing_to_lapse():
    then = BASE | {"purchases": [purchase(**COVERED)]}
    now = BASE | {"purchases": [purchase(**COVERED | {"coverage_end": date(2029, 5, 31)})]}
    assert causes(between(side(MARCH, **then), side(JUNE, **now))) == [Cause.DATE_PASSED, Cause.COVERAGE_CHANGED]


def test_each_policy_is_a_step_of_its_own():
    first = side(**BASE, policies={"movement": "observed", "peak": "any"})
    second = side(**BASE, policies={"movement": "cluster", "peak": "other"})
    done = between(first, second)
    assert [(s.cause, s.detail) for s in done.states] == [
        (Cause.POLICY_CHANGED, "movement: observed to cluster"),
        (Cause.POLICY_CHANGED, "peak: any to other"),
    ]
    assert [s.position["required"].item() for s in done.states] == [40, 40]


def test_tables_of_one_side_only_are_a_cause():
    without = {name: rows for name, rows in BASE.items() if name != "purchases"}
    done = between(side(**without), side(**BASE))
    assert [(s.cause, s.detail) for s in done.states] == [(Cause.TABLES_GIVEN, "purchases")]
    assert causes(between(side(JUNE, **BASE), side(MARCH, **without))) == [Cause.DATE_PASSED, Cause.TABLES_GIVEN]


def test_another_program_is_the_first_cause_and_the_last():
    stale = pl.LazyFrame(simple(side(**BASE).tables, side(**BASE).settings)["position"].collect())
    stale = stale.with_columns(required=pl.lit(99, pl.Int64))
    first = replace(side(**BASE), answers={"position": stale}, program="older")
    second = answered(side(**BASE), simple)
    done = replay(first, second, simple)
    assert causes(done) == [Cause.PROGRAM_BEFORE]
    assert (done.first["required"].item(), done.states[-1].position["required"].item()) == (99, 20)
    assert causes(replay(second, first, simple)) == [Cause.PROGRAM_AFTER]
    assert causes(replay(first, first, simple)) == []


def test_in_a_scenario_another_value_is_a_change_and_no_correction():
    first, second = side(**BASE), replace(side(**BASE | {"hosts": [host(cores=24)]}), is_scenario=True)
    assert causes(between(first, second)) == [Cause.RESIZED]


def test_in_a_scenario_what_is_bought_is_bought_whenever():
    bought, fewer = [purchase(), purchase("p2", order_date=SEEN)], [purchase(quantity=10)]
    for lines, expected in ((bought, Cause.BOUGHT), (fewer, Cause.RETURNED), ([], Cause.RETURNED)):
        second = replace(side(**BASE | {"purchases": lines}), is_scenario=True)
        assert causes(between(side(**BASE), second)) == [expected]


def test_an_earlier_snapshot_that_differs_by_itself_is_let_in_too():
    now = [host(), host(observed_on=AGAIN)]
    then = [host(cores=20), host(observed_on=AGAIN)]
    second = side(JUNE, **BASE | {"hosts": now})
    for one, expected in ((second, Cause.DATA_CORRECTED), (replace(second, is_scenario=True), O)):
        done = between(side(JUNE, **BASE | {"hosts": then}), one)
        assert causes(done) == [expected]


def test_parameters_that_a_scenario_amends_are_a_cause():
    asked = []

    def noting(tables, settings):
        asked.append(load_rule_file(windows_server_cores).parameters["min_cores_per_server"].on(MARCH).value)
        return simple(tables, settings)

    rule = Amendment("windows_server_cores", "min_cores_per_server", 24)
    second = replace(side(**BASE), amendments=(rule,), is_scenario=True)
    done = replay(side(**BASE), second, noting)
    assert [(s.cause, s.detail) for s in done.states] == [
        (Cause.RULE_CHANGED, "windows_server_cores.min_cores_per_server")
    ]
    assert asked == [16, 24]


def test_a_statement_replaces_the_one_before():
    stated = {"basis": "statement_summary", "order_date": None, "statement_date": SEEN, "program": None}
    then = [purchase("s:1", 16, **stated), purchase("s:2", 8, edition="Datacenter", **stated)]
    now = [purchase("t:1", 20, **stated | {"statement_date": AGAIN})]
    done = between(side(MARCH, **BASE | {"purchases": then}), side(JUNE, **BASE | {"purchases": now}))
    assert causes(done) == [Cause.DATE_PASSED, Cause.BOUGHT, Cause.RETURNED]
    kept = [purchase("s:1", 12, **stated | {"statement_date": AGAIN}), then[1] | {"statement_date": AGAIN}]
    done = between(side(MARCH, **BASE | {"purchases": then}), side(JUNE, **BASE | {"purchases": kept}))
    assert causes(done) == [Cause.DATE_PASSED, Cause.BOUGHT, Cause.RETURNED]


def test_lines_that_change_places_keep_what_they_say():
    then = [purchase("list:1", 16), purchase("list:2", 8)]
    now = [purchase("list:1", 8), purchase("list:2", 4, order_date=date(2026, 5, 1)), purchase("list:3", 16)]
    done = between(side(**BASE | {"purchases": then}), side(**BASE | {"purchases": now}))
    assert [(s.cause, s.rows) for s in done.states] == [(Cause.BOUGHT, 1)]


def test_machines_with_one_name_twice_are_not_taken_for_each_other():
    twins = [ose("v8", name="v1", observed_on=AGAIN), ose("v9", name="v1", observed_on=AGAIN)]
    done = between(side(**BASE), side(**BASE | SEEN_AGAIN | {"oses": twins}))
    assert Cause.REIDENTIFIED not in causes(done)
    assert done.pairs == {}


@pytest.mark.parametrize("table", MACHINES)
def test_every_column_of_a_machine_tells_one_cause(table):
    named = [column for columns in GROUPS[table].values() for column in columns]
    inventory = {"inventory_id"} & CANONICAL[table].columns.keys()
    assert sorted(named) == sorted(CANONICAL[table].columns.keys() - {*CANONICAL[table].key} - inventory)


def test_every_table_has_a_cause():
    assert {*MACHINES, *WHOLE, "purchases"} == CANONICAL.keys()
