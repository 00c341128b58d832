"""Answer many small requests about one table in at most three scans. Pure Polars.

The first scan reads the hashes of keys, the second counts, the third fetches the first rows that fail and those
that share a key. Each is one streaming query, so memory grows with the number of checks and 8 bytes a row for each
key.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import polars as pl

from lmanalytics.quality.conditions import Condition, Key, repeated

STREAMING: Literal["streaming"] = "streaming"
ROW_GROUP = 131_072
Id = TypeVar("Id", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Count:
    """A number of the whole table."""

    number: pl.Expr


@dataclass(frozen=True, eq=False)
class Sample:
    """The first rows that fail a condition."""

    of: Condition
    limit: int


@dataclass(frozen=True, eq=False)
class Repeats:
    """How many rows have a key that stands on another row too."""

    key: Key


@dataclass(frozen=True, eq=False)
class RepeatsSample:
    """The first rows that do."""

    key: Key
    limit: int


@dataclass(frozen=True, eq=False)
class Query:
    """The one value of a query of its own, which is no scan of ours."""

    frame: pl.LazyFrame


Request = Count | Sample | Repeats | RepeatsSample | Query


class Scans:
    """One table, and what is known of it so far; nothing is looked for twice.

    Attributes:
        frame: the table.
        schema: its columns.
        made: how many scans of it there were.

    """

    def __init__(self, frame: pl.LazyFrame, numbers: Iterable[pl.Expr] = ()) -> None:
        """Take a table, with numbers of it that somebody will ask `number` for: they ride on the first count."""
        self.frame, self.schema, self.made = frame, frame.collect_schema(), 0
        self._riders = list(numbers)
        self._numbers: dict[bytes, Any] = {}
        self._candidates: dict[str, pl.Series] = {}
        self._nothing = pl.DataFrame(schema=self.schema)

    def faults(self, requests: Mapping[Id, Request]) -> dict[Id, str]:
        """Try requests on no rows, where a missing column, a wrong type or a bad pattern raises at no cost."""
        if len(requests) > 1:
            try:
                pl.collect_all([self._rehearsed(request) for request in requests.values()])
            except pl.exceptions.PolarsError:
                return {i: why for i, one in requests.items() for why in self.faults({i: one}).values()}
            return {}
        for i, request in requests.items():
            try:
                self._rehearsed(request).collect()
            except pl.exceptions.PolarsError as fault:
                return {i: str(fault)}
        return {}

    def answer(self, requests: Mapping[Id, Request]) -> dict[Id, Any]:
        """Return one value per request: a number, or a list of values (tuples for pairs, dicts for keys)."""
        keys = {r.key.name: r.key for r in requests.values() if isinstance(r, Repeats | RepeatsSample)}
        self._find_hashes(keys)
        self._count([number for r in requests.values() for number in _numbers(r)])
        samples = {i: r for i, r in requests.items() if isinstance(r, Sample) and self.number(r.of.fails.sum())}
        rows = self._rows([*samples.values()], keys)
        twins = {name: key.repeats(rows.lazy(), self._candidates[name]).collect() for name, key in keys.items()}
        answers: dict[Id, Any] = {}
        for i, request in requests.items():
            match request:
                case Count(number):
                    answers[i] = self.number(number)
                case Repeats(key):
                    answers[i] = twins[key.name].height
                case RepeatsSample(key, limit):
                    first = twins[key.name].select(key.columns).head(limit)
                    answers[i] = first.to_dicts() if first.width > 1 else first.to_series().to_list()
                case Sample(of, limit):
                    failing = rows.filter(of.fails).head(limit) if i in samples else self._nothing
                    values = failing.lazy().select(of.value).collect().to_series().to_list()
                    answers[i] = [tuple(value.values()) if isinstance(value, dict) else value for value in values]
                case Query(frame):
                    answers[i] = frame.collect(engine=STREAMING).item()
        return answers

    def number(self, expression: pl.Expr) -> Any:
        """Return a number of the whole table; with no scan, if it was asked for before."""
        self._count([expression])
        return self._numbers[expression.meta.serialize()]

    def candidates(self, key: Key) -> pl.Series:
        """Return the hashes of `key` that occur more than once; with no scan, if they were asked for before."""
        self._find_hashes({key.name: key})
        return self._candidates[key.name]

    def _rehearsed(self, request: Request) -> pl.LazyFrame:
        nothing = self._nothing.lazy()
        match request:
            case Count(number):
                return nothing.select(number)
            case Sample(of):
                return nothing.filter(of.fails).select(of.value)
            case Repeats(key) | RepeatsSample(key):
                return nothing.select(key.hash)
            case Query(frame):
                return frame.clear()

    def _collect(self, plan: pl.LazyFrame) -> pl.DataFrame:
        self.made += 1
        return plan.collect(engine=STREAMING)

    def _count(self, expressions: Iterable[pl.Expr]) -> None:
        asked = {e.meta.serialize(): e for e in expressions}
        unknown = {name: e for name, e in asked.items() if name not in self._numbers}
        if not unknown:
            return
        riders, self._riders = self._riders, []
        if not self.faults(dict(enumerate(Count(e) for e in riders))):
            unknown = {e.meta.serialize(): e for e in riders} | unknown
        row = self._collect(self.frame.select(e.alias(str(n)) for n, e in enumerate(unknown.values())))
        self._numbers |= dict(zip(unknown, row.row(0), strict=True))

    def _find_hashes(self, keys: Mapping[str, Key]) -> None:
        named = {name: key for name, key in keys.items() if name not in self._candidates}
        if not named:
            return
        hashes = self._collect(self.frame.select(key.hash.alias(name) for name, key in named.items()))
        for name in named:
            self._candidates[name] = repeated(hashes.drop_in_place(name))

    def _rows(self, samples: list[Sample], keys: Mapping[str, Key]) -> pl.DataFrame:
        """Fetch a row while some check that it fails is short of its limit, and where a key may repeat: few rows."""
        repeats = {name: key for name, key in keys.items() if len(self._candidates[name])}
        wanted = [r.of.fails & (r.of.fails.cum_sum() <= r.limit) for r in samples]
        wanted += [key.suspects(self._candidates[name]) for name, key in repeats.items()]
        if not wanted:
            return self._nothing
        used = [e.meta.root_names() for r in samples for e in (r.of.fails, r.of.value)]
        used += [[*key.columns, *key.hash.meta.root_names()] for key in keys.values()]
        return self._collect(self.frame.select(sorted(set().union(*used))).filter(pl.any_horizontal(wanted)))


def _numbers(request: Request) -> list[pl.Expr]:
    """Return what has to be counted for a request."""
    match request:
        case Count(number):
            return [number]
        case Sample(of):
            return [of.fails.sum()]
    return []
