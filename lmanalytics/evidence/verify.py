"""Say what was changed since a run and its report were written."""

import json
from dataclasses import dataclass
from pathlib import Path

from lmanalytics.evidence.digests import digest_of, program_digests, tree_digests
from lmanalytics.evidence.manifest import NAME, REPORT_NAME, read


@dataclass(frozen=True)
class Difference:
    """One file that is not as it was: where it belongs, its name, and changed, missing or added."""

    part: str
    file: str
    change: str


def verify(run: Path, exports: Path | None = None, reports: Path | None = None) -> list[Difference]:
    """Compare a run with its manifest, and its exports and report where they are given.

    Args:
        run: the run folder.
        exports: the folder of exports; not compared when None.
        reports: the report folder of the run; not compared when None or absent.

    Returns:
        Each difference; none means that everything is as it was written.

    """
    manifest = read(run)
    stated = manifest.pop("digest", None)
    found = [] if digest_of(manifest) == stated else [Difference("manifest", NAME, "changed")]
    written = {entry["file"]: entry["sha256"] for entry in manifest["outputs"]}
    found += _compare("answers", written, {k: v for k, v in tree_digests(run).items() if k != NAME})
    found += _compare("program", manifest["program"]["files"], program_digests())
    if exports is not None:
        read_then = {entry["file"]: entry["sha256"] for entry in manifest["inputs"]}
        now = {k: v for k, v in tree_digests(exports).items() if not k.rpartition("/")[2].startswith((".", "~$"))}
        found += _compare("exports", read_then, now)
    if reports is not None and (reports / REPORT_NAME).is_file():
        report = json.loads((reports / REPORT_NAME).read_text(encoding="utf-8"))
        published = {entry["file"]: entry["sha256"] for entry in report["files"]}
        found += _compare("report", published, {k: v for k, v in tree_digests(reports).items() if k != REPORT_NAME})
    return found


def _compare(part: str, then: dict[str, str], now: dict[str, str]) -> list[Difference]:
    names = sorted(then.keys() | now.keys())
    return [
        Difference(part, name, "missing" if name not in now else "added" if name not in then else "changed")
        for name in names
        if then.get(name) != now.get(name)
    ]
