"""Texts of the report: every file is readable, every sentence can be filled, no text is there for nothing."""

import pytest
import yaml

from lmanalytics.report.texts import HERE, say, told


def _leaves(value: object) -> list[object]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_text_is_text(path):
    leaves = _leaves(yaml.safe_load(path.read_text(encoding="utf-8")))
    assert leaves
    assert all(isinstance(leaf, str) for leaf in leaves)


def test_a_sentence_takes_its_values(monkeypatch):
    monkeypatch.setattr("lmanalytics.report.texts._file", lambda name: {name: {"all": "{count} lines of {who}"}})
    assert say("x.x.all", count="2", who="a{b}") == "2 lines of a{b}"


def test_an_unknown_place_is_a_fault():
    with pytest.raises(KeyError):
        told("tables.no_such_table")
