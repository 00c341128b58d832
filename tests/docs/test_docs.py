import inspect
import re
from pathlib import Path

from lmanalytics import errors, schemas
from lmanalytics.__main__ import cli

ROOT = Path(__file__).parents[2]


def test_the_documented_contract_is_the_contract():
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == schemas.markdown()


def test_every_error_is_in_the_catalog_with_its_exit_code():
    catalog = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.LmError):
            assert f"| {kind.exit_code} | `{name}`" in catalog, name


def test_exit_codes_of_families_differ():
    codes = [
        kind.exit_code for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.LmError)
    ]
    assert len(set(codes)) == len(codes)


def test_commands_in_the_readme_exist():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^    (?:\.venv/bin/)?lmanalytics (\w+)", text, re.MULTILINE))
    assert named
    assert named <= set(cli.commands)


def test_every_command_says_what_it_does():
    assert all(command.help for command in cli.commands.values())
