"""What estate.yaml says is checked, applied where exports are silent, and counted."""

from datetime import date

import pytest

from lmanalytics.errors import EstateError
from lmanalytics.ingest.estate import Estate, load_estate

OSES = (
    "ose_id,observed_on,name,host_id,cluster_id,os_product,os_edition,environment\n"
    "1,2026-06-01,sql-1,v/esx1,v/Prod-01,Windows Server,,\n"
    "2,2026-06-01,web-1,v/esx1,v/Prod-01,Windows Server,Standard,production\n"
    "3,2026-06-01,lin-1,v/esx2,v/Test-01,Ubuntu,,\n"
    "4,2026-06-01,SQL-2,v/esx2,v/Test-01,Windows Server,,\n"
)
HOSTS = (
    "host_id,observed_on,host_name,processors,physical_cores\nv/esx1,2026-06-01,esx1,,\nv/esx2,2026-06-01,esx2,2,32\n"
)


def load(tmp_path, text):
    path = tmp_path / "estate.yaml"
    path.write_text(text, encoding="utf-8")
    return load_estate(path)


def editions(exports, rules):
    exports.text("oses.csv", OSES)
    exports.text("estate.yaml", rules)
    return exports.table("oses").sort("ose_id")["os_edition"].to_list()


def test_no_file_is_an_empty_estate(tmp_path):
    assert load_estate(tmp_path / "estate.yaml") == Estate()


def test_editions_by_name_fill_what_is_unknown_on_windows_server_only(exports):
    assert editions(exports, "editions: [{vm: 'sql*', edition: Datacenter}]") == [
        "Datacenter", "Standard", None, "Datacenter",
    ]  # fmt: skip


def test_a_pattern_finds_the_last_part_of_a_cluster_or_host(exports):
    assert editions(exports, "editions: [{cluster: Prod*, edition: Datacenter}]") == [
        "Datacenter",
        "Standard",
        None,
        None,
    ]
    assert editions(exports, "editions: [{host: esx2, edition: Datacenter}]") == [None, "Standard", None, "Datacenter"]


def test_override_replaces_what_an_export_says(exports):
    rules = "editions: [{cluster: Prod*, edition: Datacenter, override: true}]"
    assert editions(exports, rules) == ["Datacenter", "Datacenter", None, None]


def test_the_first_entry_that_fits_wins_and_all_selectors_must_fit(exports):
    rules = "editions: [{vm: 'sql*', cluster: [Test*, Dev*], edition: Datacenter}, {vm: '*', edition: Standard}]"
    assert editions(exports, rules) == ["Standard", "Standard", None, "Datacenter"]


def test_each_entry_tells_what_it_did(exports):
    exports.text("oses.csv", OSES)
    exports.text("estate.yaml", "editions: [{vm: '*', edition: Datacenter}, {vm: nobody, edition: Standard}]")
    exports.read()
    told = exports.findings()
    assert told["estate_rule_applied"] == (
        "estate.yaml, editions, entry 1 (os_edition Datacenter) fits 3 rows of oses and changed 2."
    )
    assert "entry 2" in told["estate_rule_idle"]


def test_a_default_gives_way_but_what_an_export_says_does_not(exports):
    exports.text("oses.csv", OSES)
    exports.text("estate.yaml", "environment: [{vm: '*', environment: dev_test}]")
    assert exports.table("oses").sort("ose_id")["environment"].to_list() == [
        "dev_test",
        "production",
        *["dev_test"] * 2,
    ]


def test_facts_of_hosts_and_license_sources(exports):
    exports.text("hosts.csv", HOSTS)
    exports.text("oses.csv", OSES)
    exports.text(
        "estate.yaml",
        "hosts: [{host: 'esx*', processors: 1, physical_cores: 16, operator: listed_provider}]\n"
        "license_source: [{vm: 'web*', source: license_included}]\n",
    )
    hosts = exports.table("hosts").sort("host_id")
    assert hosts.select("processors", "physical_cores", "operator").rows() == [
        (1, 16, "listed_provider"),
        (2, 32, "listed_provider"),
    ]
    assert exports.table("oses").sort("ose_id")["license_source"].to_list() == [None, "license_included", None, None]


def test_server_farms_become_datacenters(exports):
    exports.text("hosts.csv", HOSTS)
    exports.text(
        "estate.yaml", "datacenters: [{datacenter_id: Dublin, server_farm_id: europe, bloc: eu}, {datacenter_id: Oslo}]"
    )
    rows = exports.table("datacenters")
    assert rows.select("datacenter_id", "server_farm_id", "bloc", "source_file").rows() == [
        ("Dublin", "europe", "eu", "estate.yaml"),
        ("Oslo", None, "none", "estate.yaml"),
    ]


def test_entities_by_file(exports):
    exports.text("a/hosts.csv", HOSTS)
    exports.text("b/hosts.csv", HOSTS.replace("v/", "w/"))
    exports.text("estate.yaml", "entity: contoso\nentities: {'b/*': fabrikam}")
    owners = exports.table("hosts").group_by("source_file").agg("entity_id").sort("source_file")["entity_id"].to_list()
    assert owners == [["contoso"] * 2, ["fabrikam"] * 2]


def test_settings_that_concern_reading(tmp_path):
    estate = load(
        tmp_path,
        "policies: {movement: cluster}\nentity: contoso\ndates: {old.csv: month_first, '*': day_first}\n"
        "decimal: comma\nsnapshots: {vms.csv: 2026-06-01}\n",
    )
    assert estate.policies == {"movement": "cluster"}
    assert estate.convention("x/old.csv", is_native=False).dates == "month_first"
    assert estate.convention("new.csv", is_native=True).dates == "day_first"
    assert estate.convention("new.csv", is_native=True).decimal == "comma"
    assert estate.snapshot("x/vms.csv") == date(2026, 6, 1)
    assert Estate().convention("b.xlsx", is_native=True).decimal == "point"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("edition: []", r"there is no 'edition'\. Did you mean 'editions'\?"),
        (
            "editions: [{clutser: a, edition: Standard}]",
            r"editions, entry 1: there is no 'clutser'\. Did you mean 'cluster'\?",
        ),
        ("editions: [{vm: a}]", r"editions, entry 1: say which rows \(vm, .*\) and what they are given \(edition\)"),
        ("editions: [{edition: Standard}]", r"say which rows"),
        ("editions: {vm: a}", r"editions: expected a list"),
        ("editions: [x]", r"editions, entry 1: expected `name: value` lines, found 'x'"),
        ("editions: [{vm: a, edition: Standard, override: maybe}]", r"override is true or false, not 'maybe'"),
        (
            "environment: [{vm: a, environment: tset}]",
            r"environment has no value 'tset'.* Its values: production, dev_test",
        ),
        ("license_source: [{vm: a, source: licence_included}]", r"Did you mean 'license_included'\?"),
        ("hosts: [{host: a, physical_cores: many}]", r"physical_cores is integer, which 'many' is not"),
        ("hosts: [{host: a, physical_cores: true}]", r"physical_cores is integer, which True is not"),
        ("hosts: [{vm: a, physical_cores: 1}]", r"there is no 'vm'"),
        ("dates: dayfirst", r"dates is day_first or month_first, not 'dayfirst'\. Did you mean 'day_first'\?"),
        ("snapshots: {a.csv: June}", r"snapshots: a\.csv: 'June' is not a date such as 2026-06-30"),
        ("datacenters: [{server_farm_id: x}]", r"datacenters, entry 1: say datacenter_id"),
        ("policies: [a]", r"policies: expected `name: value` lines"),
        ("just text", r"expected `name: value` lines"),
        ("a: [", r"estate\.yaml is not YAML"),
    ],
)
def test_what_cannot_be_applied_is_refused(tmp_path, text, message):
    with pytest.raises(EstateError, match=message):
        load(tmp_path, text)


def test_owners_are_patterns_and_a_name(tmp_path):
    text = (
        "owners: [{area: [esu, versions], owner: Data center}, {product: 'SQL*', subject: a, owner: 7}, {owner: Rest}]"
    )
    assert load(tmp_path, text).owners == (
        {"owner": "Data center", "area": ("esu", "versions")},
        {"owner": "7", "product": ("SQL*",), "subject": ("a",)},
        {"owner": "Rest"},
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("owners: [{area: esu}]", "owners, entry 1: say owner"),
        ("owners: [{owner: x}, {ares: esu, owner: x}]", "owners, entry 2: there is no 'ares'. Did you mean 'area'"),
        ("owners: esu", "owners: expected a list"),
        ("owner: [{owner: x}]", "Did you mean 'owners'"),
    ],
)
def test_owners_that_cannot_be_are_refused(tmp_path, text, told):
    with pytest.raises(EstateError, match=told):
        load(tmp_path, text)


def test_a_locale_is_taken_as_it_is_written(tmp_path):
    path = tmp_path / "estate.yaml"
    path.write_text("locale: de-DE\n")
    assert load_estate(path).locale == "de-DE"
    path.write_text("locale: klingon\n")
    with pytest.raises(EstateError, match="'klingon' is no locale"):
        load_estate(path)
