"""Every engine leaves the same bytes; what fails is named, and what was computed is kept."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from lmanalytics import engines
from lmanalytics.engines.pools import Here, Processes
from lmanalytics.errors import RunError
from tests.engines.conftest import BAD, PARTS, held


@pytest.fixture(params=["here", "processes", "dask"])
def engine(request):
    match request.param:
        case "here":
            return Here()
        case "processes":
            return Processes(2)
    return request.getfixturevalue("dask")


@pytest.fixture(params=["processes", "dask"])
def pool(request):
    return Processes(2) if request.param == "processes" else request.getfixturevalue("dask")


def plainly(path):
    """Add up in Python what `summed` adds up."""
    sums = {}
    for row in pl.read_parquet(path).to_dicts():
        count, total = sums.get(row["key"], (0, 0))
        sums[row["key"]] = (count + 1, total + row["quantity"])
    return [(key, *sums[key]) for key in sorted(sums)]


def test_what_comes_back_is_right_and_in_order(estate, engine):
    results = engines.computed(estate("summed"), engine)
    assert [r.part for r in results] == list(range(PARTS))
    for result in results:
        found = pl.read_parquet(result.outputs["sums"].path)
        assert found.select("key", "count", "quantity").rows() == plainly(estate.path / f"rows-{result.part}.parquet")
        assert result.outputs["sums"].rows == found.height


def test_the_same_bytes_whatever_the_engine(estate, dask):
    for name, where in (("here", None), ("processes", Processes(2)), ("dask", dask)):
        engines.computed(estate("summed", name), where)
    here = held(estate.path / "here")
    assert len(here) == 2 * PARTS
    assert here == held(estate.path / "processes") == held(estate.path / "dask")


def test_a_worker_that_is_killed_once_changes_nothing(estate, pool):
    engines.computed(estate("summed", "whole"))
    engines.computed(estate("killed_once"), pool)
    assert held(estate.path / "out") == held(estate.path / "whole")
    assert len(list(estate.notes.glob("bad-*"))) > 1


def test_a_partition_whose_worker_always_dies_is_named_and_the_others_are_kept(estate, pool):
    with pytest.raises(RunError, match=rf"partition {BAD}: its worker died \d times") as told:
        engines.computed(estate("killed_always"), pool)
    assert "1 of 4 partitions" in str(told.value)
    assert {p.name for p in (estate.path / "out" / "sums").iterdir()} == {
        f"{p:05}.parquet" for p in range(PARTS) if p != BAD
    }


def test_what_a_rule_refuses_comes_back_once_and_ends_the_run(estate, engine):
    with pytest.raises(RunError, match=rf"partition {BAD}: .*: A quantity is negative. \(RuleError\)"):
        engines.computed(estate("refused"), engine)
    assert len(list(estate.notes.glob("bad-*"))) == 1
    assert not (estate.path / "out" / "results" / f"refused-{BAD:05}.json").exists()


def test_what_polars_refuses_is_a_fault_too(estate):
    with pytest.raises(RunError, match="absent") as told:
        engines.computed(estate("lacking"))
    assert "4 of 4" in str(told.value)
    assert "ColumnNotFoundError" in str(told.value)
    assert not list((estate.path / "out").rglob("*.parquet*"))


def test_what_a_disk_does_is_tried_again_where_the_engine_can(estate, dask):
    with pytest.raises(RunError, match=f"partition {BAD}: the disk went away. Every worker has to reach"):
        engines.computed(estate("torn"), dask)
    assert len(list(estate.notes.glob("bad-*"))) == 4


def test_what_a_disk_does_ends_the_run_here(estate):
    with pytest.raises(RunError, match="the disk went away"):
        engines.computed(estate("torn"))
    assert len(list(estate.notes.glob("good-*"))) == PARTS - 1


def test_a_second_run_computes_nothing_again(estate):
    first = engines.computed(estate("counted"))
    assert engines.computed(estate("counted")) == first
    assert len(list(estate.notes.iterdir())) == PARTS


def test_a_second_run_computes_all_again_when_asked(estate):
    first = engines.computed(estate("counted"))
    assert engines.computed(estate("counted"), resume=False) == first
    assert len(list(estate.notes.iterdir())) == 2 * PARTS


def test_a_run_goes_on_from_where_one_with_another_engine_was_interrupted(estate, dask):
    engines.computed(estate("counted")[:2])
    engines.computed(estate("counted"), dask)
    assert len(list(estate.notes.iterdir())) == PARTS


@pytest.mark.parametrize("what", ["input", "output", "absent", "told", "day", "program"])
def test_what_changed_since_is_computed_again_and_nothing_else(estate, what, monkeypatch):
    first = engines.computed(estate("counted"))
    tasks, path = estate("counted"), first[1].outputs["sums"].path
    changed = 1
    if what == "input":
        pl.DataFrame({"key": ["y"], "quantity": [1]}, schema={"key": pl.String, "quantity": pl.Int64}).write_parquet(
            estate.path / "rows-1.parquet"
        )
    elif what == "output":
        _alter(path)
    elif what == "absent":
        (estate.path / "out" / "sums" / "00001.parquet").unlink()
    elif what == "told":
        (estate.path / "out" / "results" / "counted-00001.json").write_text('{"work": "counted"}')
    elif what == "day":
        tasks = [engines.Task(**{**vars(t), "as_of": "2026-07-01"}) for t in tasks]
        changed = PARTS
    else:
        monkeypatch.setattr("lmanalytics.engines.program", lambda: "another")
        monkeypatch.setattr("lmanalytics.engines.tasks.program", lambda: "another")
        changed = PARTS
    engines.computed(tasks)
    assert len(list(estate.notes.iterdir())) == PARTS + changed


class Careless:
    """An engine that loses or changes what was computed on the way."""

    workers, limit, is_alone = 1, None, True

    def __init__(self, careless):
        self.careless = careless

    def outcomes(self, tasks, most):
        for task, result in Here().outcomes(tasks, most):
            if task.part != BAD or self.careless(result) is not None:
                yield task, result


def _alter(path):
    """Change one byte and keep the size."""
    with Path(path).open("r+b") as file:
        file.seek(8)
        byte = file.read(1)
        file.seek(8)
        file.write(bytes([byte[0] ^ 1]))
    return path


def _remove(path):
    shutil.move(path, f"{path}.elsewhere")
    return path


@pytest.mark.parametrize(
    ("careless", "words"),
    [
        (lambda _: None, "nothing came back"),
        (lambda result: _remove(result.outputs["sums"].path), "sums: .*00002.parquet is missing here"),
        (lambda result: _alter(result.outputs["ordered"].path), "ordered: .*00002.parquet is not the file"),
    ],
)
def test_a_part_that_is_missing_or_changed_is_refused(estate, careless, words):
    with pytest.raises(RunError, match=rf"1 of 4 partitions(.|\n)*partition {BAD}: {words}"):
        engines.computed(estate("summed"), Careless(careless))


def test_a_worker_has_one_thread(estate, pool):
    result = engines.computed(estate("threads"), pool)[0]
    assert pl.read_parquet(result.outputs["told"].path)["threads"].to_list() == [1]


def test_what_a_scenario_amends_reaches_every_worker(estate, pool):
    from lmanalytics.rules.amendments import Amendment, amended  # noqa: PLC0415

    plain = engines.computed(estate("amended", "plain"))
    with amended([Amendment("windows_server_cores", "min_cores_per_server", 4321)]):
        other = engines.computed(estate("amended"), pool)
    assert [pl.read_parquet(r.outputs["told"].path).item() for r in (plain[0], other[0])] == [16, 4321]


def test_no_draft_is_left_of_workers_that_died(estate):
    drafts = estate.path / "out" / "sums"
    drafts.mkdir(parents=True)
    for name in (".00001.parquet.4711-0a1b2c3d", ".hidden"):
        (drafts / name).touch()
    engines.computed(estate("summed"))
    assert [p.name for p in (estate.path / "out").rglob(".*")] == [".hidden"]


def test_progress_is_told(estate):
    told = []
    engines.computed(estate("summed"), progress=told.append)
    assert len(told) == PARTS
    assert "4 of 4" in told[-1]


def test_nothing_asked_is_nothing_computed(dask):
    for where in (None, Processes(2), dask):
        assert engines.computed([], where) == []
