"""The topic: estates in, server-years, findings and outcomes out."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from lmanalytics.rules.benefit import _esu_years, esu
from lmanalytics.rules.engine import Reason
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.register import reasons
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.esu_estates import DAY, answered, inputs, sa, years

ONE = {"hosts": [{"host_id": "h1"}], "oses": [{"ose_id": "v1", "host_id": "h1"}]}
SOME = [sa(date(2027, 12, 31))]
FIRST = {"esu_year": 1, "coverage_start": date(2023, 10, 11), "coverage_end": date(2024, 10, 8)}
SECOND = {"esu_year": 2, "coverage_start": date(2024, 10, 9), "coverage_end": date(2025, 10, 14)}


def covered(*rows, **more):
    """Eight licenses for v1 in each of these years."""
    return [{"coverage_id": f"c{n}", "ose_id": "v1", "quantity": 8} | row | more for n, row in enumerate(rows)]


def only(rows, **wanted):
    found = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    assert len(found) == 1, found
    return found[0]


def told(row, *columns):
    return tuple(row[c] for c in columns)


def test_a_machine_without_coverage():
    row = only(years(licenses=SOME, **ONE))
    assert told(row, "subject_kind", "subject_id", "version", "edition", "esu_year", "state") == (
        "ose", "v1", "2012 R2", "Standard", 3, "live",
    )  # fmt: skip
    assert told(row, "period_start", "period_end") == (date(2025, 10, 15), date(2026, 10, 13))
    assert told(row, "licenses_required", "licenses_covered", "gap") == (8, 0, 8)
    assert told(row, "is_eligible", "must_also_buy", "reason") == (True, ["1", "2"], "years_missing")


def test_every_year_is_covered():
    rows = years(licenses=SOME, esu_coverage=covered(FIRST, SECOND, {}), **ONE)
    assert [told(r, "esu_year", "gap", "must_also_buy", "reason") for r in rows] == [
        (1, 0, [], "recorded"), (2, 0, [], "recorded"), (3, 0, [], "recorded"),
    ]  # fmt: skip


def test_a_missing_year_shows_on_the_years_after_it():
    rows = years(licenses=SOME, esu_coverage=covered(FIRST, {}), **ONE)
    assert [told(r, "esu_year", "gap", "must_also_buy") for r in rows] == [(1, 0, []), (3, 0, ["2"])]


def test_partial_coverage():
    row = only(years(licenses=SOME, esu_coverage=covered(FIRST, SECOND, {"quantity": 6}), **ONE), esu_year=3)
    assert told(row, "licenses_covered", "gap", "reason") == (6, 2, "partly")


def test_purchases_that_name_no_server_cover_it_and_count_as_years():
    bought = [{"purchase_id": f"p{y}", "esu_year": y, "quantity": 1, "licenses_per_unit": 16} for y in (1, 2, 3)]
    rows = years(licenses=SOME, purchases=bought, **ONE)
    assert [told(r, "esu_year", "licenses_covered", "must_also_buy", "reason") for r in rows] == [
        (1, 8, [], "from_purchases"), (2, 8, [], "from_purchases"), (3, 8, [], "from_purchases"),
    ]  # fmt: skip


def test_recorded_coverage_uses_up_the_purchases():
    bought = [{"purchase_id": "p", "esu_year": 3, "quantity": 8}]
    more = {"hosts": ONE["hosts"], "oses": [*ONE["oses"], {"ose_id": "v2"}]}
    rows = years(licenses=SOME, purchases=bought, esu_coverage=covered({}), **more)
    assert only(rows, subject_id="v2")["licenses_covered"] == 0


def test_a_purchase_for_a_host_covers_it():
    bought = [{"purchase_id": "p", "esu_year": 3, "quantity": 16, "tied_to_host_id": "h1"}]
    row = only(years(licenses=SOME, purchases=bought, **ONE))
    assert told(row, "subject_kind", "subject_id", "licenses_required", "licenses_covered") == ("host", "h1", 16, 16)


def test_purchases_after_the_position_do_not_count():
    late = [{"purchase_id": "p", "esu_year": 3, "quantity": 8, "order_date": DAY + timedelta(days=1)}]
    assert only(years(licenses=SOME, purchases=late, **ONE))["licenses_covered"] == 0


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2023, 10, 10), [(1, "upcoming")]),
        (date(2023, 10, 11), [(1, "live")]),
        (date(2024, 10, 9), [(2, "live")]),
        (date(2026, 10, 13), [(3, "live")]),
        (date(2026, 10, 14), []),
    ],
)
def test_the_year_that_is_live_or_next(day, expected):
    seen = {"observed_on": date(2023, 1, 1)}
    rows = years(day, hosts=[{"host_id": "h1"} | seen], oses=[{"ose_id": "v1", "host_id": "h1"} | seen])
    assert [told(r, "esu_year", "state") for r in rows] == expected


@pytest.mark.parametrize(
    ("oses", "expected"),
    [
        (2, {("ose", "v0", 8), ("ose", "v1", 8)}),
        (3, {("ose", "v0", 8), ("ose", "v1", 8), ("ose", "v2", 8)}),
    ],
)
def test_machines_by_themselves(oses, expected):
    rows = years(hosts=[{"host_id": "h1"}], oses=[{"ose_id": f"v{n}", "host_id": "h1"} for n in range(oses)])
    assert {told(r, "subject_kind", "subject_id", "licenses_required") for r in rows} == expected


def test_both_versions_of_one_offer_share_the_server():
    two = [{"ose_id": "v1", "host_id": "h1", "vcpus": 12}, {"ose_id": "v2", "host_id": "h1", "os_version": "2012"}]
    row = only(years(hosts=[{"host_id": "h1"}], oses=two))
    assert told(row, "subject_kind", "subject_id", "licenses_required", "basis", "version") == (
        "host", "h1", 16, "physical_cores", "2012 R2",
    )  # fmt: skip


def test_a_physical_server_takes_its_guests_with_it():
    host = {"host_id": "h1", "hypervisor": "none", "host_os_product": "Windows Server", "host_os_version": "2012 R2",
            "physical_cores": 8, "processors": 1}  # fmt: skip
    row = only(years(hosts=[host], oses=[]))
    assert told(row, "subject_kind", "licenses_required", "version") == ("host", 16, "2012 R2")


def test_datacenter_counts_the_cores_once():
    guests = [
        {"ose_id": f"v{n}", "host_id": "h1", "vcpus": 8, "os_edition": "Datacenter" if n == 0 else "Standard"}
        for n in range(6)
    ]
    row = only(years(hosts=[{"host_id": "h1"}], oses=guests))
    assert told(row, "edition", "licenses_required") == ("Datacenter", 16)


def test_the_plan_names_the_edition_of_the_server():
    guests = [{"ose_id": f"v{n}", "host_id": "h1"} for n in range(6)]
    plan = {
        "entity_id": ["main"], "subject_kind": ["host"], "subject_id": ["h1"], "product": ["Windows Server"],
        "metric": ["core"], "option": ["datacenter_physical_cores"], "edition": ["Datacenter"],
    }  # fmt: skip
    row = only(years(plan=plan, hosts=[{"host_id": "h1"}], oses=guests))
    assert told(row, "subject_id", "edition", "licenses_required") == ("h1", "Datacenter", 16)


def test_templates_and_what_is_switched_off_need_nothing():
    off = [{"ose_id": "t", "is_template": True}, {"ose_id": "o", "is_running": False}]
    assert years(hosts=[{"host_id": "h1"}], oses=off) == []


def test_only_the_latest_snapshot_counts():
    old = {"ose_id": "v1", "host_id": "h1", "observed_on": date(2025, 12, 1)}
    new = {"ose_id": "v1", "host_id": "h1", "os_version": "2022"}
    assert years(hosts=[{"host_id": "h1"}], oses=[old, new]) == []


@pytest.mark.parametrize(
    ("location", "source", "provider", "expected"),
    [
        ("azure", "own", None, (True, 0, "free")),
        ("azure_stack", "own", None, (True, 0, "free")),
        ("provider_shared", "license_included", "AWS", (True, 8, "hosted")),
        ("provider_shared", "license_included", "Interoute", (True, 8, "hosted")),
        ("provider_shared", "license_included", "Contoso Cloud", (None, 8, "host_unknown")),
        ("provider_shared", "license_included", None, (None, 8, "host_unknown")),
    ],
)
def test_places(location, source, provider, expected):
    oses = [{"ose_id": "v1", "location": location, "license_source": source, "provider": provider}]
    row = only(years(oses=oses, hosts=[]))
    reason = row["reason"] if row["reason"] != "years_missing" else "hosted"
    assert (row["is_eligible"], row["licenses_required"], reason) == expected


@pytest.mark.parametrize(("is_partner", "reason"), [(False, "host_not_authorized"), (True, "hosted")])
def test_a_provider_licenses_updated_servers_as_a_partner_alone(is_partner, reason):
    stated = {"provider": "Contoso", "valid_from": date(2020, 1, 1), "is_listed_provider": False}
    ose = {"ose_id": "v1", "location": "provider_shared", "license_source": "spla", "provider": "Contoso"}
    found = years(oses=[ose], hosts=[], providers=[stated | {"is_authorized_mobility_partner": is_partner}])
    row = only(found)
    assert (row["is_eligible"], row["must_also_buy"]) == (is_partner, ["1", "2"] if is_partner else [])
    assert row["reason"] == ("years_missing" if is_partner else reason)


@pytest.mark.parametrize(
    ("install", "expected"),
    [
        ({}, [("Exchange Server", "2019", 1, 1, "none_left")]),
        ({"version": "2016"}, [("Exchange Server", "2016", 1, 1, "none_left")]),
        ({"product": "Skype for Business Server"}, [("Skype for Business Server", "2019", 1, 1, "none_left")]),
        ({"version": "SE"}, []),
        ({"is_evaluation": True}, []),
        ({"ose_id": "off"}, []),
        ({"product": "SharePoint Server"}, []),
        ({"license_source": "spla"}, [("Exchange Server", "2019", 1, 1, "channel_not_offered")]),
    ],
)
def test_exchange_and_skype_servers_need_a_license_each(install, expected):
    oses = [{"ose_id": "v1", "os_version": "2022"}, {"ose_id": "off", "os_version": "2022", "is_running": False}]
    row = {"install_id": "i1", "ose_id": "v1", "product": "Exchange Server", "version": "2019", **install}
    owned = [
        sa(date(2030, 1, 1), product=p, edition="Standard") for p in ("Exchange Server", "Skype for Business Server")
    ]
    found = years(oses=oses, hosts=[], installs=[row], licenses=owned)
    assert [told(r, "product", "version", "esu_year", "licenses_required", "reason") for r in found] == expected


def test_two_installs_in_one_ose_are_one_server():
    rows = [{"install_id": f"i{n}", "ose_id": "v1", "product": "Exchange Server", "version": "2019"} for n in (1, 2)]
    found = years(oses=[{"ose_id": "v1", "os_version": "2022"}], hosts=[], installs=rows)
    assert [r["licenses_required"] for r in found] == [1]


def test_offerings_of_2026_are_charged_in_azure():
    row = only(years(date(2027, 2, 1), oses=[{"ose_id": "v1", "location": "azure", "os_version": "2016"}], hosts=[]))
    assert told(row, "esu_year", "licenses_required", "period_end", "is_eligible") == (1, 8, None, None)


def test_visual_studio_subscriptions_take_the_updates():
    row = only(years(oses=[{"ose_id": "v1", "license_source": "visual_studio"}], hosts=[]))
    assert told(row, "is_eligible", "licenses_required", "reason") == (True, 0, "development")


@pytest.mark.parametrize(
    ("licenses", "expected"),
    [
        (None, (None, "sa_unknown")),
        ([], (False, "no_sa")),
        ([sa(date(2025, 11, 13))], (False, "too_little_sa")),
        ([sa(date(2025, 11, 14))], (True, "years_missing")),
        ([sa(date(2027, 1, 1), 7)], (None, "sa_unknown")),
        ([sa(date(2027, 1, 1), 8)], (True, "years_missing")),
        ([sa(None)], (None, "sa_unknown")),
        ([sa(date(2027, 1, 1), product="SQL Server")], (False, "no_sa")),
    ],
)
def test_software_assurance(licenses, expected):
    assert told(only(years(licenses=licenses, **ONE)), "is_eligible", "reason") == expected


def test_standard_does_not_cover_datacenter():
    guest = [{"ose_id": "v1", "host_id": "h1", "os_edition": "Datacenter"}]
    assert only(years(licenses=SOME, hosts=[{"host_id": "h1"}], oses=guest))["is_eligible"] is False
    both = [*SOME, sa(date(2027, 12, 31), edition="Datacenter")]
    assert only(years(licenses=both, hosts=[{"host_id": "h1"}], oses=guest))["is_eligible"] is True


def test_what_is_recorded_of_software_assurance_decides():
    late = covered(FIRST, SECOND, {"sa_end_at_start": date(2025, 11, 13)})
    found = answered(licenses=SOME, esu_coverage=late, **ONE)
    assert found["esu_coverage_outcomes"]["reason"].to_list() == ["counted", "counted", "too_little_sa"]
    assert only(found["esu"].to_dicts(), esu_year=3)["licenses_covered"] == 0


def test_sql_server():
    installs = [
        {"install_id": "i1", "ose_id": "v1"},
        {"install_id": "i2", "ose_id": "v1", "edition": "Enterprise"},
        {"install_id": "i3", "ose_id": "v2"},
        {"install_id": "i4", "ose_id": "v3", "version": "2022"},
        {"install_id": "i5", "ose_id": "v4", "edition": "Express"},
        {"install_id": "i6", "ose_id": "v5", "edition": "Developer"},
    ]
    new = {"os_version": "2022", "host_id": "h1"}
    oses = [{"ose_id": f"v{n}", "vcpus": 2 * n} | new for n in range(1, 6)]
    rows = years(installs=installs, hosts=[{"host_id": "h1"}], oses=oses)
    found = {row["subject_id"]: told(row, "edition", "esu_year", "licenses_required", "reason") for row in rows}
    assert found == {
        "v1": ("Enterprise", 2, 4, "sa_unknown"),
        "v2": ("Standard", 2, 4, "sa_unknown"),
        "v4": ("Express", 2, 8, "edition_not_offered"),
        "v5": ("Developer", 2, 0, "development"),
    }


def test_sql_server_of_a_recorded_host():
    installs = [{"install_id": f"i{n}", "ose_id": f"v{n}", "edition": "Enterprise"} for n in (1, 2)]
    oses = [{"ose_id": f"v{n}", "host_id": "h1", "os_version": "2022", "vcpus": 20} for n in (1, 2)]
    host = {"coverage_id": "c", "host_id": "h1", "product": "SQL Server", "edition": "Enterprise", "version": "2014",
            "esu_year": 2, "coverage_start": date(2025, 7, 9), "coverage_end": date(2026, 7, 14), "quantity": 16}  # fmt: skip
    row = only(
        years(installs=installs, oses=oses, hosts=[{"host_id": "h1", "physical_cores": 12}], esu_coverage=[host])
    )
    assert told(row, "subject_kind", "licenses_required", "gap") == ("host", 16, 0)


def test_a_machine_of_unknown_size_is_not_computable():
    found = answered(licenses=SOME, hosts=[], oses=[{"ose_id": "v1", "vcpus": None}])
    row = only(found["esu"].to_dicts())
    assert (
        told(row, "licenses_required", "gap", "is_eligible") == (None, None, None) or row["reason"] == "cores_unknown"
    )
    assert "not computable" in found["findings"]["statement"].item()


def test_devices():
    devices = [
        {"device_id": "d1"},
        {"device_id": "d2", "windows_version": "Windows 10 22H2", "windows_edition": "Home"},
        {"device_id": "d3", "windows_version": "11 24H2"},
        {"device_id": "d4", "windows_edition": None},
        {"device_id": "d5", "windows_version": "7 SP1"},
    ]
    rows = years(devices=devices)
    found = {row["subject_id"]: told(row, "esu_year", "licenses_required", "reason") for row in rows}
    assert found == {
        "d1": (1, 1, "none_left"),
        "d2": (1, 1, "edition_not_offered"),
        "d4": (1, 1, "edition_unknown"),
    }


PRICE = {"esu_year": 3, "unit_price": 1600}


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([PRICE], (Decimal(800), "USD")),
        ([PRICE | {"version": "2012"}], (Decimal(800), "USD")),
        ([PRICE | {"edition": None}], (Decimal(800), "USD")),
        ([PRICE, PRICE | {"valid_from": date(2026, 1, 1), "unit_price": 3200}], (Decimal(1600), "USD")),
        ([PRICE, PRICE | {"valid_from": date(2026, 3, 1), "unit_price": 3200}], (Decimal(800), "USD")),
        ([PRICE, PRICE | {"currency": "EUR", "pack_size": 2}], (None, None)),
        ([PRICE | {"esu_year": 2}], (None, None)),
        ([PRICE | {"edition": "Datacenter"}], (None, None)),
        ([], (None, None)),
    ],
)
def test_costs(prices, expected):
    assert told(only(years(licenses=SOME, prices=prices, **ONE)), "cost", "currency") == expected


def test_published_shapes_stand_in_where_a_policy_says_so():
    full = [{"purchase_type": "license", "unit_price": 1000, "version": "2025"}]
    policies = {"esu_published_prices": "used"}
    row = only(years(licenses=SOME, prices=full, policies=policies, **ONE))
    assert told(row, "cost", "currency") == (Decimal(625), "USD")
    assert only(years(licenses=SOME, prices=full, **ONE))["cost"] is None
    device = only(years(policies=policies, devices=[{"device_id": "d1"}], oses=[], hosts=[]))
    assert told(device, "cost", "currency") == (Decimal(61), "USD")


def test_what_may_not_be_had_has_no_cost():
    assert only(years(licenses=[], prices=[PRICE], **ONE))["cost"] is None


ACCESS = [{"access_id": "a", "quantity": 50, "sa_active_until": date(2025, 1, 1)}]


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (ACCESS, 50),
        ([ACCESS[0] | {"sa_active_until": DAY}], 0),
        ([ACCESS[0] | {"sa_active_until": None}], None),
        ([ACCESS[0] | {"product": "Windows Server CAL"}], 50),
        ([ACCESS[0] | {"product": "SQL Server"}], 0),
        ([ACCESS[0] | {"ose_id": "v1"}, ACCESS[0] | {"ose_id": "other"}], 50),
        ([ACCESS[0] | {"host_id": "h1"}, ACCESS[0] | {"quantity": 7}], 57),
        ([ACCESS[0] | {"kind": "server_management_license"}], 0),
        (None, None),
    ],
)
def test_access_licenses_without_software_assurance(access, expected):
    more = {} if access is None else {"access_licenses": access}
    rows = years(licenses=SOME, esu_coverage=covered(FIRST, SECOND, {}), **ONE, **more)
    assert only(rows, esu_year=3)["access_licenses_without_sa"] == expected


def test_access_licenses_need_none_where_no_update_is_active():
    rows = years(licenses=SOME, access_licenses=ACCESS, **ONE)
    assert only(rows)["access_licenses_without_sa"] == 0


def test_every_row_of_coverage_has_one_outcome():
    rows = [
        *covered({}),
        {"coverage_id": "gone", "ose_id": "v9", "quantity": 8},
        {"coverage_id": "none", "quantity": 8},
    ]
    found = answered(licenses=SOME, esu_coverage=rows, **ONE)["esu_coverage_outcomes"]
    assert list(found.select("row_id", "outcome", "reason").iter_rows()) == [
        (0, "used", "counted"), (1, "excluded", "not_running"), (2, "excluded", "no_server"),
    ]  # fmt: skip


def test_one_entity_never_covers_another():
    hosts = [{"host_id": "h1", "entity_id": e} for e in ("main", "sister")]
    oses = [{"ose_id": "v1", "host_id": "h1", "entity_id": e} for e in ("main", "sister")]
    rows = years(licenses=SOME, esu_coverage=covered(FIRST, SECOND, {}), hosts=hosts, oses=oses)
    row = only(rows, entity_id="sister")
    assert told(row, "licenses_covered", "is_eligible", "reason") == (0, False, "no_sa")


def test_findings_are_gathered():
    oses = [{"ose_id": f"v{n}"} for n in range(30)]
    found = answered(licenses=SOME, hosts=[], oses=oses)["findings"]
    assert found.height == 1
    row = found.to_dicts()[0]
    assert told(row, "severity", "status", "due_on") == ("error", "open", date(2026, 10, 13))
    assert "30 servers" in row["statement"]
    assert "240 licenses" in row["statement"]


def test_an_offering_that_is_over_is_told_of():
    found = answered(hosts=[], oses=[{"ose_id": "v1", "os_version": "2008 R2"}])
    assert found["esu"].is_empty()
    assert "ended on 2024-01-09" in found["findings"]["statement"].item()


@pytest.mark.parametrize("day", [date(2016, 10, 1), date(2018, 7, 11)])
def test_before_anything_was_offered(day):
    seen = {"observed_on": date(2016, 1, 1)}
    found = answered(day, hosts=[], oses=[{"ose_id": "v1"} | seen])
    assert found["esu"].is_empty()
    assert "No Extended Security Updates were offered" in found["findings"]["statement"].item()
    assert esu.explain_subject(inputs(day, hosts=[], oses=[{"ose_id": "v1"} | seen]), Settings(day), "v1").is_empty()


@pytest.mark.parametrize("day", [date(2018, 7, 12), date(2019, 7, 10), date(2022, 10, 1), date(2023, 9, 1)])
def test_every_day_evaluates(day):
    seen = {"observed_on": date(2018, 1, 1)}
    rows = years(day, hosts=[{"host_id": "h1"} | seen], oses=[{"ose_id": "v1", "host_id": "h1"} | seen])
    assert [told(r, "esu_year", "state") for r in rows] == [(1, "upcoming")]
    assert rows[0]["subject_kind"] == ("host" if day < date(2022, 10, 1) else "ose")


def test_answers_conform_and_are_sorted():
    found = answered(licenses=SOME, esu_coverage=covered(FIRST, {}), **ONE)
    for name in ("esu", "findings"):
        assert found[name].schema == ANSWERS[name].schema
    keys = ["entity_id", *ANSWERS["esu"].key]
    assert found["esu"].equals(found["esu"].sort(keys))
    assert not found["esu"].select(keys).is_duplicated().any()
    assert found["esu"]["reason"].is_in([code for codes in reasons().values() for code in codes]).all()


def test_explain_recomputes_a_machine_and_names_its_host():
    given = inputs(licenses=SOME, **ONE)
    lines = esu.explain_subject(given, Settings(DAY), "v1")
    assert set(lines["subject"]) == {"v1"}
    wanted = {"esu_windows_server_licenses.virtual_core_licenses": "8", "esu_chain.must_also_buy": "[1, 2]"}
    shown = dict(zip(lines["rule"], lines["value"], strict=True))
    assert {rule: shown[rule] for rule in wanted} == wanted
    assert esu.explain_subject(given, Settings(DAY), "nobody").is_empty()
    guests = [{"ose_id": f"v{n}", "host_id": "h1", "vcpus": 12} for n in (1, 2)]
    by_host = esu.explain_subject(inputs(hosts=[{"host_id": "h1"}], oses=guests), Settings(DAY), "v1")
    assert set(by_host["subject"]) == {"h1"}


def test_the_reason_of_the_topic_is_a_sentence():
    assert issubclass(esu.Reason, Reason)
    assert esu.Reason.CORES_UNKNOWN.value.endswith(".")


def test_parts_give_what_the_whole_gives(monkeypatch):
    entities = [{"entity_id": e} for e in ("main", "sister")]
    hosts = [{"host_id": "h1"} | e for e in entities]
    oses = [{"ose_id": f"v{n}", "host_id": "h1"} | e for n in range(5) for e in entities]
    bought = [{"purchase_id": f"p{y}", "esu_year": y, "quantity": 20} for y in (1, 3)]
    more = {"licenses": SOME, "hosts": hosts, "oses": oses, "purchases": bought, "esu_coverage": covered(SECOND, {})}
    whole = answered(**more)
    monkeypatch.setattr(_esu_years, "_SUBJECTS_PER_PART", 3)
    in_parts = answered(**more)
    for name, frame in whole.items():
        assert frame.equals(in_parts[name]), name
    keys = ["entity_id", *ANSWERS["esu"].key]
    assert whole["esu"].equals(whole["esu"].sort(keys))
