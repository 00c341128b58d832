from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.demand import system_center
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

STANDARD, DATACENTER = "standard_physical_cores", "datacenter_physical_cores"


def managed(ose_id="v1", **given_):
    return guest(ose_id, managed_by_system_center=True, **given_)


def inputs(hosts, oses, *, policies=None, as_of=AS_OF, **tables):
    facts = estate(hosts, oses, as_of=as_of, policies=policies)
    return {"oses": table("oses", *oses), **{f"facts_{name}": frame for name, frame in facts.items()}, **tables}


def demand(hosts, oses, *, policies=None, as_of=AS_OF, **tables):
    found = inputs(hosts, oses, policies=policies, as_of=as_of, **tables)
    return system_center.answers(found, Settings(as_of, policies or {}))["demand"].collect()


def findings(hosts, oses, **tables):
    found = system_center.answers(inputs(hosts, oses, **tables), Settings(AS_OF))["findings"].collect()
    return found.select("finding_id", "statement").rows()


def licenses(rows):
    return {(s, o): n if is_open else why for s, o, n, is_open, why in rows.select(
        "subject_id", "option", "licenses_required", "is_available", "reason").rows()}  # fmt: skip


def test_managed_oses_of_a_server_are_licensed_by_its_cores():
    rows = demand([host()], [managed("a"), managed("b"), managed("c", os_product="Ubuntu"), guest("d")])
    assert licenses(rows) == {("h1", STANDARD): 32, ("h1", DATACENTER): 16}
    columns = ["subject_kind", "product", "metric", "edition", "full_sets", "oses_covered", "demand_class"]
    assert rows.select(columns).rows() == [
        ("host", "System Center", "core", "Datacenter", 1, 3, "Datacenter|any|any"),
        ("host", "System Center", "core", "Standard", 2, 3, "Standard|any|any"),
    ]


def test_the_physical_ose_is_one_of_those_that_are_managed():
    physical = managed("p", kind="physical", hypervisor=None)
    physical.pop("hypervisor")
    rows = demand([host(hypervisor="hyper_v")], [physical, managed("a"), managed("b")])
    assert licenses(rows)["h1", STANDARD] == 32


@pytest.mark.parametrize(
    "row",
    [
        {"managed_by_system_center": False},
        {"managed_by_system_center": None},
        {"is_running": False},
        {"is_template": True},
        {"kind": "process_container"},
        {"observed_on": AS_OF + timedelta(days=1)},
    ],
    ids=str,
)
def test_what_is_not_managed_or_does_not_run_takes_no_license(row):
    assert demand([host()], [managed() | row]).is_empty()


def test_what_is_switched_off_counts_where_the_policy_says_so():
    rows = demand([host()], [managed(is_running=False)], policies={"count_powered_off": "yes"})
    assert licenses(rows)["h1", STANDARD] == 16


def test_the_peak_of_all_snapshots_counts_unless_the_policy_says_the_latest():
    before = AS_OF - timedelta(days=30)
    oses = [managed(f"v{n}", observed_on=before, inventory_id="vc") for n in range(4)]
    oses.append(managed("v0", inventory_id="vc"))
    assert licenses(demand([host()], oses))["h1", STANDARD] == 32
    latest = demand([host()], oses, policies={"peak": "latest_snapshot"})
    assert licenses(latest)["h1", STANDARD] == 16


def test_every_host_of_a_cluster_is_sized_for_all_that_may_come_but_for_the_host_itself():
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c", physical_cores=24)]
    physical = managed("p", kind="physical")
    oses = [managed("a"), managed("b", host_id="h2"), physical]
    rows = demand(hosts, oses, policies={"movement": "cluster"})
    assert licenses(rows) == {("c", STANDARD): 16 * 2 + 24, ("c", DATACENTER): 40}


def test_what_is_not_known_closes_the_options_that_depend_on_it():
    unknown = managed("u", os_product=None)
    assert licenses(demand([host()], [managed(), unknown])) == {
        ("h1", STANDARD): "system_unknown",
        ("h1", DATACENTER): 16,
    }
    assert licenses(demand([host()], [unknown])) == {
        ("h1", STANDARD): "system_unknown",
        ("h1", DATACENTER): "system_unknown",
    }
    no_cores = demand([host(physical_cores=None)], [managed()])
    assert set(licenses(no_cores).values()) == {"host_cores_unknown"}
    assert no_cores["licenses_required"].null_count() == 2
    assert licenses(demand([], [managed(host_id=None)])) == {("v1", STANDARD): "host_unknown"}


def test_shared_servers_and_those_of_listed_providers_take_no_licenses_by_core():
    shared = demand([host(is_dedicated=False)], [managed()])
    listed = demand([host(operator="listed_provider")], [managed()])
    assert set(licenses(shared).values()) == {"shared_server"}
    assert set(licenses(listed).values()) == {"listed_provider"}


def test_oses_on_shared_servers_are_managed_under_license_mobility():
    oses = [managed(f"v{n}", location="azure", license_source="azure_hybrid_benefit") for n in range(11)]
    rows = demand([host()], oses)
    expected = {"license_mobility_standard": 6 * 16, "license_mobility_datacenter": 2 * 16}
    assert {o: n for (_, o), n in licenses(rows).items()} == expected
    assert rows["subject_id"].unique().to_list() == ["main/managed/azure"]
    assert rows["licenses_with_sa"].equals(rows["licenses_required"].alias("licenses_with_sa"))
    deployment = {
        "deployment_id": "d", "provider": "azure", "agreement_id": "A", "product": "System Center",
        "edition": "Standard", "metric": "core", "managed_oses": 11, "hosting": "shared",
        "is_tenant_dedicated_instance": True, "deployed_on": date(2026, 1, 1),
    }  # fmt: skip
    assert demand([host()], oses, mobility_deployments=table("mobility_deployments", deployment)).is_empty()


def test_client_systems_take_client_licenses_unless_they_are_counted():
    oses = [managed("a", os_product="Windows"), managed("b", os_product="Windows"), managed("c")]
    rows = demand([host()], oses).filter(metric="management_license")
    assert rows.select("subject_kind", "subject_id", "option", "licenses_required").rows() == [
        ("customer", "main/clients", "client_management_licenses", 2)
    ]
    counts = table("access_counts", {"product": "System Center Configuration Manager", "users": 5, "devices": 9})
    assert demand([host()], oses, access_counts=counts).filter(metric="management_license").is_empty()


def test_the_version_is_that_of_the_management_servers():
    installs = table(
        "installs",
        {"install_id": "1", "ose_id": "m", "product": "System Center", "version": "2019"},
        {"install_id": "2", "ose_id": "m", "product": "System Center", "version": "2022"},
        {"install_id": "3", "ose_id": "m", "product": "System Center", "version": "unheard of"},
    )
    assert demand([host()], [managed()], installs=installs)["version"].unique().to_list() == ["2022"]


def owned(**given_):
    row = {"license_id": "l", "entity_id": "main", "product": "System Center", "metric": "core", "quantity": 16,
           "valid_from": date(2025, 1, 1), "sa_active": True, "is_perpetual": True, **given_}  # fmt: skip
    return ANSWERS["licenses"].conform(pl.LazyFrame([row]))


def test_an_owner_that_does_not_say_what_is_managed_is_told_apart_from_one_that_manages_nothing():
    silent = demand([host()], [guest("v1")], licenses=owned())
    assert licenses(silent) == {("main", STANDARD): "managed_unknown"}
    said = demand([host()], [guest("v1", managed_by_system_center=False)], licenses=owned())
    assert said.is_empty()
    ended = demand([host()], [guest("v1")], licenses=owned(valid_to=date(2025, 12, 31)))
    assert ended.is_empty()


def test_what_has_no_open_option_is_told_once_for_each_reason():
    assert findings([host()], [managed()]) == []
    unsized = [host("h1", physical_cores=None), host("h2", physical_cores=None)]
    statement = "What System Center requires is not computed of 2 subjects. {}"
    reason = system_center.Reason.HOST_CORES_UNKNOWN
    assert findings(unsized, [managed(), managed("v2", host_id="h2")]) == [
        (f"system_center:main:{reason.code}", statement.format(reason.value))
    ]
    silent = findings([host()], [guest("v1")], licenses=owned())
    assert [name for name, _ in silent] == ["system_center:main:managed_unknown"]


def test_every_reason_was_met():
    met = {"required", "host_cores_unknown", "system_unknown", "shared_server", "listed_provider", "host_unknown",
           "managed_unknown"}  # fmt: skip
    assert {r.code for r in system_center.Reason} == met


def test_the_first_day_of_core_licensing_has_answers():
    day = date(2016, 10, 1)
    assert demand([host(observed_on=day)], [managed(observed_on=day)], as_of=day).height == 2


def test_explain_recomputes_a_host_a_cluster_and_the_host_of_an_ose():
    found = inputs([host()], [managed("a"), managed("b"), managed("c")])
    lines = system_center.explain_subject(found, Settings(AS_OF), "h1")
    values = dict(lines.select("rule", "value").iter_rows())
    assert values["system_center_cores.cores_to_license"] == "16"
    assert values["system_center_standard.core_licenses"] == "32"
    assert values["system_center_datacenter.core_licenses"] == "16"
    assert lines["clause"].null_count() == 0
    assert lines.equals(system_center.explain_subject(found, Settings(AS_OF), "a"))
    assert system_center.explain_subject(found, Settings(AS_OF), "nothing").is_empty()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 30), st.integers(0, 7)), min_size=1, max_size=4))
def test_licenses_agree_with_a_plain_reading(servers):
    hosts, oses, expected = [], [], {}
    for n, (processors, cores, count) in enumerate(servers):
        hosts.append(host(f"h{n}", processors=processors, physical_cores=processors * cores,
                          cores_per_processor=[str(cores)] * processors))  # fmt: skip
        oses += [managed(f"{n}-{k}", host_id=f"h{n}") for k in range(count)]
        base = max(16, processors * max(8, cores))
        if count:
            expected |= {(f"h{n}", STANDARD): base * -(-count // 2), (f"h{n}", DATACENTER): base}
    oses.append(guest("unmanaged"))
    assert licenses(demand(hosts, oses)) == expected
