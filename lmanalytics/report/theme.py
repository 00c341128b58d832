"""How charts look, and the one form in which a notebook stores them.

Colors are told apart by color-blind readers and in grey print. A chart is stored as HTML (a static picture
with its specification beside it, so that a page can make it interactive), as SVG (for print) and as the
sentence that describes it.
"""

import base64
import hashlib
import html
import json
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert as vlc

from lmanalytics.report.locales import DEFAULT, locale

FONT = "Liberation Sans"
FONTS = Path(__file__).parent / "assets"
NAME = "lmanalytics"
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
    svg = vlc.vegalite_to_svg(spec, vl_version=_VEGA_LITE, allowed_base_urls=[])
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"), default=str)
    host = f"vis-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    description = str(spec.get("description") or "chart")
    picture = f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"  # survives where SVG is removed
    page = (
        f'<div class="vega-embed-host" id="{host}" role="img" aria-label="{html.escape(description)}">'
        f'<img src="{picture}" alt="{html.escape(description)}"></div>'
        f'<script type="application/json" class="vl-spec" data-for="{host}">{text.replace("<", chr(92) + "u003c")}'
        "</script>"
    )
    return {"text/html": page, "image/svg+xml": svg, "text/plain": description}


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
    for folder in sorted({str(p.parent) for p in FONTS.rglob("*.ttf")}):
        vlc.register_font_directory(folder)
    alt.theme.register(NAME, enable=True)(chart_theme)
    alt.renderers.register(NAME, render)
    alt.renderers.enable(NAME)
