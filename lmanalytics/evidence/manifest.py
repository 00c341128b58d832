"""What a run was made from and what it made, so that anybody can check it."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lmanalytics.errors import RunError
from lmanalytics.evidence.digests import digest_of, file_digest, program_digests, tree_digests, versions

NAME = "manifest.json"
REPORT_NAME = "report.json"


@dataclass(frozen=True)
class Question:
    """Everything that decides a run's answers; its digest is the run id."""

    as_of: date
    inputs: dict[str, str]
    policies: dict[str, str]
    program: dict[str, str]
    versions: dict[str, str]

    @property
    def run_id(self) -> str:
        """The position date and the first twelve digits of the question's digest."""
        return f"{self.as_of}-{digest_of(asdict(self))[:12]}"


def question(exports: Path, as_of: date, policies: dict[str, str]) -> Question:
    """Fingerprint the exports and the program. Hidden files and lock files are not inputs."""
    inputs = {
        name: digest
        for name, digest in tree_digests(exports).items()
        if not any(part.startswith((".", "~$")) for part in name.split("/"))
    }
    return Question(as_of, inputs, policies, program_digests(), versions())


def write(
    run: Path, asked: Question, policies: dict[str, str], rules: list[dict[str, Any]], facts: dict[str, Any]
) -> None:
    """Write `manifest.json` of a finished run folder; the same question gives the same bytes.

    Args:
        run: the folder, complete but for the manifest.
        asked: the question.
        policies: every policy with the reading in force, set or default.
        rules: the rule register: module, rule, unit, clause.
        facts: what the report's cover needs: entities, currency, tables given, what is not computable.

    """
    outputs = {name: digest for name, digest in tree_digests(run).items() if name != NAME}
    document = {
        "run_id": asked.run_id,
        "as_of": asked.as_of.isoformat(),
        "versions": asked.versions,
        **facts,
        "policies": dict(sorted(policies.items())),
        "policies_asked": dict(sorted(asked.policies.items())),
        "inputs": [{"file": name, "sha256": digest} for name, digest in asked.inputs.items()],
        "program": {"sha256": digest_of(asked.program), "files": asked.program},
        "rules": rules,
        "outputs": [{"file": name, "sha256": digest} for name, digest in outputs.items()],
    }
    document["digest"] = digest_of(document)
    _save(run / NAME, document)


def write_report(reports: Path, run: Path, publisher: str, asked: dict[str, Any] | None = None) -> None:
    """Write `report.json` beside the published files: their digests, the run that they show, and what was asked for."""
    files = tree_digests(reports)
    document = {
        "run_id": read(run)["run_id"],
        "manifest": file_digest(run / NAME),
        "publisher": publisher,
        "asked": asked or {},
        "files": [{"file": name, "sha256": digest} for name, digest in files.items() if name != REPORT_NAME],
    }
    _save(reports / REPORT_NAME, document)


def read_report(reports: Path) -> dict[str, Any] | None:
    """Read `report.json`; None where there is no report, or it cannot be read."""
    try:
        document = json.loads((reports / REPORT_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def read(run: Path) -> dict[str, Any]:
    """Read the manifest of a run.

    Raises:
        RunError: the folder holds none, or it is not what a run writes.

    """
    path = run / NAME
    if not path.is_file():
        message = f"{run} holds no {NAME}: it is not a finished run. `lmanalytics run EXPORTS` makes one."
        raise RunError(message)
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        message = f"{path} is not readable as JSON ({error}): it was changed after the run. Run again."
        raise RunError(message) from error
    return document


def _save(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
