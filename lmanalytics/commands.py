"""What each command does, as a plain function; `__main__.py` parses and prints."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

import polars as pl

from lmanalytics import pipeline
from lmanalytics import workspace as workspaces
from lmanalytics.errors import LmError, RunError, UsageError
from lmanalytics.evidence import verify as verification
from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.sentences import stating
from lmanalytics.workspace import Workspace

Progress = Callable[[str], None]
Publisher = Literal["auto", "quarto", "builtin"]
MOST_LISTED = 60
"""Files of a sample that are named one by one; of more, the rows are counted."""


@dataclass(frozen=True)
class Result:
    """What a command found: data for machines, lines for people, warnings, and an error to end with."""

    data: dict[str, Any]
    lines: list[str]
    warnings: list[str] = field(default_factory=list)
    error: LmError | None = None


def init(directory: Path) -> Result:
    """Lay a workspace in `directory`."""
    written = workspaces.init(directory)
    names = [str(p) for p in written]
    return Result({"written": names}, [*names, f"{directory}: put your exports in data/raw"])


def sample(directory: Path, *, progress: Progress, **asked: Any) -> Result:
    """Write the synthetic estate to `directory`."""
    from lmanalytics.sample import write  # noqa: PLC0415 (writes workbooks; not needed for help)

    rows = write(directory, progress=progress, **asked)
    paths = sorted(p for p in directory.rglob("*") if p.is_file())
    names = [p.relative_to(directory).as_posix() for p in paths]
    size = sum(p.stat().st_size for p in paths) / 10**6
    counted = [f"{count:>13,} rows of {name}" for name, count in sorted(rows.items(), key=lambda pair: -pair[1])]
    lines = [str(directory / n) for n in names] if len(names) <= MOST_LISTED else [str(directory), *counted]
    data = {"directory": str(directory), "files": names, "rows": rows}
    return Result(data, [*lines, f"{len(names):,} files, {size:,.1f} MB"])


def check(exports: Path, *, as_of: date, into: Path | None, progress: Progress) -> Result:
    """Read and validate exports; keep what was found in `into` when given."""
    if not exports.is_dir():
        message = f"{exports} is not a folder. Give the folder that holds your exports."
        raise UsageError(message)
    from lmanalytics.corrections import told  # noqa: PLC0415 (help needs no rules)

    with tempfile.TemporaryDirectory() as scratch:
        ingested, gated = pipeline.check(exports, into or Path(scratch), as_of=as_of, progress=progress)
        counts = gated.counts
        failed = gated.checks.filter(~pl.col("success") & (pl.col("unexpected_count") > 0))
        lines = told.lines(ingested.corrections)
        lines += [
            f"{row['table']}: {row['read']:,} rows read, {row['accepted']:,} accepted,"
            f" {row['quarantined']:,} quarantined, {row['duplicates']:,} duplicates"
            for row in counts.to_dicts()
        ]
        lines += [
            f"  {row['table']}: {row['sentence']} ({row['unexpected_count']:,} rows, {row['severity']})"
            for row in failed.to_dicts()
        ]
        settings = Settings(as_of, ingested.estate.policies)
        error: LmError | None = None
        try:
            gated.check_share(settings)
        except LmError as refused:
            error = refused
        warnings = ingested.findings.filter(pl.col("severity") != "info")["statement"].to_list()
        data = {"tables": counts.to_dicts(), "checks": failed.to_dicts(), "sources": ingested.sources.to_dicts(),
                "corrections": ingested.corrections.to_dicts()}  # fmt: skip
        return Result(data, lines, warnings, error)


def explain(run: str, subject: str, workspace: Workspace) -> Result:
    """Show the rules, inputs and clauses behind a subject's answers."""
    from lmanalytics.explain import explain as explained  # noqa: PLC0415 (help needs no rules)
    from lmanalytics.explain import lines  # noqa: PLC0415 (as above)

    table = explained(workspace.run(run), subject)
    return Result({"explanation": table.to_dicts()}, lines(table))


def verify(run: str, workspace: Workspace, exports: Path | None) -> Result:
    """Compare a run, its report and its exports with what was written."""
    folder = workspace.run(run)
    found = verification.verify(folder, exports, workspace.reports / folder.name)
    lines = [f"{d.part}: {d.file} {d.change}" for d in found]
    data = {"run": str(folder), "differences": [vars(d) for d in found]}
    if not found:
        return Result(data, [f"{folder.name}: everything is as it was written"])
    message = f"{folder.name}: {len(found)} files are not as they were written. Run again from the exports."
    return Result(data, lines, [], RunError(message))


def rules(what: str, name: str | None, as_of: date | None) -> Result:
    """List the rule register, the policies, the reasons, or the sentences of the texts with their rules."""
    if what == "policies":
        known = {k: v for k, v in register.policies().items() if name in {None, k}}
        lines = []
        for policy in known.values():
            lines.append(f"{policy.name}: {policy.description}")
            for r in policy.readings.values():
                mark, source = "*" if r.code == policy.default else " ", register.policy_source(policy.name, r.code)
                lines.append(f"  {mark} {r.code}: {r.description} [{source}]")
        return Result({k: {"default": v.default, "readings": list(v.readings)} for k, v in known.items()}, lines)
    if what == "reasons":
        found = {m: s for m, s in register.reasons().items() if name in {None, m} and s}
        return Result(dict(found), [f"{m}.{code}: {text}" for m, s in found.items() for code, text in s.items()])
    if what == "sentences":
        told = stating().filter(pl.lit(name is None) | pl.col("source").eq_missing(pl.lit(name)))
        lines = [
            f"{r['source']} {r['number']} [{r['kind']}] {r['says']} — {', '.join(r['rules']) or r['undecidable']}"
            for r in told.to_dicts()
        ]
        return Result({"sentences": told.to_dicts()}, lines)
    table = register.rule_register(as_of or date.max)
    if as_of is not None:
        table = table.filter("in_force")
    if name is not None:
        table = table.filter(pl.col("module") == name)
    lines = [f"{r['module']}.{r['rule']} [{r['unit']}] {r['sentence']} — {r['clause']}" for r in table.to_dicts()]
    return Result({"rules": table.with_columns(pl.col("start", "end").cast(pl.String)).to_dicts()}, lines)
