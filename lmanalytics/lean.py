"""Keep libraries from loading what nobody here asks for."""

import sys

SLOW = ("rfc3987_syntax", "rfc3986_validator")


def skip_slow_imports() -> None:
    """Let jsonschema, which Altair and nbformat import, do without its optional checkers of IRIs and URIs.

    They build a grammar each time they are imported, which takes longer than everything else that
    a notebook imports and half of what Great Expectations does; no schema here has an address to check.
    """
    for name in SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # (None is Python's way to say: not there)
