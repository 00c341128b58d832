"""Of a very large estate, whole places are kept with what passive copies in them lean on, as many as there is room for."""

import polars as pl
import pytest

from lmanalytics import explained_places
from lmanalytics.explained_places import is_large, places_of


def estate():
    hosts = {"host_id": ["h1", "h2", "h3", "h4"], "subject_id": ["c1", "c1", "h3", "h4"]}
    oses = {
        "ose_id": ["o1", "o2", "o3", "o4"],
        "host_id": ["h1", "h2", "h3", "h4"],
        "subject_id": ["c1", "c1", "h3", "h4"],
    }
    installs = {
        "install_id": ["i1", "i3", "i4"],
        "ose_id": ["o1", "o3", "o4"],
        "primary_install_id": [None, None, "i3"],
    }
    frames = {"facts_hosts": hosts, "facts_oses": oses, "facts_installs": installs, "licenses": {"license_id": ["l1"]}}
    return {name: pl.LazyFrame(columns) for name, columns in frames.items()}


def kept(ids, most=10):
    tables, explained = places_of(estate(), ids, most)
    return {name: frame.collect().to_series(0).to_list() for name, frame in tables.items()}, explained


def test_a_host_brings_its_cluster_and_the_machines_on_it():
    tables, explained = kept(["h1"])
    assert (tables["facts_hosts"], tables["facts_oses"]) == (["h1", "h2"], ["o1", "o2"])
    assert explained == ["h1"]


def test_a_primary_brings_its_copies_and_a_copy_its_primary():
    for one in ("o3", "o4"):
        tables, _ = kept([one])
        assert tables["facts_oses"] == ["o3", "o4"]
        assert tables["facts_installs"] == ["i3", "i4"]
        assert tables["facts_hosts"] == ["h3", "h4"]


def test_what_is_no_machine_stays_and_what_needs_the_whole_estate_is_left_out():
    tables, explained = kept(["l1", "h3", "main/access"])
    assert explained == ["l1", "h3"]
    assert tables["licenses"] == ["l1"]


@pytest.mark.parametrize(("most", "explained"), [(1, []), (2, ["h1"]), (3, ["h1", "h3"])])
def test_places_are_kept_in_order_as_long_as_there_is_room(most, explained):
    assert kept(["h1", "h3"], most)[1] == explained


@pytest.mark.parametrize(("limit", "large"), [(7, True), (8, False)])
def test_rows_of_machines_decide_what_is_large(monkeypatch, limit, large):
    monkeypatch.setattr(explained_places, "LARGE", limit)
    assert is_large(estate()) == large
