import random
from datetime import date, timedelta

import polars as pl

from lmanalytics.rules.entitlement import stage
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL
from tests.examples.entitlement import Ledger, _table

AS_OF = date(2026, 6, 30)


def mixed() -> list[dict]:
    """Many lines of every kind."""
    dice, ledger = random.Random(7), Ledger(takes_returns=True)  # noqa: S311 (a test's dice)
    kinds = ["license", "license_and_sa", "sa", "subscription", "upgrade", "esu", "transfer_out", "buy_out", "grant"]
    for _ in range(300):
        day = date(2023, 1, 1) + timedelta(days=dice.randrange(1400))
        more = {
            "order_date": day,
            "coverage_end": day + timedelta(days=1095),
            "agreement_id": dice.choice(["A1", "A2", None]),
            "entity_id": dice.choice(["x", "y"]),
            "basis": dice.choice(["transaction"] * 9 + ["statement_summary"]),
        }
        quantity = dice.randrange(-5, 40)
        if dice.random() < 0.3:
            ledger.step_up("Visio Standard", "Visio Professional", quantity, **more)
        else:
            ledger.buy(dice.choice(["Visio Standard", "Visio Professional"]), dice.choice(kinds), quantity, **more)
    return ledger.rows


def test_without_purchases_there_is_no_answer():
    assert stage.answers({}, Settings(AS_OF)) == {}


def test_an_empty_table_gives_empty_answers():
    answers = stage.answers({"purchases": CANONICAL["purchases"].empty()}, Settings(AS_OF))
    assert all(frame.collect().is_empty() for frame in answers.values())


def test_every_line_has_one_outcome():
    rows = mixed()
    outcomes = stage.answers({"purchases": _table("purchases", rows)}, Settings(AS_OF))["purchase_outcomes"].collect()
    assert outcomes["row_id"].to_list() == list(range(len(rows)))
    assert outcomes.drop("product").null_count().sum_horizontal().item() == 0
    assert set(outcomes["outcome"]) <= {"used", "excluded", "superseded", "not_computable"}
    assert outcomes.schema == stage.OUTCOMES


def test_the_order_of_the_lines_does_not_matter():
    rows = [row | {"row_id": n} for n, row in enumerate(mixed())]
    shuffled = rows[:]
    random.Random(1).shuffle(shuffled)  # noqa: S311 (as above)
    first, second = (
        stage.answers({"purchases": _table("purchases", some)}, Settings(AS_OF)) for some in (rows, shuffled)
    )
    for name, frame in first.items():
        assert frame.collect().equals(second[name].collect()), name


def test_licenses_have_unique_keys():
    answers = stage.answers({"purchases": _table("purchases", mixed())}, Settings(AS_OF))
    licenses = answers["licenses"].collect()
    assert not licenses.select("entity_id", "license_id", "valid_from").is_duplicated().any()
    assert licenses.filter(pl.col("valid_to") < pl.col("valid_from")).is_empty()
    assert (licenses["quantity"] > 0).all()
