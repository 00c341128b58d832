"""Data Docs open offline, hold nothing active, and show untrusted text as text."""

import re
from html.parser import HTMLParser

import polars as pl
import pytest

from lmanalytics.quality import docs
from lmanalytics.quality.checks import ISSUES
from lmanalytics.quality.engine import validate
from lmanalytics.quality.reports import report, write
from lmanalytics.quality.suites import suite_of
from lmanalytics.schemas import CANONICAL

NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "&lt;b&gt; &amp; 'quoted' \"twice\"",
    "$column ${column} {column} %s \\n",
    "</td></tr></table><a href='https://example.com'>x</a>",
    "javascript:alert(1)",
    "\ue000\ue001 private",
    "=cmd()",
]


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    """Results of two tables; every nasty text is a failing value of `hosts`."""
    folder = tmp_path_factory.mktemp("quality")
    for table in ("hosts", "oses"):
        schema = pl.Schema({**CANONICAL[table].schema, ISSUES: pl.String()})
        column = "hypervisor" if table == "hosts" else "ose_id"
        values = NASTY if table == "hosts" else ["vm"]
        frame = pl.DataFrame({column: values}, schema={column: pl.String})
        full = frame.select((pl.col(n) if n == column else pl.lit(None)).cast(t).alias(n) for n, t in schema.items())
        suite = suite_of(table)
        write(report(validate(full.lazy(), suite), suite), folder / f"{table}.json")
    return folder


@pytest.fixture(scope="module")
def pages(quality, tmp_path_factory):
    return {p.stem: p.read_text(encoding="utf-8") for p in docs.write_docs(quality, tmp_path_factory.mktemp("docs"))}


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would see them; insists that tags are closed in order."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.attributes, self.text, self.open = set(), set(), [], []
        self.links = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in {"br", "meta"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_there_is_a_page_per_table_and_an_index(pages):
    assert list(pages) == ["index", "hosts", "oses"]
    assert Reader(pages["index"]).links == ["hosts.html", "oses.html"]


def test_nothing_is_fetched_from_anywhere(pages):
    for page in pages.values():
        assert not re.search(r"(?:src|href)\s*=\s*[\"']?(?:\w+:)?//", page)
        assert "http" not in page.replace("http-equiv", "").replace(NASTY[4].partition("'")[2].partition("'")[0], "")
        assert "default-src 'none'" in page
        assert "url(" not in page
        assert "@import" not in page


def test_only_known_tags_and_attributes_come_through(pages):
    for page in pages.values():
        read = Reader(page)
        frame = {"html", "head", "meta", "title", "style", "body", "h1", "nav", "a"}
        assert read.tags <= docs.TAGS | frame
        assert read.attributes <= {"class", "id", "hidden", "href", "lang", "charset", "http-equiv", "content", "name"}
        assert not read.open
        anchors = set(re.findall(r'id="([^"]+)"', page))
        assert {link[1:] for link in read.links if link.startswith("#")} <= anchors


@pytest.mark.parametrize("text", NASTY)
def test_untrusted_text_is_shown_letter_by_letter(pages, text):
    shown = text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")
    assert shown in Reader(pages["hosts"]).text


def test_a_page_says_what_must_hold_and_what_to_do(pages):
    text = " ".join(Reader(pages["hosts"]).text)
    assert "Hypervisor must be one of esxi, hyper_v" in text
    assert "Correct the row in the export. The rows are quarantined." in text
    assert (
        "Host name should be filled in. Fill in host_name in the export. The rows are used, with this warning." in text
    )


def test_the_same_results_give_the_same_bytes(quality, pages, tmp_path):
    again = {p.stem: p.read_text(encoding="utf-8") for p in docs.write_docs(quality, tmp_path)}
    assert again == pages


def test_no_results_give_an_index_alone(tmp_path):
    assert [p.name for p in docs.write_docs(tmp_path / "none", tmp_path / "docs")] == ["index.html"]
