from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules import register
from lmanalytics.rules.demand import _server_installs, server_products
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

EXCHANGE, SHAREPOINT = "Exchange Server", "SharePoint Server"


def install(ose_id="v1", product=EXCHANGE, **given_):
    edition = {"edition": "Standard"} if product == EXCHANGE else {}
    return {"install_id": f"{ose_id}-{product}", "ose_id": ose_id, "product": product, **edition, **given_}


def inputs(installs, oses=(), *, hosts=(), policies=None, as_of=AS_OF, **tables):
    facts = estate(list(hosts) or [host()], list(oses), as_of=as_of, policies=policies)
    return {"installs": table("installs", *installs), **{f"facts_{n}": f for n, f in facts.items()}, **tables}


def answers(installs, oses=(), *, policies=None, as_of=AS_OF, **rest):
    found = inputs(installs, oses, policies=policies, as_of=as_of, **rest)
    given_ = server_products.answers(found, Settings(as_of, policies or {}))
    return {name: frame.collect() for name, frame in given_.items()}


def outcomes(*args, **kwargs):
    rows = answers(*args, **kwargs)["installs_outcomes_servers"]
    return rows.sort("row_id").select("outcome", "reason").rows()


RUNS = [guest("v1"), guest("v2")]


def test_one_license_for_each_ose_in_which_an_instance_runs():
    rows = [
        install("v1", version="2019"),
        install("v1", install_id="second", component="Edge Transport"),
        install("v2", edition="Enterprise", version="2016"),
        install("v2", SHAREPOINT, version="2019", edition="Enterprise"),
    ]
    found = answers(rows, RUNS)
    columns = ["subject_id", "product", "edition", "version", "metric", "option", "licenses_required", "demand_class"]
    assert found["demand"].select(columns).rows() == [
        ("v1", EXCHANGE, "Standard", "2019", "server", "server", 1, "Standard|2019|any"),
        ("v2", EXCHANGE, "Enterprise", "2016", "server", "server", 1, "Enterprise|2016|any"),
        ("v2", SHAREPOINT, None, "2019", "server", "server", 1, "any|2019|any"),
    ]
    assert found["installs_outcomes_servers"]["subject_kind"].to_list() == ["ose"] * 4
    assert found["findings"].is_empty()


def test_the_higher_edition_counts_where_both_are_installed_in_one_ose():
    rows = [install("v1"), install("v1", install_id="old", edition="Enterprise")]
    assert answers(rows, RUNS)["demand"]["edition"].to_list() == ["Enterprise"]


@pytest.mark.parametrize(
    ("row", "outcome", "reason"),
    [
        ({}, "counted", "one_running_instance_per_license"),
        ({"role": "passive_dr"}, "counted", "one_running_instance_per_license"),
        ({"license_source": "own"}, "counted", "one_running_instance_per_license"),
        ({"license_source": "spla"}, "excluded", "spla"),
        ({"license_source": "license_included"}, "excluded", "license_included"),
        ({"license_source": "visual_studio"}, "excluded", "visual_studio"),
        ({"license_source": "evaluation"}, "excluded", "evaluation"),
        ({"is_evaluation": True}, "excluded", "evaluation"),
        ({"edition": None}, "not_computable", "edition_unknown"),
        ({"edition": None, "mounted_databases": 6}, "counted", "one_running_instance_per_license"),
        ({"mounted_databases": 101}, "not_licensable", "too_many_databases"),
        ({"ose_id": "nowhere"}, "not_computable", "ose_unknown"),
        ({"ose_id": "off"}, "excluded", "not_running"),
        ({"ose_id": "template"}, "excluded", "template"),
        ({"ose_id": "gone"}, "excluded", "ose_gone"),
        ({"ose_id": "shared", "license_source": "own"}, "counted", "mobility"),
        ({"ose_id": "shared"}, "not_computable", "cloud_license_unknown"),
        ({"ose_id": "h1"}, "counted", "one_running_instance_per_license"),
        ({"ose_id": "moved"}, "used", "mobility_deployment"),
        ({"observed_on": AS_OF + timedelta(days=1)}, "excluded", "observed_later"),
        ({"product": "Contoso Server"}, "not_computable", "unknown_product"),
        ({"product": "Office"}, "not_computable", "no_demand_rule"),
        ({"product": "Windows Server"}, "used", "decided_with_its_ose"),
        ({"product": "Remote Desktop Services"}, "used", "access_licenses_only"),
        ({"product": "System Center"}, "used", "management_software"),
    ],
    ids=str,
)
def test_what_becomes_of_a_row(row, outcome, reason):
    oses = [
        guest("v1"),
        guest("off", is_running=False),
        guest("template", is_template=True),
        guest("gone", inventory_id="vc", observed_on=AS_OF - timedelta(days=30)),
        guest("other", inventory_id="vc"),
        guest("shared", location="provider_shared", provider="P", license_source="license_included"),
        guest("moved", location="provider_shared", provider="P", license_source="own"),
    ]
    moved = {
        "deployment_id": "d", "provider": "P", "agreement_id": "A", "product": EXCHANGE, "edition": "Standard",
        "metric": "server", "ose_id": "moved", "hosting": "shared", "is_tenant_dedicated_instance": True,
        "deployed_on": date(2026, 1, 1),
    }  # fmt: skip
    found = answers([install() | row], oses, mobility_deployments=table("mobility_deployments", moved))
    assert found["installs_outcomes_servers"].select("outcome", "reason").rows() == [(outcome, reason)]
    counted = outcome == "counted"
    assert found["demand"].height == int(counted)
    with_sa = [1] if reason == "mobility" else [0]
    assert not counted or found["demand"]["licenses_with_sa"].to_list() == with_sa
    has_evidence = found["installs_outcomes_servers"]["evidence"].is_not_null().all()
    assert has_evidence == (outcome == "excluded")
    assert found["findings"].height == int(outcome in {"not_computable", "not_licensable"})


def test_rows_of_earlier_days_and_second_rows_count_once():
    before = AS_OF - timedelta(days=10)
    rows = [install(observed_on=before), install(), install()]
    found = outcomes(rows, RUNS)
    assert found == [
        ("superseded", "superseded"),
        ("counted", "one_running_instance_per_license"),
        ("duplicate", "duplicate"),
    ]


def test_what_is_no_longer_installed_in_an_ose_that_was_looked_at_again_does_not_count():
    rows = [install(observed_on=AS_OF - timedelta(days=10)), install(product=SHAREPOINT)]
    assert [o for o, _ in outcomes(rows, RUNS)] == ["superseded", "counted"]


def test_what_is_switched_off_counts_where_the_policy_says_so():
    off = [guest("v1", is_running=False)]
    assert outcomes([install()], off)[0][0] == "excluded"
    assert outcomes([install()], off, policies={"count_powered_off": "yes"})[0][0] == "counted"


def test_a_cloud_license_that_is_not_said_is_read_as_the_policy_says():
    shared = [guest("v1", location="azure")]
    found = outcomes([install()], shared, policies={"unknown_cloud_license": "license_included"})
    assert found == [("excluded", "license_included")]


def test_sql_server_and_biztalk_server_are_left_to_their_topics():
    rows = [install(product="SQL Server"), install(product="BizTalk Server"), install()]
    assert answers(rows, RUNS)["installs_outcomes_servers"]["product"].to_list() == [EXCHANGE]


def test_without_oses_nothing_is_known_of_where_it_runs():
    found = server_products.answers({"installs": table("installs", install())}, Settings(AS_OF))
    row = found["installs_outcomes_servers"].collect().row(0, named=True)
    assert (row["outcome"], row["reason"]) == ("not_computable", "ose_unknown")
    assert found["demand"].collect().is_empty()


def test_findings_add_up_and_name_some_products():
    rows = [install(f"v{n}", f"Tool {n}") for n in range(5)]
    found = answers(rows, [guest(f"v{n}") for n in range(5)])["findings"]
    assert found["statement"].to_list() == [
        "What 5 installs of 5 products require is not computed (Tool 0, Tool 1, Tool 2, …)."
    ]
    assert found["finding_id"].to_list() == ["installs:main:unknown_product"]


def test_prices_are_those_of_the_edition():
    price = {
        "product": EXCHANGE, "edition": "Standard", "metric": "server", "purchase_type": "license", "pack_size": 1,
        "valid_from": date(2026, 1, 1), "unit_price": Decimal(700), "currency": "EUR",
    }  # fmt: skip
    prices = table("prices", price)
    rows = [install("v1"), install("v2", edition="Enterprise")]
    found = answers(rows, RUNS, prices=prices)["demand"]
    assert found.select("edition", "cost", "currency").rows() == [("Standard", 700, "EUR"), ("Enterprise", None, None)]


def test_answers_have_the_columns_of_the_contract():
    found = answers([install()], RUNS)
    for name in ("demand", "findings"):
        schema = ANSWERS[name].schema
        assert {c: found[name].schema[c] for c in schema} == dict(schema)


def test_every_reason_has_a_sentence_and_before_2016_october_there_is_none():
    assert set(register.reasons()["_server_installs"]) == {r.code for r in _server_installs.Reason}
    assert answers([install(observed_on=date(2016, 10, 1))], [guest("v1", observed_on=date(2016, 10, 1))],
                   as_of=date(2016, 10, 1))["demand"].height == 1  # fmt: skip


def test_explain_recomputes_one_ose_or_install():
    found = inputs([install("v1"), install("v2")], RUNS)
    lines = server_products.explain_subject(found, Settings(AS_OF), "v1")
    values = dict(lines.select("rule", "value").iter_rows())
    assert values["server_per_instance.server_licenses"] == "1"
    assert lines["clause"].null_count() == 0
    assert lines.equals(server_products.explain_subject(found, Settings(AS_OF), f"v1-{EXCHANGE}"))
    assert server_products.explain_subject(found, Settings(AS_OF), "nothing").is_empty()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([EXCHANGE, SHAREPOINT, "Office"])), max_size=8)
)
def test_licenses_agree_with_a_plain_count(rows):
    oses = [guest(name) for name in "abc"]
    found = answers([install(o, p, install_id=str(n)) for n, (o, p) in enumerate(rows)], oses)["demand"]
    pairs = {(o, p) for o, p in rows if p != "Office"}
    expected = Counter(p for _, p in pairs)
    assert dict(found.group_by("product").agg(pl.col("licenses_required").sum()).iter_rows()) == dict(expected)
