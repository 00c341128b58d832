"""The command `lmanalytics diff RUN RUN`."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from lmanalytics.whatif import diff as difference


@click.command("diff")
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@click.option("--into", type=click.Path(path_type=Path), help="Write CSV, Parquet and SVG to this folder.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_obj
def command(workspace: Any, first: str, second: str, into: Path | None, *, as_json: bool) -> None:
    """Show what changed from one run to another, split by cause so that the causes add up exactly."""
    found = difference.diff(workspace.run(first), workspace.run(second), progress=_progress)
    files = [str(path) for path in difference.save(found, into)] if into else []
    for note in found.notes:
        click.secho(f"Warning: {note}", fg="yellow", err=True)
    if as_json:
        click.echo(json.dumps(document(found, files), ensure_ascii=False, default=_plain))
        return
    for line in (*files, *difference.lines(found)):
        click.echo(line)


def document(found: difference.Difference, files: list[str]) -> dict[str, Any]:
    """Give a difference as one document; money is text, so that no digit is lost."""
    return {
        "before": found.before,
        "after": found.after,
        "is_different": not found.is_empty,
        "notes": found.notes,
        "files": files,
        **{name: getattr(found, name).to_dicts() for name in difference.TABLES},
    }


def _progress(stage: str) -> None:
    if sys.stderr.isatty():
        click.secho(f"  {stage} …", dim=True, err=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
