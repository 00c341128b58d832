"""Files between this machine and the storage that workers reach: sent before a stage, fetched after it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from lmanalytics.engines import storage
from lmanalytics.evidence.digests import file_digest

AT_ONCE = 8
"""Files on their way at the same time: a store answers many requests at once, and one slowly."""
Item = TypeVar("Item")
Told = TypeVar("Told")


def sent(files: dict[str, list[Path]], root: Path, place: str) -> dict[str, list[str]]:
    """Copy files to a folder or URL; what is there already with the same content stays.

    Args:
        files: the files of each table, all below `root`.
        root: names at `place` are those from here.
        place: a folder that every worker mounts at the same path, or a URL.

    Returns:
        The path or URL of each file, in the order given.

    Raises:
        StorageError: the store does not let this machine write.

    """
    store = storage.at(place if storage.is_url(place) else Path(place).absolute())
    every = sorted({path for paths in files.values() for path in paths})
    uris = dict(zip(every, _each(lambda path: _send(path, root, store), every), strict=True))
    return {table: [uris[path] for path in paths] for table, paths in files.items()}


def fetched(uris: dict[str, list[str]], into: Path) -> dict[str, list[Path]]:
    """Copy the files that tasks left at URLs to this machine; files of this machine stay where they are.

    Args:
        uris: the paths or URLs of each table, each name once.
        into: receives `<table>/<name>`.

    Returns:
        The files, in the order given.

    Raises:
        FileNotFoundError: one is not there.
        StorageError: the store does not let this machine read.

    """
    asked = [(uri, into / table / uri.rpartition("/")[2]) for table, found in uris.items() for uri in found]
    paths = iter(_each(_fetch, asked))
    return {table: [next(paths) for _ in found] for table, found in uris.items()}


def cleared(place: str) -> None:
    """Remove every file below a folder or URL; what a finished run no longer needs there."""
    store = storage.at(place)
    _each(store.remove, store.listed())


def _each(act: Callable[[Item], Told], items: Iterable[Item]) -> list[Told]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(act, items))


def _send(path: Path, root: Path, store: storage.Store) -> str:
    name, digest = path.relative_to(root).as_posix(), file_digest(path)
    if store.size(name) == path.stat().st_size and store.sha256(name) == digest:
        return store.uri(name)
    draft = store.draft(name)
    try:
        storage.Folder(path.parent).fetch(path.name, draft)
        return store.keep(draft, name, digest)
    finally:
        draft.unlink(missing_ok=True)


def _fetch(asked: tuple[str, Path]) -> Path:
    uri, target = asked
    if not storage.is_url(uri):
        return Path(uri)
    store, name = storage.file(uri)
    if target.is_file() and file_digest(target) == store.sha256(name):
        return target
    here = storage.Folder(target.parent)
    draft = here.draft(target.name)
    try:
        store.fetch(name, draft)
        here.keep(draft, target.name)
    finally:
        draft.unlink(missing_ok=True)
    return target
