from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.demand import sql_server_installs
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from tests.facts.estates import table

DAY = date(2026, 6, 30)
OSE = {"entity_id": "main", "ose_id": "o", "kind": "virtual", "vcpus": 4, "location": "on_premises", "ose_state": None,
       "subject_kind": "host", "subject_id": "h", "bound_hosts": None, "host_id": "h", "environment": "production",
       "unknown_cloud_license": "not_computable"}  # fmt: skip
TYPES = {"ose_state": pl.String, "bound_hosts": pl.List(pl.String), "subject_kind": pl.String, "subject_id": pl.String,
         "vcpus": pl.Int64}  # fmt: skip
ALONE = {"subject_kind": None, "subject_id": None}
AZURE = {"location": "azure", **ALONE}
BENEFIT = {"license_source": "azure_hybrid_benefit"}


def judged(install, ose=(), *, day=DAY, passive=None, moved=False, policies=None, state="current"):
    given_ose = pl.LazyFrame([] if ose is None else [OSE | dict(ose)], schema_overrides=TYPES,
                             schema=None if ose is not None else dict.fromkeys(OSE, pl.String) | TYPES)  # fmt: skip
    row = {
        "install_id": "i",
        "ose_id": "o",
        "product": "SQL Server",
        "edition": "Standard",
        "version": "2019",
        **install,
    }
    none = {"entity_id": pl.String, "install_id": pl.String, "is_free": pl.Boolean}
    right = [] if passive is None else [{"entity_id": "main", "install_id": "i", "is_free": passive[0]}]
    key = {"entity_id": pl.String, "ose_id": pl.String, "product": pl.String}
    gone = [{"entity_id": "main", "ose_id": "o", "product": "SQL Server"}] if moved else []
    found = compute(
        sql_server_installs, "judged", Settings(day, policies or {}),
        installs=table("installs", row).with_columns(state=pl.lit(state)), oses=given_ose,
        passive=pl.LazyFrame(right, schema=none), mobility=pl.LazyFrame(gone, schema=key),
    ).collect()  # fmt: skip
    assert found.height == 1
    return found.to_dicts()[0]


def said(*given, **more):
    found = judged(*given, **more)
    return found["outcome"], found["reason"]


CASES = [
    ({}, {}, {}, ("counted", "counted")),
    ({"edition": "Enterprise Core"}, {}, {}, ("counted", "counted")),
    ({"component": "SSRS"}, {}, {}, ("counted", "counted")),
    ({"component": "Management Studio"}, {}, {}, ("excluded", "client_component")),
    ({"edition": " express "}, {}, {}, ("excluded", "free_edition")),
    ({"edition": "Developer"}, {}, {}, ("excluded", "development_edition")),
    ({"edition": "Standard Developer"}, {}, {}, ("excluded", "development_edition")),
    ({"edition": "Enterprise Evaluation"}, {}, {}, ("excluded", "evaluation")),
    ({"is_evaluation": True}, {}, {}, ("excluded", "evaluation")),
    ({"license_source": "evaluation"}, {}, {}, ("excluded", "evaluation")),
    ({"license_source": "license_included"}, {}, {}, ("excluded", "license_included")),
    ({"license_source": "spla"}, {}, {}, ("excluded", "spla")),
    ({"license_source": "visual_studio"}, {}, {}, ("excluded", "visual_studio")),
    ({"edition": "Web"}, {}, {}, ("not_licensable", "provider_only")),
    ({"edition": None}, {}, {}, ("not_computable", "edition_unknown")),
    ({"edition": "Imaginary"}, {}, {}, ("not_computable", "edition_unknown")),
    ({}, None, {}, ("not_computable", "ose_unknown")),
    ({}, {"ose_state": "template"}, {}, ("excluded", "ose_template")),
    ({}, {"ose_state": "not_running"}, {}, ("excluded", "ose_not_running")),
    ({}, {"kind": "physical", **ALONE}, {}, ("not_computable", "host_unknown")),
    ({}, {"vcpus": None, **ALONE}, {}, ("not_computable", "ose_cores_unknown")),
    ({}, {"vcpus": None}, {}, ("counted", "counted")),
    ({}, AZURE, {}, ("not_computable", "cloud_license_unknown")),
    ({}, AZURE | {"unknown_cloud_license": "license_included"}, {}, ("excluded", "license_included")),
    (BENEFIT, AZURE, {}, ("counted", "counted")),
    (BENEFIT, AZURE, {"day": date(2018, 3, 31)}, ("not_licensable", "benefit_not_yet")),
    ({}, {}, {"passive": [True]}, ("excluded", "passive_free")),
    ({}, {}, {"passive": [False]}, ("counted", "counted")),
    ({}, {}, {"passive": [None]}, ("not_computable", "passive_unknown")),
    ({}, {}, {"moved": True}, ("excluded", "mobility_free")),
    ({}, {}, {"state": "later"}, ("excluded", "observed_later")),
    ({}, {}, {"state": "duplicate"}, ("duplicate", "duplicate")),
    ({}, {}, {"state": "earlier"}, ("superseded", "superseded")),
]


@pytest.mark.parametrize(("install", "ose", "more", "expected"), CASES, ids=lambda v: str(v)[:40])
def test_what_becomes_of_an_install(install, ose, more, expected):
    assert said(install, ose, **more) == expected


def test_every_reason_occurs():
    found = {said(install, ose, **more)[1] for install, ose, more, _ in CASES}
    assert found == {reason.code for reason in sql_server_installs.Reason}


def test_an_edition_needs_licenses_of_an_edition():
    editions = {
        e: judged({"edition": e})["edition"] for e in ("Datacenter", "Business Intelligence", "Workgroup", "Standard")
    }
    assert editions == {"Datacenter": "Enterprise", "Business Intelligence": "Enterprise", "Workgroup": "Standard",
                        "Standard": "Standard"}  # fmt: skip
    assert judged({"product": "BizTalk Server", "edition": "Branch"})["edition"] == "Branch"
    assert said({"product": "BizTalk Server", "edition": "Express"}) == ("not_computable", "edition_unknown")


@pytest.mark.parametrize(
    ("reading", "edition"),
    [("standard_suffices", "Standard"), ("enterprise_required", "Enterprise"), ("not_computable", None)],
)
def test_an_unknown_edition_is_read_by_policy(reading, edition):
    asked = {"unknown_per_core_edition": reading}
    assert judged({"edition": None}, policies=asked)["edition"] == edition
    assert judged({"edition": "Imaginary"}, policies=asked)["edition"] == edition
    assert judged({"edition": "Enterprise"}, policies=asked)["edition"] == "Enterprise"


@pytest.mark.parametrize(
    ("ose", "subject"),
    [
        ({}, ("host", "h")),
        (ALONE, ("ose", "o")),
        ({"location": "provider_shared"}, ("ose", "o")),
        ({"location": "azure"}, ("ose", "o")),
        ({"location": "azure_dedicated_host"}, ("host", "h")),
        ({"kind": "physical"}, ("host", "h")),
    ],
)
def test_where_it_is_licensed(ose, subject):
    found = judged({"license_source": "own"}, ose)
    assert (found["subject_kind"], found["subject_id"]) == subject


def test_only_machines_by_themselves_in_azure_use_the_benefit():
    uses = [judged(BENEFIT, ose)["uses_benefit"] for ose in (AZURE, {}, {"location": "azure_dedicated_host"})]
    assert uses == [True, False, False]


def test_the_evidence_names_the_cell():
    assert judged({"edition": "Express"})["evidence"] == "edition = Express (installs.csv, row 2)"
    assert judged({"is_evaluation": True})["evidence"] == "is_evaluation = true (installs.csv, row 2)"
    assert judged({})["evidence"] is None


@given(st.sampled_from([None, "own", "spla", "license_included"]), st.sampled_from(["on_premises", "azure", "provider_shared"]),
       st.sampled_from(["Standard", "Express", None]))  # fmt: skip
def test_outcomes_agree_with_a_plain_reading(source, location, edition):
    found = said({"license_source": source, "edition": edition}, {"location": location})
    if edition == "Express" or source in {"spla", "license_included"}:
        expected = "excluded"
    elif source is None and location != "on_premises":
        expected = "not_computable"
    else:
        expected = "counted" if edition else "not_computable"
    assert found[0] == expected
