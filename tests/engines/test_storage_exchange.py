import os
from pathlib import Path

import polars as pl
import pytest

from lmanalytics.engines import Task, computed, storage
from lmanalytics.engines.storage_exchange import cleared, fetched, sent
from tests.engines.s3_server import environment, make_bucket, s3_server

WORK = "tests.engines.storage_works:doubled"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as address:
        make_bucket(address, "bucket")
        yield address


@pytest.fixture(params=["folder", "url"])
def place(request, address, monkeypatch, tmp_path):
    for name, value in environment(address).items():
        monkeypatch.setenv(name, value)
    return str(tmp_path / "share") if request.param == "folder" else f"s3://bucket/{tmp_path.name}"


@pytest.fixture
def parts(tmp_path):
    paths = [tmp_path / "work" / "x" / f"{part:05}.parquet" for part in range(3)]
    for part, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        pl.DataFrame({"a": [part * 2 + 1, part * 2]}).write_parquet(path)
    return paths


def test_a_stage_by_way_of_a_storage_gives_what_one_at_home_gives(place, parts, tmp_path):
    uris = sent({"x": parts}, tmp_path / "work", place)
    assert uris == {"x": [storage.at(place).uri(f"x/{part:05}.parquet") for part in range(3)]}
    away = [Task(WORK, part, {"x": [uri]}, place, "2026-06-30") for part, uri in enumerate(uris["x"])]
    home = [Task(WORK, part, {"x": [str(p)]}, str(tmp_path / "home"), "2026-06-30") for part, p in enumerate(parts)]
    back = fetched({"y": [result.outputs["y"].path for result in computed(away)]}, tmp_path / "back")
    expected = [Path(result.outputs["y"].path).read_bytes() for result in computed(home)]
    assert [path.read_bytes() for path in back["y"]] == expected


def test_what_is_there_is_not_sent_again_and_what_changed_is(place, parts, tmp_path):
    first = sent({"x": parts}, tmp_path / "work", place)
    store = storage.at(place)
    seen = [(name, stamp(store, name)) for name in store.listed()]
    pl.DataFrame({"a": [7]}).write_parquet(parts[1])
    assert sent({"x": parts}, tmp_path / "work", place) == first
    now = [(name, stamp(store, name)) for name in store.listed()]
    assert [name for (name, before), (_, after) in zip(seen, now, strict=True) if before != after] == [
        "x/00001.parquet"
    ]


def stamp(store, name):
    """Return what changes when a file is written again."""
    if isinstance(store, storage.Folder):
        return (store.root / name).stat().st_ino
    import obstore  # noqa: PLC0415
    from obstore.store import from_url  # noqa: PLC0415

    found = obstore.head(from_url(store.url), name)
    return found["last_modified"], found["e_tag"]


def test_what_was_sent_is_cleared(place, parts, tmp_path):
    sent({"x": parts}, tmp_path / "work", place)
    cleared(place)
    assert storage.at(place).listed() == []


def test_a_file_that_went_missing_is_an_error(place, tmp_path):
    uri = storage.at(place).uri("y/00000.parquet")
    if storage.is_url(uri):
        with pytest.raises(FileNotFoundError, match="is not there"):
            fetched({"y": [uri]}, tmp_path / "back")
        assert not [path for path in (tmp_path / "back").rglob("*") if path.is_file()]
    else:
        assert fetched({"y": [uri]}, tmp_path / "back") == {"y": [Path(uri)]}


def test_two_sent_under_one_name_from_one_file_arrive_once(place, parts, tmp_path):
    uris = sent({"x": parts[:1], "y": parts[:1]}, tmp_path / "work", place)
    assert uris["x"] == uris["y"]
    assert len(storage.at(place).listed()) == 1
    assert "AWS_ENDPOINT_URL" in os.environ
