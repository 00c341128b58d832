"""Explain subjects: every rule's value, what it was computed from, and the clause it rests on."""

from collections.abc import Collection
from types import ModuleType

import polars as pl

from lmanalytics.rules.amendments import AMENDED
from lmanalytics.rules.engine import column_name, evaluate, in_force, rules_in_force
from lmanalytics.rules.parameters import Settings, load_rule_file

Subjects = str | Collection[str]
"""The id of a subject to explain, or several."""
EXPLANATION = pl.Schema(
    {
        "subject": pl.String(),
        "rule": pl.String(),
        "value": pl.String(),
        "unit": pl.String(),
        "inputs": pl.String(),
        "given": pl.String(),
        "clause": pl.String(),
    }
)


def is_asked(column: str, subjects: Subjects) -> pl.Expr:
    """Tell which rows are about a subject that is asked for."""
    return pl.col(column).is_in([subjects] if isinstance(subjects, str) else list(subjects))


def explain(facts: pl.LazyFrame, module: ModuleType, settings: Settings, subject: str) -> pl.DataFrame:
    """Recompute `module` on the facts of subjects and return a line per rule and row.

    Args:
        facts: the rows of the subjects, with the columns that the module reads.
        module: a module of expression rules.
        settings: the run's date and policies.
        subject: the column that names the subject.

    Returns:
        subject, rule, value, unit, inputs, given (parameters with the day since they hold, policies with
        their reading), clause.

    """
    rules = [r for r in rules_in_force(module, settings.as_of) if not r.is_frame]
    names = {r.name: column_name(module, r.name) for r in rules}
    file = load_rule_file(module)
    lines = []
    for row in evaluate(facts, module, settings).collect().to_dicts():
        for r in rules:
            inputs = [f"{c} = {_text(row.get(names.get(c, c)))}" for c in r.inputs]
            given = []
            for name in r.given:
                if name in file.parameters:
                    entry = in_force(file, name, settings.as_of)
                    holds = "as a scenario says" if entry.reference == AMENDED else f"since {entry.since}"
                    given.append(f"{name} = {entry.value} {file.parameters[name].unit} {holds}")
                elif name in file.policies:
                    given.append(f"policy {name} = {file.policies[name].chosen(settings)}")
            lines.append(
                {
                    "subject": _text(row[subject]),
                    "rule": names[r.name].replace("__", "."),
                    "value": _text(row[names[r.name]]),
                    "unit": r.unit,
                    "inputs": ", ".join(inputs),
                    "given": ", ".join(given),
                    "clause": str(file.references[r.cite]),
                }
            )
    return pl.DataFrame(lines, schema=EXPLANATION)


def _text(value: object) -> str:
    return "unknown" if value is None else str(value)
