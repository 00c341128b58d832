"""What the manifest tells of a run beside its digests."""

from typing import Any

import polars as pl

from lmanalytics.rules import register, topics
from lmanalytics.schemas import ANSWERS

Tables = dict[str, pl.LazyFrame]


def told(tables: Tables) -> dict[str, Any]:
    """Return entities, currencies, the tables that were given, what is not computable as sentences, and reasons."""
    given = sorted(tables)
    not_computable = [
        f"{what}: table {name} was not given"
        for name, what in (
            ("purchases", "what is owned"),
            ("hosts", "licensing by physical cores"),
            ("oses", "what runs"),
            ("prices", "cost"),
            ("agreements", "order windows"),
        )
        if name not in given
    ]
    facts = ("facts_hosts", "facts_oses", "facts_host_rows") if {"hosts", "oses"} & tables.keys() else ()
    for answer, absent in topics.lacking(register.every_topic(), {*given, *ANSWERS, *facts}).items():
        if answer in ANSWERS.keys() - set(topics.SHARED):
            names = ", ".join(sorted({name.removeprefix("facts_") for name in absent}))
            not_computable.append(f"{answer.replace('_', ' ')}: table {names} was not given")
    entities = sorted({e for t in tables.values() for e in t.select("entity_id").unique().collect().to_series()})
    currencies = (
        [] if "prices" not in tables else sorted(tables["prices"].select("currency").unique().collect().to_series())
    )
    return {
        "entities": entities,
        "currencies": currencies,
        "tables": given,
        "not_computable": not_computable,
        "reasons": register.reasons(),
    }
