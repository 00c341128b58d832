from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.evidence import unknowns, unknowns_ranges
from lmanalytics.evidence.unknowns_found import SUBJECT
from tests.evidence.test_unknowns import ranges, run
from tests.facts.estates import guest, host, table

BEFORE = date(2026, 3, 31)
ROW = [*SUBJECT, "product", "fact"]
SQL = {"product": "SQL Server", "edition": None, "version": "2022"}
EXCHANGE = {"product": "Exchange Server", "edition": "Standard", "version": "2019"}


def together_and_alone(*estate, **more):
    """Return the ranges of places that are computed at once, and of each by itself."""
    answers = {}

    def both(*asked):
        answers["together"] = unknowns_ranges.ranges(*asked)
        answers["alone"] = unknowns_ranges.ranges(*asked, at_once=1)
        return answers["together"]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unknowns, "ranges", both)
        run(*estate, **more)
    return [frame.sort(ROW) if frame.width else frame for frame in (answers["together"], answers["alone"])]


def test_what_runs_on_a_machine_that_moved_counts_where_it_is_now():
    hosts = [host("h1"), host("h2")]
    oses = [
        guest("mail", "h1", os_edition="Standard", observed_on=BEFORE), guest("mail", "h2", os_edition="Standard"),
        guest("d1", "h1", os_edition="Standard"), guest("d2", "h2", os_edition="Standard"),
    ]  # fmt: skip
    installs = [{"install_id": "x", "ose_id": "mail", **EXCHANGE}]
    installs += [{"install_id": f"s{n}", "ose_id": f"d{n}", **SQL} for n in (1, 2)]
    found = ranges(run(hosts, oses, installs), fact="install_edition")
    assert ("h2", "Exchange Server", "install_edition") in found
    assert ("h1", "Exchange Server", "install_edition") not in found


@st.composite
def estates(draw):
    """Make hosts and OSEs that lack facts, and of which some were seen elsewhere before."""
    names = ["h1", "h2", "h3"]
    hosts = [
        host(
            name,
            processors=draw(st.sampled_from([2, None])),
            physical_cores=draw(st.sampled_from([16, 17, None])),
            hypervisor=draw(st.sampled_from(["esxi", "hyper_v", None])),
            cluster_id=draw(st.sampled_from(["c", None])),
        )
        for name in names
    ]
    oses, installs = [], []
    for number in range(draw(st.integers(1, 4))):
        cloud = st.sampled_from(["on_premises", "on_premises", "provider_shared"])
        is_here = {"vcpus": draw(st.sampled_from([4, 64, None])), "location": draw(cloud)}
        what = {"os_product": draw(st.sampled_from(["Windows Server", "Ubuntu", None]))}
        if what["os_product"] == "Windows Server":
            what["os_edition"] = draw(st.sampled_from(["Standard", "Datacenter", None]))
        ose = f"v{number}"
        oses.append(guest(ose, draw(st.sampled_from([*names, None])), **(is_here | what)))
        if draw(st.booleans()):
            oses.append(guest(ose, draw(st.sampled_from(names)), **what, observed_on=BEFORE))
        for product in draw(st.lists(st.sampled_from([SQL, EXCHANGE]), max_size=2, unique_by=id)):
            installs.append({"install_id": f"i{number}{len(installs)}", "ose_id": ose, **product})
    rules = [{"ose_id": "v0", "host_id": name, "may_run": True} for name in draw(st.lists(st.sampled_from(names)))]
    return hosts, oses, installs, {"ose_host_affinity": table("ose_host_affinity", *rules)} if rules else {}


@settings(max_examples=4, deadline=None)
@given(estates(), st.sampled_from(["by_virtual_cores", "not_computable"]))
def test_what_a_place_requires_does_not_depend_on_the_places_beside_it(estate, unknown_host):
    *tables, rules = estate
    together, alone = together_and_alone(*tables, policies={"unknown_host": unknown_host}, **rules)
    assert together.equals(alone)
