"""What a step reads of the tables and files that it is handed: the same reads again mean the same answer."""

from collections.abc import Callable, Iterator, KeysView, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Generic, TypeVar

from lmanalytics.errors import RunError
from lmanalytics.evidence.digests import digest_of

T = TypeVar("T")
Digest = Callable[[Any], str | None]
Named = Mapping[str, Any]
THERE = "there"
"""Stands for the digest of a table of which a step asked only whether it was given."""
NAMES = "*"
"""Stands for the names of all tables, in their order."""


class Reads:
    """What was read of some mappings of tables: a table's digest by `<mapping>/<table>`, None where it was absent.

    A table whose digest is not known makes the step one that cannot be kept (`is_known`).
    """

    def __init__(self, digest: Digest) -> None:
        self.found: dict[str, str | None] = {}
        self.is_known = True
        self._digest = digest
        self._is_over = False

    def asked(self, key: str, *, is_there: bool) -> None:
        """Note that a step asked whether a table was given."""
        self._check(key)
        self.found.setdefault(key, THERE if is_there else None)

    def read(self, key: str, table: Any) -> None:
        """Note that a step took a table."""
        self._check(key)
        digest = self._digest(table)
        self.is_known &= digest is not None
        self.found[key] = digest

    def listed(self, key: str, names: list[str]) -> None:
        """Note that a step went over the names of all tables."""
        self._check(key)
        self.found[key] = digest_of(names)

    def over(self) -> None:
        """Say that the step is over and its answer written; what it reads from now on would go unnoticed."""
        self._is_over = True

    def _check(self, key: str) -> None:
        if self._is_over:
            message = (
                f"The table {key.partition('/')[2]} was read after the step that it was handed to was over."
                " This is a fault of the program, not of your export."
            )
            raise RunError(message)


class Noted(Mapping[str, T], Generic[T]):
    """Tables, or whatever else has a name and a digest, that note what is read of them.

    It is no `dict`, so that nothing written in C can reach past it.

    `noted | {…}` and `{…} | noted` note likewise; what was put in the place of a table, or beside them, is the
    step's own and not noted.
    """

    def __init__(
        self, tables: Mapping[str, T], reads: Reads, label: str = "", own: Mapping[str, T] | None = None
    ) -> None:
        self._tables, self._reads, self._label, self._own = tables, reads, label, dict(own or {})

    def __getitem__(self, name: str) -> T:
        if name in self._own:
            return self._own[name]
        if name not in self:
            raise KeyError(name)
        frame = self._tables[name]
        self._reads.read(f"{self._label}/{name}", frame)
        return frame

    def __contains__(self, name: object) -> bool:
        if name in self._own:
            return True
        is_there = name in self._tables
        self._reads.asked(f"{self._label}/{name}", is_there=is_there)
        return is_there

    def __iter__(self) -> Iterator[str]:
        self._reads.listed(f"{self._label}/{NAMES}", list(self._tables))
        return iter({**self._tables, **self._own})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __or__(self, other: Mapping[str, T]) -> "Noted[T]":
        return Noted(self._tables, self._reads, self._label, {**self._own, **other})

    def __ror__(self, other: Mapping[str, T]) -> "Noted[T]":
        own = {name: frame for name, frame in other.items() if name not in self}
        return Noted(self._tables, self._reads, self._label, {**own, **self._own})

    def keys(self) -> "_Names":
        """Return the names; to ask whether some are among them reads no others."""
        return _Names(self)

    def copy(self) -> "Noted[T]":
        """Return the same tables, which note on."""
        return self | {}


class _Names(KeysView[str]):
    """Names of tables, of which `{…} <= names` asks for each, and for no others."""

    def __ge__(self, names: AbstractSet[Any]) -> bool:
        return all([name in self for name in sorted(names)])  # noqa: C419 (each of them is noted)


def holds(found: Mapping[str, str | None], given: Mapping[str, Named], digest: Digest) -> bool:
    """Tell whether reads of an earlier step would read the same of these mappings, each by its label."""
    return all(_now(key, given, digest, expected) == expected for key, expected in found.items())


def _now(key: str, given: Mapping[str, Named], digest: Digest, expected: Any) -> str | None:
    label, _, name = key.partition("/")
    tables = given.get(label, {})
    if name == NAMES:
        return digest_of(list(tables))
    if name not in tables:
        return None
    return THERE if expected == THERE else digest(tables[name])
