"""Files that grow piece by piece: CSVs that are appended to, Parquet that comes in parts."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import polars as pl

TIME = "%Y-%m-%d %H:%M:%S"
_PART_ROWS, _GROUP_ROWS = 1_000_000, 131_072


@dataclass
class Files:
    """The files of one folder. Rows are counted by name."""

    folder: Path
    is_parquet: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    _open: dict[str, IO[bytes]] = field(default_factory=dict)
    _waiting: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    _parts: dict[str, int] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            for name in list(self._waiting):
                self._part(name)
        self._stack.close()

    def table(self, name: str, frame: pl.DataFrame) -> None:
        """Add rows of a canonical table: typed in Parquet, as text in CSV."""
        if not self.is_parquet:
            self.csv(f"{name}.csv", frame)
            return
        before = self.rows.get(name, 0)
        self.rows[name] = before + frame.height
        while frame.height:
            room = _PART_ROWS - before % _PART_ROWS
            self._waiting.setdefault(name, []).append(frame.head(room))
            before += min(room, frame.height)
            if before % _PART_ROWS == 0:
                self._part(name)
            frame = frame.slice(room)

    def csv(self, file: str, frame: pl.DataFrame, *, headings: list[str] | None = None, line: str = "\n") -> None:
        """Add rows to a CSV, and before the first the headings: those given, or the names of the columns."""
        stream = self._open.get(file)
        if stream is None:
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            stream = self._open[file] = self._stack.enter_context(path.open("wb"))
            stream.write((",".join(headings or frame.columns) + line).encode())
        frame.write_csv(stream, include_header=False, line_terminator=line, datetime_format=TIME)
        self.rows[file] = self.rows.get(file, 0) + frame.height

    def cp1252(self, file: str, frame: pl.DataFrame) -> None:
        """Write a CSV as German offices do: semicolons, Windows-1252."""
        text = frame.write_csv(separator=";", line_terminator="\r\n")
        (self.folder / file).write_bytes(text.encode("cp1252"))
        self.rows[file] = frame.height

    def copy(self, path: Path) -> None:
        """Copy a file that is as it should be."""
        (self.folder / path.name).write_bytes(path.read_bytes())

    def close(self, file: str) -> None:
        """Close a CSV to which nothing will be added."""
        if stream := self._open.pop(file, None):
            stream.close()

    def _part(self, name: str) -> None:
        self._parts[name] = place = self._parts.get(name, 0) + 1
        path = self.folder / f"{name}_part_{place:04}.parquet"
        pl.concat(self._waiting.pop(name)).write_parquet(path, compression="zstd", row_group_size=_GROUP_ROWS)
