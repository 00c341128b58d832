"""Where figures lead: to their lines, in the pages that a report has beside it (`lines/`, see `lines.py`).

An address names a table, and after `#` what its lines must say: `lines/position.html#product=SQL%20Server`.
"""

import os
import re
from collections.abc import Mapping
from urllib.parse import quote

FOLDER = "lines"
VARIABLE = "LMANALYTICS_LINES"
"""Environment variable that tells notebooks that the pages will be laid; without it nothing leads anywhere."""
EXPLANATION = "explanation"
SUBJECTS = (
    *("subject_id", "host_id", "ose_id", "install_id", "license_id", "purchase_id", "deployment_id", "run_id"),
    *("device_id", "employee_id", "assignment_id", "solution_id", "server_farm_id"),
)
"""Columns that hold what `explain` knows, the first that a table has is what its rows are about."""
ABOUT_MANY = ("findings", "license_sources")
"""Tables of which a row leads to its line and not to its subject."""
_INWARD = re.compile(rf"{FOLDER}/[a-z_]+\.html(#[\w.~%&=+-]*)?", re.ASCII)


def are_laid() -> bool:
    """Tell whether what is shown goes into a report that has these pages."""
    return bool(os.environ.get(VARIABLE))


def is_inward(target: str) -> bool:
    """Tell whether a link's target is an address of these pages."""
    return bool(_INWARD.fullmatch(target))


def table_of(stored: str) -> str:
    """Return the table of a file in the run folder: `accepted/hosts.parquet` is `hosts`."""
    return stored.rpartition("/")[2].removesuffix(".parquet")


def to_lines(table: str, where: Mapping[str, str] | None = None) -> str:
    """Return the address of a table's lines that say what `where` says.

    Args:
        table: an answer or a canonical table.
        where: what columns must say, as they are shown: a text, `>0`, or an en dash for unknown.

    """
    asked = "&".join(f"{column}={quote(said, safe='')}" for column, said in (where or {}).items())
    return f"{FOLDER}/{table}.html{'#' if asked else ''}{asked}"


def to_explanation(subject: str) -> str:
    """Return the address of a subject's explanation."""
    return f"{FOLDER}/{EXPLANATION}.html#{quote(subject, safe='')}"
