"""The day on which an RVTools export was made: as it says, as its name says, or no earlier than its newest date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from lmanalytics.ingest import days
from lmanalytics.ingest.adapter import Sheet
from lmanalytics.ingest.readings import words
from lmanalytics.ingest.sources import day_in_name

_NEWEST = {"vInfo": ("powered_on", "created", "changed"), "vHost": ("boot_time",)}


@dataclass(frozen=True)
class Dated:
    """A day and whether the export itself states it."""

    day: date
    is_stated: bool


def exported_on(group: Sequence[Sheet]) -> Dated | None:
    """Return the day of one export; None when nothing in it can be dated."""
    stated = [_newest(sheet, ("exported",)) for sheet in group if sheet.layout.name == "vMetaData"]
    named = [day_in_name(sheet.file) for sheet in group]
    if sure := [day for day in (*stated, *named) if day is not None]:
        return Dated(sure[0], is_stated=True)
    newest = [_newest(sheet, _NEWEST[sheet.layout.name]) for sheet in group if sheet.layout.name in _NEWEST]
    guessed = max((day for day in newest if day is not None), default=None)
    return Dated(guessed, is_stated=False) if guessed else None


def _newest(sheet: Sheet, columns: tuple[str, ...]) -> date | None:
    unknown = pl.lit(None, pl.Boolean)
    moments = [days.moment(pl.col(column), unknown, words()["months"]).max() for column in columns]
    newest: datetime | None = sheet.frame.select(pl.max_horizontal(moments)).collect(engine="streaming").item()
    return newest.date() if newest else None
