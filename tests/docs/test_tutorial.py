"""The tutorial's part on exports of one's own, typed as it stands, says what is shown."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from lmanalytics import answers
from lmanalytics.__main__ import cli

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
OWN = PAGE.partition("## 4. ")[2]
FILES = re.findall(r"`([\w./-]+\.(?:csv|yaml))`:\n\n```\w+\n(.*?)```", OWN, re.DOTALL)
TYPED = re.findall(r"```text\n\$ lmanalytics ([^\n]+)\n(.*?)```", OWN, re.DOTALL)
LEFT_OUT = "…"


def pattern(shown):
    """Return what output has to look like: any run id, any seconds, any blanks at the ends of lines, any lines for `…`."""
    lines = []
    for line in shown.rstrip("\n").split("\n"):
        plain = re.escape(line.rstrip())
        plain = re.sub(r"2026\\-06\\-30\\-[0-9a-f]{12}", r"2026-06-30-[0-9a-f]{12}", plain)
        plain = re.sub(r"computed;\\ [\d\\.]+\\ s", r"computed; [\\d.,]+ s", plain)
        lines.append(r"(?:.*\n)*?" if line == LEFT_OUT else plain + r"[ \t]*\n")
    return "".join(lines)


def test_what_is_typed_says_what_is_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(answers, "SWING_LIMIT", -1)
    assert {name for name, _ in FILES} >= {"data/raw/orders.csv", "scenarios.yaml"}
    for name, text in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for words, shown in TYPED:
        done = CliRunner().invoke(cli, shlex.split(words))
        assert done.exit_code == 0, done.output
        assert re.fullmatch(pattern(shown), done.stdout + done.stderr), f"{words}\n{done.stdout + done.stderr}"


def test_each_command_is_typed():
    assert [shlex.split(words)[0] for words, _ in TYPED] == ["check", "run", "explain", "scenario"]


@pytest.mark.parametrize(("shown", "fits"), [("a\n", True), ("…\nb\n", False), ("a\n…\n", True), ("b\n", False)])
def test_lines_that_are_left_out(shown, fits):
    assert bool(re.fullmatch(pattern(shown), "a\nc\n" if LEFT_OUT in shown else "a\n")) is fits
