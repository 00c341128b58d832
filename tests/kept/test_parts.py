from datetime import date

import polars as pl
import pytest

from lmanalytics import engines
from lmanalytics.errors import RunError
from lmanalytics.kept import Kept, Store
from lmanalytics.kept.parts import computed


def doubled(tables, _settings):
    if tables["numbers"].select(pl.col("n").min()).collect().item() < 0:
        message = "no number may be below zero"
        raise RunError(message)
    return {"doubled": tables["numbers"].select(pl.col("n") * 2), "all": tables["shared"].select("n")}


@pytest.fixture
def work(monkeypatch):
    monkeypatch.setitem(engines.tasks.WORKS, "doubled", "works_of_test:doubled")
    monkeypatch.setattr(
        engines.tasks, "import_module", lambda _: type("Module", (), {"doubled": staticmethod(doubled)})
    )
    return "doubled"


def ask(tmp_path, work, run, numbers, shared=1, policies=None, day=date(2026, 6, 30)):
    into = tmp_path / run
    into.mkdir()
    pl.DataFrame({"n": [shared]}).write_parquet(into / "shared.parquet")
    tasks = []
    for part, number in enumerate(numbers):
        path = into / f"{part}.parquet"
        pl.DataFrame({"n": [number]}).write_parquet(path)
        inputs = {"numbers": [str(path)], "shared": [str(into / "shared.parquet")]}
        tasks.append(engines.Task(work, part, inputs, str(into / work), day.isoformat(), policies or {}))
    kept = Kept(Store(tmp_path / "kept"), "p", into)
    results = computed(kept, tasks[::-1], progress=lambda _: None)
    files = {p.relative_to(into).as_posix(): p.read_bytes() for p in (into / work).rglob("*.parquet")}
    return kept.computed, results, files


def test_only_the_partition_that_changed_is_computed(tmp_path, work):
    first, results, files = ask(tmp_path, work, "run1", [1, 2, 3])
    assert sorted(first) == ["doubled.00000", "doubled.00001", "doubled.00002"]
    again, kept, same = ask(tmp_path, work, "run2", [1, 2, 3])
    assert (again, same) == ([], files)
    assert [r.part for r in kept] == [r.part for r in results] == [0, 1, 2]
    for before, after in zip(results, kept, strict=True):
        assert {n: (o.rows, o.size, o.sha256) for n, o in before.outputs.items()} == {
            n: (o.rows, o.size, o.sha256) for n, o in after.outputs.items()
        }
        assert all(
            o.path == str(tmp_path / "run2" / work / n / f"{after.part:05}.parquet") for n, o in after.outputs.items()
        )
    assert ask(tmp_path, work, "run3", [1, 5, 3])[0] == ["doubled.00001"]


def test_what_all_partitions_are_given_matters_to_all(tmp_path, work):
    ask(tmp_path, work, "run1", [1, 2])
    assert len(ask(tmp_path, work, "run2", [1, 2], shared=2)[0]) == 2
    assert len(ask(tmp_path, work, "run3", [1, 2], policies={"movement": "cluster"})[0]) == 2
    assert len(ask(tmp_path, work, "run4", [1, 2], day=date(2026, 7, 1))[0]) == 2
    assert ask(tmp_path, work, "run5", [1, 2])[0] == []


def test_a_fault_is_told_and_not_kept(tmp_path, work):
    with pytest.raises(RunError, match="below zero"):
        ask(tmp_path, work, "run1", [1, -1])
    with pytest.raises(RunError, match="below zero"):
        ask(tmp_path, work, "run2", [1, -1])
