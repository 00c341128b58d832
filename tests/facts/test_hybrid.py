"""Where the Azure Hybrid Benefit holds, and where its OSEs are licensed."""

import pytest

from tests.facts.estates import estate, guest, host

BENEFIT = "azure_hybrid_benefit"


def placed(hosts, oses, **given):
    found = estate(hosts, oses, **given)
    columns = ["ose_id", "subject_kind", "subject_id", "uses_hybrid_benefit"]
    return {row[0]: row[1:] for row in found["oses"].select(columns).collect().rows()}


def marks(hosts, oses, **given):
    found = estate(hosts, oses, **given)
    return dict(found["hosts"].select("host_id", "azure_host").collect().rows())


def test_in_azure_each_ose_stands_by_itself():
    there = {"location": "azure", "license_source": BENEFIT}
    found = placed([host()], [guest("a", None, **there), guest("b", "h1", **there), guest("c")])
    assert found == {"a": ("ose", "a", True), "b": ("ose", "b", True), "c": ("host", "h1", False)}


@pytest.mark.parametrize(
    ("cores", "kind"), [({}, "host"), ({"physical_cores": None}, "ose"), ({"processors": None}, "ose")]
)
def test_on_a_dedicated_host_whose_cores_are_known_it_stands_with_the_host(cores, kind):
    there = {"location": "azure_dedicated_host", "license_source": "own"}
    found = placed([host(**cores)], [guest("a", **there)])
    assert found == {"a": (kind, "h1" if kind == "host" else "a", True)}


def test_a_dedicated_host_nobody_listed_leaves_each_ose_by_itself():
    there = {"location": "azure_dedicated_host", "license_source": BENEFIT}
    assert placed([], [guest("a", "h9", **there)]) == {"a": ("ose", "a", True)}


def test_every_ose_of_azure_local_under_the_benefit_is_covered():
    oses = [
        guest("a", location="azure_stack", license_source=BENEFIT),
        guest("b", location="azure_stack"),
        guest("c", license_source="own"),
        guest("d", license_source="spla"),
        guest("e", "h2", location="azure_stack"),
    ]
    found = placed([host(), host("h2")], oses)
    assert found["a"] == found["b"] == found["c"] == ("host", "h1", True)
    assert not found["d"][2]
    assert found["e"] == ("host", "h2", False)


@pytest.mark.parametrize(
    ("hosts", "oses", "expected"),
    [
        ([host()], [guest("a")], {"h1": None}),
        ([host()], [guest("a", location="azure_dedicated_host", license_source="license_included")],
         {"h1": "azure_dedicated_host"}),
        ([host()], [guest("a", location="azure_stack", license_source=BENEFIT)], {"h1": "azure_local"}),
        ([host()], [guest("a", location="azure_stack", license_source="own")], {"h1": None}),
        ([host(cluster_id="c"), host("h2", cluster_id="c"), host("h3", cluster_id="d")],
         [guest("a", location="azure_stack", license_source=BENEFIT)],
         {"h1": "azure_local", "h2": "azure_local", "h3": None}),
        ([host(cluster_id="c"), host("h2")],
         [guest("a", None, cluster_id="c", location="azure_stack", license_source=BENEFIT)],
         {"h1": "azure_local", "h2": None}),
        ([host()], [guest("a", location="azure_stack", license_source=BENEFIT, is_template=True)], {"h1": None}),
    ],
    ids=["own", "dedicated", "local", "local, own licenses", "cluster", "cluster without host", "template"],
)  # fmt: skip
def test_which_hosts_are_azures(hosts, oses, expected):
    assert marks(hosts, oses) == expected
