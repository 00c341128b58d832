"""A scenario file is data: what is wrong is named with its line and with what was perhaps meant."""

from contextlib import suppress
from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import LmError, ScenarioError, UsageError
from lmanalytics.whatif import scenario_document
from lmanalytics.whatif.scenario_file import load, verbs
from lmanalytics.whatif.scenario_run import _VERBS
from tests.whatif.scenario_estates import write_file

BEGIN = "scenarios:\n  a:\n    changes:\n"


def read(folder, text):
    return load(write_file(folder, text))


def test_names_titles_dates_and_policies_are_read(tmp_path):
    (chain,) = read(
        tmp_path,
        "scenarios:\n  move_on:\n    title: Move on\n    as_of: 2027-01-01\n    policies: {movement: cluster}\n    changes: []\n",
    )
    one = chain.last
    assert (one.name, one.title, one.as_of, one.policies) == (
        "move_on",
        "Move on",
        date(2027, 1, 1),
        {"movement": "cluster"},
    )
    assert one.changes == ()


def test_an_empty_scenario_changes_nothing_and_is_called_by_its_name(tmp_path):
    (chain,) = read(tmp_path, "scenarios:\n  as_it_is:\n")
    assert (chain.last.title, chain.last.changes, chain.as_of, chain.policies) == ("as it is", (), None, {})


def test_scenarios_stack_and_the_nearest_counts(tmp_path):
    text = """
scenarios:
  third: {on: second, policies: {movement: observed}}
  first: {as_of: 2027-01-01, policies: {movement: cluster, peak: latest_snapshot}}
  second: {on: first, as_of: 2028-01-01}
"""
    third, first, second = read(tmp_path, text)
    assert [link.name for link in third.links] == ["first", "second", "third"]
    assert third.as_of == second.as_of == date(2028, 1, 1)
    assert first.as_of == date(2027, 1, 1)
    assert third.policies == {"movement": "observed", "peak": "latest_snapshot"}


def test_every_verb_of_the_schema_is_applied_by_something():
    assert verbs().keys() == _VERBS.keys()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "begins with `scenarios:`"),
        ("scenario: {a: {}}", 1, "Did you mean 'scenarios'"),
        ("scenarios:", 1, "names none"),
        ("scenarios: [a]", 1, "`name: value` lines"),
        ("scenarios:\n  a: {titel: x}", 2, "no 'titel'. Did you mean 'title'"),
        ("scenarios:\n  a: {title: [x]}", 2, "title must be a text"),
        ("scenarios:\n  a: {as_of: soon}", 2, "a date such as"),
        ("scenarios:\n  a: {on: b}\n  c: {}", 2, "builds on 'b', which is no scenario"),
        ("scenarios:\n  a: {on: b}\n  b: {on: a}", 3, "builds on itself"),
        ("scenarios:\n  a: {}\n  a: {}", 3, "'a' is given twice"),
        (BEGIN + "      - retier: hosts\n        where: all", 4, "Did you mean 'retire'"),
        (BEGIN + "      - where: all\n        retire: hosts", 4, "Write 'retire' first"),
        (BEGIN + "      - retire: hosts", 4, "'retire' needs 'where'"),
        (BEGIN + "      - retire: hosts\n        where: all\n        whree: all", 6, "no 'whree'. Did you mean 'where'"),
        (BEGIN + "      - retire:\n        where: all", 4, "must be a text"),
        (BEGIN + "      - retire", 4, "`name: value` lines"),
        (BEGIN + "      - {}", 4, "begins with a verb"),
        (BEGIN + "      - buy: SQL Server\n        licenses: many", 5, "a whole number"),
        (BEGIN + "      - buy: SQL Server\n        licenses: 4\n        until: never", 6, "a date such as"),
        (BEGIN + "      - price: SQL Server\n        change_percent: ten", 5, "an amount"),
        (BEGIN + "      - remove: hosts\n        where: all\n        may_be_empty: perhaps", 6, "true or false"),
        (BEGIN + "      - remove: hosts\n        where: {name: *}", 5, "Put a text that begins with * in quotes"),
        ("scenarios: &x\n  a: {}\n  b: *x", 3, "aliases (`*x`) are not read"),
        ("scenarios: {a: [1, 2}", 1, "this is not YAML"),
        ("scenarios:\n\ta: {}", 2, "this is not YAML"),
        ("scenarios:\n  a: !!python/object/apply:os.system ['echo no']", 2, "is not read here"),
        ("scenarios:\n  a: {title: !!python/name:os.system }", 2, "is not read here"),
        ("scenarios:\n  a: {title: !secret x}", 2, "is not read here"),
        ("scenarios:\n  [a]: {}", 2, "a name must be a text"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, line, said):
    with pytest.raises(ScenarioError) as error:
        read(tmp_path, text)
    assert f"scenarios.yaml, line {line}" in str(error.value)
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_a_matter_of_usage(tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"scenarios: \x00", b"scenarios: " + b"[" * 5_000])
def test_bytes_that_are_no_text_end_in_a_sentence(tmp_path, content):
    path = tmp_path / "scenarios.yaml"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match=r"scenarios\.yaml"):
        load(path)


def test_a_file_that_is_nested_too_deeply_is_refused_before_it_is_read_to_its_end(tmp_path):
    deep = "scenarios:\n" + "".join(f"{' ' * n}a{n}:\n" for n in range(1, 60))
    with pytest.raises(ScenarioError, match=r"line 51: this is nested more than 50 levels deep"):
        read(tmp_path, deep)
    with pytest.raises(ScenarioError, match="nested more than 50 levels deep"):
        read(tmp_path, "scenarios: " + "[" * 1_000_000)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(scenario_document, "MOST_BYTES", 10)
    with pytest.raises(ScenarioError, match="larger than 10 bytes"):
        read(tmp_path, "scenarios: {a: {}}")


def test_a_byte_order_mark_is_no_matter(tmp_path):
    assert len(read(tmp_path, "\ufeffscenarios: {a: {}}")) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "on", "changes", "where", "set", "x"]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(document=VALUES)
def test_no_document_ends_in_a_traceback(document, tmp_path_factory):
    path = write_file(tmp_path_factory.mktemp("any"), yaml.safe_dump({"scenarios": document}, allow_unicode=True))
    with suppress(LmError):
        load(path)
