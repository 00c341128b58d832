"""One worked example: what it asks, what the rules decide, and how the two compare.

A module of this package decides topics by a dictionary `TOPICS` of functions from inputs to outcomes. It
gives every outcome that its rules decide; those that the example does not ask for are left aside.
"""

import csv
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from polars.exceptions import PolarsError

from lmanalytics.errors import LmError

COLUMNS = ("id", "topic", "inputs_json", "expected_json", "confidence")
PASSED, FAILED, UNDECIDABLE = "pass", "fail", "undecidable"
_WRONG = ("published", "tool_output")
_RIGHT = "rule_value"
REMARKS = {"note", "old_ms_tool_output", "basis"}
"""What an example says beside its outcome: a remark, its source, and what a tool gave before it was corrected."""
_SENTENCES = ("finding", "reason", "process", "rule", "boundary")
"""Outcomes in words: another wording without other numbers is no other outcome, and not the same either."""
_NAMES = ("needs", "document")
"""Outcomes that name a paper: with fewer or more words beside it is the same, with one in common it may be."""
_SMALL = {"a", "an", "the", "of", "or", "and", "in", "on", "to", "by", "for", "with"}
_NEGATIVE = {"not", "no", "never", "without"}
_AMOUNT = re.compile(r"_usd\b|_usd_")
_UNREADABLE = (TypeError, ValueError, AttributeError, LookupError, ArithmeticError, PolarsError, LmError)
_MOST = 10**12


class UndecidableError(Exception):
    """No rule decides the example, or it does not say enough for one to decide."""


class UnreadableError(Exception):
    """A file of examples cannot be read at all."""


class Inputs(dict[str, Any]):
    """The inputs of an example; asking for one that is absent makes it undecidable.

    `asked` are the outcomes that the example states: a name may hold the date it is asked for, or what to
    compare with, and is then itself an input.
    """

    asked: dict[str, Any]

    def __init__(self, values: dict[str, Any] | None = None, /, asked: dict[str, Any] | None = None) -> None:
        super().__init__(values or {})
        self.asked = asked or {}

    def __missing__(self, key: str) -> NoReturn:
        message = f"the example does not give {key}"
        raise UndecidableError(message)


def count(value: Any) -> int:
    """Read a whole number, zero or more."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        message = f"{_shown(value)} is not a whole number"
        raise UndecidableError(message)
    return value


def flag(value: Any) -> bool:
    """Read a yes or no."""
    if not isinstance(value, bool):
        message = f"{_shown(value)} is neither true nor false"
        raise UndecidableError(message)
    return value


def money(value: Any) -> Decimal:
    """Read a price, or a ratio of prices."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _MOST:
        message = f"{_shown(value)} is no price"
        raise UndecidableError(message)
    return Decimal(value)


def words(value: Any) -> str:
    """Read a text that says something."""
    if not isinstance(value, str) or not value.strip():
        message = f"{_shown(value)} is no text"
        raise UndecidableError(message)
    return value.strip()


def entries(value: Any) -> list[Any]:
    """Read a list."""
    if not isinstance(value, list):
        message = f"{_shown(value)} is no list"
        raise UndecidableError(message)
    return value


def allowance(allowed: Any, said: Any) -> Any:
    """Word how many may run as an example does: any number, none, or so many, of virtual machines or by set."""
    if allowed == "none" and said == 0 and not isinstance(said, bool):
        return 0
    if not isinstance(said, str):
        return allowed
    plain = re.sub(r"\b(of|vms?|virtual machines?|oses?|per (full )?set|managed)\b", " ", said.casefold())
    plain = " ".join(plain.split())
    same = {"any number": "unlimited", "any": "unlimited", "no": "none", "0": "none"}
    return said if same.get(plain, plain) == str(allowed) else allowed


Decider = Callable[[Inputs], dict[str, Any]]


@dataclass(frozen=True)
class Result:
    """How one example ended, with the reason unless it passed."""

    id: str
    topic: str
    status: str
    reason: str = ""


def rows(path: Path) -> list[dict[str, str]]:
    """Read a file of examples; raise UnreadableError where it is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            found = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} cannot be read: {error}"
        raise UnreadableError(message) from error
    if absent := [c for c in COLUMNS[:4] if c not in (reader.fieldnames or [])]:
        message = f"{path} has no column {', '.join(absent)}; a file of examples has {', '.join(COLUMNS)}."
        raise UnreadableError(message)
    return found


def result(row: dict[str, str], topics: dict[str, list[Decider]]) -> Result:
    """Decide one example."""
    name, topic = (row["id"] or "").strip() or "(no id)", (row["topic"] or "").strip()
    try:
        inputs, expected = _json(row, "inputs_json"), _json(row, "expected_json")
    except ValueError as error:
        return Result(name, topic, FAILED, str(error))
    conditions = {key.removeprefix("at_"): value for key, value in expected.items() if key.startswith("at_")}
    asked = {key: value for key, value in expected.items() if not key.startswith("at_") and key not in REMARKS}
    try:
        decided = _decide(topic, Inputs(inputs | conditions, asked), topics)
    except UndecidableError as error:
        return Result(name, topic, UNDECIDABLE, str(error))
    if _RIGHT in asked:
        status, reason = _against_wrong(asked, decided)
    elif (row.get("confidence") or "").strip() == "known-bad":
        status, reason = _compare(asked, decided)
        status, reason = {FAILED: (PASSED, ""), PASSED: (FAILED, "gives the wrong figure")}.get(
            status, (status, reason)
        )
    else:
        status, reason = _compare(asked, decided)
    return Result(name, topic, status, reason)


def _json(row: dict[str, str], column: str) -> dict[str, Any]:
    try:
        value = json.loads(row[column] or "", parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        message = f"{column} is not JSON: {error}"
        raise ValueError(message) from error
    if not isinstance(value, dict):
        message = f"{column} is not an object of keys and values"
        raise ValueError(message)  # noqa: TRY004 (the cell's content is wrong, not a type in the program)
    return value


def _refuse(constant: str) -> NoReturn:
    message = f"{constant} is no number"
    raise ValueError(message)


def _decide(topic: str, inputs: Inputs, topics: dict[str, list[Decider]]) -> dict[str, Any]:
    deciders = topics.get(topic.removeprefix("known_bad:"), [])
    if not deciders:
        message = f"no rule decides {topic} yet"
        raise UndecidableError(message)
    reasons = []
    for decide in deciders:
        try:
            return decide(inputs)
        except UndecidableError as error:
            reasons.append(str(error))
        except _UNREADABLE as error:
            reasons.append(f"an input cannot be read: {type(error).__name__}: {error}".splitlines()[0])
    raise UndecidableError("; ".join(dict.fromkeys(reasons)))


def _against_wrong(asked: dict[str, Any], decided: dict[str, Any]) -> tuple[str, str]:
    """Pass when the rules give the right figure and not the wrong one that was published."""
    status, reason = _compare(_keyed(asked[_RIGHT]), decided)
    if status != PASSED:
        return status, reason
    for key in _WRONG:
        wrong = _keyed(asked[key]) if key in asked else {}
        if wrong and all(k in decided and is_equal(v, decided[k]) for k, v in wrong.items()):
            return FAILED, f"gives the wrong figure of {key}"
    return PASSED, ""


def _keyed(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {_RIGHT: value}


def _compare(asked: dict[str, Any], decided: dict[str, Any]) -> tuple[str, str]:
    if not asked:
        return UNDECIDABLE, "the example expects nothing"
    different, open_keys, agreed = [], [], []
    for key, value in asked.items():
        if key not in decided:
            open_keys.append(f"{key} (the example gives no prices)" if _AMOUNT.search(key) else key)
        elif is_equal(value, decided[key]) or (key in _NAMES and _names_the_same(value, decided[key])):
            agreed.append(key)
        elif (
            (key in _SENTENCES and _is_other_wording(value, decided[key]))
            or (key in _NAMES and _may_name_the_same(value, decided[key]))
            or (key == "covers" and _names_the_same(value, decided[key]))
        ):
            open_keys.append(f"the wording of {key} (the rules say {_shown(decided[key])})")
        elif isinstance(value, str) and re.search(r"\d", value) and not isinstance(decided[key], str):
            open_keys.append(f"{key} (published as {value!r}, which is no figure)")
        else:
            different.append(f"{key}: expected {_shown(value)}, the rules give {_shown(decided[key])}")
    if different:
        return FAILED, "; ".join(different)
    if open_keys:
        rest = f"; {', '.join(agreed)} as expected" if agreed else ""
        return UNDECIDABLE, f"no rule decides {', '.join(open_keys)}{rest}"
    return PASSED, ""


def _is_other_wording(expected: object, given: object) -> bool:
    """Tell whether two sentences may say the same: they do not where each has numbers, and others."""
    sides = [re.findall(r"\d+", text) for text in (expected, given) if isinstance(text, str) and " " in text]
    return len(sides) == len((expected, given)) and (not all(sides) or sides[0] == sides[1])


def _names_the_same(expected: object, given: object) -> bool:
    """Tell whether one name is the other with words beside: `update statement`, `update statement (an order)`."""
    pairs = _name_words(expected, given)
    return any(left <= right or right <= left for left, right in pairs)


def _may_name_the_same(expected: object, given: object) -> bool:
    """Tell whether two names have a word in common, outside of parentheses."""
    return any(left & right for left, right in _name_words(expected, given)[1:])


def _name_words(expected: object, given: object) -> list[tuple[set[str], set[str]]]:
    """Words of two names, with and without what is in parentheses; none where one denies the other."""
    if not (isinstance(expected, str) and isinstance(given, str)):
        return []
    names = [_plain(text) for text in (expected, given)]
    left, right = (set(re.findall(r"[\w&]+", name)) - _SMALL for name in names)
    bare = [set(re.findall(r"[\w&]+", re.sub(r"\([^)]*\)", "", name))) - _SMALL for name in names]
    return [] if (left ^ right) & _NEGATIVE or not all(bare) else [(left, right), (bare[0], bare[1])]


def is_equal(expected: object, given: object) -> bool:
    """Compare exactly; a text with the code of an outcome (`any time` is `any_time`), zero of a name with none."""
    if isinstance(expected, bool) or isinstance(given, bool):
        return expected is given
    if isinstance(expected, str) and isinstance(given, str):
        return _plain(expected) == _plain(given)
    if isinstance(expected, list) and isinstance(given, list):
        return len(expected) == len(given) and all(map(is_equal, expected, given))
    if isinstance(expected, dict) and isinstance(given, dict):
        left, right = ({_plain(k): v for k, v in side.items() if not _is_zero(v)} for side in (expected, given))
        return left.keys() == right.keys() and all(is_equal(value, right[key]) for key, value in left.items())
    if expected == "none":
        return given is None
    return expected == given


def _is_zero(value: object) -> bool:
    return not isinstance(value, bool) and value == 0


def _plain(text: str) -> str:
    """Fold case, spelling of codes and of licence, and a version's channel: `LTSC 2021` and `2021` are one."""
    folded = text.replace("_", " ").casefold().replace("licence", "license")
    folded = re.sub(r"\bltsc\b|\(\)|\(ltsc\)", "", folded)
    return " ".join(re.sub(r"^se$", "subscription edition", folded.strip()).split())


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
