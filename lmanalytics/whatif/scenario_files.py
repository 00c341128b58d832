"""Save a comparison of scenarios: CSV and Parquet for machines, SVG and a page for people."""

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from lmanalytics.errors import UsageError
from lmanalytics.whatif.scenario_lines import lines

if TYPE_CHECKING:
    from lmanalytics.whatif.scenario import Compared

_FORMULA = r"^[\s]*[=+\-@\t\r\n]"
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>Scenarios of {run}</title>
<style>body {{ font: 15px "Liberation Sans", sans-serif; margin: 2em; color: #222 }} pre {{ overflow-x: auto }}
li.warning {{ color: #a04000 }}</style>
</head>
<body>
<h1>Scenarios of {run}</h1>
<figure>{chart}<figcaption>{said}</figcaption></figure>
<ul>{warnings}</ul>
<pre>{table}</pre>
</body>
</html>
"""


def save(compared: "Compared", into: Path, stem: str) -> list[Path]:
    """Write `<stem>.csv`, `.parquet`, `.svg` and `.html`; the same comparison gives the same bytes.

    In the CSV a text that a spreadsheet would take for a formula begins with an apostrophe.

    Raises:
        UsageError: the folder cannot be one.

    """
    from lmanalytics.report.charts.theme import enable_charts, render  # noqa: PLC0415 (help needs no charts)

    if into.exists() and not into.is_dir():
        message = f"{into} is no folder. Give another one with --into."
        raise UsageError(message)
    into.mkdir(parents=True, exist_ok=True)
    enable_charts()
    drawn = render(compared.chart.to_dict())
    texts = [name for name, dtype in compared.table.schema.items() if dtype == pl.String]
    inert = {name: pl.col(name).str.replace(_FORMULA, "'$0") for name in texts}
    files = {kind: into / f"{stem}.{kind}" for kind in ("csv", "parquet", "svg", "html")}
    compared.table.with_columns(**inert).write_csv(files["csv"])
    compared.table.write_parquet(files["parquet"], compression="zstd")
    files["svg"].write_text(drawn["image/svg+xml"], encoding="utf-8")
    page = _PAGE.format(
        run=escape(compared.base.name),
        chart=drawn["image/svg+xml"],
        said=escape(drawn["text/plain"]),
        warnings="".join(f'<li class="warning">{escape(text)}</li>' for text in compared.warnings),
        table=escape("\n".join(lines(compared.table))),
    )
    files["html"].write_text(page, encoding="utf-8")
    return list(files.values())
