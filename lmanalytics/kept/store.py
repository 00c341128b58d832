"""What was computed once and need not be computed again: a store of files by their digest, and of entries of steps.

    kept/files/<first two digits>/<sha256>     each file once, whichever steps and runs have it
    kept/steps/<step>/<key>.json               an entry: what a step read and asked, and the files that it gave

Files are linked into a run's folder, or copied where links fail, so that each run is whole by itself. What is missing
or no longer what its name says is computed again: the store may be deleted at any time, by anybody. Everything is
written under another name and renamed, so that several processes may use one store.
"""

import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lmanalytics.evidence.digests import digest_of, file_digest

ENTRIES = 5
"""Entries of one step that are kept: the last that were used."""
MOST_BYTES = 50 * 2**30
"""Bytes that all entries may hold; what the run itself used stays in any case."""
GRACE = 3600
"""Seconds for which a file without an entry stays: another process may be about to write its entry."""

_ENTRY = ".json"
_LONGEST = 120


@dataclass(frozen=True)
class Held:
    """A file of an entry: where it lies in the folder of a run, its digest and its bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Entry:
    """What a step gave, and everything that this depended on.

    Attributes:
        step: its name.
        base: digest of the program, the position date and what else the step was given beside tables and policies.
        reads: the digest of each table that it read, None where it asked for one that was absent.
        policies: the reading of each policy that it consulted.
        files: what it wrote.
        told: what else it gave, as JSON.

    """

    step: str
    base: str
    reads: dict[str, str | None] = field(default_factory=dict)
    policies: dict[str, str] = field(default_factory=dict)
    files: list[Held] = field(default_factory=list)
    told: Any = None

    @property
    def key(self) -> str:
        """Tell the entries of a step apart."""
        return digest_of([self.base, self.reads, self.policies])[:32]


class Store:
    """The folder of what is kept, as one run uses it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digests: dict[tuple[int, ...], str] = {}
        self._used: set[Path] = set()

    def entries(self, step: str) -> Iterator[Entry]:
        """Return the entries of a step, the last used first; one that is not as it was written is none."""
        for path in sorted(self._steps(step).glob(f"*{_ENTRY}"), key=_used_at, reverse=True):
            document = _read(path)
            if document:
                yield Entry(**{**document, "files": [Held(**one) for one in document["files"]]})

    def restore(self, entry: Entry, into: Path) -> bool:
        """Put the files of an entry below a folder; False, and nothing is there, where one is missing or damaged."""
        for held in entry.files:
            if not self._is_whole(held):
                return False
        try:
            for held in entry.files:
                if (into / held.path).is_dir():  # of parts, in whose place the file comes
                    shutil.rmtree(into / held.path)
                linked(self._file(held.sha256), into / held.path)
                self.tell(into / held.path, held.sha256)
        except FileNotFoundError:  # another process removed it meanwhile
            for held in entry.files:
                (into / held.path).unlink(missing_ok=True)
            return False
        self._touch(entry)
        return True

    def keep(self, entry: Entry, files: list[Path], below: Path) -> Entry:
        """Keep an entry with its files, which lie below a folder, in the place of one with the same key."""
        held = [Held(path.relative_to(below).as_posix(), self.digest(path), path.stat().st_size) for path in files]
        for one in held:
            if not self._file(one.sha256).is_file():
                linked(below / one.path, self._file(one.sha256))
        whole = Entry(entry.step, entry.base, entry.reads, entry.policies, held, entry.told)
        path = self._path(whole)
        draft = _draft(path)
        document = asdict(whole)
        draft.write_text(json.dumps(document | {"digest": digest_of(document)}) + "\n", encoding="utf-8")
        draft.replace(path)
        self._used.add(path)
        return whole

    def digest(self, path: Path) -> str:
        """Return the digest of a file, which is read once as long as nobody writes it."""
        now = _as_it_is(path)
        if now not in self._digests:
            self._digests[now] = file_digest(path)
        return self._digests[now]

    def tell(self, path: Path, digest: str) -> None:
        """Say the digest of a file that somebody else read."""
        self._digests[_as_it_is(path)] = digest

    def prune(self, entries: int = ENTRIES, most_bytes: int = MOST_BYTES, grace: float = GRACE) -> None:
        """Remove entries beyond the last used of each step and beyond a size, then files that no entry has.

        Entries that this process used stay.
        """
        every = {
            folder: sorted(folder.iterdir(), key=_used_at, reverse=True) for folder in self._folder.glob("steps/*")
        }
        recent = [path for paths in every.values() for path in _entries(paths)[:entries]]
        recent += [path for path in self._used if path not in recent]
        needed: set[str] = set()
        stay, left = set(), most_bytes
        for path in sorted(recent, key=lambda path: (path not in self._used, -_used_at(path))):
            sizes = {one["sha256"]: one["size"] for one in (_read(path) or {"files": []})["files"]}
            left -= sum(size for digest, size in sizes.items() if digest not in needed)
            if left < 0 and path not in self._used:
                break
            needed |= sizes.keys()
            stay.add(path)
        for path in (path for paths in every.values() for path in paths):
            if path not in stay and (path.suffix == _ENTRY or _age(path) > grace):
                path.unlink(missing_ok=True)
        for path in self._folder.glob("files/*/*"):
            if path.name not in needed and _age(path) > grace:
                path.unlink(missing_ok=True)

    def _is_whole(self, held: Held) -> bool:
        path = self._file(held.sha256)
        try:
            if path.stat().st_size == held.size and file_digest(path) == held.sha256:
                return True
        except FileNotFoundError:
            return False
        path.unlink(missing_ok=True)
        return False

    def _touch(self, entry: Entry) -> None:
        path = self._path(entry)
        self._used.add(path)
        with suppress(FileNotFoundError):  # another process removed it meanwhile; the files are linked
            os.utime(path)

    def _steps(self, step: str) -> Path:
        name = quote(step, safe="")
        return self._folder / "steps" / (name if len(name) <= _LONGEST else digest_of(step))

    def _path(self, entry: Entry) -> Path:
        return self._steps(entry.step) / f"{entry.key}{_ENTRY}"

    def _file(self, digest: str) -> Path:
        return self._folder / "files" / digest[:2] / digest


def _as_it_is(path: Path) -> tuple[int, ...]:
    """Tell a file from others and from what it was before; links to one file are that file."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def linked(source: Path, target: Path) -> None:
    """Let a file be at another place, too: as a link where the file system has them, else as a copy."""
    draft = _draft(target)
    try:
        draft.hardlink_to(source)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(source, draft)
    draft.replace(target)
    draft.unlink(missing_ok=True)  # a link to the file that is there already is not renamed


def _draft(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{uuid.uuid4().hex}")


def _entries(paths: list[Path]) -> list[Path]:
    return [path for path in paths if path.suffix == _ENTRY]


def _read(path: Path) -> dict[str, Any] | None:
    """Read an entry; None where it is not what was written."""
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        told = document.pop("digest")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return document if digest_of(document) == told else None


def _age(path: Path) -> float:
    return time.time() - _used_at(path)


def _used_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0
