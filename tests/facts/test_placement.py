import pytest

from tests.facts.estates import estate, guest, host, table

HOSTS = [host(f"h{n}", cluster_id="c1") for n in (1, 2, 3)] + [host("other", cluster_id="c2")]


def bound(*rules, movement="affinity"):
    rows = [{"ose_id": "a", "host_id": host_id, "may_run": may} for host_id, may in rules]
    affinity = {"ose_host_affinity": table("ose_host_affinity", *rows)} if rows else {}
    found = estate(HOSTS, [guest("a", "h1"), guest("b", "h1")], policies={"movement": movement}, **affinity)
    return dict(found["oses"].select("ose_id", "bound_hosts").collect().iter_rows())


@pytest.mark.parametrize(
    ("rules", "hosts"),
    [
        ([], None),
        ([("h1", True), ("h2", True)], ["h1", "h2"]),
        ([("h2", True)], ["h1", "h2"]),
        ([("h3", False)], ["h1", "h2"]),
        ([("h2", True), ("h3", False)], ["h1", "h2"]),
        ([("h1", False)], ["h1", "h2", "h3"]),
        ([("other", True)], ["h1"]),
    ],
    ids=["no rules", "allowed", "where it was seen counts", "forbidden", "both", "seen against a rule", "elsewhere"],
)
def test_rules_narrow_the_cluster(rules, hosts):
    assert bound(*rules) == {"a": hosts, "b": None}


def test_rules_are_not_asked_unless_the_policy_says_so():
    assert bound(("h2", True), movement="cluster") == {"a": None, "b": None}


def test_an_ose_without_a_host_is_placed_in_its_cluster():
    rows = [guest("a", None, cluster_id="c1")]
    moving = estate(HOSTS, rows, policies={"movement": "cluster"})["oses"].collect().row(0, named=True)
    assert (moving["outcome"], moving["subject_kind"], moving["subject_id"]) == ("counted", "cluster", "c1")
    still = estate(HOSTS, rows)["oses"].collect().row(0, named=True)
    assert (still["outcome"], still["reason"]) == ("not_computable", "host_unknown")
