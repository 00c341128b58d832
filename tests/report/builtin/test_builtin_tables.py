"""Tables: what great_tables says with classes and styles arrives in HTML and in print."""

import re

import polars as pl
import pytest
from great_tables import GT, loc, style

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin.closed import inert
from lmanalytics.report.builtin.pandoc import HTML, parse, plain, write
from lmanalytics.report.builtin.tables import html_table, read_grid, typst_table
from tests.report.example_book import HOSTILE


def grid(page):
    (blocks,) = parse([(HTML, page)])
    (table,) = [node for node in inert(blocks) if node["t"] == "Table"]
    return read_grid("a.ipynb, cell 1", table)


@pytest.fixture(scope="module")
def rich():
    frame = pl.DataFrame(
        {"c": ["East", "East", "West"], "n": ["a", "b", "c"], "k": [1, 20, 1300], "d": ["x", "y", "z"]}
    )
    table = (
        GT(frame, groupname_col="c").cols_label(n="Name", k="Count", d="Side").cols_align("right", columns="k")
        .cols_align("center", columns="d").tab_spanner("Both", ["k", "d"]).tab_header("Title").fmt_integer("k")
        .tab_style(style.fill("#ffeecc"), loc.body(columns="k", rows=[1]))
        .tab_style(style.text(weight="bold", color="rgb(213, 94, 0)"), loc.body(columns="n", rows=[2]))
        .tab_source_note("A note.")
    )  # fmt: skip
    return grid(table.as_raw_html())


def test_roles_sides_and_marks_are_read(rich):
    assert rich.columns == 3
    assert [(plain(c.blocks), c.role, c.columns) for c in rich.head[0]] == [("Title", "title", 3)]
    assert ("Both", "spanner", 2) in [(plain(c.blocks), c.role, c.columns) for row in rich.head for c in row]
    cells = [[(plain(c.blocks), c.side, c.role) for c in row] for row in rich.body]
    assert cells == [
        [("East", "left", "group")],
        [("a", "left", ""), ("1", "right", ""), ("x", "center", "")],
        [("b", "left", ""), ("20", "right", ""), ("y", "center", "")],
        [("West", "left", "group")],
        [("c", "left", ""), ("1,300", "right", ""), ("z", "center", "")],
    ]
    assert rich.body[2][1].fill == "#ffeecc"
    assert (rich.body[4][0].ink, rich.body[4][0].is_bold) == ("#d55e00", True)
    assert [plain(note) for note in rich.notes] == ["A note."]


def test_html_keeps_marks_and_no_style_of_its_own(rich):
    page = write([html_table(rich)], "html5")
    assert '<td class="right short" style="background-color:#ffeecc">20</td>' in page
    assert '<td style="color:#d55e00;font-weight:bold">c</td>' in page
    assert '<td colspan="3" class="group">East</td>' in page
    assert 'scope="col"' in page
    assert "gt_" not in page
    assert "<style" not in page


def test_print_repeats_the_heading_and_keeps_marks(rich):
    source = typst_table(rich)
    head, body = source.split("\n", 1)
    assert head.startswith("#data-table(((5, 33), (5, 36), (1, 10),), (left, right, center,), (")
    assert '"Count"' in head
    assert '"A note."' in head
    assert 'table.cell(fill: rgb("#ffeecc"), [#box[#"20"]])' in body
    assert 'fill: rgb("#d55e00"), weight: "bold"' in body
    assert "table.header(level: 2, table.cell(colspan: 3, align: left, fill: group-fill" in body


def test_long_words_may_break_on_a_page_and_copy_whole():
    digest = "0123456789ab" * 3
    page = write([html_table(grid(GT(pl.DataFrame({"digest": [digest]})).as_raw_html()))], "html5")
    assert "0123456789ab<wbr>0123456789ab<wbr>0123456789ab" in page.replace("\n", "")


def test_one_long_cell_does_not_starve_the_other_columns():
    words = ["word " * 8] * 20
    source = typst_table(grid(GT(pl.DataFrame({"a": words, "b": [*words[1:], "word " * 80]})).as_raw_html()))
    usual, long = (int(share) for _, share in re.findall(r"\((\d+), (\d+)\)", source.split("(left")[0]))
    assert usual < long < 5 * usual


def test_an_unknown_color_is_refused_with_its_place():
    page = '<table><tr><td style="color: rebeccapurple">a</td></tr></table>'
    with pytest.raises(ReportError, match=r"a\.ipynb, cell 1: the color 'rebeccapurple'"):
        grid(page)


@pytest.mark.parametrize(
    ("written", "read"),
    [("#FFF", "#fff"), ("#d55e00 !important", "#d55e00"), ("rgb(1, 22, 255)", "#0116ff"), ("inherit", ""), ("", "")],
)
def test_colors_are_read(written, read):
    page = f'<table><tr><td style="background-color: {written}; border-top: 3px solid red">a</td></tr></table>'
    assert grid(page).body[0][0].fill == read


def test_a_frame_without_great_tables_is_a_table_too():
    read = grid(pl.DataFrame({"name": ["<i>x</i>"], "n": [1]})._repr_html_())
    assert "<i>x</i>" in plain([cell.blocks for row in read.body for cell in row])


def test_a_hostile_table_stays_text_in_both():
    read = grid(GT(pl.DataFrame({"vm": HOSTILE, "n": range(len(HOSTILE))})).as_raw_html())
    assert len(read.body) == len(HOSTILE)
    page = write([html_table(read)], "html5")
    assert page.count("<tr>") + page.count("<tr ") == len(HOSTILE) + 1
    for tag in ("<script", "<img", "<svg", "<h1", "<b>"):
        assert tag not in page
    assert plain(read.body[0][0].blocks) == HOSTILE[0]
