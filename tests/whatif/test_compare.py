"""Scenarios side by side: sums, differences, unknowns; and the files and lines that show them."""

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.errors import UsageError
from lmanalytics.report.charts.scenarios import scenarios_chart
from lmanalytics.schemas import ANSWERS
from lmanalytics.whatif import scenario_files
from lmanalytics.whatif.compare import ALL, SCHEMA, side, side_by_side
from lmanalytics.whatif.scenario import Compared
from lmanalytics.whatif.scenario_lines import lines


def position(*rows):
    names = ("product", "edition", "required", "owned", "shortage", "surplus")
    frame = pl.LazyFrame([dict(zip(names, row, strict=True)) | {"metric": "core"} for row in rows])
    return ANSWERS["position"].conform(frame)


def order(*rows):
    names = ("product", "edition", "licenses", "cost", "currency")
    frame = pl.LazyFrame(
        [dict(zip(names, row, strict=True)) | {"metric": "core", "basis": "count_at_order"} for row in rows]
    )
    return ANSWERS["true_up"].conform(frame)


def sides(*pairs):
    return [side(f"s{n}", f"Scenario {n}", "", {"position": p, "true_up": t}) for n, (p, t) in enumerate(pairs)]


TWO = sides(
    (position(("A", None, 10, 4, 6, 0), ("B", "X", 5, 9, 0, 4)), order(("A", None, 6, "60.5", "USD"))),
    (position(("A", None, 8, 4, 4, 0), ("C", "Y", None, 2, None, None)), order(("A", None, 4, None, None))),
)  # fmt: skip


def row(table, scenario, product):
    return table.filter((pl.col("scenario") == scenario) & (pl.col("product") == product)).row(0, named=True)


def test_each_side_is_set_against_the_first():
    table = side_by_side(TWO)
    first, then = row(table, "s0", "A"), row(table, "s1", "A")
    assert (first["short"], first["cost"], first["change_short"], first["change_outlay"]) == (
        6,
        Decimal("60.5"),
        0,
        Decimal(0),
    )
    assert (then["required"], then["change_required"], then["change_short"]) == (8, -2, -2)


def test_a_cost_without_a_price_is_unknown_and_counted():
    then = row(side_by_side(TWO), "s1", "A")
    assert (then["cost"], then["change_outlay"], then["unpriced"]) == (None, None, 4)


def test_a_product_that_a_scenario_does_not_have_is_none_of_it():
    then = row(side_by_side(TWO), "s1", "B")
    assert (then["required"], then["surplus"], then["cost"], then["change_surplus"]) == (0, 0, Decimal(0), -4)


def test_what_is_not_computable_is_no_zero():
    then = row(side_by_side(TWO), "s1", "C")
    assert (then["required"], then["short"], then["owned"], then["not_computable"]) == (None, None, 2, 1)
    assert row(side_by_side(TWO), "s1", ALL)["not_computable"] == 1


def test_what_the_scenario_orders_itself_is_spent():
    spent = [{"product": "A", "edition": None, "metric": "core", "licenses": 4, "cost": "40.00", "currency": "USD"},
             {"product": "D", "edition": None, "metric": "core", "licenses": 2, "cost": None, "currency": None}]  # fmt: skip
    bought = side(
        "s1",
        "t",
        "",
        {"position": position(("A", None, 10, 8, 2, 0)), "true_up": order(("A", None, 2, "20", "USD"))},
        spent,
    )
    table = side_by_side([TWO[0], bought])
    then, total = row(table, "s1", "A"), row(table, "s1", ALL)
    assert (then["cost"], then["spent"], then["outlay"]) == (Decimal(20), Decimal(40), Decimal(60))
    assert then["change_outlay"] == Decimal("-0.5")
    assert (total["outlay"], total["unpriced"]) == (Decimal(60), 2)
    assert row(table, "s1", "D")["outlay"] is None


def test_amounts_in_two_currencies_are_not_added():
    several = sides(
        (position(("A", None, 2, 0, 2, 0)), order(("A", None, 1, "10", "USD"), ("A", None, 1, "10", "EUR")))
    )
    assert (row(side_by_side(several), "s0", "A")["cost"], row(side_by_side(several), "s0", "A")["currency"]) == (
        None,
        None,
    )


def test_the_schema_is_what_is_said():
    assert side_by_side(TWO).schema == SCHEMA


NUMBERS = st.none() | st.integers(0, 9)
ROWS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["X", None]), NUMBERS, NUMBERS, NUMBERS, NUMBERS), max_size=5
)


@settings(max_examples=30)
@given(first=ROWS, second=ROWS)
def test_the_sums_are_those_of_a_loop(first, second):
    table = side_by_side(sides((position(*first), order()), (position(*second), order())))
    for name, rows in (("s0", first), ("s1", second)):
        for product, edition in {(r[0], r[1]) for r in first + second}:
            mine = [r for r in rows if r[:2] == (product, edition)]
            (found,) = table.filter(
                pl.col("scenario") == name, pl.col("product") == product, pl.col("edition").eq_missing(pl.lit(edition, pl.String))
            ).to_dicts()  # fmt: skip
            for place, measure in ((2, "required"), (3, "owned"), (4, "short"), (5, "surplus")):
                known = [r[place] for r in mine if r[place] is not None]
                assert found[measure] == (sum(known) if known or not mine else None)


def test_lines_show_what_differs_and_count_the_rest():
    same = sides(
        (position(("A", None, 1, 1, 0, 0), ("B", None, 5, 4, 1, 0)), order()),
        (position(("A", None, 1, 1, 0, 0), ("B", None, 4, 4, 0, 0)), order()),
    )
    text = "\n".join(lines(side_by_side(same)))
    assert "B, core" in text
    assert "A, core" not in text
    assert "1 product and edition with no difference" in text


def test_unknown_is_written_as_a_word():
    assert "unknown" in "\n".join(lines(side_by_side(TWO)))


@pytest.mark.parametrize(
    ("unpriced", "unknown", "said"),
    [
        (1, 1, ["Up to 1 license has no price and is in no cost.", "Up to 1 line of the position is not computable"]),
        (2, 0, ["Up to 2 licenses have no price and are in no cost."]),
    ],
)
def test_what_is_in_no_sum_is_counted_in_a_sentence(unpriced, unknown, said):
    rows = [("A", None, 10, 4, 6, 0)] + [("B", None, None, 4, None, None)] * unknown
    text = "\n".join(lines(side_by_side(sides((position(*rows), order(("A", None, unpriced, None, None)))))))
    assert [sentence in text for sentence in said] == [True] * len(said)
    assert ("not computable" in text) == bool(unknown)


def test_a_title_cannot_steer_a_terminal():
    told = sides((position(("A\x1b[2J", None, 1, 0, 1, 0)), order()))
    assert "\x1b" not in "\n".join(lines(side_by_side(told)))


def compared(*titles):
    hostile = [
        side(f"s{n}", title, "", {"position": position(("=cmd()", None, n + 1, 0, n + 1, 0)), "true_up": order()})
        for n, title in enumerate(titles)
    ]
    return Compared(side_by_side(hostile), Path("2026-06-30-abc"), {}, ("<b>careful</b>",))


def test_what_is_saved_is_inert_and_the_same_each_time(tmp_path):
    found = compared("<script>alert(1)</script>", "=HYPERLINK()", "+1", "plain")
    first = scenario_files.save(found, tmp_path / "one", "s")
    second = scenario_files.save(found, tmp_path / "two", "s")
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    files = {p.suffix: p for p in first}
    page = files[".html"].read_text("utf-8")
    assert "<script" not in page
    assert "&lt;b&gt;careful" in page
    assert "<script" not in files[".svg"].read_text("utf-8")
    cells = files[".csv"].read_text("utf-8")
    assert ",'=HYPERLINK()," in cells
    assert ",'+1," in cells
    assert ",'=cmd()," in cells
    assert pl.read_parquet(files[".parquet"]).equals(found.table)


def test_a_file_is_no_folder_to_save_in(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is no folder"):
        scenario_files.save(compared("a"), tmp_path / "file", "s")


def test_the_chart_says_in_words_what_it_draws():
    spec = scenarios_chart(side_by_side(TWO)).to_dict()
    assert "Scenario 0: 6 licenses short. Scenario 1: 4 licenses short." in spec["description"]
    assert len(spec["vconcat"]) == 2


@pytest.mark.parametrize(
    "table", [pl.DataFrame(schema=SCHEMA), side_by_side(sides((position(("A", None, 1, 1, 0, 0)), order())))]
)
def test_a_chart_with_nothing_to_draw_is_a_sentence(table):
    assert scenarios_chart(table).to_dict()["mark"]["type"] == "text"


def test_many_scenarios_and_products_still_fit_a_chart():
    pairs = [(position(*((f"P{p}", None, 9, 0, 9 - p % 3, 0) for p in range(20))), order()) for _ in range(30)]
    spec = scenarios_chart(side_by_side(sides(*pairs))).to_dict()
    assert "The first 15 of 30 scenarios are drawn." in spec["description"]
