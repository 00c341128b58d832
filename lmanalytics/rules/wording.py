"""Words of findings: one is not several."""

import polars as pl

_NOUNS = {
    "user_cal": "user CAL",
    "device_cal": "device CAL",
    "external_connector": "External Connector license",
    "management_license": "management license",
    "license": "license",
}


def many(column: str, noun: str, several: str | None = None) -> pl.Expr:
    """Count a noun: `1 license`, `2 licenses`; `several` where it is not the noun with an s."""
    return pl.format("{} {}", column, agreeing(column, noun, several or f"{noun}s"))


def agreeing(column: str, one: str, several: str) -> pl.Expr:
    """Give the form of a word that agrees with a count: `is` or `are`."""
    return pl.when(pl.col(column) == 1).then(pl.lit(one)).otherwise(pl.lit(several))


def licenses(column: str, metric: str = "metric") -> pl.Expr:
    """Count licenses of a metric: `1 core license`, `10 user CALs`."""
    noun = pl.col(metric).replace_strict(_NOUNS, default=pl.format("{} license", metric))
    return pl.format("{} {}{}", column, noun, agreeing(column, "", "s"))
