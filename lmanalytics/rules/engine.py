"""Turn rule modules into columns and tables.

A rule is a function. Its positional arguments name columns (facts, or other rules of the same module);
its keyword-only arguments name parameters, policies or tables of the YAML beside the module, or `as_of`;
it returns a Polars expression, its column is `<module>__<rule>`. A frame rule takes tables and returns a
table. The engine wires these up and nothing more.
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.errors import RuleError
from lmanalytics.rules.parameters import Dated, RuleFile, Settings, load_rule_file

FOREVER = date.max


class Reason(Enum):
    """Base of a module's reasons: the member's name is the code, its value the sentence."""

    @property
    def code(self) -> str:
        """The code as it stands in answers."""
        return self.name.lower()

    @property
    def lit(self) -> pl.Expr:
        """The code as a literal column."""
        return pl.lit(self.code)


@dataclass(frozen=True)
class Rule:
    """One column or table: name, unit, citation, the days it applies, and how to compute it."""

    name: str
    unit: str
    cite: str
    start: date
    end: date
    function: Callable[..., Any]
    decides_null: bool = False
    optional: frozenset[str] = frozenset()
    dated_by: str | None = None
    is_frame: bool = False

    def __call__(self, *columns: Any, **given: Any) -> Any:
        """Call the plain function, as a test does."""
        return self.function(*columns, **given)

    @property
    def inputs(self) -> list[str]:
        """The columns (or tables) that the rule reads."""
        return [a.name for a in _arguments(self.function) if a.kind is not a.KEYWORD_ONLY]

    @property
    def given(self) -> list[str]:
        """The parameters, policies and tables that the rule is given."""
        return [a.name for a in _arguments(self.function) if a.kind is a.KEYWORD_ONLY]


@cache
def _arguments(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    return tuple(inspect.signature(function).parameters.values())


def rule(
    *,
    unit: str,
    cite: str,
    start: str,
    end: str = "",
    name: str = "",
    decides_null: bool = False,
    optional: tuple[str, ...] = (),
    dated_by: str | None = None,
) -> Callable[[Callable[..., pl.Expr]], Rule]:
    """Make a function a rule.

    Dates are inclusive; `name` joins two versions of one rule. A null input gives null unless the rule
    `decides_null`. An `optional` input may be absent from the facts and is then null. With `dated_by` the
    version and the parameters are chosen row by row on that column's date instead of the run's.
    """

    def make(function: Callable[..., pl.Expr]) -> Rule:
        days = date.fromisoformat(start), date.fromisoformat(end) if end else FOREVER
        return Rule(name or function.__name__, unit, cite, *days, function, decides_null, frozenset(optional), dated_by)

    return make


def frame_rule(*, unit: str, cite: str, start: str, end: str = "", name: str = "") -> Callable[..., Rule]:
    """Make a function from lazy frames to a lazy frame a rule: what no expression can say."""

    def make(function: Callable[..., pl.LazyFrame]) -> Rule:
        days = date.fromisoformat(start), date.fromisoformat(end) if end else FOREVER
        return Rule(name or function.__name__, unit, cite, *days, function, is_frame=True)

    return make


def rules_of(module: ModuleType) -> list[Rule]:
    """Return every rule that `module` defines, of any date."""
    values = [v for v in vars(module).values() if isinstance(v, Rule)]
    return [r for r in values if r.function.__module__ == module.__name__]


def rules_in_force(module: ModuleType, as_of: date) -> list[Rule]:
    """Return the rules of `module` that apply on `as_of`, in the order to compute them.

    Raises RuleError when two versions apply at once or none applies yet.
    """
    current: dict[str, Rule] = {}
    for found in rules_of(module):
        if not found.start <= as_of <= found.end:
            continue
        if found.name in current:
            message = f"{module.__name__}.{found.name}: two versions apply on {as_of}; end one."
            raise RuleError(message)
        current[found.name] = found
    if not current:
        earliest = min(r.start for r in rules_of(module))
        message = f"{module.__name__}: nothing applies on {as_of}; its first rule starts on {earliest}."
        raise RuleError(message)
    graph = {r.name: [c for c in r.inputs if c in current] for r in current.values()}
    return [current[name] for name in TopologicalSorter(graph).static_order()]


def column_name(module: ModuleType, name: str) -> str:
    """Return the column of a rule, `<module>__<rule>`."""
    return f"{module.__name__.rpartition('.')[2]}__{name}"


def evaluate(facts: pl.LazyFrame, module: ModuleType, settings: Settings) -> pl.LazyFrame:
    """Add one column per expression rule of `module`. A null input gives null, never zero."""
    rules = [r for r in rules_in_force(module, settings.as_of) if not r.is_frame]
    file = load_rule_file(module)
    names = {r.name: column_name(module, r.name) for r in rules}
    have = set(facts.collect_schema().names())
    ready: dict[str, pl.Expr] = {}
    for r in rules:
        if absent := [c for c in r.inputs if c not in have and c not in names and c not in r.optional]:
            message = f"{module.__name__}.{r.name} needs {', '.join(absent)}; the facts do not have it."
            raise RuleError(message)
        if not ready.keys().isdisjoint(r.inputs):
            facts, ready = facts.with_columns(ready.values()), {}
        ready[r.name] = _column(module, r, names, have, file, settings).alias(names[r.name])
    return facts.with_columns(ready.values())


def compute(module: ModuleType, name: str, settings: Settings, **frames: pl.LazyFrame) -> pl.LazyFrame:
    """Run the frame rule `name` of `module` on `frames`, one for each of its positional arguments."""
    found = next((r for r in rules_in_force(module, settings.as_of) if r.name == name), None)
    if found is None:
        message = f"{module.__name__}.{name} does not apply on {settings.as_of}."
        raise RuleError(message)
    given = _given(found, load_rule_file(module), settings)
    result: pl.LazyFrame = found(*(frames[i] for i in found.inputs), **given)
    return result


def _column(
    module: ModuleType, r: Rule, names: dict[str, str], have: set[str], file: RuleFile, settings: Settings
) -> pl.Expr:
    inputs = [pl.col(names.get(c, c)) if c in have or c in names else pl.lit(None) for c in r.inputs]
    if r.dated_by is None:
        value: pl.Expr = r(*inputs, **_given(r, file, settings))
    else:
        value = _by_row(module, r, inputs, file, settings)
    required = [i for c, i in zip(r.inputs, inputs, strict=True) if c not in r.optional]
    if r.decides_null or not required:
        return value
    return pl.when(pl.all_horizontal(i.is_not_null() for i in required)).then(value)


def _by_row(module: ModuleType, r: Rule, inputs: list[pl.Expr], file: RuleFile, settings: Settings) -> pl.Expr:
    """Choose the version and the parameter values on each row's own date, newest first."""
    versions = [v for v in rules_of(module) if v.name == r.name]
    days = {v.start for v in versions} | {
        d.since for p in r.given if p in file.parameters for d in file.parameters[p].values
    }
    day = pl.col(str(r.dated_by))
    value = pl.lit(None)
    for since in sorted(days):
        version = next((v for v in versions if v.start <= since <= v.end), None)
        on_day = Settings(since, settings.policies)
        known = version is not None and all(file.parameters[p].on(since) for p in version.given if p in file.parameters)
        then = version(*inputs, **_given(version, file, on_day)) if version and known else pl.lit(None)
        value = pl.when(day >= since).then(then).otherwise(value)
    return value


def _given(r: Rule, file: RuleFile, settings: Settings) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name in r.given:
        if name == "as_of":
            given[name] = settings.as_of
        elif name in file.policies:
            given[name] = file.policies[name].chosen(settings)
        elif name in file.tables:
            given[name] = _dated_table(file, name, settings.as_of)
        else:
            given[name] = in_force(file, name, settings.as_of).value
    return given


def _dated_table(file: RuleFile, name: str, as_of: date) -> pl.DataFrame:
    frame, day = file.table(name), file.tables[name].get("date")
    return frame if day is None else frame.filter(pl.col(day) <= as_of)


def in_force(file: RuleFile, name: str, as_of: date) -> Dated:
    """Return the dated value of a parameter, or raise RuleError when there is none on that day."""
    entry = file.parameters[name].on(as_of) if name in file.parameters else None
    if entry is None:
        message = f"{file.path.name} has no value for {name} on {as_of}; add one with its reference."
        raise RuleError(message)
    return entry


def rule_modules(package: ModuleType) -> list[ModuleType]:
    """Return every rule module of a package: adding the file adds the rule."""
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    found = [import_module(f"{package.__name__}.{name}") for name in names]
    return [module for module in found if rules_of(module)]
