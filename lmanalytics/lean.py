"""Keep libraries from loading what nobody here asks for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

SLOW = ("rfc3987_syntax", "rfc3986_validator")


def skip_slow_imports() -> None:
    """Let jsonschema, which Altair and nbformat import, do without its optional checkers of IRIs and URIs.

    They build a grammar each time they are imported, which takes longer than everything else that
    a notebook imports and half of what Great Expectations does; no schema here has an address to check.
    """
    for name in SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # (None is Python's way to say: not there)


class _Later(ModuleType):
    """Stands in for a module until something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def loaded_later(*names: str) -> Iterator[None]:
    """Let what is imported inside do without modules until it uses them: `import name`, `from package import name`.

    Python's own `importlib.util.LazyLoader` loads such a module when it is imported a second time.
    """
    absent = [name for name in names if name not in sys.modules and find_spec(name.partition(".")[0])]
    for name in absent:
        sys.modules[name] = _Later(name)
        sys.modules[name].__spec__ = ModuleSpec(name, None)
    try:
        yield
    finally:
        for name in absent:
            if isinstance(sys.modules.get(name), _Later):
                del sys.modules[name]
