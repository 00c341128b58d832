"""The page: one file, nothing loaded from anywhere, nothing of the data alive."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import altair as alt
import pytest

from lmanalytics.errors import ReportError
from lmanalytics.report.builtin.html import write_html
from lmanalytics.report.charts.theme import chart_theme, render
from lmanalytics.report.quarto import outside
from tests.report.example_book import HOSTILE, chart, code, document, edition, markdown, notebook, printed, shown, table

LOADING = {"src", "srcset", "data", "poster", "action", "formaction", "background"}


class Page(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def live_chart(names=("a", "b")):
    rows = [{"name": name, "n": number} for number, name in enumerate(names, 1)]
    built = alt.Chart(alt.InlineData(values=rows)).mark_bar().encode(x="n:Q", y="name:N", tooltip="name:N")
    data = render(built.properties(description="Bars").to_dict() | chart_theme())
    return shown(html=data["text/html"], svg=data["image/svg+xml"], plain=data["text/plain"])


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    rows = [(hostile, number) for number, hostile in enumerate(HOSTILE)]
    doc = document(
        index=notebook(markdown("# Control {.unnumbered}\n\nSee [the terms](https://www.example.org/terms) and @tbl-hosts.")),
        n10_a=notebook(
            markdown("# Position {#sec-p}\n\n$a^2$\n\n## Hosts\n\n::: {.callout-warning}\nBeware.\n:::"),
            code("#| label: tbl-hosts\n#| tbl-cap: Hosts\nx", table(rows, notes=HOSTILE)),
            code("#| label: fig-a\n#| fig-cap: 'Bars, see @tbl-hosts'\nx", live_chart(HOSTILE)),
            code("#| label: fig-b\n#| fig-cap: More\nx", live_chart(("c", "d"))),
            code("x", printed("\n".join(HOSTILE)), *(shown(md=hostile, plain=hostile) for hostile in HOSTILE)),
            code("#| echo: true\n#| code-fold: true\nprint('<b>')"),
        ),
    )  # fmt: skip
    return write_html(doc, edition(tmp_path_factory.mktemp("yml")))


def test_nothing_is_loaded_from_anywhere(page):
    assert outside(page) == []
    read = Page(page)
    for tag, attributes in read.tags:
        for name in LOADING & attributes.keys():
            assert attributes[name].startswith("data:"), (tag, name)
        if tag != "a":
            assert not re.match(r"(https?:)?//", attributes.get("href") or ""), tag
    assert read.all("link") == read.all("iframe") == read.all("object") == []


def test_only_our_programs_may_run(page):
    read = Page(page)
    (policy,) = [m["content"] for m in read.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    programs = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = {"'sha256-" + base64.b64encode(hashlib.sha256(p.encode()).digest()).decode() + "'" for p in programs}
    assert len(programs) == 3
    assert digests == set(re.findall(r"'sha256-[^']+'", policy))
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert {s.get("type") for s in read.all("script")} == {None, "application/json"}


def test_data_stays_text(page):
    read = Page(page)
    handlers = {name for _, attributes in read.tags for name in attributes if name.startswith("on")}
    assert not handlers
    assert not [a for a in read.all("a") if re.match(r"\s*javascript:", a.get("href") or "", re.IGNORECASE)]
    assert not read.all("img")
    said = " ".join("".join(read.text).split())
    for hostile in (
        "<script>alert(1)</script>",
        "$x^2$ $$y$$",
        "=cmd|' /C calc'!A0",
        "</td></table><h1>out</h1>",
        "&lt;b&gt;",
    ):
        assert " ".join(hostile.split()) in said
    assert "\u202e" not in re.sub(r"<script.*?</script>|aria-label=\"[^\"]*\"|<svg.*?</svg>", "", page, flags=re.DOTALL)


def test_references_lead_to_places_that_exist_once(page):
    read = Page(re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a["href"][1:] for a in read.all("a") if a.get("href", "").startswith("#")}
    assert wanted <= set(ids)
    assert {"tbl-hosts", "sec-p", "ch-index"} <= wanted


def test_numbers_captions_and_contents(page):
    text = "".join(Page(page).text).replace("\N{NO-BREAK SPACE}", " ")
    assert "Table 1.1 Hosts" in text
    assert "Figure 1.1 Bars, see Table 1.1" in text
    assert "Chapter 1 Position" in text
    assert "1.1 Hosts" in text
    assert '<math display="inline"' in page
    assert "<details><summary>Code</summary>" in page
    assert "&lt;b&gt;" in page


def test_charts_keep_their_specification_and_inner_names_of_their_own(page):
    specs = re.findall(r'<script type="application/json" class="vl-spec" data-for="(vis-[\w-]+)">(.*?)</script>', page)
    assert len(specs) == 2
    for host, spec in specs:
        assert f'<div class="vega-embed-host" id="{host}"' in page
        json.loads(spec)


def test_two_charts_do_not_share_the_names_inside_their_pictures(tmp_path):
    first, second = chart("a"), chart("b")
    second.data["text/html"] = second.data["text/html"].replace("0123456789abcdef", "fedcba9876543210")
    doc = document(n10_a=notebook(markdown("# A"), code("x", first, second)))
    page = write_html(doc, edition(tmp_path))
    for host in ("vis-0123456789abcdef", "vis-fedcba9876543210"):
        (name,) = set(re.findall(rf'id="({host}-\w+-clip0)"', page))
        assert f"url(#{name})" in page


def test_the_same_chart_in_two_cells_has_two_places(tmp_path):
    doc = document(n10_a=notebook(markdown("# A"), code("x", chart()), code("y", chart())))
    page = write_html(doc, edition(tmp_path))
    hosts = re.findall(r'<div class="vega-embed-host" id="([^"]+)"', page)
    assert len(set(hosts)) == len(hosts) == 2
    assert re.findall(r'class="vl-spec" data-for="([^"]+)"', page) == hosts


@pytest.mark.parametrize("bad", ["<script>x</script>", "<foreignObject>", "<SCRIPT src=x>"])
def test_a_picture_with_a_program_is_refused(tmp_path, bad):
    output = chart()
    output.data["image/svg+xml"] = output.data["image/svg+xml"].replace("</svg>", f"{bad}</svg>")
    doc = document(n10_a=notebook(markdown("# A"), code("x", output)))
    with pytest.raises(ReportError, match=r"10_a\.ipynb, cell 2 .* could run as a program"):
        write_html(doc, edition(tmp_path))


def test_a_picture_is_embedded(tmp_path):
    png = base64.b64encode(b"\x89PNG").decode()
    doc = document(n10_a=notebook(markdown("# A"), code("x", shown(**{"image/png": png, "text/plain": 'a "b"'}))))
    (image,) = Page(write_html(doc, edition(tmp_path))).all("img")
    assert image == {"src": f"data:image/png;base64,{png}", "alt": 'a "b"'}


def test_the_same_document_gives_the_same_bytes(tmp_path):
    made = [
        write_html(document(n10_a=notebook(markdown("# A"), code("x", table([("a", 1)])))), edition(tmp_path))
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert str(tmp_path) not in made[0]


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_charts_come_alive_in_a_browser_without_a_network(page, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND",
        "--enable-logging=stderr", "--virtual-time-budget=10000", f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom",
        path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.count("vega-embed has-actions") == 2
    assert "Content Security Policy" not in done.stderr
    assert "CONSOLE" not in done.stderr


def test_the_cover_names_the_customer_and_the_status_as_text(tmp_path):
    said = replace(edition(tmp_path), customer="<b>Ex</b> & Söhne", status="Short of 3 <i>licenses</i>.")
    page = write_html(document(index=notebook(markdown("# Control"))), said)
    assert '<p class="customer">&lt;b&gt;Ex&lt;/b&gt; &amp; Söhne</p>' in page
    assert '<p class="status"><a href="lines/position.html">Short of 3 &lt;i&gt;licenses&lt;/i&gt;.</a></p>' in page
