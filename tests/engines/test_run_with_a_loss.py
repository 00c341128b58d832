"""A whole run on two workers of Dask, of which one is killed on the way."""

import os
import signal
from datetime import date

import pytest

from lmanalytics import answers, pipeline
from lmanalytics.engines.dask_cluster import Dask
from lmanalytics.evidence import manifest
from lmanalytics.partition import split
from lmanalytics.sample import write
from lmanalytics.workspace import Workspace

AS_OF = date(2026, 6, 30)


@pytest.mark.slow
def test_a_run_that_loses_a_worker_in_each_stage_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "SWING_LIMIT", -1)
    monkeypatch.setattr(split, "ROWS", 60)
    write(tmp_path / "exports", hosts=8, density=8, installs=2, form="canonical")
    whole = pipeline.run(tmp_path / "exports", Workspace(tmp_path / "here"), as_of=AS_OF).path
    killed = []
    outcomes = Dask.outcomes

    def losing(self, tasks, most):
        told = outcomes(self, tasks, most)
        yield next(told)
        killed.append(next(iter(self.client.run(os.getpid).values())))
        os.kill(killed[-1], signal.SIGKILL)
        yield from told

    monkeypatch.setattr(Dask, "outcomes", losing)
    done = pipeline.run(tmp_path / "exports", Workspace(tmp_path / "dask"), as_of=AS_OF, cluster="local:2").path
    assert len(killed) == 2
    assert manifest.read(done)["outputs"] == manifest.read(whole)["outputs"]
