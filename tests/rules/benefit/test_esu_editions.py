from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import esu_editions
from lmanalytics.rules.benefit.esu_editions import Reason
from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings

DAY = date(2026, 1, 31)
TYPES = {
    "edition": pl.String, "program": pl.String,
    **dict.fromkeys(("editions", "programs", "channels"), pl.List(pl.String)),
}  # fmt: skip


def decided(name, **row):
    frame = pl.LazyFrame({column: [row.get(column)] for column in TYPES}, schema=TYPES)
    return evaluate(frame, esu_editions, Settings(DAY)).collect()[column_name(esu_editions, name)].item()


@pytest.mark.parametrize(
    ("edition", "editions", "expected", "reason"),
    [
        ("Standard", ["Standard", "Enterprise"], True, Reason.SUBSCRIBABLE),
        ("Web", ["Standard", "Enterprise"], False, Reason.NOT_SUBSCRIBABLE),
        (None, ["Standard"], None, None),
        ("Web", None, True, Reason.SUBSCRIBABLE),
        (None, None, True, Reason.SUBSCRIBABLE),
    ],
)
def test_editions(edition, editions, expected, reason):
    assert decided("is_edition_offered", edition=edition, editions=editions) is expected
    assert decided("subscription", edition=edition, editions=editions) == (reason and reason.code)


@pytest.mark.parametrize(
    ("program", "programs", "expected"),
    [("ea", ["ea", "sce"], True), ("spla", ["ea"], False), (None, ["ea"], None), ("ea", None, None)],
)
def test_programs(program, programs, expected):
    assert decided("is_program_offered", program=program, programs=programs) is expected


@pytest.mark.parametrize(
    ("channels", "expected"), [(["volume_license", "license_included"], True), (["azure_arc"], False), (None, False)]
)
def test_licenses_that_a_provider_includes(channels, expected):
    assert decided("is_sold_hosted", channels=channels) is expected
