"""The docs read well as they are and as a site: pages in the sidebar, one title each, links and anchors that lead somewhere."""

import itertools
import json
import re
import tomllib
from pathlib import Path

import pypandoc
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SITE = yaml.safe_load((DOCS / "_quarto.yml").read_text(encoding="utf-8"))
PAGES = sorted(DOCS.rglob("*.md"))
EVERY = [ROOT / "README.md", *PAGES]
LANGUAGES = {"bash", "bat", "csv", "ini", "json", "powershell", "python", "sql", "text", "toml", "yaml"}
FENCED = re.compile(r"^```(?P<language>\S*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def prose(text):
    """Return a page without its code, in which `#` and `[` mean something else."""
    text = re.sub(r"^(?:    .*\n)+", "", FENCED.sub("", text), flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", lambda match: re.sub(r"[\[\]()<>]", "", match.group(0)), text)


def headings(text):
    return re.findall(r"^(#+) (.+)$", prose(text), re.MULTILINE)


def anchors(text):
    """Return the anchors that GitHub, and the site, give the headings of a page."""
    found = []
    for _, heading in headings(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        same = sum(1 for known in found if known == name or re.fullmatch(re.escape(name) + r"-\d+", known))
        found.append(f"{name}-{same}" if same else name)
    return set(found)


def listed(contents):
    for entry in contents:
        if isinstance(entry, str):
            yield entry
        else:
            yield from listed(entry.get("contents", ()))


def page_id(path):
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", EVERY, ids=page_id)
def test_links_lead_to_a_page_and_a_heading(path):
    for target, _, name in re.findall(
        r"\]\((?!https?://)([^)#\s]*)(?:(#)([^)\s]*))?\)", path.read_text(encoding="utf-8")
    ):
        page = path if not target else (path.parent / target)
        assert page.exists(), target
        assert not name or name in anchors(page.read_text(encoding="utf-8")), f"{target}#{name}"


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_links_of_a_page_stay_on_the_site(path):
    for target in re.findall(r"\]\((?!https?://)([^)#\s]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).resolve().is_relative_to(DOCS), target


@pytest.mark.parametrize("path", EVERY, ids=page_id)
def test_a_page_has_one_title_and_no_level_is_left_out(path):
    text = path.read_text(encoding="utf-8")
    levels = [len(marks) for marks, _ in headings(text)]
    assert text.startswith("# ")
    assert levels.count(1) == 1
    assert all(lower - upper <= 1 for upper, lower in itertools.pairwise(levels))


@pytest.mark.parametrize("path", EVERY, ids=page_id)
def test_code_says_its_language_and_can_be_read(path):
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0
    for match in FENCED.finditer(text):
        language, code = match["language"], match["code"]
        assert language in LANGUAGES, language
        if language == "yaml":
            yaml.safe_load(code)
        elif language == "json":
            json.loads(code)
        elif language == "toml":
            tomllib.loads(code)
        elif language == "python":
            compile(code, path.name, "exec")


@pytest.mark.parametrize("path", EVERY, ids=page_id)
def test_nothing_in_the_text_is_taken_for_a_tag(path):
    assert not re.findall(r"(?<!\\)<(?!https?://)/?[A-Za-z][^>\n]*>", prose(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", EVERY, ids=page_id)
def test_every_row_of_a_table_has_its_columns(path):
    rows = []
    for line in [*prose(path.read_text(encoding="utf-8")).split("\n"), ""]:
        if line.startswith("|"):
            rows.append(len(re.findall(r"(?<!\\)\|", line)))
            continue
        assert len(set(rows)) <= 1, line
        rows = []


@pytest.mark.parametrize("path", PAGES, ids=page_id)
def test_the_site_shows_a_page_as_github_does(path):
    text = path.read_text(encoding="utf-8")
    page = pypandoc.convert_text(text, "html", format=SITE["from"], extra_args=["--wrap=none"])
    assert set(re.findall(r'<h\d id="([^"]*)"', page)) == anchors(text)
    assert page.count("<pre") >= len(FENCED.findall(text))
    assert page.count("<table") == len(re.findall(r"^\|[-|]+\|$", prose(text), re.MULTILINE))


def test_every_page_is_in_the_sidebar_once():
    found = list(listed(SITE["website"]["sidebar"]["contents"]))
    assert len(found) == len(set(found))
    assert set(found) == {path.relative_to(DOCS).as_posix() for path in PAGES}


def test_every_page_of_the_sidebar_is_rendered():
    globs = SITE["project"]["render"]
    assert {path for glob in globs for path in DOCS.glob(glob)} == set(PAGES)


def test_the_bar_above_leads_to_pages():
    for entry in SITE["website"]["navbar"]["left"]:
        assert (DOCS / entry["href"]).is_file()


def test_the_readme_leads_to_the_first_page():
    assert "](docs/index.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
