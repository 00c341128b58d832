"""Steps that leave their tables in the folder of a run."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import polars as pl

from lmanalytics import stored
from lmanalytics.kept import Kept
from lmanalytics.rules.parameters import Settings

Tables = dict[str, pl.LazyFrame]


def step(
    kept: Kept,
    settings: Settings,
    name: str,
    tables: Tables | Mapping[str, Tables],
    compute: Callable[..., Tables],
    given: Any = None,
) -> Tables:
    """Compute a step and save what it gives in the folder of the run, unless it is kept (`Kept.step`)."""
    return kept.step(name, tables, settings, compute, partial(_saved, kept), given=given).tables


def scanned(kept: Kept, names: Iterable[str]) -> Tables:
    """Scan tables that are in the folder of the run."""
    return {name: kept.scan(stored.parts(stored.place(kept.into, name))) for name in names}


def _saved(kept: Kept, frames: Tables) -> stored.Paths:
    return {name: stored.parts(stored.place(kept.into, name)) for name in stored.saved(frames, kept.into)}
