"""Checks of what a person writes in estate.yaml; each refusal says where it stands and what is known there."""

from collections.abc import Iterable, Mapping
from typing import Any

from lmanalytics.errors import EstateError, did_you_mean


def check(where: str, body: Mapping[str, object], known: Iterable[str]) -> None:
    """Refuse a name that is not known there."""
    names = list(known)
    if unknown := [key for key in body if key not in names]:
        where = where if where.endswith(".yaml") else f"estate.yaml, {where}"
        message = (
            f"{where}: there is no {unknown[0]!r}.{did_you_mean(str(unknown[0]), names)} Known: {', '.join(names)}."
        )
        raise EstateError(message)


def mapping(where: str, value: object) -> dict[str, Any]:
    """Return `name: value` lines, none for nothing."""
    if value is None or isinstance(value, dict):
        return value or {}
    message = f"estate.yaml, {where}: expected `name: value` lines, found {value!r}."
    raise EstateError(message)


def entries(where: str, value: object) -> list[Any]:
    """Return the entries of a list, none for nothing."""
    if value is None or isinstance(value, list):
        return value or []
    message = f"estate.yaml, {where}: expected a list (each entry starts with `-`), found {value!r}."
    raise EstateError(message)
