"""Assignments and snapshots from end to end."""

from datetime import date, timedelta

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassigning
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import guest, host, table

AS_OF = date(2026, 6, 30)
JANUARY = date(2026, 1, 1)
SQL = {
    "product": "SQL Server",
    "edition": "Standard",
    "metric": "core",
    "quantity": 4,
    "basis": "virtual_core",
    "agreement_id": "A1",
}
CENTERS = [("dc1", "F"), ("dc2", "F"), ("dc3", "G")]
HOSTS = [("h1", "dc1"), ("h2", "dc2"), ("h3", "dc3"), ("h4", None)]


def estate():
    rows = [
        {"datacenter_id": d, "server_farm_id": f, "farm_from": date(2020, 1, 1), "utc_offset_minutes": 60}
        for d, f in CENTERS
    ]
    return {
        "datacenters": table("datacenters", *rows),
        "hosts": table("hosts", *(host(h, datacenter_id=d, observed_on=JANUARY) for h, d in HOSTS)),
    }


def lots(**row):
    lot = {
        "entity_id": "main", "license_id": "l1", "agreement_id": "A1", "program": "ea", "product": "SQL Server",
        "edition": "Standard", "metric": "core", "quantity": 100, "valid_from": date(2020, 1, 1), "sa_active": True,
        "sa_start": date(2020, 1, 1), "sa_end": date(2027, 1, 1), "is_perpetual": True, **row,
    }  # fmt: skip
    return ANSWERS["licenses"].conform(pl.LazyFrame([lot], schema=ANSWERS["licenses"].schema))


def history(*rows):
    """Make assignments of `(day of the year, further columns)`."""
    return table(
        "license_assignments",
        *(
            {"assignment_id": str(n), **SQL, "assigned_on": JANUARY + timedelta(d), **row}
            for n, (d, row) in enumerate(rows, 1)
        ),
    )


def answered(*rows, as_of=AS_OF, policies=None, without=(), **tables):
    inputs = {**estate(), "licenses": lots(), "license_assignments": history(*rows), **tables}
    found = reassigning.answers({k: v for k, v in inputs.items() if k not in without}, Settings(as_of, policies or {}))
    return {name: frame.collect().to_dicts() for name, frame in found.items()}


def told(*rows, **more):
    return [(r["reason"], r["is_allowed"], r["earliest_allowed"]) for r in answered(*rows, **more)["reassignments"]]


def from_to(origin, to, **row):
    return {"from_host_id": origin, "to_host_id": to, **row}


def test_a_license_with_mobility_through_two_farms():
    rows = told(
        (0, from_to(None, "h1")), (4, from_to("h1", "h2")), (89, from_to("h2", "h3")), (179, from_to("h3", "h1"))
    )
    assert rows == [
        ("first_assignment", True, None),
        ("within_farm", True, JANUARY),
        ("other_farm", False, date(2026, 4, 5)),
        ("on_last_day", True, date(2026, 6, 29)),
    ]


def test_an_ose_carries_its_licenses_where_no_origin_is_told():
    rows = [
        (0, {"to_host_id": "h1", "ose_id": "o1"}),
        (30, {"to_host_id": "h3", "ose_id": "o1"}),
        (31, {"to_host_id": "h3", "ose_id": "o2"}),
    ]
    assert [r[0] for r in told(*rows)] == ["first_assignment", "other_farm", "first_assignment"]


def test_what_left_before_any_record_of_its_coming():
    assert told((0, from_to("h1", "h3"))) == [("last_assignment_unknown", None, None)]


def test_without_data_centers_or_purchases():
    rows = (0, from_to(None, "h1")), (4, from_to("h1", "h2")), (200, from_to("h2", "h1"))
    assert [r[0] for r in told(*rows, without=("datacenters",), as_of=date(2026, 12, 31))] == [
        "first_assignment", "farm_unknown", "after_period",
    ]  # fmt: skip
    assert [r[0] for r in told(*rows[:2], without=("licenses",))] == ["first_assignment", "software_assurance_unknown"]
    assert [r[0] for r in told(*rows[:2], without=("hosts",))] == ["first_assignment", "farm_unknown"]


def test_software_assurance_counts_on_the_day_of_the_move():
    ended = {"licenses": lots(sa_active=False, sa_end=date(2026, 1, 4))}
    rows = (0, from_to(None, "h1")), (3, from_to("h1", "h2")), (4, from_to("h2", "h1"))
    assert [r[0] for r in told(*rows, **ended)] == ["first_assignment", "within_farm", "no_software_assurance"]


def test_physical_cores_of_windows_server_are_bound():
    windows = {"product": "Windows Server", "basis": "physical_core"}
    rows = [(0, from_to(None, "h1", **windows)), (4, from_to("h1", "h2", **windows)),
            (5, from_to("h2", "h1", **windows, reason="permanent_hardware_failure"))]  # fmt: skip
    assert [r[:2] for r in told(*rows)] == [
        ("first_assignment", True),
        ("bound_to_server", False),
        ("hardware_failure", True),
    ]


def test_hybrid_benefit_locks_standard_licenses_in_azure():
    windows = {"product": "Windows Server", "basis": "physical_core"}
    rows = [
        (0, from_to(None, "h1", **windows)),
        (100, {"from_host_id": "h1", "to_provider": "Azure", "reason": "azure_hybrid_benefit", **windows}),
        (120, {"from_provider": "Microsoft Azure", "to_host_id": "h1", **windows}),
    ]
    assert [r[0] for r in told(*rows)][1:] == ["after_period", "hybrid_lock"]
    assert told(*rows)[2] == ("hybrid_lock", False, date(2026, 7, 10))


def test_moves_at_a_provider():
    there = {"basis": "mobility", "to_provider": "Alibaba Cloud"}
    rows = [
        (0, from_to(None, "h1")), (1, {"from_host_id": "h1", "to_datacenter_id": "dc1", **there}),
        (2, {"from_provider": "Alibaba Cloud", "from_datacenter_id": "dc1", "to_datacenter_id": "dc2", **there}),
        (3, {"from_provider": "Alibaba Cloud", "from_datacenter_id": "dc2", "to_provider": "AWS", "basis": "mobility"}),
        (4, {"from_provider": "AWS", "to_host_id": "h1", "basis": "mobility"}),
    ]  # fmt: skip
    assert [r[0] for r in told(*rows)] == [
        "first_assignment",
        "to_provider",
        "within_farm",
        "other_provider",
        "back_from_provider",
    ]
    zoned = [{"datacenter_id": d, "server_farm_id": "F", "zone": z, "farm_from": date(2020, 1, 1), "utc_offset_minutes": 60}
             for d, z in (("dc1", "cn-a"), ("dc2", "cn-b"))]  # fmt: skip
    strict = {"provider_zones": "stricter_partner_rule"}
    assert told(*rows[:3], datacenters=table("datacenters", *zoned), policies=strict)[2][0] == "other_zone"


def test_recovery_brings_workloads_home_at_once():
    windows = {"product": "Windows Server", "basis": "physical_core", "ose_id": "o1"}
    rows = [
        (0, from_to(None, "h1", **windows)),
        (100, {"from_host_id": "h1", "to_provider": "Azure", "reason": "azure_hybrid_benefit", **windows}),
        (120, {"from_provider": "Azure", "to_host_id": "h1", **windows}),
    ]
    oses = table("oses", guest("o1", "h1", environment="disaster_recovery", observed_on=JANUARY))
    assert told(*rows, oses=oses)[2][0] == "hybrid_recovery"


def test_outcomes_and_findings():
    rows = (0, from_to(None, "h1")), (4, from_to("h1", "h3")), (5, from_to("h4", "h1")), (300, from_to("h1", "h2"))
    found = answered(*rows)
    assert [(r["outcome"], r["reason"]) for r in found["license_assignments_outcomes"]] == [
        ("used", "first_assignment"), ("used", "other_farm"), ("not_computable", "last_assignment_unknown"),
        ("excluded", "assigned_later"),
    ]  # fmt: skip
    assert [(f["severity"], f["reason"]) for f in found["findings"]] == [
        ("warning", "last_assignment_unknown"), ("error", "other_farm"),
    ]  # fmt: skip


@pytest.mark.parametrize(("as_of", "due"), [(date(2026, 3, 31), date(2026, 4, 1)), (date(2026, 4, 1), None)])
def test_a_move_that_was_barred_is_due_when_its_period_ends(as_of, due):
    (finding,) = answered((0, from_to(None, "h1")), (4, from_to("h1", "h3")), as_of=as_of)["findings"]
    assert (finding["reason"], finding["due_on"], finding["product"]) == ("other_farm", due, "SQL Server")


def observed(*places, first=None, installs=None, **more):
    """See one OSE on a host each month."""
    oses = [guest("o1", h, observed_on=date(2026, n, 1), **(first or {})) for n, h in enumerate(places, 1)]
    tables = {**estate(), "oses": table("oses", *oses), **more}
    if installs:
        tables["installs"] = table("installs", *installs)
    found = reassigning.answers(tables, Settings(AS_OF))
    return {name: frame.collect().to_dicts() for name, frame in found.items()}


def test_snapshots_show_moves_to_another_farm():
    rows = observed("h1", "h2", "h3", "h3")["reassignments"]
    assert [(r["assignment_id"], r["source"], r["reason"], r["earliest_allowed"]) for r in rows] == [
        ("snapshot:o1:2026-03-01:Windows Server", "snapshots", "other_farm", date(2026, 5, 2))
    ]


@pytest.mark.parametrize(
    ("places", "first", "reasons"),
    [
        (["h1", "h2", "h1"], {}, []),
        (["h1", "h4", "h1"], {}, []),
        (["h1", "h1", "h1", "h1", "h3"], {}, ["after_period"]),
        (["h1", "h3"], {"license_source": "license_included"}, []),
        (["h1", "h3"], {"os_product": "Ubuntu"}, []),
        (["h1", "h3"], {"kind": "physical"}, []),
    ],
)
def test_which_moves_in_snapshots_count(places, first, reasons):
    assert [r["reason"] for r in observed(*places, first=first)["reassignments"]] == reasons


def test_what_runs_in_an_ose_moves_with_it():
    install = {
        "install_id": "i1",
        "ose_id": "o1",
        "product": "SQL Server",
        "edition": "Standard",
        "observed_on": JANUARY,
    }
    other = {
        "install_id": "i2",
        "ose_id": "o1",
        "product": "System Center",
        "edition": "Standard",
        "observed_on": JANUARY,
    }
    rows = observed("h1", "h3", installs=[install, other], licenses=lots())["reassignments"]
    assert sorted(r["product"] for r in rows) == ["SQL Server", "Windows Server"]


def test_moves_in_snapshots_before_machines_were_licensed_by_themselves_do_not_count():
    oses = [guest("o1", h, observed_on=d) for h, d in (("h1", date(2021, 1, 1)), ("h3", date(2021, 2, 1)))]
    found = reassigning.answers({**estate(), "oses": table("oses", *oses)}, Settings(date(2021, 6, 30)))
    assert found["reassignments"].collect().is_empty()


def test_explanations():
    inputs = {
        **estate(),
        "licenses": lots(),
        "license_assignments": history((0, from_to(None, "h1")), (4, from_to("h1", "h3"))),
    }
    lines = reassigning.explain_subject(inputs, Settings(AS_OF), "2")
    assert {r["rule"]: r["value"] for r in lines.to_dicts()}["reassignment.decision"] == "other_farm"
    assert reassigning.explain_subject(inputs, Settings(AS_OF), "nothing").is_empty()
    seen = {
        **estate(),
        "oses": table("oses", guest("o1", "h1", observed_on=JANUARY), guest("o1", "h3", observed_on=date(2026, 2, 1))),
    }
    assert not reassigning.explain_subject(seen, Settings(AS_OF), "o1").is_empty()


def test_nothing_given():
    assert reassigning.answers({}, Settings(AS_OF)) == {}
    assert answered()["reassignments"] == []
    assert reassigning.explain_subject({}, Settings(AS_OF), "o1").is_empty()


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2022, 9, 30), date(2022, 10, 1)])
def test_it_answers_on_every_day(day):
    found = answered((0, from_to(None, "h1", assigned_on=day)), as_of=day)
    assert [r["reason"] for r in found["reassignments"]] == ["first_assignment"]
