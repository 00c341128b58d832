"""The command line: parses, calls one function, maps errors to exit codes.

Results go to standard output, messages to standard error.
"""

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from lmanalytics import commands, schemas
from lmanalytics.errors import LmError, UsageError
from lmanalytics.report import verification_packet
from lmanalytics.whatif import diff_command, scenario_command
from lmanalytics.workspace import Workspace

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_DATE = click.DateTime(["%Y-%m-%d"])


class _Group(click.Group):
    """Shows a user's errors in plain words and returns the exit code of their family."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LmError as error:
            click.secho(f"Error: {error}", fg="red", err=True)
            ctx.exit(error.exit_code)
        except BrokenPipeError:
            ctx.exit(0)


@click.group(cls=_Group, context_settings=CONTEXT)
@click.version_option(package_name="lmanalytics")
@click.option(
    "--workspace",
    "-w",
    type=click.Path(path_type=Path),
    default=Path(),
    help="Folder of runs and reports; default: here.",
)
@click.pass_context
def cli(ctx: click.Context, workspace: Path) -> None:
    """What Microsoft licenses you need, own, lack and must order, from your own exports.

    Exit codes: 0 done; 1 the data did not pass the gate; 2 usage; 3 shortage above --fail-on-shortage;
    10 and up one for each family of errors.
    """
    ctx.obj = Workspace(workspace)


_AS_OF = click.option("--as-of", type=_DATE, required=True, help="The position date, YYYY-MM-DD.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
_EXPORTS = click.argument("exports", type=click.Path(path_type=Path))
_PLACE = click.argument("exports", type=lambda text: text if "://" in text else Path(text))
_COMPUTING = (
    click.option(
        "--policy", "-p", "policies", multiple=True, metavar="NAME=READING", help="Another reading; may be repeated."
    ),
    click.option("--fresh", is_flag=True, help="Compute everything again, also what earlier runs kept."),
    click.option("--memory", metavar="SIZE", help="What the run may use, such as 4GiB."),
    click.option(
        "--cluster", metavar="ENGINE", help="Where parts of a very large estate are computed: docs/engines.md."
    ),
    click.option("--storage", metavar="URL", help="Where the workers of a cluster find the parts."),
    click.option(
        "--fail-on-shortage",
        type=click.IntRange(0),
        metavar="N",
        help="Exit with 3 when more than N licenses are short.",
    ),
    _JSON,
)


def _computing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of every command that computes a run."""
    for option in reversed(_COMPUTING):
        command = option(command)
    return command


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Lay a workspace: folders, notebooks and the book's description."""
    _show(commands.init(directory))


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--hosts", type=click.IntRange(1), default=40, show_default=True, help="Size of the estate.")
@click.option("--oses-per-host", "density", type=int, default=15, show_default=True, help="On average.")
@click.option("--installs-per-ose", "installs", type=int, default=0, help="On average, of a software inventory.")
@click.option("--snapshots", type=click.IntRange(1, 8), default=2, show_default=True, help="A quarter apart.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["workbook", "rvtools", "canonical", "parquet"]),
    help="Of machines: RVTools as .xlsx (default up to 2,000 hosts) or CSVs (default above), or canonical tables.",
)
@click.option("--vcenters", type=click.IntRange(1), help="Default: one for every 2,000 hosts.")
@click.option("--entities", type=click.IntRange(1), default=1, show_default=True, help="A folder for each.")
@click.option("--employees", type=click.IntRange(0), default=0, help="With their devices and orders.")
@click.option("--seed", type=int, default=2026, show_default=True)
@_JSON
def sample(directory: Path, *, as_json: bool, **asked: Any) -> None:
    """Write a synthetic customer's exports of any size, in real formats and with their usual dirt."""
    _show(commands.sample(directory, progress=_progress, **asked), as_json=as_json)


@cli.command()
@_EXPORTS
@_AS_OF
@_JSON
@click.option(
    "--into", type=click.Path(path_type=Path), help="Keep accepted rows, quarantine and Data Docs in this folder."
)
def check(exports: Path, as_of: datetime, into: Path | None, *, as_json: bool) -> None:
    """Read and validate exports only; nothing is computed."""
    _show(commands.check(exports, as_of=as_of.date(), into=into, progress=_progress), as_json=as_json)


@cli.command()
@_PLACE
@_AS_OF
@_computing
@click.pass_obj
def run(workspace: Workspace, /, exports: Path | str, as_of: datetime, **options: Any) -> None:
    """Compute answers from a folder of exports, or a URL; data/kept keeps what need not be computed again."""
    result = commands.run(exports, workspace, as_of=as_of.date(), progress=_progress, **_asked(options))
    _finish(result, options)


@cli.command()
@click.argument("path", metavar="EXPORTS|RUN", type=click.Path(path_type=Path))
@click.option("--as-of", type=_DATE, help="The position date; needed with a folder of exports.")
@click.option("--publisher", type=click.Choice(["auto", "quarto", "builtin"]), default="auto", show_default=True)
@_computing
@click.pass_obj
def report(
    workspace: Workspace, /, path: Path, as_of: datetime | None, publisher: commands.Publisher, **options: Any
) -> None:
    """Publish the HTML and PDF report of a run, or of a folder of exports, which is run first."""
    day = as_of.date() if as_of else None
    asked = _asked(options)
    result = commands.report(path, workspace, as_of=day, publisher=publisher, progress=_progress, **asked)
    _finish(result, options)


@cli.command()
@click.argument("run")
@click.argument("subject")
@_JSON
@click.pass_obj
def explain(workspace: Workspace, run: str, subject: str, *, as_json: bool) -> None:
    """Show how a host's, an OSE's or a license's answer was computed, with its clauses."""
    _show(commands.explain(run, subject, workspace), as_json=as_json)


@cli.command()
@click.argument("run")
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="Compare the exports too.")
@_JSON
@click.pass_obj
def verify(workspace: Workspace, run: str, exports: Path | None, *, as_json: bool) -> None:
    """Say what was changed since a run and its report were written."""
    _show(commands.verify(run, workspace, exports), as_json=as_json)


@cli.command()
@click.argument("what", type=click.Choice(["list", "policies", "reasons", "sentences"]), default="list")
@click.argument("name", required=False)
@click.option("--as-of", type=_DATE, help="Rules in force on this day; default: all.")
@_JSON
def rules(what: str, name: str | None, as_of: datetime | None, *, as_json: bool) -> None:
    """List rules with their clauses, policies with their readings, reasons, or every sentence with its rule."""
    _show(commands.rules(what, name, as_of.date() if as_of else None), as_json=as_json)


@cli.command()
def tables() -> None:
    """Print the data contract: every table with its columns."""
    click.echo(schemas.markdown(), nl=False)


@cli.command()
@_JSON
@click.pass_obj
def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Say whether this machine has what a report needs."""
    from lmanalytics.doctor import doctor as examined  # noqa: PLC0415 (other commands need no examination)

    _show(examined(workspace), as_json=as_json)


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in options["policies"]]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        message = f"--policy {wrong[0]!r} has no reading; write NAME=READING, such as movement=cluster."
        raise UsageError(message)
    policies = {name.strip(): reading.strip() for name, _, reading in pairs}
    return {"policies": policies, **{name: options[name] for name in ("fresh", "memory", "cluster", "storage")}}


def _finish(result: commands.Result, options: dict[str, Any]) -> None:
    _show(result, as_json=options["as_json"])
    commands.fail_on_shortage(result, options["fail_on_shortage"])


cli.add_command(verification_packet.command)
cli.add_command(diff_command.command)
cli.add_command(scenario_command.command)


def _progress(stage: str) -> None:
    if sys.stderr.isatty():
        click.secho(f"  {stage} …", dim=True, err=True)


def _show(result: commands.Result, *, as_json: bool = False) -> None:
    """Print data on standard output and the words about it on standard error, the summary last."""
    if as_json:
        click.echo(json.dumps(result.data, ensure_ascii=False, default=_plain))
    else:
        for line in result.lines:
            click.echo(line)
    for warning in result.warnings:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)
    if result.error is not None:
        raise result.error


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def main() -> None:
    """Run the command line."""
    cli.main(prog_name="lmanalytics")


if __name__ == "__main__":
    main()
