"""The register of rules: what the run consulted, by module and clause, in two lines each."""

import pkgutil
from types import ModuleType

import polars as pl
from great_tables import GT

from lmanalytics import position
from lmanalytics.report.grids import grid
from lmanalytics.report.reasons import words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told
from lmanalytics.rules import reach, register
from lmanalytics.schemas import CANONICAL

_RULE = {name: pl.String() for name in ("package", "module", "rule", "sentence", "start", "clause", "href", "status")}
_STAGES = ("lmanalytics.rules.entitlement.stage", "lmanalytics.rules.demand.stage")


def rules_table(run: Run, limit: int = 400) -> GT:
    """List the rules that the run consulted: a row for each clause of a module, with what it decides on the clause.

    A rule is consulted where the tables that its topic cannot do without were given.
    """
    said = told("rule_tables.rules")
    more = pl.when(pl.len() > 1).then(pl.format(said["more"], pl.len() - 1)).otherwise(pl.lit(""))
    frame = (
        _rules(run)
        .group_by("package", "module", "number", maintain_order=True)
        .agg(pl.col("start").min(), says=pl.col("sentence").last() + more, is_draft=_is_draft().any())
        .with_columns(
            heading=pl.col("package").replace(said["packages"]),
            name=words("module"),
            number=pl.format("{}{}", "number", pl.when("is_draft").then(pl.lit("*")).otherwise(pl.lit(""))),
        )
    )
    return grid(run, "rules", "rule_tables.rules", limit, heading="heading", stored="manifest.json").show(frame)


def clauses_table(run: Run, limit: int = 400) -> GT:
    """List the clauses that those rules rest on by number, with the address of each and how many rules cite it."""
    frame = (
        _rules(run)
        .group_by("number", "clause", "href")
        .agg(count=pl.len().cast(pl.Int64))
        .sort("number")
        .with_columns(
            pl.col("number").cast(pl.Int64),
            href=pl.col("href").str.replace(r"^https?://(www\.)?", "").str.strip_suffix("/"),
        )
    )
    return grid(run, "rules", "rule_tables.clauses", limit, stored="manifest.json").show(frame)


def consulted(run: Run) -> frozenset[str] | None:
    """Return the names of the rule modules behind the topics whose tables were given; None: of all that the run lists.

    A run that names no tables says nothing of what was consulted.
    """
    given = set(run.tables)
    if not given:
        return None
    asked = [topic for topic in register.every_topic() if _is_asked(topic.NEEDS, given)]
    stages = [ModuleType(name) for name in _STAGES]
    stages += [ModuleType(f"{position.__name__}.{found.name}") for found in pkgutil.iter_modules(position.__path__)]
    return frozenset(name.rpartition(".")[2] for module in (*asked, *stages) for name in reach.modules(module))


def _is_asked(needs: dict[str, tuple[str, ...]], given: set[str]) -> bool:
    return any(all(table in given for table in tables if table in CANONICAL) for tables in needs.values())


def _rules(run: Run) -> pl.LazyFrame:
    """Return the rules that were consulted, in the order of the register, with the number of their clause."""
    known = consulted(run)
    rules = [
        {name: rule.get(name) for name in _RULE}
        for rule in run.manifest.get("rules") or ()
        if rule.get("in_force", True) and (known is None or rule.get("module") in known)
    ]
    clause = pl.format("{} {}", "clause", pl.col("href").fill_null(""))
    return pl.LazyFrame(rules, schema=_RULE).with_columns(
        sentence=pl.coalesce("sentence", "rule"),
        package=pl.col("package").fill_null(""),
        number=clause.rank("dense"),
    )


def _is_draft() -> pl.Expr:
    """Tell what nobody has compared with its clause yet."""
    return (pl.col("status") != "verified").fill_null(value=True)
