from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.facts.peaks import host_peaks, loads
from tests.facts.estates import AS_OF, estate, guest, host, table

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 30)


def seen(ose_id, host_id, day, **more):
    return guest(ose_id, host_id, observed_on=day, inventory_id="vc1", **more)


def peaks(hosts, oses, **given):
    found = estate(hosts, oses, **given)
    running = loads(found["oses"])
    rows = host_peaks(found["hosts"], running).sort("host_id").collect()
    return {r["host_id"]: (r["windows_oses"], r["process_containers"], r["peak_on"]) for r in rows.to_dicts()}


def test_the_highest_number_at_once_counts():
    rows = [seen("a", "h1", MAY), seen("b", "h1", MAY), seen("c", "h1", JUNE)]
    assert peaks([host()], rows) == {"h1": (2, 0, MAY)}
    assert peaks([host()], rows, policies={"peak": "latest_snapshot"}) == {"h1": (1, 0, JUNE)}


def test_an_ose_that_moved_counts_on_both_hosts():
    rows = [seen("a", "h1", MAY), seen("a", "h2", JUNE)]
    assert peaks([host("h1"), host("h2")], rows) == {"h1": (1, 0, MAY), "h2": (1, 0, JUNE)}


def test_what_is_switched_off_stops_to_count():
    rows = [seen("a", "h1", MAY), seen("a", "h1", JUNE, is_running=False), seen("b", "h1", JUNE)]
    assert peaks([host()], rows) == {"h1": (1, 0, MAY)}


def test_process_containers_are_counted_apart():
    rows = [guest("a"), guest("c1", kind="process_container"), guest("c2", kind="hyperv_container")]
    assert peaks([host()], rows) == {"h1": (2, 1, AS_OF)}


def test_a_host_without_guests_has_none():
    assert peaks([host()], []) == {"h1": (0, 0, None)}


def test_each_host_of_a_cluster_holds_what_may_come():
    hosts = [host("h1", cluster_id="c"), host("h2", cluster_id="c"), host("h3")]
    rows = [guest("a", "h1"), guest("b", "h2"), guest("d", "h3")]
    assert peaks(hosts, rows, policies={"movement": "cluster"}) == {
        "h1": (2, 0, AS_OF),
        "h2": (2, 0, AS_OF),
        "h3": (1, 0, AS_OF),
    }


def test_affinity_counts_an_ose_where_it_may_run():
    hosts = [host(f"h{n}", cluster_id="c") for n in (1, 2, 3)]
    rows = [guest("a", "h1"), guest("b", "h1"), guest("d", "h3")]
    rules = table("ose_host_affinity", {"ose_id": "b", "host_id": "h2", "may_run": True})
    found = peaks(hosts, rows, policies={"movement": "affinity"}, ose_host_affinity=rules)
    assert {k: v[0] for k, v in found.items()} == {"h1": 3, "h2": 3, "h3": 2}


def test_a_host_of_unknown_system_is_unknown_only_without_guests():
    found = estate([host("h1", hypervisor=None), host("h2", hypervisor=None)], [guest("a", "h1")])
    rows = host_peaks(found["hosts"], loads(found["oses"])).sort("host_id").collect()
    assert rows["host_rights_used"].to_list() == [0, None]
    assert rows["is_host_os_known"].to_list() == [False, False]


DAYS = [AS_OF - timedelta(days=n) for n in (90, 60, 30, 0)]
OBSERVED = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(["h1", "h2"]), st.integers(0, 3), st.booleans()),
    max_size=14,
    unique_by=lambda o: (o[0], o[2]),
)


@settings(max_examples=60, deadline=None)
@given(OBSERVED)
def test_peaks_agree_with_counting_by_hand(observed):
    rows = [seen(name, host_id, DAYS[day], is_running=runs) for name, host_id, day, runs in observed]
    expected = {}
    for host_id in ("h1", "h2"):
        counts = [sum(o[1] == host_id and o[2] == day and o[3] for o in observed) for day in range(4)]
        expected[host_id] = max(counts)
    found = peaks([host("h1"), host("h2")], rows)
    assert {k: v[0] for k, v in found.items()} == expected
