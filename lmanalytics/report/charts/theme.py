"""How charts look, and the one form in which a notebook stores them.

Colors are told apart by color-blind readers and in grey print. A chart is stored as HTML (a static picture
with its specification beside it, so that a page can make it interactive), as SVG (for print) and as the
sentence that describes it.
"""

import base64
import functools
import hashlib
import html
import json
import os
import re
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert as vlc

from lmanalytics.report.locales import DEFAULT, locale

FONT = "Liberation Sans"
FONTS = Path(__file__).parents[1] / "assets"
NAME = "lmanalytics"
LATER = "LMANALYTICS_DRAW_LATER"
"""Environment variable that tells notebooks to leave the drawing of charts to the program that executes them.

The first chart of a process takes a second, so that one process draws the charts of all notebooks.
"""
DARK, MIDDLE, LIGHT = "#1f4e79", "#6aaee0", "#cfe2f3"
ALARM, CAUTION, GREY, INK = "#d55e00", "#f0b860", "#b8b8b8", "#222222"
CATEGORIES = (DARK, CAUTION, MIDDLE, LIGHT, GREY, "#117733", "#882255")
LINES = (DARK, ALARM, "#117733", MIDDLE, CAUTION, "#882255")
_VEGA_LITE = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


def chart_theme() -> alt.theme.ThemeConfig:
    """Return the Altair theme: one sans font, few lines, the palette of this module, numbers by the locale."""
    axis: Any = {
        "labelColor": INK,
        "titleColor": INK,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "labelLimit": 220,
        "titleLimit": 420,
        "gridColor": "#e4e4e4",
        "domainColor": "#888888",
        "tickColor": "#888888",
    }
    header: Any = {"labelFontSize": 11, "labelFontWeight": "bold", "labelColor": INK, "title": None}
    theme: alt.theme.ThemeConfig = {
        "config": {
            "background": "white",
            "font": FONT,
            "view": {"stroke": None},
            "axis": axis,
            "axisY": {"grid": False, "titleLimit": 210, "ticks": False, "labelPadding": 6},
            "legend": {
                "labelFontSize": 11,
                "labelLimit": 320,
                "titleFontSize": 11,
                "orient": "top",
                "columns": 4,
                "symbolType": "square",
            },
            "header": header,
            "text": {"fontSize": 11, "color": INK},
            "bar": {"color": DARK},
            "range": {"category": list(CATEGORIES)},
        }
    }
    if locale().name != DEFAULT:
        theme["config"]["locale"] = locale().for_charts  # type: ignore[typeddict-item]  # (its type wants TypedDicts)
    return theme


def render(spec: dict[str, Any], **_: object) -> dict[str, str]:
    """Turn a Vega-Lite specification into its text/html, image/svg+xml and text/plain, without a network."""
    spec = _printable(spec)
    description = str(spec.get("description") or "chart")
    svg = vlc.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    host = _host(spec)
    picture = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"  # survives where SVG is removed
    page = (
        f'<div class="vega-embed-host" id="{host}" role="img" aria-label="{html.escape(description)}">'
        f'<img src="{picture}" alt="{html.escape(description)}"></div>{_data(spec, host)}'
    )
    return {"text/html": page, "image/svg+xml": svg, "text/plain": description}


def drawn(page: str) -> dict[str, str] | None:
    """Draw what a notebook left to be drawn; nothing for HTML that is something else."""
    left = _LEFT.match(page)
    if left is None:
        return None
    _register_fonts()
    return render(json.loads(left[1]))


def _shown(spec: dict[str, Any], **_: object) -> dict[str, str]:
    """Turn a specification into what a notebook stores: the drawn chart, or what is left to be drawn."""
    if not os.environ.get(LATER):
        return render(spec)
    left = _printable(spec)
    return {"text/html": _data(left, ""), "text/plain": str(left.get("description") or "chart")}


_LEFT = re.compile(r'^<script type="application/json" class="vl-spec" data-for="">(.*)</script>$', re.DOTALL)


def _data(spec: dict[str, Any], host: str) -> str:
    text = _json(spec).replace("<", chr(92) + "u003c")
    return f'<script type="application/json" class="vl-spec" data-for="{host}">{text}</script>'


def _host(spec: dict[str, Any]) -> str:
    return f"vis-{hashlib.sha256(_json(spec).encode()).hexdigest()[:16]}"


def _json(spec: dict[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True, separators=(",", ":"), default=str)


def _printable(value: Any) -> Any:
    """Replace what no picture can hold: on a control character the SVG renderer ends the process.

    A title becomes part of an expression, in which Vega-Lite leaves backslashes as they are.
    """
    if isinstance(value, str):
        return value if value.isprintable() else "".join(c if c.isprintable() else " " for c in value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    if not isinstance(value, dict):
        return value
    clean = {key: _printable(item) for key, item in value.items()}
    return clean | ({"title": clean["title"].replace("\\", "/")} if isinstance(clean.get("title"), str) else {})


def enable_charts() -> None:
    """Make the theme and the renderer Altair's own, with the font that ships with the package."""
    _register_fonts()
    alt.theme.register(NAME, enable=True)(chart_theme)
    alt.renderers.register(NAME, _shown)
    alt.renderers.enable(NAME)


@functools.cache
def _register_fonts() -> None:
    for folder in sorted({str(p.parent) for p in FONTS.rglob("*.ttf")}):
        vlc.register_font_directory(folder)
