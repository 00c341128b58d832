"""Where the parts of a run lie: a folder, or a URL that every worker reaches. Written whole or not at all.

Credentials are never part of a URL, a task or a manifest: each machine has its own, in its environment.
"""

import os
import re
import tempfile
import uuid
from functools import lru_cache
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from lmanalytics.errors import StorageError, UsageError
from lmanalytics.evidence.digests import file_digest

SCHEMES = ("s3", "abfss", "gs", "file")
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+)://")
_MEANT_OTHERWISE = re.compile(r"[?#*\[\]{}%\\\x00-\x1f]")


class Store(Protocol):
    """A place for files. Names are relative, with forward slashes."""

    url: str

    def uri(self, name: str) -> str:
        """Return what Polars scans for `name`."""

    def draft(self, name: str) -> Path:
        """Return a path on this machine to write `name` to before `keep`."""

    def keep(self, draft: Path, name: str, sha256: str = "") -> str:
        """Put a finished draft in its place, whole or not at all, and remove the draft; return its URI."""

    def write_text(self, name: str, text: str) -> None:
        """Write a small text, whole or not at all."""

    def read_text(self, name: str) -> str:
        """Read a small text; raise FileNotFoundError where there is none."""

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, or None where there is none."""

    def sha256(self, name: str) -> str:
        """Return the digest of what a file holds; raise FileNotFoundError where there is none."""

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file to this machine; raise FileNotFoundError where there is none."""

    def listed(self, prefix: str = "") -> list[str]:
        """Return the names below a folder `prefix`, sorted."""

    def remove(self, name: str) -> None:
        """Remove a file where it is there."""


def is_url(place: str | os.PathLike[str]) -> bool:
    """Say whether a place is given as a URL."""
    return bool(_URL.match(os.fspath(place)))


def at(place: str | os.PathLike[str]) -> Store:
    """Return the store at a folder or a URL: `s3://bucket/prefix`, `abfss://container@account.host/prefix`, `gs://…`.

    Nothing is opened yet; what the store answers first says whether it is there.

    Raises:
        UsageError: the URL is of another kind, or holds credentials or marks that are no part of a name.

    """
    text = os.fspath(place)
    found = _URL.match(text)
    if not found:
        return Folder(Path(text))
    scheme = found.group(1).lower()
    if scheme not in SCHEMES:
        message = f"Storage at {scheme}:// is not supported. Give a folder, or a URL that begins with {_schemes()}."
        raise UsageError(message)
    if scheme == "file":
        return Folder(_local(text))
    _check(text, scheme)
    from lmanalytics.engines.storage_objects import Bucket  # noqa: PLC0415 (a run on one machine needs no client)

    return Bucket(f"{scheme}{text[len(scheme) :]}".rstrip("/"))


def file(place: str) -> tuple[Store, str]:
    """Return the store and the name of one file, from its path or URL."""
    if not is_url(place) or place[:5].lower() == "file:":
        path = _local(place) if is_url(place) else Path(place)
        return Folder(path.parent), path.name
    folder, _, name = place.rpartition("/")
    return at(folder), name


class Folder:
    """A folder of this machine, or of a share that every worker mounts at the same path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def uri(self, name: str) -> str:
        """Return the path of `name`."""
        return str(self.root / name)

    def draft(self, name: str) -> Path:
        """Return a hidden path beside the target: a rename across file systems would not be one step."""
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}")

    def keep(self, draft: Path, name: str, sha256: str = "") -> str:  # noqa: ARG002 (a folder has no place for it)
        """Rename the draft."""
        draft.replace(self.root / name)
        return self.uri(name)

    def write_text(self, name: str, text: str) -> None:
        """Write a text beside, then rename it."""
        draft = self.draft(name)
        try:
            draft.write_text(text, encoding="utf-8", newline="\n")
            self.keep(draft, name)
        finally:
            draft.unlink(missing_ok=True)

    def read_text(self, name: str) -> str:
        """Read a text."""
        return (self.root / name).read_text(encoding="utf-8")

    def size(self, name: str) -> int | None:
        """Return the bytes of a file, or None."""
        try:
            return (self.root / name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def sha256(self, name: str) -> str:
        """Read a file for its digest, once while it stays as it is."""
        path = self.root / name
        found = path.stat()
        return _digest(path, found.st_size, found.st_mtime_ns, found.st_ino)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file."""
        with (self.root / name).open("rb") as source, target.open("wb") as copy:
            while piece := source.read(1 << 20):
                copy.write(piece)

    def listed(self, prefix: str = "") -> list[str]:
        """Return the files below, drafts left out."""
        found = (self.root / prefix).rglob("*")
        return sorted(p.relative_to(self.root).as_posix() for p in found if p.is_file() and p.name[0] != ".")

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.root / name).unlink(missing_ok=True)


def brought(url: str, into: Path) -> Path:
    """Copy every file below a URL to a folder of this machine, under the same names, and return the folder.

    Raises:
        StorageError: nothing lies there, or a name cannot be one of this machine's.

    """
    store = at(url)
    names = store.listed()
    if not names:
        message = f"{url}: no file lies there. Give the folder that holds your exports, as in s3://bucket/exports."
        raise StorageError(message)
    for name in names:
        target = into.joinpath(*_parts(url, name))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            store.fetch(name, target)
        except OSError as error:
            message = f"{url}: {name!r} cannot be copied to {into} ({error.strerror or error}). Rename it there."
            raise StorageError(message) from error
    return into


def scratch() -> Path:
    """Return a new path in this machine's folder for temporary files (`TMPDIR`)."""
    return Path(tempfile.gettempdir()) / f"lmanalytics-{os.getpid()}-{uuid.uuid4().hex[:12]}"


def trouble(error: Exception) -> StorageError | None:
    """Return what to tell of an error with which Polars gave up on a URL; None for an error of another kind."""
    if isinstance(error, OSError) and str(error).startswith("object-store error"):
        from lmanalytics.engines.storage_objects import said  # noqa: PLC0415 (as in `at`)

        return said(error, "")
    return None


@lru_cache(maxsize=4096)
def _digest(path: Path, *_: int) -> str:
    return file_digest(path)


def _parts(url: str, name: str) -> list[str]:
    parts = name.split("/")
    if any(p in {"", ".", ".."} or re.search(r"[\\\x00]", p) or (os.name == "nt" and ":" in p) for p in parts):
        message = f"{url}: {name!r} is no name for a file of this machine. Rename it there."
        raise StorageError(message)
    return parts


def _check(text: str, scheme: str) -> None:
    parts = urlsplit(text)
    if parts.password is not None or (parts.username and scheme != "abfss") or re.search(r"[?&](sig|X-Amz-)", text):
        message = "A storage URL must hold no credentials. Set them in the environment; docs/clusters.md lists how."
        raise UsageError(message)
    if odd := _MEANT_OTHERWISE.search(text) or re.search(r"/(\.\.?|)(?=/)", parts.path.rstrip("/") + "/"):
        message = f"{text} holds {odd.group(0)!r}, which no place for a run's parts may. Choose a plainer prefix."
        raise UsageError(message)
    if not parts.netloc or (scheme == "abfss" and not parts.username):
        form = (
            "abfss://container@account.dfs.core.windows.net/prefix"
            if scheme == "abfss"
            else f"{scheme}://bucket/prefix"
        )
        message = f"{text} names no bucket. The form is {form}."
        raise UsageError(message)


def _local(url: str) -> Path:
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        message = f"{url} names the machine {parts.netloc!r}. Write three slashes before the path: file:///folder."
        raise UsageError(message)
    return Path(url2pathname(parts.path) if os.name == "nt" else unquote(parts.path))


def _schemes() -> str:
    return ", ".join(f"{scheme}://" for scheme in SCHEMES)
