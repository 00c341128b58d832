import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.errors import RunError
from lmanalytics.kept.reads import Noted, Reads, holds

NAMES = ("hosts", "oses", "prices", "licenses")


class Tables:
    """Frames whose digest is a text; a frame of `unknown` has none."""

    def __init__(self, **texts):
        self.frames = {name: pl.LazyFrame({"a": [1]}) for name in texts}
        self._texts = {id(frame): texts[name] for name, frame in self.frames.items()}

    def digest(self, frame):
        return self._texts.get(id(frame))


@pytest.fixture
def tables():
    return Tables(hosts="h1", oses="o1", prices="p1")


@pytest.fixture
def reads(tables):
    return Reads(tables.digest)


@pytest.fixture
def noted(tables, reads):
    return Noted(tables.frames, reads)


@pytest.mark.parametrize(
    ("read", "found"),
    [
        (lambda t: t["hosts"], {"/hosts": "h1"}),
        (lambda t: t.get("hosts"), {"/hosts": "h1"}),
        (lambda t: t.get("licenses"), {"/licenses": None}),
        (lambda t: "hosts" in t, {"/hosts": "there"}),
        (lambda t: "licenses" in t, {"/licenses": None}),
        (lambda t: "hosts" in t and t["hosts"] is not None and "hosts" in t, {"/hosts": "h1"}),
        (lambda t: {"hosts", "licenses"} & t.keys(), {"/hosts": "there", "/licenses": None}),
        (lambda t: {"hosts", "licenses"} - t.keys(), {"/hosts": "there", "/licenses": None}),
        (lambda t: {"hosts", "licenses"} <= t.keys(), {"/hosts": "there", "/licenses": None}),
        (lambda t: t.keys() >= {"hosts", "licenses"}, {"/hosts": "there", "/licenses": None}),
        (lambda t: set("z") | {"hosts"} <= t.keys(), {"/hosts": "there", "/z": None}),
        (lambda t: t | {"licenses": None}, {}),
        (lambda t: (t | {"licenses": None})["licenses"], {}),
        (lambda t: (t | {"hosts": None})["hosts"], {}),
        (lambda t: (t | {"licenses": None})["hosts"], {"/hosts": "h1"}),
        (lambda t: ({"licenses": None} | t)["licenses"], {"/licenses": None}),
        (lambda t: ({"hosts": None} | t)["hosts"], {"/hosts": "h1"}),
        (lambda t: t.copy()["oses"], {"/oses": "o1"}),
    ],
)
def test_every_way_to_read_is_noted(noted, reads, read, found):
    read(noted)
    assert reads.found == found


@pytest.mark.parametrize("read", [set, list, sorted, len, lambda t: list(t.keys())])
def test_going_over_the_names_depends_on_the_names_alone(noted, reads, read):
    read(noted)
    assert reads.found.keys() == {"/*"}
    assert holds(reads.found, {"": Tables(hosts="h2", oses="o2", prices="p2").frames}, lambda _: "another")
    assert not holds(reads.found, {"": Tables(hosts="h1", oses="o1").frames}, lambda _: "another")


@pytest.mark.parametrize("read", [dict, lambda t: {**t}, lambda t: list(t.items()), lambda t: list(t.values())])
def test_taking_everything_reads_everything(noted, reads, read):
    read(noted)
    assert reads.found.keys() == {"/*", "/hosts", "/oses", "/prices"}
    assert reads.found["/oses"] == "o1"


def test_the_values_are_those_of_the_tables(noted, tables):
    assert noted["hosts"] is tables.frames["hosts"]
    assert dict(noted) == tables.frames
    assert list(noted | {"more": tables.frames["hosts"]}) == ["hosts", "oses", "prices", "more"]
    with pytest.raises(KeyError):
        noted["licenses"]


def test_a_table_that_is_read_after_the_step_is_refused(noted, reads):
    later = lambda: noted["hosts"]  # noqa: E731 (what a plan could hold)
    reads.over()
    for read in (
        later,
        lambda: noted.get("prices"),
        lambda: "oses" in noted,
        lambda: list(noted),
        lambda: noted.copy()["oses"],
    ):
        with pytest.raises(RunError, match="fault of the program"):
            read()


def test_a_table_of_unknown_digest_is_told(noted, reads, tables):
    (noted | {})["hosts"]
    assert reads.is_known
    tables.frames["more"] = pl.LazyFrame()
    noted["more"]
    assert not reads.is_known


def test_mappings_are_told_apart(tables, reads):
    Noted(tables.frames, reads, "tables")["hosts"]
    "hosts" in Noted({}, reads, "answered")  # noqa: B015 (asking is what is tested)
    assert reads.found == {"tables/hosts": "h1", "answered/hosts": None}


TEXTS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["1", "2"]))
ASKED = st.lists(st.tuples(st.sampled_from(["get", "in", "names"]), st.sampled_from(NAMES)))


@given(TEXTS, TEXTS, ASKED)
def test_reads_hold_where_they_would_find_the_same(before, after, asked):
    def seen(tables, mapping):
        ways = {
            "get": mapping.get,
            "in": lambda name: name in mapping,
            "names": lambda _: list(mapping),
        }
        found = [ways[way](name) for way, name in asked]
        return [tables.digest(f) if isinstance(f, pl.LazyFrame) else f for f in found]

    first, second = Tables(**before), Tables(**after)
    reads = Reads(first.digest)
    found = seen(first, Noted(first.frames, reads))
    assert found == seen(first, first.frames)
    assert holds(reads.found, {"": second.frames}, second.digest) == (found == seen(second, second.frames))
