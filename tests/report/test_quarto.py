"""Publishing with Quarto: the command line, what is dropped from its pages, and its failures."""

import sys

import nbformat
import pytest

from lmanalytics.errors import ReportError
from lmanalytics.report import quarto
from lmanalytics.report.book import stage
from lmanalytics.report.charts.vega import header_html
from tests.report.example_book import DAY, RUN, chart, code, edition, markdown, notebook, table

FAKE = """\
#!{python}
import os, sys
from pathlib import Path
log = Path({log!r})
if sys.argv[1:] == ["--version"]:
    print("{version}"); raise SystemExit
with log.open("a") as f:
    f.write(" ".join(sys.argv[1:]) + " SOURCE_DATE_EPOCH=" + os.environ["SOURCE_DATE_EPOCH"] + "\\n")
if {fail}:
    print("processing"); print("ERROR: no such thing in", sys.argv[2], file=sys.stderr); raise SystemExit(3)
made = Path(sys.argv[2]) / "_book"
made.mkdir()
if sys.argv[4] == "html":
    (made / "index.html").write_text({page!r}); (made / "10_a.html").write_text("<p>a</p>")
    (made / "site_libs").mkdir(); (made / "site_libs" / "a.js").write_text("1")
elif not {no_pdf}:
    (made / "Report.pdf").write_bytes(b"%PDF")
"""
CDN = (
    '<script src="https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js" integrity="x"></script>\n'
    '<script src="https://cdnjs.cloudflare.com/ajax/libs/jquery/3.5.1/jquery.min.js" crossorigin="anonymous"></script>\n'
    "<script type=\"application/javascript\">define('jquery', [],function() {return window.jQuery;})</script>\n"
    '<link href="https://fonts.example.com/x.css" rel="stylesheet">'
)


@pytest.fixture
def fake(tmp_path, monkeypatch):
    def install(version="1.9.38", *, page="<p>ok</p>", fail=False, no_pdf=False):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "quarto"
        log = tmp_path / "log"
        program.write_text(
            FAKE.format(python=sys.executable, log=str(log), version=version, page=page, fail=fail, no_pdf=no_pdf),
            encoding="utf-8",
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return log

    return install


@pytest.mark.parametrize(
    ("version", "is_found"), [("1.8.27", False), ("1.9.0", True), ("1.10.19", True), ("2.0", True), ("?", False)]
)
def test_quarto_is_taken_from_the_version_on_that_makes_typst_books(fake, version, is_found):
    fake(version)
    assert (quarto.find_quarto() is not None) == is_found


def test_no_quarto_on_path(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert quarto.find_quarto() is None


def test_the_book_is_rendered_twice_and_nothing_is_executed(fake, tmp_path):
    log = fake(page=f"<head>{CDN}</head><p>ok</p>")
    book = tmp_path / "book"
    book.mkdir()
    pdf = quarto.render(quarto.find_quarto(), book, tmp_path / "html", edition(tmp_path))
    pages = {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "html").glob("*.html")}
    assert log.read_text(encoding="utf-8").splitlines() == [
        f"render {book} --to html --no-execute SOURCE_DATE_EPOCH=1782777600",
        f"render {book} --to typst --no-execute SOURCE_DATE_EPOCH=1782777600",
    ]
    assert sorted(pages) == ["10_a.html", "index.html"]
    assert (tmp_path / "html" / "site_libs" / "a.js").read_text(encoding="utf-8") == "1"
    assert "https://" not in pages["index.html"]
    assert pages["index.html"].endswith("<p>ok</p>")
    assert pdf == b"%PDF"
    assert not (book / "_book").exists()


def test_a_failure_ends_with_what_quarto_said_last(fake, tmp_path):
    fake(fail=True)
    with pytest.raises(ReportError) as failed:
        quarto.render(quarto.find_quarto(), tmp_path, tmp_path / "html", edition(tmp_path))
    assert "`quarto render --to html` failed with exit code 3" in str(failed.value)
    assert "ERROR: no such thing in ." in str(failed.value)
    assert str(tmp_path) not in str(failed.value)


def test_a_missing_file_is_a_failure(fake, tmp_path):
    fake(no_pdf=True)
    with pytest.raises(ReportError, match="Quarto ended without the PDF"):
        quarto.render(quarto.find_quarto(), tmp_path, tmp_path / "html", edition(tmp_path))


@pytest.mark.parametrize(
    "page",
    [
        '<img src="https://a.example/x.png">',
        "<iframe src=http://a.example></iframe>",
        '<style>@import "https://a.example/x.css";</style>',
        "<div style=\"background: url('http://a.example/x.png')\"></div>",
        '<video poster="x" src="https://a.example/v.mp4"></video>',
    ],
)
def test_an_address_that_would_be_loaded_is_refused(page):
    with pytest.raises(ReportError, match=r"index\.html would load"):
        quarto.offline(page, "index.html")


def test_links_for_readers_and_addresses_inside_programs_are_none():
    page = '<a href="https://a.example">a</a><script>x = "<img src=https://a.example>"</script><svg xmlns="http://www.w3.org/2000/svg"/>'
    assert quarto.outside(page) == []
    assert quarto.offline(page, "x") == page


@pytest.mark.slow
@pytest.mark.skipif(not quarto.find_quarto(), reason="Quarto 1.9 or later is not on PATH")
def test_quarto_itself_gives_the_same_numbers(tmp_path):
    nodes = {
        "index.ipynb": notebook(markdown("# Control {.unnumbered}\n\nSee @tbl-a and @sec-b.")),
        "10_a.ipynb": notebook(
            markdown("# First\n\n## B {#sec-b}"),
            code("#| label: tbl-a\n#| tbl-cap: Rows\nx", table([("a", 1)])),
            code("#| label: fig-a\n#| fig-cap: Bars\nx", chart()),
        ),
    }
    book = tmp_path / "book"
    book.mkdir()
    for name, node in nodes.items():
        nbformat.write(node, book / name)
    where = edition(tmp_path, list(nodes))
    stage(tmp_path / "_quarto.yml", where, book, header_html())
    pdf = quarto.render(quarto.find_quarto(), book, tmp_path / "html", where)
    pages = {p.name: p.read_text(encoding="utf-8") for p in (tmp_path / "html").glob("*.html")}
    assert (where.run_id, where.as_of) == (RUN, DAY)
    assert pdf.startswith(b"%PDF")
    assert "Table&nbsp;1.1" in pages["index.html"]
    assert "Section&nbsp;1.1" in pages["index.html"]
    assert "Figure&nbsp;1.1" in pages["10_a.html"]
