"""Numbers, references and the closed list of constructs in the built-in publisher."""

import pytest

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin.pandoc import plain
from tests.report.example_book import HOSTILE, chart, code, document, markdown, notebook, raw, shown, table

INDEX = notebook(markdown("# Control {.unnumbered}"), markdown("## Scope"))


def tbl(label, caption="Rows"):
    return code(f"#| label: {label}\n#| tbl-cap: {caption}\nx", table([("a", 1)]))


def fig(label, caption="Bars"):
    return code(f"#| label: {label}\n#| fig-cap: {caption}\nx", chart())


def nodes(doc, kind):
    return [node for chapter in doc.chapters for node in chapter if node["t"] == kind]


def text(doc, chapter=-1):
    return plain([node for node in doc.chapters[chapter] if node["t"] not in {"Grid", "Chart", "Float"}])


def test_figures_and_tables_count_within_their_chapter_and_sections_below_it():
    doc = document(
        index=notebook(markdown("# Control {.unnumbered}\n\n## Scope"), tbl("tbl-i"), fig("fig-i")),
        n10_a=notebook(raw("---\ntitle: First\n---"), markdown("## A"), tbl("tbl-a"), fig("fig-a"), tbl("tbl-b")),
        n20_b=notebook(
            markdown("# Second {#sec-second}\n\n## B\n\n### B one\n\n### B two\n\n## C {#sec-c}"), fig("fig-c")
        ),
    )
    marks = {node["c"][0]: node["c"][1].said.replace("\N{NO-BREAK SPACE}", " ") for node in nodes(doc, "Float")}
    assert marks == {
        "tbl-i": "Table 1", "fig-i": "Figure 1", "tbl-a": "Table 1.1", "fig-a": "Figure 1.1", "tbl-b": "Table 1.2",
        "fig-c": "Figure 2.1",
    }  # fmt: skip
    assert [(h.number, h.text) for h in doc.headings] == [
        ("", "Control"), ("", "Scope"), ("1", "First"), ("1.1", "A"), ("2", "Second"), ("2.1", "B"), ("2.1.1", "B one"),
        ("2.1.2", "B two"), ("2.2", "C"),
    ]  # fmt: skip


def test_a_title_in_front_matter_may_say_that_its_chapter_has_no_number():
    doc = document(
        index=notebook(raw("---\ntitle: About {.unnumbered}\n---"), tbl("tbl-i")),
        n10_a=notebook(raw("---\ntitle: A\n---")),
    )
    assert [(h.number, h.text) for h in doc.headings] == [("", "About"), ("1", "A")]


def test_references_say_what_they_lead_to_across_chapters():
    doc = document(
        index=notebook(
            markdown(
                "# Control {.unnumbered #sec-control}\n\nSee @tbl-a, [@fig-a; @sec-a], @sec-first, -@tbl-a, @sec-control and "
                "[the first](10_a.ipynb) or [its table](10_a.ipynb#tbl-a)."
            )
        ),
        n10_a=notebook(markdown("# First {#sec-first}\n\n## Hosts {#sec-a}"), tbl("tbl-a"), fig("fig-a")),
    )
    said = text(doc, 0).replace("\N{NO-BREAK SPACE}", " ")
    assert "See Table 1.1, Figure 1.1, Section 1.1, Chapter 1, 1.1, Control and the first or its table." in said
    links = [
        node["c"][2][0]
        for block in doc.chapters[0] if block["t"] == "Para"
        for node in block["c"] if node["t"] == "Link"
    ]  # fmt: skip
    assert links == ["#tbl-a", "#fig-a", "#sec-a", "#sec-first", "#tbl-a", "#sec-control", "#sec-first", "#tbl-a"]


def test_a_table_written_in_markdown_counts_too():
    doc = document(
        n10_a=notebook(markdown("# A\n\nSee @tbl-m.\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n: Steps {#tbl-m}"))
    )
    ((label, mark, caption, _),) = [node["c"] for node in nodes(doc, "Float")]
    assert (label, mark.number, plain(caption)) == ("tbl-m", "1.1", "Steps")


def test_headings_of_the_same_words_have_places_of_their_own():
    doc = document(
        n10_a=notebook(markdown("# A\n\n## Result\n\n## Result")), n20_b=notebook(markdown("# A\n\n## Result"))
    )
    anchors = [heading.anchor for heading in doc.headings]
    assert len(set(anchors)) == len(anchors) == 5


def test_a_callout_has_its_title():
    doc = document(
        n10_a=notebook(markdown("# A\n\n::: {.callout-note}\n## Reading\nText.\n:::\n\n::: {.callout-tip}\nB\n:::"))
    )
    assert [(n["c"][0], plain(n["c"][1]), plain(n["c"][2])) for n in nodes(doc, "Callout")] == [
        ("note", "Reading", "Text."),
        ("tip", "Tip", "B"),
    ]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (markdown("See @tbl-none."), "the reference @tbl-none leads nowhere"),
        (markdown("See @tbl-own, @tbl-onw."), "Did you mean 'tbl-own'?"),
        (markdown("As @smith says."), "the reference @smith leads nowhere"),
        (markdown("[@tbl-own, page 3]"), "has words inside its brackets"),
        (tbl("tbl-own"), "the label 'tbl-own' is taken by 10_a.ipynb, cell 2 (tbl-own)"),
        (markdown("## B {#sec-x}\n\n## C {#sec-x}"), "the label 'sec-x' is taken"),
        (markdown("# Second title"), "'Second title' is of level 1"),
        (markdown("Some <b>bold</b> text."), "HTML or another language in markdown, '<b>',"),
        (markdown("<script>x</script>"), "HTML or another language"),
        (markdown("`x`{=typst}"), "HTML or another language"),
        (markdown("![plan](plan.png)"), "an image from a file"),
        (markdown("{{< pagebreak >}}"), "a Quarto shortcode"),
        (markdown("::: {.panel-tabset}\na\n:::"), "a division other than callout-note"),
        (markdown("::: {.callout-note collapse=true}\na\n:::"), "a division other than"),
        (markdown("[x]{.small}"), "a bracketed span"),
        (markdown("[x](file:///etc/passwd)"), "the link to 'file:///etc/passwd'"),
        (markdown("## B {style='color:red'}"), "a heading with attributes"),
        (markdown("a\n:   b"), "a definition list"),
    ],
)
def test_constructs_outside_the_list_name_their_cell(cell, said):
    with pytest.raises(ReportError) as refused:
        document(n10_a=notebook(markdown("# A"), tbl("tbl-own"), cell))
    assert said in str(refused.value)
    assert str(refused.value).startswith("10_a.ipynb, cell 3")


def test_a_chapter_without_title_is_refused():
    with pytest.raises(ReportError, match=r"10_a\.ipynb has no title"):
        document(n10_a=notebook(code("x", shown(plain="1"))))
    with pytest.raises(ReportError, match="'Deep' is of level 2"):
        document(n10_a=notebook(markdown("## Deep")))


def test_a_comment_in_markdown_is_dropped():
    assert text(document(n10_a=notebook(markdown("# A\n\nText.<!-- note -->\n\n<!-- more -->")))) == "AText."


@pytest.mark.parametrize("hostile", HOSTILE)
def test_markdown_that_a_cell_computed_cannot_act(hostile):
    doc = document(n10_a=notebook(markdown("# A"), tbl("tbl-hosts"), code("x", shown(md=f"VM {hostile} here"))))
    kinds = set()

    def collect(value):
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            kinds.add(value.get("t"))
            if value.get("t") == "Link":
                assert value["c"][2][0] == "#tbl-hosts"
            collect(value.get("c"))

    collect([node for node in doc.chapters[0] if node["t"] != "Float"])
    assert not kinds & {"RawInline", "RawBlock", "Image", "Span", "Div", "Callout", "Cite", "Math"}


def test_a_fence_left_open_in_one_cell_ends_with_it():
    doc = document(n10_a=notebook(markdown("# A\n\n```\ncode"), markdown("Text.")))
    assert doc.chapters[0][-1] == {"t": "Para", "c": [{"t": "Str", "c": "Text."}]}
