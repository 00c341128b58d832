"""Spare Great Expectations most of its own work: what it builds anew each time it asks, it builds once."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration


@contextmanager
def built_once() -> Iterator[None]:
    """Let an expectation build its configuration once, and the reverse.

    While it validates one suite, Great Expectations asks each expectation for its configuration some fifty times,
    which was half of all that it did. Nothing changes either of them meanwhile.
    """
    with ExitStack() as patches:
        for owner, name in ((Expectation, "configuration"), (ExpectationConfiguration, "to_domain_obj")):
            builds = vars(owner)[name]
            is_property = isinstance(builds, property)
            kept = _kept(builds.fget if is_property else builds)
            patches.enter_context(patch.object(owner, name, property(kept) if is_property else kept))
        yield


def _kept(builds: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Remember results by identity, for what they are built from cannot be hashed."""
    built: dict[int, tuple[Any, Any]] = {}

    def kept(one: Any) -> Any:
        if id(one) not in built:
            built[id(one)] = one, builds(one)
        return built[id(one)][1]

    return kept
