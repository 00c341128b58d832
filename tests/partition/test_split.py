"""A split estate gives the answers of the whole one, whatever stands in which partition."""

import os
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.facts.identities import identified
from lmanalytics.partition import split, works
from lmanalytics.rules.demand import stage
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL

EXAMPLES = int(os.environ.get("LMANALYTICS_EXAMPLES", "10"))
AS_OF = date(2026, 6, 30)
DAYS = [AS_OF - timedelta(days=90), AS_OF - timedelta(days=1), AS_OF, AS_OF + timedelta(days=1)]
ENTITIES, CLUSTERS, INVENTORIES = ["main", "other"], [None, "c1", "c2", "C1"], [None, "vc1", "vc2"]
HOSTS = [None, "h1", "h2", "h3", "h4"]

hosts = st.fixed_dictionaries(
    {
        "entity_id": st.sampled_from(ENTITIES),
        "host_id": st.sampled_from(HOSTS[1:]),
        "cluster_id": st.sampled_from(CLUSTERS),
        "inventory_id": st.sampled_from(INVENTORIES),
        "observed_on": st.sampled_from(DAYS),
        "physical_cores": st.sampled_from([None, 16, 40]),
        "processors": st.just(2),
        "hypervisor": st.sampled_from(["esxi", "hyper_v", None]),
        "operator": st.just("customer"),
    }
)
oses = st.fixed_dictionaries(
    {
        "entity_id": st.sampled_from(ENTITIES),
        "ose_id": st.sampled_from(["o1", "o2", "o3", "O3", "o4", "o5"]),
        "name": st.sampled_from(["web", "sql.x", "sql.y", "o5", None]),
        "host_id": st.sampled_from(HOSTS),
        "cluster_id": st.sampled_from(CLUSTERS),
        "inventory_id": st.sampled_from(INVENTORIES),
        "observed_on": st.sampled_from(DAYS),
        "kind": st.sampled_from(["virtual", "virtual", "physical", "process_container"]),
        "vcpus": st.sampled_from([None, 4, 12]),
        "is_running": st.sampled_from([True, True, False]),
        "is_template": st.just(value=False),
        "location": st.sampled_from(["on_premises", "on_premises", "azure_stack", "azure_dedicated_host", "provider_shared"]),
        "license_source": st.sampled_from([None, "own", "azure_hybrid_benefit"]),
        "os_product": st.sampled_from(["Windows Server", "Windows Server", "Linux", None]),
        "os_edition": st.sampled_from(["Standard", "Datacenter", None]),
        "os_version": st.sampled_from(["2019", "2022", None]),
        "environment": st.sampled_from(["production", "dev_test"]),
    }
)  # fmt: skip
installs = st.fixed_dictionaries(
    {
        "entity_id": st.sampled_from(ENTITIES),
        "install_id": st.sampled_from(["i1", "i2", "i3", "i4"]),
        "observed_on": st.sampled_from(DAYS),
        "ose_id": st.sampled_from(["o1", "o2", "o3", "SQL", "sql.x", "web", "h1", "nowhere"]),
        "product": st.sampled_from(["SQL Server", "SQL Server", "Exchange Server", "SharePoint Server"]),
        "edition": st.sampled_from(["Standard", "Enterprise", "Developer", None]),
        "version": st.sampled_from(["2019", "2022"]),
        "role": st.just("active"),
        "is_evaluation": st.just(value=False),
        "license_source": st.just("own"),
    }
)
affinity = st.fixed_dictionaries(
    {
        "entity_id": st.sampled_from(ENTITIES),
        "ose_id": st.sampled_from(["o1", "o2", "o3"]),
        "host_id": st.sampled_from(HOSTS[1:]),
        "may_run": st.booleans(),
    }
)


def table(name, rows):
    schema = CANONICAL[name].schema
    full = [dict.fromkeys(schema, None) | row | {"row_id": number} for number, row in enumerate(rows)]
    return pl.LazyFrame(full, schema=schema)


estates = st.builds(
    lambda h, o, i, a: {
        "hosts": table("hosts", h), "oses": table("oses", o), "installs": table("installs", i),
        "ose_host_affinity": table("ose_host_affinity", a),
    },
    st.lists(hosts, max_size=8), st.lists(oses, min_size=1, max_size=14), st.lists(installs, max_size=8),
    st.lists(affinity, max_size=4),
)  # fmt: skip


def collected(frames):
    found = pl.collect_all(list(frames.values()))
    return {name: frame.lazy() for name, frame in zip(frames, found, strict=True)}


def in_one_piece(tables, asked):
    known = collected(works.estate(tables, asked))
    known |= {"hosts": tables["hosts"], "oses": tables["oses"]}
    known["installs"] = identified({"installs": tables["installs"]}, known["facts_hosts"], known["facts_oses"])[
        "installs"
    ]
    return known | stage.answers(known, asked, lambda topic: not stage.by_whole(topic))


def in_parts(tables, asked, folder, number):
    parts = split.split(tables, asked.as_of, folder, number)
    found = []
    for part in range(number):
        own = {name: pl.scan_parquet(paths[part]) for name, paths in parts.files.items()}
        own |= {name: pl.scan_parquet(path) for name, path in parts.shared.items()}
        facts = collected(works.estate(own, asked))
        found.append({"installs": own["installs"]} | facts | collected(works.demand(own | facts, asked)))
    return stage.over_all({name: pl.concat([one[name] for one in found]) for name in found[0]}, asked)


def rows(frame):
    return sorted(map(repr, frame.collect().rows()))


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(estates, st.sampled_from([2, 3]), st.sampled_from(["observed", "cluster", "affinity"]))
def test_parts_answer_as_the_whole_does(tmp_path_factory, tables, number, movement):
    asked = Settings(AS_OF, {"movement": movement})
    whole = in_one_piece(tables, asked)
    parted = in_parts(tables, asked, tmp_path_factory.mktemp("parts"), number)
    for name, frame in parted.items():
        assert rows(frame) == rows(whole[name].select(frame.collect_schema().names())), name


def test_an_ose_that_moved_holds_in_one_partition_only(tmp_path):
    seen = [{"ose_id": "o", "host_id": h, "inventory_id": "v", "observed_on": d, "kind": "virtual", "entity_id": "main",
             "is_template": False, "location": "on_premises"} for h, d in zip(["h1", "h2"], DAYS[:2], strict=True)]  # fmt: skip
    place = [{"host_id": h, "observed_on": DAYS[0], "entity_id": "main"} for h in ("h1", "h2", "h3", "h4")]
    tables = {"hosts": table("hosts", place), "oses": table("oses", seen), "installs": table("installs", [])}
    parted = in_parts(tables, Settings(AS_OF), tmp_path, 16)
    facts = parted["facts_oses"].collect()
    assert dict(zip(facts["host_id"], facts["state"], strict=True)) == {"h1": "earlier", "h2": "current"}


def test_hosts_of_one_cluster_and_what_runs_there_stay_together(tmp_path):
    place = [{"host_id": f"h{n}", "cluster_id": f"c{n % 7}", "entity_id": "main"} for n in range(100)]
    run = [{"ose_id": f"o{n}", "host_id": f"h{n % 100}", "entity_id": "main"} for n in range(500)]
    parts = split.split({"hosts": table("hosts", place), "oses": table("oses", run)}, AS_OF, tmp_path, 4)
    homes = {}
    for number, path in enumerate(parts.files["hosts"]):
        for host, cluster in pl.read_parquet(path).select("host_id", "cluster_id").rows():
            homes[host] = number
            assert homes.setdefault(cluster, number) == number
    for number, path in enumerate(parts.files["oses"]):
        assert {homes[host] for host in pl.read_parquet(path)["host_id"]} <= {number}
    assert len(set(homes.values())) > 1


def test_the_number_of_parts_depends_on_rows_alone(monkeypatch):
    run = {"oses": table("oses", [{"ose_id": str(n)} for n in range(9)])}
    assert split.count(run) == 1
    monkeypatch.setattr(split, "ROWS", 3)
    assert split.count(run) == 3
    assert split.count(run | {"hosts": table("hosts", [{"host_id": "h"}])}) == 4
    assert split.count({}) == 1


def test_more_partitions_than_files_may_be_open_lose_nothing_and_keep_the_order(tmp_path, monkeypatch):
    monkeypatch.setattr(split, "_GROUP", 1_000)
    rows = 400_000
    many = pl.LazyFrame({"row_id": pl.int_range(rows, eager=True)}).with_columns(
        entity_id=pl.lit("main"), ose_id=pl.format("o{}", "row_id"), observed_on=pl.lit(AS_OF)
    )
    parts = split.split({"oses": CANONICAL["oses"].conform(many)}, AS_OF, tmp_path, 150)
    numbers = [pl.scan_parquet(path).select("row_id").collect().to_series() for path in parts.files["oses"]]
    assert all(own.is_sorted() for own in numbers)
    assert pl.concat(numbers).sort().to_list() == pl.int_range(rows, eager=True).to_list()
