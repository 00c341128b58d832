"""What a person says about the estate in `estate.yaml`, because no export says it.

    policies:        {movement: cluster}
    entity:          contoso                       # whose rows these are, unless they say it themselves
    entities:        {"fabrikam/*": fabrikam}      # by file
    dates:           day_first                     # or month_first, or by file: {"old.csv": month_first}
    decimal:         comma                         # or point, or by file
    snapshots:       {"vms.csv": 2026-06-01}       # the day on which a file was exported
    editions:        [{vm: "sql*", edition: Datacenter}, {cluster: Prod*, edition: Standard, override: true}]
    license_source:  [{vm: "aws-*", source: license_included}]
    environment:     [{cluster: Test*, environment: dev_test}]
    hosts:           [{host: "esx0*", processors: 2, physical_cores: 32, operator: listed_provider}]
    datacenters:     [{datacenter_id: DC-Dublin, server_farm_id: europe, bloc: eu, utc_offset_minutes: 0}]
    owners:          [{area: esu, owner: Data center team}, {product: "SQL*", owner: J. Roe}, {owner: Asset management}]

A rule names rows by vm, host, cluster, file or entity (`*` and `?` as in file names, a list means any of
them); all that it names must fit. Editions are those of Windows Server. A rule fills what exports leave
unknown; `override: true` replaces what they say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import babel
import polars as pl
import yaml

from lmanalytics.errors import EstateError, did_you_mean
from lmanalytics.ingest.cells import ASSUMED
from lmanalytics.ingest.estate_checks import check, entries, mapping
from lmanalytics.ingest.owners import owners
from lmanalytics.ingest.patterns import globs, matches
from lmanalytics.ingest.survey import Convention
from lmanalytics.schemas import CANONICAL, DEFAULT_ENTITY, ENTITY, Column

_CHOICES = {"dates": ("day_first", "month_first"), "decimal": ("comma", "point")}
_SELECTORS = {"vm": "name", "host": "host_id", "cluster": "cluster_id", "file": "source_file", "entity": ENTITY}
_IN_PARTS = frozenset({"host_id", "cluster_id", "source_file", ENTITY})
_ONLY_FOR = {"editions": ("os_product", "Windows Server")}
_NOT_SET = frozenset({"host_id", "observed_on", "host_name", "cluster_id", "inventory_id"})
_SECTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "editions": ("oses", {"edition": "os_edition"}),
    "license_source": ("oses", {"source": "license_source"}),
    "environment": ("oses", {"environment": "environment"}),
    "hosts": ("hosts", {name: name for name in CANONICAL["hosts"].columns if name not in _NOT_SET}),
}
_KNOWN = ("policies", "entity", "entities", *_CHOICES, "snapshots", *_SECTIONS, "datacenters", "owners", "locale")


@dataclass(frozen=True)
class EstateRule:
    """One line of estate.yaml: which rows of a table, what they are given, and whether over what they say."""

    section: str
    number: int
    table: str
    where: dict[str, tuple[str, ...]]
    values: dict[str, Any]
    override: bool = False

    def selects(self) -> pl.Expr:
        """Tell the rows that it names."""
        columns = {_SELECTORS[selector]: any_of for selector, any_of in self.where.items()}
        tests = [matches(name, any_of, last_part=name in _IN_PARTS) for name, any_of in columns.items()]
        if self.section in _ONLY_FOR:
            column, value = _ONLY_FOR[self.section]
            tests.append(pl.col(column) == value)
        return pl.all_horizontal(tests).fill_null(value=False)

    def changes(self) -> pl.Expr:
        """Tell the rows in which it changes something."""
        return self.selects() & pl.any_horizontal(self._gives(name) for name in self.values)

    def applied(self) -> list[pl.Expr]:
        """Return the columns that it fills."""
        schema = CANONICAL[self.table].schema
        pairs = [(name, pl.lit(value).cast(schema[name])) for name, value in self.values.items()]
        return [pl.when(self.selects() & self._gives(name)).then(v).otherwise(name).alias(name) for name, v in pairs]

    def _gives(self, name: str) -> pl.Expr:
        """Tell where it may give `name` a value that is not there yet."""
        column = CANONICAL[self.table].columns[name]
        differs = pl.col(name).ne_missing(pl.lit(self.values[name]).cast(column.dtype))
        if self.override:
            return differs
        return differs & (pl.col(name).is_null() if column.default is None else pl.col(ASSUMED + name))


@dataclass(frozen=True)
class Estate:
    """Everything in one estate.yaml; all of it empty where there is none."""

    policies: dict[str, str] = field(default_factory=dict)
    entity: str = DEFAULT_ENTITY
    entities: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    decimal: dict[str, str] = field(default_factory=dict)
    snapshots: dict[str, date] = field(default_factory=dict)
    rules: tuple[EstateRule, ...] = ()
    datacenters: tuple[dict[str, str], ...] = ()
    owners: tuple[dict[str, Any], ...] = ()
    """Who acts on which findings: `owner`, and patterns by `area`, `product`, `entity` and `subject`."""
    locale: str = ""
    """How the report writes numbers and days, as in `de-DE`, unless it is told otherwise; it changes no answer."""

    def convention(self, file: str, *, is_native: bool) -> Convention:
        """Return how `file` writes what its columns leave open."""
        return Convention(_by_file(self.dates, file), _by_file(self.decimal, file) or ("point" if is_native else None))

    def snapshot(self, file: str) -> date | None:
        """Return the day on which `file` was exported, if it is told."""
        told: date | None = _by_file(self.snapshots, file)
        return told

    def owner(self, file: str) -> str:
        """Return the entity that the rows of `file` belong to unless they say it themselves."""
        return _by_file(self.entities, file) or self.entity

    def rules_for(self, table: str) -> list[EstateRule]:
        """Return the rules that fill columns of `table`, in the order in which they stand."""
        return [rule for rule in self.rules if rule.table == table]


def load_estate(path: Path) -> Estate:
    """Read estate.yaml; an absent file is an empty one. Raises EstateError for what cannot be applied."""
    if not path.exists():
        return Estate()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"{path.name} is not YAML: {' '.join(str(error).split())}. Correct it there."
        raise EstateError(message) from error
    document = mapping(path.name, document)
    check(path.name, document, _KNOWN)
    every = {name: _by_pattern(name, document.get(name)) for name in _CHOICES}
    return Estate(
        policies={str(key): str(value) for key, value in mapping("policies", document.get("policies")).items()},
        entity=str(document.get("entity") or DEFAULT_ENTITY),
        entities={str(key): str(value) for key, value in mapping("entities", document.get("entities")).items()},
        dates=every["dates"],
        decimal=every["decimal"],
        snapshots={
            key: _day(f"snapshots: {key}", v) for key, v in mapping("snapshots", document.get("snapshots")).items()
        },
        rules=tuple(rule for section in _SECTIONS for rule in _rules(section, document.get(section))),
        datacenters=tuple(_datacenters(document.get("datacenters"))),
        owners=tuple(owners(document.get("owners"))),
        locale=_locale(document.get("locale")),
    )


def _locale(name: object) -> str:
    if name is None:
        return ""
    try:
        babel.Locale.parse(str(name).replace("_", "-"), sep="-")
    except (ValueError, babel.UnknownLocaleError):
        message = f"locale: {name!r} is no locale. Write a language and a country, as in en-US or de-DE."
        raise EstateError(message) from None
    return str(name)


def _rules(section: str, lines: object) -> Iterable[EstateRule]:
    table, settable = _SECTIONS[section]
    selectors = [name for name in _SELECTORS if table == "oses" or name != "vm"]
    for number, line in enumerate(entries(section, lines), start=1):
        where = f"{section}, entry {number}"
        body = mapping(where, line)
        check(where, body, (*selectors, *settable, "override"))
        named = {name: globs(body[name]) for name in selectors if name in body}
        values = {
            c: _value(where, CANONICAL[table].columns[c], body[key]) for key, c in settable.items() if key in body
        }
        if not named or not values:
            message = f"estate.yaml, {where}: say which rows ({', '.join(selectors)}) and what they are given "
            raise EstateError(message + f"({', '.join(settable)}).")
        if not isinstance(body.get("override", False), bool):
            message = f"estate.yaml, {where}: override is true or false, not {body['override']!r}."
            raise EstateError(message)
        yield EstateRule(section, number, table, named, values, body.get("override", False))


def _datacenters(lines: object) -> Iterable[dict[str, str]]:
    columns = CANONICAL["datacenters"].columns
    for number, line in enumerate(entries("datacenters", lines), start=1):
        where = f"datacenters, entry {number}"
        body = mapping(where, line)
        check(where, body, (*columns, ENTITY))
        if "datacenter_id" not in body:
            message = f"estate.yaml, {where}: say datacenter_id, the name that hosts have."
            raise EstateError(message)
        yield {"farm_from": "2000-01-01"} | {key: str(value) for key, value in body.items()}


def _value(where: str, column: Column, value: object) -> object:
    kinds = {"integer": int, "boolean": bool, "list": list}
    kind = kinds.get(column.type, str)
    if column.values and str(value) not in column.values:
        hint = did_you_mean(str(value), column.values)
        message = (
            f"estate.yaml, {where}: {column.name} has no value {value!r}.{hint} Its values: {', '.join(column.values)}."
        )
        raise EstateError(message)
    if column.type == "text":
        return str(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        message = f"estate.yaml, {where}: {column.name} is {column.type}, which {value!r} is not."
        raise EstateError(message)
    return value


def _by_pattern(name: str, value: object) -> dict[str, str]:
    by_file: dict[str, str] = {} if value is None else {"*": str(value)}
    if isinstance(value, dict):
        by_file = {str(glob): str(choice) for glob, choice in value.items()}
    for choice in by_file.values():
        if choice not in _CHOICES[name]:
            hint = did_you_mean(choice, _CHOICES[name])
            message = f"estate.yaml: {name} is {' or '.join(_CHOICES[name])}, not {choice!r}.{hint}"
            raise EstateError(message)
    return by_file


def _day(where: str, value: object) -> date:
    if type(value) is date:
        return value
    message = f"estate.yaml, {where}: {value!r} is not a date such as 2026-06-30."
    raise EstateError(message)


def _by_file(patterns: Mapping[str, Any], file: str) -> Any:
    name = Path(file).name
    return next((v for glob, v in patterns.items() if fnmatch(file, glob) or fnmatch(name, glob)), None)
