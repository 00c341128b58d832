"""Keep libraries that report needs from loading what it does not."""

import sys

SLOW = ("rfc3987_syntax",)


def skip_slow_imports() -> None:
    """Let jsonschema, which Altair and nbformat import, do without its optional checker of IRIs.

    That checker builds a grammar each time it is imported, which takes longer than everything else that
    a notebook imports; no schema here has an IRI to check.
    """
    for name in SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # (None is Python's way to say: not there)
