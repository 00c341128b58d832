from datetime import date, datetime, timedelta

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import recovery
from lmanalytics.rules.trace import EXPLANATION
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

NOON = datetime(2026, 3, 2, 12)  # noqa: DTZ001 (logs of runs name no zone)
LATER, BEFORE = date(2027, 6, 30), date(2026, 3, 1)
WINDOWS = ("Windows Server", date(2025, 7, 1), LATER)
HOSTS = [host("h1", cluster_id="c1", hypervisor="hyper_v"), host("dr", hypervisor="hyper_v", is_dr_dedicated=True)]
PRODUCTION = guest("web", "h1")
BACKUP = guest("web-dr", "dr", environment="disaster_recovery", is_running=False)
CAL = {"access_id": "c", "product": "Windows Server CAL", "kind": "user_cal", "quantity": 9, "sa_active_until": LATER}


def run(run_id="r", hours=0, length=3, **changed):
    times = {"started_at": NOON + timedelta(hours=hours), "ended_at": NOON + timedelta(hours=hours + length)}
    return {"run_id": run_id, "ose_id": "web-dr", "production_ose_id": "web", "purpose": "test", "target": "customer_server",
            **times, **changed}  # fmt: skip


def licenses(*held):
    """Hold licenses of (product, SA from, SA to)."""
    rows = [
        {"entity_id": "main", "license_id": f"l{i}", "product": product, "metric": "core", "quantity": 16,
         "valid_from": date(2020, 1, 1), "sa_start": start, "sa_end": end, "is_perpetual": True, "reason": "purchased",
         "sa_active": end is not None and end >= AS_OF}
        for i, (product, start, end) in enumerate(held)
    ]  # fmt: skip
    return pl.LazyFrame(rows, schema=ANSWERS["licenses"].schema)


def given(*runs, hosts=(), oses=(), held=(WINDOWS,), access=(CAL,), **tables):
    facts = estate([*HOSTS, *hosts], [PRODUCTION, BACKUP, *oses])
    return {
        "recovery_runs": table("recovery_runs", *(runs or [run()])),
        "facts_hosts": facts["hosts"],
        "facts_oses": facts["oses"],
        "licenses": licenses(*held),
        "access_licenses": table("access_licenses", *access),
        **tables,
    }


def decided(inputs, **policies):
    found = recovery.answers(inputs, Settings(AS_OF, policies))["disaster_recovery"].collect()
    return {r["run_id"]: (r["is_permitted"], r["reason"]) for r in found.to_dicts()}


def reason(inputs, **policies):
    return decided(inputs, **policies)["r"][1]


def test_a_test_on_a_dedicated_server():
    found = recovery.answers(given(), Settings(AS_OF))["disaster_recovery"].collect()
    assert found.schema == ANSWERS["disaster_recovery"].schema
    row = found.to_dicts()[0]
    assert (row["is_permitted"], row["reason"], row["rule"]) == (True, "test", "disaster_recovery_verdict.is_permitted")
    assert (row["window_opens"], row["window_closes"]) == (date(2026, 3, 2), date(2026, 3, 8))
    assert row["next_opens"] == date(2026, 5, 31)


def test_runs_of_each_purpose():
    down = {"production_down_from": NOON + timedelta(hours=100), "production_down_to": NOON + timedelta(hours=110)}
    runs = [
        run("test"),
        run("late test", 24 * 20),
        run("disaster", 100, 10, purpose="disaster", **down),
        run("went on", 100, 11, purpose="disaster", **down),
        run("transfer", 112, 2, purpose="transfer", **down),
    ]
    assert decided(given(*runs)) == {
        "test": (True, "test"),
        "late test": (False, "outside_test_window"),
        "disaster": (True, "disaster"),
        "went on": (False, "after_outage"),
        "transfer": (True, "transfer"),
    }


@pytest.mark.parametrize(
    ("changed", "hosts", "oses", "expected"),
    [
        ({"cluster_id": "c1"}, [], [], "same_cluster"),
        ({"cluster_id": "c2"}, [], [], "test"),
        ({"ose_id": "other"}, [], [guest("other", "h1", cluster_id="c1")], "same_cluster"),
        ({"ose_id": "other"}, [host("h2", cluster_id="c1")], [guest("other", "h2")], "same_cluster"),
        ({"ose_id": "other"}, [host("h2")], [guest("other", "h2")], "not_dedicated"),
        ({"ose_id": "other"}, [], [guest("other", None)], "dedicated_unknown"),
        ({"ose_id": "nowhere"}, [], [], "production_unknown"),
        ({"production_ose_id": "nowhere"}, [], [], "production_unknown"),
        ({"ose_id": "other"}, [host("h2", operator="authorized_outsourcer", is_dr_dedicated=True)], [guest("other", "h2")], "test"),
        ({"ose_id": "other"}, [host("h2", operator="listed_provider", is_dr_dedicated=True)], [guest("other", "h2")],
         "listed_provider_unknown"),
    ],
)  # fmt: skip
def test_the_place(changed, hosts, oses, expected):
    assert reason(given(run(**changed), hosts=hosts, oses=oses)) == expected


def test_two_oses_on_one_server_without_a_cluster():
    oses = [guest("p2", "dr"), guest("other", "dr")]
    assert reason(given(run(ose_id="other", production_ose_id="p2"), oses=oses)) == "same_server"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("azure_hybrid_benefit", "test"),
        ("license_included", "test"),
        ("own", "windows_in_azure"),
        (None, "windows_license_unknown"),
    ],
)
def test_windows_in_azure(source, expected):
    other = guest("other", None, location="azure", license_source=source)
    inputs = given(run(ose_id="other", target="azure_site_recovery"), oses=[other])
    assert reason(inputs) == expected
    found = recovery.answers(inputs, Settings(AS_OF))["disaster_recovery"].collect()
    assert found["is_license_used_twice"].item() is (source == "azure_hybrid_benefit")


def test_in_azure_without_site_recovery():
    other = guest("other", None, location="azure", license_source="azure_hybrid_benefit")
    assert reason(given(run(ose_id="other"), oses=[other])) == "not_site_recovery"


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([WINDOWS], "test"),
        ([("Windows Server", date(2026, 3, 2), date(2026, 3, 2))], "test"),
        ([("Windows Server", date(2026, 3, 3), LATER)], "no_software_assurance"),
        ([("Windows Server", date(2020, 1, 1), BEFORE)], "no_software_assurance"),
        ([("Windows Server", None, None)], "no_software_assurance"),
        ([("Windows Server", None, None), WINDOWS], "test"),
        ([("SQL Server", date(2020, 1, 1), LATER)], "no_software_assurance"),
        ([], "no_software_assurance"),
    ],
)
def test_software_assurance_on_the_day_of_the_run(held, expected):
    assert reason(given(held=held)) == expected


def test_some_licenses_may_not_be_those_of_the_server():
    inputs = given(held=[("Windows Server", None, None), WINDOWS])
    assert reason(inputs, partial_software_assurance="not_computable") == "assurance_unknown"


def test_coverage_of_which_the_end_is_not_known():
    bought = licenses(("Windows Server", date(2020, 1, 1), None)).with_columns(reason=pl.lit("sa_end_unknown"))
    assert reason(given() | {"licenses": bought}) == "assurance_unknown"


def test_stated_coverage_has_no_dates():
    stated = licenses(("Windows Server", None, None)).with_columns(
        sa_active=pl.lit(value=True), valid_from=pl.lit(None, pl.Date)
    )
    assert reason(given() | {"licenses": stated}) == "test"


def test_coverage_ends_during_the_run():
    held = [("Windows Server", date(2020, 1, 1), date(2026, 3, 2))]
    assert reason(given(run(length=24), held=held)) == "no_software_assurance"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sa_active_until": date(2026, 3, 2)}, "test"),
        ({"sa_active_until": BEFORE}, "access_without_sa"),
        ({"sa_active_until": None}, "access_unknown"),
        ({"sa_active_until": BEFORE, "product": "SQL Server CAL"}, "test"),
        ({"sa_active_until": BEFORE, "product": "Core CAL Suite"}, "access_without_sa"),
        (
            {"sa_active_until": BEFORE, "product": "Windows Server External Connector", "kind": "external_connector"},
            "access_without_sa",
        ),
        (
            {"sa_active_until": BEFORE, "product": "System Center", "kind": "server_management_license"},
            "access_without_sa",
        ),
        ({"sa_active_until": BEFORE, "product": "Exchange Server CAL", "ose_id": "web"}, "access_without_sa"),
        ({"sa_active_until": BEFORE, "product": "Exchange Server CAL", "ose_id": "web-dr"}, "access_without_sa"),
        ({"sa_active_until": BEFORE, "host_id": "h1"}, "access_without_sa"),
        ({"sa_active_until": BEFORE, "ose_id": "another"}, "test"),
    ],
)
def test_every_access_license_under_which_it_is_used(changed, expected):
    assert reason(given(access=[CAL, CAL | {"access_id": "d"} | changed])) == expected


def test_server_software_in_the_ose_needs_it_too():
    sql = {"install_id": "i", "ose_id": "web", "product": "SQL Server", "edition": "Standard"}
    assert reason(given(installs=table("installs", sql))) == "no_software_assurance"
    held = [WINDOWS, ("SQL Server", date(2020, 1, 1), LATER)]
    assert reason(given(installs=table("installs", sql), held=held)) == "test"
    for free in ({"edition": "Developer"}, {"license_source": "spla"}, {"product": "Office"}, {"is_evaluation": True}):
        assert reason(given(installs=table("installs", sql | free))) == "test"


def test_linux_alone_needs_no_licenses():
    oses = [guest("p2", "h1", os_product="Linux"), guest("other", "dr", os_product="Linux")]
    assert reason(given(run(ose_id="other", production_ose_id="p2"), oses=oses, held=[])) == "test"


def test_a_second_backup_meanwhile():
    runs = [run("a"), run("b", 1, ose_id="other")]
    found = decided(given(*runs, oses=[guest("other", "dr")]))
    assert found == {"a": (True, "test"), "b": (False, "second_backup")}


def test_what_no_table_tells_is_not_known_unless_something_else_fails():
    runs = table("recovery_runs", run(), run("late", 24 * 20))
    found = decided({"recovery_runs": runs})
    assert found == {"r": (None, "production_unknown"), "late": (False, "outside_test_window")}
    inputs = given()
    for absent, expected in (
        ("licenses", "assurance_unknown"),
        ("access_licenses", "access_unknown"),
        ("facts_hosts", "dedicated_unknown"),
    ):
        assert reason({k: v for k, v in inputs.items() if k != absent}) == expected


def test_each_row_has_one_outcome():
    runs = [run(), run("late", 24 * 20), run("after", 24 * 200), run("open", ose_id="nowhere", hours=1000)]
    found = recovery.answers(given(*runs), Settings(AS_OF))
    outcomes = found["recovery_runs_outcomes"].collect()
    assert outcomes.select("row_id", "outcome", "reason").rows() == [
        (1, "used", "test"),
        (2, "used", "outside_test_window"),
        (3, "excluded", "after_as_of"),
        (4, "not_computable", "production_unknown"),
    ]
    assert outcomes["product"].to_list() == ["Windows Server", "Windows Server", None, "Windows Server"]
    assert found["disaster_recovery"].collect().height == 3


def test_findings_count_the_runs_of_each_reason():
    outsourced = host("h2", operator="authorized_outsourcer", is_dr_dedicated=True)
    runs = [
        run("a", 24 * 20),
        run("b", 24 * 21),
        run("c"),
        run("d", 24 * 30, ose_id="nowhere"),
        run("e", 24 * 40, ose_id="other"),
    ]
    found = recovery.answers(given(*runs, hosts=[outsourced], oses=[guest("other", "h2")]), Settings(AS_OF))[
        "findings"
    ].collect()
    assert found.select("finding_id", "severity").rows() == [
        ("disaster_recovery:main:outside_test_window", "error"),
        ("disaster_recovery:main:outsourced", "info"),
        ("disaster_recovery:main:production_unknown", "warning"),
    ]
    assert ": 2." in found["statement"][0]
    assert found.schema == ANSWERS["findings"].schema


def test_a_run_and_an_ose_are_explained():
    inputs = given(run(), run("late", 24 * 20))
    lines = recovery.explain_subject(inputs, Settings(AS_OF), "late")
    assert lines.schema == EXPLANATION
    assert lines.filter(pl.col("rule") == "disaster_recovery_verdict.reason")["value"].to_list() == [
        "outside_test_window"
    ]
    assert lines["subject"].unique().to_list() == ["late"]
    assert sorted(recovery.explain_subject(inputs, Settings(AS_OF), "web-dr")["subject"].unique()) == ["late", "r"]
    assert recovery.explain_subject(inputs, Settings(AS_OF), "nothing").is_empty()
