"""Recognize a sheet by its headings, wherever in its first rows they stand."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lmanalytics.errors import ExportError, did_you_mean
from lmanalytics.ingest.adapter import Layout

SEARCHED_ROWS = 30
_PLAINLY = 0.6
_SPELLINGS = [
    (re.compile(r"[\s_\-]+"), " "),
    (re.compile(r"\b([kmgt])ib\b"), r"\1b"),
    (re.compile(r"licenc"), "licens"),
    (re.compile(r"enrolment"), "enrollment"),
]
Cells = Sequence[str | None]


@dataclass(frozen=True)
class Match:
    """How well a sheet fits a layout, and which column carries which name."""

    format: str
    layout: Layout
    row: int
    columns: dict[str, int]
    missing: tuple[str, ...]
    is_called_so: bool
    headings: tuple[str, ...]
    """Normalized."""
    told: tuple[str, ...]
    """As they stand, in lower case."""

    @property
    def rank(self) -> tuple[bool, int, bool]:
        """What two matches are compared by: complete, names found, sheet called as usual."""
        return not self.missing, len(self.columns), self.is_called_so

    @property
    def share(self) -> float:
        """The share of the sheet's headings that have a name."""
        return len(self.columns) / max(1, sum(1 for heading in self.headings if heading))

    @property
    def is_plain(self) -> bool:
        """Whether the sheet can hardly be anything else, though a needed column is missing."""
        if self.layout.is_auxiliary or not self.columns:
            return False
        needed = len(self.layout.required) + len(self.layout.any_of)
        nearly = len(self.missing) * 3 <= needed
        if self.layout.is_always_called_so:
            return self.is_called_so
        if self.is_called_so:
            return len(self.missing) * 2 <= needed or self.share >= _PLAINLY
        return nearly and self.share >= _PLAINLY


@lru_cache(maxsize=65536)
def normalize(heading: str) -> str:
    """Return `heading` so that spellings compare equal: case, blanks, `-`, `_`, MB/MiB, licence/license, `*`.

    >>> normalize(" *Server-Name  (MiB)")
    'server name (mb)'
    """
    text = unicodedata.normalize("NFKC", heading).casefold().strip().lstrip("*").replace("\ufeff", "")
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    return text.strip()


def recognize(
    rows: Sequence[Cells], layouts: Iterable[tuple[str, Layout]], names: Sequence[str], where: str
) -> Match | None:
    """Return the layout that fits best and the row (an index into `rows`) of its headings.

    `names` are what the sheet and its file are called. None when the sheet is of no known kind. Raises
    ExportError for a tie between two formats, and for a sheet plainly of a kind that lacks a needed column.
    """
    pairs = [(format_, layout, _normalized(layout.spellings)) for format_, layout in layouts]
    rows_of_headings = [
        (number, tuple(normalize(cell or "") for cell in row), tuple((cell or "").strip().lower() for cell in row))
        for number, row in enumerate(rows[:SEARCHED_ROWS])
        if sum(1 for cell in row if cell) > 1
    ]
    matches = [
        _match(format_, layout, number, row, told, places, names)
        for number, row, told in rows_of_headings
        for places in [_places(row)]
        for format_, layout, spellings in pairs
        if not spellings.isdisjoint(places)
    ]
    found = [match for match in matches if match is not None]
    complete = [m for m in found if not m.missing and (m.is_called_so or m.share >= m.layout.least_share)]
    if complete:
        return _only(complete, where)
    plain = [match for match in found if match.is_plain]
    if plain:
        _refuse(max(plain, key=lambda match: (match.is_called_so, len(match.columns))), where)
    return None


@lru_cache(maxsize=1024)
def _normalized(spellings: tuple[str, ...]) -> frozenset[str]:
    return frozenset(normalize(spelling) for spelling in spellings)


def _places(row: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, heading in enumerate(row):
        if heading:
            places.setdefault(heading, []).append(place)
    return places


def _match(
    format_: str,
    layout: Layout,
    number: int,
    row: tuple[str, ...],
    told: tuple[str, ...],
    places: dict[str, list[int]],
    names: Sequence[str],
) -> Match | None:
    if any(normalize(heading) in places for heading in layout.excludes):
        return None
    columns: dict[str, int] = {}
    for name, spellings in (*layout.required.items(), *layout.optional.items()):
        present = (places[normalize(spelling)] for spelling in spellings if normalize(spelling) in places)
        free = (place for group in present if (place := _standard(group, places, layout)) not in columns.values())
        columns |= dict(zip([name], free, strict=False))
    if not columns:
        return None
    missing = [name for name in layout.required if name not in columns]
    missing += [" or ".join(group) for group in layout.any_of if not set(group) & columns.keys()]
    return Match(format_, layout, number, columns, tuple(missing), _is_called(layout, names), row, told)


def _standard(group: list[int], places: dict[str, list[int]], layout: Layout) -> int:
    """Tell which of equal headings is the tool's own: never one among users' own columns, else the last."""
    if len(group) == 1 or layout.custom_between is None:
        return group[0]
    first, last = (places.get(normalize(heading)) for heading in layout.custom_between)
    if first and last:
        group = [place for place in group if not first[0] < place < last[-1]] or group
    return group[-1]


def _is_called(layout: Layout, names: Sequence[str]) -> bool:
    words = {normalize(name).removeprefix("tab") for name in names if name}
    return any(normalize(hint) in words for hint in layout.hints)


def _only(complete: list[Match], where: str) -> Match:
    best = max(match.rank for match in complete)
    first, *others = [match for match in complete if match.rank == best]
    canonical = [match for match in (first, *others) if match.format == "canonical"]
    rivals = canonical or [first, *others]
    if len({(match.format, match.layout.name) for match in rivals}) > 1:
        kinds = " and ".join(sorted({f"{match.format} {match.layout.name}" for match in rivals}))
        message = (
            f"{where}: its headings fit {kinds} equally well, so its rows have no certain meaning. "
            f"Name the file or sheet after the one that it is, such as {rivals[0].layout.name}."
        )
        raise ExportError(message)
    return rivals[0]


def _refuse(match: Match, where: str) -> None:
    spellings = {name: words[0] for name, words in {**match.layout.required, **match.layout.optional}.items()}
    absent = match.missing[0]
    wanted = " or ".join(repr(spellings.get(name, name)) for name in absent.split(" or "))
    unused = [heading for place, heading in enumerate(match.headings) if place not in match.columns.values()]
    hint = did_you_mean(normalize(spellings.get(absent, absent)), [heading for heading in unused if heading])
    message = (
        f"{where}: this is {match.format} {match.layout.name}, but it has no column {wanted}.{hint} "
        "Without it the rows cannot be used. Add or rename the column, or export the sheet again with all columns."
    )
    raise ExportError(message)
