"""The page of commands, `docs/commands.md`, from the program's own help.

`python -m lmanalytics.reference > docs/commands.md` writes it; a test says when it is behind.
"""

import inspect
import re
from pathlib import Path
from typing import Any

import click
import yaml

from lmanalytics import errors
from lmanalytics.__main__ import CONTEXT, cli

_USAGE_CODES = {0, errors.UsageError.exit_code}
_INTRODUCTION = """# Commands

Results go to standard output, messages and progress to standard error; `--json` gives one document for machines.
`lmanalytics COMMAND --help` says what stands here. `-w FOLDER` before the command names the workspace: the folder that
holds `data/runs`, `data/kept` and `reports`; without it, the current folder.

RUN is a run's folder, its id, the start of its id, or `latest`. EXPORTS is a folder of exports, which are recognized by
their headings ([how](exports/index.md)). SIZE is a number with a unit, such as `4GiB`.
"""


def markdown() -> str:
    """Return the page: exit codes first, then each command with its options, an example and its codes."""
    parts = [_INTRODUCTION, _codes(), _own_options()]
    parts += [_command(name, cli.commands[name], beside().get(name, {})) for name in sorted(cli.commands)]
    return "\n".join(parts)


def beside() -> dict[str, dict[str, Any]]:
    """Return `reference.yaml`: by command, an example and the codes that it can end with besides 0 and 2."""
    document: dict[str, dict[str, Any]] = yaml.safe_load(
        Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8")
    )
    return document


def families() -> dict[int, type[errors.LmError]]:
    """Return the error classes by exit code."""
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.LmError)]
    return {kind.exit_code: kind for kind in sorted(kinds, key=lambda kind: kind.exit_code)}


def _codes() -> str:
    base = {errors.LmError: "Anything else that is foreseen."}
    rows = [
        f"| {code} | `{kind.__name__}` | {base.get(kind) or _sentence(kind.__doc__)} |"
        for code, kind in families().items()
    ]
    head = ["## Exit codes", "", "A number never changes its meaning. [Errors](errors.md) has an example of each.", ""]
    return "\n".join([*head, "| Code | Error | When |", "|---|---|---|", "| 0 | | Done. |", *rows, ""])


def _own_options() -> str:
    return "\n".join(["## lmanalytics", "", "    lmanalytics [OPTIONS] COMMAND [ARGS]...", "", *_options(cli), ""])


def _command(name: str, command: click.Command, told: dict[str, Any]) -> str:
    context = click.Context(command, info_name=f"lmanalytics {name}", **CONTEXT)  # type: ignore[arg-type]  # as __main__ gives it
    usage = " ".join([f"    lmanalytics {name}", *command.collect_usage_pieces(context)])
    lines = [f"## {name}", "", *_paragraphs(command.help), usage, "", *_options(command)]
    if "example" in told:
        lines += ["", "Example:", "", f"    {told['example']}"]
    codes = sorted(_USAGE_CODES | set(told.get("codes", ())))
    return "\n".join([*lines, "", f"Exit codes: {', '.join(map(str, codes))}.", ""])


def _options(command: click.Command) -> list[str]:
    context = click.Context(command, info_name="lmanalytics", **CONTEXT)  # type: ignore[arg-type]  # as above
    options = [
        option
        for option in command.get_params(context)
        if isinstance(option, click.Option) and "--help" not in option.opts
    ]
    rows = [f"| {_names(option, context)} | {_told(option)} |" for option in options]
    if not rows:
        return ["No options but `--help`."]
    return ["| Option | |", "|---|---|", *rows]


def _names(option: click.Option, context: click.Context) -> str:
    metavar = "YYYY-MM-DD" if isinstance(option.type, click.DateTime) else option.make_metavar(context)
    if isinstance(option.type, click.IntRange | click.types.IntParamType):
        metavar = option.metavar or "NUMBER"
    if isinstance(option.type, click.Choice):
        metavar = "NAME"
    takes = "" if option.is_flag or option.count else f" {metavar}"
    *short, full = sorted(option.opts, key=len)
    return ", ".join(f"`{name}`" for name in (*short, full + takes))


def _told(option: click.Option) -> str:
    said = [_sentence(option.help)] if option.help else []
    said += ["Required."] if option.required else []
    said += [f"One of {', '.join(option.type.choices)}."] if isinstance(option.type, click.Choice) else []
    shown = option.show_default and not option.is_flag and option.default is not None
    said += [f"Default: `{option.default}`."] if shown else []
    said += ["May be repeated."] if option.multiple and "repeated" not in (option.help or "") else []
    return " ".join(said)


def _paragraphs(text: str | None) -> list[str]:
    return [line for paragraph in (text or "").split("\n\n") for line in (_sentence(paragraph), "")]


def _sentence(text: str | None) -> str:
    """Return a help text on one line; what Markdown would take for a cell's end or a tag stays text."""
    line = re.sub(r"\s+", " ", text or "").strip().replace("|", r"\|").replace("<", r"\<")
    return re.sub(r"\bdocs/(\w+\.md)", r"[\1](\1)", line)


if __name__ == "__main__":
    click.echo(markdown(), nl=False)
