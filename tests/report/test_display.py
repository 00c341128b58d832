import json
import subprocess
from decimal import ROUND_HALF_EVEN, Decimal
from html.parser import HTMLParser

import polars as pl
import pypandoc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.report.display import LONGEST, UNKNOWN, Grid, Markdown, amount, escape, readable, table_html
from lmanalytics.report.reasons import explained
from lmanalytics.schemas import MONEY
from tests.report.example_run import HOSTILE

FRAME = pl.LazyFrame(
    {
        "name": ["a", "b", None],
        "count": [1234567, None, -5],
        "cost": pl.Series([Decimal("1234.5"), Decimal(0), None], dtype=MONEY),
        "currency": ["USD", "USD", None],
    }
)
COLUMNS = {"name": "Name", "count": "Count", "cost": "Cost"}


class Cells(HTMLParser):
    """The text of each row of a table, and the elements used."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.elements, self.is_cell = [], set(), False
        self.feed(page)

    def handle_starttag(self, tag, _):
        self.elements.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
            self.is_cell = True

    def handle_endtag(self, tag):
        self.is_cell = self.is_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        if self.is_cell:
            self.rows[-1][-1] += data


def cells(table):
    return Cells(table_html(table)).rows


def test_a_table_has_readable_cells_and_says_what_a_dash_means():
    assert cells(Grid(COLUMNS, "Nothing.").show(FRAME)) == [
        ["Name", "Count", "Cost"],
        ["a", "1,234,567", "1,234.50"],
        ["b", UNKNOWN, "0.00"],
        [UNKNOWN, "-5", UNKNOWN],
        ["Amounts in USD."],
        [f"{UNKNOWN} means unknown or not computable. It is never zero."],
    ]


def test_numbers_stand_right_and_text_left():
    page = table_html(Grid(COLUMNS, "Nothing.").show(FRAME))
    assert page.count('class="gt_row gt_right"') == 6
    assert page.count('class="gt_row gt_left"') == 3


def test_an_empty_table_is_a_sentence():
    assert cells(Grid(COLUMNS, "No rows.").show(FRAME.head(0)))[1:] == [["No rows."]]


@pytest.mark.parametrize(("limit", "is_cut"), [(2, True), (3, False), (4, False)])
def test_a_table_that_is_cut_says_so(limit, is_cut):
    notes = [row[0] for row in cells(Grid(COLUMNS, "Nothing.", limit, "rows.parquet").show(FRAME)) if len(row) == 1]
    said = "The first 2 of 3 rows; 1 more are not shown. They are in rows.parquet of the run folder."
    assert (said in notes) is is_cut


def test_a_sum_is_over_all_rows_and_unknown_over_an_unknown():
    known = FRAME.with_columns(pl.col("count").fill_null(10))
    rows = cells(Grid(COLUMNS, "Nothing.", 1, sums=("count", "cost")).show(known))
    assert rows[2] == ["Total", "1,234,572", UNKNOWN]


def test_amounts_of_two_currencies_are_not_added():
    money = pl.Series([1, 2, 3], dtype=MONEY)
    mixed = FRAME.with_columns(cost=money, currency=pl.Series(["USD", "EUR", "EUR"]))
    rows = cells(Grid({"name": "Name", "cost": "Cost"}, "Nothing.", sums=("cost",)).show(mixed))
    assert ["Total", UNKNOWN] in rows
    assert ["Amounts in EUR and USD."] in rows


def test_a_reason_is_a_number_whose_sentence_stands_below():
    frame = pl.LazyFrame({"rule": ["m", "n", "m", "m"], "reason": ["short", "short", "odd_case", None]})
    reasons = {"m.short": "Too few.", "short": "Short.", "n.other": "x"}
    rows = cells(Grid({"reason": "Why"}, "Nothing.", reasons=reasons).show(frame))
    assert [row[0] for row in rows[1:]] == [
        "1",
        "2",
        "3",
        UNKNOWN,
        "1: Too few.",
        "2: Short.",
        "3: odd case",
        rows[-1][0],
    ]


def test_a_reason_without_any_sentence_is_said_in_words():
    frame = pl.DataFrame({"rule": ["m"], "reason": ["no_rule"]})
    assert frame.select(explained({})).item() == frame.select(explained({"a": "b"})).item() == "no rule"


def test_marked_cells_are_bold_and_colored():
    page = table_html(Grid(COLUMNS, "Nothing.", strong={"count": pl.col("count") > 0}).show(FRAME))
    assert page.count("color: #a84300") == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_exports_stays_text_in_a_table(text):
    frame = pl.LazyFrame({"heading": [text], "text": [text], "list": [[text, text]], "rule": ["r"], "reason": [text]})
    columns = {"heading": "", "text": "Text", "list": "List", "reason": "Why"}
    page = table_html(Grid(columns, "Nothing.", heading="heading").show(frame))
    assert Cells(page).elements == {"div", "style", "table", "thead", "tbody", "tfoot", "tr", "th", "td", "span"}
    visible = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    assert " ".join(cells(Grid(columns, "", heading="heading").show(frame))[2][0].split()) == visible


def test_a_long_text_is_cut():
    text = pl.DataFrame({"text": ["x" * (LONGEST + 1)]}).select(readable(pl.col("text"), "text")).item()
    assert text == "x" * LONGEST + "\N{HORIZONTAL ELLIPSIS}"


def test_the_same_table_has_the_same_bytes():
    first, second = (table_html(Grid(COLUMNS, "Nothing.").show(FRAME)) for _ in range(2))
    assert first == second


@given(st.lists(st.integers(-(2**62), 2**62) | st.none(), min_size=1))
def test_counts_have_thousands_separators(values):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64)})
    expected = [UNKNOWN if v is None else f"{v:,}" for v in values]
    assert frame.select(readable(pl.col("x"), "number")).to_series().to_list() == expected


@given(st.lists(st.decimals(-(10**20), 10**20, places=4) | st.none(), min_size=1))
def test_money_has_two_decimals(values):
    frame = pl.DataFrame({"x": pl.Series(values, dtype=MONEY)})
    rounded = [v if v is None else v.quantize(Decimal("0.01"), ROUND_HALF_EVEN) + 0 for v in values]
    expected = [UNKNOWN if v is None else f"{v:,}" for v in rounded]
    assert frame.select(readable(pl.col("x"), "money")).to_series().to_list() == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234, "", "1,234"),
        (0, "", "0"),
        (Decimal("1234.5000"), "USD", "1,234.50 USD"),
        (None, "USD", "an unknown amount"),
        (None, "", "an unknown number"),
        (Decimal(1), "<b>", "1.00 \\<b\\>"),
    ],
)
def test_an_amount_reads_as_a_person_writes_it(value, unit, expected):
    assert amount(value, unit) == expected


@pytest.mark.parametrize("reader", ["markdown", "commonmark_x", "gfm"])
def test_escaped_text_is_nothing_but_text(reader):
    document = "\n\n".join(f"**{escape(text)}** end" for text in HOSTILE)
    result = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", reader, "-t", "json"],
        input=document.encode(),
        capture_output=True,
        check=True,
    )
    blocks = json.loads(result.stdout)["blocks"]
    assert [block["t"] for block in blocks] == ["Para"] * len(HOSTILE)
    for block, text in zip(blocks, HOSTILE, strict=True):
        strong = block["c"][0]
        assert strong["t"] == "Strong"
        assert {inline["t"] for inline in strong["c"]} <= {"Str", "Space"}
        said = "".join(inline.get("c", " ") for inline in strong["c"])
        assert said.replace("\u2019", "'") == " ".join(
            "".join(c for c in text if c.isprintable() or c.isspace()).split()
        )


def test_markdown_is_a_string_that_a_notebook_renders():
    assert Markdown("**a**")._repr_markdown_() == "**a**" == Markdown("**a**")
