from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.evidence import unknowns, unknowns_ranges
from lmanalytics.evidence.unknowns import Reason
from lmanalytics.facts.estate_facts import facts
from lmanalytics.facts.identities import identified
from lmanalytics.rules.demand import server_products, sql_server, system_center, windows_server
from lmanalytics.rules.demand.stage import whole
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, guest, host, table

STANDARD, WITH_SA, DATACENTER, DATACENTER_SA = 10, 15, 60, 80
SQL_STANDARD, SQL_ENTERPRISE = 100, 400
PRICES = [
    ("Windows Server", "Standard", STANDARD, WITH_SA),
    ("Windows Server", "Datacenter", DATACENTER, DATACENTER_SA),
    ("SQL Server", "Standard", SQL_STANDARD, 2 * SQL_STANDARD),
    ("SQL Server", "Enterprise", SQL_ENTERPRISE, 2 * SQL_ENTERPRISE),
]


def priced(*listed):
    rows = [
        {"product": product, "edition": edition, "metric": "core", "purchase_type": kind, "valid_from": date(2020, 1, 1),
         "unit_price": Decimal(price), "currency": "USD"}
        for product, edition, *both in listed
        for kind, price in zip(("license", "license_and_sa"), both, strict=True)
    ]  # fmt: skip
    return {"prices": table("prices", *rows)}


def run(hosts=(), oses=(), installs=(), *, listed=PRICES, policies=None, as_of=AS_OF, **tables):
    """Compute facts, demand and unknowns of a small estate."""
    asked = Settings(as_of, policies or {})
    given_tables = {"hosts": table("hosts", *hosts), "oses": table("oses", *oses)} | tables
    if installs:
        given_tables["installs"] = table("installs", *installs)
    if listed:
        given_tables |= priced(*listed)
    found = facts(given_tables, asked)
    named = identified(given_tables, found["hosts"], found["oses"])
    answered = {f"facts_{n}": f.collect().lazy() for n, f in (found | named).items()}
    inputs = given_tables | answered | {"installs": answered.get("facts_installs", table("installs"))}
    demanded = windows_server.answers(inputs, asked)
    parts = {"demand_of_windows_server": demanded.pop("demand")} | demanded
    if installs:
        for name, topic in (("sql_server", sql_server), ("server_products", server_products)):
            more = topic.answers(inputs, asked)
            parts |= {f"demand_of_{name}": more.pop("demand")} | {k: v for k, v in more.items() if k != "findings"}
    answered |= parts | whole(parts)
    return {name: frame.collect() for name, frame in unknowns.answers(given_tables, answered, asked).items()}


def ranges(found, *, fact=None):
    """Return (subject, product, fact) -> (licenses least, most), (cost least, most), without totals."""
    return {
        (r["subject_id"], r["fact"])
        if r["product"] == "Windows Server"
        else (r["subject_id"], r["product"], r["fact"]): (
            (r["licenses_least"], r["licenses_most"]),
            (r["cost_least"], r["cost_most"]),
        )
        for r in found["unknowns"].to_dicts()
        if r["rank"] is not None and fact in {None, r["fact"]}
    }


def test_an_estate_that_lacks_nothing_has_no_unknowns():
    found = run([host()], [guest("v1", os_edition="Standard")])
    assert found["unknowns"].is_empty()
    assert found["findings_of_unknowns"].is_empty()
    assert found["unknowns"].schema == ANSWERS["unknowns"].schema


def test_an_empty_estate_has_no_unknowns():
    found = run()
    assert found["unknowns"].is_empty()
    bare = unknowns.answers({}, {}, Settings(AS_OF))
    assert bare["unknowns"].collect().is_empty()


KNOWN = host("h9", processors=2, physical_cores=40)
BUSY = [guest(f"k{n}", "h9", os_edition="Standard") for n in range(1)]


@pytest.mark.parametrize(
    ("given_host", "least", "most"),
    [
        ({"processors": None, "physical_cores": None}, 16, 40),  # one processor of one core, to the largest host
        ({"processors": 4, "physical_cores": None}, 32, 40),  # eight for each processor at the least
        ({"processors": 8, "physical_cores": None}, 64, 64),  # the minimum of eight processors is above the largest
        ({"processors": None, "physical_cores": 12}, 16, 16),  # two processors are seen: the server's minimum holds
        ({"processors": None, "physical_cores": 64}, 64, 64),
    ],
)
def test_the_cores_of_a_host_range_from_the_minimum_to_the_largest_that_is_seen(given_host, least, most):
    guests = [guest(f"v{n}", os_edition="Datacenter", vcpus=64) for n in range(2)]
    found = run([host(**given_host), KNOWN], [*guests, *BUSY])
    assert ranges(found) == {("h1", "host_cores"): ((least, most), (least * DATACENTER, most * DATACENTER))}


def test_the_largest_of_the_same_cluster_counts_before_the_largest_of_all():
    guests = [guest(f"v{n}", os_edition="Datacenter", vcpus=64) for n in range(2)]
    near = host("h2", cluster_id="c", processors=2, physical_cores=24)
    found = run([host(cluster_id="c", processors=None, physical_cores=None), near, KNOWN], guests)
    assert ranges(found)["h1", "host_cores"][0] == (16, 24)
    assert found["unknowns"]["reason"][0] == Reason.LARGEST_SEEN.code


def test_by_the_terms_alone_what_does_not_depend_on_the_cores_bounds_them():
    hosts = [host(processors=None, physical_cores=None), KNOWN]
    guests = [guest("v1", os_edition="Standard", vcpus=20)]
    found = run(hosts, [*guests, *BUSY], policies={"unknown_bounds": "terms_only"})
    assert ranges(found) == {("h1", "host_cores"): ((16, 20), (16 * STANDARD, 20 * WITH_SA))}
    assert found["unknowns"]["reason"][0] == Reason.OTHER_WAYS.code


def test_a_host_that_runs_windows_has_no_most_by_the_terms_alone():
    bare = host(
        processors=None,
        physical_cores=None,
        hypervisor="none",
        host_os_product="Windows Server",
        host_os_edition="Standard",
    )
    found = run([bare], [], policies={"unknown_bounds": "terms_only"})
    assert ranges(found) == {("h1", "host_cores"): ((16, None), (16 * STANDARD, None))}
    assert found["unknowns"]["reason"][0] == Reason.UNBOUNDED.code


def test_cores_that_do_not_divide_range_from_an_even_split_to_the_most_uneven_one():
    guests = [guest(f"v{n}", os_edition="Datacenter", vcpus=64) for n in range(2)]
    found = run([host(processors=3, physical_cores=25)], guests)
    assert ranges(found) == {("h1", "host_core_split"): ((25, 39), (25 * DATACENTER, 39 * DATACENTER))}
    assert found["unknowns"]["cost_counted"][0] == 25 * DATACENTER


def test_an_edition_ranges_from_standard_to_datacenter_whatever_the_policy_assumes():
    for reading in ("standard_suffices", "datacenter_required", "not_computable"):
        found = run([host()], [guest("v1", vcpus=20)], policies={"unknown_edition": reading})
        assert ranges(found) == {("h1", "ose_edition"): ((16, 16), (16 * STANDARD, 16 * DATACENTER))}
        counted = {"standard_suffices": 160, "datacenter_required": 960, "not_computable": None}[reading]
        assert found["unknowns"]["cost_counted"][0] == counted


def test_an_ose_without_a_host_needs_nothing_more_or_licenses_by_itself():
    found = run([host()], [guest("v1", None, os_edition="Standard", vcpus=12)])
    assert ranges(found) == {("v1", "ose_host"): ((0, 12), (0, 12 * WITH_SA))}
    assert found["unknowns"]["cost_counted"][0] is None


def test_before_licenses_by_virtual_machine_an_ose_without_a_host_has_no_most():
    found = run([host(observed_on=date(2022, 1, 1))], [guest("v1", None, os_edition="Standard", observed_on=date(2022, 1, 1))],
                as_of=date(2022, 1, 1))  # fmt: skip
    assert ranges(found) == {("v1", "ose_host"): ((0, None), (0, None))}
    assert found["unknowns"]["reason"][0] == Reason.NO_LICENSE_THERE.code


def test_virtual_cores_range_from_one_to_the_most_that_are_seen_and_never_above_the_whole_host():
    known = [guest("k1", "h9", os_edition="Standard", vcpus=12)]
    found = run([host(), KNOWN], [guest("v1", os_edition="Standard", vcpus=None), *known])
    assert ranges(found) == {("h1", "ose_vcpus"): ((8, 16), (8 * WITH_SA, 16 * STANDARD))}


def test_what_an_ose_runs_ranges_from_nothing_of_ours_to_windows_server():
    found = run([host()], [guest("v1", os_product=None, os_edition="Standard", vcpus=64)])
    assert ranges(found) == {("h1", "ose_system"): ((0, 16), (0, 16 * STANDARD))}


def test_facts_that_lack_together_are_each_held_at_their_most_for_the_others():
    found = run(
        [host(processors=None, physical_cores=None), KNOWN],
        [guest("v1", vcpus=64, os_product=None, os_edition="Standard")],
    )
    assert ranges(found) == {
        ("h1", "ose_system"): ((0, 40), (0, 40 * STANDARD)),
        ("h1", "host_cores"): ((16, 40), (16 * STANDARD, 40 * STANDARD)),
    }
    (total,) = found["unknowns"].filter(pl.col("rank").is_null()).to_dicts()
    assert (total["subject_id"], total["product"], total["fact"]) == ("main", "Windows Server", "every_fact")
    assert (total["cost_least"], total["cost_most"], total["cost_counted"]) == (0, 40 * STANDARD, 0)


def test_a_host_whose_own_system_is_unknown_may_run_windows_server():
    found = run([host(hypervisor=None)], [])
    assert ranges(found) == {("h1", "host_system"): ((0, 16), (0, 16 * STANDARD))}


def test_a_machine_in_azure_may_use_the_providers_license_or_own_ones():
    found = run([host()], [guest("v1", None, location="azure", os_edition="Standard", vcpus=4)])
    assert ranges(found) == {("v1", "cloud_license"): ((0, 8), (0, 8 * WITH_SA))}


def test_at_a_provider_of_whom_nothing_is_known_own_licenses_may_count_or_not():
    found = run([host()], [guest("v1", None, location="provider_shared", provider="P", license_source="own",
                                 os_edition="Standard", vcpus=4)])  # fmt: skip
    assert ranges(found) == {("v1", "provider_operator"): ((0, 8), (0, 8 * WITH_SA))}


def sql(install_id="i1", ose_id="v1", **more):
    return {
        "install_id": install_id,
        "ose_id": ose_id,
        "product": "SQL Server",
        "edition": "Standard",
        "version": "2019",
    } | more


LINUX = {"os_product": "Linux", "vcpus": 4}


def test_an_install_of_unknown_edition_is_free_or_enterprise():
    found = run([host()], [guest("v1", **LINUX)], [sql(edition=None)])
    assert ranges(found) == {("h1", "SQL Server", "install_edition"): ((0, 4), (0, 4 * SQL_ENTERPRISE))}


def test_an_install_in_an_ose_that_nothing_describes_needs_nothing_or_the_most_that_is_seen():
    found = run([host()], [guest("v1", **LINUX | {"vcpus": 6})], [sql(ose_id="gone")])
    assert ranges(found) == {("gone", "SQL Server", "install_ose"): ((0, 6), (0, 6 * SQL_STANDARD))}
    alone = run([host()], [], [sql(ose_id="gone")])
    assert ranges(alone) == {("gone", "SQL Server", "install_ose"): ((0, None), (0, None))}


def test_a_passive_copy_of_nothing_known_counts_or_not():
    copy = sql("i2", "v2", role="passive_ha", primary_install_id="i1", is_readable=None)
    found = run([host(), host("h2")], [guest("v1", **LINUX), guest("v2", "h2", **LINUX)], [sql(), copy])
    assert ranges(found) == {("h2", "SQL Server", "install_passive"): ((0, 4), (0, 4 * SQL_STANDARD))}


def test_without_prices_licenses_have_a_range_and_money_none():
    found = run(
        [host(processors=None, physical_cores=None), KNOWN], [guest("v1", os_edition="Standard", vcpus=64)], listed=None
    )
    assert ranges(found) == {("h1", "host_cores"): ((16, 40), (None, None))}
    assert found["unknowns"]["reason"][0] == Reason.NO_PRICE.code
    assert found["findings_of_unknowns"]["money_at_stake"].null_count() == 1


def test_what_system_center_manages_ranges_from_nothing_to_everything():
    tables = {"hosts": table("hosts", host()), "oses": table("oses", guest("v1", os_edition="Standard"))}
    tables |= priced(("System Center", "Standard", 5, 5), ("System Center", "Datacenter", 50, 50))
    found = {f"facts_{n}": f for n, f in facts(tables, Settings(AS_OF)).items()}
    own = {"entity_id": "main", "product": "System Center", "quantity": 16, "metric": "core", "is_perpetual": True}
    licenses = ANSWERS["licenses"].conform(pl.LazyFrame([own]))
    demand = system_center.answers(tables | found | {"licenses": licenses}, Settings(AS_OF))["demand"]
    answer = unknowns.answers(tables, found | {"demand": demand}, Settings(AS_OF))["unknowns"].collect()
    assert ranges({"unknowns": answer}) == {("main", "System Center", "system_center"): ((0, 16), (0, 80))}


def test_by_the_terms_a_machine_that_is_switched_on_or_off_by_default_lacks_nothing():
    found = run([host()], [guest("v1", os_edition="Standard", is_running=False)])
    assert found["unknowns"].is_empty()


def test_each_product_of_a_place_has_its_own_range():
    found = run(
        [host(processors=None, physical_cores=None), KNOWN],
        [guest("v1", os_edition="Standard", vcpus=64)],
        [sql(edition="Enterprise")],
    )
    assert ranges(found) == {
        ("h1", "host_cores"): ((16, 40), (16 * STANDARD, 40 * STANDARD)),
        ("h1", "SQL Server", "host_cores"): ((4, 40), (4 * SQL_ENTERPRISE, 40 * SQL_ENTERPRISE)),
    }
    assert {row["reason"] for row in found["unknowns"].to_dicts()} == {Reason.LARGEST_SEEN.code, Reason.EVERY_FACT.code}


def test_an_edition_is_bounded_by_the_terms():
    assert run([host()], [guest("v1")])["unknowns"]["reason"][0] == Reason.BY_TERMS.code


MIXED_HOSTS = [host("h1", processors=None), host("h2", physical_cores=17), host("h3", hypervisor=None), KNOWN]
MIXED_OSES = [
    guest("v1"), guest("v2", vcpus=None), guest("v3", "h2", os_product=None), guest("v4", None),
    guest("v5", "h9", os_edition="Standard", vcpus=64), guest("v6", "h9"),
]  # fmt: skip


def test_places_are_independent_of_those_that_are_computed_with_them(monkeypatch):
    whole_ = run(MIXED_HOSTS, MIXED_OSES)["unknowns"]
    monkeypatch.setattr(unknowns, "ranges", lambda *given: unknowns_ranges.ranges(*given, at_once=1))
    assert run(MIXED_HOSTS, MIXED_OSES)["unknowns"].equals(whole_)


@pytest.mark.parametrize("reading", ["standard_suffices", "datacenter_required"])
def test_an_end_that_the_run_computed_is_what_a_copy_of_it_computes(monkeypatch, reading):
    policies = {"unknown_edition": reading}
    once = run(MIXED_HOSTS, MIXED_OSES, policies=policies)["unknowns"]
    ends = unknowns.ends_in_force
    monkeypatch.setattr(unknowns, "ends_in_force", lambda asked: replace(ends(asked), settled={}))
    assert run(MIXED_HOSTS, MIXED_OSES, policies=policies)["unknowns"].equals(once)


def test_earlier_snapshots_and_other_hosts_do_not_leak_into_a_place():
    """A machine that moved counts on its old host until it was seen elsewhere, in a copy as in the run."""
    before = date(2026, 3, 31)
    hosts = [host("h1", inventory_id="a"), host("h2", inventory_id="a")]
    hosts += [one | {"observed_on": before} for one in hosts]
    oses = [guest("v1", "h2", os_edition="Standard", inventory_id="a", vcpus=64),
            guest("v1", "h1", os_edition="Standard", inventory_id="a", vcpus=64, observed_on=before),
            guest("v2", "h1", inventory_id="a", vcpus=64)]  # fmt: skip
    found = run(hosts, oses)
    assert ranges(found) == {("h1", "ose_edition"): ((16, 16), (16 * STANDARD, 16 * DATACENTER))}


def test_entities_stay_apart():
    hosts = [
        host(processors=None, physical_cores=None),
        host(processors=None, physical_cores=None, entity_id="b"),
        KNOWN | {"entity_id": "b"},
    ]
    oses = [guest("v1", os_edition="Standard", vcpus=64), guest("v1", os_edition="Standard", vcpus=64, entity_id="b")]
    table_ = run(hosts, oses)["unknowns"].filter(pl.col("rank").is_not_null())
    assert table_.select("entity_id", "cost_least", "cost_most", "reason").rows() == [
        ("main", 160, 64 * WITH_SA, Reason.OTHER_WAYS.code), ("b", 160, 400, Reason.LARGEST_SEEN.code),
    ]  # fmt: skip


def test_rows_are_ranked_by_swing_whatever_their_order():
    hosts = [host("h1", processors=None, physical_cores=None), host("h2"), KNOWN]
    oses = [
        guest("v1", os_edition="Standard", vcpus=64),
        guest("v2", "h2", vcpus=64),
        guest("v3", None, os_edition="Standard"),
    ]
    found = run(hosts, oses)["unknowns"]
    assert found.filter(pl.col("rank").is_not_null()).select("rank", "subject_id", "swing").rows() == [
        (1, "h2", 800), (2, "h1", 240), (3, "v3", 120),
    ]  # fmt: skip
    again = run(hosts[::-1], oses[::-1])["unknowns"]
    assert again.equals(found)


def test_findings_say_how_many_places_and_how_much_money():
    found = run([host(), host("h2")], [guest("v1", vcpus=64), guest("v2", "h2", vcpus=64)])["findings_of_unknowns"]
    assert found.select("finding_id", "money_at_stake").rows() == [
        ("unknowns:main/every_fact/USD", 1600), ("unknowns:main/ose_edition", 1600),
    ]  # fmt: skip
    assert found["statement"].to_list() == [
        (
            "Where facts are missing, the licenses cost at list price from 320.00 USD to 1920.00 USD; the position counts "
            "320.00 USD of it."
        ),
        "No export states the Windows Server edition of OSEs in 2 places. Between the least and the most lie 1600.00 USD.",
    ]


def test_names_stay_text():
    name = "=cmd()<script>"
    found = run(
        [host(name, processors=None, physical_cores=None), KNOWN], [guest("v1", name, os_edition="Standard", vcpus=64)]
    )
    assert ranges(found) == {(name, "host_cores"): ((16, 40), (160, 400))}


def cost_of(processors, cores, editions):
    """Price a host of large guests by hand: sets of Standard for two each, or Datacenter."""
    base = max(16, cores, 8 * processors)
    datacenter = base * DATACENTER
    if "Datacenter" in editions:
        return datacenter
    return min(datacenter, -(-len(editions) // 2) * base * STANDARD)


@settings(max_examples=15)
@given(
    st.integers(1, 4), st.integers(1, 40), st.lists(st.sampled_from(["Standard", "Datacenter", None]), min_size=1, max_size=5),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_the_truth_lies_between_both_ends(processors, cores, editions, hides_processors, hides_cores):
    cores = max(cores, processors)
    given_host = host(
        processors=None if hides_processors else processors, physical_cores=None if hides_cores else cores
    )
    larger = host("h9", processors=4, physical_cores=40)
    oses = [guest(f"v{n}", os_edition=edition, vcpus=640) for n, edition in enumerate(editions)]
    table_ = run([given_host, larger], oses)["unknowns"].filter(pl.col("product") == "Windows Server")
    totals = table_.filter(pl.col("fact") == "every_fact").to_dicts()
    for truth in ("Standard", "Datacenter"):
        cost = cost_of(processors, cores, [edition or truth for edition in editions])
        if totals:
            assert totals[0]["cost_least"] <= cost <= totals[0]["cost_most"]
    for row in table_.filter(pl.col("fact") == "host_cores").to_dicts():
        cost = cost_of(processors, cores, [edition or "Standard" for edition in editions])
        assert row["cost_least"] <= cost <= row["cost_most"]
        assert row["swing"] == row["cost_most"] - row["cost_least"]
