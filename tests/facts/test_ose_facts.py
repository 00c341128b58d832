from datetime import date

import polars as pl
import pytest

from lmanalytics.errors import PolicyError
from lmanalytics.facts.estate_facts import facts, windows_versions
from lmanalytics.rules.parameters import Settings
from tests.facts.estates import AS_OF, estate, guest, host, table

PROVIDERS = table(
    "providers",
    {"provider": "Nearby", "valid_from": date(2020, 1, 1), "is_listed_provider": False},
    {"provider": "Big", "valid_from": date(2020, 1, 1), "is_listed_provider": True},
    {"provider": "Reseller", "valid_from": date(2020, 1, 1), "is_listed_provider": False,
     "uses_listed_datacenter": True},
    {"provider": "Grown", "valid_from": date(2020, 1, 1), "is_listed_provider": False},
    {"provider": "Grown", "valid_from": date(2025, 1, 1), "is_listed_provider": True},
    {"provider": "Later", "valid_from": date(2026, 7, 1), "is_listed_provider": True},
)  # fmt: skip
OUTCOMES = [
    ("plain", {}, "counted", "counted"),
    ("container", {"kind": "hyperv_container"}, "counted", "counted"),
    ("physical", {"kind": "physical"}, "counted", "host_os"),
    ("template", {"is_template": True}, "excluded", "template"),
    ("off", {"is_running": False}, "excluded", "not_running"),
    ("template that is off and unknown", {"is_template": True, "os_product": None}, "excluded", "template"),
    ("linux", {"os_product": "Linux"}, "excluded", "not_windows_server"),
    ("unknown system", {"os_product": None}, "not_computable", "os_unknown"),
    ("own license said", {"license_source": "own"}, "counted", "counted"),
    ("included", {"license_source": "license_included"}, "excluded", "license_included"),
    ("spla", {"license_source": "spla"}, "excluded", "spla"),
    ("visual studio", {"license_source": "visual_studio"}, "excluded", "visual_studio"),
    ("evaluation", {"license_source": "evaluation"}, "excluded", "evaluation"),
    ("azure, benefit", {"location": "azure", "license_source": "azure_hybrid_benefit"}, "counted",
     "azure_hybrid_benefit"),
    ("azure, own", {"location": "azure_dedicated_host", "license_source": "own"}, "counted",
     "azure_hybrid_benefit"),
    ("azure, no cores said", {"location": "azure", "license_source": "azure_hybrid_benefit", "vcpus": None},
     "not_computable", "vcpus_unknown"),
    ("azure, edition does not matter", {"location": "azure", "license_source": "own", "host_id": None}, "counted",
     "azure_hybrid_benefit"),
    ("azure local, benefit", {"location": "azure_stack", "license_source": "azure_hybrid_benefit"}, "counted",
     "azure_hybrid_benefit"),
    ("azure local, host not said", {"location": "azure_stack", "license_source": "azure_hybrid_benefit",
     "host_id": None}, "not_computable", "host_unknown"),
    ("benefit, and not in azure", {"license_source": "azure_hybrid_benefit"}, "not_computable", "not_in_azure"),
    ("benefit at a provider", {"location": "provider_shared", "license_source": "azure_hybrid_benefit"},
     "not_computable", "not_in_azure"),
    ("azure, spla", {"location": "azure", "license_source": "spla"}, "excluded", "spla"),
    ("azure, unsaid", {"location": "azure", "host_id": None}, "not_computable", "cloud_license_unknown"),
    ("azure stack", {"location": "azure_stack"}, "counted", "counted"),
    ("no host", {"host_id": None}, "not_computable", "host_unknown"),
    ("host nobody listed", {"host_id": "h9"}, "not_computable", "host_unknown"),
    ("shared, unsaid", {"location": "provider_shared", "provider": "Nearby"}, "not_computable",
     "cloud_license_unknown"),
    ("shared, own", {"location": "provider_shared", "provider": "Nearby", "license_source": "own"}, "counted",
     "counted"),
    ("shared, nobody knows the provider", {"location": "provider_shared", "provider": "?", "license_source": "own"},
     "not_computable", "provider_unknown"),
    ("shared, no cores said", {"location": "provider_shared", "provider": "Nearby", "license_source": "own",
     "vcpus": None}, "not_computable", "vcpus_unknown"),
    ("virtual cores do not matter on a host", {"vcpus": None}, "counted", "counted"),
]  # fmt: skip


def row(given, **policies):
    found = estate([host()], [guest("a") | given], policies=policies, providers=PROVIDERS)
    return found["oses"].collect().row(0, named=True)


@pytest.mark.parametrize(("given", "outcome", "reason"), [c[1:] for c in OUTCOMES], ids=[c[0] for c in OUTCOMES])
def test_every_row_has_one_outcome(given, outcome, reason):
    found = row(given)
    assert (found["outcome"], found["reason"]) == (outcome, reason)
    under_benefit = reason == "azure_hybrid_benefit"
    assert found["is_load"] == (outcome == "counted" and found["kind"] != "physical" and not under_benefit)
    assert found["uses_hybrid_benefit"] >= under_benefit


def test_an_exclusion_names_the_cell_that_decided():
    assert row({"is_template": True})["evidence"] == "is_template = true (oses.csv, row 2)"
    assert row({"license_source": "spla"})["evidence"] == "license_source = spla (oses.csv, row 2)"
    assert row({})["evidence"] is None


@pytest.mark.parametrize(
    ("policies", "given", "outcome", "reason"),
    [
        ({"count_powered_off": "yes"}, {"is_running": False}, "counted", "counted"),
        ({"unknown_edition": "not_computable"}, {}, "not_computable", "edition_unknown"),
        ({"unknown_edition": "not_computable"}, {"os_edition": "Standard"}, "counted", "counted"),
        ({"unknown_cloud_license": "license_included"}, {"location": "azure"}, "excluded", "license_included"),
        ({"unknown_host": "by_virtual_cores"}, {"host_id": None}, "counted", "counted"),
        ({"unknown_host": "by_virtual_cores"}, {"host_id": None, "vcpus": None}, "not_computable", "vcpus_unknown"),
        ({"unknown_host": "by_virtual_cores"}, {"host_id": None, "kind": "physical"}, "not_computable", "host_unknown"),
    ],
)
def test_policies_decide(policies, given, outcome, reason):
    found = row(given, **policies)
    assert (found["outcome"], found["reason"]) == (outcome, reason)


@pytest.mark.parametrize(
    ("edition", "reading", "needed"),
    [
        ("Datacenter", "standard_suffices", True),
        ("Datacenter: Azure Edition", "standard_suffices", True),
        ("Standard", "datacenter_required", False),
        ("Essentials", "standard_suffices", False),
        (None, "standard_suffices", False),
        (None, "datacenter_required", True),
        (None, "not_computable", None),
    ],
)
def test_only_datacenter_needs_datacenter(edition, reading, needed):
    assert row({"os_edition": edition}, unknown_edition=reading)["needs_datacenter"] is needed


@pytest.mark.parametrize(
    ("provider", "operator"),
    [
        ("Nearby", "authorized_outsourcer"),
        ("Big", "listed_provider"),
        ("Reseller", "listed_provider"),
        ("Grown", "listed_provider"),
        ("Later", None),
    ],
)
def test_a_provider_is_what_it_is_on_the_day(provider, operator):
    assert row({"location": "provider_shared", "provider": provider, "license_source": "own"})["operator"] == operator


def test_cores_of_its_host_unknown_is_settled_by_policy():
    sized, unsized = host(), host("h2", physical_cores=None)
    for reading, kind in (("not_computable", "host"), ("by_virtual_cores", "ose")):
        found = estate([sized, unsized], [guest("a", "h2")], policies={"unknown_host": reading})
        assert found["oses"].collect()["subject_kind"].to_list() == [kind]


def test_a_reading_that_does_not_exist_is_named():
    with pytest.raises(PolicyError, match="Did you mean 'cluster'"):
        estate([], [], policies={"movement": "clusters"})


def test_nothing_given_is_nothing_found():
    assert all(f.collect().is_empty() for f in facts({}, Settings(AS_OF)).values())


def test_versions_are_in_the_order_of_their_release():
    ranks = dict(windows_versions().iter_rows())
    order = ["2008", "2008 R2", "2012", "2012 R2", "2016", "2019", "2022", "2025"]
    assert sorted(order, key=ranks.__getitem__) == order
    assert len(set(ranks.values())) == len(ranks)


def test_text_stays_text():
    found = estate([host()], [guest("=cmd()", name="<script>alert(1)</script>", license_source="spla")])
    assert found["oses"].select("ose_id", "name").collect().row(0) == ("=cmd()", "<script>alert(1)</script>")
    assert found["oses"].select(pl.len()).collect().item() == 1
