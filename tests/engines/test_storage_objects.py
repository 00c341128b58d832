import hashlib
import os
import subprocess
import sys
import time
import urllib.request

import obstore
import polars as pl
import pytest
from obstore.store import from_url

from lmanalytics.engines import Here, Task, computed, perform, storage
from lmanalytics.engines.tasks import Result
from lmanalytics.errors import RunError, StorageError
from tests.engines.s3_server import environment, make_bucket, s3_server

WORK = "tests.engines.storage_works:doubled"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3") / "log") as address:
        make_bucket(address, "bucket")
        yield address


@pytest.fixture
def url(address, monkeypatch, request):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(address).items():
        monkeypatch.setenv(name, value)
    return f"s3://bucket/{hashlib.sha256(request.node.name.encode()).hexdigest()[:12]}"


def kept(url, name, content, sha256=""):
    store = storage.at(url)
    draft = store.draft(name)
    draft.write_bytes(content)
    return store.keep(draft, name, sha256)


def parquet(url, name, frame):
    store = storage.at(url)
    draft = store.draft(name)
    frame.write_parquet(draft)
    return store.keep(draft, name, hashlib.sha256(draft.read_bytes()).hexdigest())


def test_an_object_is_kept_read_listed_and_removed(url):
    store = storage.at(url)
    draft = store.draft("hosts/00001.parquet")
    draft.write_bytes(b"rows")
    assert store.size("hosts/00001.parquet") is None
    assert store.keep(draft, "hosts/00001.parquet") == f"{url}/hosts/00001.parquet"
    assert not draft.exists()
    store.write_text("results/a.json", "ü")
    assert store.read_text("results/a.json") == "ü"
    assert store.size("hosts/00001.parquet") == 4
    assert store.listed() == ["hosts/00001.parquet", "results/a.json"]
    assert store.listed("hosts") == ["hosts/00001.parquet"]
    assert store.listed("host") == []
    store.remove("hosts/00001.parquet")
    store.remove("hosts/00001.parquet")
    with pytest.raises(FileNotFoundError):
        store.sha256("hosts/00001.parquet")
    with pytest.raises(FileNotFoundError):
        store.read_text("hosts/00001.parquet")


def test_the_digest_is_that_of_the_content_also_of_an_object_that_others_put(url):
    content = os.urandom(3_000_000)
    told = hashlib.sha256(content).hexdigest()
    kept(url, "ours", content, told)
    kept(url, "theirs", content)
    store = storage.at(url)
    assert store.sha256("ours") == store.sha256("theirs") == told


def test_a_large_object_arrives_whole(url):
    content = os.urandom(1_000_000) * 12
    kept(url, "large", content, hashlib.sha256(content).hexdigest())
    held = bytes(obstore.get(from_url(url), "large").bytes())
    assert hashlib.sha256(held).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize("prefix", ["sp ace", "ümläut", "plus+&=", "a.b-c_d~e", "(x)!'", "日本"])
def test_polars_reads_what_was_kept_under_odd_names(url, prefix):
    frame = pl.DataFrame({"a": [1, 2]})
    uri = parquet(f"{url}/{prefix}", "hosts/00000.parquet", frame)
    assert pl.scan_parquet([uri], glob=False).collect().equals(frame)


def test_a_task_reads_and_writes_at_a_url_and_gives_the_bytes_that_a_folder_gets(url, tmp_path):
    frame = pl.DataFrame({"a": range(1000)})
    frame.write_parquet(tmp_path / "in.parquet")
    there = perform(Task(WORK, 3, {"x": [parquet(url, "in.parquet", frame)]}, url, "2026-06-30"))
    here = perform(Task(WORK, 3, {"x": [str(tmp_path / "in.parquet")]}, str(tmp_path), "2026-06-30"))
    assert there.outputs["y"].path == f"{url}/y/00003.parquet"
    assert there.outputs["y"].sha256 == here.outputs["y"].sha256
    assert (
        bytes(obstore.get(from_url(url), "y/00003.parquet").bytes()) == (tmp_path / "y" / "00003.parquet").read_bytes()
    )
    assert Result.from_json(storage.at(url).read_text("results/doubled-00003.json")) == there
    assert pl.scan_parquet(there.outputs["y"].path).collect()["a"].to_list() == [2 * a for a in range(1000)]


def test_a_task_whose_result_is_there_is_not_performed_again(url):
    task = Task(WORK, 0, {"x": [parquet(url, "in.parquet", pl.DataFrame({"a": [1]}))]}, url, "2026-06-30")
    first = computed([task])
    before = obstore.head(from_url(url), "y/00000.parquet")["last_modified"]
    time.sleep(1.1)
    assert computed([task]) == first
    assert obstore.head(from_url(url), "y/00000.parquet")["last_modified"] == before
    parquet(url, "in.parquet", pl.DataFrame({"a": [2]}))
    assert computed([task]) != first


def test_a_rule_that_refuses_leaves_no_object(url):
    task = Task(
        "tests.engines.storage_works:cast",
        0,
        {"x": [parquet(url, "in.parquet", pl.DataFrame({"a": ["1", "b"]}))]},
        url,
        "2026-06-30",
    )
    assert perform(task).fault
    assert storage.at(url).listed() == ["in.parquet"]


def test_a_process_that_is_killed_while_it_uploads_leaves_no_object(url, tmp_path):
    code = (
        "import sys; sys.modules['boto3'] = None\n"
        "from pathlib import Path\nfrom lmanalytics.engines import storage\n"
        f"print('go', flush=True)\nstorage.at({url!r}).keep(Path({str(tmp_path / 'big')!r}), 'big')"
    )
    with (tmp_path / "big").open("wb") as stream:
        stream.truncate(1 << 30)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=os.environ) as writer:
        assert writer.stdout.readline() == b"go\n"
        deadline = time.monotonic() + 60
        while not uploading(os.environ["AWS_ENDPOINT_URL"]) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert writer.poll() is None
        writer.kill()
    assert uploading(os.environ["AWS_ENDPOINT_URL"])
    assert storage.at(url).listed() == []


def uploading(address):
    with urllib.request.urlopen(f"{address}/bucket?uploads", timeout=30) as answer:  # noqa: S310 (loopback)
        return b"<UploadId>" in answer.read()


def test_exports_are_brought_whatever_their_names(url, tmp_path):
    names = ["a.csv", "sub/b c.csv", "sub/ü#%?+[1]*.csv", "empty.csv"]
    for name in names:
        kept(url, name, b"" if name == "empty.csv" else name.encode())
    into = storage.brought(url, tmp_path / "exports")
    found = {p.relative_to(into).as_posix(): p.read_bytes() for p in into.rglob("*") if p.is_file()}
    assert found == {name: b"" if name == "empty.csv" else name.encode() for name in names}


def test_an_object_never_leaves_the_folder_that_it_is_brought_to(url, tmp_path):
    request = urllib.request.Request(  # noqa: S310 (loopback)
        f"{os.environ['AWS_ENDPOINT_URL']}/bucket/{url.rpartition('/')[2]}/..%2F..%2Fescaped.csv",
        data=b"x",
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310
        pass
    with pytest.raises(StorageError):
        storage.brought(url, tmp_path / "in" / "exports")
    assert not list(tmp_path.rglob("escaped.csv"))


def test_a_bucket_that_is_not_there_is_named(url):
    elsewhere = storage.at(url.replace("bucket", "absent"))
    for act in (elsewhere.listed, lambda: elsewhere.read_text("a"), lambda: elsewhere.write_text("a", "b")):
        with pytest.raises(StorageError, match=r"s3://absent.*there is no such bucket"):
            act()


def test_a_scan_that_cannot_reach_its_url_says_what_to_do(url):
    with pytest.raises(OSError, match="object-store error") as caught:
        pl.scan_parquet(url.replace("bucket", "absent") + "/a.parquet").collect()
    assert "no such bucket" in str(storage.trouble(caught.value))


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("AWS_ALLOW_HTTP", None, "not encrypted"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9", "nothing answers"),
    ],
)
def test_what_to_set_is_said(url, monkeypatch, setting, value, told):
    if value:
        monkeypatch.setenv(setting, value)
    else:
        monkeypatch.delenv(setting)
    with pytest.raises(StorageError, match=told):
        storage.at(url).read_text("a")


def answering(status, body):
    return f"Generic S3 error: Error performing GET https://b.example/a?sig=hush in 1ms - Server returned non-2xx status code: {status}: {body}"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (answering("403 Forbidden", "<Error><Code>AccessDenied</Code></Error>"), "may not read or write"),
        (answering("403 Forbidden", "<Error><Code>SignatureDoesNotMatch</Code></Error>"), "AWS_ACCESS_KEY_ID"),
        (answering("301 Moved Permanently", "<Error><Code>PermanentRedirect</Code></Error>"), "AWS_REGION"),
        (
            "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 2s - HTTP error",
            "AWS_ACCESS_KEY_ID",
        ),
        (
            answering("400 Bad Request", "<?xml?>\n<Error>\n<Code>OutOfRangeInput</Code></Error>"),
            "400 Bad Request, OutOfRangeInput.",
        ),
        (answering("503 Slow Down", ""), "the store refused"),
    ],
)
def test_an_answer_is_explained_without_what_its_query_holds(answer, told):
    error = storage.trouble(OSError(f"object-store error: {answer} (path: s3://bucket/a)"))
    assert told in str(error)
    assert "hush" not in str(error)


def test_a_store_that_cannot_be_written_is_no_fault_of_a_rule(url):
    task = Task(WORK, 0, {"x": [parquet(url, "in.parquet", pl.DataFrame({"a": [1]}))]}, "s3://absent/out", "2026-06-30")
    with pytest.raises(StorageError, match="there is no such bucket"):
        perform(task)


def test_a_run_whose_parts_cannot_be_read_says_what_to_do(url):
    asked = [Task(WORK, 0, {"x": [parquet(url, "in.parquet", pl.DataFrame({"a": [1]}))]}, url, "2026-06-30")]
    with pytest.raises(RunError, match="there is no such bucket"):
        computed(
            asked, Failing(OSError("object-store error: NoSuchBucket (path: s3://absent/in.parquet)")), resume=False
        )


class Failing(Here):
    def __init__(self, error):
        super().__init__()
        object.__setattr__(self, "error", error)

    def outcomes(self, tasks, most):
        assert most
        yield from ((task, self.error) for task in tasks)
