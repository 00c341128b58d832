from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import RuleError
from lmanalytics.rules.demand import windows_server
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, MONEY
from tests.facts.estates import AS_OF, estate, guest, host, table

STANDARD, DATACENTER = "standard_physical_cores", "datacenter_physical_cores"
VIRTUAL, MIXED = "virtual_cores", "standard_physical_and_virtual_cores"
PRICES = [("Standard", "license", 160), ("Standard", "license_and_sa", 240), ("Datacenter", "license", 960)]


def prices(*rows):
    given = [
        {"product": "Windows Server", "edition": e, "metric": "core", "purchase_type": t, "pack_size": 16,
         "valid_from": date(2026, 1, 1), "unit_price": Decimal(p), "currency": "USD"}
        for e, t, p in rows
    ]  # fmt: skip
    return table("prices", *given)


def inputs(facts, listed=None):
    given = {f"facts_{name}": frame for name, frame in facts.items()}
    return given if listed is None else given | {"prices": listed}


def answers(hosts, oses, *, price=(), as_of=AS_OF, policies=None, **tables):
    found = estate(hosts, oses, as_of=as_of, policies=policies, **tables)
    listed = prices(*price) if price else None
    return windows_server.answers(inputs(found, listed), Settings(as_of, policies or {}))


def options(hosts, oses, **given):
    rows = answers(hosts, oses, **given)["demand"].collect().to_dicts()
    return {(r["subject_id"], r["option"]): r for r in rows}


def licenses(found, subject="h1"):
    return {option: (r["licenses_required"] if r["is_available"] else r["reason"])
            for (s, option), r in found.items() if s == subject}  # fmt: skip


def guests(*sizes, host_id="h1", **more):
    return [guest(f"{host_id}-{n}", host_id, vcpus=size, **more) for n, size in enumerate(sizes)]


def test_nine_machines_on_two_processors_of_thirty_two():
    found = options([host(physical_cores=64)], guests(4, 4, 8, 8, 16, 16, 4, 4, 8))
    assert licenses(found) == {STANDARD: 320, DATACENTER: 64, VIRTUAL: 88, MIXED: 64 + 56}


def test_one_set_and_one_machine_beat_two_sets():
    found = options([host()], guests(8, 8, 4))
    assert licenses(found) == {STANDARD: 32, DATACENTER: 16, VIRTUAL: 24, MIXED: 24}


def test_four_floating_machines_need_fewer_licenses_by_machine():
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c")]
    oses = guests(8, 8) + guests(8, 8, host_id="h2")
    found = options(hosts, oses, policies={"movement": "cluster"})
    assert licenses(found, "c") == {STANDARD: 64, DATACENTER: 32, VIRTUAL: 32, MIXED: 48}
    assert found["c", STANDARD]["full_sets"] == 4
    assert {r["subject_kind"] for r in found.values()} == {"cluster"}
    still = options(hosts, oses)
    assert licenses(still, "h1")[STANDARD] == licenses(still, "h2")[STANDARD] == 16


def test_each_host_of_a_cluster_is_licensed_for_the_peak_of_all_its_snapshots():
    may = date(2026, 5, 31)
    hosts = [host(f"h{n}", cluster_id="c") for n in (1, 2)]
    oses = [guest(f"g{n}", "h1", vcpus=8, observed_on=may, inventory_id="vc") for n in range(4)]
    oses += [guest(f"g{n}", "h2", vcpus=8, inventory_id="vc") for n in range(2)]
    moving = {"movement": "cluster"}
    assert licenses(options(hosts, oses, policies=moving), "c")[STANDARD] == 2 * 32
    last = options(hosts, oses, policies=moving | {"peak": "latest_snapshot"})
    assert licenses(last, "c") == {STANDARD: 2 * 16, DATACENTER: 32, VIRTUAL: 16}
    still = options(hosts, oses)
    assert (licenses(still, "h1")[STANDARD], licenses(still, "h2")[STANDARD]) == (32, 16)


def test_affinity_sizes_each_host_for_what_may_come():
    hosts = [host(f"h{n}", cluster_id="c") for n in (1, 2)]
    rules = [{"ose_id": f"h1-{n}", "host_id": "h1", "may_run": True} for n in (0, 1)]
    found = options(hosts, guests(4, 4, 4), policies={"movement": "affinity"},
                    ose_host_affinity=table("ose_host_affinity", *rules))  # fmt: skip
    assert licenses(found, "c") == {STANDARD: 32 + 16, DATACENTER: 32, VIRTUAL: 24, MIXED: "affinity_narrows"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"hypervisor": "hyper_v"}, {STANDARD: 32, DATACENTER: 16, VIRTUAL: "host_runs_windows", MIXED: 24}),
        ({"hypervisor": "virtuozzo"}, {STANDARD: 32, DATACENTER: 16, VIRTUAL: "virtuozzo_shares_kernel", MIXED: 24}),
        ({"hypervisor": None}, {STANDARD: 32, DATACENTER: 16, VIRTUAL: "host_os_unknown", MIXED: 24}),
        ({"hypervisor": "hyper_v", "host_os_product": "Windows Server", "host_os_use": "workload"},
         {STANDARD: 32, DATACENTER: 16, VIRTUAL: "host_runs_windows", MIXED: 32}),
        ({"physical_cores": None}, {STANDARD: "host_cores_unknown", DATACENTER: "host_cores_unknown",
         VIRTUAL: "host_cores_unknown"}),
        ({"operator": "listed_provider"}, {STANDARD: 32, DATACENTER: 16, VIRTUAL: "listed_provider",
         MIXED: "listed_provider"}),
        ({"operator": "authorized_outsourcer", "is_dedicated": False}, {STANDARD: "shared_server",
         DATACENTER: "shared_server", VIRTUAL: 24, MIXED: "shared_server"}),
    ],
    ids=["hyper-v", "virtuozzo", "unknown system", "other work", "cores", "listed provider", "shared server"],
)  # fmt: skip
def test_what_the_host_leaves_open(given, expected):
    assert licenses(options([host(**given)], guests(8, 8, 4))) == expected


def test_a_listed_providers_server_takes_old_licenses_and_no_others():
    found = options([host(operator="listed_provider")], guests(4), price=PRICES)
    for option in (STANDARD, DATACENTER):
        assert found["h1", option]["reason"] == "old_licenses_only"
        assert found["h1", option]["acquired_before"] == date(2019, 10, 1)
        assert (found["h1", option]["is_available"], found["h1", option]["cost"]) == (True, None)
    own = options([host()], guests(4), price=PRICES)
    assert {row["acquired_before"] for row in own.values()} == {None}
    before = options([host(operator="listed_provider", observed_on=date(2019, 9, 30))],
                     guests(4, observed_on=date(2019, 9, 30)), as_of=date(2019, 9, 30))  # fmt: skip
    assert before["h1", STANDARD]["acquired_before"] is None


@pytest.mark.parametrize(("version", "reason"), [("2019", "old_licenses_only"), ("2022", "version_too_new")])
def test_a_listed_providers_server_runs_no_version_that_came_later(version, reason):
    found = options([host(operator="listed_provider")], guests(4, os_version=version))
    assert found["h1", STANDARD]["reason"] == found["h1", DATACENTER]["reason"] == reason
    own = options([host()], guests(4, os_version=version))
    assert own["h1", STANDARD]["reason"] == "required"


def by_edition(*given, **more):
    """Give {(option, edition): licenses without and with Software Assurance, or the reason}."""
    rows = answers(*given, **more)["demand"].collect().to_dicts()
    return {(r["option"], r["edition"]): (r["licenses_required"] - r["licenses_with_sa"], r["licenses_with_sa"])
            if r["is_available"] else r["reason"] for r in rows}  # fmt: skip


def test_a_guest_that_runs_datacenter_is_licensed_in_its_own_edition_by_itself_alone():
    found = by_edition([host()], [*guests(8, 8, 4), guest("d", os_edition="Datacenter", vcpus=12)])
    assert found == {
        (STANDARD, "Standard"): "runs_datacenter",
        (DATACENTER, "Datacenter"): (16, 0),
        (VIRTUAL, "Standard"): (0, 24),
        (VIRTUAL, "Datacenter"): (0, 12),
        (MIXED, "Standard"): (16, 8),
        (MIXED, "Datacenter"): (0, 12),
    }


def test_sets_of_standard_take_no_guest_that_runs_datacenter():
    many = [*guests(4, 4), *(guest(f"d{n}", os_edition="Datacenter") for n in range(3))]
    assert by_edition([host()], many)[MIXED, "Standard"] == (16, 0)
    assert by_edition([host()], many)[MIXED, "Datacenter"] == (0, 24)
    alone = by_edition([host()], many[2:])
    assert (MIXED, "Standard") not in alone
    assert alone[VIRTUAL, "Datacenter"] == (0, 24)
    assert (VIRTUAL, "Standard") not in alone
    hosting = by_edition([host(hypervisor="hyper_v")], many[2:])
    assert (hosting[MIXED, "Standard"], hosting[MIXED, "Datacenter"]) == ((16, 0), (0, 24))


def test_datacenter_licenses_serve_other_guests_while_theirs_do_not_run():
    may = date(2026, 5, 31)
    rows = [guest("d", os_edition="Datacenter", vcpus=16, observed_on=may, inventory_id="vc"),
            guest("a", vcpus=8, inventory_id="vc"), guest("b", vcpus=12, inventory_id="vc")]  # fmt: skip
    found = by_edition([host()], rows)
    assert (found[VIRTUAL, "Datacenter"], found[VIRTUAL, "Standard"]) == ((0, 16), (0, 20 - 16))


@pytest.mark.parametrize("given", [{"hypervisor": "virtuozzo"}, {"hypervisor": "hyper_v", "kind": "process_container"}])
def test_what_shares_the_system_of_the_host_shares_its_edition(given):
    kind = given.pop("kind", "virtual")
    rows = [*guests(8, 8, 4), guest("d", os_edition="Datacenter", kind=kind)]
    assert by_edition([host(**given)], rows)[MIXED, "Standard"] == "runs_datacenter"


def test_a_guest_of_unknown_size_that_runs_datacenter_closes_what_counts_it():
    rows = [*guests(8, 8, 4), guest("d", os_edition="Datacenter", vcpus=None)]
    found = by_edition([host()], rows)
    assert found[VIRTUAL, "Datacenter"] == found[VIRTUAL, "Standard"] == "vcpus_unknown"
    assert (MIXED, "Standard") not in found


def test_the_highest_version_is_required():
    oses = [guest("a", os_version="2016"), guest("b", os_version="2022"), guest("c", os_version="2019")]
    found = options([host()], oses)
    assert {r["version"] for r in found.values()} == {"2022"}
    assert found["h1", VIRTUAL]["demand_class"] == "Standard|2022|sa"
    assert found["h1", STANDARD]["demand_class"] == "Standard|2022|any"
    assert found["h1", MIXED]["demand_class"] == "Standard|2022|part_sa"


def test_the_physical_oses_version_and_edition_count():
    given = {"hypervisor": "hyper_v", "host_os_product": "Windows Server", "host_os_version": "2025",
             "host_os_edition": "Datacenter"}  # fmt: skip
    found = options([host(**given)], [guest("a", os_version="2019")])
    assert licenses(found) == {STANDARD: "runs_datacenter", DATACENTER: 16, VIRTUAL: "host_runs_windows"}
    assert found["h1", DATACENTER]["version"] == "2025"


def test_unknown_virtual_cores_close_what_depends_on_them():
    found = options([host()], guests(8, None, 4))
    assert licenses(found) == {STANDARD: 32, DATACENTER: 16, VIRTUAL: "vcpus_unknown", MIXED: 24}


def test_uneven_processors_are_counted_each():
    assert licenses(options([host(physical_cores=24, cores_per_processor=["4", "20"])], guests(4)))[STANDARD] == 28
    bound = options([host(physical_cores=25)], guests(4))
    assert bound["h1", STANDARD]["is_lower_bound"]
    assert not bound["h1", VIRTUAL]["is_lower_bound"]


def test_a_host_on_which_nothing_needs_a_license_has_no_options():
    found = options([host(), host("h2", hypervisor="none")], [guest("a", os_product="Linux")])
    assert licenses(found) == {}
    assert licenses(found, "h2") == {STANDARD: "host_os_unknown", DATACENTER: "host_os_unknown"}


def test_containers_without_isolation_need_the_host_once():
    rows = [guest(f"c{n}", kind="process_container") for n in range(9)]
    assert licenses(options([host()], rows)) == {STANDARD: 16, DATACENTER: 16}
    isolated = [guest(f"i{n}", kind="hyperv_container") for n in range(3)]
    assert licenses(options([host()], isolated))[STANDARD] == 32


def test_peak_over_snapshots():
    may = date(2026, 5, 31)
    rows = [guest(n, observed_on=may, inventory_id="vc") for n in "abc"] + [guest("a", inventory_id="vc")]
    assert licenses(options([host()], rows))[STANDARD] == 32
    assert licenses(options([host()], rows, policies={"peak": "latest_snapshot"}))[STANDARD] == 16


def test_an_ose_by_itself_on_an_outsourcers_shared_servers():
    providers = table(
        "providers",
        {"provider": "Near", "valid_from": date(2020, 1, 1), "is_listed_provider": False},
        {"provider": "Big", "valid_from": date(2020, 1, 1), "is_listed_provider": True},
    )
    common = {"location": "provider_shared", "license_source": "own", "host_id": None}
    rows = [guest("a", **{**common, "provider": "Near"}), guest("b", **{**common, "provider": "Big"})]
    given = answers([], rows, providers=providers)
    found = {r["subject_id"]: r for r in given["demand"].collect().to_dicts()}
    assert (found["a"]["licenses_required"], found["a"]["is_available"], found["a"]["subject_kind"]) == (8, True, "ose")
    assert (found["b"]["is_available"], found["b"]["reason"]) == (False, "listed_provider")
    assert given["ose_outcomes"].collect()["outcome"].to_list() == ["counted", "not_licensable"]


def test_costs_are_exact_and_of_both_kinds():
    found = options([host()], guests(8, 8, 4), price=PRICES)
    assert {o: found["h1", o]["cost"] for o in (STANDARD, DATACENTER, VIRTUAL, MIXED)} == {
        STANDARD: 320,
        DATACENTER: 960,
        VIRTUAL: 360,
        MIXED: 280,
    }
    assert found["h1", MIXED]["unit_price"] == Decimal("11.6667")
    assert {r["currency"] for r in found.values()} == {"USD"}


def test_the_mix_is_the_cheapest_and_not_the_one_with_fewest_licenses():
    dear = [("Standard", "license", 160), ("Standard", "license_and_sa", 1600)]
    few = options([host()], guests(8, 8, 8, 8, 8))["h1", MIXED]
    cheap = options([host()], guests(8, 8, 8, 8, 8), price=dear)["h1", MIXED]
    assert (few["licenses_with_sa"], few["full_sets"]) == (8, 2)
    assert (cheap["licenses_with_sa"], cheap["cost"]) == (8, 320 + 800)
    big = options([host(physical_cores=40)], guests(8, 8, 8, 8, 8), price=dear)["h1", MIXED]
    assert (big["licenses_with_sa"], big["full_sets"]) == (8, 2)
    assert options([host(physical_cores=40)], guests(8, 8, 8, 8, 8))["h1", MIXED]["full_sets"] == 1


def test_without_prices_there_is_no_cost():
    assert all(r["cost"] is None and r["currency"] is None for r in options([host()], guests(4)).values())


def test_before_single_machines_could_be_licensed():
    day = date(2022, 9, 30)
    rows = guests(8, 8, 4, observed_on=day)
    assert licenses(options([host(observed_on=day)], rows, as_of=day)) == {STANDARD: 32, DATACENTER: 16}
    alone = options([], [guest("a", None, observed_on=day)], as_of=day, policies={"unknown_host": "by_virtual_cores"})
    assert licenses(alone, "a") == {VIRTUAL: "not_yet"}


def test_before_core_licensing_it_is_an_error():
    with pytest.raises(RuleError, match="2016-10-01"):
        answers([host()], guests(4), as_of=date(2016, 9, 30))


def test_every_row_ends_in_one_outcome():
    may = date(2026, 5, 31)
    hosts = [host("h1", inventory_id="vc"), host("h1", observed_on=may, inventory_id="vc"),
             host("gone", observed_on=may, inventory_id="vc"), host("h2", physical_cores=None, inventory_id="vc")]  # fmt: skip
    oses = [
        guest("a", inventory_id="vc"), guest("a", observed_on=may, inventory_id="vc"),
        guest("b", observed_on=may, inventory_id="vc"), guest("c", "h2", inventory_id="vc"),
        guest("d", "gone", inventory_id="vc"), guest("e", is_template=True, inventory_id="vc"),
        guest("a", observed_on=date(2026, 7, 1), inventory_id="vc"), guest("a", inventory_id="vc"),
        guest("f", os_product="Linux", inventory_id="vc"), guest("g", "gone", observed_on=may, inventory_id="vc"),
    ]  # fmt: skip
    found = answers(hosts, oses)
    rows = found["ose_outcomes"].collect()
    assert rows["row_id"].to_list() == list(range(1, len(oses) + 1))
    assert list(zip(rows["outcome"], rows["reason"], strict=True)) == [
        ("counted", "counted"),
        ("used", "in_peak"),
        ("used", "in_peak"),
        ("not_computable", "host_cores_unknown"),
        ("not_computable", "host_unknown"),
        ("excluded", "template"),
        ("excluded", "observed_later"),
        ("duplicate", "duplicate"),
        ("excluded", "not_windows_server"),
        ("superseded", "superseded"),
    ]
    assert found["host_outcomes"].collect()["outcome"].to_list() == ["used", "superseded", "superseded",
                                                                     "not_computable"]  # fmt: skip
    assert found["exclusions"].collect()["subject_id"].to_list() == ["e"]


def test_a_superseded_row_outside_the_peak_stays_superseded():
    may = date(2026, 5, 31)
    rows = [guest("a", observed_on=may, inventory_id="vc"), guest("a", inventory_id="vc"),
            guest("b", inventory_id="vc")]  # fmt: skip
    found = answers([host()], rows)["ose_outcomes"].collect()
    assert found["outcome"].to_list() == ["superseded", "counted", "counted"]


def test_answers_have_the_columns_of_the_contract():
    found = answers([host()], guests(8, 8, 4), price=PRICES)
    demand = found["demand"].collect()
    assert {c: demand.schema[c] for c in ANSWERS["demand"].schema} == dict(ANSWERS["demand"].schema)
    assert demand.schema["cost"] == MONEY
    assert found["exclusions"].collect_schema() == ANSWERS["exclusions"].schema
    assert demand.sort("entity_id", *ANSWERS["demand"].key).equals(demand)


@pytest.mark.parametrize(("reading", "least"), [("guidance", 16), ("product_terms", 0)])
def test_the_minimum_of_a_customer_is_told_apart(reading, least):
    rows = answers([host()], guests(4), policies={"customer_minimum": reading})["customer_minimums"].collect()
    assert rows.select("entity_id", "min_licenses").rows() == [("main", least)]


def test_an_empty_estate_has_no_demand():
    assert all(frame.collect().is_empty() for frame in answers([], []).values())


def test_entities_stay_apart():
    hosts = [host(), host(entity_id="two", physical_cores=64)]
    rows = answers(hosts, [guest("a"), guest("a", entity_id="two")])["demand"].collect()
    found = rows.filter(pl.col("option") == STANDARD).select("entity_id", "licenses_required").rows()
    assert found == [("main", 16), ("two", 64)]


def test_explain_tells_how_a_host_comes_to_its_licenses():
    found = estate([host()], guests(8, 8, 4))
    lines = windows_server.explain_subject(inputs(found), Settings(AS_OF), "h1")
    values = dict(lines.select("rule", "value").iter_rows())
    assert values["windows_server_cores.cores_to_license"] == "16"
    assert values["windows_server_standard.full_sets"] == "2"
    assert values["windows_server_standard.core_licenses"] == "32"
    assert values["windows_server_datacenter.core_licenses"] == "16"
    assert lines.filter(rule="windows_server_virtual_cores.core_licenses").height == 3
    assert lines.filter(rule="windows_server_mixed.core_licenses")["value"].to_list() == ["24", "24"]
    assert not lines.filter(pl.col("rule").str.contains("held|allowed")).height
    assert lines["clause"].null_count() == 0


def test_explain_finds_clusters_single_machines_and_nothing():
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c")]
    moving = {"movement": "cluster"}
    found = estate(hosts, guests(4), policies=moving)
    asked = Settings(AS_OF, moving)
    by_cluster = windows_server.explain_subject(inputs(found), asked, "c")
    assert by_cluster.equals(windows_server.explain_subject(inputs(found), asked, "h2"))
    assert by_cluster.equals(windows_server.explain_subject(inputs(found), asked, "h1-0"))
    assert windows_server.explain_subject(inputs(found), asked, "nothing").is_empty()


# An independent plain reading of the rules, one host at a time.


def base(processors):
    return max(16, sum(max(8, c) for c in processors))


def by_hand(processors, days, hypervisor, works):
    peak = max((len(d) for d in days), default=0)
    runs = hypervisor == "hyper_v"
    used = int(runs and works)
    if not peak and not runs:
        return {}
    sets = max(-(-(peak + used) // 2), int(runs))
    expected = {STANDARD: base(processors) * sets, DATACENTER: base(processors)}
    single = [[max(8, v) for v in day] for day in days]
    if peak:
        expected[VIRTUAL] = "host_runs_windows" if runs else max(sum(day) for day in single)
    inner = [
        base(processors) * k + left
        for k in range(1, sets)
        if (left := max(_left(day, 2 * k - used) for day in single)) > 0
    ]
    if inner:
        expected[MIXED] = min(inner)
    return expected


def _left(day, taken):
    free = min(max(taken, 0), len(day))
    return min(sum(day) - sum(chosen) for chosen in combinations(day, free))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4),
    st.lists(st.lists(st.integers(1, 30), max_size=6), min_size=1, max_size=3),
    st.sampled_from(["esxi", "hyper_v"]),
    st.booleans(),
)
def test_options_agree_with_a_plain_reading(processors, days, hypervisor, works):
    given_host = host(
        hypervisor=hypervisor, processors=len(processors), physical_cores=sum(processors),
        cores_per_processor=[str(c) for c in processors], host_os_use="workload" if works else "manage_only",
    )  # fmt: skip
    dates = [AS_OF - timedelta(days=30 * n) for n in range(len(days))]
    rows = [
        guest(f"{n}-{day}", vcpus=v, observed_on=day, inventory_id="vc")
        for day, sizes in zip(dates, days, strict=True)
        for n, v in enumerate(sizes)
    ]
    # A day without guests still is a snapshot of the inventory.
    rows += [guest(f"linux-{day}", os_product="Linux", observed_on=day, inventory_id="vc") for day in dates]
    found = licenses(options([given_host], rows))
    expected = by_hand(processors, days, hypervisor, works)
    assert found == expected
    numbers = {o: n for o, n in found.items() if isinstance(n, int)}
    if VIRTUAL in numbers:
        assert numbers[VIRTUAL] >= 8 * max(len(d) for d in days)
    assert numbers.get(DATACENTER, 0) in {0, base(processors)}
