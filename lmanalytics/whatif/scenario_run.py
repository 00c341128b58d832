"""The run of a scenario: the accepted tables of the run it starts from, patched, and answered like any other.

Tables that no change touches are taken over with their quarantine and their checks. Patched tables pass the gate
again, and none of their rows may fail it. So rows still add up: those that a table has after the changes, and
those that the gate kept back in the run it starts from, each have one outcome.
"""

import shutil
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics import pipeline
from lmanalytics.errors import PolicyError, RunError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import digest_of, file_digest, program_digests, versions
from lmanalytics.kept import Kept
from lmanalytics.rules import register
from lmanalytics.rules.amendments import amended
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from lmanalytics.whatif import (
    patches_assurance,
    patches_estate,
    patches_licenses,
    patches_rows,
    patches_terms,
    scenario_gate,
)
from lmanalytics.whatif.patches import Patched
from lmanalytics.whatif.scenario_file import Chain
from lmanalytics.workspace import Workspace

_VERBS = {
    "set": patches_rows.set_,
    "add": patches_rows.add,
    "remove": patches_rows.remove,
    "retire": patches_estate.retire,
    "move": patches_estate.move,
    "consolidate": patches_estate.consolidate,
    "buy": patches_licenses.buy,
    "step_up": patches_licenses.step_up,
    "renew_software_assurance": patches_assurance.renew,
    "let_software_assurance_lapse": patches_assurance.lapse,
    "price": patches_terms.price,
    "rule": patches_terms.rule,
}
_BEFORE = ("ingest", "quality")
_TOLD_BEFORE = ("ingest", "corrections")
_ACCOUNT = (
    "Rows are counted in the tables as the changes leave them, and those that the gate kept back in the base run."
)


@dataclass(frozen=True)
class Asked(manifest.Question):
    """What decides the answers of a scenario: the run it starts from, and what its file says of it."""

    scenario: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done(pipeline.Done):
    """A finished run of a scenario, and what its changes made of it."""

    warnings: tuple[str, ...] = ()


def run(
    chain: Chain, base: Path, workspace: Workspace, *, fresh: bool = False, progress: pipeline.Progress = lambda _: None
) -> Done:
    """Answer a scenario in a run folder of its own; the same scenario on the same run is not computed again.

    Args:
        chain: the scenario with those that it builds on.
        base: the folder of the run from which they start.
        workspace: where runs are.
        fresh: compute again even when it is there.
        progress: told of each stage.

    Raises:
        ScenarioError: a change cannot be applied.
        RunError: the run was changed after it was written.

    """
    document = manifest.read(base)
    settings = settings_of(chain, document)
    asked = _asked(chain, document, settings)
    done = pipeline.completed(
        workspace, asked, lambda kept: _fill(kept, chain, base, document, asked, progress), fresh=fresh
    )
    told = manifest.read(done.path)["scenario"]
    return Done(done.path, done.is_reused, tuple(told["warnings"]))


def patched(chain: Chain, base: Path, document: dict[str, Any]) -> Patched:
    """Apply every change of a scenario to the accepted tables of a run, lazily, in the order in which they stand."""
    tables = {path.stem: pl.scan_parquet(path) for path in sorted((base / "accepted").glob("*.parquet"))}
    settings = settings_of(chain, document)
    found = Patched(tables, settings, date.fromisoformat(document["as_of"]), chain.last.entry.file)
    for link in chain.links:
        found.scenario = link.name
        for change in link.changes:
            with amended(found.amendments):
                _VERBS[change.verb](found, change)
    return found


def settings_of(chain: Chain, document: dict[str, Any]) -> Settings:
    """Return the date and the readings of a scenario: its own, else those of the run."""
    readings = {**document["policies"], **chain.policies}
    settings = Settings(chain.as_of or date.fromisoformat(document["as_of"]), readings)
    at = chain.last.entry
    try:
        register.in_force(Settings(settings.as_of, chain.policies))
    except PolicyError as error:
        at.fail(str(error))
    if early := [name for name in chain.policies if register.policy_stage(name) in _BEFORE]:
        at.fail(f"the policy {early[0]} decides how exports are read; set it in the run from which scenarios start.")
    return settings


def _asked(chain: Chain, document: dict[str, Any], settings: Settings) -> Asked:
    inputs = {one["file"]: one["sha256"] for one in document["inputs"]}
    told = {"base": document["digest"], "file": chain.last.entry.file, "chain": chain.plain()}
    return Asked(settings.as_of, inputs, settings.policies, program_digests(), versions(), told)


def _fill(
    kept: Kept, chain: Chain, base: Path, document: dict[str, Any], asked: Asked, progress: pipeline.Progress
) -> None:
    check(base, document)
    progress(f"patching tables: {chain.last.title}")
    found = patched(chain, base, document)
    gated = scenario_gate.gated(found, base, kept.into, progress)
    told = _told(chain, document, asked, found)
    from lmanalytics.ingest.estate import Estate  # noqa: PLC0415 (a help text needs no readers)
    from lmanalytics.ingest.readers import Ingested  # noqa: PLC0415 (as above)

    findings = pl.read_parquet(base / "findings.parquet").filter(pl.col("area").is_in(_TOLD_BEFORE))
    register_of = base / "corrections.parquet"
    known = pl.read_parquet(register_of) if register_of.is_file() else ANSWERS["corrections"].empty().collect()
    if (base / "corrected").is_dir():
        shutil.copytree(base / "corrected", kept.into / "corrected")
    estate = Estate(policies=found.settings.policies, owners=tuple(document.get("owners", ())))
    ingested = Ingested({}, _sources(base, found, asked), findings, estate, known)
    with amended(found.amendments):
        pipeline.answer(kept, asked, ingested, gated, found.settings, progress, {"scenario": told})


def _sources(base: Path, found: Patched, asked: Asked) -> pl.DataFrame:
    """Name the scenario file as the source of the rows that it added."""
    read = pl.read_parquet(base / "sources.parquet")
    added: dict[str, int] = {}
    for one in found.applied:
        added[one.scenario] = added.get(one.scenario, 0) + one.added
    digest = digest_of(asked.scenario["chain"])
    rows = [
        {"file": found.file, "sheet": name, "sha256": digest, "format": "scenario", "rows_read": n, "rows_mapped": n}
        for name, n in added.items()
        if n
    ]
    more = pl.DataFrame([row | {"rows_ignored": 0, "rows_quarantined": 0} for row in rows])
    return pl.concat([read, more], how="diagonal_relaxed") if rows else read


def _told(chain: Chain, document: dict[str, Any], asked: Asked, found: Patched) -> dict[str, Any]:
    return {
        "name": chain.last.name,
        "title": chain.last.title,
        "builds_on": [link.name for link in chain.links[:-1]],
        "file": chain.last.entry.file,
        "sha256": digest_of(asked.scenario["chain"]),
        "base_run": document["run_id"],
        "base_digest": document["digest"],
        "policies": chain.policies,
        "rules": [one.told() for one in found.amendments],
        "changes": [one.told() for one in found.applied],
        "spent": [one.told() for one in found.spent],
        "written": chain.plain(),
        "rows": _ACCOUNT,
        "warnings": found.warnings,
    }


def check(base: Path, document: dict[str, Any]) -> None:
    """Refuse to start from tables that are not those of the manifest."""
    written = {one["file"]: one["sha256"] for one in document["outputs"]}
    for path in sorted((base / "accepted").glob("*.parquet")):
        if written.get(f"accepted/{path.name}") != file_digest(path):
            message = f"{path} was changed after the run was written. Run the exports again; scenarios start from that."
            raise RunError(message)
