from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_terms
from lmanalytics.schemas import ANSWERS

AS_OF = date(2026, 6, 30)
LOT = {
    "entity_id": "main",
    "license_id": "L",
    "product": "SQL Server",
    "edition": "Standard",
    "metric": "core",
    "quantity": 16,
    "acquired_on": date(2018, 3, 1),
    "version_right": "2022",
    "sa_active": True,
    "is_perpetual": True,
}


def terms(*lots, **policies):
    licenses = ANSWERS["licenses"].conform(pl.DataFrame([LOT | lot for lot in lots], infer_schema_length=None).lazy())
    return (
        license_terms.answers({"licenses": licenses}, Settings(AS_OF, policies))["license_terms"].collect().to_dicts()
    )


def test_a_new_version_brings_its_terms_and_the_other_readings_say_what_they_change():
    row = terms({})[0]
    assert (row["governed_on"], row["reading"], row["reason"]) == (
        date(2022, 11, 16),
        "at_version_upgrade",
        "at_version_upgrade",
    )
    assert (row["virtual_machine"], row["listed_provider_servers"]) == ("with_sa", False)
    assert row["otherwise"] == "at_acquisition (2018-03-01): virtual_machine any_license, listed_provider_servers true"


@pytest.mark.parametrize(
    ("reading", "day", "otherwise"),
    [
        ("at_acquisition", date(2018, 3, 1), ["at_version_upgrade", "current"]),
        ("at_version_upgrade", date(2022, 11, 16), ["at_acquisition"]),
        ("current", AS_OF, ["at_acquisition"]),
    ],
)
def test_each_reading_tells_of_the_others(reading, day, otherwise):
    row = terms({}, terms_edition=reading)[0]
    assert row["governed_on"] == day
    assert [part.split(" ")[0] for part in row["otherwise"].split("; ")] == otherwise


def test_a_lot_of_which_nothing_changed_says_nothing_of_other_readings():
    row = terms({"acquired_on": date(2024, 1, 1)})[0]
    assert (row["governed_on"], row["otherwise"], row["reason"]) == (date(2024, 1, 1), None, "at_acquisition")


def test_a_stated_lot_is_governed_by_terms_that_are_not_known():
    row = terms({"acquired_on": None})[0]
    assert (row["governed_on"], row["virtual_machine"], row["reason"]) == (None, None, "acquisition_unknown")
    assert row["otherwise"] == "current (2026-06-30): virtual_machine with_sa, listed_provider_servers false"


def test_products_that_follow_the_versions_of_another_are_dated_by_them():
    row = terms({"product": "Windows Server CAL", "edition": None, "metric": "user_cal", "version_right": "2022"})[0]
    assert (row["governed_on"], row["virtual_machine"]) == (date(2021, 8, 18), None)


@pytest.mark.parametrize("lot", [{"valid_to": date(2026, 6, 29)}, {"valid_from": date(2026, 7, 1)}, {"quantity": 0}])
def test_what_is_not_held_has_no_row(lot):
    assert terms(lot) == []


def test_one_license_is_explained():
    licenses = ANSWERS["licenses"].conform(pl.LazyFrame([LOT]))
    lines = license_terms.explain_subject({"licenses": licenses}, Settings(AS_OF), "L")
    said = dict(lines.select("rule", "value").rows())
    assert said["terms_edition.governed_on"] == "2022-11-16"
    assert said["terms_clauses.virtual_machine"] == "with_sa"
    assert license_terms.explain_subject({"licenses": licenses}, Settings(AS_OF), "nobody").is_empty()
    assert license_terms.explain_subject({}, Settings(AS_OF), "L").is_empty()
