"""Answer many small requests about one table in at most three scans. Pure Polars.

The first scan reads the hashes of keys, the second counts, the third fetches the first rows that fail. Each
is one streaming query, so memory grows with the number of checks and 8 bytes a row for each key.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import polars as pl

from lmanalytics.quality.conditions import Condition, Key, repeated

STREAMING: Literal["streaming"] = "streaming"
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


def rehearse(request: Request, schema: pl.Schema) -> None:
    """Try a request on no rows, where a missing column, a wrong type or a bad pattern raises at no cost."""
    nothing = pl.LazyFrame(schema=schema)
    match request:
        case Count(number):
            nothing.select(number).collect()
        case Sample(of):
            nothing.filter(of.fails).select(of.value).collect()
        case Repeats(key) | RepeatsSample(key):
            nothing.select(key.hash).collect()
        case Query(frame):
            frame.collect_schema()


class Scans:
    """One table; `made` counts the scans of it."""

    def __init__(self, frame: pl.LazyFrame) -> None:
        self.frame = frame
        self.made = 0

    def answer(self, requests: Mapping[Id, Request]) -> dict[Id, Any]:
        """Return one value per request: a number, or a list of values (tuples for pairs, dicts for keys)."""
        repeats = self._repeats([r.key for r in requests.values() if isinstance(r, Repeats | RepeatsSample)])
        counts = self._counts(requests, repeats)
        answers = {i: [] if isinstance(r, Sample | RepeatsSample) else counts[i] for i, r in requests.items()}
        return answers | self._samples({i: r for i, r in requests.items() if counts[i]}, repeats)

    def _collect(self, plans: list[pl.LazyFrame]) -> list[pl.DataFrame]:
        self.made += bool(plans)
        return pl.collect_all(plans, engine=STREAMING) if plans else []

    def _repeats(self, keys: list[Key]) -> dict[str, pl.LazyFrame]:
        """Plan the rows of each key that repeats, by its name."""
        named = {key.name: key for key in keys}
        if not named:
            return {}
        (hashes,) = self._collect([self.frame.select(key.hash.alias(name) for name, key in named.items())])
        candidates = {name: repeated(hashes[name]) for name in named}
        return {n: key.repeats(self.frame, candidates[n]) for n, key in named.items() if len(candidates[n])}

    def _counts(self, requests: Mapping[Id, Request], repeats: dict[str, pl.LazyFrame]) -> dict[Id, Any]:
        """Count everything; for a sample, the rows that it is to be taken from."""
        expressions: dict[Id, pl.Expr] = {}
        queries: dict[Id, pl.LazyFrame] = {}
        counts: dict[Id, Any] = {}
        for i, request in requests.items():
            match request:
                case Count(number):
                    expressions[i] = number
                case Sample(of):
                    expressions[i] = of.fails.sum()
                case Query(frame):
                    queries[i] = frame
                case Repeats(key) | RepeatsSample(key) if key.name in repeats:
                    queries[i] = repeats[key.name].select(pl.len())
                case _:
                    counts[i] = 0
        table = [self.frame.select(e.alias(str(n)) for n, e in enumerate(expressions.values()))] if expressions else []
        collected = self._collect([*queries.values(), *table])
        counts |= {i: single.row(0)[0] for i, single in zip(queries, collected, strict=False)}
        if expressions:
            counts |= dict(zip(expressions, collected[-1].row(0), strict=True))
        return counts

    def _samples(self, requests: Mapping[Id, Request], repeats: dict[str, pl.LazyFrame]) -> dict[Id, Any]:
        """Fetch a row while some check that it fails is short of its limit: few rows, however many fail."""
        twins = {i: r for i, r in requests.items() if isinstance(r, RepeatsSample)}
        samples = {i: r for i, r in requests.items() if isinstance(r, Sample)}
        plans = [repeats[r.key.name].select(r.key.columns).head(r.limit) for r in twins.values()]
        if samples:
            fails = [r.of.fails & (r.of.fails.cum_sum() <= r.limit) for r in samples.values()]
            used = [e.meta.root_names() for r in samples.values() for e in (r.of.fails, r.of.value)]
            plans.append(self.frame.select(sorted(set().union(*used))).filter(pl.any_horizontal(fails)))
        collected = self._collect(plans)
        values: dict[Id, Any] = {
            i: rows.to_dicts() if rows.width > 1 else rows.to_series().to_list()
            for i, rows in zip(twins, collected, strict=False)
        }
        for i, r in samples.items():
            first = collected[-1].filter(r.of.fails).head(r.limit).select(r.of.value).to_series().to_list()
            values[i] = [tuple(value.values()) if isinstance(value, dict) else value for value in first]
        return values
