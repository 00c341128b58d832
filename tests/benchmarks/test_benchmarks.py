import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import agreement
from benchmarks.engines import duckdb_sql, ours, pandas_rules
from benchmarks.measure import StageError, measure

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """An estate of two snapshots with its accepted tables, the peak of some hosts being the earlier one."""
    folder = tmp_path_factory.mktemp("bench")
    ours.generate(folder, hosts="80", density="12", snapshots="2")
    ours.ingest(folder)
    (folder / "accepted").mkdir()
    for path in (folder / "tables").glob("*.parquet"):
        frame = pl.read_parquet(path)
        if path.stem == "hosts":
            frame = frame.filter(pl.col("physical_cores") > 0)
        frame.write_parquet(folder / "accepted" / path.name)
    answer(folder)
    return folder


def answer(folder):
    for engine in (ours, duckdb_sql, pandas_rules):
        engine.rules(folder)


@pytest.fixture(scope="module")
def changing(work, tmp_path_factory):
    """The same estate whose machines change in size and edition, and are on or off, from snapshot to snapshot."""
    folder = tmp_path_factory.mktemp("changing")
    shutil.copytree(work / "accepted", folder / "accepted")
    path = folder / "accepted" / "oses.parquet"
    # The sample repeats some rows, which the gate would keep back: they must not differ.
    oses = pl.read_parquet(path).unique(["ose_id", "observed_on"], keep="first", maintain_order=True)
    drawn, is_windows = np.random.default_rng(20260630), pl.col("os_product") == "Windows Server"
    edition = drawn.choice(["Standard", "Datacenter"], oses.height, p=[0.9, 0.1])
    oses.with_columns(
        vcpus=pl.Series(drawn.choice([2, 8, 12, 16, 40], oses.height)).cast(oses.schema["vcpus"]),
        is_running=pl.Series(drawn.random(oses.height) < 0.6),
        os_edition=pl.when(is_windows).then(pl.Series(edition)).otherwise("os_edition"),
    ).write_parquet(path)
    answer(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["duckdb_sql", "pandas_rules"])
def test_peers_answer_every_option_of_every_host_as_we_do(work, peer):
    assert agreement.rows(work, "ours") > 200
    assert agreement.differences(work, "ours", peer).is_empty()


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["duckdb_sql", "pandas_rules"])
def test_peers_answer_as_we_do_where_machines_change(changing, peer):
    mixed = ours.answer(changing).filter(pl.col("option").str.contains("and_virtual"))
    assert mixed["edition"].value_counts()["count"].min() > 20
    assert mixed["curve_steps"].list.len().max() > 3
    assert agreement.differences(changing, "ours", peer).is_empty()


@pytest.mark.slow
def test_a_difference_of_one_point_is_found(changing):
    answers = pl.read_parquet(changing / "pandas_rules.parquet")
    moved = pl.col("curve_with_sa").list.eval(pl.element() + (pl.int_range(pl.len()) == 1))
    is_long = pl.col("curve_steps").list.len() > 1
    first = is_long & (is_long.cum_sum() == 1)
    try:
        answers.with_columns(pl.when(first).then(moved).otherwise("curve_with_sa")).write_parquet(
            changing / "pandas_rules.parquet"
        )
        assert agreement.differences(changing, "ours", "pandas_rules").height == 1
    finally:
        answers.write_parquet(changing / "pandas_rules.parquet")


@pytest.mark.slow
def test_a_difference_is_found(work):
    answers = pl.read_parquet(work / "duckdb_rules.parquet")
    broken = answers.with_columns(pl.col("licenses_required") + (pl.int_range(pl.len()) == 0))
    try:
        broken.write_parquet(work / "duckdb_rules.parquet")
        assert agreement.differences(work, "ours", "duckdb_sql").height == 1
        answers.tail(-1).write_parquet(work / "duckdb_rules.parquet")
        assert agreement.differences(work, "ours", "duckdb_sql").height == 1
    finally:
        answers.write_parquet(work / "duckdb_rules.parquet")


@pytest.mark.slow
def test_one_command_prints_a_table_and_keeps_it_as_json(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--size", "XS", "--stages", "ingest"]
    command += ["--work", str(tmp_path / "work"), "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (kept,) = tmp_path.glob("*.json")
    document = json.loads(kept.read_text())
    measured = document["sizes"][0]["measured"]
    assert [(m["stage"], m["engine"]) for m in measured] == [
        ("ingest", "ours"),
        ("ingest", "floor"),
        ("ingest", "duckdb_sql"),
    ]
    assert all(m["seconds"] > 0 and m["peak_mib"] > 10 for m in measured)
    assert {"processor", "cores", "memory_gib", "polars", "duckdb"} <= document["machine"].keys()
    for engine in ("ours", "floor", "duckdb_sql"):
        assert engine in done.stdout
    assert not (tmp_path / "work" / "XS").exists()


def test_an_unknown_stage_is_a_usage_error():
    command = [sys.executable, "-m", "benchmarks", "--stages", "cooking"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no stage cooking" in done.stderr


def test_a_stage_that_fails_says_how(tmp_path):
    with pytest.raises(StageError, match="rules \\(ours\\) failed"):
        measure("rules", "ours", tmp_path)
