"""What `--cluster` and `--memory` may say, and what they give."""

import pytest

from lmanalytics import engines
from lmanalytics.engines import choice, dask_cluster
from lmanalytics.engines.pools import Here, Processes
from lmanalytics.errors import RunError, UsageError


@pytest.mark.parametrize("text", [None, "", "here"])
def test_this_process_unless_another_is_asked_for(text):
    with engines.engine(text) as started:
        assert started == Here()


def test_processes_by_number_or_by_the_machine(monkeypatch):
    monkeypatch.setattr(choice.os, "cpu_count", lambda: 7)
    with engines.engine("processes:3", "4GiB") as three, engines.engine("processes") as all_:
        assert three == Processes(3, 4 * 2**30)
        assert all_ == Processes(7)


@pytest.mark.parametrize("text", ["processes:0", "processes:", "local:-1", "local:two", "processes:2.5", "local:²"])
def test_a_number_of_workers_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match=f"no number of workers.*{text.partition(':')[0]}:4"), engines.engine(text):
        pass


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("proceses:4", "Did you mean 'processes'"),
        ("locl:2", "Did you mean 'local'"),
        ("sparck", "Did you mean 'spark'"),
        ("tcp:8786", "Did you mean 'tcp'"),
        ("kubernetes", "Engines: here: this process"),
        ("http://host:1", "Engines: here: this process"),
    ],
)
def test_an_unknown_engine_is_met_with_those_that_are(text, hint):
    with pytest.raises(UsageError, match=hint), engines.engine(text):
        pass


@pytest.mark.parametrize("text", ["local:2", "tcp://127.0.0.1:8786"])
def test_without_dask_the_command_that_installs_it_is_told(text, monkeypatch):
    monkeypatch.setattr(dask_cluster, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'lmanalytics\[dask\]'"), engines.engine(text):
        pass


def test_a_limit_under_which_no_partition_fits_ends_the_run_before_it_starts(estate, monkeypatch):
    monkeypatch.setattr("lmanalytics.engines.memory.PER_ROW", 2**20)
    with engines.engine("here", "1GiB") as here, pytest.raises(UsageError, match="has 3,001 rows"):
        engines.computed(estate("counted"), here)
    assert not list(estate.notes.iterdir())


def test_a_limit_reaches_the_workers_and_changes_no_byte(estate):
    import polars as pl  # noqa: PLC0415

    from tests.engines.conftest import held  # noqa: PLC0415

    engines.computed(estate("summed", "plain"))
    with engines.engine("processes:2", "2GiB") as two:
        engines.computed(estate("summed"), two)
        told = engines.computed(estate("threads", "told"), two)[0]
    assert held(estate.path / "out") == held(estate.path / "plain")
    assert pl.read_parquet(told.outputs["told"].path)["threads"].item() == 1


def test_no_more_in_flight_than_fit(estate, monkeypatch):
    """A window of one lets a pool of two keep one task only."""
    from lmanalytics.engines import pools  # noqa: PLC0415

    seen = []
    flown = pools.flown

    def noted(waiting, submit, most):
        seen.append(most)
        return flown(waiting, submit, most)

    monkeypatch.setattr(pools, "flown", noted)
    monkeypatch.setattr("lmanalytics.engines.memory.PER_ROW", 2**16)
    with engines.engine("processes:2", "1GiB") as two:
        engines.computed(estate("summed")[2:], two)
    assert seen == [1]


def test_an_address_where_nobody_listens_is_told(monkeypatch):
    monkeypatch.setattr(dask_cluster, "REACHED", 1)
    with pytest.raises(RunError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):  # noqa: SIM117
        with engines.engine("tcp://127.0.0.1:9"):
            pass
