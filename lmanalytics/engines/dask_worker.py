"""Loaded by each Dask worker of this machine when it starts."""

import signal


def dask_setup(worker: object) -> None:  # noqa: ARG001 (Dask gives it)
    """Leave an interrupt, which reaches every process of a terminal, to the one that asks: it ends the workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
