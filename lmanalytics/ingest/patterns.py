"""Patterns of estate.yaml: `*` and `?` as in file names, in any case, against a whole value."""

import re

import polars as pl


def globs(value: object) -> tuple[str, ...]:
    """Return one pattern or a list of them as texts."""
    return tuple(str(glob) for glob in (value if isinstance(value, list) else [value]))


def matches(column: str, any_of: tuple[str, ...], *, last_part: bool = False) -> pl.Expr:
    """Match a whole value with any pattern; an empty one fits none.

    Args:
        column: of text.
        any_of: the patterns.
        last_part: match the part behind the last `/` too, so that `Prod*` finds `<vCenter>/Prod-01`.

    """
    patterns = [re.escape(glob).replace(r"\*", ".*").replace(r"\?", ".") for glob in any_of]
    start = "^(?:.*/)?" if last_part else "^"
    return pl.col(column).str.contains(f"(?is){start}(?:{'|'.join(patterns)})$")
