from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import esu_coverage, esu_offerings
from lmanalytics.rules.benefit.esu_coverage import Reason
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.rules.benefit.esu_estates import DAY, table

PHYSICAL = {"entity_id": "main", "ose_id": "p1", "host_id": "h1"}


def judged(has_month_left=True, **row):  # noqa: FBT002 (a flag of the case)
    settings = Settings(DAY)
    found = compute(
        esu_coverage, "judged", settings,
        coverage=table("esu_coverage", [{"coverage_id": "c", "ose_id": "v1", "quantity": 8} | row]),
        offered=compute(esu_offerings, "offerings", settings),
        physical=pl.LazyFrame([PHYSICAL]),
        needed=pl.LazyFrame({"row_id": [0], "has_month_left": [has_month_left]}, schema_overrides={"has_month_left": pl.Boolean}),
    )  # fmt: skip
    return found.collect().to_dicts()[0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, Reason.COUNTED),
        ({"has_month_left": None}, Reason.COUNTED),
        ({"has_month_left": False}, Reason.TOO_LITTLE_SA),
        ({"has_month_left": False, "channel": "license_included"}, Reason.COUNTED),
        ({"ose_id": None}, Reason.NO_SERVER),
        ({"version": "2019"}, Reason.NOT_OFFERED),
        ({"esu_year": 4}, Reason.NOT_OFFERED),
        ({"edition": "Essentials"}, Reason.EDITION_NOT_OFFERED),
        ({"product": "Exchange Server", "version": "2019", "esu_year": 1, "channel": "azure_arc",
          "coverage_start": date(2025, 10, 15), "coverage_end": date(2026, 4, 14)}, Reason.CHANNEL_NOT_OFFERED),
        ({"esu_year": 2}, Reason.OTHER_DAYS),
        ({"coverage_start": date(2026, 10, 13), "coverage_end": date(2027, 10, 12)}, Reason.COUNTED),
        ({"coverage_start": date(2026, 10, 14), "coverage_end": date(2027, 10, 12)}, Reason.OTHER_DAYS),
    ],
)  # fmt: skip
def test_what_counts(row, reason):
    found = judged(**row)
    assert found["reason"] == reason.code
    assert found["outcome"] == ("used" if reason is Reason.COUNTED else "excluded")


@pytest.mark.parametrize(
    ("row", "kind", "subject"),
    [
        ({}, "ose", "v1"),
        ({"ose_id": None, "host_id": "h1"}, "host", "h1"),
        ({"ose_id": "p1"}, "host", "h1"),
        ({"ose_id": None, "device_id": "d1"}, "device", "d1"),
        ({"ose_id": None}, None, None),
    ],
)
def test_what_is_covered(row, kind, subject):
    found = judged(**row)
    assert (found["subject_kind"], found["subject_id"]) == (kind, subject)


def test_versions_that_are_sold_as_one_share_their_offer():
    assert judged()["offer"] == judged(version="2012")["offer"] == "2012"
