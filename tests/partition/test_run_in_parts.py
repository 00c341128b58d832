"""A run in parts, from exports to answers, beside one in one piece."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lmanalytics import answers, explain, pipeline
from lmanalytics.errors import UsageError
from lmanalytics.evidence import manifest, verify
from lmanalytics.partition import split
from lmanalytics.sample import write
from lmanalytics.schemas import ANSWERS
from lmanalytics.workspace import Workspace

AS_OF = date(2026, 6, 30)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    write(root / "exports", hosts=12, density=10, installs=3, form="canonical")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "SWING_LIMIT", -1)
        whole = pipeline.run(root / "exports", Workspace(root / "whole"), as_of=AS_OF).path
        patch.setattr(split, "ROWS", 60)
        parted = pipeline.run(root / "exports", Workspace(root / "parted"), as_of=AS_OF).path
    return whole, parted


@pytest.mark.slow
def test_every_answer_is_the_same_file(runs):
    whole, parted = runs
    assert len(list((parted / "facts" / "oses.parquet").glob("*.parquet"))) > 2
    for name in ANSWERS:
        assert (whole / f"{name}.parquet").read_bytes() == (parted / f"{name}.parquet").read_bytes(), name


@pytest.mark.slow
def test_facts_hold_the_same_rows_in_another_order(runs):
    for name in ("facts/oses", "facts/hosts", "facts/installs", "ose_outcomes", "host_outcomes"):
        one, other = (pl.read_parquet(run / f"{name}.parquet").sort("row_id") for run in runs)
        assert_frame_equal(one, other)


@pytest.mark.slow
def test_nothing_is_left_beside_the_run_and_it_verifies(runs):
    _, parted = runs
    assert [path.name for path in parted.parent.iterdir()] == [parted.name]
    assert verify.verify(parted) == []


@pytest.mark.slow
def test_a_subject_is_explained_from_parts(runs):
    whole, parted = runs
    host = pl.read_parquet(whole / "demand.parquet").filter(pl.col("subject_kind") == "host")["subject_id"][0]
    assert_frame_equal(explain.explain(whole, host), explain.explain(parted, host))


@pytest.mark.slow
def test_workers_of_a_cluster_with_a_storage_and_little_memory_give_the_same_run(runs, tmp_path):
    _, parted = runs
    exports = parted.parents[3] / "exports"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "SWING_LIMIT", -1)
        patch.setattr(split, "ROWS", 60)
        means = {"cluster": "local:2", "memory": "3GiB", "storage": f"file://{tmp_path}/store"}
        done = pipeline.run(exports, Workspace(tmp_path), as_of=AS_OF, **means).path
    assert manifest.read(done)["outputs"] == manifest.read(parted)["outputs"]
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_storage_without_workers_elsewhere_is_refused(tmp_path):
    with pytest.raises(UsageError, match="give --cluster with it"):
        pipeline.run(tmp_path, Workspace(tmp_path), as_of=AS_OF, storage="s3://bucket/parts")
