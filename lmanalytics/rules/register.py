"""Everything that the rules say of themselves: the rule register, the policies and the reasons."""

import csv
from datetime import date
from enum import EnumMeta
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import polars as pl
import yaml

import lmanalytics
from lmanalytics.errors import PolicyError, did_you_mean
from lmanalytics.rules import benefit, demand, entitlement, right
from lmanalytics.rules.engine import Reason, rule_modules, rules_of
from lmanalytics.rules.parameters import Policy, Settings, load_file, load_rule_file
from lmanalytics.rules.topics import topics_of

PACKAGES = (entitlement, right, demand, benefit)
_ROOT = Path(lmanalytics.__file__).parent
_DECIDING = ("facts", "position", "quality", "ingest", "rules", "evidence")
_REASONING = ("corrections", "facts", "position", "rules", "evidence")  # none of them loads Great Expectations


def modules() -> list[ModuleType]:
    """Return every rule module, in the order of the flow."""
    return [module for package in PACKAGES for module in rule_modules(package)]


def every_topic() -> list[ModuleType]:
    """Return the topics of every package, in the order of the flow."""
    return [topic for package in PACKAGES for topic in topics_of(package)]


def rule_register(as_of: date) -> pl.DataFrame:
    """List every rule: package, module, rule, sentence, unit, start, end, in_force, clause, href, status."""
    rows = [
        {
            "package": module.__name__.split(".")[-2],
            "module": module.__name__.rpartition(".")[2],
            "rule": r.name,
            "sentence": (r.function.__doc__ or "").strip().splitlines()[0],
            "unit": r.unit,
            "start": r.start,
            "end": r.end if r.end < date.max else None,
            "in_force": r.start <= as_of <= r.end,
            "clause": load_rule_file(module).references[r.cite].title,
            "href": load_rule_file(module).references[r.cite].href,
            "status": load_rule_file(module).references[r.cite].status,
        }
        for module in modules()
        for r in rules_of(module)
    ]
    return pl.DataFrame(rows, schema_overrides={"start": pl.Date, "end": pl.Date})


@cache
def policies() -> dict[str, Policy]:
    """Return every policy by its name, wherever in the program it is decided."""
    found = {name: policy for path in _deciding() for name, policy in load_file(path).policies.items()}
    return dict(sorted(found.items()))


def policy_source(name: str, reading: str) -> str:
    """Return the title of the source that publishes a reading of a policy."""
    file = load_file(_policy_path(name))
    return str(file.references[file.policies[name].readings[reading].reference])


def policy_stage(name: str) -> str:
    """Return the folder of the stage that decides by a policy: quality, facts, entitlement or demand."""
    return _policy_path(name).parent.name


def in_force(settings: Settings) -> dict[str, str]:
    """Return the reading in force of every policy.

    Raises:
        PolicyError: a policy, or a reading of one, does not exist.

    """
    known = policies()
    for name in settings.policies:
        if name not in known:
            message = (
                f"There is no policy {name!r}.{did_you_mean(name, known)} `lmanalytics rules policies` lists them."
            )
            raise PolicyError(message)
    return {name: policy.chosen(settings) for name, policy in known.items()}


@cache
def reasons() -> dict[str, dict[str, str]]:
    """Return the sentence of every reason: module name -> code -> sentence.

    Names of answers and tables stand beside the modules, with the sentences of those that `reasons.csv` names, the
    one that speaks first in front: several modules may know a code in other words.
    """
    found: dict[str, dict[str, str]] = {}
    for path in sorted(p for folder in _REASONING for p in (_ROOT / folder).rglob("*.py") if p.stem != "__init__"):
        name = ".".join(("lmanalytics", *path.relative_to(_ROOT).with_suffix("").parts))
        module = import_module(name)
        for value in vars(module).values():
            if isinstance(value, EnumMeta) and issubclass(value, Reason) and value.__module__ == name:
                sentences = {member.code: str(member.value) for member in value}
                found.setdefault(path.stem, {}).update(sentences)
    with Path(__file__).with_name("reasons.csv").open(encoding="utf-8", newline="") as stream:
        speakers = {row["name"]: row["modules"].split(";") for row in csv.DictReader(stream)}
    spoken = {name: [found[module] for module in reversed(named)] for name, named in speakers.items()}
    for name, texts in spoken.items():
        found[name] = {code: text for one in texts for code, text in one.items()} | found.get(name, {})
    return found


def sentence(code: str, module: str | None = None) -> str:
    """Return the sentence of a reason code, of the given module where several use it."""
    by_module = reasons()
    if module is not None and code in by_module.get(module, {}):
        return by_module[module][code]
    return next((found[code] for found in by_module.values() if code in found), code)


@cache
def _deciding() -> tuple[Path, ...]:
    """Return the YAML files that declare policies."""
    files = (p for p in sorted(_ROOT.rglob("*.yaml")) if p.relative_to(_ROOT).parts[0] in _DECIDING)
    return tuple(p for p in files if {"policies", "references"} <= _keys(p))


def _policy_path(name: str) -> Path:
    return next(path for path in _deciding() if name in load_file(path).policies)


def _keys(path: Path) -> set[str]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return set(document) if isinstance(document, dict) else set()
