"""Digests of files, of the program and of its rules: what a run id is made of."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lmanalytics

_PACKAGE = Path(lmanalytics.__file__).parent
_PROGRAM = (".py", ".yaml", ".csv")
_ENGINES = ("polars", "highspy", "great-expectations", "fastexcel")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digests(root: Path, pattern: str = "**/*") -> dict[str, str]:
    """Return the digest of each file below `root`, by its path from there with forward slashes."""
    files = sorted(p for p in root.glob(pattern) if p.is_file())
    return {p.relative_to(root).as_posix(): file_digest(p) for p in files}


def program_digests() -> dict[str, str]:
    """Return the digests of the program's own files: code, rules, parameters and tables."""
    return {
        name: digest
        for name, digest in tree_digests(_PACKAGE).items()
        if name.endswith(_PROGRAM) and not name.startswith("_workspace/")
    }


def versions() -> dict[str, str]:
    """Return the versions of the program and of the engines that answers depend on."""
    return {name: version(name) for name in ("lmanalytics", *_ENGINES)}


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
