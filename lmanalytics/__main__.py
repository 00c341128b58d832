"""The command line: parses, calls one function, maps errors to exit codes.

Results go to standard output, messages to standard error.
"""

import sys
import traceback
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lmanalytics import commands, commands_run, schemas
from lmanalytics.errors import LmError, UsageError
from lmanalytics.options import AS_OF, AS_OF_IF_NEEDED, COMPUTING, DAY, JSON, PUBLISHING, SCHEDULING, add, day_of
from lmanalytics.report import verification_packet
from lmanalytics.scheduled import FAULT, INTERRUPTED, end_when_told, scheduled
from lmanalytics.showing import show, tell
from lmanalytics.whatif import diff_command, scenario_command
from lmanalytics.workspace import Workspace

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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
        except KeyboardInterrupt:
            click.echo("Interrupted: nothing half-written stays.", err=True)
            ctx.exit(INTERRUPTED)


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
    10 and up one for each family of errors, 23 the workspace is in use; 70 a fault of the program; 130 interrupted;
    143 ended by the scheduler.
    """
    ctx.obj = Workspace(workspace)


_EXPORTS = click.argument("exports", type=click.Path(path_type=Path))
_PLACE = click.argument("exports", type=lambda text: text if "://" in text else Path(text))


@cli.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Lay a workspace: folders, notebooks and the book's description."""
    show(commands.init(directory))


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
@JSON
def sample(directory: Path, *, as_json: bool, **asked: Any) -> None:
    """Write a synthetic customer's exports of any size, in real formats and with their usual dirt."""
    show(commands.sample(directory, progress=tell, **asked), as_json=as_json)


@cli.command()
@_EXPORTS
@AS_OF
@JSON
@click.option(
    "--into", type=click.Path(path_type=Path), help="Keep accepted rows, quarantine and Data Docs in this folder."
)
def check(exports: Path, as_of: datetime, into: Path | None, *, as_json: bool) -> None:
    """Read and validate exports only; nothing is computed."""
    show(commands.check(exports, as_of=as_of.date(), into=into, progress=tell), as_json=as_json)


@cli.command()
@_PLACE
@AS_OF
@add(COMPUTING)
@click.pass_obj
def run(workspace: Workspace, /, exports: Path | str, as_of: datetime, **options: Any) -> None:
    """Compute answers from a folder of exports, or a URL; data/kept keeps what need not be computed again."""
    _compute(workspace, options, commands_run.run, exports, as_of=as_of.date())


@cli.command()
@click.argument("path", metavar="EXPORTS|RUN", type=click.Path(path_type=Path))
@AS_OF_IF_NEEDED
@add(PUBLISHING)
@add(COMPUTING)
@click.pass_obj
def report(workspace: Workspace, /, path: Path, as_of: datetime | None, **options: Any) -> None:
    """Publish the HTML and PDF report of a run, or of a folder of exports, which is run first."""
    look = commands_run.Look(**{name: options[name] for name in ("publisher", "since", "locale", "paper")})
    _compute(workspace, options, commands_run.report, path, as_of=day_of(as_of), look=look)


@cli.command()
@click.option("--keep", type=click.IntRange(1), required=True, metavar="N", help="How many runs stay.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and delete nothing.")
@add(SCHEDULING)
@click.pass_obj
def prune(workspace: Workspace, /, keep: int, *, dry_run: bool, **options: Any) -> None:
    """Delete all but the newest runs with their reports, and what these refer to."""
    scheduled(workspace, options, lambda _: commands_run.prune(workspace, keep=keep, dry_run=dry_run))


@cli.command()
@click.argument("run")
@click.argument("subject")
@JSON
@click.pass_obj
def explain(workspace: Workspace, run: str, subject: str, *, as_json: bool) -> None:
    """Show how a host's, an OSE's or a license's answer was computed, with its clauses."""
    show(commands.explain(run, subject, workspace), as_json=as_json)


@cli.command()
@click.argument("run")
@click.option("--exports", type=click.Path(path_type=Path, exists=True), help="Compare the exports too.")
@JSON
@click.pass_obj
def verify(workspace: Workspace, run: str, exports: Path | None, *, as_json: bool) -> None:
    """Say what was changed since a run and its report were written."""
    show(commands.verify(run, workspace, exports), as_json=as_json)


@cli.command()
@click.argument("what", type=click.Choice(["list", "policies", "reasons", "sentences"]), default="list")
@click.argument("name", required=False)
@click.option("--as-of", type=DAY, help="Rules in force on this day; default: all.")
@JSON
def rules(what: str, name: str | None, as_of: datetime | None, *, as_json: bool) -> None:
    """List rules with their clauses, policies with their readings, reasons, or every sentence with its rule."""
    show(commands.rules(what, name, day_of(as_of)), as_json=as_json)


@cli.command()
def tables() -> None:
    """Print the data contract: every table with its columns."""
    click.echo(schemas.markdown(), nl=False)


@cli.command()
@JSON
@click.pass_obj
def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Say whether this machine has what a report needs."""
    from lmanalytics.doctor import doctor as examined  # noqa: PLC0415 (other commands need no examination)

    show(examined(workspace), as_json=as_json)


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    pairs = [text.partition("=") for text in options["policies"]]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        message = f"--policy {wrong[0]!r} has no reading; write NAME=READING, such as movement=cluster."
        raise UsageError(message)
    policies = {name.strip(): reading.strip() for name, _, reading in pairs}
    return {"policies": policies, **{name: options[name] for name in ("fresh", "memory", "cluster", "storage")}}


def _compute(workspace: Workspace, options: dict[str, Any], command: Any, /, *place: Any, **asked: Any) -> None:
    """Do a command that computes a run; a shortage above the limit ends it with an error."""
    asked |= {"keep": options["keep"], **_asked(options)}

    def work(progress: commands.Progress) -> commands.Result:
        result: commands.Result = command(*place, workspace, progress=progress, **asked)
        return replace(result, error=commands_run.shortage(result, options["fail_on_shortage"]))

    scheduled(workspace, options, work)


cli.add_command(verification_packet.command)
cli.add_command(diff_command.command)
cli.add_command(scenario_command.command)


def main() -> None:
    """Run the command line."""
    end_when_told()
    try:
        cli.main(prog_name="lmanalytics")
    except Exception:  # noqa: BLE001 (what no one foresaw)
        traceback.print_exc()
        sys.exit(FAULT)


if __name__ == "__main__":
    main()
