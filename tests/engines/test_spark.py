import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.engines import Here, Task, computed
from lmanalytics.engines.spark import session
from lmanalytics.errors import RunError, UsageError

ROOT = Path(__file__).parents[2]
WORKS = "tests.engines.storage_works"
HAS_SPARK = find_spec("pyspark") is not None and (shutil.which("java") or "JAVA_HOME" in os.environ)
needs_spark = pytest.mark.skipif(not HAS_SPARK, reason="needs the extra `spark` (pyspark) and Java 17")


@pytest.fixture(scope="module")
def flag(tmp_path_factory):
    """Return a path that tells workers whether one was killed."""
    return tmp_path_factory.mktemp("flag") / "killed"


@pytest.fixture(scope="module")
def spark(flag):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("LMANALYTICS_TEST_FLAG", str(flag))
        patch.setenv("POLARS_MAX_THREADS", "1")
        with session() as started:
            yield started


def tasks(work, inputs, into, parts=6):
    inputs.mkdir(exist_ok=True)
    for part in range(parts):
        rows = pl.DataFrame({"a": range(part * 10, part * 10 + 10)}).sample(fraction=1, shuffle=True, seed=1)
        rows.write_parquet(inputs / f"{part}.parquet")
    return [
        Task(f"{WORKS}:{work}", part, {"x": [str(inputs / f"{part}.parquet")]}, str(into), "2026-06-30")
        for part in range(parts)
    ]


def held(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.parquet")}


@pytest.mark.slow
@needs_spark
def test_spark_gives_the_bytes_that_this_process_gives(spark, tmp_path):
    there = computed(tasks("doubled", tmp_path / "in", tmp_path / "there"), spark)
    here = computed(tasks("doubled", tmp_path / "in", tmp_path / "here"), Here())
    assert [r.outputs["y"].sha256 for r in there] == [r.outputs["y"].sha256 for r in here]
    assert held(tmp_path / "there") == held(tmp_path / "here")
    assert len(held(tmp_path / "there")) == 6


@pytest.mark.slow
@needs_spark
def test_a_job_may_be_cut_in_several(spark, tmp_path):
    found = list(spark.outcomes(tasks("doubled", tmp_path / "in", tmp_path / "out", parts=5), 2))
    assert [task.part for task, _ in found] == [0, 1, 2, 3, 4]
    assert len(held(tmp_path / "out")) == 5


@pytest.mark.slow
@needs_spark
def test_each_task_has_a_partition_of_its_own(spark, tmp_path):
    rows = [(position, "") for position in range(40)]
    spread = spark.session.createDataFrame(rows, "position int, task string").repartitionByRange(40, "position")
    counts = spread.mapInArrow(_counted, "n string").collect()
    assert sorted(int(row["n"]) for row in counts if row["n"] != "0") == [1] * 40
    assert tmp_path.is_dir()


def _counted(batches):
    import pyarrow as pa  # noqa: PLC0415

    yield pa.RecordBatch.from_pylist([{"n": str(sum(batch.num_rows for batch in batches))}])


@pytest.mark.slow
@needs_spark
def test_the_task_of_a_killed_worker_is_done_again(spark, flag, tmp_path):
    there = computed(tasks("killed_once", tmp_path / "in", tmp_path / "there"), spark)
    assert flag.exists()
    here = computed(tasks("doubled", tmp_path / "in", tmp_path / "here"), Here())
    assert [r.outputs["y"].sha256 for r in there] == [r.outputs["y"].sha256 for r in here]


@pytest.mark.slow
@needs_spark
def test_what_a_rule_refuses_comes_back_and_the_others_are_kept(spark, tmp_path):
    with pytest.raises(RunError, match=r"1 of 6 partitions.*\n.*partition 0: .*A quantity is zero"):
        computed(tasks("refused", tmp_path / "in", tmp_path / "out"), spark)
    assert sorted(p.name for p in (tmp_path / "out" / "y").iterdir()) == [f"{n:05}.parquet" for n in range(1, 6)]


@pytest.mark.slow
@needs_spark
def test_a_file_that_is_not_there_is_named(spark, tmp_path):
    asked = tasks("doubled", tmp_path / "in", tmp_path / "out", parts=2)
    (tmp_path / "in" / "1.parquet").unlink()
    ((_, found),) = spark.outcomes([asked[1]], 1)
    assert isinstance(found, OSError)
    assert "1.parquet" in str(found)


@pytest.mark.slow
@needs_spark
def test_a_worker_that_always_dies_is_told_and_what_was_done_is_kept(spark, tmp_path):
    with pytest.raises(RunError, match="partition 0: Spark gave up"):
        computed(tasks("killed_always", tmp_path / "in", tmp_path / "out", parts=2), spark)


@pytest.mark.slow
@needs_spark
def test_an_active_session_is_used_and_left_open(spark):
    with session() as again:
        assert again.session is spark.session
    assert spark.session.range(1).count() == 1


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="PySpark is installed")
def test_without_pyspark_it_says_what_to_install():
    with pytest.raises(UsageError, match="pip install"), session():
        pass
