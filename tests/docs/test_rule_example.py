"""The rule of docs/rule-example.md passes the tests that stand beside it there."""

import re
import sys
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path

import pytest

from lmanalytics.rules import demand

PAGE = (Path(__file__).parents[2] / "docs" / "rule-example.md").read_text(encoding="utf-8")
NAME = "windows_server_essentials"
FILES = {
    path: text
    for path, text in re.findall(r"`([\w/]+\.(?:py|yaml))`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    if NAME in path
}


@pytest.fixture
def rule(tmp_path, monkeypatch):
    """Lay module and YAML, and let them be imported as a module of the package."""
    for path, text in FILES.items():
        (tmp_path / Path(path).name).write_text(text, encoding="utf-8")
    spec = spec_from_file_location(f"{demand.__name__}.{NAME}", tmp_path / f"{NAME}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, spec.name, module)
    monkeypatch.setattr(demand, NAME, module, raising=False)
    return module


def test_three_files_are_shown():
    assert sorted(Path(path).name for path in FILES) == sorted([f"test_{NAME}.py", f"{NAME}.py", f"{NAME}.yaml"])


@pytest.mark.usefixtures("rule")
def test_its_own_tests_pass():
    (text,) = (text for path, text in FILES.items() if path.startswith("tests/"))
    shown = {}
    exec(compile(text, "shown", "exec"), shown)  # noqa: S102 (what the page shows is what is tested)
    passed = 0
    for name, function in shown.items():
        if name.startswith("test_"):
            marks = [mark.args[1] for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
            for value in marks[0] if marks else [None]:
                function(*([value] if signature(function).parameters else []))
                passed += 1
    assert f"{passed} passed" in PAGE
