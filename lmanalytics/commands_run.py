"""What the commands that write in a workspace do: run, report and prune. `scheduled.py` locks, logs and ends them."""

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl

from lmanalytics import pipeline, retention
from lmanalytics.commands import Progress, Publisher, Result
from lmanalytics.errors import ShortageError, UsageError
from lmanalytics.evidence import manifest
from lmanalytics.evidence import verify as verification
from lmanalytics.evidence.digests import digest_of, file_digest, program_digests, tree_digests
from lmanalytics.workspace import Workspace


@dataclass(frozen=True)
class Look:
    """How a report is to be published; None leaves it to the publisher."""

    publisher: Publisher = "auto"
    since: str | None = None
    locale: str | None = None
    paper: str | None = None


def run(
    exports: Path | str, workspace: Workspace, *, as_of: date, keep: int | None = None, progress: Progress, **asked: Any
) -> Result:
    """Compute the answers of a folder of exports, or of those at a URL."""
    began = perf_counter()
    done = pipeline.run(exports, workspace, as_of=as_of, progress=progress, **asked)
    return _summary(done, began, _kept(workspace, keep, done.path))


def report(
    path: Path,
    workspace: Workspace,
    *,
    as_of: date | None,
    fresh: bool,
    look: Look,
    progress: Progress,
    keep: int | None = None,
    **asked: Any,
) -> Result:
    """Publish a run's report, with the verification forms that it calls for; a folder of exports is run first.

    A report that is there, as it was written and as it is asked for, is not published again unless `fresh`.
    """
    from lmanalytics.report.publish import publish  # noqa: PLC0415 (the notebooks' libraries take seconds to import)
    from lmanalytics.report.since import NONE, earlier  # noqa: PLC0415 (as above)
    from lmanalytics.report.verification_packet import packets  # noqa: PLC0415 (as above)

    began = perf_counter()
    done = _run_of(path, workspace, as_of=as_of, fresh=fresh, progress=progress, **asked)
    target = workspace.reports / done.path.name
    before: Path | str | None = earlier(done.path) if not look.since else look.since
    if look.since and look.since != NONE:
        before = workspace.run(look.since)
    told = {**asdict(look), "since": Path(before).name if before else "", "from": _written_by(workspace)}
    if not (done.is_reused and not fresh and _is_there(target, done.path, told, is_given=bool(look.since))):
        done = pipeline.Done(done.path, is_reused=False)
        progress("executing notebooks and publishing")
        more: dict[str, Any] = {"since": before, "locale": look.locale, "paper": look.paper}
        given = {name: value for name, value in more.items() if value is not None}
        published = publish(
            done.path, workspace.reports, workspace.notebooks, workspace.quarto_yml, publisher=look.publisher, **given
        )
        packets(done.path, target / "forms")
        manifest.write_report(target, done.path, published.publisher, told)
    return _summary(done, began, _kept(workspace, keep, done.path), report=target)


def prune(workspace: Workspace, *, keep: int, dry_run: bool = False) -> Result:
    """Delete all but the newest runs with their reports, and what these refer to."""
    found = retention.prune(workspace, keep, dry_run=dry_run)
    verb = "would be deleted" if dry_run else "deleted"
    lines = [*(str(path) for path in found.paths), f"{len(found.runs)} runs {verb}, {len(found.left)} kept"]
    data = {"deleted": found.runs, "kept": found.left, "paths": [str(path) for path in found.paths]}
    return Result(data | {"dry_run": dry_run}, lines)


def shortage(result: Result, limit: int | None) -> ShortageError | None:
    """Return the error with which a command ends when more licenses are short than `limit`."""
    short = result.data["licenses_short"]
    if limit is None or short is None or short <= limit:
        return None
    return ShortageError(
        f"{short:,} licenses are short, more than {limit:,}. See the position chapter and the true-up lines."
    )


def _run_of(path: Path, workspace: Workspace, *, as_of: date | None, fresh: bool, **asked: Any) -> pipeline.Done:
    is_run = (path / manifest.NAME).is_file()
    if path.is_dir() and not is_run:
        if as_of is None:
            message = f"{path} is a folder of exports: give the position date, --as-of YYYY-MM-DD."
            raise UsageError(message)
        return pipeline.run(path, workspace, as_of=as_of, fresh=fresh, **asked)
    if as_of is not None and not is_run and path.parts[:-1]:
        message = f"{path} is neither a folder of exports nor a run."
        raise UsageError(message)
    return pipeline.Done(workspace.run(path if is_run else str(path)), is_reused=not fresh)


def _written_by(workspace: Workspace) -> str:
    """Digest what makes a report of a run: the notebooks, the book's description and the program."""
    return digest_of([tree_digests(workspace.notebooks), file_digest(workspace.quarto_yml), program_digests()])


def _is_there(target: Path, run: Path, told: dict[str, Any], *, is_given: bool) -> bool:
    """Say whether a report is as it was written, and as it is asked for; other runs of now change no report of then."""
    written = manifest.read_report(target)
    if written is None:
        return False
    then = written.get("asked") or {}
    names = [name for name in told if name != "since" or is_given]
    if any(then.get(name) != told[name] for name in names):
        return False
    return not [d for d in verification.verify(run, reports=target) if d.part == "report"]


def _kept(workspace: Workspace, keep: int | None, path: Path) -> list[str]:
    return [] if keep is None else retention.prune(workspace, keep, used=path.name).runs


def _summary(done: pipeline.Done, began: float, pruned: list[str], report: Path | None = None) -> Result:
    """Sum a run up in its last line: rows in are rows accounted for, licenses short, seconds."""
    folder = done.path
    document = manifest.read(folder)
    position = pl.read_parquet(folder / "position.parquet")
    accounts = pl.read_parquet(folder / "accounts.parquet")
    findings = pl.read_parquet(folder / "findings.parquet")
    short, (cost, currency) = _total(position["shortage"]), cost_of(position.filter(pl.col("shortage") > 0))
    rows, seconds = int(accounts["rows"].sum()), perf_counter() - began
    said = "not computable" if short is None else f"{short:,}"
    spent = "" if not cost or not short else f" (about {cost:,.2f} {currency})"
    files = [str(p) for p in (sorted(report.glob("*.html")) + sorted(report.glob("*.pdf")) if report else [])]
    last = (
        f"{document['run_id']}: {rows:,} rows in, {rows:,} accounted for; licenses short: {said}{spent};"
        f" {'was there already' if done.is_reused else 'computed'}; {seconds:.1f} s"
    )
    data = {
        "run_id": document["run_id"],
        "as_of": document["as_of"],
        "run": str(folder),
        "report": files,
        "rows": rows,
        "licenses_short": short,
        "shortage_cost": cost,
        "currency": currency,
        "not_computable": document["not_computable"],
        "is_reused": done.is_reused,
        "pruned": pruned,
        "seconds": round(seconds, 1),
    }
    unknown = [f"not computable: {reason}" for reason in document["not_computable"]]
    told = [f"{name}: pruned" for name in pruned]
    warnings = findings.filter(pl.col("severity") == "error")["statement"].to_list()
    return Result(data, [str(folder), *files, *unknown, *told, last], warnings)


def cost_of(short: pl.DataFrame) -> tuple[Any, str]:
    """Add up what the shortages with a price cost; unknown where none has one, or prices are in several currencies."""
    priced = short.drop_nulls("shortage_cost")
    currencies = priced["currency"].drop_nulls().unique().to_list()
    if len(currencies) > 1 or (priced.is_empty() and not short.is_empty()):
        return None, ""
    return priced["shortage_cost"].sum(), next(iter(currencies), "")


def _total(column: pl.Series) -> Any:
    return column.sum() if column.null_count() < column.len() else None
