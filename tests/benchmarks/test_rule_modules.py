import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks import journal, rule_inputs, rule_modules
from benchmarks.engines import rule_modules as engine
from benchmarks.measure import Measurement, StageError, measure
from lmanalytics.rules.register import modules

ROOT = Path(__file__).parents[2]
EXPRESSIONS, FRAME = "right.true_up_document", "right.license_coverage"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rules")
    rule_inputs.record([EXPRESSIONS, FRAME], folder)
    return folder


def test_every_rule_module_has_a_name_of_its_own():
    assert len(rule_inputs.by_name()) == len(modules())


@pytest.mark.parametrize("name", [EXPRESSIONS, FRAME])
def test_what_the_tests_give_a_module_is_recorded(work, name):
    calls = rule_inputs.recorded(work, name)
    assert calls.keys() == rule_inputs.calls_of(rule_inputs.module_of(name))
    assert rule_inputs.rules_used(rule_inputs.module_of(name), calls) == 1
    for call, said in calls.items():
        assert rule_inputs.height(work / name, call, said["frames"]) > 0


@pytest.mark.parametrize("name", [EXPRESSIONS, FRAME])
def test_a_module_answers_every_copy_as_the_first(work, name):
    engine.check(work, name)
    engine.prepare(work, name, "100")
    assert 100 <= json.loads((work / name / "rows.json").read_text()) < 200
    for call in rule_inputs.recorded(work, name):
        one = engine.answer(work, name, call, work / name).collect()
        many = engine.answer(work, name, call, work / name / "tiled").collect()
        assert many.height % one.height == 0
        answers = [c for c in one.columns if not c.endswith("_id")]
        assert many.select(answers).unique().sort(answers).equals(one.select(answers).unique().sort(answers))


def test_ids_of_copies_differ_and_terms_are_given_once(tmp_path):
    frame = pl.DataFrame({"ose_id": ["a", None], "row_id": [7, 9], "subject_number": [0, 1], "cores": [1, 2]})
    for name in ("oses", "offered"):
        frame.write_parquet(tmp_path / f"call.{name}.parquet")
    rule_inputs.tile(tmp_path, "call", ["oses", "offered"], tmp_path / "tiled", 3)
    tiled = pl.read_parquet(tmp_path / "tiled" / "call.oses.parquet")
    assert tiled["ose_id"].drop_nulls().sort().to_list() == ["a~0", "a~1", "a~2"]
    assert tiled["row_id"].sort().to_list() == [7, 9, 17, 19, 27, 29]
    assert tiled["subject_number"].sort().to_list() == [0, 1, 2, 3, 4, 5]
    assert tiled["cores"].sum() == 9
    assert pl.read_parquet(tmp_path / "tiled" / "call.offered.parquet").equals(frame)


def test_copies_that_act_on_each_other_are_refused(work, monkeypatch):
    monkeypatch.setattr(rule_inputs, "_numbered", lambda numbers, frame: frame.lazy().join(numbers, how="cross"))
    with pytest.raises(ValueError, match="one copy gives 1 rows, 3 copies give"):
        engine.check(work, FRAME)


def test_a_rule_that_no_test_meets_is_listed_with_the_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(rule_modules, "record", lambda *_: None)
    found = rule_modules.bench_rules(tmp_path / "work", 10, [FRAME])
    assert found["measured"] == []
    assert found["unmeasured"] == [{"module": FRAME, "reason": "no test of its package gives it coverage"}]
    assert f"{FRAME}: not measured: no test" in rule_modules.rules_table(found)


@pytest.mark.parametrize(
    ("seconds", "peak", "reached", "marked"),
    [(1.0, 100, 1000, False), (6.0, 100, 1000, False), (6.1, 100, 100, True), (1.0, 10**6, 100, True)],
)
def test_a_step_is_taken_where_time_and_memory_suffice(monkeypatch, tmp_path, seconds, peak, reached, marked):
    def at(_work, _name, rows):
        return Measurement("run", "rule_modules", seconds, seconds, peak), rows

    monkeypatch.setattr(rule_modules, "recorded", lambda *_: {"facts": {"as_of": "2026-06-30", "policies": {}}})
    monkeypatch.setattr(rule_modules, "measure", lambda *_, **__: None)
    monkeypatch.setattr(rule_modules, "_at", at)
    found = rule_modules._module(tmp_path, EXPRESSIONS, 1000)  # noqa: SLF001 (what decides is inside)
    assert (found["rows"], found["is_extrapolated"]) == (reached, marked)
    assert found["seconds_for_all"] == pytest.approx(seconds * 1000 / reached)


def test_a_stage_that_takes_too_long_is_stopped(work):
    with pytest.raises(StageError, match="check \\(rule_modules\\) took more than 0 seconds"):
        measure("check", "rule_modules", work, given=[FRAME], at_most=0.01)


@pytest.mark.slow
def test_one_command_measures_the_modules_asked_for_and_keeps_the_sizes_of_the_day(tmp_path):
    earlier = journal.keep({"sizes": [{"size": "S", "hosts": 2_500}]}, tmp_path)
    command = [sys.executable, "-m", "benchmarks", "--rules", "--rows", "2000", "--modules", f"{EXPRESSIONS},{FRAME}"]
    command += ["--work", str(tmp_path / "work"), "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    document = json.loads(earlier.read_text())
    assert document["sizes"] == [{"size": "S", "hosts": 2_500}]
    found = document["rule_modules"]
    assert found["unmeasured"] == []
    assert [m["module"] for m in found["measured"]] == [EXPRESSIONS, FRAME]
    for m in found["measured"]:
        assert 2000 <= m["rows"] < 2100
        assert m["rows_per_second"] == pytest.approx(m["rows"] / m["seconds"], rel=0.05)
        assert m["peak_mib"] > 10
        assert not m["is_extrapolated"]
        assert m["module"] in done.stdout
    assert not (tmp_path / "work" / "rules").exists()


def rates(rows, measured, unmeasured=()):
    parts = {"measured": measured, "unmeasured": unmeasured}
    return {"rows": rows, **{part: [{"module": m, "run": n} for m, n in named] for part, named in parts.items()}}


def test_results_of_one_day_are_added_up_and_replaced_by_size_and_module(tmp_path):
    journal.keep({"sizes": [{"size": "M", "hosts": 3, "run": 1}], "rule_modules": rates(9, ["a1", "b1"])}, tmp_path)
    path = journal.keep({"sizes": [{"size": "M", "hosts": 3, "run": 2}, {"size": "S", "hosts": 2}]}, tmp_path)
    document = json.loads(path.read_text())
    assert document["sizes"] == [{"size": "S", "hosts": 2}, {"size": "M", "hosts": 3, "run": 2}]
    assert document["rule_modules"] == rates(9, ["a1", "b1"])
    journal.keep({"rule_modules": rates(9, ["b2"], ["c2"])}, tmp_path)
    assert json.loads(path.read_text())["rule_modules"] == rates(9, ["a1", "b2"], ["c2"])
    journal.keep({"rule_modules": rates(8, ["b3"])}, tmp_path)
    assert json.loads(path.read_text())["rule_modules"] == rates(8, ["b3"])


def test_an_unknown_module_is_a_usage_error():
    command = [sys.executable, "-m", "benchmarks", "--rules", "--modules", "right.magic"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no rule module right.magic" in done.stderr
