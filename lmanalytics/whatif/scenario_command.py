"""The command `lmanalytics scenario FILE EXPORTS|RUN`."""

import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click


@click.command("scenario")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("path", metavar="EXPORTS|RUN", type=click.Path(path_type=Path), default="latest")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The position date; needed with a folder of exports.")
@click.option("--only", multiple=True, metavar="NAME", help="This scenario of the file; may be repeated.")
@click.option("--quick", is_flag=True, help="Compute positions in memory; leave no run folders.")
@click.option("--fresh", is_flag=True, help="Compute again what is there.")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to; default: reports/scenarios/<run>.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@click.pass_obj
def command(
    workspace: Any,
    /,
    file: Path,
    path: Path,
    as_of: datetime | None,
    into: Path | None,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Answer what would follow from changes: each scenario of FILE side by side with the run it starts from.

    FILE is YAML and names scenarios; docs/scenarios.md shows every verb. Each scenario gets a run folder of its
    own, which explain, report, verify and diff take. The comparison is saved as CSV, Parquet, SVG and HTML.
    """
    from lmanalytics.lock import held  # noqa: PLC0415 (a help text needs none of these)
    from lmanalytics.whatif import scenario_files, scenario_lines  # noqa: PLC0415 (as above)
    from lmanalytics.whatif.scenario import compare  # noqa: PLC0415 (as above)

    day = as_of.date() if as_of else None
    with held(workspace, "lmanalytics scenario"):
        found = compare(file, path, workspace=workspace, as_of=day, progress=_progress, **options)
        target = into or workspace.reports / "scenarios" / found.base.name
        written = [str(one) for one in scenario_files.save(found, target, file.stem)]
    for warning in found.warnings:
        click.secho(f"Warning: {warning}", fg="yellow", err=True)
    if as_json:
        runs = {name: str(folder) for name, folder in found.runs.items()}
        told = {"base": found.base.name, "runs": runs, "files": written, "scenarios": found.table.to_dicts()}
        click.echo(json.dumps(told, ensure_ascii=False, default=_plain))
        return
    for line in (*scenario_lines.lines(found.table), *(str(folder) for folder in found.runs.values()), *written):
        click.echo(line)


def _progress(stage: str) -> None:
    if sys.stderr.isatty():
        click.secho(f"  {stage} …", dim=True, err=True)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
