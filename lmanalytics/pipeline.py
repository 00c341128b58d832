"""The flow, in order: exports, gate, facts, entitlement, demand, position, evidence. Only this module knows it."""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics import answers
from lmanalytics.engines.means import Means
from lmanalytics.engines.storage import brought, is_url
from lmanalytics.errors import RunError, UsageError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import digest_of
from lmanalytics.kept import Kept, Store
from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings
from lmanalytics.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lmanalytics.ingest.readers import Ingested
    from lmanalytics.quality.gate import Gated

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Done:
    """A finished run: its folder, and whether it was there already."""

    path: Path
    is_reused: bool


def run(  # noqa: PLR0913 (each is one option of the command)
    exports: Path | str,
    workspace: Workspace,
    *,
    as_of: date,
    policies: dict[str, str] | None = None,
    fresh: bool = False,
    cluster: str | None = None,
    memory: str | None = None,
    storage: str | None = None,
    progress: Progress = lambda _: None,
) -> Done:
    """Compute every answer from a folder of exports.

    The same exports, date, policies and program give the same run id; a run that is there is not computed
    again unless `fresh`. The folder is written under another name and renamed when it is complete.

    Args:
        exports: a folder, or a URL whose files are brought to this machine first.
        workspace: where runs are.
        as_of: the position date.
        policies: the reading of each policy that is not to be the default.
        fresh: compute again what is there.
        cluster: where the parts of a very large estate are computed; it changes no answer, nor do the next two.
        memory: what all processes of this machine may use together, such as `4GiB`.
        storage: a folder or URL where the workers of a cluster find the parts.
        progress: told of each stage.

    Raises:
        LmError: of the family that fits, with what to do; nothing half-written stays.

    """
    means = Means(cluster, memory, storage).checked()
    if is_url(exports):
        with tempfile.TemporaryDirectory() as scratch:
            brought(str(exports), Path(scratch))
            return run(
                Path(scratch), workspace, as_of=as_of, policies=policies, fresh=fresh, **asdict(means),
                progress=progress,
            )  # fmt: skip
    exports = Path(exports)
    if not exports.is_dir():
        message = f"{exports} is not a folder. Give the folder that holds your exports."
        raise UsageError(message)
    register.in_force(Settings(as_of, policies or {}))
    asked = manifest.question(exports, as_of, policies or {})
    return completed(workspace, asked, lambda kept: _compute(exports, kept, asked, progress, means), fresh=fresh)


def completed(
    workspace: Workspace, asked: manifest.Question, fill: Callable[[Kept], None], *, fresh: bool = False
) -> Done:
    """Let `fill` write the folder of a run under another name, and rename it when complete; once, unless `fresh`.

    What earlier runs left is used where it holds; a `fresh` run computes everything and replaces it.
    """
    target = workspace.runs / asked.run_id
    if (target / manifest.NAME).is_file() and not fresh:
        return Done(target, is_reused=True)
    with _unfinished(workspace.runs, asked.run_id) as folder:
        store = Store(workspace.kept)
        fill(Kept(store, digest_of([asked.program, asked.versions]), folder, fresh=fresh))
        store.prune()
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return Done(target, is_reused=False)


def check(
    exports: Path,
    into: Path,
    *,
    as_of: date,
    policies: dict[str, str] | None = None,
    progress: Progress = lambda _: None,
    kept: Kept | None = None,
    digests: Mapping[str, str] | None = None,
) -> tuple["Ingested", "Gated"]:
    """Read and validate only: accepted, quarantined and the validation results are left in `into`.

    A run hands over what earlier ones left (`kept`), and the digests of its exports.
    """
    progress("reading exports")
    from lmanalytics.ingest.readers import ingest, raw  # noqa: PLC0415 (a help text needs no readers)
    from lmanalytics.kept.exports import Exports  # noqa: PLC0415 (as above)

    keeping = None if kept is None else Exports(kept, digests or {}, as_of)
    ingested = ingest(exports, into / "tables", as_of, policies, digests, keeping)
    progress("validating")
    from lmanalytics.kept.corrections import corrected_by  # noqa: PLC0415 (as above)
    from lmanalytics.kept.gate import gated_by  # noqa: PLC0415 (Great Expectations takes seconds to import)
    from lmanalytics.quality.docs import write_docs  # noqa: PLC0415 (as above)

    cells = partial(raw, exports)
    ingested = corrected_by(kept, exports, ingested, into, digests or {}, cells, as_of)
    gated = gated_by(kept, ingested.tables, into, digests or {}, cells, as_of)
    write_docs(into / "quality", into / "quality" / "docs")
    shutil.rmtree(into / "tables")
    return ingested, gated


def _compute(exports: Path, kept: Kept, asked: manifest.Question, progress: Progress, means: Means) -> None:
    ingested, gated = check(
        exports, kept.into, as_of=asked.as_of, policies=asked.policies, progress=progress,
        kept=kept, digests=asked.inputs,
    )  # fmt: skip
    settings = Settings(asked.as_of, ingested.estate.policies)
    gated.check_share(settings)
    answer(kept, asked, ingested, gated, settings, progress, means=means)


def answer(
    kept: Kept,
    asked: manifest.Question,
    ingested: "Ingested",
    gated: "Gated",
    settings: Settings,
    progress: Progress,
    told: dict[str, Any] | None = None,
    means: Means = Means(),  # noqa: B008 (it is frozen)
) -> None:
    """Answer from accepted tables and write the manifest, which says what is `told` besides."""
    in_force = register.in_force(settings)
    tables = {name: kept.scan([path]) for name, path in sorted(gated.accepted.items())}
    facts = answers.compute(tables, ingested, gated, settings, kept, progress, means)
    progress("writing the manifest")
    rules = register.rule_register(asked.as_of).with_columns(pl.col("start", "end").cast(pl.String)).to_dicts()
    estate = {"owners": ingested.estate.owners, "locale": ingested.estate.locale}
    said = {name: value for name, value in estate.items() if value}
    manifest.write(kept.into, asked, in_force, rules, facts | said | (told or {}))


@contextmanager
def _unfinished(runs: Path, run_id: str) -> "Iterator[Path]":
    """Give a folder that is renamed when complete and removed when not; one process at a time for a run."""
    folder, holder = runs / f".{run_id}.unfinished", runs / f".{run_id}.pid"
    runs.mkdir(parents=True, exist_ok=True)
    if not _is_alive(holder):
        holder.unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
    try:
        with holder.open("x", encoding="utf-8") as stream:
            stream.write(str(os.getpid()))
    except FileExistsError as error:
        message = f"Run {run_id} is being computed by another process ({holder} names it). Wait for it."
        raise RunError(message) from error
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        holder.unlink(missing_ok=True)


def _is_alive(holder: Path) -> bool:
    """Say whether the process that computes a run still runs; one that was killed leaves its file behind."""
    try:
        os.kill(int(holder.read_text(encoding="utf-8")), 0)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
