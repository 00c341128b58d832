from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.report.charts.difference import pictures, waterfall_chart

ROWS = {
    "before": (10, 100), "policy_changed": (6, 60), "bought": (-8, -80), "new": (0, 0), "retired": (-3, -30),
    "after": (5, 50),
}  # fmt: skip


def waterfall(rows=ROWS, currency="EUR"):
    return pl.DataFrame(
        {
            "step": range(len(rows)),
            "cause": list(rows),
            "detail": ["movement: a to b" if cause == "policy_changed" else "hosts" for cause in rows],
            "metric": "core",
            "currency": currency,
            "shortage": [n for n, _ in rows.values()],
            "shortage_cost": [None if n is None else Decimal(n) for _, n in rows.values()],
        },
        schema_overrides={"currency": pl.String, "shortage_cost": pl.Decimal(38, 4), "shortage": pl.Int64},
    )


def drawn(spec):
    return next(iter(spec["datasets"].values())) if "datasets" in spec else spec["data"]["values"]


def test_each_bar_begins_where_the_one_before_ends():
    chart = waterfall_chart(waterfall(), "shortage")
    spec = chart.to_dict()
    rows = drawn(spec)
    assert [(r["name"], r["start"], r["end"], r["label"]) for r in rows] == [
        ("before", 0, 10, "10"),
        ("policy changed (movement: a to b)", 10, 16, "+6"),
        ("bought", 16, 8, "-8"),
        ("retired", 8, 5, "-3"),
        ("after", 0, 5, "5"),
    ]
    assert [r["state"] for r in rows] == ["before and after", "more", "less", "less", "before and after"]


def test_the_description_says_what_is_drawn():
    said = waterfall_chart(waterfall(), "shortage_cost").to_dict()["description"]
    assert said == (
        "From the first run to the second, cost of what is short, EUR: before 100.00; policy changed (movement: a to b)"
        " +60.00; bought -80.00; retired -30.00; after 50.00."
    )


@pytest.mark.parametrize(
    "rows",
    [
        {"before": (10, 100), "after": (10, 100)},
        {"before": (None, None), "computable_now": (5, 50), "after": (5, 50)},
        {"before": (5, 50), "no_longer_computable": (-5, -50), "after": (None, None)},
    ],
)
def test_where_no_change_is_known_a_sentence_says_so(rows):
    chart = waterfall_chart(waterfall(rows), "shortage")
    assert chart.to_dict()["description"] == "No change of the licenses short is known, so there is nothing to draw."


def test_many_causes_are_the_largest_and_the_others():
    steps = {f"policy_{n}": (n, n) for n in range(1, 20)}
    total = sum(range(1, 20))
    spec = waterfall_chart(waterfall({"before": (0, 0), **steps, "after": (total, total)}), "shortage").to_dict()
    rows = drawn(spec)
    assert len(rows) == 15
    assert rows[-2]["name"] == "other causes"
    assert rows[-2]["amount"] == sum(range(1, 8))
    assert rows[-2]["end"] == rows[-1]["end"] == total


def test_pictures_hold_no_script():
    rows = {"before": (1, 1), "<script>alert(1)</script>": (1, 1), "after": (2, 2)}
    found = pictures(waterfall(rows))
    assert set(found) == {"waterfall_licenses", "waterfall_cost"}
    assert not [name for name, svg in found.items() if "<script" in svg or not svg.startswith("<svg")]


def test_without_a_currency_there_is_no_cost_to_draw():
    assert "nothing to draw" in waterfall_chart(waterfall(currency=None)).to_dict()["description"]
