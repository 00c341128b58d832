"""Topics: modules that turn tables into answers, each naming the tables that it cannot do without.

A topic has `NEEDS` (answer -> tables without which it is not computable), `answers(inputs, settings)` and
`explain_subject(inputs, settings, subject_id)`. Several topics may add rows to `demand` and `findings`.
"""

from collections.abc import Sequence
from types import ModuleType

import polars as pl

from lmanalytics.errors import RuleError
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.trace import EXPLANATION

Tables = dict[str, pl.LazyFrame]
SHARED = ("demand", "findings")
"""Answers to which several topics add rows."""


def gather(topics: Sequence[ModuleType], inputs: Tables, settings: Settings) -> tuple[Tables, dict[str, list[str]]]:
    """Ask every topic for its answers.

    Args:
        topics: modules in the order to ask; each sees the answers of those before it.
        inputs: canonical tables, facts and earlier answers by name; an absent one was not given.
        settings: date and policies.

    Returns:
        The answers by name, rows for `demand` and `findings` of all topics together; and for each answer that
        is not computable the tables that it lacks.

    Raises:
        RuleError: two topics give the same answer.

    """
    found: Tables = {}
    shared: dict[str, list[pl.LazyFrame]] = {name: [] for name in SHARED}
    lacking: dict[str, list[str]] = {}
    for topic in topics:
        needs: dict[str, tuple[str, ...]] = topic.NEEDS
        known = inputs | found
        absent = {answer: [t for t in tables if t not in known] for answer, tables in needs.items()}
        lacking |= {answer: tables for answer, tables in absent.items() if tables}
        if needs and all(absent.values()):
            continue
        given: Tables = topic.answers(known, settings)
        for name, frame in given.items():
            if name in SHARED:
                shared[name].append(frame)
            elif name in found:
                message = f"{topic.__name__} gives {name}, which another topic gave already."
                raise RuleError(message)
            else:
                found[name] = frame
    together = {name: pl.concat(frames, how="diagonal") for name, frames in shared.items() if frames}
    return found | together, lacking


def explain_subject(topics: Sequence[ModuleType], inputs: Tables, settings: Settings, subject_id: str) -> pl.DataFrame:
    """Return the lines of every topic that knows the subject."""
    known = [t for t in topics if not t.NEEDS or any(set(n) <= inputs.keys() for n in t.NEEDS.values())]
    lines: list[pl.DataFrame] = [topic.explain_subject(inputs, settings, subject_id) for topic in known]
    return pl.concat([pl.DataFrame(schema=EXPLANATION), *lines])
