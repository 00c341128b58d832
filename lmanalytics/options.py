"""Options that several commands share."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click


class Day(click.DateTime):
    """A date, or `today`: where a scheduler cannot write the date itself."""

    name = "day"

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the day; today is that of this machine's clock."""
        if value == "today":
            return datetime.combine(datetime.now().astimezone().date(), datetime.min.time(), UTC)
        read: datetime = super().convert(value, param, ctx)
        return read

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 (Click's signature)
        """Return what stands for it in a help text."""
        return "YYYY-MM-DD"


DAY = Day()
AS_OF = click.option("--as-of", type=DAY, required=True, help="The position date, or `today`.")
AS_OF_IF_NEEDED = click.option("--as-of", type=DAY, help="The position date, or `today`; needed with exports.")
JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
SCHEDULING = (
    click.option(
        "--wait",
        type=click.FloatRange(0),
        default=0,
        metavar="SECONDS",
        help="When another command writes in the workspace, wait so long for it.",
    ),
    click.option(
        "--log",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Append what happens, with times, to this file.",
    ),
    click.option("--json", "as_json", is_flag=True, help="One line of JSON on standard output, also of a failure."),
)
COMPUTING = (
    click.option(
        "--policy", "-p", "policies", multiple=True, metavar="NAME=READING", help="Another reading; may be repeated."
    ),
    click.option("--fresh", is_flag=True, help="Compute everything again, also what earlier runs kept."),
    click.option("--memory", metavar="SIZE", help="What the run may use, such as 4GiB."),
    click.option(
        "--cluster", metavar="ENGINE", help="Where parts of a very large estate are computed: docs/engines.md."
    ),
    click.option("--storage", metavar="URL", help="Where the workers of a cluster find the parts."),
    click.option(
        "--fail-on-shortage",
        type=click.IntRange(0),
        metavar="N",
        help="Exit with 3 when more than N licenses are short.",
    ),
    click.option(
        "--keep",
        type=click.IntRange(1),
        metavar="N",
        help="Afterwards delete all but the N newest runs, their reports, and what these refer to.",
    ),
    *SCHEDULING,
)
PUBLISHING = (
    click.option("--publisher", type=click.Choice(["auto", "quarto", "builtin"]), default="auto", show_default=True),
    click.option(
        "--since", metavar="RUN", help="The run to compare with, or `none`; default: the newest of an earlier date."
    ),
    click.option("--locale", metavar="NAME", help="How numbers and dates are written, such as de-DE; default: en-US."),
    click.option("--paper", type=click.Choice(["a4", "letter"]), help="Of the PDF; default: as _quarto.yml has it."),
)


def add(options: Sequence[Callable[..., Any]]) -> Callable[..., Any]:
    """Add options to a command."""

    def added(command: Callable[..., None]) -> Callable[..., None]:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def day_of(given: datetime | None) -> date | None:
    """Return the day that was given."""
    return given.date() if given else None
