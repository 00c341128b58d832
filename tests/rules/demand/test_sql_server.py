"""The topic: what hosts, clusters and single OSEs with SQL Server or BizTalk Server demand."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.demand import per_core_options, sql_server
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, MONEY
from tests.facts.estates import AS_OF, estate, guest, host, table

VIRTUAL, PHYSICAL, BOTH = "virtual_cores", "physical_cores", "physical_and_virtual_cores"
STAYING = "virtual_cores_of_each_host"
WHOLE, WHOLE_SA = "enterprise_physical_cores", "enterprise_physical_cores_with_sa"


def inputs(hosts, oses, installs, *, as_of=AS_OF, policies=None, **tables):
    found = estate(hosts, oses, as_of=as_of, policies=policies, **tables)
    rows = [{"install_id": f"i{n}", "product": "SQL Server", **i} for n, i in enumerate(installs)]
    given = {"facts_hosts": found["hosts"], "facts_oses": found["oses"], "installs": table("installs", *rows)}
    return given | tables


def answers(hosts, oses, installs, *, as_of=AS_OF, policies=None, **tables):
    given = inputs(hosts, oses, installs, as_of=as_of, policies=policies, **tables)
    return {k: f.collect() for k, f in sql_server.answers(given, Settings(as_of, policies or {})).items()}


def licenses(found, subject="h1"):
    """Return option -> edition -> licenses, or the reason where it is closed."""
    told = {}
    for row in found["demand"].filter(pl.col("subject_id") == subject).to_dicts():
        value = row["licenses_required"] if row["is_available"] else row["reason"]
        told.setdefault(row["option"], {})[row["edition"]] = value
    return told


def sql(ose_id, edition="Standard", version="2019", **more):
    return {"ose_id": ose_id, "edition": edition, "version": version, **more}


def owned(quantity, edition="Standard"):
    row = {"entity_id": "main", "license_id": "L", "product": "SQL Server", "edition": edition, "metric": "server",
           "quantity": quantity, "sa_active": True, "is_perpetual": True}  # fmt: skip
    return ANSWERS["licenses"].conform(pl.LazyFrame([row]))


def test_machines_by_themselves_or_the_whole_host():
    found = answers(
        [host()], [guest("a", vcpus=2), guest("b", vcpus=8)], [sql("a", "Enterprise"), sql("b", "Enterprise")]
    )
    assert licenses(found) == {VIRTUAL: {"Enterprise": 12}, WHOLE: {"Enterprise": 16}, WHOLE_SA: {"Enterprise": 16}}
    rows = found["demand"].to_dicts()
    assert {(r["option"], r["licenses_with_sa"], r["demand_class"]) for r in rows} == {
        (VIRTUAL, 0, "Enterprise|2019|any"),
        (WHOLE, 0, "Enterprise|2019|any"),
        (WHOLE_SA, 16, "Enterprise|2019|sa"),
    }
    assert {(r["subject_kind"], r["metric"], r["full_sets"]) for r in rows} == {("host", "core", None)}


def test_two_editions_on_one_host_are_two_rows_of_an_option():
    installs = [sql("a", "Standard", "2016"), sql("b", "Enterprise", "2022"), sql("c", "Standard", "2019")]
    found = answers([host()], [guest("a"), guest("b", vcpus=8), guest("c", vcpus=6)], installs)
    assert licenses(found)[VIRTUAL] == {"Standard": 10, "Enterprise": 8}
    rows = {r["edition"]: r for r in found["demand"].filter(pl.col("option") == VIRTUAL).to_dicts()}
    assert (rows["Standard"]["version"], rows["Standard"]["licenses_with_sa"]) == ("2019", 0)
    assert (rows["Enterprise"]["version"], rows["Enterprise"]["licenses_with_sa"]) == ("2022", 8)
    whole = found["demand"].filter(pl.col("option") == WHOLE).to_dicts()[0]
    assert (whole["version"], whole["oses_covered"], whole["licenses_required"]) == ("2022", 3, 16)


def test_versions_of_one_edition_are_counted_apart_by_software_assurance():
    found = answers(
        [host()], [guest("a", vcpus=4), guest("b", vcpus=6)], [sql("a", version="2019"), sql("b", version="2022")]
    )
    row = found["demand"].filter(pl.col("option") == VIRTUAL).to_dicts()[0]
    assert (row["licenses_required"], row["licenses_with_sa"], row["demand_class"]) == (10, 6, "Standard|2022|part_sa")


def test_the_highest_edition_and_version_of_an_ose_govern():
    installs = [sql("a", "Standard", "2022"), sql("a", "Enterprise", "2016"), sql("a", "Express", "2025")]
    found = answers([host()], [guest("a", vcpus=6)], installs)
    row = found["demand"].filter(pl.col("option") == VIRTUAL).to_dicts()[0]
    assert (row["edition"], row["version"], row["licenses_required"]) == ("Enterprise", "2022", 6)


def test_more_machines_than_cores_take_more_licenses_without_software_assurance():
    oses = [guest(f"g{n}", vcpus=1) for n in range(20)]
    found = answers([host()], oses, [sql(f"g{n}", "Enterprise") for n in range(20)])
    assert licenses(found) == {VIRTUAL: {"Enterprise": 80}, WHOLE: {"Enterprise": 20}, WHOLE_SA: {"Enterprise": 16}}


def test_the_physical_ose():
    physical = guest("p", kind="physical", vcpus=None)
    alone = answers([host()], [physical], [sql("p")])
    assert licenses(alone) == {PHYSICAL: {"Standard": 16}}
    mixed = answers([host()], [physical, guest("a", vcpus=2)], [sql("p"), sql("a")])
    assert licenses(mixed) == {BOTH: {"Standard": 20}, WHOLE: {"Enterprise": 16}, WHOLE_SA: {"Enterprise": 16}}
    whole = answers([host()], [physical, guest("a", vcpus=2)], [sql("p", "Enterprise"), sql("a")])
    assert licenses(whole) == {WHOLE: {"Enterprise": 16}, WHOLE_SA: {"Enterprise": 16}}
    closed = answers([host()], [physical], [sql("p")], policies={"sql_standard_physical_cores": "not_allowed"})
    assert licenses(closed) == {PHYSICAL: {"Standard": "not_by_physical_core"}}
    assert closed["installs_outcomes_sql"]["outcome"].to_list() == ["not_licensable"]


def test_a_cluster_counts_each_host_for_what_may_come():
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c", physical_cores=8)]
    oses = [guest(f"g{n}", "h1", vcpus=1) for n in range(10)]
    found = answers(hosts, oses, [sql(f"g{n}", "Enterprise") for n in range(10)], policies={"movement": "cluster"})
    assert licenses(found, "c") == {
        VIRTUAL: {"Enterprise": 40},
        STAYING: {"Enterprise": 80},
        WHOLE: {"Enterprise": 26},
        WHOLE_SA: {"Enterprise": 24},
    }
    assert set(found["demand"]["subject_kind"]) == {"cluster"}


def with_sa(found):
    """Give {(option, edition): licenses without and with Software Assurance}."""
    return {(r["option"], r["edition"]): (r["licenses_required"] - r["licenses_with_sa"], r["licenses_with_sa"])
            for r in found["demand"].to_dicts()}  # fmt: skip


def floating(*installs, policies=None, **tables):
    """Let four machines of eight cores float on two hosts of sixteen."""
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c")]
    oses = [guest(f"g{n}", f"h{1 + n % 2}", vcpus=8) for n in range(4)]
    return with_sa(answers(hosts, oses, installs, policies=policies or {"movement": "cluster"}, **tables))


def test_four_floating_machines_need_software_assurance_or_licenses_on_each_host():
    found = floating(*(sql(f"g{n}") for n in range(4)))
    assert found == {(VIRTUAL, "Standard"): (0, 32), (STAYING, "Standard"): (64, 0), (WHOLE, "Enterprise"): (32, 0),
                     (WHOLE_SA, "Enterprise"): (0, 32)}  # fmt: skip
    still = floating(*(sql(f"g{n}") for n in range(4)), policies={"movement": "observed"})
    assert still[VIRTUAL, "Standard"] == (16, 0)
    assert (STAYING, "Standard") not in still


def test_what_needs_software_assurance_anyway_need_not_stay():
    found = floating(sql("g0", version="2022"), sql("g1", version="2019"), sql("g2", "Enterprise", "2022"))
    assert (found[VIRTUAL, "Standard"], found[STAYING, "Standard"]) == ((0, 16), (16, 8))
    assert found[VIRTUAL, "Enterprise"] == found[STAYING, "Enterprise"] == (0, 8)
    recent = floating(*(sql(f"g{n}", version="2022") for n in range(4)))
    assert (STAYING, "Standard") not in recent


def test_affinity_bounds_where_licenses_must_stay():
    rules = [{"ose_id": "g0", "host_id": "h1", "may_run": True}]
    given = {"policies": {"movement": "affinity"}, "ose_host_affinity": table("ose_host_affinity", *rules)}
    found = floating(sql("g0"), sql("g1"), **given)
    assert (found[VIRTUAL, "Standard"], found[STAYING, "Standard"]) == ((8, 8), (8 + 16, 0))


def test_servers_of_floating_machines_move_with_software_assurance_or_stay():
    found = floating(*(sql(f"g{n}") for n in range(4)), licenses=owned(4))
    assert (found["server", "Standard"], found["server_of_each_host", "Standard"]) == ((0, 4), (8, 0))


def test_standard_by_server_beside_enterprise_per_core():
    oses = [guest("a"), guest("b", vcpus=8), guest("c")]
    installs = [sql("a"), sql("b", "Enterprise"), sql("c")]
    found = with_sa(answers([host()], oses, installs, licenses=owned(1)))
    assert (found["server_and_virtual_cores", "Standard"], found["server_and_virtual_cores", "Enterprise"]) == (
        (2, 0),
        (8, 0),
    )
    assert not {"server", "server_of_each_host"} & {option for option, _ in found}
    assert "server_and_virtual_cores" not in {option for option, _ in with_sa(answers([host()], oses, installs))}
    physical = [*oses, guest("p", kind="physical")]
    whole = with_sa(answers([host()], physical, [*installs, sql("p", "Enterprise")], licenses=owned(1)))
    assert {option for option, _ in whole} == {WHOLE, WHOLE_SA}


def test_affinity_narrows_what_may_come():
    hosts = [host("h1", cluster_id="c", physical_cores=8), host("h2", cluster_id="c", physical_cores=8)]
    rules = [{"ose_id": f"g{n}", "host_id": "h1", "may_run": True} for n in range(10)]
    oses = [guest(f"g{n}", "h1", vcpus=1) for n in range(10)]
    found = answers(hosts, oses, [sql(f"g{n}", "Enterprise") for n in range(10)], policies={"movement": "affinity"},
                    ose_host_affinity=table("ose_host_affinity", *rules))  # fmt: skip
    assert licenses(found, "c")[WHOLE] == {"Enterprise": 10 + 8}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"physical_cores": None}, {VIRTUAL: 8, WHOLE: "host_cores_unknown", WHOLE_SA: "host_cores_unknown"}),
        ({"operator": "authorized_outsourcer"}, {VIRTUAL: 8, WHOLE: 16, WHOLE_SA: 16}),
        ({"operator": "authorized_outsourcer", "is_dedicated": False},
         {VIRTUAL: 8, WHOLE: "shared_server", WHOLE_SA: "shared_server"}),
        ({"operator": "listed_provider"}, {VIRTUAL: 8, WHOLE: "too_new", WHOLE_SA: "too_new"}),
    ],
)  # fmt: skip
def test_what_the_host_leaves_open(given, expected):
    found = answers([host(**given)], [guest("a", vcpus=8)], [sql("a", "Enterprise", "2022")])
    assert {option: next(iter(each.values())) for option, each in licenses(found).items()} == expected


def test_a_listed_providers_host_takes_old_licenses_of_old_versions():
    found = answers([host(operator="listed_provider")], [guest("a", vcpus=8)], [sql("a", "Enterprise", "2017")])
    rows = {r["option"]: r for r in found["demand"].to_dicts()}
    assert rows[WHOLE]["is_available"]
    assert rows[WHOLE]["acquired_before"] == date(2019, 10, 1)
    assert (rows[VIRTUAL]["acquired_before"], rows[VIRTUAL]["licenses_with_sa"]) == (None, 8)
    before = answers([host(operator="listed_provider", observed_on=date(2019, 1, 1))], [guest("a", observed_on=date(2019, 1, 1))],
                     [sql("a", "Enterprise", "2017", observed_on=date(2019, 1, 1))], as_of=date(2019, 9, 30))  # fmt: skip
    assert before["demand"]["acquired_before"].to_list() == [None, None, None]


def test_unknown_virtual_cores_leave_the_whole_host():
    found = answers([host()], [guest("a", vcpus=None), guest("b")], [sql("a", "Enterprise"), sql("b", "Enterprise")])
    assert licenses(found) == {
        VIRTUAL: {"Enterprise": "vcpus_unknown"},
        WHOLE: {"Enterprise": 16},
        WHOLE_SA: {"Enterprise": 16},
    }
    nothing = answers([host(physical_cores=None)], [guest("a", vcpus=None)], [sql("a")])
    row = nothing["installs_outcomes_sql"].to_dicts()[0]
    assert (row["outcome"], row["reason"]) == ("not_computable", "host_cores_unknown")


def test_machines_without_a_known_host_and_on_shared_servers():
    oses = [guest("a", None, vcpus=6), guest("b", None, vcpus=2, location="provider_shared", provider="P"),
            guest("c", None, vcpus=6, location="provider_dedicated")]  # fmt: skip
    installs = [sql("a"), sql("b", license_source="own"), sql("c")]
    found = answers([], oses, installs)
    rows = {r["subject_id"]: r for r in found["demand"].to_dicts()}
    assert {k: (r["subject_kind"], r["licenses_required"], r["licenses_with_sa"]) for k, r in rows.items()} == {
        "a": ("ose", 6, 0),
        "b": ("ose", 4, 4),
        "c": ("ose", 6, 6),
    }


def test_a_dedicated_host_in_azure_needs_software_assurance():
    found = answers([host(operator="listed_provider")], [guest("a", vcpus=8, location="azure_dedicated_host")],
                    [sql("a", "Enterprise", license_source="azure_hybrid_benefit")])  # fmt: skip
    assert licenses(found) == {
        VIRTUAL: {"Enterprise": 8},
        WHOLE: {"Enterprise": "needs_sa"},
        WHOLE_SA: {"Enterprise": 16},
    }
    assert found["demand"].filter(pl.col("option") == VIRTUAL)["licenses_with_sa"].to_list() == [8]


def test_server_and_cal_is_weighed_where_it_is_owned():
    oses, installs = [guest("a"), guest("b")], [sql("a"), sql("b")]
    assert "server" not in licenses(answers([host()], oses, installs))
    found = answers([host()], oses, installs, licenses=owned(5))
    assert licenses(found)["server"] == {"Standard": 2}
    row = found["demand"].filter(pl.col("option") == "server").to_dicts()[0]
    assert (row["metric"], row["licenses_with_sa"]) == ("server", 0)
    never = answers([host()], oses, installs, licenses=owned(5), policies={"sql_server_and_cal": "never"})
    assert "server" not in licenses(never)
    always = answers([host()], oses, installs, policies={"sql_server_and_cal": "always"})
    assert licenses(always)["server"] == {"Standard": 2}


def test_legacy_enterprise_servers():
    oses = [guest(f"g{n}", vcpus=8) for n in range(5)]
    found = answers([host()], oses, [sql(f"g{n}", "Enterprise") for n in range(5)], licenses=owned(3, "Enterprise"))
    assert licenses(found)["enterprise_servers"] == {"Enterprise": 2}
    unsized = answers([host()], [guest("a", vcpus=None)], [sql("a", "Enterprise")], licenses=owned(3, "Enterprise"))
    assert licenses(unsized)["enterprise_servers"] == {"Enterprise": "vcpus_unknown"}


def test_costs_and_the_price_of_main():
    prices = [{"product": "SQL Server", "edition": e, "metric": "core", "purchase_type": t, "pack_size": 2,
               "valid_from": date(2026, 1, 1), "unit_price": Decimal(p), "currency": "USD"}
              for e, t, p in (("Standard", "license", 200), ("Standard", "license_and_sa", 300), ("Enterprise", "license", 800))]  # fmt: skip
    found = answers([host()], [guest("a", vcpus=4), guest("b", vcpus=6)], [sql("a"), sql("b", version="2022")],
                    prices=table("prices", *prices))  # fmt: skip
    rows = {r["option"]: r for r in found["demand"].to_dicts()}
    assert rows[VIRTUAL]["cost"] == Decimal(4 * 100 + 6 * 150)
    assert (rows[WHOLE]["cost"], rows[WHOLE]["unit_price"], rows[WHOLE]["currency"]) == (16 * 400, 400, "USD")
    assert rows[WHOLE_SA]["cost"] is None
    assert found["demand"].schema["cost"] == MONEY


def test_biztalk_has_three_editions_and_no_server_licenses():
    installs = [{"product": "BizTalk Server", "ose_id": o, "edition": e, "version": "2020"}
                for o, e in (("a", "Branch"), ("b", "Standard"), ("c", "Enterprise"))]  # fmt: skip
    found = answers([host()], [guest("a", vcpus=2), guest("b", vcpus=6), guest("c", vcpus=8)], installs)
    assert licenses(found) == {
        VIRTUAL: {"Branch": 4, "Standard": 6, "Enterprise": 8}, WHOLE: {"Enterprise": 16}, WHOLE_SA: {"Enterprise": 16},
    }  # fmt: skip
    assert set(found["demand"]["product"]) == {"BizTalk Server"}


def test_an_install_that_was_removed_no_longer_counts():
    may, june = date(2026, 5, 31), date(2026, 6, 30)
    installs = [sql("a", "Enterprise", install_id="x", observed_on=may), sql("a", install_id="y", observed_on=june)]
    found = answers([host()], [guest("a")], installs)
    assert licenses(found)[VIRTUAL] == {"Standard": 4}
    assert found["installs_outcomes_sql"]["outcome"].to_list() == ["superseded", "counted"]


def test_a_passive_copy_is_free_where_the_right_says_so(monkeypatch):
    free = pl.LazyFrame({"entity_id": ["main"], "install_id": ["i1"], "is_free": [True], "reason": ["x"]})
    monkeypatch.setattr("lmanalytics.rules.right.failover.free_installs", lambda *_: free)
    found = answers(
        [host()], [guest("a"), guest("b")], [sql("a"), sql("b", role="passive_ha", primary_install_id="i0")]
    )
    assert licenses(found)[VIRTUAL] == {"Standard": 4}
    assert found["installs_outcomes_sql"]["reason"].to_list() == ["counted", "passive_free"]


def test_deployments_that_take_no_license():
    oses = [
        guest("a", None, location="provider_shared", provider="P"),
        guest("b", None, location="provider_shared", provider="P"),
    ]
    moved = [{"deployment_id": d, "provider": "P", "agreement_id": "A", "product": "SQL Server", "edition": "Standard",
              "metric": "core", "ose_id": d, "hosting": "shared", "is_tenant_dedicated_instance": True,
              "deployed_on": date(2026, 1, 1)} for d in ("a", "b")]  # fmt: skip
    decided = pl.LazyFrame({"entity_id": ["main"] * 2, "deployment_id": ["a", "b"], "licenses_required": [0, 4]})
    found = answers([], oses, [sql("a", license_source="own"), sql("b", license_source="own")],
                    mobility_deployments=table("mobility_deployments", *moved), mobility=decided)  # fmt: skip
    assert found["installs_outcomes_sql"]["reason"].to_list() == ["mobility_free", "counted"]


def test_findings_tell_of_development_editions_and_of_what_is_left_out():
    installs = [sql("a", "Developer"), sql("b", "Developer"), sql("c", None), sql("gone")]
    oses = [guest("a"), guest("b", environment="dev_test"), guest("c")]
    found = answers([host()], oses, installs)["findings"].to_dicts()
    told = {(f["reason"], f["statement"]) for f in found}
    statement = (
        "1 install of free development editions of SQL Server is in OSEs that no export marks as development or test."
    )
    assert ("development_in_production", statement) in told
    assert {f["reason"] for f in found} == {reason.code for reason in sql_server.Reason}
    assert len({f["finding_id"] for f in found}) == len(found) == 3


def test_every_row_of_installs_has_one_outcome_and_other_products_none():
    installs = [sql("a"), sql("a", "Express"), sql("x"), {"product": "Exchange Server", "ose_id": "a"}]
    found = answers([host()], [guest("a")], installs)["installs_outcomes_sql"]
    assert found["row_id"].to_list() == [1, 2, 3]
    counted = found.filter(pl.col("outcome") == "counted")
    assert counted.select("subject_kind", "subject_id").rows() == [("host", "h1")]
    assert found.filter(pl.col("outcome") != "counted")["subject_id"].null_count() == 2


def test_without_an_estate_nothing_is_lost():
    given = {"installs": table("installs", {"install_id": "i", "product": "SQL Server", **sql("a")})}
    found = {k: f.collect() for k, f in sql_server.answers(given, Settings(AS_OF)).items()}
    assert found["demand"].is_empty()
    assert found["installs_outcomes_sql"]["reason"].to_list() == ["ose_unknown"]


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2019, 10, 1), date(2022, 11, 16), date(2027, 1, 1)])
def test_every_day_is_answered(day):
    old = date(2016, 1, 1)
    found = answers(
        [host(observed_on=old)],
        [guest("a", observed_on=old)],
        [sql("a", "Enterprise", "2016", observed_on=old)],
        as_of=day,
    )
    assert licenses(found)[VIRTUAL] == {"Enterprise": 4}


def test_answers_conform_and_are_sorted():
    found = answers([host(), host("h2")], [guest("a"), guest("b", "h2")], [sql("b"), sql("a", "Enterprise")])
    demand = found["demand"]
    assert set(ANSWERS["demand"].schema) <= set(demand.columns)
    assert demand.equals(demand.sort("entity_id", "subject_kind", "subject_id", "product", "option", "edition"))
    assert found["findings"].schema == ANSWERS["findings"].schema


def test_a_subject_is_explained_from_the_facts():
    given = inputs([host()], [guest("a", vcpus=6), guest("p", kind="physical")], [sql("a", version="2022"), sql("p")])
    found = sql_server.explain_subject(given, Settings(AS_OF), "h1")
    told = dict(zip(found["subject"] + " " + found["rule"], found["value"], strict=True))
    assert told["h1 sql_server_cores.cores_to_license"] == "16"
    assert told["a sql_server_virtual_cores.core_licenses"] == "6"
    assert told["a sql_server_virtual_cores.needs_sa"] == "True"
    assert told["h1 sql_server_standard_host.core_licenses"] == "16"
    assert sql_server.explain_subject(given, Settings(AS_OF), "i0").equals(found)
    assert sql_server.explain_subject(given, Settings(AS_OF), "nobody").is_empty()


def test_every_reason_of_an_option_occurs():
    needed = {reason.code for reason in per_core_options.Reason}
    cases = [
        ([host()], [guest("a")], [sql("a")], {}),
        ([host(physical_cores=None)], [guest("a")], [sql("a")], {}),
        ([host()], [guest("a", vcpus=None)], [sql("a")], {}),
        ([host(operator="authorized_outsourcer", is_dedicated=False)], [guest("a")], [sql("a")], {}),
        ([host(operator="listed_provider")], [guest("a")], [sql("a", version="2022")], {}),
        ([host()], [guest("p", kind="physical")], [sql("p")], {"sql_standard_physical_cores": "not_allowed"}),
        ([host()], [guest("a", location="azure_dedicated_host")], [sql("a", license_source="own")], {}),
    ]
    found = {r for h, o, i, p in cases for r in answers(h, o, i, policies=p)["demand"]["reason"]}
    assert found == needed


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 24), st.sampled_from(["Standard", "Enterprise"])), min_size=1, max_size=6),
       st.integers(1, 2), st.integers(1, 16))  # fmt: skip
def test_options_agree_with_plain_arithmetic(machines, processors, cores_each):
    oses = [guest(f"g{n}", vcpus=size) for n, (size, _) in enumerate(machines)]
    installs = [sql(f"g{n}", edition) for n, (_, edition) in enumerate(machines)]
    found = licenses(answers([host(processors=processors, physical_cores=processors * cores_each)], oses, installs))
    each = {}
    for size, edition in machines:
        each[edition] = each.get(edition, 0) + max(4, size)
    cores = processors * max(4, cores_each)
    assert found == {VIRTUAL: each, WHOLE: {"Enterprise": max(cores, len(machines))}, WHOLE_SA: {"Enterprise": cores}}
