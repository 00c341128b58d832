"""docs/commands.md is the program's own help, and every command that a page shows can be typed as it stands."""

import re
import shlex
from pathlib import Path

import click
import pytest

from lmanalytics import reference
from lmanalytics.__main__ import cli

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TYPED = re.compile(r"^(?:    )?(?:\$ )?(?:\.venv/bin/)?lmanalytics (?P<words>[^#\n]*?)\s*(?:#.*)?$", re.MULTILINE)
CODE = re.compile(r"^```(?:bash|sh|console|text)?\n(.*?)^```$|((?:^    .*\n?)+)", re.MULTILINE | re.DOTALL)


def typed(text):
    """Return the words of each `lmanalytics …` line in the code of a page; usages with `[` or `…` are no commands."""
    code = "\n".join(fenced or indented for fenced, indented in CODE.findall(text))
    found = [match["words"] for match in TYPED.finditer(code)]
    return [words for words in found if not re.search(r"[\[…|]", words)]


def parse(words):
    """Parse without calling; click raises for an unknown command, an unknown option and a missing argument."""
    context = cli.make_context("lmanalytics", shlex.split(words), resilient_parsing=False)
    name, command, rest = cli.resolve_command(context, [*context._protected_args, *context.args])  # noqa: SLF001 (click has no other way)
    return command.make_context(name, rest, parent=context)


def test_the_page_is_what_the_program_says():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert page == reference.markdown(), "run: python -m lmanalytics.reference > docs/commands.md"


def test_every_command_has_an_example_and_no_other_name_stands_beside_it():
    page = reference.markdown()
    for name in cli.commands:
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert f"Example:\n\n    lmanalytics {name}" in section, name
    assert reference.beside().keys() <= cli.commands.keys()


def test_every_error_ends_some_command():
    told = {code for body in reference.beside().values() for code in body.get("codes", ())}
    base = {0, 2, 10}
    assert told <= reference.families().keys()
    assert reference.families().keys() - base <= told


def test_exit_codes_never_change_their_meaning():
    stable = {
        1: "GateError", 2: "UsageError", 3: "ShortageError", 10: "LmError", 11: "ParameterError", 12: "RuleError", 13: "ExportError",
        14: "EstateError", 15: "PolicyError", 16: "RunError", 17: "ReportError", 18: "PositionError", 19: "QualityError",
        20: "ScenarioError", 21: "StorageError",
    }  # fmt: skip
    assert stable.items() <= {code: kind.__name__ for code, kind in reference.families().items()}.items()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_commands_of_a_page_can_be_typed(path):
    wrong = []
    for words in typed(path.read_text(encoding="utf-8")):
        try:
            parse(words)
        except click.exceptions.Exit:
            continue
        except click.ClickException as error:
            wrong.append(f"{words}: {error.format_message()}")
    assert not wrong


def test_a_command_that_cannot_be_typed_is_noticed():
    assert typed("    lmanalytics run exports --as-off 2026-06-30   # a note\n") == ["run exports --as-off 2026-06-30"]
    with pytest.raises(click.ClickException):
        parse("run exports --as-off 2026-06-30")
    with pytest.raises(click.ClickException):
        parse("position")
