"""Works that the tests of storage and of Spark hand to engines."""

import os
import signal
from pathlib import Path

import polars as pl

from lmanalytics.errors import RuleError


def doubled(tables, _settings):
    return {"y": tables["x"].select(pl.col("a") * 2).sort("a")}


def cast(tables, _settings):
    return {"y": tables["x"].select(pl.col("a").cast(pl.Int64))}


def refused(tables, _settings):
    if tables["x"].select(pl.col("a").min()).collect().item() == 0:
        message = "A quantity is zero."
        raise RuleError(message)
    return {"y": tables["x"]}


def killed_once(tables, settings):
    flag = Path(os.environ["LMANALYTICS_TEST_FLAG"])
    if tables["x"].select(pl.col("a").min()).collect().item() == 0 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(tables, settings)


def killed_always(tables, settings):
    if tables["x"].select(pl.col("a").min()).collect().item() == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return doubled(tables, settings)
