"""The PDF: tagged, for archives, its text readable and its numbers those of the page."""

import re
from dataclasses import replace

import polars as pl
import pypdf
import pytest
from great_tables import GT

from lmanalytics.report.builtin.html import write_html
from lmanalytics.report.builtin.pdf import write_pdf
from lmanalytics.report.builtin.typst import covered
from tests.report.example_book import (
    HOSTILE,
    YML,
    chart,
    code,
    document,
    edition,
    markdown,
    notebook,
    printed,
    shown,
    table,
)

ROWS = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    rows = [(hostile, number) for number, hostile in enumerate(HOSTILE)]
    doc = document(
        index=notebook(markdown("# Control {.unnumbered}\n\nSee @tbl-long and <https://www.example.org/terms>.")),
        n10_a=notebook(
            markdown(
                "# Position\n\n*Text* $\\lceil a \\rceil$ \u4e2d\n\n$$\\sum_i x_i$$\n\n## Hosts {#sec-h}\n\n"
                "::: {.callout-note}\nBeware.\n:::\n\n1. one\n2. two\n\n> quote\n\n---\n\nNote.[^1]\n\n[^1]: Foot.\n"
            ),
            code("#| label: tbl-hosts\n#| tbl-cap: Hosts\nx", table(rows, notes=HOSTILE)),
            code("#| label: fig-a\n#| fig-cap: 'Bars, see @tbl-hosts and @sec-h'\nx", chart("\u4e2d <script> & more")),
            code("#| label: tbl-long\n#| tbl-cap: Long\nx", table([(f"row {n}", n) for n in range(ROWS)], ("Name", "Cores"))),
            code("x", printed("\n".join(HOSTILE)), *(shown(md=hostile, plain=hostile) for hostile in HOSTILE)),
            code("#| echo: true\nprint('a')"),
        ),
        n20_b=notebook(markdown("# Second\n\n## Wide"), code("x", table([["x" * 40, *range(13)]], tuple("abcdefghijklmn")))),
    )  # fmt: skip
    where = edition(tmp_path_factory.mktemp("yml"))
    path = tmp_path_factory.mktemp("pdf") / "report.pdf"
    path.write_bytes(write_pdf(doc, where))
    return doc, where, path


@pytest.fixture(scope="module")
def reader(made):
    return pypdf.PdfReader(made[2])


@pytest.fixture(scope="module")
def pages(reader):
    return [page.extract_text().replace("\N{NO-BREAK SPACE}", " ").replace("\u200b", "") for page in reader.pages]


def test_it_is_tagged_and_for_archives(reader):
    catalog = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in catalog
    assert catalog["/Lang"] == "en"
    metadata = reader.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_it_carries_the_run_and_its_day_and_nothing_of_the_clock(reader, pages):
    assert reader.metadata.title == "Microsoft License Position"
    assert (reader.metadata.creation_date.year, reader.metadata.creation_date.month) == (2026, 6)
    assert "2026-06-30-0123456789ab" in pages[0]
    assert all("2026-06-30-0123456789ab" in page for page in pages[1:])
    assert all(f"{n} / {len(pages)}" in page for n, page in enumerate(pages[1:], 2))


def test_only_shipped_fonts_are_inside(reader):
    fonts = set()
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            fonts.add(font.get_object()["/BaseFont"].split("+")[-1])
    assert fonts
    assert all(re.match(r"/?(LiberationSans|DejaVuSansMono|NewComputerModernMath|NewCMMath|LibertinusSerif)", f.lstrip("/")) for f in fonts)  # fmt: skip


def test_a_long_table_repeats_its_heading(pages):
    holding = [page for page in pages if re.search(r"\brow \d+\b", page)]
    assert len(holding) > 1
    assert all("Cores" in page for page in holding)
    assert [int(n) for page in holding for n in re.findall(r"\brow (\d+)\b", page)] == list(range(ROWS))


def test_hostile_text_is_printed(pages):
    said = re.sub(r"\s", "", "".join(pages))
    for hostile in HOSTILE[:-4]:
        clean = re.sub(r"\s", "", covered(hostile).replace("[U+202E]", ""))
        assert clean in said


def test_numbers_are_those_of_the_page(made, pages):
    doc, where, _ = made
    page = re.sub(r"<script.*?</script>|<[^>]+>", "", write_html(doc, where), flags=re.DOTALL).replace(
        "\N{NO-BREAK SPACE}", " "
    )
    numbered = r"(?:Figure|Table|Section|Chapter) \d+(?:\.\d+)*"
    printed_pages = re.sub(r"CHAPTER (\d)", r"Chapter \1", "\n".join(pages))
    assert set(re.findall(numbered, page)) == set(re.findall(numbered, printed_pages))
    assert {"Figure 1.1", "Table 1.1", "Table 1.2", "Section 1.1"} <= set(re.findall(numbered, printed_pages))
    headings = {f"{h.number} {h.text}" for h in doc.headings if h.number and h.level == 2}
    assert all(heading in re.sub(r"[ ]+", " ", printed_pages) for heading in headings)


def test_contents_come_after_the_title_page(pages):
    assert pages[1].splitlines().count("Contents") == 1
    assert re.search(r"1\.1\s+Hosts", pages[1])


def test_the_same_document_gives_the_same_bytes(made):
    doc, where, path = made
    assert write_pdf(doc, where) == path.read_bytes()


def test_an_author_and_no_contents(tmp_path):
    text = YML.replace("toc: true", "toc: false").replace(
        "  subtitle: As it is\n", "  author: 'Controlling \"A\" #x'\n"
    )
    doc = document(index=notebook(markdown("# A")))
    path = tmp_path / "a.pdf"
    path.write_bytes(write_pdf(doc, edition(tmp_path, text=text)))
    reader = pypdf.PdfReader(path)
    assert reader.metadata.author == 'Controlling "A" #x'
    assert len(reader.pages) == 2


def test_the_cover_names_the_customer_and_the_status_as_text(tmp_path):
    said = replace(edition(tmp_path), customer="Ex & #panic() GmbH", status="Short of 3 *licenses*.")
    path = tmp_path / "report.pdf"
    path.write_bytes(write_pdf(document(index=notebook(markdown("# Control"))), said))
    cover = pypdf.PdfReader(path).pages[0].extract_text()
    assert "Ex & #panic() GmbH" in cover
    assert "Short of 3 *licenses*." in cover


def test_the_heading_of_a_group_comes_again_on_the_next_page(tmp_path):
    rows = GT(
        pl.DataFrame({"region": ["North"] * ROWS, "host": [f"host {n}" for n in range(ROWS)]}), groupname_col="region"
    )
    path = tmp_path / "report.pdf"
    made = document(index=notebook(markdown("# Control"), code("x", shown(html=rows.as_raw_html()))))
    path.write_bytes(write_pdf(made, edition(tmp_path)))
    said = [page.extract_text() for page in pypdf.PdfReader(path).pages if "host " in page.extract_text()]
    assert len(said) > 1
    assert all("North" in page for page in said)
