"""Findings about a sheet whose sentences stand in an adapter's YAML."""

from collections.abc import Mapping
from typing import Any

from lmanalytics.ingest.adapter import Context, Sheet


def where(sheet: Sheet) -> str:
    """File and sheet, as messages name them."""
    return f"{sheet.file}, sheet {sheet.sheet}" if sheet.sheet else sheet.file


def remark(
    context: Context,
    texts: Mapping[str, Mapping[str, str]],
    applies: Mapping[str, bool],
    sheet: Sheet,
    facts: Mapping[str, Any],
) -> None:
    """Find each code that applies.

    Args:
        context: where findings go.
        texts: by code, its severity, statement and action.
        applies: by code, whether it does.
        sheet: what the findings are about.
        facts: what the sentences name in braces; a list becomes `a, b, c`.
    """
    shown = {name: ", ".join(map(str, fact)) if isinstance(fact, list) else fact for name, fact in facts.items()}
    for code in (code for code, does in applies.items() if does):
        text = texts[code]
        statement = f"{where(sheet)}: {text['statement'].format(**shown)}"
        context.find(text["severity"], code, where(sheet), statement, text["action"])
