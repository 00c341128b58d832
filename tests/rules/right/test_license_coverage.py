from datetime import date

import polars as pl
import pytest

from lmanalytics.errors import RuleError
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_coverage
from tests.tables import frame

# held: edition, rank of the version right, SA, machine; needed: edition, rank of the version, SA, machine
PAIRS = """
case                                  | held       | right | sa    | tied | needed     | runs | needs | on || covers | reason
--------------------------------------|------------|-------|-------|------|------------|------|-------|----||--------|-----------------------
the same                              | Standard   | 8     | false |      | Standard   | 8    | false |    || true   | same_edition
a later version right                 | Standard   | 8     | false |      | Standard   | 7    | false |    || true   | same_edition
an earlier version right              | Standard   | 7     | false |      | Standard   | 8    | false |    || false  | version_too_old
Datacenter where Standard would do    | Datacenter | 8     | false |      | Standard   | 8    | false |    || true   | edition_right
Datacenter, too old                   | Datacenter | 7     | false |      | Standard   | 8    | false |    || false  | version_too_old
Standard where Datacenter is needed   | Standard   | 8     | true  |      | Datacenter | 8    | false |    || false  | other_edition
Standard where Essentials would do    | Standard   | 8     | false |      | Essentials | 8    | false |    || true   | edition_right
virtual machine with SA               | Standard   | 8     | true  |      | Standard   | 8    | true  |    || true   | same_edition
virtual machine without SA            | Standard   | 8     | false |      | Standard   | 8    | true  |    || false  | no_software_assurance
OEM license on its machine            | Standard   | 8     | false | h1   | Standard   | 8    | false | h1 || true   | same_edition
OEM license on another machine        | Standard   | 8     | false | h1   | Standard   | 8    | false | h2 || false  | other_machine
OEM license, need not bound           | Standard   | 8     | false | h1   | Standard   | 8    | false |    || false  | other_machine
a bound need takes a free license     | Standard   | 8     | false |      | Standard   | 8    | false | h1 || true   | same_edition
any version runs                      | Standard   | 1     | false |      | Standard   |      | false |    || true   | same_edition
version right unknown, version known  | Standard   |       | false |      | Standard   | 8    | false |    || false  | version_unknown
neither version is known              | Standard   |       | false |      | Standard   |      | false |    || true   | same_edition
what runs has no editions             | Standard   | 8     | false |      |            | 8    | false |    || true   | any_edition
a license without an edition          |            | 8     | false |      | Standard   | 8    | false |    || false  | other_edition
neither has an edition                |            | 8     | false |      |            | 8    | false |    || true   | same_edition
"""


def rows():
    lines = [line for line in PAIRS.strip().splitlines() if not set(line) <= set("-| ")]
    table = frame(tuple(line.replace("||", "|") for line in lines))
    return table.with_columns(pl.col("right", "runs").cast(pl.Int64), pl.col("tied", "on").cast(pl.String)).to_dicts()


def decided(row, day=date(2026, 6, 30), product="Windows Server", metric="core"):
    both = {"entity_id": ["main"], "product": [product], "metric": [metric]}
    text, whole = pl.String(), pl.Int64()
    supply = pl.LazyFrame(
        {
            **both,
            "supply_class": ["s"],
            "edition": [row["held"]],
            "version_rank": [row["right"]],
            "has_sa": [row["sa"]],
            "tied_to_host_id": [row["tied"]],
            "is_early": [row.get("early")],
        },
        schema_overrides={"edition": text, "version_rank": whole, "tied_to_host_id": text, "is_early": pl.Boolean()},
    )
    needs = pl.LazyFrame(
        {
            **both,
            "demand_class": ["d"],
            "edition": [row["needed"]],
            "version_rank": [row["runs"]],
            "needs_sa": [row["needs"]],
            "subject_id": [row["on"]],
            "acquired_before": [row.get("before")],
        },
        schema_overrides={"edition": text, "version_rank": whole, "subject_id": text, "acquired_before": pl.Date()},
    )
    return compute(license_coverage, "coverage", Settings(day), supply=supply, needs=needs).collect().to_dicts()[0]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["case"])
def test_which_license_serves_which_need(row):
    answer = decided(row)
    assert (answer["is_covering"], answer["reason"]) == (row["covers"], row["reason"])


@pytest.mark.parametrize(("metric", "covers"), [("server", True), ("user_cal", False)])
def test_an_enterprise_access_license_only_adds_to_the_standard_one(metric, covers):
    row = rows()[0] | {"held": "Enterprise", "needed": "Standard"}
    assert decided(row, product="Exchange Server", metric=metric)["is_covering"] == covers


@pytest.mark.parametrize(
    ("early", "before", "covers", "reason"),
    [
        (True, date(2019, 10, 1), True, "same_edition"),
        (False, date(2019, 10, 1), False, "acquired_later"),
        (None, date(2019, 10, 1), False, "acquisition_unknown"),
        (False, None, True, "same_edition"),
        (None, None, True, "same_edition"),
    ],
)
def test_a_listed_providers_server_takes_old_licenses(early, before, covers, reason):
    answer = decided(rows()[0] | {"early": early, "before": before})
    assert (answer["is_covering"], answer["reason"]) == (covers, reason)


def test_every_reason_occurs():
    elsewhere = {"acquired_later", "acquisition_unknown", "version_needs_sa"}  # the tests around this one
    assert {row["reason"] for row in rows()} | elsewhere == {reason.code for reason in license_coverage.Reason}


def test_another_entity_is_never_served():
    supply = {
        "supply_class": "s",
        "entity_id": "A",
        "product": "Windows Server",
        "metric": "core",
        "edition": "Standard",
        "version_rank": 8,
        "has_sa": True,
        "tied_to_host_id": None,
        "is_early": None,
    }
    needs = {
        "demand_class": "d",
        "entity_id": "B",
        "product": "Windows Server",
        "metric": "core",
        "edition": "Standard",
        "version_rank": 8,
        "needs_sa": False,
        "subject_id": None,
        "acquired_before": None,
    }
    pairs = compute(
        license_coverage,
        "coverage",
        Settings(date(2026, 6, 30)),
        supply=pl.LazyFrame([supply]),
        needs=pl.LazyFrame([needs]),
    )
    assert pairs.collect().is_empty()


@pytest.mark.parametrize(
    ("serves", "found"),
    [(None, []), ("B", [(False, True)]), ("C;B", [(False, True)]), ("C", [])],
)
def test_another_entity_is_served_where_the_agreement_says_so(serves, found):
    supply = {"supply_class": "s", "entity_id": "A", "serves": serves, "edition": "Standard", "version_rank": 8}
    supply |= {"has_sa": True, "tied_to_host_id": None, "is_early": True}
    needs = {"demand_class": "d", "entity_id": "B", "edition": "Standard", "version_rank": 8, "needs_sa": False}
    needs |= {"subject_id": None, "acquired_before": None}
    both = {"product": "Windows Server", "metric": "core"}
    pairs = compute(
        license_coverage,
        "coverage",
        Settings(date(2026, 6, 30)),
        supply=pl.LazyFrame([supply | both], schema_overrides={"serves": pl.String, "tied_to_host_id": pl.String}),
        needs=pl.LazyFrame([needs | both], schema_overrides={"subject_id": pl.String, "acquired_before": pl.Date}),
    )
    assert pairs.select("is_own", "is_covering").collect().rows() == found


def test_before_core_licensing_there_is_no_answer():
    with pytest.raises(RuleError, match="2016-10-01"):
        decided(rows()[0], date(2016, 9, 30))


@pytest.mark.parametrize(
    ("held", "has_sa", "first", "answer"),
    [
        (6, False, 7, (True, "same_edition")),
        (7, False, 7, (False, "version_needs_sa")),
        (8, False, 7, (False, "version_needs_sa")),
        (7, True, 7, (True, "same_edition")),
        (8, False, None, (True, "same_edition")),
    ],
)
def test_a_license_for_a_later_version_brings_that_versions_terms_for_single_machines(held, has_sa, first, answer):
    both = {"entity_id": "A", "product": "SQL Server", "metric": "core", "edition": "Standard"}
    supply = {"supply_class": "s", "version_rank": held, "has_sa": has_sa, "tied_to_host_id": None, "is_early": True}
    needs = {"demand_class": "d", "version_rank": 6, "needs_sa": False, "subject_id": None, "acquired_before": None}
    needs |= {"sa_from_rank": first}
    types = {"subject_id": pl.String, "acquired_before": pl.Date, "sa_from_rank": pl.Int64}
    pairs = compute(
        license_coverage,
        "coverage",
        Settings(date(2026, 6, 30)),
        supply=pl.LazyFrame([supply | both], schema_overrides={"tied_to_host_id": pl.String}),
        needs=pl.LazyFrame([needs | both], schema_overrides=types),
    )
    assert pairs.select("is_covering", "reason").collect().row(0) == answer
