"""Text in Typst: whatever it holds, it is text; whatever the fonts lack is shown by its number."""

import re

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from lmanalytics.report.builtin.pandoc import texts
from lmanalytics.report.builtin.typst import FONTS, _glyphs, content, covered, inlines, string
from tests.report.example_book import HOSTILE

HEAD = (
    '#set document(title: "t", date: datetime(year: 2026, month: 6, day: 30))\n'
    '#set text(font: "Liberation Sans", lang: "en", hyphenate: false)\n#set page(width: 60cm, height: auto)\n'
)


def compiled(source):
    return typst.compile(
        {"main.typ": (HEAD + source).encode()},
        format="pdf", font_paths=[FONTS], ignore_system_fonts=True, pdf_standards=["a-2a", "ua-1"], timestamp=0,
    )  # fmt: skip


def read_back(source, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(compiled(source))
    return "".join(page.extract_text() for page in PdfReader(path).pages).replace("\u200b", "")


def test_every_character_of_the_font_is_accepted_by_the_archive_standard():
    characters = sorted(_glyphs())
    assert len(characters) > 2000
    assert set("0AzÄßéŁΩЖ€→≤≥…✓⚠\N{MINUS SIGN}\N{EN DASH}") <= set(characters)
    compiled("\n".join("#" + string("".join(characters[n : n + 40])) for n in range(0, len(characters), 40)))


def test_a_character_without_glyph_is_shown_by_its_number():
    assert covered("a中😀b") == "a[U+4E2D][U+1F600]b"
    assert covered("Größe → Ω") == "Größe → Ω"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_printed_as_it_is(hostile, tmp_path):
    shown = "".join(c for c in covered(hostile) if c not in "\u202e\u200b\ufeff\n").replace("[U+202E]", "")
    shown = re.sub(r"\[U\+(FEFF|200B|202E)\]", "", shown)
    said = read_back(f"start{inlines(texts(hostile))}end", tmp_path)
    assert re.sub(r"\s", "", said) == "start" + re.sub(r"\s", "", shown) + "end"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_compiles_to_an_archive_pdf(text):
    compiled(f"[{content([{'t': 'Para', 'c': texts(text)}])}] #[#{string(text)}]")


@given(st.text())
def test_a_literal_is_one_line_and_ends_where_it_should(text):
    literal = string(text)
    assert "\n" not in literal
    assert literal[0] == literal[-1] == '"'
    assert not re.search(r'(?<!\\)(\\\\)*"', literal[1:-1])


def test_long_words_may_break_and_short_ones_may_not():
    digest = "0123456789abcdef" * 4
    assert "\\u{200b}" in inlines(texts(digest))
    assert inlines(texts(digest)).replace("\\u{200b}", "") == f'#"{digest}"'
    assert inlines(texts("esx-001.prod 2026-06-30")) == '#"esx-001.prod 2026-06-30"'


def test_marks_of_a_cell_are_kept():
    cell = [
        {
            "t": "Para",
            "c": [{"t": "Strong", "c": texts("bold")}, {"t": "LineBreak"}, {"t": "Code", "c": [["", [], []], "x"]}],
        },
        {"t": "BulletList", "c": [[{"t": "Plain", "c": texts("one")}]]},
        {"t": "Para", "c": [{"t": "Link", "c": [["", [], []], texts("there"), ["https://a.example/#x", ""]]}]},
        {"t": "Para", "c": [{"t": "Quoted", "c": [{"t": "DoubleQuote"}, texts("said")]}]},
        {"t": "Para", "c": [{"t": "SmallCaps", "c": texts("kept")}]},
    ]
    assert content(cell) == (
        '#strong[#"bold"]#linebreak()#raw("x")#linebreak()#"• "#"one"#linebreak()'
        '#link("https://a.example/#x")[#"there"]#linebreak()#"\\""#"said"#"\\""#linebreak()#"kept"'
    )
