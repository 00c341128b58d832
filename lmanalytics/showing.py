"""What commands print: data on standard output, the words about it on standard error."""

import json
import sys
from datetime import date

import click

from lmanalytics.commands import Result


def tell(stage: str) -> None:
    """Say what is being done, to people."""
    if sys.stderr.isatty():
        click.secho(f"  {stage} …", dim=True, err=True)


def show(result: Result, *, as_json: bool = False) -> None:
    """Print data on standard output and the words about it on standard error, the summary last."""
    if as_json:
        click.echo(document(result.data))
    else:
        for line in result.lines:
            click.echo(line)
    for warning in result.warnings:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)
    if result.error is not None:
        raise result.error


def document(data: object) -> str:
    """Write data as one line of JSON; money is text, so that no digit is lost."""
    return json.dumps(data, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
