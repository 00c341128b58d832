"""The scenarios of a file: named, in order, each a list of changes, some building on others."""

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from lmanalytics.errors import did_you_mean
from lmanalytics.schemas import Column
from lmanalytics.whatif.patches_values import value
from lmanalytics.whatif.scenario_document import Entry, read

_SCENARIO = ("title", "on", "as_of", "policies", "changes")
_PLAIN = {
    "text": "text",
    "integer": "integer",
    "amount": "money",
    "percent": "money",
    "date": "date",
    "flag": "boolean",
}


@dataclass(frozen=True)
class Change:
    """One change: its verb, what stands behind it, and the keys beside it."""

    verb: str
    object: Entry
    keys: dict[str, Entry]
    at: Entry

    def read(self, key: str) -> Any:
        """Return a key of a plain kind as its value; None where it is not given."""
        if key not in self.keys:
            return None
        return _read(self.keys[key], key, verbs()[self.verb]["keys"][key].rstrip("!"))

    @property
    def may_be_empty(self) -> bool:
        """Whether a selection without a row is fine."""
        return bool(self.read("may_be_empty"))


@dataclass(frozen=True)
class Scenario:
    """One scenario as the file has it."""

    name: str
    title: str
    on: str | None
    as_of: date | None
    policies: dict[str, str]
    changes: tuple[Change, ...]
    entry: Entry = field(repr=False)


@dataclass(frozen=True)
class Chain:
    """A scenario with those that it builds on, the first of them first."""

    links: tuple[Scenario, ...]

    @property
    def last(self) -> Scenario:
        """The scenario itself."""
        return self.links[-1]

    @property
    def as_of(self) -> date | None:
        """The position date that the nearest of them states; None for that of the run."""
        return next((link.as_of for link in reversed(self.links) if link.as_of is not None), None)

    @property
    def policies(self) -> dict[str, str]:
        """The readings that they set, the nearest counting."""
        return {name: reading for link in self.links for name, reading in link.policies.items()}

    def plain(self) -> list[dict[str, Any]]:
        """Return what is written, with the lines on which changes stand."""
        return [
            {"name": link.name, "lines": [c.at.line for c in link.changes]} | link.entry.plain() for link in self.links
        ]


@cache
def verbs() -> dict[str, dict[str, Any]]:
    """Return each verb with `object`, `says` and `keys`."""
    known: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_name("scenario_verbs.yaml").read_text(encoding="utf-8")
    )
    return known


def load(path: Path) -> list[Chain]:
    """Read a scenario file.

    Returns:
        Each scenario with those that it builds on, in the order of the file.

    Raises:
        UsageError: there is no such file.
        ScenarioError: it is no scenario file: what is wrong, on which line, and what was perhaps meant.

    """
    document = read(path)
    document.known(("scenarios",), "a scenario file")
    if "scenarios" not in document.fields("a scenario file"):
        document.fail("a scenario file begins with `scenarios:`, and below it each scenario by its name.")
    named = document.fields("a scenario file")["scenarios"]
    if named.value is None:
        named.fail("`scenarios:` names none. Write `scenarios: {unchanged: {}}` for one that changes nothing.")
    found = {name: _scenario(name, entry) for name, entry in named.fields("scenarios").items()}
    return [_chain(name, found) for name in found]


def _scenario(name: str, entry: Entry) -> Scenario:
    body = Entry(entry.file, entry.line, {}) if entry.value is None else entry
    body.known(_SCENARIO, f"the scenario {name!r}")
    keys = body.fields(name)
    policies = keys.get("policies")
    stated = policies.fields("policies") if policies and policies.value is not None else {}
    changes = keys["changes"].items("changes") if keys.get("changes") and keys["changes"].value is not None else ()
    return Scenario(
        name,
        keys["title"].text("title") if "title" in keys else name.replace("_", " "),
        keys["on"].text("on") if "on" in keys else None,
        _read(keys["as_of"], "as_of", "date") if "as_of" in keys else None,
        {policy: reading.text(f"the reading of {policy}") for policy, reading in stated.items()},
        tuple(_change(one) for one in changes),
        body,
    )


def _change(entry: Entry) -> Change:
    keys = entry.fields("a change")
    if not keys:
        entry.fail(f"a change begins with a verb. Verbs: {', '.join(verbs())}.")
    verb = next(iter(keys))
    if verb not in verbs():
        others = [name for name in keys if name in verbs()]
        hint = f" Write {others[0]!r} first." if others else did_you_mean(verb, verbs())
        entry.fail(f"a change begins with a verb, and {verb!r} is none.{hint} Verbs: {', '.join(verbs())}.")
    known: dict[str, str] = verbs()[verb]["keys"]
    Entry(entry.file, entry.line, {k: e for k, e in keys.items() if k != verb}).known(known, f"{verb!r}")
    if absent := [key for key, kind in known.items() if kind.endswith("!") and key not in keys]:
        entry.fail(f"{verb!r} needs {absent[0]!r} beside it. {verbs()[verb]['says']}")
    change = Change(verb, keys[verb], {k: e for k, e in keys.items() if k != verb}, entry)
    change.object.text(f"{verb!r} is followed by {verbs()[verb]['object']}; this")
    for key, kind in known.items():
        if kind.rstrip("!") in _PLAIN:
            change.read(key)
    return change


def _chain(name: str, known: dict[str, Scenario]) -> Chain:
    links = [known[name]]
    while (below := links[0].on) is not None:
        entry = links[0].entry.fields("a scenario")["on"]
        if below not in known:
            hint = did_you_mean(below, known)
            entry.fail(f"{links[0].name!r} builds on {below!r}, which is no scenario of this file.{hint}")
        if below in {link.name for link in links}:
            entry.fail(f"{below!r} builds on itself, by way of {links[0].name!r}.")
        links.insert(0, known[below])
    return Chain(tuple(links))


def _read(entry: Entry, name: str, kind: str) -> Any:
    return value(entry, Column(name, _PLAIN[kind], is_required=True, is_optional=False))
