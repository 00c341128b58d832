from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover, failover_eligibility, failover_passive, failover_rights
from lmanalytics.rules.trace import EXPLANATION
from lmanalytics.schemas import ANSWERS
from tests.facts.estates import AS_OF, estate, guest, host, table

LATER, LAPSED = date(2027, 6, 30), date(2026, 6, 29)
SQL = {"product": "SQL Server", "edition": "Standard", "is_readable": False}
PRIMARY = {"install_id": "sql", "ose_id": "primary", **SQL}


def copy(ose, role="passive_ha", **changed):
    return {"install_id": f"sql-{ose}", "ose_id": ose, "role": role, "primary_install_id": "sql", **SQL, **changed}


def licenses(*held):
    """Hold (edition, metric, quantity), each with Software Assurance unless a fourth says otherwise."""
    rows = [
        {"entity_id": "main", "license_id": f"l{i}", "product": "SQL Server", "edition": h[0], "metric": h[1],
         "quantity": h[2], "sa_active": (*h, True)[3]}
        for i, h in enumerate(held)
    ]  # fmt: skip
    return pl.LazyFrame(rows, schema=ANSWERS["licenses"].schema)


def given(copies, oses=(), hosts=(), held=(("Standard", "core", 99),), day=AS_OF, **tables):
    facts = estate([host(), *hosts], [guest("primary", vcpus=8), *oses], as_of=day)
    return {
        "installs": table("installs", PRIMARY, *copies),
        "facts_oses": facts["oses"],
        "facts_hosts": facts["hosts"],
        "licenses": licenses(*held),
        **tables,
    }


def decided(inputs, day=AS_OF, **policies):
    found = failover.answers(inputs, Settings(day, policies))["failover"].collect()
    return {r["install_id"]: (r["is_free"], r["reason"], r["licenses_saved"]) for r in found.to_dicts()}


def own(name, **changed):
    return guest(name, "h1", **{"vcpus": 8, **changed})


def azure(name, **changed):
    return guest(name, None, **{"vcpus": 8, "location": "azure", "license_source": "own", **changed})


def test_one_of_each_kind_is_free():
    copies = [copy("a"), copy("b", "passive_dr"), copy("c", "passive_dr_azure")]
    inputs = given(copies, [own("a"), own("b"), azure("c")])
    assert decided(inputs) == {f"sql-{o}": (True, "free", 8) for o in "abc"}


def test_the_answer_has_the_contract_s_form_and_free_installs_are_those_of_the_answer():
    inputs = given([copy("b", is_readable=True), copy("a")], [own("a"), own("b")])
    answer = failover.answers(inputs, Settings(AS_OF))["failover"].collect()
    assert answer.schema == ANSWERS["failover"].schema
    assert answer["install_id"].to_list() == ["sql-a", "sql-b"]
    free = failover.free_installs(inputs, Settings(AS_OF)).collect()
    assert free.rows() == [("sql-a", "main", True, "free"), ("sql-b", "main", False, "serves_reads")]


def test_one_before_november_2019():
    copies = [copy("a"), copy("b", "passive_dr"), copy("c", "passive_dr_azure")]
    copies = [c | {"observed_on": date(2019, 10, 31)} for c in copies]
    oses = [o | {"observed_on": date(2019, 10, 31)} for o in (own("a"), own("b"), azure("c"))]
    facts = estate(
        [host(observed_on=date(2019, 10, 31))],
        [guest("primary", vcpus=8, observed_on=date(2019, 10, 31)), *oses],
        as_of=date(2019, 10, 31),
    )
    inputs = {"installs": table("installs", PRIMARY | {"observed_on": date(2019, 10, 31)}, *copies), "facts_oses": facts["oses"],
              "facts_hosts": facts["hosts"], "licenses": licenses(("Standard", "core", 99))}  # fmt: skip
    free = {name: is_free for name, (is_free, _, _) in decided(inputs, date(2019, 10, 31)).items()}
    assert free == {"sql-a": True, "sql-b": False, "sql-c": False}
    assert all(is_free for is_free, _, _ in decided(inputs, date(2019, 11, 1)).values())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"is_readable": True}, "serves_reads"),
        ({"is_readable": None}, "reads_unknown"),
        ({"primary_install_id": None}, "no_primary"),
        ({"primary_install_id": "nothing"}, "primary_unknown"),
        ({"edition": "Developer"}, "no_own_license"),
        ({"is_evaluation": True}, "no_own_license"),
        ({"ose_id": "primary"}, "ose_is_active"),
        ({"ose_id": "nowhere"}, "cores_unknown"),
    ],
)
def test_what_the_copy_itself_lacks(changed, reason):
    found = decided(given([copy("a", **changed)], [own("a")]))
    unknown = failover_eligibility.UNKNOWN
    assert found["sql-a"] == (None if reason in unknown else False, reason, None if reason in unknown else 0)


def test_a_copy_of_a_copy():
    copies = [copy("a"), copy("b", "passive_dr", primary_install_id="sql-a")]
    assert decided(given(copies, [own("a"), own("b")]))["sql-b"][1] == "primary_is_passive"


@pytest.mark.parametrize(("vcpus", "free"), [(7, True), (8, True), (9, False), (None, None)])
def test_no_more_licenses_than_the_primary(vcpus, free):
    found = decided(given([copy("a")], [own("a", vcpus=vcpus)]))["sql-a"]
    assert found[0] is free
    assert found[1] == {True: "free", False: "more_than_primary", None: "cores_unknown"}[free]


def test_a_copy_too_large_leaves_its_right_to_another():
    found = decided(given([copy("a"), copy("b")], [own("a", vcpus=64), own("b", vcpus=2)]))
    assert found["sql-a"][1] == "more_than_primary"
    assert found["sql-b"] == (True, "free", 4)


def test_a_copy_for_two_primaries_is_measured_against_both():
    second = PRIMARY | {"install_id": "sql2", "ose_id": "primary2"}
    copies = [second, copy("a"), copy("a", install_id="sql2-a", primary_install_id="sql2")]
    inputs = given(copies, [own("a", vcpus=16), guest("primary2", vcpus=8)])
    assert decided(inputs) == {"sql-a": (True, "free", 16), "sql2-a": (True, "free", 0)}


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        ([("Standard", "core", 8)], "free"),
        ([("Standard", "core", 7)], "no_software_assurance"),
        ([("Standard", "core", 8, False)], "no_software_assurance"),
        ([("Enterprise", "core", 8)], "free"),
        ([("Standard", "server", 1)], "access_unknown"),
        ([], "no_software_assurance"),
    ],
)
def test_software_assurance_on_the_server(held, reason):
    assert decided(given([copy("a")], [own("a")], held=held))["sql-a"][1] == reason


def test_without_licenses_it_is_not_known():
    inputs = given([copy("a")], [own("a")])
    del inputs["licenses"]
    assert decided(inputs)["sql-a"] == (None, "software_assurance_unknown", None)


@pytest.mark.parametrize(
    ("until", "reason"), [(AS_OF, "free"), (LAPSED, "access_without_sa"), (None, "access_unknown")]
)
@pytest.mark.parametrize("scope", [{}, {"ose_id": "primary"}, {"host_id": "h1"}])
def test_software_assurance_on_the_cals_of_a_server_license(until, reason, scope):
    cal = {
        "access_id": "c",
        "product": "SQL Server CAL",
        "kind": "user_cal",
        "quantity": 9,
        "sa_active_until": until,
        **scope,
    }
    other = {
        "access_id": "d",
        "product": "Exchange Server CAL",
        "kind": "user_cal",
        "quantity": 9,
        "sa_active_until": LAPSED,
    }
    access = table("access_licenses", cal, other)
    inputs = given([copy("a")], [own("a", vcpus=64)], held=[("Standard", "server", 1)], access_licenses=access)
    assert decided(inputs)["sql-a"][1] == reason
    assert decided(inputs)["sql-a"][2] == {"free": 1, "access_without_sa": 0, "access_unknown": None}[reason]


def test_core_licenses_need_no_cals():
    cal = {"access_id": "c", "product": "SQL Server CAL", "kind": "user_cal", "quantity": 9, "sa_active_until": LAPSED}
    assert decided(given([copy("a")], [own("a")], access_licenses=table("access_licenses", cal)))["sql-a"][1] == "free"


def test_enterprise_on_all_cores_of_a_host_covers_every_primary_on_it():
    oses = [guest(f"p{i}", vcpus=8, host_id="h1") for i in range(4)] + [own("a")]
    installs = [{"install_id": f"e{i}", "ose_id": f"p{i}", **SQL, "edition": "Enterprise"} for i in range(4)]
    copies = [copy("a", install_id=f"c{i}", primary_install_id=f"e{i}") for i in range(4)]
    inputs = given([*installs, *copies], oses, held=[("Enterprise", "core", 16)])
    assert {found[:2] for found in decided(inputs).values()} == {(True, "free")}
    short = given([*installs, *copies], oses, held=[("Enterprise", "core", 15)])
    assert "no_software_assurance" in {found[1] for found in decided(short).values()}


def test_at_a_partner_the_copy_is_at_the_same_one():
    shared = {"location": "provider_shared", "license_source": "own", "vcpus": 8}
    primary = [guest("p2", None, provider="Contoso", **shared)]
    second = PRIMARY | {"install_id": "sql2", "ose_id": "p2"}
    for provider, expected in (("Contoso", "free"), ("Fabrikam", "no_right"), (None, "no_right")):
        oses = [*primary, guest("a", None, provider=provider, **shared)]
        inputs = given([second, copy("a", primary_install_id="sql2")], oses)
        assert decided(inputs)["sql-a"][1] == expected


def test_another_copy_in_the_ose():
    copies = [copy("a"), copy("a", install_id="x", is_readable=True)]
    assert decided(given(copies, [own("a")])) == {"sql-a": (False, "ose_not_free", 0), "x": (False, "serves_reads", 0)}
    copies = [copy("a"), copy("a", install_id="x", is_readable=None)]
    assert decided(given(copies, [own("a")]))["sql-a"] == (None, "ose_unknown", None)


def test_the_latest_row_counts_and_none_after_the_day():
    rows = [
        copy("a", is_readable=True, observed_on=date(2026, 1, 1)),
        copy("a"),
        copy("a", is_readable=True, observed_on=LATER),
    ]
    assert decided(given(rows, [own("a")]))["sql-a"][1] == "free"
    rows = [copy("a", observed_on=date(2026, 1, 1)), copy("a", role="active", primary_install_id=None)]
    assert decided(given(rows, [own("a")])) == {}


def test_other_products_and_companies_are_left_aside():
    other = copy("a", product="Exchange Server", install_id="x")
    stranger = copy("a", install_id="y", entity_id="other")
    found = decided(given([other, stranger], [own("a")]))
    assert found == {"y": (None, "primary_unknown", None)}


def test_findings_count_the_copies_of_each_reason():
    copies = [
        copy("a", is_readable=True),
        copy("b", is_readable=True),
        copy("c"),
        copy("d", edition="Express"),
        copy("e", is_readable=None),
    ]
    inputs = given(copies, [own(o) for o in "abcde"])
    found = failover.answers(inputs, Settings(AS_OF))["findings"].collect()
    assert found.select("finding_id", "severity").rows() == [
        ("failover:main:reads_unknown", "warning"),
        ("failover:main:serves_reads", "info"),
    ]
    assert ": 2." in found["statement"][1]
    assert found.schema == ANSWERS["findings"].schema


def test_a_copy_and_an_ose_are_explained():
    inputs = given([copy("a"), copy("a", install_id="x")], [own("a")])
    lines = failover.explain_subject(inputs, Settings(AS_OF), "sql-a")
    assert lines.schema == EXPLANATION
    assert lines.filter(pl.col("rule") == "failover_passive.is_free")["value"].to_list() == ["True"]
    assert lines["subject"].unique().to_list() == ["sql-a"]
    assert sorted(failover.explain_subject(inputs, Settings(AS_OF), "a")["subject"].unique()) == ["sql-a", "x"]
    assert failover.explain_subject(inputs, Settings(AS_OF), "nothing").is_empty()


def test_every_reason_has_a_sentence_of_its_own_module():
    reasons = [*failover_eligibility.Reason, *failover_rights.Reason, *failover_passive.Reason]
    assert len({r.code for r in reasons}) == len(reasons)
