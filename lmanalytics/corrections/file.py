"""Read `corrections.yaml`: each entry says what is wrong, what is right, why, by what evidence, and who approved it.

    - id: C-001
      table: oses
      where: {ose_id: vm-17}                  # or any column of the table, or file, sheet and row
      column: os_edition
      was: Standard                           # the guard: if something else stands there, nothing is changed
      now: Datacenter
      reason: The host was licensed with Datacenter in May.
      evidence: CHG-4711.pdf
      approver: J. Roe
      approved_on: 2026-06-12
      until: 2026-12-31                       # optional: the last position date for which it holds
    - id: C-002
      table: purchases
      where: {purchase_id: P-9}
      exclude: true                           # leaves the row out; `column` and `was` may guard it
      ...

Every value is read as it is written, so that a version 2019.10 stays one. Nothing, `~` or `null` is an empty cell.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NoReturn

import yaml

from lmanalytics.errors import CorrectionError, did_you_mean
from lmanalytics.schemas import CANONICAL, ENTITY

NAME = "corrections.yaml"
PLACES = {"file": "source_file", "sheet": "source_sheet", "row": "source_row"}
"""What names a row by where it stands, and the column that holds it."""
_NEEDED = ("id", "table", "where", "reason", "evidence", "approver", "approved_on")
_KNOWN = (*_NEEDED[:3], "column", "was", "now", "exclude", *_NEEDED[3:], "until")
_EMPTY = frozenset({"", "~", "null", "Null", "NULL"})
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Correction:
    """One entry; `number` is its place in the file, `line` where it begins, and values are text as written."""

    number: int
    line: int
    id: str
    table: str
    where: tuple[tuple[str, str | None], ...]
    """Columns of the table, ascending, each with the value that it must have."""
    column: str | None
    was: str | None
    now: str | None
    excludes: bool
    reason: str
    evidence: str
    approver: str
    approved_on: date
    until: date | None

    @property
    def rows(self) -> str:
        """The rows that it names, as a person reads them."""
        names = {column: name for name, column in PLACES.items()}
        return ", ".join(f"{names.get(c, c)} {'(empty)' if v is None else v}" for c, v in self.where)


def load_corrections(path: Path) -> list[Correction]:
    """Read corrections.yaml, entry by entry; an absent file has none.

    Raises:
        CorrectionError: an entry cannot be applied, or lacks its reason, evidence or approver; it names the line.

    """
    if not path.exists():
        return []
    found: dict[str, Correction] = {}
    try:
        for line, body in _entries(path):
            one = _correction(len(found) + 1, line, body)
            if one.id in found:
                fail(line, f"there is another correction {one.id!r} in line {found[one.id].line}. Give it its own id.")
            found[one.id] = one
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"{NAME} is not YAML: {' '.join(str(error).split())[:200]}. Correct it there."
        raise CorrectionError(message) from error
    return list(found.values())


def fail(line: int, message: str) -> NoReturn:
    """Refuse the file for what stands in one of its lines."""
    told = f"{NAME}, line {line}: {message}"
    raise CorrectionError(told)


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give each entry with its line; the file is read as a stream, so that a long one takes little memory."""
    with path.open(encoding="utf-8-sig") as stream:
        events = iter(yaml.parse(stream, Loader=yaml.CSafeLoader))
        event = next(e for e in events if not isinstance(e, yaml.StreamStartEvent | yaml.DocumentStartEvent))
        if isinstance(event, yaml.StreamEndEvent) or (isinstance(event, yaml.ScalarEvent) and event.value in _EMPTY):
            return
        if not isinstance(event, yaml.SequenceStartEvent):
            fail(_line(event), "expected a list of corrections (each entry starts with `-`).")
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            line, body = _line(event), _value(event, events)
            if not isinstance(body, dict):
                fail(line, f"expected `name: value` lines of a correction, found {_cut(body)}.")
            yield line, body
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                fail(_line(event), "a second document begins here; the file is one list.")


def _value(event: Any, events: Iterator[Any]) -> Any:
    if isinstance(event, yaml.ScalarEvent):
        return None if event.implicit[0] and event.value in _EMPTY else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_value(item, events))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events)
    fail(_line(event), "an alias (`*name`) is not read here; write the value out.")


def _mapping(events: Iterator[Any]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    while not isinstance(key := next(events), yaml.MappingEndEvent):
        if not isinstance(key, yaml.ScalarEvent):
            fail(_line(key), "a name is plain text.")
        if key.value in body:
            fail(_line(key), f"{key.value} stands there twice.")
        body[key.value] = _value(next(events), events)
    return body


def _correction(number: int, line: int, body: dict[str, Any]) -> Correction:
    if unknown := [key for key in body if key not in _KNOWN]:
        fail(line, f"there is no {unknown[0]!r}.{did_you_mean(unknown[0], _KNOWN)} Known: {', '.join(_KNOWN)}.")
    if absent := [name for name in _NEEDED if not body.get(name)]:
        fail(line, f"{' and '.join(absent)} must be given: a correction without it counts for nothing.")
    columns = _columns(line, _text(line, body, "table"))
    excludes = _choice(line, body, "exclude")
    column = _text(line, body, "column") if "column" in body else None
    if column is not None:
        _check_name(line, "column", column, columns)
    _check_change(line, body, column, excludes=excludes)
    told = {name: _text(line, body, name) for name in ("id", "table", "reason", "evidence", "approver")}
    return Correction(
        **told,
        number=number,
        line=line,
        where=_where(line, body["where"], columns),
        column=column,
        was=_cell(line, "was", body.get("was")),
        now=_cell(line, "now", body.get("now")),
        excludes=excludes,
        approved_on=_day(line, "approved_on", body["approved_on"]),
        until=_day(line, "until", body["until"]) if body.get("until") else None,
    )


def _columns(line: int, table: str) -> list[str]:
    if table not in CANONICAL:
        fail(line, f"there is no table {table!r}.{did_you_mean(table, CANONICAL)} docs/tables.md lists them.")
    return [*CANONICAL[table].columns, ENTITY]


def _check_change(line: int, body: dict[str, Any], column: str | None, *, excludes: bool) -> None:
    """Refuse an entry that does not say what is to be changed, or without the guard that stops it."""
    if excludes and "now" in body:
        fail(line, "a row that is excluded has no `now`. Remove one of the two.")
    if excludes and ((column is None) != ("was" not in body)):
        fail(line, "to guard an exclusion give both `column` and `was`.")
    if excludes:
        return
    if column is None or "was" not in body or "now" not in body:
        fail(line, "say `column`, `was` (what stands there) and `now` (what is right), or `exclude: true`.")
    if body["was"] == body["now"]:
        fail(line, f"`was` and `now` are both {_cut(body['now'])}, so nothing would change.")


def _where(line: int, value: Any, columns: list[str]) -> tuple[tuple[str, str | None], ...]:
    if not isinstance(value, dict) or not value:
        fail(line, "`where` names rows: {ose_id: vm-17}, or {file: vms.csv, row: 12}.")
    for name in value:
        _check_name(line, "column", name, [*PLACES, *columns])
    told = {str(PLACES.get(name, name)): _cell(line, name, cell) for name, cell in value.items()}
    return tuple((name, told[name]) for name in sorted(told))


def _check_name(line: int, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        fail(line, f"there is no {what} {name!r}.{did_you_mean(name, names)} Known: {', '.join(names)}.")


def _choice(line: int, body: dict[str, Any], name: str) -> bool:
    value = body.get(name, "false")
    if value not in ("true", "false"):
        fail(line, f"{name} is true or false, not {_cut(value)}.")
    return bool(value == "true")


def _text(line: int, body: dict[str, Any], name: str) -> str:
    if not isinstance(body[name], str) or not body[name].strip():
        fail(line, f"{name} is text, not {_cut(body[name])}.")
    return str(body[name]).strip()


def _cell(line: int, name: str, value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    if value is not None and not isinstance(value, str):
        fail(line, f"{name} is one value, not {_cut(value)}.")
    return value


def _day(line: int, name: str, value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        fail(line, f"{name} is a date such as 2026-06-30, not {_cut(value)}.")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _cut(value: Any) -> str:
    told = repr(value)
    return told if len(told) <= _SHOWN else f"{told[:_SHOWN]}…"
