# ruff: noqa: ARG001 (every work is given the same)
"""Small works for the tests of engines. A worker imports them by the dotted name that a task carries."""

import os
import signal
from pathlib import Path

import polars as pl

from lmanalytics.errors import RuleError

NAME = "tests.engines.works"


def summed(tables, settings):
    """Add up quantities by key, with the day asked, and give the rows in order."""
    rows = tables["rows"]
    day = pl.lit(settings.as_of)
    sums = rows.group_by("key").agg(pl.len().cast(pl.Int64).alias("count"), pl.col("quantity").sum())
    return {"sums": sums.with_columns(day=day).sort("key"), "ordered": rows.sort("quantity", "key")}


def killed_once(tables, settings):
    """End the own process without a word the first time that the bad partition is met."""
    _note(settings, tables)
    if _is_bad(tables) and len(_notes(settings)) <= 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return summed(tables, settings)


def killed_always(tables, settings):
    """End the own process each time that the bad partition is met."""
    _note(settings, tables)
    if _is_bad(tables):
        os.kill(os.getpid(), signal.SIGKILL)
    return summed(tables, settings)


def refused(tables, settings):
    """Refuse the bad partition as a rule does, and note each try."""
    _note(settings, tables)
    if _is_bad(tables):
        message = "A quantity is negative."
        raise RuleError(message)
    return summed(tables, settings)


def lacking(tables, settings):
    """Ask for a column that is not there, when the plan runs."""
    return {"sums": tables["rows"].select("absent")}


def torn(tables, settings):
    """Fail as a disk does."""
    _note(settings, tables)
    if _is_bad(tables):
        message = "the disk went away"
        raise OSError(message)
    return summed(tables, settings)


def counted(tables, settings):
    """Note each time a partition is computed."""
    _note(settings, tables)
    return summed(tables, settings)


def threads(tables, settings):
    """Tell the environment that a worker has."""
    told = {"threads": pl.thread_pool_size()}
    return {"told": pl.LazyFrame(told)}


def amended(tables, settings):
    """Tell a parameter of the rules as this process reads it."""
    from lmanalytics.rules.demand import windows_server_cores  # noqa: PLC0415
    from lmanalytics.rules.parameters import load_rule_file  # noqa: PLC0415

    read = load_rule_file(windows_server_cores).parameters["min_cores_per_server"].on(settings.as_of)
    return {"told": pl.LazyFrame({"value": [read.value]})}


def _is_bad(tables):
    return tables["rows"].select((pl.col("quantity") < 0).any()).collect().item()


def _note(settings, tables):
    """Leave a mark in the folder that the settings name in the place of a policy."""
    kind = "bad" if _is_bad(tables) else "good"
    folder = Path(settings.policies["notes"])
    (folder / f"{kind}-{len(list(folder.iterdir()))}-{os.getpid()}").touch()


def _notes(settings):
    return sorted(Path(settings.policies["notes"]).glob("bad-*"))


def misread(tables, settings):
    """Refuse from within a module of rules, which asks the engine of the rules."""
    pretend = {"__name__": "lmanalytics.rules.demand.pretend"}
    exec("def ask(raising):\n    raising()", pretend)  # noqa: S102 (a module of rules that is not there)
    pretend["ask"](_raising)


def _raising():
    message = "No value holds."
    raise RuleError(message)
