"""A run in parts, from exports to answers, beside one in one piece."""

from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lmanalytics import answers, explain, pipeline
from lmanalytics.evidence import verify
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
