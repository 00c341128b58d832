"""The facts of those machines that are asked about, which are seldom many of an estate of millions.

What is asked is held first; each table is then read once, for these keys and these columns alone.
"""

from collections.abc import Iterable

import polars as pl

from lmanalytics.rules.topics import Tables, held
from lmanalytics.schemas import ENTITY

OSE = [ENTITY, "ose_id"]
HOST = [ENTITY, "host_id"]
_SEEN = ("current", "earlier")


def rows_of(table: pl.LazyFrame, asked: pl.LazyFrame, key: list[str]) -> pl.LazyFrame:
    """Hold the rows of a table whose key is asked for.

    Args:
        table: a table of any size, of which the columns that are wanted were selected.
        asked: the key, and whatever else; a key may be there several times.
        key: columns of both.

    """
    keys = held(asked.select(key).drop_nulls().unique())
    return held(table.join(keys, on=key, how="semi"))


def last_seen(inputs: Tables, asked: pl.LazyFrame, columns: dict[str, pl.DataType]) -> pl.LazyFrame:
    """Hold the facts of OSEs as they were last seen by the day of the position.

    Args:
        inputs: `facts_oses`; where it was not given, no OSE is known.
        asked: entity_id, ose_id.
        columns: the facts that are wanted, with their types.

    Returns:
        entity_id, ose_id and the columns, a row for each OSE that was asked for and is known.

    """
    if "facts_oses" not in inputs:
        return pl.LazyFrame(schema={**dict.fromkeys(OSE, pl.String()), **columns})
    wanted = _named([*OSE, "observed_on", *columns])
    seen = inputs["facts_oses"].filter(pl.col("state").is_in(_SEEN)).select(wanted)
    ordered = rows_of(seen, asked, OSE).sort(*OSE, "observed_on")  # of one day, one row counts
    return ordered.unique(OSE, keep="last", maintain_order=True).select(_named([*OSE, *columns]))


def with_host(rows: pl.LazyFrame, inputs: Tables, columns: dict[str, pl.DataType]) -> pl.LazyFrame:
    """Add facts of their hosts to rows.

    Args:
        rows: entity_id, host_id, and whatever else.
        inputs: `facts_hosts`; where it was not given, the facts are null.
        columns: the facts that are wanted, with their types.

    """
    if "facts_hosts" not in inputs:
        return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in columns.items())
    hosts = rows_of(inputs["facts_hosts"].select(*HOST, *columns), rows, HOST)
    return rows.join(hosts, on=HOST, how="left")


def _named(columns: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(columns))
