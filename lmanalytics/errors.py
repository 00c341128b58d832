"""Every error a user can cause or meet. A message says what failed, where, what it means and what to do.

Exit codes: 0 done, 1 the data did not pass the gate, 2 usage, 3 shortage above the limit that was set,
10 and up one for each family below.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class LmError(Exception):
    """Base class of every error that is shown without a traceback."""

    exit_code = 10

    def _render_traceback_(self) -> list[str]:
        """Let a notebook show the message alone."""
        return [f"{type(self).__name__}: {self}"]


class GateError(LmError):
    """More rows were quarantined than the policy `max_quarantined_share` allows."""

    exit_code = 1


class UsageError(LmError):
    """The command was given something it cannot work with: an absent folder, an unknown option value."""

    exit_code = 2


class ShortageError(LmError):
    """The position is short by more than `--fail-on-shortage` allows."""

    exit_code = 3


class ParameterError(LmError):
    """A rule's YAML is malformed, or has no value in force on the date asked for."""

    exit_code = 11


class RuleError(LmError):
    """Rules overlap, are missing on the date asked for, or need a column that is absent."""

    exit_code = 12


class ExportError(LmError):
    """An export cannot be read: encrypted, empty, of an unknown format, or without a needed column."""

    exit_code = 13


class EstateError(LmError):
    """`estate.yaml` says something that cannot be applied."""

    exit_code = 14


class PolicyError(LmError):
    """A policy or a reading that does not exist was asked for."""

    exit_code = 15


class RunError(LmError):
    """A run folder is absent, incomplete, or was changed after it was written."""

    exit_code = 16


class ReportError(LmError):
    """A notebook failed, or holds something the publisher does not support."""

    exit_code = 17


class PositionError(LmError):
    """Prices or licenses contradict each other, so no position follows from them."""

    exit_code = 18


class QualityError(LmError):
    """A quality check could not be evaluated, or two ways to count the same rows disagree: no verdict on the data."""

    exit_code = 19


class ScenarioError(LmError):
    """A scenario file says something that cannot be applied to the run it starts from."""

    exit_code = 20


class StorageError(LmError):
    """A storage URL cannot be reached, or does not let this machine read or write."""

    exit_code = 21


class CorrectionError(LmError):
    """`corrections.yaml` says something that cannot be applied, or lacks a reason, evidence or approver."""

    exit_code = 22


class BusyError(LmError):
    """Another command computes, publishes or prunes in the same workspace."""

    exit_code = 23


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the closest of `known`, or an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
