"""Exports that did not change are not read again: neither a file, nor the rows of all files of one format."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from lmanalytics.ingest import sources, text_rows
from lmanalytics.ingest.adapter import Context, Sheet
from lmanalytics.ingest.delimited import Text
from lmanalytics.ingest.keeping import Write
from lmanalytics.ingest.sources import RawSheet, Wanted
from lmanalytics.kept import Kept
from lmanalytics.kept.store import linked
from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings

_OWN = {"file", "path", "frame", "parked"}
_STAGE = "ingest"


class Exports:
    """What one run takes of the exports that earlier ones read (`ingest.keeping.Keeping`)."""

    def __init__(self, kept: Kept, digests: Mapping[str, str], as_of: date) -> None:
        """Serve the run of `kept`; `digests` are those of the exports by name."""
        self._kept, self._digests, self._settings = kept, digests, Settings(as_of)

    def sheets(self, path: Path, file: str, wanted: Wanted) -> Iterable[RawSheet]:
        """Open each sheet of a file, or scan what an earlier run parked of it."""
        digest = self._digests[file]
        folder = self._kept.into / "tables" / "sheets"

        def write(exports: Mapping[str, str]) -> tuple[list[Path], Any]:
            exports.get(file)
            told: list[tuple[str, dict[str, Any]]] = []
            for raw in sources.sheets(path, file, wanted):
                parked = folder / f"{digest}-{len(told)}.parquet"
                _park(raw, parked)
                told.append((parked.name, {f.name: getattr(raw, f.name) for f in fields(raw) if f.name not in _OWN}))
            text = text_rows.sound(path)
            return [folder / name for name, _ in told], {"sheets": told, "text": text and asdict(text) | {"path": ""}}

        made = self._kept.files(f"read/{file}", {"": {file: digest}}, self._settings, write)
        if made.is_kept and made.told["text"]:
            text_rows.trust(Text(**made.told["text"] | {"path": path, "head": ()}))
        for name, raw in made.told["sheets"]:
            head = tuple(tuple(row) for row in raw["head"])
            frame = pl.scan_parquet(folder / name)
            yield RawSheet(**raw | {"file": file, "path": path, "head": head, "frame": frame})

    def rows(self, name: str, sheets: list[Sheet], context: Context, write: Write) -> Any:
        """Let the rows of some sheets be written, or take those of an earlier run."""
        own = {sheet.file for sheet in sheets} | {sources.ESTATE}
        digests = {file: digest for file, digest in self._digests.items() if file in own}
        readings = {policy: reading for policy, reading in context.estate.policies.items() if _is_read(policy)}
        given = [[[s.file, s.sheet, s.index, str(s.snapshot_on), s.layout.name] for s in sheets], readings]

        def noted(exports: Mapping[str, str]) -> tuple[list[Path], Any]:
            dict(exports)
            return write()

        return self._kept.files(f"rows/{name}", {"": digests}, self._settings, noted, given=given).told


def _park(raw: RawSheet, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if raw.parked is None:
        raw.frame.sink_parquet(path, compression="lz4", maintain_order=True)
    else:
        linked(raw.parked, path)


def _is_read(policy: str) -> bool:
    """Tell whether exports are read by a policy; one that does not exist is refused by whoever looks for it."""
    return policy in register.policies() and register.policy_stage(policy) == _STAGE
