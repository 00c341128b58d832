import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lmanalytics.kept.store import Entry, Store

HOUR = 3600


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "kept")


def written(folder, **texts):
    files = []
    for name, text in texts.items():
        path = folder / "facts" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_text(text)
        files.append(path)
    return files


def keep(store, tmp_path, base="b", run="run1", step="facts", **texts):
    below = tmp_path / run
    return store.keep(Entry(step, base, told={"n": 1}), written(below, **texts), below)


def content(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def aged(folder, seconds):
    for path in [folder] if folder.is_file() else [p for p in folder.rglob("*") if p.is_file()]:
        at = path.stat().st_mtime - seconds
        os.utime(path, (at, at))


def blobs(tmp_path):
    return sorted(p.name for p in (tmp_path / "kept" / "files").rglob("*") if p.is_file())


def test_an_entry_comes_back_as_it_was_kept(store, tmp_path):
    kept = keep(store, tmp_path, hosts="1", oses="2")
    again = Store(tmp_path / "kept")
    assert list(again.entries("facts")) == [kept]
    assert list(again.entries("other")) == []
    assert again.restore(kept, tmp_path / "run2")
    assert (
        content(tmp_path / "run2")
        == content(tmp_path / "run1")
        == {"facts/hosts.parquet": "1", "facts/oses.parquet": "2"}
    )
    assert kept.told == {"n": 1}


def test_a_file_is_stored_once_and_linked(store, tmp_path):
    keep(store, tmp_path, hosts="same", oses="same")
    kept = keep(store, tmp_path, base="other", run="run2", hosts="same")
    assert len(blobs(tmp_path)) == 1
    store.restore(kept, tmp_path / "run3")
    assert (tmp_path / "run3/facts/hosts.parquet").samefile(tmp_path / "run1/facts/hosts.parquet")


def test_a_run_stays_when_the_store_is_deleted(store, tmp_path):
    kept = keep(store, tmp_path, hosts="1")
    store.restore(kept, tmp_path / "run2")
    for path in (tmp_path / "kept").rglob("*.*"):
        path.unlink()
    assert content(tmp_path / "run2") == {"facts/hosts.parquet": "1"}


def test_a_file_takes_the_place_of_its_parts(store, tmp_path):
    kept = keep(store, tmp_path, hosts="1")
    part = tmp_path / "run2/facts/hosts.parquet/00000.parquet"
    part.parent.mkdir(parents=True)
    part.write_text("part")
    assert store.restore(kept, tmp_path / "run2")
    assert content(tmp_path / "run2") == {"facts/hosts.parquet": "1"}


def test_files_are_copied_where_links_fail(store, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    kept = keep(store, tmp_path, hosts="1")
    assert store.restore(kept, tmp_path / "run2")
    assert content(tmp_path / "run2") == {"facts/hosts.parquet": "1"}
    assert not (tmp_path / "run2/facts/hosts.parquet").samefile(tmp_path / "run1/facts/hosts.parquet")


@pytest.mark.parametrize(
    "damage", [lambda p: p.unlink(), lambda p: p.write_text("longer"), lambda p: p.write_text("3")]
)
def test_a_damaged_file_gives_nothing_and_is_replaced(store, tmp_path, damage):
    kept = keep(store, tmp_path, hosts="1", oses="2")
    name = kept.files[1].sha256
    damage(tmp_path / "kept" / "files" / name[:2] / name)
    assert not store.restore(kept, tmp_path / "run2")
    assert not (tmp_path / "run2").exists()
    again = keep(Store(tmp_path / "kept"), tmp_path, run="run3", hosts="1", oses="2")
    assert again == kept
    assert store.restore(again, tmp_path / "run4")
    assert content(tmp_path / "run4") == content(tmp_path / "run3")


def test_a_file_that_was_written_anew_has_another_digest(store, tmp_path):
    (path,) = written(tmp_path / "run", hosts="1")
    first = store.digest(path)
    written(tmp_path / "run", hosts="2")
    assert store.digest(path) != first


def test_a_file_changed_in_a_run_is_not_handed_on(store, tmp_path):
    kept = keep(store, tmp_path, hosts="1")
    (tmp_path / "run1/facts/hosts.parquet").write_text("2")
    assert not store.restore(kept, tmp_path / "run2")


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-9], lambda _: "", lambda _: "[]", lambda _: "{}", lambda t: t.replace('"b"', '"c"')]
)
def test_an_entry_that_was_changed_is_none(store, tmp_path, damage):
    keep(store, tmp_path, hosts="1")
    (path,) = (tmp_path / "kept/steps/facts").iterdir()
    path.write_text(damage(path.read_text()))
    assert list(store.entries("facts")) == []
    keep(store, tmp_path, run="run2", hosts="1")
    assert len(list(store.entries("facts"))) == 1


def test_entries_come_last_used_first(store, tmp_path):
    first, second, third = (keep(store, tmp_path, base=base, hosts=base) for base in "abc")
    for age, entry in ((3, third), (2, first), (1, second)):
        aged(tmp_path / f"kept/steps/facts/{entry.key}.json", age * HOUR)
    assert [e.base for e in store.entries("facts")] == ["b", "a", "c"]
    store.restore(third, tmp_path / "run2")
    assert [e.base for e in store.entries("facts")] == ["c", "b", "a"]


def test_a_step_may_have_any_name(store, tmp_path):
    names = ["a/b.csv", "..", "x" * 300, "Ä ö", "a%2Fb.csv"]
    for name in names:
        keep(store, tmp_path, step=name, hosts=name)
    assert [[e.step for e in store.entries(name)] for name in names] == [[name] for name in names]
    assert {p.name for p in tmp_path.iterdir()} == {"kept", "run1"}


def test_the_last_used_entries_of_each_step_stay(store, tmp_path):
    for age, base in enumerate("abcdefg"):
        kept = keep(store, tmp_path, base=base, hosts=base)
        aged(tmp_path / f"kept/steps/facts/{kept.key}.json", age * HOUR)
    keep(store, tmp_path, step="other", base="z", hosts="z")
    aged(tmp_path / "kept/files", 2 * HOUR)
    later = Store(tmp_path / "kept")
    later.prune(entries=3)
    assert [e.base for e in later.entries("facts")] == ["a", "b", "c"]
    assert [e.base for e in later.entries("other")] == ["z"]
    assert len(blobs(tmp_path)) == 4


def test_entries_above_a_size_go_the_longest_unused_first(store, tmp_path):
    for age, base in enumerate("abcd"):
        kept = keep(store, tmp_path, step=f"facts.{base}", base=base, hosts=base * 10)
        aged(tmp_path / f"kept/steps/facts.{base}/{kept.key}.json", age * HOUR)
    aged(tmp_path / "kept/files", 2 * HOUR)
    later = Store(tmp_path / "kept")
    later.prune(most_bytes=25)
    assert [bool(list(later.entries(f"facts.{base}"))) for base in "abcd"] == [True, True, False, False]
    assert len(blobs(tmp_path)) == 2


def test_what_a_run_used_stays_however_large(store, tmp_path):
    kept = [keep(store, tmp_path, base=base, hosts=base * 10) for base in "abc"]
    store.prune(entries=1, most_bytes=1, grace=-1)
    assert {e.base for e in store.entries("facts")} == set("abc")
    assert all(store.restore(one, tmp_path / f"again{n}") for n, one in enumerate(kept))


def test_young_files_without_an_entry_stay(store, tmp_path):
    kept = keep(store, tmp_path, hosts="1")
    (tmp_path / f"kept/steps/facts/{kept.key}.json").unlink()
    later = Store(tmp_path / "kept")
    later.prune()
    assert len(blobs(tmp_path)) == 1
    later.prune(grace=-1)
    assert blobs(tmp_path) == []


def test_pruning_nothing_is_no_error(tmp_path):
    Store(tmp_path / "kept").prune()


def test_several_writers_share_a_store(tmp_path):
    def work(number):
        own = Store(tmp_path / "kept")
        for turn in range(5):
            kept = keep(
                own, tmp_path, base=str(turn % 4), run=f"run{number}-{turn}", hosts=str(turn % 4), oses="shared"
            )
            assert own.restore(kept, tmp_path / f"to{number}-{turn}")
            for entry in own.entries("facts"):
                if own.restore(entry, tmp_path / f"to{number}-{turn}-{entry.base}"):
                    found = content(tmp_path / f"to{number}-{turn}-{entry.base}")
                    assert found == {"facts/hosts.parquet": entry.base, "facts/oses.parquet": "shared"}
            Store(tmp_path / "kept").prune(entries=2)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    for entry in Store(tmp_path / "kept").entries("facts"):
        assert json.loads((tmp_path / f"kept/steps/facts/{entry.key}.json").read_text())["base"] == entry.base
    assert not list((tmp_path / "kept").rglob(".*"))
