from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.benefit import version_rights
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL

SETTINGS = Settings(date(2026, 6, 30))
LOT = {
    "entity_id": "main",
    "license_id": "L",
    "metric": "core",
    "quantity": 16,
    "sa_active": False,
    "is_perpetual": True,
}
OSE = {
    "entity_id": "main",
    "subject_kind": "host",
    "subject_id": "h1",
    "os_edition": "Standard",
    "outcome": "counted",
}
PLAN = {
    "entity_id": "main",
    "subject_kind": "host",
    "subject_id": "h1",
    "product": "Windows Server",
    "edition": "Standard",
    "metric": "core",
    "licenses_required": 16,
    "licenses_assigned": 16,
    "licenses_short": 0,
}
FACTS = dict.fromkeys([*OSE, "ose_id", "os_version"], pl.String)


def table(schema, *rows):
    return schema.conform(pl.DataFrame(list(rows), infer_schema_length=None).lazy() if rows else pl.LazyFrame())


def licenses(*lots):
    return {"licenses": table(ANSWERS["licenses"], *(LOT | lot for lot in lots))}


def oses(**versions):
    rows = [OSE | {"ose_id": name, "os_version": version} for name, version in versions.items()]
    return {"facts_oses": pl.LazyFrame(rows, schema=FACTS)}


def plan(*rows):
    return {"plan": table(ANSWERS["plan"], *(PLAN | row for row in rows))}


def position(*rows):
    both = {"entity_id": "main", "product": "Windows Server", "edition": "Standard", "metric": "core"}
    return {"position": table(ANSWERS["position"], *(both | row for row in rows))}


def compared(inputs):
    found = version_rights.answers(inputs, SETTINGS)["version_rights"].collect()
    columns = ["subject_id", "version_installed", "version_right", "is_covered", "reason"]
    return {row[0]: row[1:] for row in found.select(columns).rows()}


def test_each_ose_is_held_against_what_its_machine_was_assigned():
    inputs = licenses({}) | oses(old="2016", same="2019", new="2022", unknown=None) | plan({"version_right": "2019"})
    assert compared(inputs) == {
        "old": ("2016", "2019", True, "covered"),
        "same": ("2019", "2019", True, "covered"),
        "new": ("2022", "2019", False, "newer_than_right"),
        "unknown": (None, "2019", None, "unknown_version"),
    }


def test_the_lowest_of_several_version_rights_counts():
    rows = {"version_right": "2022"}, {"edition": "Datacenter", "version_right": "2016"}
    assert compared(licenses({}) | oses(a="2019") | plan(*rows))["a"] == ("2019", "2016", False, "newer_than_right")


SHORT = {"licenses_assigned": 0, "licenses_short": 16}


@pytest.mark.parametrize(
    ("left", "covered", "reason"),
    [
        ([{"version": "2016", "surplus": 40}], False, "newer_than_right"),
        ([{"version": "2016", "surplus": 0}], False, "too_few_licenses"),
        ([{"version": "2022", "surplus": 8}], False, "too_few_licenses"),
        ([{"version": "2016", "surplus": 8}, {"version": "2022", "surplus": 8}], False, "too_few_licenses"),
        ([{"version": "2016", "surplus": 8, "edition": "Datacenter"}], False, "newer_than_right"),
        ([{"version": "2016", "surplus": 8, "edition": "Essentials"}], False, "too_few_licenses"),
        ([{"version": "2016", "surplus": 8, "metric": "server"}], False, "too_few_licenses"),
        ([{"version": "2016", "surplus": 8, "entity_id": "other"}], False, "too_few_licenses"),
        ([], False, "too_few_licenses"),
    ],
)
def test_a_machine_that_is_short_says_whether_the_version_or_the_number_is_to_blame(left, covered, reason):
    found = compared(licenses({}) | oses(a="2019") | plan(SHORT) | position(*left))
    assert found["a"] == ("2019", None, covered, reason)


@pytest.mark.parametrize(
    ("row", "covered", "reason"),
    [
        ({"licenses_required": None, "licenses_assigned": None, "licenses_short": None}, None, "licenses_not_counted"),
        ({"licenses_required": 0, "licenses_assigned": 0}, True, "no_license_required"),
        ({"version_right": None}, None, "right_unknown"),
        ({"subject_id": "h2"}, None, "licenses_not_counted"),
    ],
)
def test_what_cannot_be_said_is_not_said(row, covered, reason):
    assert compared(licenses({}) | oses(a="2019") | plan(row))["a"][2:] == (covered, reason)


def test_what_does_not_count_has_no_row():
    inputs = licenses({}) | oses(a="2019") | plan({"version_right": "2019"})
    inputs["facts_oses"] = inputs["facts_oses"].with_columns(outcome=pl.lit("excluded"))
    assert compared(inputs) == {}


INSTALL = {"entity_id": "main", "ose_id": "v1"}
OUTCOME = {"entity_id": "main", "outcome": "counted", "reason": "required"}


def installs(*pairs):
    rows = [INSTALL | install | {"row_id": n, "install_id": f"i{n}"} for n, (install, _) in enumerate(pairs)]
    schema = dict.fromkeys(["entity_id", "outcome", "reason", "subject_kind", "subject_id"], pl.String)
    judged = [OUTCOME | outcome | {"row_id": n} for n, (_, outcome) in enumerate(pairs)]
    return {
        "installs": table(CANONICAL["installs"], *rows),
        "installs_outcomes": pl.LazyFrame(judged, schema=schema | {"row_id": pl.Int64}),
    }


SQL = {"product": "SQL Server", "edition": "Standard"}
ON = {"subject_kind": "ose", "subject_id": "v1"}


def test_an_install_is_held_against_what_its_subject_was_assigned():
    pairs = [(SQL | {"version": version}, ON) for version in ("2017", "2022", None)]
    sql = ON | {"product": "SQL Server", "version_right": "2019"}
    found = compared(licenses({}) | installs(*pairs) | plan(sql))
    assert [found[f"i{n}"][1:] for n in range(3)] == [
        ("2019", True, "covered"),
        ("2019", False, "newer_than_right"),
        ("2019", None, "unknown_version"),
    ]


VISIO = {"product": "Visio", "edition": "Professional"}
NO_RULE = {"outcome": "not_computable", "reason": "no_demand_rule"}


def visio(*versions):
    return installs(*((VISIO | {"version": version}, NO_RULE) for version in versions))


def test_desktop_applications_share_the_pool_the_newest_first():
    lots = [VISIO | {"metric": "device", "quantity": 1, "version_right": right} for right in ("2016", "2021")]
    found = compared(licenses(*lots) | visio("2019", "2016", "2016"))
    assert [found[f"i{n}"][1:] for n in range(3)] == [
        ("2021", True, "covered"),
        ("2016", True, "covered"),
        (None, False, "too_few_licenses"),
    ]


def test_a_pool_that_is_too_old_says_so():
    lot = VISIO | {"metric": "device", "quantity": 5, "version_right": "2016"}
    assert compared(licenses(lot) | visio("LTSC 2021"))["i0"][2:] == (False, "newer_than_right")


@pytest.mark.parametrize(
    ("lot", "covered", "reason"),
    [
        ({"metric": "user", "version_right": "2019"}, None, "licenses_not_counted"),
        ({"metric": "user", "version_right": "2016"}, False, "newer_than_right"),
        ({"metric": "device", "version_right": "2019", "valid_to": date(2026, 6, 29)}, False, "too_few_licenses"),
        ({"metric": "device", "version_right": "2019", "edition": "Standard"}, False, "too_few_licenses"),
        ({"metric": "device", "version_right": "2019", "entity_id": "other"}, False, "too_few_licenses"),
        ({"metric": "device", "version_right": None}, None, "right_unknown"),
    ],
)
def test_which_licenses_are_of_the_pool(lot, covered, reason):
    assert compared(licenses(VISIO | lot) | visio("2019"))["i0"][2:] == (covered, reason)


def test_findings_count_by_version_and_never_row_by_row():
    inputs = licenses({}) | oses(a="2022", b="2022", c=None, d="2016") | plan({"version_right": "2019"})
    found = version_rights.answers(inputs, SETTINGS)["findings"].collect().sort("severity")
    assert found.select("severity", "subject_id", "statement").rows() == [
        (
            "error",
            "Windows Server 2022",
            "2 copies of Windows Server 2022 are newer than the version right of the licenses.",
        ),
        ("warning", "Windows Server", "Of 1 copy of Windows Server no export says which version."),
    ]


def test_one_copy_is_explained():
    inputs = licenses({}) | oses(a="2022", b="2016") | plan({"version_right": "2019"})
    lines = version_rights.explain_subject(inputs, SETTINGS, "a")
    assert dict(lines.select("rule", "value").rows()) == {
        "version_cover.reason": "newer_than_right",
        "version_cover.is_covered": "False",
    }
    assert version_rights.explain_subject(inputs, SETTINGS, "nobody").is_empty()
    assert version_rights.explain_subject({}, SETTINGS, "a").is_empty()
