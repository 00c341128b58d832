"""Who acts on which findings, as estate.yaml says."""

from collections.abc import Iterator
from typing import Any

from lmanalytics.errors import EstateError
from lmanalytics.ingest.estate_checks import check, entries, mapping
from lmanalytics.ingest.patterns import globs

NAMED = ("area", "product", "entity", "subject")


def owners(lines: object) -> Iterator[dict[str, Any]]:
    """Read the section `owners` of estate.yaml.

    Returns:
        Of each entry `owner`, and the patterns by `area`, `product`, `entity` and `subject`; all that it names must
        fit a finding, and an entry that names nothing fits all.

    Raises:
        EstateError: an entry names no owner, or what findings do not have.

    """
    for number, line in enumerate(entries("owners", lines), start=1):
        where = f"owners, entry {number}"
        body = mapping(where, line)
        check(where, body, (*NAMED, "owner"))
        if not body.get("owner"):
            message = f"estate.yaml, {where}: say owner, the name of who acts on these findings."
            raise EstateError(message)
        yield {"owner": str(body["owner"])} | {name: globs(body[name]) for name in NAMED if name in body}
