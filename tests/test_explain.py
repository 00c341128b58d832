"""An explanation shows answers as a person reads them: money with its currency, the reason as a sentence."""

from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.explain import _answered, _told
from lmanalytics.rules import register
from lmanalytics.schemas import ANSWERS


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Decimal("9360.3000"), "9,360.30"),
        (Decimal("1234567.0000"), "1,234,567.00"),
        (Decimal("107.6650"), "107.665"),
        (Decimal("0.0001"), "0.0001"),
        (Decimal(0), "0.00"),
        (Decimal("-5.5"), "-5.50"),
        (["a", "b"], "a; b"),
        (12, "12"),
        ("=cmd()", "=cmd()"),
    ],
)
def test_no_digit_of_money_is_lost(value, told):
    assert _told(value) == told


def test_an_answer_shows_money_with_its_currency_and_nothing_for_what_is_empty(tmp_path):
    row = {
        "entity_id": "main", "subject_kind": "host", "subject_id": "h1", "product": "SQL Server", "metric": "core",
        "option": "virtual_cores", "licenses_required": 1200, "cost": Decimal("9360.3"), "shadow_price": None,
        "currency": "EUR", "rule": "plan", "reason": "cheapest",
    }  # fmt: skip
    frame = pl.LazyFrame([row, row | {"subject_id": "h2"}], schema_overrides={"shadow_price": pl.Decimal(38, 4)})
    ANSWERS["plan"].conform(frame).sink_parquet(tmp_path / "plan.parquet")
    found = {r["rule"]: r for r in _answered(tmp_path, "plan", "subject_id", ["h1"]).to_dicts()}
    assert {r["subject"] for r in found.values()} == {"h1"}
    assert (found["plan.cost"]["value"], found["plan.cost"]["unit"]) == ("9,360.30", "EUR")
    assert (found["plan.licenses_required"]["value"], found["plan.licenses_required"]["unit"]) == ("1200", "")
    assert "plan.shadow_price" not in found
    assert [r["clause"] for r in found.values() if r["clause"]] == [register.sentence("cheapest", "plan")]


def test_a_run_of_an_earlier_version_is_explained_by_what_it_has(tmp_path):
    pl.DataFrame(
        {"subject_id": ["h1"], "option": ["virtual_cores"], "rule": ["plan"], "reason": ["cheapest"]}
    ).write_parquet(tmp_path / "plan.parquet")
    rules = _answered(tmp_path, "plan", "subject_id", ["h1"])["rule"].to_list()
    assert "plan.option" in rules
    assert "plan.cost" not in rules
