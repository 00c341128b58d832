from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.demand import _access_outcomes, access
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

WINDOWS, REMOTE = "Windows Server", "Remote Desktop Services"


def count(product=WINDOWS, **given_):
    return {"product": product, **given_}


def price(product, metric, amount, edition=None):
    return {
        "product": product, "edition": edition, "metric": metric, "purchase_type": "license",
        "valid_from": date(2026, 1, 1), "unit_price": Decimal(amount), "currency": "EUR",
    }  # fmt: skip


def inputs(counts, *, hosts=None, oses=(), prices=(), **tables):
    given_ = {"access_counts": table("access_counts", *counts), **tables}
    if prices:
        given_["prices"] = table("prices", *prices)
    if hosts is not None:
        given_ |= {f"facts_{name}": frame for name, frame in estate(hosts, list(oses)).items()}
    return given_


def answers(counts, *, policies=None, as_of=AS_OF, **rest):
    given_ = inputs(counts, **rest)
    return {n: f.collect() for n, f in access.answers(given_, Settings(as_of, policies or {})).items()}


def options(*args, **kwargs):
    rows = answers(*args, **kwargs)["demand"]
    columns = ["subject_id", "product", "edition", "option", "licenses_required", "is_available", "reason"]
    return {(s, p if e is None else f"{p} {e}", o): n if is_open else why
            for s, p, e, o, n, is_open, why in rows.select(columns).rows()}  # fmt: skip


def outcome(row, **rest):
    found = answers([row], **rest)["access_counts_outcomes"]
    return found.select("outcome", "reason", "subject_kind", "subject_id").row(0)


def test_users_or_devices_of_a_product_are_alternatives():
    found = answers(
        [count(users=40, devices=25)], prices=[price(WINDOWS, "user_cal", 40), price(WINDOWS, "device_cal", 35)]
    )
    columns = ["subject_kind", "subject_id", "option", "metric", "licenses_required", "cost", "demand_class"]
    assert found["demand"].select(columns).rows() == [
        ("customer", "main/access", "device_licenses", "device_cal", 25, 875, "any|any|any"),
        ("customer", "main/access", "user_licenses", "user_cal", 40, 1600, "any|any|any"),
    ]


def test_an_option_takes_licenses_of_every_edition():
    found = options([count("Exchange Server", users=100), count("Exchange Server Enterprise CAL", users=30)])
    own = "main/access"
    assert found == {
        (own, "Exchange Server Standard", "user_licenses"): 100,
        (own, "Exchange Server Enterprise", "user_licenses"): 30,
        (own, "Exchange Server Standard", "device_licenses"): "not_counted",
        (own, "Exchange Server Enterprise", "device_licenses"): "not_counted",
    }


def test_subscribers_need_no_license():
    subscriptions = table("online_subscriptions", {"agreement_id": "A", "enrollment_id": "E", "sku": "Microsoft 365 E3",
        "quantity": 25, "start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31)})  # fmt: skip
    rows = [count(users=40), count(REMOTE, users=40)]
    found = options(rows, online_subscriptions=subscriptions)
    assert found["main/access", WINDOWS, "user_licenses"] == 15
    assert found["main/access", REMOTE, "user_licenses"] == 40
    strict = options(rows, online_subscriptions=subscriptions, policies={"subscriptions_as_access": "not_counted"})
    assert strict["main/access", WINDOWS, "user_licenses"] == 40


def test_the_version_is_the_newest_that_runs():
    oses = [
        guest("a", os_version="2019"),
        guest("b", os_version="2022"),
        guest("c", os_version="2025", is_running=False),
    ]
    installs = table(
        "installs",
        {"install_id": "1", "ose_id": "a", "product": "Exchange Server", "version": "2016"},
        {"install_id": "2", "ose_id": "a", "product": REMOTE},
    )
    rows = [count(users=5), count("Exchange Server", users=5), count(REMOTE, users=5)]
    found = answers(rows, hosts=[host()], oses=oses, installs=installs)["demand"]
    assert dict(found.select("product", "version").unique().rows()) == {
        WINDOWS: "2022", "Exchange Server": "2016", REMOTE: "2019",
    }  # fmt: skip


BOTH = [price(WINDOWS, "external_connector", 2000), price(WINDOWS, "user_cal", 40)]


def test_external_users_take_connectors_for_the_servers_or_licenses_by_the_user():
    hosts = [host("h1"), host("h2"), host("h3")]
    oses = [guest("a"), guest("b"), guest("c", "h2"), guest("d", "h3", os_product="Linux")]
    found = answers([count(external_users=80)], hosts=hosts, oses=oses, prices=BOTH)["demand"]
    columns = ["subject_kind", "subject_id", "option", "metric", "licenses_required", "cost", "is_available"]
    assert found.select(columns).rows() == [
        ("customer", "main/external_users", "external_connectors", "external_connector", 2, 4000, True),
        ("customer", "main/external_users", "external_user_licenses", "user_cal", 80, 3200, True),
    ]
    by_ose = options([count(external_users=80)], hosts=hosts, oses=oses, prices=BOTH,
                     policies={"external_connector_scope": "per_ose"})  # fmt: skip
    assert by_ose["main/external_users", WINDOWS, "external_connectors"] == 3


def test_external_users_of_a_host_take_one_connector():
    found = options(
        [count(host_id="h1", external_users=80)], hosts=[host()], oses=[guest("a"), guest("b")], prices=BOTH
    )
    assert found == {
        ("h1/external_users", WINDOWS, "external_connectors"): 1,
        ("h1/external_users", WINDOWS, "external_user_licenses"): 80,
    }


def test_a_windows_host_is_a_server_that_is_reached_and_other_hosts_are_not():
    hosts = [host("h1", hypervisor="hyper_v"), host("h2")]
    found = options([count(external_users=80)], hosts=hosts, oses=[], prices=BOTH)
    assert found["main/external_users", WINDOWS, "external_connectors"] == 1


def test_connectors_on_shared_servers_need_software_assurance():
    oses = [guest("a"), guest("b", "h9", location="provider_shared", provider="P", license_source="own")]
    providers = table("providers", {"provider": "P", "valid_from": date(2020, 1, 1), "is_listed_provider": False,
                                    "uses_listed_datacenter": False})  # fmt: skip
    facts = {f"facts_{n}": f for n, f in estate([host()], oses, providers=providers).items()}
    given_ = inputs([count(external_users=500)], prices=BOTH) | facts
    row = access.answers(given_, Settings(AS_OF))["demand"].collect().filter(metric="external_connector").to_dicts()[0]
    assert (row["licenses_required"], row["licenses_with_sa"], row["cost"]) == (2, 1, None)


def test_without_prices_the_published_number_of_users_decides():
    one = {"hosts": [host()], "oses": [guest("a")]}
    few = options([count(external_users=70)], **one)
    assert few["main/external_users", WINDOWS, "external_connectors"] == "dearer_as_published"
    assert few["main/external_users", WINDOWS, "external_user_licenses"] == 70
    many = options([count(external_users=71)], **one)
    assert many["main/external_users", WINDOWS, "external_connectors"] == 1
    assert many["main/external_users", WINDOWS, "external_user_licenses"] == "dearer_as_published"
    held = options([count(external_users=70)], licenses=owned(metric="external_connector"), **one)
    assert held["main/external_users", WINDOWS, "external_connectors"] == 1


def test_unknown_servers_leave_licenses_by_the_user():
    found = options([count(external_users=500)], prices=BOTH)
    assert found["main/external_users", WINDOWS, "external_connectors"] == "servers_unknown"
    assert found["main/external_users", WINDOWS, "external_user_licenses"] == 500


def test_remote_desktop_connectors_count_the_servers_that_run_it():
    hosts, oses = [host("h1"), host("h2")], [guest("a"), guest("b", "h2")]
    installs = table("installs", {"install_id": "1", "ose_id": "b", "product": REMOTE})
    prices = [*BOTH, price(REMOTE, "external_connector", 9000), price(REMOTE, "user_cal", 90)]
    found = options([count(REMOTE, external_users=500)], hosts=hosts, oses=oses, installs=installs, prices=prices)
    assert found["main/external_users", REMOTE, "external_connectors"] == 1
    assert found["main/external_users", WINDOWS, "external_connectors"] == 2


def test_external_users_of_project_server_need_licenses_and_those_of_exchange_none():
    found = options([count("Project Server", external_users=9), count("Exchange Server", external_users=9)])
    assert found == {("main/external_users", "Project Server", "external_user_licenses"): 9}


def owned(**given_):
    row = {"license_id": "l", "entity_id": "main", "product": WINDOWS, "metric": "server", "quantity": 1,
           "sa_active": True, "is_perpetual": True, **given_}  # fmt: skip
    return ANSWERS["licenses"].conform(pl.LazyFrame([row]))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"users": 5}, ("counted", "counted", "customer", "main/access")),
        ({"devices": 5, "external_users": 5}, ("counted", "counted", "customer", "main/access")),
        ({"external_users": 5}, ("counted", "counted", "customer", "main/external_users")),
        ({"host_id": "h1", "external_users": 5}, ("counted", "counted", "host", "h1/external_users")),
        ({"users": 0, "devices": 0}, ("excluded", "nobody", None, None)),
        ({}, ("not_computable", "not_counted", None, None)),
        ({"product": "Contoso Server", "users": 5}, ("not_computable", "unknown_product", None, None)),
        ({"product": "BizTalk Server", "users": 5}, ("excluded", "licensed_by_core", None, None)),
        ({"product": "SQL Server", "users": 5}, ("not_computable", "server_licenses_unknown", None, None)),
        ({"product": "Exchange Server", "external_users": 5}, ("excluded", "external_covered", None, None)),
    ],
    ids=str,
)
def test_what_becomes_of_a_count(row, expected):
    assert outcome(count() | row) == expected


def test_sql_server_needs_access_licenses_only_with_licenses_by_server():
    row = count("SQL Server", users=5)
    by_core = owned(product="SQL Server", metric="core")
    assert outcome(row, licenses=by_core)[:2] == ("excluded", "licensed_by_core")
    by_server = owned(product="SQL Server")
    assert outcome(row, licenses=by_server)[:2] == ("counted", "counted")
    assert options([row], licenses=by_server)["main/access", "SQL Server", "user_licenses"] == 5
    assert options([row], licenses=by_core) == {}
    ended = owned(product="SQL Server", valid_to=date(2020, 1, 1))
    assert outcome(row, licenses=ended)[:2] == ("excluded", "licensed_by_core")


def test_counts_of_hosts_are_part_of_a_count_of_the_company():
    found = answers([count(users=10), count(host_id="h1", users=8)])["access_counts_outcomes"]
    assert found["reason"].to_list() == ["counted", "in_total"]


def test_every_counted_row_has_a_subject_of_the_demand():
    rows = [count(users=10), count(host_id="h1", external_users=80), count(REMOTE, host_id="h1", users=3, external_users=2),
            count("Project Server", devices=4), count("Exchange Server", host_id="h1", users=4),
            count("Exchange Server", host_id="h2", users=None)]  # fmt: skip
    found = answers(rows, hosts=[host()], oses=[guest("a")])
    counted = found["access_counts_outcomes"].filter(outcome="counted")
    key = ["entity_id", "subject_kind", "subject_id", "product"]
    assert counted.join(found["demand"], on=key, how="anti").is_empty()
    exchange = found["demand"].filter(product="Exchange Server")
    assert set(exchange["reason"]) == {"not_counted"}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"product": "Windows Server CAL"}, ("used", "serves_a_server")),
        ({"product": "Core CAL Suite"}, ("used", "serves_a_server")),
        ({"product": "Microsoft 365 E3"}, ("used", "serves_a_server")),
        ({"product": "Anything", "kind": "server_management_license"}, ("used", "serves_a_server")),
        ({"product": "Contoso CAL"}, ("not_computable", "unknown_product")),
    ],
    ids=str,
)
def test_what_becomes_of_an_access_license(row, expected):
    given_ = {"access_licenses": table("access_licenses", {"access_id": "1", "kind": "user_cal", "quantity": 5, **row})}
    found = access.answers(given_, Settings(AS_OF))
    assert found.keys() == {"access_licenses_outcomes", "findings"}
    assert found["access_licenses_outcomes"].select("outcome", "reason").collect().row(0) == expected
    assert found["findings"].collect().height == (expected[0] == "not_computable")


def test_findings_tell_of_what_is_not_computed_once():
    rows = [count("Contoso Server", users=5), count("Contoso Cache", users=5), count()]
    found = answers(rows)["findings"]
    assert found.select("finding_id", "statement").rows() == [
        ("access_counts:main:not_counted", "For 1 row of access_counts nothing is computed (Windows Server)."),
        ("access_counts:main:unknown_product",
         "For 2 rows of access_counts nothing is computed (Contoso Cache, Contoso Server)."),
    ]  # fmt: skip


def test_answers_have_the_columns_of_the_contract_and_every_reason_was_met():
    found = answers([count(users=5)])
    for name in ("demand", "findings"):
        schema = ANSWERS[name].schema
        assert {c: found[name].schema[c] for c in schema} == dict(schema)
    met = {"counted", "nobody", "not_counted", "unknown_product", "licensed_by_core", "server_licenses_unknown",
           "external_covered", "in_total", "serves_a_server"}  # fmt: skip
    assert {r.code for r in _access_outcomes.Reason} == met
    assert {r.code for r in access.Reason} == {"servers_unknown", "dearer_as_published"}


def test_explain_recomputes_the_access_of_a_company_and_of_a_host():
    given_ = inputs(
        [count(users=40, devices=25), count(host_id="h1", external_users=80)], hosts=[host()], oses=[guest("a")]
    )
    lines = access.explain_subject(given_, Settings(AS_OF), "main/access")
    values = dict(lines.select("rule", "value").iter_rows())
    assert values["client_access.user_licenses"] == "40"
    assert lines["clause"].null_count() == 0
    found = access.explain_subject(given_, Settings(AS_OF), "h1/external_users")
    values = dict(found.select("rule", "value").iter_rows())
    assert values["external_connector.connectors"] == "1"
    assert access.explain_subject(given_, Settings(AS_OF), "nothing").is_empty()
    assert access.explain_subject({}, Settings(AS_OF), "main/access").is_empty()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=5), st.integers(1, 4000), st.integers(1, 99))
def test_the_cheaper_option_of_each_host_agrees_with_a_plain_comparison(users, connector, cal):
    prices = [price(WINDOWS, "external_connector", connector), price(WINDOWS, "user_cal", cal)]
    rows = [count(host_id=f"h{n}", external_users=number) for n, number in enumerate(users)]
    least = answers(rows, prices=prices)["demand"].group_by("subject_id").agg(pl.col("cost").min()).sort("subject_id")
    assert least["cost"].to_list() == [min(number * cal, connector) for number in users]
