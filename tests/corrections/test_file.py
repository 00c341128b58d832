"""What corrections.yaml says is checked, entry by entry, and a fault names its line."""

from datetime import date

import pytest
import yaml

from lmanalytics.corrections.file import load_corrections
from lmanalytics.errors import CorrectionError

WHOLE = {
    "id": "C-1", "table": "oses", "where": {"ose_id": "vm-1"}, "column": "vcpus", "was": "4", "now": "8",
    "reason": "Counted twice.", "evidence": "CHG-1", "approver": "J. Roe", "approved_on": "2026-06-12",
}  # fmt: skip


def load(tmp_path, text):
    path = tmp_path / "corrections.yaml"
    path.write_text(text, encoding="utf-8")
    return load_corrections(path)


def one(tmp_path, **changes):
    body = {name: value for name, value in {**WHOLE, **changes}.items() if value is not ...}
    return load(tmp_path, "# a line above\n" + yaml.safe_dump([body], sort_keys=False))


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "~\n", "[]\n"])
def test_a_file_without_entries_corrects_nothing(tmp_path, text):
    assert load(tmp_path, text) == []


def test_no_file_corrects_nothing(tmp_path):
    assert load_corrections(tmp_path / "corrections.yaml") == []


def test_an_entry_is_read_as_it_is_written(tmp_path):
    text = """
- id: C-1
  table: oses
  where: {file: vms.csv, sheet: ~, row: 12}
  column: os_version
  was: 2019.10
  now: ~
  reason: |
    Said so
    by the owner.
  evidence: CHG-1
  approver: J. Roe
  approved_on: 2026-06-12
  until: 2026-12-31
"""
    (found,) = load(tmp_path, text)
    assert (found.was, found.now, found.line) == ("2019.10", None, 2)
    assert found.where == (("source_file", "vms.csv"), ("source_row", "12"), ("source_sheet", None))
    assert found.rows == "file vms.csv, row 12, sheet (empty)"
    assert (found.approved_on, found.until) == (date(2026, 6, 12), date(2026, 12, 31))
    assert found.reason == "Said so\nby the owner."


def test_quotes_tell_a_word_from_an_empty_cell(tmp_path):
    text = yaml.safe_dump([{**WHOLE, "column": "name", "was": "null", "now": ""}])
    (found,) = load(tmp_path, text)
    assert (found.was, found.now) == ("null", "")


@pytest.mark.parametrize("name", ["reason", "evidence", "approver", "approved_on", "id", "table", "where"])
@pytest.mark.parametrize("value", [..., "", None])
def test_what_must_be_given_is_asked_for_by_line(tmp_path, name, value):
    with pytest.raises(CorrectionError, match=f"line 2: {name} must be given"):
        one(tmp_path, **{name: value})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": "  "}, "line 2: reason is text, not '  '"),
        ({"reason": ["a"]}, "reason is text"),
        ({"table": "osses"}, "no table 'osses'. Did you mean 'oses'"),
        ({"column": "vcpu"}, "no column 'vcpu'. Did you mean 'vcpus'"),
        ({"column": "row_id"}, "no column 'row_id'"),
        ({"where": {"ose_ids": "vm-1"}}, "no column 'ose_ids'. Did you mean 'ose_id'"),
        ({"where": "vm-1"}, "`where` names rows"),
        ({"where": {"ose_id": ["a", ["b"]]}}, "ose_id is one value"),
        ({"reasn": "x"}, "no 'reasn'. Did you mean 'reason'"),
        ({"was": ...}, "say `column`, `was`"),
        ({"now": ...}, "say `column`, `was`"),
        ({"column": ...}, "say `column`, `was`"),
        ({"now": "4"}, "both '4', so nothing would change"),
        ({"exclude": "true"}, "a row that is excluded has no `now`"),
        ({"exclude": "true", "now": ..., "was": ...}, "give both `column` and `was`"),
        ({"exclude": "maybe"}, "exclude is true or false"),
        ({"approved_on": "June"}, "approved_on is a date such as"),
        ({"until": "2026-02-30"}, "until is a date such as"),
        ({"now": {"a": "b"}}, "now is one value"),
    ],
)  # fmt: skip
def test_what_cannot_be_applied_is_refused_with_the_nearest_name(tmp_path, changes, told):
    with pytest.raises(CorrectionError) as refused:
        one(tmp_path, **changes)
    assert told in str(refused.value)
    assert str(refused.value).startswith("corrections.yaml, line 2: ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("oses: 1\n", "expected a list"),
        ("- just text\n", "line 1: expected `name: value` lines"),
        ("- id: [\n", "is not YAML"),
        ("- id: a\n  id: b\n", "line 2: id stands there twice"),
        ("- &a {id: x}\n- *a\n", "line 1: table and where"),
        ("- id: x\n  table: *a\n", "an alias"),
        ("- {? [a] : b}\n", "a name is plain text"),
        ("[]\n---\n[]\n", "a second document"),
    ],
)
def test_what_is_no_list_of_entries_is_refused(tmp_path, text, told):
    with pytest.raises(CorrectionError, match=told.replace("(", r"\(")):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "corrections.yaml"
    path.write_bytes(b"- id: \xff\xfe\n")
    with pytest.raises(CorrectionError, match="is not YAML"):
        load_corrections(path)


def test_two_entries_of_one_id_are_refused(tmp_path):
    with pytest.raises(CorrectionError, match=r"line \d+: there is another correction 'C-1' in line 1"):
        load(tmp_path, yaml.safe_dump([WHOLE]) * 2)
