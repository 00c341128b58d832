"""`_quarto.yml`: what both publishers honor, and what neither is asked for."""

from pathlib import Path

import pytest
import yaml

from lmanalytics.errors import ReportError
from lmanalytics.report.book import HEADER, Edition, read_book, stage
from tests.report.example_book import DAY, RUN, YML, yml

ROOT = Path(__file__).parents[2]


def test_the_book_is_read(tmp_path):
    book = read_book(yml(tmp_path, ["index.ipynb", "10_a.ipynb"]))
    assert book.title == "Microsoft License Position"
    assert book.chapters == ("index.ipynb", "10_a.ipynb")
    assert book.execute == {"echo": False, "warning": False}
    assert (book.lang, book.toc_depth, book.number_sections) == ("en", 2, True)


def test_no_contents_where_toc_is_false(tmp_path):
    assert read_book(yml(tmp_path, ["index.ipynb"], YML.replace("toc: true", "toc: false"))).toc_depth == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("type: book", "type: website", "project.type must be `book`"),
        ("[CHAPTERS]", "[]", "starts with index.ipynb"),
        ("[CHAPTERS]", "[10_a.ipynb, index.ipynb]", "starts with index.ipynb"),
        ("[CHAPTERS]", "[index.ipynb, sub/10_a.ipynb]", "without folders"),
        ("[CHAPTERS]", "[index.ipynb, {part: A}]", "without folders or parts"),
        ("enabled: false", "enabled: true", "executed once, by papermill"),
        ("toc-depth", "toc-deep", "toc-deep is not supported by every publisher. Did you mean 'toc-depth'?"),
        ("  subtitle", "  subtitel", "book.subtitel is not supported by every publisher. Did you mean 'subtitle'?"),
        ("project: {", "project: {{", "is no YAML"),
    ],
)
def test_what_one_publisher_only_would_honor_is_refused(tmp_path, old, new, said):
    with pytest.raises(ReportError) as refused:
        read_book(yml(tmp_path, ["index.ipynb"], YML.replace(old, new)))
    assert said in str(refused.value)


def test_an_absent_file_is_named(tmp_path):
    with pytest.raises(ReportError, match="is absent"):
        read_book(tmp_path / "_quarto.yml")


def test_the_staged_copy_says_which_run_and_date(tmp_path):
    path = yml(tmp_path, ["index.ipynb"])
    into = tmp_path / "book"
    into.mkdir()
    stage(path, Edition(read_book(path), RUN, DAY), into, "<script></script>")
    staged = yaml.safe_load((into / "_quarto.yml").read_text(encoding="utf-8"))
    original = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert staged["run-id"] == RUN
    assert staged["book"].pop("date") == "2026-06-30"
    assert staged["format"]["typst"].pop("filters") == [{"path": "leads.lua", "at": "post-quarto"}]
    assert (into / "leads.lua").is_file()
    assert {k: v for k, v in staged.items() if k != "run-id"} == original
    assert (into / HEADER).read_text(encoding="utf-8") == "<script></script>"
    assert staged["format"]["html"]["include-in-header"] == HEADER


def test_the_book_of_the_repository_lists_every_notebook():
    book = read_book(ROOT / "_quarto.yml")
    assert set(book.chapters) == {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert list(book.chapters[1:]) == sorted(book.chapters[1:])


@pytest.mark.parametrize(("size", "paper"), [("a4", "a4"), ("us-letter", "letter"), ("letter", "letter")])
def test_the_paper_is_read_and_staged(tmp_path, size, paper):
    path = yml(tmp_path, ["index.ipynb"])
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["format"]["typst"]["papersize"] = size
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    book = read_book(path)
    assert book.paper == paper
    (tmp_path / "book").mkdir()
    stage(path, Edition(book, RUN, DAY, paper="letter"), tmp_path / "book", "")
    staged = yaml.safe_load((tmp_path / "book" / "_quarto.yml").read_text(encoding="utf-8"))
    assert staged["format"]["typst"]["papersize"] == "us-letter"


def test_an_unknown_paper_is_refused(tmp_path):
    path = yml(tmp_path, ["index.ipynb"])
    path.write_text(path.read_text(encoding="utf-8").replace("a4", "a7"), encoding="utf-8")
    with pytest.raises(ReportError, match=r"papersize is 'a7'. It may be a4 or us-letter"):
        read_book(path)
