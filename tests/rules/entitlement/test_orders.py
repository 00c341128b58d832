from datetime import date
from graphlib import TopologicalSorter

import polars as pl
import pytest

from lmanalytics.rules.entitlement import orders
from lmanalytics.rules.parameters import load_rule_file
from tests.examples.entitlement import BOUGHT, STEPPED, Ledger

AS_OF = date(2026, 6, 30)


def edges() -> pl.DataFrame:
    return load_rule_file(orders).table("step_up_edges")


def test_there_are_22_step_ups_without_a_cycle():
    table = edges()
    assert table.height == 22
    graph = {}
    for of, base, to, edition in table.select("from_product", "from_edition", "to_product", "to_edition").rows():
        graph.setdefault((to, edition), set()).add((of, base))
    assert list(TopologicalSorter(graph).static_order())
    assert table.filter(pl.col("metric").is_not_null())["from_product"].to_list() == ["SQL Server"]


@pytest.mark.parametrize("number", range(22))
def test_every_step_up_of_the_terms_can_be_ordered(number):
    row = edges().row(number, named=True)
    ledger = Ledger(takes_returns=True)
    metric = {"access_license": "user_cal", "user_or_device": "user"}.get(row["unit"], row["unit"])
    base = {"product": row["from_product"], "edition": row["from_edition"], "metric": metric}
    ledger.buy("Visio Standard", "license_and_sa", 7, **base)
    stated = " ".join(part for part in (row["from_product"], row["from_edition"]) if part)
    target = {"product": row["to_product"], "edition": row["to_edition"], "metric": base["metric"]}
    ledger.buy("Visio Standard", "step_up", 7, **target, order_date=STEPPED, step_up_from=stated)
    found = ledger.answers(AS_OF)["step_ups"].row(0, named=True)
    assert (found["quantity_valid"], found["step_up_from"]) == (7, stated)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({}, "valid"),
        ({"step_up_from": None}, "valid"),
        ({"step_up_from": "Standard"}, "valid"),
        ({"step_up_from": "Microsoft SQL Server Standard Core"}, "valid"),
        ({"step_up_from": "sql server  standard"}, "valid"),
        ({"step_up_from": "SQL Server Web"}, "no_such_step_up"),
        ({"metric": "server"}, "no_such_step_up"),
        ({"edition": "Datacenter"}, "no_such_step_up"),
        ({"program": "open_license"}, "program_without_step_up"),
        ({"agreement_id": None}, "agreement_unknown"),
        ({"order_date": None}, "order_date_unknown"),
    ],
)
def test_what_bars_a_step_up(step, reason):
    ledger = Ledger(takes_returns=True)
    ledger.buy("SQL Server Standard Core", "license_and_sa", 8)
    ledger.step_up("SQL Server Standard Core", "SQL Server Enterprise Core", 4)
    ledger.rows[1] |= step
    answers = ledger.answers(AS_OF)
    found = answers["step_ups"].row(0, named=True)
    unknown = reason in {"agreement_unknown", "order_date_unknown"}
    valid = 4 if reason == "valid" else None if unknown else 0
    assert (found["reason"], found["quantity_valid"]) == (reason, valid)
    outcome = {"valid": "used"}.get(reason, "not_computable" if unknown else "excluded")
    assert answers["purchase_outcomes"]["outcome"].to_list() == ["used", outcome]
    assert ledger.held(answers, AS_OF)["SQL Server Standard Core"] == (4 if reason == "valid" else 8)


def test_a_step_up_that_does_not_say_from_which_of_several_is_not_computable():
    ledger = Ledger(takes_returns=True)
    ledger.buy("BizTalk Server Branch", "license_and_sa", 8)
    ledger.step_up("BizTalk Server Branch", "BizTalk Server Enterprise", 4, step_up_from=None)
    found = ledger.answers(AS_OF)["step_ups"].row(0, named=True)
    assert (found["reason"], found["quantity_valid"], found["quantity_unresolved"]) == ("base_ambiguous", None, None)


def test_returned_step_ups_are_netted_the_latest_first_unless_one_is_named():
    for named, left in ((None, {"P002": 5, "P003": 2}), ("P002", {"P002": 2, "P003": 5})):
        ledger = Ledger(takes_returns=True)
        ledger.buy("Visio Standard", "license_and_sa", 20)
        ledger.step_up("Visio Standard", "Visio Professional", 5)
        ledger.step_up("Visio Standard", "Visio Professional", 5, order_date=date(2025, 7, 1))
        more = {"order_date": date(2025, 8, 1), "base_purchase_id": named}
        ledger.step_up("Visio Standard", "Visio Professional", -3, **more)
        answers = ledger.answers(AS_OF)
        assert dict(answers["step_ups"].select("purchase_id", "quantity_valid").rows()) == left
        assert ledger.held(answers, AS_OF) == {"Visio Standard": 13, "Visio Professional": 7}
        assert answers["purchase_outcomes"].filter(pl.col("purchase_id") == "P004")["reason"].to_list() == ["netted"]


def test_a_return_of_nothing_is_said_to_be_one():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license", 5)
    ledger.buy("Visio Standard", "sa", -3, order_date=STEPPED)
    ledger.buy("Visio Standard", "license", -6, order_date=STEPPED)
    answers = ledger.answers(AS_OF)
    reasons = answers["purchase_outcomes"]["reason"].to_list()
    assert reasons == ["license", "nothing_to_return", "partly_matched"]
    assert ledger.held(answers, AS_OF) == {"Visio Standard": 0}


def test_coverage_without_days_is_not_computable():
    ledger = Ledger(takes_returns=True)
    ledger.buy("Visio Standard", "license", 5)
    ledger.buy("Visio Standard", "sa", 3, order_date=BOUGHT, coverage_end=None)
    outcome = ledger.answers(AS_OF)["purchase_outcomes"].row(1, named=True)
    assert (outcome["outcome"], outcome["reason"]) == ("not_computable", "coverage_unknown")


@pytest.mark.parametrize(
    ("metric", "unit", "is_other"),
    [
        ("core", "core", False),
        ("server", "core", False),
        ("user_cal", "core", True),
        ("device_cal", "server", True),
        ("external_connector", "server", True),
        ("user_cal", "access_license", False),
        ("user", "access_license", False),
        ("server", "access_license", True),
        ("user_cal", "user_or_device", False),
        ("device", "device", False),
        (None, "core", False),
        ("core", None, False),
    ],
)
def test_access_licenses_and_servers_do_not_step_up_to_each_other(metric, unit, is_other):
    found = pl.select(orders.is_of_another_kind(pl.lit(metric, pl.String), pl.lit(unit, pl.String))).item()
    assert found == is_other


def test_an_access_license_of_a_server_product_has_no_step_up():
    ledger = Ledger(takes_returns=True)
    base = {"product": "Exchange Server", "edition": "Standard", "metric": "user_cal"}
    ledger.buy("Visio Standard", "license_and_sa", 7, **base)
    ledger.buy("Visio Standard", "step_up", 7, **base | {"edition": "Enterprise"}, order_date=STEPPED)
    outcome = ledger.answers(AS_OF)["purchase_outcomes"].row(1, named=True)
    assert (outcome["outcome"], outcome["reason"]) == ("excluded", "no_such_step_up")
