"""The pages beside a report: every line, bounded in number and size, as text alone; each subject with its explanation."""

import json
import re
from decimal import Decimal
from html.parser import HTMLParser

import polars as pl
import pytest

from lmanalytics.report.lines import explained, tables
from lmanalytics.report.lines import folder as laying
from lmanalytics.report.lines.folder import lay
from lmanalytics.report.lines.tables import RELATED, label, lines_of
from lmanalytics.report.locales import writing
from lmanalytics.report.run import open_run
from lmanalytics.rules.trace import EXPLANATION
from lmanalytics.schemas import ANSWERS, CANONICAL
from tests.report.example_run import hostile, save, usual


class Page(HTMLParser):
    """What a page refers to, and the data in it."""

    def __init__(self, path):
        super().__init__()
        self.targets, self.data, self._is_data = [], "", False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.targets += [named[name] for name in ("href", "src") if name in named]
        self._is_data = tag == "script" and named.get("type") == "application/json"

    def handle_endtag(self, _):
        self._is_data = False

    def handle_data(self, data):
        self.data += data if self._is_data else ""


def explaining(_, subjects):
    """Stand in for the rules: two lines for each subject, one of them under a longer name."""
    lines = [
        {
            "subject": subject + more,
            "rule": "windows_server_cores.cores_to_license",
            "value": "16",
            "clause": "A clause",
        }
        for subject in sorted(subjects)
        for more in ("", " of Windows Server")
    ]
    return pl.DataFrame(lines, schema=EXPLANATION)


@pytest.fixture(autouse=True, scope="module")
def _explained():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explained, "explain_many", explaining)
        yield


def part(path):
    """Read the value that a script hands to its page."""
    return json.loads(re.fullmatch(r"lines\((.*)\);\n", path.read_text(encoding="utf-8"), re.DOTALL)[1])


def table(folder, name):
    about = json.loads(Page(folder / f"{name}.html").data)
    parts = [part(folder / f"{name}-{n}.js") for n in range(1, about["chunks"] + 1)]
    columns = [column["name"] for column in about["columns"]]
    return {name: [cell for one in parts for cell in one[n]] for n, name in enumerate(columns)}, about


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "2026-06-30-example"
    usual(folder)
    (folder / "facts").mkdir()
    return open_run(folder)


@pytest.fixture(scope="module")
def laid(run, tmp_path_factory):
    return lay(run, tmp_path_factory.mktemp("report"), "../report.html")


def test_every_answer_and_every_given_table_has_a_page(run, laid):
    answers = [name for name in ANSWERS if (run.path / f"{name}.parquet").exists()]
    index = Page(laid / "index.html").targets
    for name in (*answers, *run.tables):
        cells, _ = table(laid, name)
        frame = run.answer(name) if name in ANSWERS else run.accepted(name)
        assert {len(column) for column in cells.values()} <= {frame.collect().height}
        assert f"{name}.html" in index


def test_every_reference_leads_to_a_file(laid):
    for path in laid.glob("*.html"):
        targets = [t for t in Page(path).targets if not t.startswith(("../report.html", "https:"))]
        assert [t for t in targets if not (laid / t.partition("#")[0]).is_file()] == []


def test_nothing_is_loaded_from_outside_and_no_program_stands_in_a_page(laid):
    for path in laid.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert re.findall(r"<script(?! type=\"application/json\" id=\"about\">| src=\"lines\.js\">)", text) == []
        assert "default-src 'none'" in text
        assert "http" not in re.sub(r"http-equiv|<script type=.*?</script>", "", text, flags=re.DOTALL)


def test_what_is_unknown_is_a_dash_and_codes_are_words(laid):
    cells, _ = table(laid, "position")
    place = cells["product"].index("SQL Server")
    assert cells["required"][place] == "\N{EN DASH}"
    assert cells["owned"][place] == "24"


def test_lines_stand_by_money(laid):
    cells, _ = table(laid, "position")
    costs = [Decimal(cost.replace(",", "")) for cost in cells["shortage_cost"] if cost != "\N{EN DASH}"]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] == Decimal("1176.00")


def test_numbers_follow_the_locale(run, tmp_path):
    with writing("de-DE"):
        cells, about = table(lay(run, tmp_path, "../report.html"), "position")
    assert cells["shortage_cost"][0] == "1.176,00"
    assert (about["decimal"], about["group"]) == (",", ".")


def test_the_same_run_gives_the_same_bytes(run, laid, tmp_path):
    again = lay(run, tmp_path, "../report.html")
    assert {p.name: p.read_bytes() for p in again.iterdir()} == {p.name: p.read_bytes() for p in laid.iterdir()}


def test_hostile_text_stays_text(tmp_path):
    hostile(tmp_path / "2026-06-30-hostile")
    folder = lay(open_run(tmp_path / "2026-06-30-hostile"), tmp_path / "report", "../report.html")
    for path in folder.glob("*.js"):
        assert path.name == "lines.js" or "<" not in path.read_text(encoding="utf-8")
    for path in folder.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert [part for part in ("<script>", "<img", "</script><") if part in text] == []


@pytest.mark.parametrize(("most", "kept"), [(1, 1), (4, 4), (5, 5), (6, 5)])
def test_a_table_is_cut_where_it_is_too_long_and_says_so(run, tmp_path, most, kept):
    folder = lay(run, tmp_path, "../report.html", most)
    cells, _ = table(folder, "position")
    text = (folder / "position.html").read_text(encoding="utf-8")
    assert len(cells["product"]) == kept
    assert (f"{kept} lines of 5: " in text) == (most < 5)
    assert ("position.parquet of the run folder. " in text or "of the run folder.</p>\n<noscript" in text) == (most < 5)


def test_of_a_long_table_each_product_keeps_its_dearest_lines(run, tmp_path):
    rows = [
        {"entity_id": "main", "product": product, "metric": "core", "version": str(n), "shortage_cost": Decimal(n)}
        for product in ("A", "B")
        for n in range(1, 6)
    ]
    rows += [{"entity_id": "main", "product": "C", "metric": "core", "version": "1"}]
    folder = tmp_path / run.path.name
    usual(folder)
    save(ANSWERS["position"], rows, folder / "position.parquet")
    kept = lines_of(open_run(folder), "position", 5).cells
    assert sorted(zip(kept["product"], kept["version"], strict=True)) == [
        ("A", "4"), ("A", "5"), ("B", "4"), ("B", "5"), ("C", "1"),
    ]  # fmt: skip


def test_of_a_long_table_without_products_or_money_the_first_lines_are_laid(run):
    hosts = lines_of(run, "hosts")
    assert hosts.cells.height == hosts.all > 2
    assert lines_of(run, "hosts", 2).cells["host_id"].to_list() == hosts.cells["host_id"].to_list()[:2]


def test_of_a_very_long_table_the_first_lines_are_laid(run, monkeypatch):
    monkeypatch.setattr(tables, "MOST_RANKED", 4)
    found = lines_of(run, "position", 2)
    assert not found.is_by_money
    first = run.position.head(2).select("product", "edition").collect()
    assert found.cells.select("product", "edition").rows() == first.rows()


def test_lines_are_laid_in_scripts_of_bounded_size(run, tmp_path, monkeypatch):
    monkeypatch.setattr(laying, "CHUNK", 2)
    folder = lay(run, tmp_path, "../report.html")
    cells, about = table(folder, "position")
    assert about["chunks"] == 3
    assert len(cells["product"]) == 5
    assert len(part(folder / "position-3.js")[0]) == 1


def test_rules_lead_to_their_clauses(run, laid):
    cells, _ = table(laid, "rules")
    known = {f"{rule['module']}.{rule['rule']}": rule["clause"] for rule in run.manifest["rules"]}
    assert dict(zip(cells["rule"], cells["clause"], strict=True)) == known


def test_subjects_are_explained_under_their_own_name(run, laid):
    index = part(laid / "explanation-0.js")
    chunks = {number: part(laid / f"explanation-{number}.js") for _, _, number in index}
    plan = run.plan.select(pl.col("subject_id").unique()).collect()["subject_id"]
    assert set(plan) <= {subject for subject, _, _ in index}
    for subject, _, number in index:
        lines = chunks[number][subject]["lines"]
        assert lines
        assert all(line[0] == subject or line[0].startswith((f"{subject} of ", f"{subject}, ")) for line in lines)


def test_fewer_subjects_are_explained_where_there_are_many_and_the_page_says_so(run, tmp_path, monkeypatch):
    monkeypatch.setattr(explained, "MOST_SUBJECTS", 1)
    monkeypatch.setattr(explained.explained_in, "__defaults__", (1,))
    folder = lay(run, tmp_path, "../report.html")
    assert len(part(folder / "explanation-0.js")) == 1
    text = (folder / "explanation.html").read_text(encoding="utf-8")
    assert f"lmanalytics explain {run.run_id} SUBJECT" in text
    assert "1 subjects are explained here" in text


def test_a_run_without_facts_explains_nothing_and_has_its_lines(tmp_path):
    usual(tmp_path / "2026-06-30-example")
    folder = lay(open_run(tmp_path / "2026-06-30-example"), tmp_path / "report", "../report.html")
    assert part(folder / "explanation-0.js") == []
    assert table(folder, "position")[0]["product"]


def test_every_column_has_a_readable_heading():
    names = {name for one in (*ANSWERS.values(), *CANONICAL.values()) for name in one.schema}
    assert [name for name in names if "_" in label(name)] == []


def test_lines_lead_only_to_tables_and_columns_that_exist():
    for name, related in RELATED.items():
        for to, columns in related:
            if to != "@table":
                known = ANSWERS.get(to) or CANONICAL[to]
                assert set(columns) <= set(known.schema), (name, to)
                assert set(columns) <= set((ANSWERS.get(name) or CANONICAL[name]).schema), (name, to)
