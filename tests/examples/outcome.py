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

COLUMNS = ("id", "topic", "inputs_json", "expected_json", "confidence")
PASSED, FAILED, UNDECIDABLE = "pass", "fail", "undecidable"
_WRONG = ("published", "tool_output")
_RIGHT = "rule_value"


class UndecidableError(Exception):
    """No rule decides the example, or it does not say enough for one to decide."""


class UnreadableError(Exception):
    """A file of examples cannot be read at all."""


class Inputs(dict[str, Any]):
    """The inputs of an example; asking for one that is absent makes it undecidable."""

    def __missing__(self, key: str) -> NoReturn:
        message = f"the example does not give {key}"
        raise UndecidableError(message)


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
    asked = {key: value for key, value in expected.items() if not key.startswith("at_")}
    try:
        decided = _decide(topic, Inputs(inputs | conditions), topics)
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
        except (TypeError, ValueError, AttributeError) as error:
            reasons.append(f"an input cannot be read: {error}")
    raise UndecidableError("; ".join(dict.fromkeys(reasons)))


def _against_wrong(asked: dict[str, Any], decided: dict[str, Any]) -> tuple[str, str]:
    """Pass when the rules give the right figure and not the wrong one that was published."""
    status, reason = _compare(_keyed(asked[_RIGHT]), decided)
    if status != PASSED:
        return status, reason
    for key in _WRONG:
        wrong = _keyed(asked[key]) if key in asked else {}
        if wrong and all(k in decided and _equal(v, decided[k]) for k, v in wrong.items()):
            return FAILED, f"gives the wrong figure of {key}"
    return PASSED, ""


def _keyed(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {_RIGHT: value}


def _compare(asked: dict[str, Any], decided: dict[str, Any]) -> tuple[str, str]:
    different, open_keys = [], []
    for key, value in asked.items():
        if key not in decided:
            open_keys.append(key)
        elif _equal(value, decided[key]):
            continue
        elif isinstance(value, str) and re.search(r"\d", value) and not isinstance(decided[key], str):
            open_keys.append(f"{key} (published as {value!r}, which is no figure)")
        else:
            different.append(f"{key}: expected {_shown(value)}, the rules give {_shown(decided[key])}")
    if different:
        return FAILED, "; ".join(different)
    if open_keys:
        return UNDECIDABLE, f"no rule decides {', '.join(open_keys)}"
    return PASSED, ""


def _equal(expected: object, given: object) -> bool:
    """Compare exactly; a text with the code of an outcome (`any time` is `any_time`)."""
    if isinstance(expected, bool) or isinstance(given, bool):
        return expected is given
    if isinstance(expected, str) and isinstance(given, str):
        return expected.replace("_", " ").casefold() == given.replace("_", " ").casefold()
    if isinstance(expected, list) and isinstance(given, list):
        return len(expected) == len(given) and all(map(_equal, expected, given))
    return expected == given


def _shown(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
