"""Other values for parameters of the rules, for as long as a scenario asks what would follow from them."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from lmanalytics.errors import ParameterError

if TYPE_CHECKING:
    from lmanalytics.rules.parameters import RuleFile, Value

AMENDED = "amended"
"""Stands in the place of a value's reference: no text of the terms says it."""


@dataclass(frozen=True)
class Amendment:
    """A value that replaces every dated value of a parameter from a day on, or all of them."""

    module: str
    parameter: str
    value: "Value"
    since: date | None = None

    def told(self) -> dict[str, Any]:
        """Say it in words and numbers that JSON has."""
        kind = type(self.value).__name__
        since = self.since and self.since.isoformat()
        value = self.value.isoformat() if isinstance(self.value, date) else self.value
        return {"module": self.module, "parameter": self.parameter, "value": value, "kind": kind, "since": since}


def told_in(document: Mapping[str, Any]) -> list[Amendment]:
    """Return the amendments under which a run was computed, from its manifest; none where it is no scenario."""
    return [
        Amendment(
            one["module"],
            one["parameter"],
            date.fromisoformat(one["value"]) if one["kind"] == "date" else one["value"],
            date.fromisoformat(one["since"]) if one["since"] else None,
        )
        for one in document.get("scenario", {}).get("rules", ())
    ]


_IN_FORCE: ContextVar[tuple[Amendment, ...]] = ContextVar("_IN_FORCE", default=())


@contextmanager
def amended(amendments: Iterable[Amendment]) -> Iterator[None]:
    """Let rules read these values meanwhile; of two for one parameter the later counts."""
    token = _IN_FORCE.set((*_IN_FORCE.get(), *amendments))
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def in_force() -> tuple[Amendment, ...]:
    """Return the amendments under which rules are read now."""
    return _IN_FORCE.get()


def amend(file: "RuleFile") -> "RuleFile":
    """Return a rule file with the amendments in force; the file itself where there is none for it."""
    own = tuple(a for a in _IN_FORCE.get() if a.module == file.path.stem and a.parameter in file.parameters)
    return _amended(_Same(file), own) if own else file


@dataclass(frozen=True)
class _Same:
    """A rule file that is known by its path, since its dictionaries have no hash."""

    file: "RuleFile"

    def __hash__(self) -> int:
        return hash(self.file.path)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.file is self.file


@cache
def _amended(same: _Same, amendments: tuple[Amendment, ...]) -> "RuleFile":
    parameters = dict(same.file.parameters)
    for amendment in amendments:
        parameter = parameters[amendment.parameter]
        held = [v for v in parameter.values if v.value is not None]
        if not held or any(type(v.value) is not type(amendment.value) for v in held):
            message = (
                f"{amendment.module}.{amendment.parameter} holds values such as {held[0].value if held else 'none'};"
                f" {amendment.value!r} is of another kind."
            )
            raise ParameterError(message)
        since = amendment.since
        replaced = [
            replace(v, value=amendment.value, reference=AMENDED)
            if v.value is not None and (since is None or v.since >= since)
            else v
            for v in parameter.values
        ]
        if since is not None and all(v.since != since for v in replaced):
            replaced.append(replace(held[0], since=since, value=amendment.value, reference=AMENDED))
        ordered = tuple(sorted(replaced, key=lambda v: v.since))
        parameters[amendment.parameter] = replace(parameter, values=ordered)
    return replace(same.file, parameters=parameters)
