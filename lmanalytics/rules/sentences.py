"""Every sentence of the four texts that the rules rest on, beside the rule that computes it.

`sentences.csv` has a row per sentence: its text (`source`), its place there (`number`), a digest of its words
to find it by, the heading it stands under, what it states in our words, and either the rules that compute it
or why data cannot decide it. Sentences that state no right, duty, number or date are of kind `nothing`.
"""

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

TITLES = {
    "product_terms": "Microsoft Product Terms: Software Assurance Benefits",
    "windows_server": "Microsoft: Windows Server virtualization licensing guidance",
    "alibaba_cloud": "Alibaba Cloud: License Mobility through Software Assurance",
    "interoute": "Interoute: VDC Windows Licensing",
}
KINDS = ("right", "duty", "number", "date", "definition", "nothing")
_COLUMNS = ("source", "number", "digest", "section", "kind", "says", "rules", "undecidable")


@cache
def sentences() -> pl.DataFrame:
    """Return the sentences in the order of the texts.

    Returns:
        source (a key of `TITLES`), number (place in the text, from 1), digest, section, kind (of `KINDS`), says,
        rules (list of `module.rule`, `module` for all of it, or `policy:name`), undecidable (why data cannot
        decide it, where no rule does).

    """
    table = pl.read_csv(Path(__file__).with_suffix(".csv"), infer_schema=False)
    order = pl.col("source").replace_strict({key: n for n, key in enumerate(TITLES)}, return_dtype=pl.Int64)
    return (
        table.select(_COLUMNS)
        .with_columns(pl.col("number").cast(pl.Int64), pl.col("rules").fill_null("").str.split(" "))
        .with_columns(pl.col("rules").list.filter(pl.element() != ""))
        .sort(order, "number")
    )


def stating() -> pl.DataFrame:
    """Return the sentences that state a right, a duty, a number, a date or a definition."""
    return sentences().filter(pl.col("kind") != "nothing")


def markdown() -> str:
    """Return the table as a Markdown document: a chapter for each text, a section for each of its headings."""
    lines = ["# Every sentence, and the rule that computes it", ""]
    lines += [
        "The rules rest on four texts. Each of their sentences that states a right, a duty, a number, a date or a",
        "definition stands here in our words, with the rules that compute it (`lmanalytics rules list MODULE` shows",
        "one; a name after `policy:` is a choice of the user's, which `lmanalytics rules policies` shows) or the",
        "reason why no data can decide it. Numbers are places in the text; those that are left out are headings,",
        "links and remarks. `lmanalytics rules sentences` prints the same.",
    ]
    for source, title in TITLES.items():
        lines += ["", f"## {title}", "", _summary(source)]
        of_text = stating().filter(pl.col("source") == source)
        for (section,), rows in of_text.group_by("section", maintain_order=True):
            lines += ["", f"### {section}", "", "| # | states | what | computed by |", "|---|---|---|---|"]
            lines += [_line(row) for row in rows.to_dicts()]
    return "\n".join(lines) + "\n"


def _summary(source: str) -> str:
    """Count the sentences of a text."""
    every = sentences().filter(pl.col("source") == source)
    states = every.filter(pl.col("kind") != "nothing")
    by_rules = states.filter(pl.col("rules").list.len() > 0).height
    rest = states.height - by_rules
    split = f"rules compute {by_rules}, and no data can decide {rest}" if rest else "rules compute all of them"
    return f"Of {every.height} sentences {states.height} state something: {split}."


def _line(row: dict[str, Any]) -> str:
    by = ", ".join(f"`{name}`" for name in row["rules"]) or f"*no data can decide it:* {row['undecidable']}"
    cells = (str(row["number"]), row["kind"], row["says"], by)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
