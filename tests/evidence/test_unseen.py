"""Which machines of a directory or a CMDB no export has shown."""

from datetime import date

import polars as pl
import pytest

from lmanalytics.evidence import unseen
from lmanalytics.evidence.accounts import accounts
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL

AS_OF = date(2026, 6, 30)


def table(name, *rows):
    given = [{"entity_id": "main", "row_id": place, **row} for place, row in enumerate(rows)]
    have = {n: t for n, t in CANONICAL[name].schema.items() if any(n in row for row in given)}
    return CANONICAL[name].conform(pl.LazyFrame(given, schema=have))


def listed(name, fqdn=None, **more):
    return {"source": "active_directory", "name": name, "fqdn": fqdn, **more}


def reasons(*machines, policies=None, **estate):
    found = unseen.answers(
        {"known_machines": table("known_machines", *machines), **estate}, Settings(AS_OF, policies or {})
    )
    return found["known_machines_outcomes"].collect()["reason"].to_list(), found


ESTATE = {
    "hosts": table("hosts", {"host_id": "vc/esx01", "host_name": "esx01.lab.example"}),
    "oses": table("oses", {"ose_id": "4711", "name": "web-1"}, {"ose_id": "4712", "name": "db-1.lab.example"}),
    "devices": table("devices", {"device_id": "PC-1"}),
    "installs": table("installs", {"ose_id": "APP-1"}),
}


@pytest.mark.parametrize(
    ("machine", "is_seen"),
    [
        (listed("WEB-1"), True),
        (listed("WEB-1$"), True),
        (listed("web-1", "WEB-1.lab.example"), True),
        (listed("web-1", "web-1.lab.example."), True),
        (listed("other", "web-1.lab.example"), True),
        (listed("db-1"), True),
        (listed("db-1", "db-1.lab.example"), True),
        (listed("db-1", "db-1.other.example"), False),
        (listed("db-1.lab.example"), True),
        (listed("esx01"), True),
        (listed("pc-1"), True),
        (listed("app-1"), True),
        (listed("4711"), True),
        (listed("web-10"), False),
        (listed("web"), False),
        (listed("lab"), False),
        (listed("<script>", "=cmd()"), False),
        (listed("10.0.0.1"), False),
    ],
)
def test_a_machine_is_found_by_any_of_its_names(machine, is_seen):
    found, _ = reasons(machine, **ESTATE)
    assert found == ["seen" if is_seen else "not_seen"]


def test_a_machine_of_another_company_is_seen():
    assert reasons(listed("web-1", entity_id="fabrikam"), **ESTATE)[0] == ["seen"]


def test_two_addresses_of_one_net_are_two_machines():
    oses = table("oses", {"ose_id": "1", "name": "10.0.0.1"})
    assert reasons(listed("10.0.0.1"), listed("10.0.0.2"), oses=oses)[0] == ["seen", "not_seen"]


def test_without_any_export_of_machines_every_one_is_unseen():
    assert reasons(listed("a"), listed("b"))[0] == ["not_seen", "not_seen"]


@pytest.mark.parametrize(
    ("day", "age", "reason"),
    [
        (date(2026, 5, 31), "30", "not_seen"),
        (date(2026, 5, 30), "30", "long_unseen"),
        (date(2020, 1, 1), "any", "not_seen"),
        (None, "30", "not_seen"),
    ],
)
def test_the_age_of_the_last_sign_counts_only_by_policy(day, age, reason):
    assert reasons(listed("a", last_seen=day), policies={"unseen_machine_age": age})[0] == [reason]


def test_what_the_list_calls_retired_is_told_apart():
    machines = (listed("a", is_active=False, kind="server"), listed("b", is_active=True, kind="server"), listed("c"))
    found, answer = reasons(*machines, listed("web-1", is_active=False), **ESTATE)
    assert found == ["gone", "not_seen", "not_seen", "seen"]
    told = answer["findings_of_unseen_machines"].collect().row(0, named=True)
    assert told["statement"] == (
        "No export shows 2 machines of active directory: 1 server, 0 workstations, 1 of a kind that is not known. "
        "1 more is disabled, retired or long without a sign in the list."
    )
    assert (told["severity"], told["subject_id"]) == ("warning", "b")
    assert answer["unseen_machines"].collect()["machine"].to_list() == ["a", "b", "c"]


def test_a_machine_of_two_lists_is_counted_once():
    _, found = reasons(listed("a", "a.x.example"), listed("A", source="servicenow"))
    assert found["unseen_machines"].collect().height == 2
    (statement,) = found["findings_of_unseen_machines"].collect()["statement"]
    assert statement.startswith("No export shows 1 machine of active directory and servicenow: ")


def test_nothing_in_use_is_unseen():
    _, found = reasons(listed("a", is_active=False))
    (told,) = found["findings_of_unseen_machines"].collect().select("severity", "statement").rows()
    assert told[0] == "info"
    assert told[1].startswith("An export shows every machine of active directory that is in use. 1 more is")


def test_where_every_machine_is_seen_there_is_no_finding():
    _, found = reasons(listed("web-1"), **ESTATE)
    assert found["findings_of_unseen_machines"].collect().is_empty()
    assert found["unseen_machines"].collect().is_empty()


def test_every_row_is_accounted_for(tmp_path):
    machines = table("known_machines", listed("a"), listed("web-1"))
    _, found = reasons(listed("a"), listed("web-1"), **ESTATE)
    counts = pl.DataFrame({"table": ["known_machines"], "read": [2]}, schema={"table": pl.String, "read": pl.Int64})
    answer = accounts({"known_machines": machines}, {}, found, counts, tmp_path, tmp_path).collect()
    assert answer.select("outcome", "reason", "rows").rows() == [("used", "not_seen", 1), ("used", "seen", 1)]
