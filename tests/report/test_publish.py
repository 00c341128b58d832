"""From a run to its report: complete or not at all, the same bytes for the same run."""

import json

import nbformat
import pypdf
import pytest
import yaml

from lmanalytics.errors import ReportError, RunError, UsageError
from lmanalytics.report import quarto
from lmanalytics.report.publish import publish
from tests.report.example_book import RUN, code, markdown, notebook, parameters, yml

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SETUP = "import altair as alt\nimport polars as pl\nfrom great_tables import GT\nfrom lmanalytics.report.display import enable\nenable()"
HOST = "<script>alert('vm')</script> $x$ @fig-x \\u4e2d"
TABLE = f"#| label: tbl-a\n#| tbl-cap: Hosts\nGT(pl.DataFrame({{'Host': [{HOST!r}, run_dir], 'Cores': [16, 8]}}))"
BARS = (
    "#| label: fig-a\n#| fig-cap: Bars\nalt.Chart(pl.DataFrame({'a': [1], 'b': ['x']})).mark_bar().encode(x='a', y='b')"
)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    root = tmp_path_factory.mktemp("ws")
    (root / "notebooks").mkdir()
    start = parameters(run_dir="", as_of="")
    index = notebook(markdown("# Control {.unnumbered}"), start, markdown("See @tbl-a."), code("print(as_of)"))
    first = notebook(markdown("# Hosts"), start, code(SETUP), code(TABLE), code(BARS))
    nbformat.write(index, root / "notebooks" / "index.ipynb")
    nbformat.write(first, root / "notebooks" / "10_a.ipynb")
    nbformat.write(notebook(markdown("# Not in the book"), code("1/0")), root / "notebooks" / "scratch.ipynb")
    run = root / "runs" / RUN
    run.mkdir(parents=True)
    (run / "manifest.json").write_text(json.dumps({"as_of": "2026-06-30"}), encoding="utf-8")
    return root, run, yml(root, ["index.ipynb", "10_a.ipynb"])


def go(workspace, reports, **options):
    root, run, book = workspace
    return publish(run, reports, root / "notebooks", book, **{"publisher": "builtin", **options})


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def published(workspace, tmp_path_factory):
    return go(workspace, tmp_path_factory.mktemp("reports"))


def test_one_page_one_pdf_and_the_executed_book(published):
    book = ["book/10_a.ipynb", "book/_quarto.yml", "book/index.ipynb", "book/leads.lua", "book/vega.html"]
    names = [*book, "report.html", "report.pdf"]
    found = list(files(published.folder))
    assert [name for name in found if not name.startswith("lines/")] == names
    assert {"lines/index.html", "lines/explanation.html", "lines/rules.html", "lines/lines.js"} <= set(found)
    assert published.folder.name == RUN
    assert (published.html.name, published.pdf.name, published.publisher) == ("report.html", "report.pdf", "builtin")
    assert [p.name for p in published.folder.parent.iterdir()] == [RUN]


def test_the_page_and_the_pdf_say_the_same(published):
    page = published.html.read_text(encoding="utf-8").replace("<wbr>", "")
    assert "&lt;script&gt;alert('vm')&lt;/script&gt; $x$ @fig-x" in page
    assert page.count("vega-embed-host") == 1
    text = "".join(p.extract_text() for p in pypdf.PdfReader(published.pdf).pages)
    assert "<script>alert('vm')</script> $x$ @fig-x" in text
    for said in ("Table 1.1", "Figure 1.1", "2026-06-30", RUN):
        assert said in text.replace("\N{NO-BREAK SPACE}", " ")


def test_nothing_of_the_machine_is_in_it(published, workspace):
    for name, data in files(published.folder).items():
        assert str(workspace[0]).encode() not in data, name
        assert str(published.folder.parent).encode() not in data, name


def test_again_gives_the_same_bytes_in_the_same_place(published, workspace):
    before = files(published.folder)
    again = go(workspace, published.folder.parent, workers=1)
    assert again.folder == published.folder
    assert files(again.folder) == before
    assert [p.name for p in published.folder.parent.iterdir()] == [RUN]


def test_a_failure_leaves_the_report_that_was_there(published, workspace):
    root, run, _ = workspace
    before = files(published.folder)
    nbformat.write(
        notebook(markdown("# Control"), parameters(run_dir="", as_of=""), code("1/0")), root / "notebooks" / "bad.ipynb"
    )
    (root / "bad").mkdir()
    (root / "notebooks" / "bad.ipynb").rename(root / "bad" / "index.ipynb")
    with pytest.raises(ReportError, match="ZeroDivisionError"):
        publish(run, published.folder.parent, root / "bad", yml(root / "bad", ["index.ipynb"]), publisher="builtin")
    assert files(published.folder) == before
    assert [p.name for p in published.folder.parent.iterdir()] == [RUN]


def test_a_notebook_of_the_book_that_is_absent_is_named(workspace, tmp_path):
    root, run, _ = workspace
    book = yml(tmp_path, ["index.ipynb", "99_z.ipynb"])
    with pytest.raises(ReportError, match=r"99_z\.ipynb is absent"):
        publish(run, tmp_path / "reports", root / "notebooks", book, publisher="builtin")


def test_a_folder_that_is_no_run_is_refused(workspace, tmp_path):
    root, _, book = workspace
    with pytest.raises(RunError, match="is not a finished run"):
        publish(tmp_path, tmp_path / "reports", root / "notebooks", book, publisher="builtin")


def test_quarto_is_asked_for_and_absent(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"Quarto 1\.9 or later is not on PATH"):
        go(workspace, tmp_path / "reports", publisher="quarto")


def test_quarto_publishes_where_it_is_installed(workspace, tmp_path, monkeypatch):
    pages = {"index.html": "<p>cover</p>", "10_a.html": "<p>a</p>"}
    seen = []

    def render(program, folder, into, edition):
        seen.append((program, sorted(p.name for p in folder.iterdir()), edition.run_id))
        into.mkdir()
        for name, page in pages.items():
            (into / name).write_text(page, encoding="utf-8")
        return b"%PDF"

    monkeypatch.setattr(quarto, "find_quarto", lambda: tmp_path / "quarto")
    monkeypatch.setattr(quarto, "render", render)
    done = go(workspace, tmp_path / "reports", publisher="auto")
    assert done.publisher == "quarto"
    assert seen == [(tmp_path / "quarto", ["10_a.ipynb", "_quarto.yml", "index.ipynb", "leads.lua", "vega.html"], RUN)]
    assert {p.name: p.read_text(encoding="utf-8") for p in (done.folder / "html").glob("*.html")} == pages
    assert 'href="../index.html"' in (done.folder / "html" / "lines" / "index.html").read_text(encoding="utf-8")
    assert "html/index.html" in done.html.read_text(encoding="utf-8")
    assert done.pdf.read_bytes() == b"%PDF"


def test_locale_and_paper_change_the_look_alone(workspace, tmp_path):
    done = go(workspace, tmp_path / "reports", locale="de-DE", paper="letter")
    page = done.html.read_text(encoding="utf-8")
    assert "Position as of 30.06.2026" in page
    assert "size: letter" in page
    assert {tuple(map(round, p.mediabox[2:])) for p in pypdf.PdfReader(done.pdf).pages} == {(612, 792)}
    staged = yaml.safe_load((done.folder / "book" / "_quarto.yml").read_text(encoding="utf-8"))
    assert staged["format"]["typst"]["papersize"] == "us-letter"


@pytest.mark.parametrize(("asked", "said"), [({"paper": "a5"}, "no paper 'a5'"), ({"locale": "xx"}, "no locale 'xx'")])
def test_an_unknown_paper_or_locale_is_refused_before_anything_is_executed(workspace, tmp_path, asked, said):
    with pytest.raises(UsageError, match=said):
        go(workspace, tmp_path / "reports", **asked)
    assert not list(tmp_path.glob("reports/*"))
