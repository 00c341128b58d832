"""Topics: modules that turn tables into answers, each naming the tables that it cannot do without.

A topic has `NEEDS` (answer -> tables without which it is not computable), `answers(inputs, settings)` and
`explain_subject(inputs, settings, subject_ids)`, which takes one id or several. Adding such a module to a package of
rules adds the topic. One that decides about each place by itself also has `in_part(inputs, settings)`, which can be
asked of a partition of the estate, and `over_all(found, settings)`, which adds to the parts' answers what must be told
of all of them together.
"""

import pkgutil
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from types import ModuleType

import polars as pl

from lmanalytics.errors import RuleError
from lmanalytics.rules.parameters import Settings, consulting
from lmanalytics.rules.trace import EXPLANATION, Subjects

Tables = dict[str, pl.LazyFrame]
Notes = dict[str, set[str]]
Choice = Callable[[ModuleType], bool]
By = Callable[[str, Tables, Callable[[Tables], Tables]], Tables]
"""Computes a step by its name from tables, or takes over what is kept of it."""
SHARED = ("demand", "findings")
"""Answers to which several topics, of several stages, add rows."""


def topics_of(package: ModuleType) -> list[ModuleType]:
    """Return the topics of a package by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    found = [import_module(f"{package.__name__}.{name}") for name in names]
    return [module for module in found if hasattr(module, "NEEDS") and hasattr(module, "explain_subject")]


def every(_: ModuleType) -> bool:
    """Choose every topic."""
    return True


def lacking(topics: Sequence[ModuleType], given: Iterable[str]) -> dict[str, list[str]]:
    """Return for each answer that is not computable the tables that it lacks."""
    known = set(given)
    needs = {answer: [t for t in tables if t not in known] for one in topics for answer, tables in one.NEEDS.items()}
    return {answer: absent for answer, absent in sorted(needs.items()) if absent}


def plainly(_: str, tables: Tables, compute: Callable[[Tables], Tables]) -> Tables:
    """Compute a step."""
    return compute(tables)


def gather(
    topics: Sequence[ModuleType],
    inputs: Tables,
    settings: Settings,
    notes: Notes | None = None,
    ask: str = "answers",
    *,
    by: By = plainly,
    prefix: str = "",
) -> Tables:
    """Ask for answers every topic that has the tables for one of them.

    Args:
        topics: modules in the order to ask; each sees the answers of those before it.
        inputs: canonical tables, facts and earlier answers by name; an absent one was not given.
        settings: date and policies.
        notes: takes the policies that each topic consulted, by the topic's module.
        ask: the function to ask: `answers`, or `in_part` for the part of them that a partition can give.
        by: computes each topic, as a step `<package>.<topic>`.
        prefix: stands before the names of rows of demand.

    Returns:
        The answers by name; `demand_of_<topic>` and `findings_of_<topic>` hold the rows that a topic adds to those
        answers.

    Raises:
        RuleError: two topics give the same answer.

    """
    found: Tables = {}
    for topic in topics:
        known = inputs | found
        if all(set(tables) - known.keys() for tables in topic.NEEDS.values()):
            continue
        package, name = topic.__name__.split(".")[-2:]

        def asked(tables: Tables, topic: ModuleType = topic, name: str = name) -> Tables:
            answers: Tables = getattr(topic, ask)(tables, settings)
            if "findings" in answers:
                answers = answers | {"findings": answers["findings"].sort("finding_id")}
            return {(prefix if n == "demand" else "") + called(n, name): frame for n, frame in answers.items()}

        with consulting(notes.setdefault(topic.__name__, set()) if notes is not None else set()):
            given = by(f"{package}.{name}", known, asked)
        if twice := sorted(found.keys() & given.keys()):
            message = f"{topic.__name__} gives {', '.join(twice)}, which another topic gave already."
            raise RuleError(message)
        found |= given
    return found


def called(answer: str, topic: str) -> str:
    """Name what a topic gives: its own name where several give rows to one answer."""
    return f"{answer}_of_{topic}" if answer in SHARED else answer


def together(tables: Tables, answer: str) -> list[pl.LazyFrame]:
    """Return the rows that topics add to `demand` or `findings`, a frame for each topic by name."""
    return [tables[name] for name in sorted(tables) if name.startswith(f"{answer}_of_")]


def held(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Compute now a frame that several answers build on: plans that share a deep one take minutes to optimize."""
    return frame.collect(engine="streaming").lazy()


def explain_subject(
    topics: Sequence[ModuleType], inputs: Tables, settings: Settings, subject_ids: Subjects
) -> pl.DataFrame:
    """Return the lines of every topic that has its tables and knows one of the subjects."""
    able = [t for t in topics if any(set(tables) <= inputs.keys() for tables in t.NEEDS.values())]
    lines: list[pl.DataFrame] = [topic.explain_subject(inputs, settings, subject_ids) for topic in able]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines])
