"""A scheduler by its address: the same bytes, and no worker whose program is another."""

import subprocess
import sys
import threading
import time

import pytest

from lmanalytics import engines
from lmanalytics.engines import dask_cluster
from lmanalytics.errors import RunError, UsageError
from tests.engines.conftest import held


@pytest.fixture
def address(dask):
    return dask.client.scheduler.address


def test_a_scheduler_by_its_address(estate, address):
    engines.computed(estate("summed", "here"))
    with engines.engine(address) as remote:
        assert remote.workers is None
        engines.computed(estate("summed"), remote)
    assert held(estate.path / "out") == held(estate.path / "here")


def test_a_worker_of_another_program_is_refused_before_anything_runs(address, monkeypatch):
    monkeypatch.setattr(dask_cluster, "program", lambda: "ours")
    with pytest.raises(UsageError, match=r"2 workers would not .*has program .* instead of ours"):  # noqa: SIM117
        with engines.engine(address):
            pass


def test_a_worker_of_another_version_is_refused_by_name(dask, monkeypatch):
    own = dask_cluster.versions()
    monkeypatch.setattr(dask_cluster, "versions", lambda: own | {"polars": "9.9"})
    with pytest.raises(UsageError, match=f"polars {own['polars']} instead of 9.9") as told:
        dask_cluster.same_program(dask.client)
    assert "program" not in str(told.value).partition(":")[2].partition("Install")[0].replace("tcp", "")


def test_a_scheduler_without_workers_is_told(monkeypatch):
    from distributed import LocalCluster  # noqa: PLC0415

    monkeypatch.setattr(dask_cluster, "REACHED", 2)
    with (
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", host="127.0.0.1", protocol="tcp") as empty,
        pytest.raises(RunError, match=r"has no worker\. Start some"),
        engines.engine(empty.scheduler_address),
    ):
        pass


def test_a_scheduler_that_goes_away_ends_the_run(estate, tmp_path):
    """Its process is killed while a part is computed; the client closes when it cannot come back."""
    import dask as dask_itself  # noqa: PLC0415
    from distributed import Client  # noqa: PLC0415

    file = tmp_path / "scheduler.json"
    place = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(file)]
    with subprocess.Popen([sys.executable, "-m", "distributed.cli.dask_scheduler", *place]) as scheduler:
        try:
            while not file.exists():
                time.sleep(0.2)
            with dask_itself.config.set({"distributed.comm.timeouts.connect": "1s"}):
                client = Client(scheduler_file=str(file), timeout=4)
                lost = dask_cluster.Dask(client, None)
                end = threading.Timer(2, scheduler.kill)
                end.start()
                with pytest.raises(RunError, match="The Dask scheduler went away"):
                    engines.computed(estate("summed"), lost)
        finally:
            scheduler.kill()


def test_workers_are_reached_from_this_machine_alone(dask):
    addresses = [*dask.client.scheduler_info()["workers"], dask.client.scheduler.address]
    assert len(addresses) == 3
    assert all(a.startswith("tcp://127.0.0.1:") for a in addresses)


def test_bystanders_of_a_worker_that_dies_are_computed(estate, dask):
    """Dask suspects all that a worker had: the others are computed all the same."""
    with pytest.raises(RunError, match="1 of 4 partitions"):
        list(engines.computed(estate("killed_always"), _wide(dask)))


def _wide(dask):
    """Give Dask every task at once, as a cluster gets them."""
    return dask_cluster.Dask(dask.client, None)
