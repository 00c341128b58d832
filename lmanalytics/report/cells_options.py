"""The `#|` options of a code cell: a closed list, each with what it may be."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from lmanalytics.errors import ReportError, did_you_mean

_OPTION = re.compile(r"^#\|\s?(.*)$")
_LABEL = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("is not a text")
    return value.strip()


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("is neither true nor false")
    return value


def _flag_or_asis(value: object) -> bool | str:
    return "asis" if value == "asis" else _flag(value)


def _label(value: object) -> str:
    if not _LABEL.match(str(value)):
        raise ValueError("has other characters than a to z, 0 to 9 and hyphens")
    return str(value)


OPTIONS: Mapping[str, Callable[[object], Any]] = {
    "label": _label,
    "fig-cap": _text,
    "tbl-cap": _text,
    "fig-alt": _text,
    "echo": _flag,
    "include": _flag,
    "output": _flag_or_asis,
    "warning": _flag,
    "code-fold": _flag,
    "code-summary": _text,
}


def split_options(source: str) -> tuple[str, str]:
    """Split a code cell into its `#|` lines, without the sign, and the code."""
    lines = source.splitlines()
    count = next((n for n, line in enumerate(lines) if not _OPTION.match(line)), len(lines))
    options = [match[1] for line in lines[:count] if (match := _OPTION.match(line))]
    return "\n".join(options), "\n".join(lines[count:]).strip("\n")


def read_options(where: str, text: str) -> dict[str, Any]:
    """Read the options of a cell.

    Raises:
        ReportError: an option is not in the list, or its value is not what it may be; the message names the cell.

    """
    try:
        options = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        message = f"{where}: the lines that start with #| are no YAML: {error}"
        raise ReportError(message) from None
    if not isinstance(options, dict):
        message = f"{where}: the lines that start with #| are not `name: value`: {text!r}."
        raise ReportError(message)
    for name, value in options.items():
        if name not in OPTIONS:
            message = (
                f"{where}: the option {name!r} is not supported.{did_you_mean(str(name), OPTIONS)} "
                f"Supported are {', '.join(OPTIONS)}."
            )
            raise ReportError(message)
        try:
            options[name] = OPTIONS[name](value)
        except (TypeError, ValueError) as error:
            message = f"{where}: the option {name!r}, given as {value!r}, {error}."
            raise ReportError(message) from None
    return options
