"""Tasks and results are small texts that come back as they were."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.engines.files import ROWS
from lmanalytics.engines.tasks import WORKS, Fault, Output, Result, Task, digest_of_task, perform
from lmanalytics.errors import UsageError
from tests.engines.works import NAME

words = st.text(max_size=12)
tasks = st.builds(
    Task,
    work=words,
    part=st.integers(0, 99_999),
    inputs=st.dictionaries(words, st.lists(words, max_size=3), max_size=3),
    into=words,
    as_of=st.dates().map(str),
    policies=st.dictionaries(words, words, max_size=3),
    program=words,
)
results = st.builds(
    Result,
    work=words,
    part=st.integers(0, 99_999),
    digest=words,
    outputs=st.dictionaries(
        words, st.builds(Output, path=words, rows=st.integers(0), size=st.integers(0), sha256=words)
    ),
    fault=st.none() | st.builds(Fault, family=words, message=words, rule=words),
)


@given(tasks)
def test_a_task_comes_back_from_its_text(task):
    assert Task.from_json(task.to_json()) == task
    assert list(json.loads(task.to_json())) == sorted(json.loads(task.to_json()))


@given(results)
def test_a_result_comes_back_from_its_text(result):
    assert Result.from_json(result.to_json()) == result


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_what_is_asked_does_not_matter(names):
    one = Task("w", 1, {name: [] for name in names}, "x", "2026-06-30", dict.fromkeys(names, "y"))
    other = Task("w", 1, {name: [] for name in "abc"}, "x", "2026-06-30", dict.fromkeys("abc", "y"))
    assert one.to_json() == other.to_json()
    assert digest_of_task(one) == digest_of_task(other)


def test_an_unknown_work_is_named_with_the_nearest():
    with pytest.raises(UsageError, match=r"no work 'estat'.* Did you mean 'estate'"):
        perform(Task("estat", 0, {}, "x", "2026-06-30"))


@pytest.mark.parametrize("name", WORKS)
def test_every_work_that_is_listed_is_there(name):
    from lmanalytics.engines.tasks import _work  # noqa: PLC0415

    assert callable(_work(name))


def test_another_program_is_refused(estate):
    task = estate("summed", program="another")[0]
    with pytest.raises(UsageError, match="Partition 0: this worker's lmanalytics"):
        perform(task)


def test_a_table_without_files_is_not_given(estate):
    task = estate("summed")[0]
    more = Task(**{**vars(task), "inputs": {**task.inputs, "none": []}})
    assert perform(more).outputs == perform(task).outputs


def test_a_fault_names_the_rules_in_which_it_arose(estate):
    task = estate("misread")[0]
    assert perform(task).fault == Fault("RuleError", "No value holds.", "demand.pretend")


def test_a_fault_that_arose_elsewhere_names_the_work(estate):
    assert perform(estate("lacking")[0]).fault.rule == f"{NAME}:lacking"


def test_threads_do_not_change_a_byte(tmp_path):
    """More rows than two groups of a file hold, in one, two and five threads."""
    rows = pl.int_range(2 * ROWS + 17, eager=True)
    source = tmp_path / "rows-0.parquet"
    frame = pl.DataFrame({"key": (rows * 7919 % 300_007).cast(pl.String), "quantity": rows * 31 % 1_000_003})
    frame.write_parquet(source)
    told = []
    for count in ("1", "2", "5"):
        task = Task(f"{NAME}:summed", 0, {"rows": [str(source)]}, str(tmp_path / count), "2026-06-30")
        code = "import sys; from lmanalytics.engines.tasks import Task, perform; print(perform(Task.from_json(sys.argv[1])).to_json())"
        out = subprocess.run(
            [sys.executable, "-c", code, task.to_json()],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2], env={"POLARS_MAX_THREADS": count},
        ).stdout  # fmt: skip
        outputs = Result.from_json(out).outputs
        told.append({name: (o.rows, o.size, o.sha256) for name, o in outputs.items()})
    assert told[0] == told[1] == told[2]
    assert told[0]["ordered"][0] == rows.len()
