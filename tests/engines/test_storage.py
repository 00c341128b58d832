import os
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.engines import storage
from lmanalytics.errors import StorageError, UsageError


def test_a_folder_is_a_store(tmp_path):
    store = storage.at(tmp_path / "parts")
    draft = store.draft("hosts/00001.parquet")
    draft.write_bytes(b"rows")
    assert store.size("hosts/00001.parquet") is None
    assert store.listed() == []
    assert store.keep(draft, "hosts/00001.parquet") == str(tmp_path / "parts" / "hosts" / "00001.parquet")
    assert not draft.exists()
    assert store.size("hosts/00001.parquet") == 4
    assert store.listed() == store.listed("hosts") == ["hosts/00001.parquet"]
    store.remove("hosts/00001.parquet")
    store.remove("hosts/00001.parquet")
    assert store.listed() == []


def test_a_text_is_written_whole_and_read_back(tmp_path):
    store = storage.at(str(tmp_path))
    store.write_text("results/a.json", '{"ü": 1}\n')
    store.write_text("results/a.json", '{"ü": 2}\n')
    assert store.read_text("results/a.json") == '{"ü": 2}\n'
    assert [p.name for p in (tmp_path / "results").iterdir()] == ["a.json"]
    with pytest.raises(FileNotFoundError):
        store.read_text("results/b.json")


def test_a_digest_follows_the_content(tmp_path):
    store = storage.at(tmp_path)
    (tmp_path / "x").write_bytes(b"")
    assert store.sha256("x") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (tmp_path / "x").write_bytes(b"abc")
    assert store.sha256("x") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(os.name == "nt", reason="paths of a POSIX machine")
@given(st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_file_url_is_the_path_that_it_quotes(name):
    if name in {".", ".."}:
        return
    assert storage.at(f"file:///tmp/{quote(name)}").url == f"/tmp/{name}"  # noqa: S108 (nothing is written)
    store, found = storage.file(f"file:///tmp/{quote(name)}")
    assert (store.url, found) == ("/tmp", name)  # noqa: S108


@pytest.mark.parametrize(
    "url",
    [
        "hdfs://name/x",
        "https://bucket.s3.amazonaws.com/x",
        "s3://",
        "s3:///prefix",
        "file://server/share",
        "abfss://account.dfs.core.windows.net/x",
        "s3://bucket/a*",
        "s3://bucket/a%20b",
        "s3://bucket/a#b",
        "s3://bucket/a//b",
        "s3://bucket/a/../b",
        "s3://bucket/a\nb",
    ],
)
def test_a_url_that_names_no_place_is_refused(url):
    with pytest.raises(UsageError):
        storage.at(url)


@pytest.mark.parametrize(
    "url",
    [
        "s3://KEYID:hush@bucket/x",
        "s3://KEYID@bucket/x",
        "abfss://c:hush@a.dfs.core.windows.net/x",
        "s3://bucket/x?sig=hush",
    ],
)
def test_a_url_with_credentials_is_refused_without_repeating_them(url):
    with pytest.raises(UsageError, match="environment") as caught:
        storage.at(url)
    assert "hush" not in str(caught.value)
    assert "KEYID" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["S3://bucket/x/", "abfss://c@a.dfs.core.windows.net/x", "gs://bucket", "s3://bucket/ä b"]
)
def test_a_bucket_is_a_store_without_asking_it(url):
    assert storage.at(url).uri("t/0.parquet") == url.rstrip("/").replace("S3", "s3") + "/t/0.parquet"


def test_a_folder_is_brought_as_it_is(tmp_path):
    (tmp_path / "from" / "sub").mkdir(parents=True)
    (tmp_path / "from" / "a.csv").write_bytes(b"a")
    (tmp_path / "from" / "sub" / "b c.csv").write_bytes(b"")
    into = storage.brought((tmp_path / "from").as_uri(), tmp_path / "to")
    assert {p.relative_to(into).as_posix(): p.read_bytes() for p in into.rglob("*.csv")} == {
        "a.csv": b"a",
        "sub/b c.csv": b"",
    }


def test_nothing_to_bring_is_an_error(tmp_path):
    with pytest.raises(StorageError, match="no file lies there"):
        storage.brought(tmp_path.as_uri(), tmp_path / "to")


def test_other_errors_are_no_trouble_of_storage():
    assert storage.trouble(OSError("No space left on device")) is None
    assert storage.trouble(ValueError("object-store error")) is None
