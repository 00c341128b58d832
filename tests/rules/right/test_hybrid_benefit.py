"""The Azure Hybrid Benefit over an estate: its answer, what it demands, and what it tells."""

from datetime import date, datetime

import polars as pl
import pytest

from lmanalytics.rules.demand import stage as demand_stage
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import _hybrid_findings, hybrid_benefit
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

BENEFIT = "azure_hybrid_benefit"
ALL_CORES = "azure_hybrid_benefit_all_cores"


def azure(ose_id, vcpus, **given):
    return guest(ose_id, None, location="azure", license_source=BENEFIT, vcpus=vcpus, **given)


def dedicated(ose_id, vcpus, host_id="h1", **given):
    return guest(ose_id, host_id, location="azure_dedicated_host", license_source=BENEFIT, vcpus=vcpus, **given)


def local(ose_id, host_id="h1", **given):
    return guest(ose_id, host_id, location="azure_stack", license_source=BENEFIT, **given)


def inputs(oses, hosts=(), as_of=AS_OF, **tables):
    facts = estate(hosts, oses, as_of=as_of, **{k: v for k, v in tables.items() if k == "providers"})
    given = {"oses": table("oses", *oses), "hosts": table("hosts", *hosts), **tables}
    return given | {f"facts_{name}": frame for name, frame in facts.items()}


def answers(oses, hosts=(), *, as_of=AS_OF, policies=None, **tables):
    return hybrid_benefit.answers(inputs(oses, hosts, as_of, **tables), Settings(as_of, policies or {}))


def benefit(*given, **more):
    rows = answers(*given, **more)["hybrid_benefit"].collect().to_dicts()
    return {(r["subject_kind"], r["subject_id"]): r for r in rows}


def required(*given, **more):
    """Return the licenses of each subject and option, or the reason why an option is closed."""
    rows = answers(*given, **more)["demand"].collect().to_dicts()
    assert all(r["licenses_with_sa"] == r["licenses_required"] for r in rows)
    return {
        (r["subject_id"], r["option"], r["edition"]): r["licenses_required"] if r["is_available"] else r["reason"]
        for r in rows
    }


def datacenter(quantity, **given):
    row = {
        "entity_id": "main", "license_id": "d", "product": "Windows Server", "edition": "Datacenter",
        "metric": "core", "quantity": quantity, "sa_active": True, "is_perpetual": True, **given,
    }  # fmt: skip
    return ANSWERS["licenses"].conform(pl.LazyFrame([row]))


def assigned(ose_id="a", on=date(2026, 6, 1), quantity=16, **given):
    return {
        "assignment_id": f"x-{ose_id}", "product": "Windows Server", "edition": "Standard", "metric": "core",
        "quantity": quantity, "basis": "virtual_core", "from_host_id": "h9", "ose_id": ose_id, "assigned_on": on,
        "reason": BENEFIT, **given,
    }  # fmt: skip


def moves(*rows):
    return {"license_assignments": table("license_assignments", *rows)}


def test_each_machine_takes_its_cores():
    sizes = {"a": 4, "b": 8, "c": 12, "d": 20}
    oses = [azure(name, vcpus) for name, vcpus in sizes.items()]
    assert required(oses) == {(n, BENEFIT, "Standard"): max(8, v) for n, v in sizes.items()}
    found = benefit(oses)
    assert {k[1]: r["licenses_required"] for k, r in found.items()} == {"a": 8, "b": 8, "c": 12, "d": 20, "main": 48}
    assert found["customer", "main"]["sets"] == 3
    assert {r["reading"] for r in found.values()} == {"exact"}
    assert found["ose", "a"]["reason"] == "in_azure"


def test_under_sets_the_odd_one_takes_the_rest_of_its_set():
    oses = [azure("a", 4), azure("b", 8), azure("c", 2), azure("d", 12), azure("e", 20)]
    found = required(oses, policies={"ahb_rounding": "sets_of_16"})
    assert found == {(n, BENEFIT, "Standard"): v for n, v in {"a": 16, "b": 8, "c": 8, "d": 16, "e": 32}.items()}
    answer = benefit(oses, policies={"ahb_rounding": "sets_of_16"})
    assert answer["ose", "a"]["reason"] == "unshared"
    assert (answer["customer", "main"]["sets"], answer["customer", "main"]["licenses_required"]) == (5, 80)
    assert sum(found.values()) == 80


def test_until_march_2023_a_single_small_machine_took_the_customers_minimum():
    day = date(2023, 3, 31)
    assert required([azure("a", 4, observed_on=day)], as_of=day) == {("a", BENEFIT, "Standard"): 16}


def test_a_standard_license_may_run_either_edition_in_azure():
    assert required([azure("a", 8, os_edition="Datacenter")]) == {("a", BENEFIT, "Standard"): 8}


def test_constrained_cores_count_in_full_unless_the_policy_says_otherwise():
    oses = [azure("a", 4, underlying_vcpus=16)]
    assert required(oses) == {("a", BENEFIT, "Standard"): 16}
    assert required(oses, policies={"ahb_constrained_vcpus": "active"}) == {("a", BENEFIT, "Standard"): 8}


def test_a_container_runs_in_a_licensed_machine():
    found = benefit([azure("a", 4, kind="process_container"), azure("b", 4, kind="hyperv_container")])
    assert (found["ose", "a"]["licenses_required"], found["ose", "a"]["reason"]) == (0, "container")
    assert found["ose", "b"]["licenses_required"] == 8


def test_a_dedicated_host_is_licensed_by_machine_or_whole():
    hosts, oses = [host(physical_cores=48)], [dedicated("a", 12), dedicated("b", 30, os_version="2022")]
    expected = {("h1", BENEFIT, "Standard"): 42, ("h1", ALL_CORES, "Datacenter"): 48}
    assert required(oses, hosts) == expected
    rows = answers(oses, hosts)["demand"].collect()
    assert set(rows["demand_class"]) == {"Standard|2022|sa", "Datacenter|2022|sa"}
    assert set(rows["oses_covered"]) == {2}
    found = benefit(oses, hosts)
    assert (found["host", "h1"]["licenses_required"], found["host", "h1"]["reason"]) == (48, "all_cores")
    assert found["ose", "b"]["licenses_required"] == 30


def test_small_machines_of_a_dedicated_host_share_sets():
    hosts, oses = [host(physical_cores=48)], [dedicated(n, 4) for n in "abc"]
    found = required(oses, hosts, policies={"ahb_rounding": "sets_of_16"})
    assert found["h1", BENEFIT, "Standard"] == 32


def test_a_dedicated_host_whose_cores_nobody_said_is_licensed_by_machine():
    found = required([dedicated("a", 12)], [host(physical_cores=None)])
    assert found == {("a", BENEFIT, "Standard"): 12}


def test_azure_local_is_licensed_whole():
    hosts = [host(physical_cores=32, cluster_id="c"), host("h2", physical_cores=24, cluster_id="c")]
    assert required([local("a")], hosts) == {("h1", ALL_CORES, "Datacenter"): 32, ("h2", ALL_CORES, "Datacenter"): 24}
    unknown = required([local("a")], [host(physical_cores=None)])
    assert unknown == {("h1", ALL_CORES, "Datacenter"): "host_cores_unknown"}


@pytest.mark.parametrize(
    ("make", "day", "open_"),
    [
        (dedicated, date(2019, 7, 31), False),
        (dedicated, date(2019, 8, 1), True),
        (lambda n, _: local(n), date(2022, 10, 11), False),
        (lambda n, _: local(n), date(2022, 10, 12), True),
    ],
)
def test_before_the_benefit_reached_such_hosts(make, day, open_):
    oses = [make("a", 8) | {"observed_on": day}]
    found = required(oses, [host(observed_on=day)], as_of=day)
    assert found["h1", ALL_CORES, "Datacenter"] == (16 if open_ else "not_on_hosts_yet")


def test_datacenter_licenses_serve_azure_beside_their_own_servers():
    oses = [azure("a", 8), azure("b", 16), azure("c", 12)]
    found = required(oses, licenses=datacenter(30))
    assert found == {("b", BENEFIT, "Datacenter"): 0, ("c", BENEFIT, "Datacenter"): 0, ("a", BENEFIT, "Standard"): 8}
    answer = benefit(oses, licenses=datacenter(30))
    assert answer["ose", "b"]["reason"] == "migration_allowance"
    assert (answer["ose", "b"]["licenses_required"], answer["ose", "b"]["concurrent_licenses"]) == (16, 16)
    assert answer["ose", "a"]["concurrent_licenses"] == 0


@pytest.mark.parametrize(
    "given",
    [
        {"sa_active": False}, {"edition": "Standard"}, {"product": "SQL Server"}, {"metric": "processor"},
        {"valid_to": date(2026, 6, 29)}, {"valid_from": date(2026, 7, 1)}, {"entity_id": "other"}, {"quantity": 7},
    ],
)  # fmt: skip
def test_other_licenses_do_not(given):
    lot = datacenter(**{"quantity": 8} | given)
    assert required([azure("a", 8)], licenses=lot) == {("a", BENEFIT, "Standard"): 8}


def test_half_a_set_serves_nothing_by_itself_under_sets():
    found = required([azure("a", 8)], licenses=datacenter(8), policies={"ahb_rounding": "sets_of_16"})
    assert found == {("a", BENEFIT, "Standard"): 16}


def test_the_allowance_does_not_reach_licenses_of_whole_hosts():
    oses = [azure("a", 8), local("l")]
    found = required(oses, [host(physical_cores=32)], licenses=datacenter(39))
    assert found["a", BENEFIT, "Standard"] == 8
    found = required(oses, [host(physical_cores=32)], licenses=datacenter(40))
    assert found["a", BENEFIT, "Datacenter"] == 0


@pytest.mark.parametrize(
    ("row", "licenses", "reason", "until"),
    [
        (assigned(on=date(2026, 1, 2)), 0, "migrating", date(2026, 6, 30)),
        (assigned(on=date(2026, 1, 1)), 16, "in_azure", date(2026, 6, 29)),
        (assigned(quantity=10), 6, "migrating", date(2026, 11, 27)),
        (assigned(quantity=40), 0, "migrating", date(2026, 11, 27)),
        (assigned(from_host_id=None), 16, "in_azure", date(2026, 11, 27)),
        (assigned(on=date(2026, 7, 1)), 16, "in_azure", None),
        (assigned(reason="routine"), 16, "in_azure", None),
        (assigned(product="SQL Server"), 16, "in_azure", None),
    ],
    ids=["last day", "over", "in part", "more", "not from a server", "later", "not the benefit", "other product"],
)
def test_while_a_workload_migrates_its_licenses_serve_both_places(row, licenses, reason, until):
    found = benefit([azure("a", 16)], **moves(row))["ose", "a"]
    assert (found["reason"], found["concurrent_until"]) == (reason, until)
    assert found["licenses_required"] - found["concurrent_licenses"] == licenses
    assert required([azure("a", 16)], **moves(row)) == {("a", BENEFIT, "Standard"): licenses}


def test_standard_licenses_return_after_90_days():
    found = benefit([azure("a", 16)], **moves(assigned(on=date(2026, 6, 1))))["ose", "a"]
    assert found["redeployable_on"] == date(2026, 8, 30)


def test_a_backup_that_site_recovery_runs_takes_the_licenses_of_production():
    moment = datetime(2026, 6, 30, 8), datetime(2026, 6, 30, 20)  # noqa: DTZ001 (exports have no time zone)
    backup = azure("b", 8, environment="disaster_recovery")
    production = guest("p", "h1", os_edition="Standard")
    run = {"run_id": "r", "ose_id": "b", "production_ose_id": "p", "started_at": moment[0], "ended_at": moment[1],
           "purpose": "test", "target": "azure_site_recovery"}  # fmt: skip
    lots = datacenter(64, edition="Standard")
    given = {
        "recovery_runs": table("recovery_runs", run), "licenses": lots,
        "access_licenses": table("access_licenses", {"access_id": "c", "product": "Windows Server CAL",
                                 "kind": "user_cal", "quantity": 10, "sa_active_until": date(2027, 1, 1)}),
    }  # fmt: skip
    found = benefit([backup, production], [host()], **given)["ose", "b"]
    assert (found["reason"], found["concurrent_licenses"]) == ("backup", 8)
    without = {k: v for k, v in given.items() if k != "recovery_runs"}
    assert benefit([backup, production], [host()], **without)["ose", "b"]["reason"] == "in_azure"


def test_findings_tell_what_depends_on_the_reading_and_by_when_migrations_end():
    rows = moves(
        assigned("a", on=date(2026, 6, 1)), assigned("b", on=date(2026, 5, 1)), assigned("c", on=date(2025, 1, 1))
    )
    oses = [azure("a", 20), azure("b", 16), azure("c", 16)]
    found = {r["reason"]: r for r in answers(oses, **rows)["findings"].collect().to_dicts()}
    assert found.keys() == {reason.code for reason in _hybrid_findings.Reason}
    assert "52 exact, 56 blocks of 8, 64 sets of 16" in found["rounding_matters"]["statement"]
    assert found["migration_ends"]["due_on"] == date(2026, 10, 27)
    assert "2" in found["migration_ends"]["statement"]
    assert answers([azure("a", 16)])["findings"].collect().is_empty()


def test_an_estate_without_azure_has_no_rows():
    found = answers([guest("a")], [host()])
    assert all(frame.collect().is_empty() for frame in found.values())


def test_the_demand_stage_prices_what_the_benefit_takes():
    prices = [
        {"product": "Windows Server", "edition": e, "metric": "core", "purchase_type": "license_and_sa",
         "pack_size": 2, "valid_from": date(2026, 1, 1), "unit_price": p, "currency": "USD"}
        for e, p in (("Standard", 200), ("Datacenter", 1000))
    ]  # fmt: skip
    given = inputs([azure("a", 12), guest("b")], [host()]) | {"prices": table("prices", *prices)}
    right = hybrid_benefit.answers(given, Settings(AS_OF))
    rights = {"rights_demand_of_hybrid_benefit": right["demand"]}
    found = demand_stage.answers(given | rights, Settings(AS_OF))
    demand = demand_stage.whole(found)["demand"].filter(pl.col("subject_id") == "a").collect().to_dicts()
    assert [(r["licenses_required"], r["cost"], r["currency"]) for r in demand] == [(12, 1200, "USD")]
    outcomes = dict(found["ose_outcomes"].select("ose_id", "outcome").collect().rows())
    assert outcomes == {"a": "counted", "b": "counted"}


def test_one_subject_is_explained():
    hosts = [host(physical_cores=48), host("h2", physical_cores=32)]
    providers = table("providers", {"provider": "Near", "valid_from": date(2020, 1, 1), "is_listed_provider": False})
    rented = guest("s", None, location="provider_shared", provider="Near", license_source="own")
    oses = [azure("a", 20), dedicated("d", 12), local("l", "h2"), rented, guest("own", "h9")]
    given = inputs(oses, hosts, providers=providers, licenses=datacenter(16))

    def lines(subject):
        found = hybrid_benefit.explain_subject(given, Settings(AS_OF), subject)
        return dict(found.select("rule", "value").rows())

    assert lines("a")["azure_hybrid_benefit_machine.licenses"] == "20"
    assert lines("h1")["azure_hybrid_benefit_host.licenses"] == "48"
    assert lines("h1")["azure_hybrid_benefit_machine.licenses"] == "12"
    assert lines("h2")["azure_hybrid_benefit_host.unlimited_virtualization"] == "unlimited"
    assert lines("s")["flexible_virtualization.shared_use"] == "permitted"
    assert lines("own") == lines("nobody") == {}


def test_every_reason_occurs():
    day = date(2019, 7, 31)
    early = [dedicated("a", 8, observed_on=day)]
    found = {r["reason"] for r in benefit(early, [host(observed_on=day)], as_of=day).values()}
    cases = [
        ([azure("a", 8), azure("b", 8, kind="process_container")], [], {"policies": {"ahb_rounding": "sets_of_16"}}),
        ([azure("a", 8)], [], {}),
        ([azure("a", 8)], [], {"licenses": datacenter(8)}),
        ([azure("a", 8)], [], moves(assigned())),
        ([local("a")], [host()], {}),
        ([local("a")], [host(physical_cores=None)], {}),
    ]
    for oses, hosts, given in cases:
        found |= {r["reason"] for r in benefit(oses, hosts, **given).values()}
    elsewhere = {"backup"}  # met above, where the runs of backups are
    assert found | elsewhere == {reason.code for reason in hybrid_benefit.Reason}
