import html
import json
import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import altair as alt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.report.charts import theme
from tests.report.example_run import HOSTILE

FORMS = {"text/html", "image/svg+xml", "text/plain"}


def chart_of(name):
    data = alt.InlineData(values=[{"name": name, "count": 1}])
    bars = alt.Chart(data).mark_bar().encode(x=alt.X("count:Q", title=name), y="name:N")
    return bars.properties(description=name, title=name)


@pytest.fixture(autouse=True)
def our_theme():
    theme.enable_charts()


def test_a_chart_has_a_page_a_picture_and_a_sentence():
    forms = chart_of("hosts")._repr_mimebundle_()
    assert set(forms) == FORMS
    assert forms["text/plain"] == "hosts"
    assert 'role="img"' in forms["text/html"]
    assert 'aria-label="hosts"' in forms["text/html"]
    assert theme.FONT in forms["image/svg+xml"]


def test_the_same_chart_has_the_same_bytes_and_another_has_another_id():
    first, second, other = (chart_of(name)._repr_mimebundle_() for name in ("hosts", "hosts", "clusters"))
    assert first == second
    assert host_id(first) != host_id(other)


def test_the_host_names_the_specification_that_belongs_to_it():
    page = chart_of("hosts")._repr_mimebundle_()["text/html"]
    assert re.search(r'data-for="(vis-[0-9a-f]{16})"', page)[1] == re.search(r'id="(vis-[0-9a-f]{16})"', page)[1]


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_exports_stays_text(name):
    forms = chart_of(name)._repr_mimebundle_()
    elements = {element.tag.rpartition("}")[2] for element in ET.fromstring(forms["image/svg+xml"]).iter()}  # noqa: S314 (our own picture)
    assert elements <= {"svg", "g", "path", "text", "rect", "line", "defs", "clipPath", "style", "title"}
    script = re.search(r'<script type="application/json"[^>]*>(.*?)</script>', forms["text/html"], re.DOTALL)[1]
    assert "<" not in script
    said = json.loads(script)["description"]
    assert said == "".join(c if c.isprintable() else " " for c in name)
    assert html.escape(said) in forms["text/html"]
    assert len(re.findall("<script", forms["text/html"])) == 1


@settings(max_examples=25, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_no_text_stops_the_renderer(name):
    assert set(theme.render(chart_of(name).to_dict())) == FORMS


def test_colors_differ_in_grey_print():
    greys = sorted(grey(color) for color in (theme.DARK, theme.ALARM, theme.MIDDLE, theme.CAUTION, theme.LIGHT))
    assert all(after - before >= 20 for before, after in pairwise(greys))


def grey(color):
    red, green, blue = (int(color[n : n + 2], 16) for n in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def host_id(forms):
    return re.search(r'id="(vis-[0-9a-f]+)"', forms["text/html"])[1]


def test_a_chart_that_is_left_to_be_drawn_is_drawn_as_if_it_had_been(monkeypatch):
    spec = chart_of("host </script>").to_dict()
    monkeypatch.setenv(theme.LATER, "1")
    theme.enable_charts()
    left = theme.alt.renderers.get()(spec)
    assert "image/svg+xml" not in left
    assert theme.drawn(left["text/html"]) == theme.render(spec)
    assert theme.drawn("<p>no chart</p>") is None
    assert theme.drawn(theme.render(spec)["text/html"]) is None
