"""The HTML report as a reader has it: a file, opened without a network, by mouse or keyboard or screen reader, on any width."""

from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"], "preload": False}
FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({visibilityProperty: true}) && !e.closest('[inert]'))"""
SAID = """e => [e.tagName, (e.getAttribute('aria-label') || e.innerText || e.value || e.title ||
    [...(e.labels || [])].map(l => l.innerText).join(' ') || '').trim()]"""


def settled(page):
    """Wait until charts are drawn; those below the window are drawn when they come into view."""
    page.wait_for_load_state("load")
    page.wait_for_function(
        "[...document.querySelectorAll('.vega-embed-host')].every(host => host.querySelector('svg.marks'))"
    )
    page.evaluate("""async () => {
        for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
            scrollTo(0, y); await new Promise(done => setTimeout(done, 30));
        }
        scrollTo(0, 0); await new Promise(done => setTimeout(done, 500));
    }""")
    return page


def violations(page):
    """Let axe look, of long tables at the rows that are unlike those before them: it takes minutes for thousands of rows."""
    page.evaluate("""() => {
        const form = row => [...row.cells].map(cell => cell.className + cell.getAttribute('style') + cell.querySelectorAll('a, button').length).join();
        for (const body of document.querySelectorAll('tbody')) {
            const seen = new Map();
            for (const row of [...body.rows]) {
                const times = (seen.get(form(row)) ?? 0) + 1;
                seen.set(form(row), times);
                if (times > 2) row.remove();
            }
        }
    }""")
    found = Axe().run(page, options=WCAG).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found
        for node in one["nodes"][:3]
    ]


def others(report):
    """Return pages of each kind that figures of the report lead to."""
    folder = report.parent / "lines"
    return [folder / f"{name}.html" for name in ("index", "position", "oses", "findings", "rules", "explanation")]


def filled(page):
    """Wait until a page of lines has read its scripts."""
    page.wait_for_function("!document.querySelector('#lines') || document.querySelector('#lines table, #lines li')")
    return settled(page)


def test_no_request_leaves_the_machine_and_nothing_is_wrong(report, opened):
    watched = opened(report)
    settled(watched.page)
    for path in others(report):
        watched.page.goto(path.as_uri())
        filled(watched.page)
    assert {address.partition(":")[0] for address in watched.requests} <= {"file", "data", "blob"}
    assert watched.errors == []


def test_charts_are_drawn(report, opened):
    page = settled(opened(report).page)
    charts = page.locator("figure svg.marks")
    assert charts.count() > 10
    for number in range(charts.count()):
        box = charts.nth(number).bounding_box()
        assert box is None or box["width"] > 100


def test_the_keyboard_skips_to_the_report(report, opened):
    page = opened(report).page
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert "Skip to the report" in first.inner_text()
    box = first.bounding_box()
    assert box["x"] >= 0
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#report"
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_the_keyboard_reaches_everything_in_the_order_of_reading(report, opened):
    page = settled(opened(report).page)
    assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
    expected = page.evaluate(f"() => ({FOCUSABLE})().map({SAID})")
    assert len(expected) > 40
    assert not [tag for tag, name in expected if not name], "each has a name that a screen reader says"
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(f"() => ({SAID})(document.activeElement)"))
        style = page.evaluate(
            "() => {const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow]}"
        )
        assert style != ["none", "none"], f"nobody sees that {reached[-1]} has the focus"
    assert reached == expected[:60]


def test_axe_finds_nothing_against_wcag(report, opened):
    page = settled(opened(report).page)
    assert violations(page) == []


def test_axe_finds_nothing_on_the_pages_that_figures_lead_to(report, opened):
    pages = others(report)
    assert pages
    page = opened(report).page
    for path in pages:
        page.goto(path.as_uri())
        assert violations(filled(page)) == [], path


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_is_wider_than_the_window(report, opened, width):
    page = opened(report, width=width).page
    for path in (report, *others(report)):
        page.goto(path.as_uri())
        filled(page)
        wide = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], path


def test_axe_finds_nothing_where_an_answer_is_explained(report, opened):
    page = opened(report.parent / "lines" / "explanation.html").page
    page.locator("#lines li a").first.click()
    page.wait_for_selector("#lines table")
    assert violations(settled(page)) == []


def test_any_number_of_the_cover_has_its_lines_and_its_clause_in_three_clicks(report, opened):
    page = opened(report).page
    leads = page.locator("main a[href^='lines/']")
    assert leads.count() > 20
    page.locator("main a[href='lines/position.html#shortage=%3E0']").first.click()  # one: the lines that are short
    page.wait_for_selector("#lines tbody tr")
    short = page.locator("#lines tbody tr:not(.why)")
    assert short.count() >= 1
    page.locator("#lines tr.why a[href^='plan.html']").last.click()  # two: whose licenses these are
    page.wait_for_selector("#lines tbody tr")
    page.locator("#lines tbody td a[href^='explanation.html']").first.click()  # three: the arithmetic with its clauses
    page.wait_for_selector("#lines td.clause")
    assert any(text.strip() for text in page.locator("#lines td.clause").all_inner_texts())


def test_every_link_between_pages_leads_somewhere(report, opened):
    page = opened(report).page
    gone = set()
    for path in (report, *others(report)):
        page.goto(path.as_uri())
        filled(page)
        hrefs = page.evaluate(
            "[...document.querySelectorAll('a[href]:not(.vega-actions a)')].map(a => [a.getAttribute('href'), a.href.split('#')[0], a.hash])"
        )
        ids = set(page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)"))
        for given, address, anchor in hrefs:
            if given.startswith("#"):
                gone |= {given} if path == report and anchor[1:] not in ids else set()
            elif address.startswith("file:"):
                gone |= set() if (path.parent / given.partition("#")[0]).is_file() else {given}
    assert gone == set()


def test_tables_are_searched_sorted_and_paged_by_keyboard(report, opened):
    page = opened(report.parent / "lines" / "oses.html").page
    filled(page)
    state, rows = page.locator("[role=status]"), page.locator("#lines tbody tr:not(.why)")
    every = state.inner_text()
    assert rows.count() == 100
    first = rows.first.inner_text()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "search":
            break
    page.keyboard.type("sql")
    assert state.inner_text() != every
    assert all("sql" in text.lower().replace("_", " ") for text in rows.all_inner_texts()) or rows.count() < 100
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert state.inner_text() == every
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.tagName") != "BUTTON":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort]").count() == 1
    following = page.get_by_role("button", name="Next")
    following.focus()
    page.keyboard.press("Enter")
    assert "Page 2 of" in page.locator(".pages").inner_text()
    assert rows.first.inner_text() != first


def test_what_is_zoomed_to_twice_the_size_still_fits(report, opened):
    page = opened(report, width=640, height=450, device_scale_factor=2).page
    settled(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_the_report_says_its_language_and_has_one_heading_of_the_first_level_for_each_chapter(report, opened):
    page = opened(report).page
    assert page.evaluate("document.documentElement.lang") == "en"
    levels = page.evaluate(
        "[...document.querySelectorAll('main h1, main h2, main h3, main h4')].map(h => +h.tagName[1])"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.locator("table").count() == page.locator("table:has(th)").count()
    assert (
        page.locator("figure svg:not([aria-hidden=true])").count()
        == page.locator("figure :is(svg[aria-label], svg[role=img], [role=img] svg, svg[role^=graphics])").count()
    )
