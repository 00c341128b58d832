"""The scripts that make charts interactive: put once into a page's head, they need no network."""

import functools
import json
import os
import tempfile
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert as vlc

from lmanalytics.report.texts import told

VEGA_LITE = "v" + ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])
_START = """
document.addEventListener("DOMContentLoaded", () => {
  const MENU = "";
  const options = {
    mode: "vega-lite", renderer: "svg", ast: true,
    actions: {export: true, source: false, compiled: false, editor: false}
  };
  for (const spec of document.querySelectorAll("script.vl-spec")) {
    const host = document.getElementById(spec.dataset.for);
    const picture = host && host.innerHTML;
    const said = host && host.getAttribute("aria-label");
    const drawn = () => {
      const chart = host.querySelector("svg.marks");
      if (!chart) return;
      for (const name of ["role", "aria-label"]) host.removeAttribute(name);
      chart.setAttribute("role", "img");
      chart.setAttribute("aria-label", said);
      for (const menu of host.querySelectorAll("summary")) menu.setAttribute("aria-label", MENU);
      for (const icon of host.querySelectorAll("summary svg")) icon.setAttribute("aria-hidden", "true");
    };
    const failed = () => { host.innerHTML = picture; };
    if (host) vegaEmbed(host, JSON.parse(spec.textContent), options).then(drawn).catch(failed);
  }
});
"""


@functools.cache
def scripts() -> tuple[str, str]:
    """Return Vega, Vega-Lite and Vega-Embed in one script, and the script that starts them on a page.

    The second replaces the static picture in each host by the live chart, and puts the picture back if that fails.
    """
    start = _START.replace('MENU = ""', f"MENU = {json.dumps(told('vega.menu'))}")
    return _bundle().replace("</script", "<\\/script").replace("<!--", "<\\!--"), start


def header_html() -> str:
    """Return both scripts as HTML for the head of a page."""
    return "".join(f"<script>{script}</script>\n" for script in scripts())


def _bundle() -> str:
    """Make the first script, which takes seconds, once for each version on a machine."""
    kept = _cache() / f"vega-{VEGA_LITE}-{version('vl-convert-python')}.js"
    with suppress(OSError):
        return kept.read_text(encoding="utf-8")
    make: Any = vlc.javascript_bundle  # its types ask for a script of ours, which it does not
    made: str = make(vl_version=VEGA_LITE)
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=kept.parent, delete=False, encoding="utf-8") as part:
            part.write(made)
        Path(part.name).replace(kept)
    return made


def _cache() -> Path:
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lmanalytics"
