"""The closed list: which options and outputs a notebook of the report may have."""

from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import ReportError
from lmanalytics.report.cells import cell_name, read_chapter
from lmanalytics.report.cells_options import OPTIONS, split_options
from tests.report.example_book import chapters, chart, code, markdown, notebook, printed, raw, shown, table

TITLE = raw("---\ntitle: Position\n---")


def one(cell, **defaults):
    (chapter,) = chapters(defaults or None, n10_a=notebook(TITLE, cell))
    return chapter.cells[0] if chapter.cells else None


def test_options_are_split_from_code():
    assert split_options("#| label: tbl-a\n#|echo: true\n\nx = 1\n") == ("label: tbl-a\necho: true", "x = 1")
    assert split_options("x = 1\n#| echo: true") == ("", "x = 1\n#| echo: true")
    assert split_options("") == ("", "")


def test_the_title_comes_from_front_matter():
    (chapter,) = chapters(n10_a=notebook(TITLE, markdown("Text.")))
    assert (chapter.name, chapter.title, chapter.cells[0].markdown) == ("10_a", "Position", "Text.")


def test_a_table_has_its_label_and_caption():
    cell = one(code("#| label: tbl-a\n#| tbl-cap: Hosts\nx", table([("a", 1)])))
    assert (cell.label, cell.caption, cell.code) == ("tbl-a", "Hosts", "")
    assert [output.kind for output in cell.outputs] == ["page"]


def test_a_chart_keeps_its_page_its_svg_and_its_description():
    output = one(code("#| label: fig-a\n#| fig-cap: Bars\nx", chart())).outputs[0]
    assert output.kind == "chart"
    assert output.text.startswith("<div class")
    assert output.svg.startswith("<svg")
    assert output.description == "bars by name"


@pytest.mark.parametrize(
    ("source", "defaults", "expected"),
    [
        ("x", {"echo": False}, None),
        ("x", {"echo": True}, ("x", "")),
        ("x", {}, None),
        ("#| echo: true\nx", {"echo": False}, ("x", "")),
        ("#| echo: false\nx", {"echo": True}, None),
        ("#| echo: true\n#| code-fold: true\nx", {"echo": False}, ("x", "Code")),
        ("#| echo: true\n#| code-fold: true\n#| code-summary: How\nx", {"echo": False}, ("x", "How")),
    ],
)
def test_code_is_shown_where_asked(source, defaults, expected):
    cell = one(code(source), **defaults)
    assert (cell and (cell.code, cell.fold)) == expected


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("x", ["printed"]),
        ("#| warning: true\nx", ["printed", "printed"]),
        ("#| output: asis\nx", ["computed"]),
        ("#| output: false\nx", []),
        ("#| include: false\nx", []),
    ],
)
def test_printed_text_warnings_and_hidden_output(source, kinds):
    cell = one(code(source, printed("**out**"), printed("careful", "stderr")))
    assert [output.kind for output in cell.outputs] == kinds if kinds else cell is None


def test_the_best_form_of_an_output_is_taken():
    assert one(code("x", shown(html="<b>a</b>", md="*a*", plain="a"))).outputs[0].kind == "computed"
    assert one(code("x", shown(html="<b>a</b>", plain="a"))).outputs[0].kind == "page"
    assert one(code("x", shown(**{"image/png": "aGk=\n", "text/plain": "fig"}))).outputs[0].text == "aGk="
    assert one(code("x", shown(plain="7"))).outputs[0].text == "7"


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (code("#| layout-ncol: 2\nx"), "the option 'layout-ncol' is not supported"),
        (code("#| lable: tbl-a\nx"), "Did you mean 'label'?"),
        (code("#| echo: maybe\nx"), "'echo', given as 'maybe', is neither true nor false"),
        (code("#| label: Tbl A\nx"), "other characters than a to z"),
        (code("#| fig-cap: ''\nx"), "is not a text"),
        (code("#| : :\nx"), "are no YAML"),
        (code("#| just words\nx"), "are not `name: value`"),
        (code("#| label: tbl-a\nx", table([("a", 1)])), "tbl- needs tbl-cap"),
        (code("#| label: fig-a\n#| tbl-cap: A\nx", chart()), "fig- needs fig-cap"),
        (code("#| tbl-cap: A\nx", table([("a", 1)])), "a caption needs such a label"),
        (code("#| label: tbl-a\n#| tbl-cap: A\nx"), "must show exactly one thing; it shows 0"),
        (code("#| label: tbl-a\n#| tbl-cap: A\nx", table([]), table([])), "it shows 2"),
        (code("#| label: tbl-a\n#| tbl-cap: A\n#| include: false\nx", table([])), "`include: false` hides it"),
        (code("x", shown(**{"application/pdf": "x"})), "an output of type application/pdf is not supported"),
        (raw("<b>raw</b>"), "is a raw cell"),
    ],
)
def test_anything_outside_the_list_is_an_error_that_names_the_cell(cell, said):
    with pytest.raises(ReportError) as refused:
        one(cell)
    assert said in str(refused.value)
    assert str(refused.value).startswith("10_a.ipynb, cell 2")


def test_a_failed_cell_is_no_report():
    failed = nbformat.v4.new_output("error", ename="KeyError", evalue="'x'", traceback=[])
    with pytest.raises(ReportError, match="failed: KeyError: 'x'"):
        one(code("x", failed))


def test_other_front_matter_is_refused():
    with pytest.raises(ReportError, match="front matter 'format' is not supported"):
        chapters(n10_a=notebook(raw("---\ntitle: A\nformat: pdf\n---")))


def test_cells_are_numbered_as_their_author_sees_them():
    cells = notebook(
        TITLE, code("a = 1", tags=["parameters"]), code("a = 2", tags=["injected-parameters"]), markdown("## Hosts {#sec-h}"),
        code("#| label: tbl-a\nx"), code("\n"),
    ).cells  # fmt: skip
    names = [cell_name(cells, index) for index in range(len(cells))]
    assert names[1:2] + names[3:] == ["cell 2 ('a = 1')", "cell 3 ('Hosts')", "cell 4 (tbl-a)", "cell 5"]


def test_parameters_that_were_added_are_never_shown():
    node = notebook(TITLE, code("run_dir = '/srv/me'", tags=["injected-parameters"]))
    assert read_chapter(Path("a.ipynb"), node, {"echo": True}).cells == ()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")))
def test_an_option_with_any_value_is_read_or_refused_with_its_place(text):
    said = ""
    try:
        one(code(f"#| code-summary: {text}\n#| echo: true\nx"))
    except ReportError as error:
        said = str(error)
    assert not said or said.startswith("10_a.ipynb, cell 2")


def test_the_list_is_the_documented_one():
    assert sorted(OPTIONS) == [
        "code-fold", "code-summary", "echo", "fig-alt", "fig-cap", "include", "label", "output", "tbl-cap", "warning",
    ]  # fmt: skip
