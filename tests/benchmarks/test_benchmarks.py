"""The bench itself: peers answer as the program does, and a wrong answer, a failure and a limit are noticed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks import agreement, contestants, estate, journal, table
from benchmarks.engines import duckdb_sql, ours, pandas_peer
from benchmarks.measure import Limits, Measurement, StageError, laps, measure, run
from lmanalytics import answers, stored
from lmanalytics.facts import estate_facts
from lmanalytics.facts.identities import identified
from lmanalytics.ingest.readers import ingest
from lmanalytics.quality.gate import gate
from lmanalytics.rules.demand import sql_server, windows_server
from lmanalytics.rules.parameters import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = Settings(ours.AS_OF)
PEERS = {"duckdb": duckdb_sql, "pandas": pandas_peer}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """An estate of two snapshots, as this program reads and accepts it, with a run folder begun."""
    folder = tmp_path_factory.mktemp("bench")
    ours.generate(folder, hosts="80", density="12", installs="3", snapshots="2")
    ours.choose(folder)
    begun = folder / "ours" / "data" / "runs" / "begun"
    begun.mkdir(parents=True)
    (begun / "manifest.json").write_text("{}")
    ingested = ingest(folder / "same_tables_exports", folder / "read", ours.AS_OF)
    given = {name: path for name, path in ingested.tables.items() if name in {"hosts", "oses", "installs", "prices"}}
    gate(given, begun / "accepted", begun / "quarantine", begun / "quality", as_of=ours.AS_OF)
    (folder / "given").mkdir()
    owned = {"product": ["Windows Server", "SQL Server"], "edition": ["Standard"] * 2, "metric": ["core"] * 2}
    pl.DataFrame({**owned, "quantity": [900, 10]}).write_parquet(folder / "given" / "owned.parquet")
    installs = pl.scan_parquet(begun / "accepted" / "installs.parquet")
    passive = installs.filter(pl.col("role") != "active").sort("row_id").select("entity_id", "install_id")
    is_free = pl.lit(pl.Series([True, False, None])).gather(pl.int_range(pl.len()) % 3)
    passive.with_columns(is_free=is_free).sink_parquet(folder / "given" / "passive.parquet")
    answer(folder)
    for peer in PEERS.values():
        for stage in contestants.STAGES:
            getattr(peer, stage)(folder)
    return folder


def answer(folder):
    """Compute the facts and the demand for Windows Server and SQL Server, as a run keeps them."""
    into = ours.run_of(folder)
    tables = {path.stem: pl.scan_parquet(path) for path in sorted((into / "accepted").iterdir())}
    facts = {f"facts_{name}": frame for name, frame in estate_facts.facts(tables, SETTINGS).items()}
    known = tables | stored.saved(facts, into)
    known |= stored.saved(
        {"facts_installs": identified(known, known["facts_hosts"], known["facts_oses"])["installs"]}, into
    )
    known["installs"], known["failover"] = (
        known["facts_installs"],
        pl.scan_parquet(folder / "given" / "passive.parquet"),
    )
    demand = [module.answers(known, SETTINGS)["demand"] for module in (windows_server, sql_server)]
    stored.saved({"demand": pl.concat(demand, how="diagonal_relaxed")}, into)


@pytest.fixture(scope="module")
def changing(work, tmp_path_factory):
    """The same estate whose machines change in size and edition, and are on or off, from snapshot to snapshot."""
    folder = tmp_path_factory.mktemp("changing")
    shutil.copytree(work / "given", folder / "given")
    (folder / "exports").symlink_to(work / "exports")
    into = folder / "ours" / "data" / "runs" / "begun"
    shutil.copytree(ours.run_of(work), into)
    path = into / "accepted" / "oses.parquet"
    oses = pl.read_parquet(path)
    drawn, is_windows = np.random.default_rng(20260630), pl.col("os_product") == "Windows Server"
    edition = drawn.choice(["Standard", "Datacenter"], oses.height, p=[0.9, 0.1])
    oses = oses.with_columns(
        vcpus=pl.Series(drawn.choice([2, 8, 12, 16, 40], oses.height)).cast(oses.schema["vcpus"]),
        is_running=pl.Series(drawn.random(oses.height) < 0.6),
        os_edition=pl.when(is_windows).then(pl.Series(edition)).otherwise("os_edition"),
    )
    stored._remove(path)  # noqa: SLF001 (a table may be a folder of parts)
    oses.write_parquet(path)
    answer(folder)
    for name, peer in PEERS.items():
        (folder / name / "accepted").mkdir(parents=True)
        for table_ in ("hosts", "oses", "installs"):
            rows = pl.scan_parquet(into / "accepted" / f"{table_}.parquet")
            day = pl.col("observed_on").cast(pl.Datetime if name == "pandas" else pl.Date)  # as each of them reads days
            rows.with_columns(day).sink_parquet(folder / name / "accepted" / f"{table_}.parquet")
        for stage in ("facts", "rules", "position"):
            getattr(peer, stage)(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS)
def test_peers_answer_as_we_do_in_every_stage(work, peer):
    found = agreement.compare(work, peer, list(contestants.STAGES))
    assert {c.stage for c in found} == set(contestants.STAGES)
    assert [(c.stage, c.table, c.examples) for c in found if c.differing] == []
    assert min(c.rows for c in found if c.table in {"oses", "installs"}) > 1000
    assert min(c.rows for c in found if c.table in {"hosts", "demand"}) > 50
    assert all(c.apart for c in found)


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS)
def test_peers_answer_as_we_do_where_machines_change(changing, peer):
    demand = ours.table(changing, "demand").collect()
    mixed = demand.filter(pl.col("option").str.contains("and_virtual"), pl.col("is_available"))
    assert mixed["edition"].value_counts()["count"].min() > 20
    assert mixed["curve_steps"].list.len().max() > 3
    assert demand.filter(product="SQL Server").height > 20
    found = agreement.compare(changing, peer, ["facts", "rules", "position"])
    assert [(c.table, c.examples) for c in found if c.differing] == []


def first_changed(column):
    return pl.when(pl.int_range(pl.len()) == 0).then(column).otherwise(pl.col(column.meta.output_name()))


WRONG = {
    "a point of a curve": ("rules", "demand/demand.parquet", "curve_steps", lambda c: c.list.eval(pl.element() + 1)),
    "licenses": ("rules", "demand/demand.parquet", "licenses_required", lambda c: c + 1),
    "money": ("rules", "demand/demand.parquet", "cost", lambda c: c + 1),
    "an outcome": ("facts", "facts/oses.parquet", "reason", lambda c: c + "?"),
    "an unknown": ("quality", "accepted/oses.parquet", "vcpus", lambda c: pl.when(c < 0).then(c)),
    "a name as read": ("ingest", "tables/installs.parquet", "product", lambda c: c.str.to_uppercase() + "X"),
    "what is short": ("position", "position/position.parquet", "short", lambda c: c + 1),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_answer_of_a_peer_is_noticed_and_shown(work, tmp_path, what):
    stage, path, column, change = WRONG[what]
    for name in ("ours", "given"):
        (tmp_path / name).symlink_to(work / name)
    shutil.copytree(work / "pandas", tmp_path / "pandas")
    rows = pl.read_parquet(tmp_path / "pandas" / path)
    rows = rows.filter(pl.col(column).is_not_null()) if column == "curve_steps" else rows
    wrong = rows.with_columns(first_changed(change(pl.col(column)).alias(column)))
    others = pl.read_parquet(tmp_path / "pandas" / path)
    if column == "curve_steps":
        wrong = pl.concat([wrong, others.filter(pl.col(column).is_null())])
    wrong.write_parquet(tmp_path / "pandas" / path)
    differing = [c for c in agreement.compare(tmp_path, "pandas", [stage]) if c.differing]
    assert [c.differing for c in differing] == [2]  # a row that we have and they lack, and the other way round
    assert {row["side"] for row in differing[0].examples} == {"ours", "theirs"}


@pytest.mark.slow
@pytest.mark.parametrize(("change", "expected"), [(lambda f: f.tail(-1), 1), (lambda f: pl.concat([f, f.head(2)]), 2)])
def test_rows_that_are_lacking_or_doubled_are_noticed(work, tmp_path, change, expected):
    for name in ("ours", "given"):
        (tmp_path / name).symlink_to(work / name)
    path = tmp_path / "pandas" / "demand" / "demand.parquet"
    path.parent.mkdir(parents=True)
    change(pl.read_parquet(work / "pandas" / "demand" / "demand.parquet")).write_parquet(path)
    (found,) = agreement.compare(tmp_path, "pandas", ["rules"])
    assert found.differing == expected


def test_every_step_that_a_run_announces_belongs_to_a_stage():
    announced = {words for words, _ in answers.STAGES.values() if words}
    assert announced <= ours.STAGE_OF.keys()
    assert set(ours.STAGE_OF.values()) == set(contestants.STAGES)


@pytest.mark.slow
def test_one_command_prints_a_table_and_keeps_it_as_json(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--size", "XS", "--contestants", "ours,limit,duckdb", "--keep"]
    command += ["--work", str(tmp_path / "work"), "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    (kept,) = tmp_path.glob("*.json")
    document = json.loads(kept.read_text())
    (size,) = document["sizes"]
    stages = {(m["engine"], m["stage"]) for m in size["measured"]}
    whole = (*contestants.STAGES, contestants.END_TO_END)
    assert stages == {*(("ours", s) for s in whole), *(("duckdb", s) for s in whole), ("limit", "end_to_end")}
    assert all(m["seconds"] > 0 and m["peak_mib"] > 10 for m in size["measured"])
    by_engine = {
        e: {m["stage"]: m["seconds"] for m in size["measured"] if m["engine"] == e} for e in ("ours", "duckdb")
    }
    for seconds in by_engine.values():
        assert seconds.pop("end_to_end") == pytest.approx(sum(seconds.values()), abs=0.01)
    assert [a["differing"] for a in size["agreement"]] == [0] * len(agreement.TABLES)
    assert {"processor", "cores", "memory_gib", "polars", "duckdb"} <= document["machine"].keys()
    assert size["great_expectations"]["differing"] == []
    assert "XS: end to end, times the limit" in done.stdout
    assert [p.name for p in (tmp_path / "work" / "XS").iterdir()] in (
        ["exports", "made.json"],
        ["made.json", "exports"],
    )


@pytest.mark.parametrize(("option", "named"), [("--stages", "stage"), ("--contestants", "contestant")])
def test_an_unknown_name_is_a_usage_error(option, named):
    command = [sys.executable, "-m", "benchmarks", option, "cooking"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"no {named} cooking" in done.stderr


def test_a_stage_that_fails_says_how(tmp_path):
    with pytest.raises(StageError, match="rules \\(duckdb_sql\\) failed"):
        measure("rules", "duckdb_sql", tmp_path)


def test_a_contestant_that_fails_leaves_what_was_measured_before(tmp_path, monkeypatch):
    kept = []

    def contest(_work, _order, keep):
        keep([Measurement("end_to_end", "limit", 1.0, 1.0, 10)])
        message = "rules (duckdb_sql) failed"
        raise StageError(message)

    monkeypatch.setattr(estate, "contest", contest)
    monkeypatch.setattr(estate, "_estate", lambda *_: {"hosts": 1, "rows": 1})
    (tmp_path / "XS").mkdir()
    found = estate.bench("XS", contestants.Order(), tmp_path / "XS", lambda now: kept.append(list(now["measured"])))
    assert [m["engine"] for m in kept[0]] == ["limit"]
    assert found["faults"] == ["rules (duckdb_sql) failed"]


def test_what_holds_too_much_memory_is_ended_with_all_that_it_started():
    text = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytes([1]) * 600_000_000; import time; time.sleep(60)'])"
    done = run([sys.executable, "-c", text], Limits(memory_mib=300))
    assert done.failed == "out of memory (0.292969 GiB)"
    assert done.seconds < 50
    assert max(mib for _, mib in done.held) > 300


def test_what_raises_for_lack_of_memory_is_out_of_memory():
    assert run([sys.executable, "-c", "raise MemoryError"], Limits()).failed == "out of memory"
    assert run([sys.executable, "-c", "raise ValueError"], Limits()).failed is None


def test_a_peer_beyond_its_limits_is_a_result_and_ends_its_stages(tmp_path, monkeypatch):
    asked = []

    def timed(stage, module, _work, **_):
        asked.append(stage)
        failed = "took more than 9 seconds" if stage == "quality" else None
        return [Measurement(stage, module, 2.0, 1.0, 50, failed)]

    monkeypatch.setattr(contestants, "laps", timed)
    (tmp_path / "given").mkdir()
    found = []
    contestants.contest(tmp_path, contestants.Order(contestants=("pandas",)), found.extend)
    assert asked == ["ingest", "quality"]
    whole = found[-1].as_dict()
    assert (whole["stage"], whole["seconds"], whole["failed"]) == (
        "end_to_end",
        4.0,
        "took more than 9 seconds in quality",
    )
    assert found[0].as_dict().keys() == {"stage", "engine", "seconds", "cpu_seconds", "peak_mib"}


def test_a_process_beyond_its_time_keeps_the_laps_that_it_finished(tmp_path):
    (lap,) = laps("generate", "ours", tmp_path, given=["40", "5", "0", "1"], limits=Limits(seconds=0.05))
    assert lap.failed == "took more than 0 seconds"


def test_laps_of_one_stage_are_added_and_the_whole_is_their_sum():
    parts = [("rules", 1.0, 5), ("facts", 2.0, 9), ("rules", 4.0, 7)]
    found = contestants.by_stage([Measurement(s, "ours", t, t / 2, mib) for s, t, mib in parts])
    assert [(m.stage, m.seconds, m.cpu_seconds, m.peak_mib) for m in found] == [
        ("facts", 2.0, 1.0, 9), ("rules", 5.0, 2.5, 7), ("end_to_end", 7.0, 3.5, 9),
    ]  # fmt: skip


def size_of(name, rows, **seconds):
    measured = [
        {"stage": "end_to_end", "engine": e, "seconds": s, "cpu_seconds": s, "peak_mib": 7000}
        for e, s in seconds.items()
    ]
    counts = {
        "hosts": rows // 10,
        "oses": rows,
        "installs": rows,
        "rows": rows,
        "snapshots": 1,
        "megabytes": 1,
        "files": 1,
    }
    return {"size": name, **counts, "measured": measured, "agreement": [], "faults": []}


def test_each_goal_is_said_with_what_was_reached():
    sizes = [size_of("M", 100, ours=10.0, limit=4.0, pandas=99.0), size_of("L", 500, ours=61.0, limit=10.0)]
    said = {line[:58].strip(): line.rpartition("   ")[2] for line in table.goals({"sizes": sizes})}
    assert said["M: pandas, times ours"] == "NOT reached"
    assert said["M: end to end, times the limit"] == "(not judged at this size)"
    assert said["L: end to end, times the limit"] == "NOT reached"
    assert said["cost of a row at L, times that at M"] == "NOT reached"
    assert said["L: peak MiB (ours)"] == "NOT reached"
    sizes = [size_of("M", 100, ours=10.0, pandas=100.0), size_of("L", 500, ours=50.0, limit=10.0)]
    said = {line[:58].strip(): line.rpartition("   ")[2] for line in table.goals({"sizes": sizes})}
    assert said["M: pandas, times ours"] == said["L: end to end, times the limit"] == "reached"
    assert said["cost of a row at L, times that at M"] == "reached"


def test_a_run_with_a_memory_limit_is_judged_by_it():
    size = size_of("L", 500, **{"ours --memory 8GiB": 50.0})
    (line,) = table.goals({"sizes": [size]})
    assert "goal <= 8,192" in line
    assert line.endswith("   reached")


def test_results_of_one_estate_are_added_up_and_those_of_another_replaced(tmp_path):
    journal.keep({"sizes": [size_of("S", 100, ours=1.0, limit=2.0)]}, tmp_path)
    path = journal.keep({"sizes": [size_of("S", 100, limit=3.0, duckdb=4.0)]}, tmp_path)
    (size,) = json.loads(path.read_text())["sizes"]
    assert {m["engine"]: m["seconds"] for m in size["measured"]} == {"ours": 1.0, "limit": 3.0, "duckdb": 4.0}
    journal.keep({"sizes": [size_of("S", 200, limit=9.0)]}, tmp_path)
    (size,) = json.loads(path.read_text())["sizes"]
    assert {m["engine"]: m["seconds"] for m in size["measured"]} == {"limit": 9.0}
