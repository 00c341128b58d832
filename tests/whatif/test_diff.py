"""The difference of two runs as a person meets it: lines, files, JSON and errors."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from shutil import copytree

import polars as pl
import pytest
from click.testing import CliRunner

from lmanalytics import answers
from lmanalytics.__main__ import cli
from lmanalytics.errors import RunError, UsageError
from lmanalytics.evidence import manifest
from lmanalytics.evidence.digests import digest_of, program_digests, versions
from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from lmanalytics.whatif import diff as difference
from lmanalytics.whatif.causes import ELSEWHERE, WORDS, Cause
from lmanalytics.whatif.diff import TABLES, between, inert, lines, save
from lmanalytics.whatif.diff_sides import check, side
from lmanalytics.whatif.diff_subjects import subjects
from lmanalytics.workspace import Workspace
from tests.whatif import difference_sides as made

EVIL, FORMULA = "<script>alert(1)</script>", '=HYPERLINK("http://x")'
RUN_POLICIES = register.in_force(Settings(made.JUNE))


def run_folder(workspace, one):
    """Write what a run leaves, as far as a difference reads it."""
    inputs = {f"{name}.csv": digest_of(text) for name, text in one.digests.items()}
    question = manifest.Question(one.settings.as_of, inputs, {}, program_digests(), versions())
    folder = workspace.runs / question.run_id
    found = answers.position(one.tables, one.settings)
    files = {f"accepted/{name}": frame for name, frame in one.tables.items()}
    files |= {name: found[name] for name in ("plan", "position")}
    files |= {f"facts/{name}": found[f"facts_{name}"] for name in ("hosts", "oses")}
    for name, frame in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        frame.sink_parquet(folder / f"{name}.parquet")
    manifest.write(folder, question, RUN_POLICIES, [], {"entities": ["main"]})
    return folder


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    space = Workspace(tmp_path_factory.mktemp("workspace"))
    then, now = {"observed_on": made.SEEN}, {"observed_on": made.AGAIN, "cores": 24}
    for day, more in ((made.MARCH, then), (made.JUNE, now)):
        oses = [made.ose(f"v{n}", observed_on=more["observed_on"]) for n in range(9)]
        run_folder(space, made.side(day, hosts=[made.host(**more)], oses=oses, prices=[made.price("Datacenter")]))
    return space


@pytest.fixture(scope="module", autouse=True)
def computed_once():
    """Let the tests that ask for the same two runs share what is computed of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(difference, "diff", cache(difference.diff))
        yield


def asked(workspace, *words):
    return CliRunner().invoke(cli, ["-w", str(workspace.root), "diff", *words])


def test_two_runs_are_compared_by_the_start_of_their_ids(workspace, tmp_path):
    into = tmp_path / "out"
    result = asked(workspace, "2026-03-31", "2026-06-30", "--into", str(into))
    assert result.exit_code == 0, result.output
    # The licenses that 16 and 24 cores require, and nothing is known to be owned.
    told = [line.split() for line in result.stdout.splitlines()]
    assert ["resized", "(hosts)", "+8", "?", "?", "?", "?", "?"] in told
    assert {path.name for path in into.iterdir()} == {
        *(f"{name}.{kind}" for name in TABLES for kind in ("csv", "parquet")),
        "waterfall_licenses.svg",
        "waterfall_cost.svg",
    }
    causes = pl.read_parquet(into / "causes.parquet")
    assert causes.filter(pl.col("product") == "Windows Server")["required"].sum() == 8
    assert causes["owned"].null_count() == causes.height
    assert pl.read_parquet(into / "balances.parquet")["owned_before"].drop_nulls().is_empty()


def test_json_says_the_same(workspace):
    result = asked(workspace, "2026-03-31", "2026-06-30", "--json")
    document = json.loads(result.stdout)
    assert document["is_different"]
    assert {c["cause"] for c in document["changes"]} == {"resized"}
    subject = next(s for s in document["subjects"] if s["product"] == "Windows Server" and s["subject_kind"] == "host")
    assert (subject["causes"], subject["licenses_required_before"], subject["licenses_required_after"]) == (
        "resized",
        16,
        24,
    )
    assert subject["sentence"] == WORDS["resized"]


def test_a_run_does_not_differ_from_itself(workspace):
    result = asked(workspace, "2026-03-31", "2026-03-31")
    assert result.stdout.strip().endswith("no difference")
    assert result.exit_code == 0
    assert not json.loads(asked(workspace, "2026-03-31", "2026-03-31", "--json").stdout)["is_different"]


def test_a_run_that_is_not_there_is_named(workspace):
    result = asked(workspace, "2026-03-31", "2027")
    assert (result.exit_code, "There is no run '2027'" in result.stderr) == (16, True)


@pytest.mark.parametrize("file", ["accepted/hosts.parquet", "position.parquet", "manifest.json"])
def test_a_run_that_was_changed_is_refused(workspace, tmp_path, file):
    copy = copytree(workspace.run("2026-03-31"), tmp_path / "copy")
    path = copy / file
    if file == "manifest.json":
        path.write_text(path.read_text(encoding="utf-8").replace('"2026-03-31"', '"2026-03-30"'), encoding="utf-8")
    else:
        path.unlink()
    with pytest.raises(RunError, match="is not as it was written"):
        side(copy)


def test_a_manifest_without_its_parts_is_no_run(workspace, tmp_path):
    copy = copytree(workspace.run("2026-03-31"), tmp_path / "copy")
    document = manifest.read(copy)
    del document["policies"], document["digest"]
    (copy / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(RunError):
        side(copy)


def test_runs_of_different_companies_are_refused():
    one, other = made.side(hosts=[made.host()]), made.side(name="two", hosts=[made.host(entity_id="other")])
    with pytest.raises(UsageError, match=r"one is of main and two of other"):
        check(one, other)
    both = made.side(hosts=[made.host(), made.host("h2", entity_id="other")])
    assert check(one, both) == ["Only the second run has other: all that it owns and requires counts as new."]
    assert check(both, one) == ["Only the first run has other: all that it owns and requires counts as gone."]


def test_what_a_reader_should_know_is_said():
    then, now = made.side(made.JUNE, hosts=[made.host()]), made.side(made.MARCH, oses=[made.ose()])
    notes = check(replace(then, program="older"), now)
    assert [note.split()[0] for note in notes] == ["The", "one", "Table", "Table"]


def test_hostile_names_stay_text(tmp_path):
    rows = [made.host(FORMULA, host_name=EVIL)]
    then = made.answered(made.side(hosts=[], oses=[made.ose(EVIL)]), made.simple)
    now = made.answered(made.side(hosts=rows, oses=[made.ose(FORMULA, name="x\x00\ny")]), made.simple)
    found = between(then, now, made.simple)
    for path in save(found, tmp_path / "out"):
        if path.suffix == ".svg":
            assert "<script" not in path.read_text(encoding="utf-8")
        if path.suffix == ".csv":
            assert not [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("=")]
    text = pl.read_csv(tmp_path / "out" / "changes.csv")["host_id"].drop_nulls().to_list()
    assert f"'{FORMULA}" in text
    assert all(line.isprintable() for line in lines(found))


def test_numbers_below_zero_are_no_formula():
    frame = pl.DataFrame({"text": ["-1", " =x", "a=b", None], "number": [-1, 2, -3, 4]})
    assert inert(frame).rows() == [("'-1", -1), ("' =x", 2), ("a=b", -3), (None, 4)]


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.touch()
    one = made.answered(made.side(hosts=[made.host()]), made.simple)
    with pytest.raises(UsageError, match="is no folder"):
        save(between(one, one, made.simple), path)


def plan(*rows):
    names = ("subject_kind", "subject_id", "option", "licenses_required", "licenses_short")
    frame = pl.LazyFrame(
        [dict(zip(names, row, strict=True)) for row in rows], schema_overrides={"licenses_required": pl.Int64}
    )
    return ANSWERS["plan"].conform(frame.with_columns(entity_id=pl.lit("main"), product=pl.lit("Windows Server")))


def facts(table, *rows):
    names = {"hosts": "host_id", "oses": "ose_id"}[table], "subject_kind", "subject_id"
    frame = pl.LazyFrame([dict(zip(names, row, strict=True)) for row in rows])
    return frame.with_columns(entity_id=pl.lit("main"), state=pl.lit("current"))


def test_subjects_bear_the_causes_of_their_machines():
    then = {
        "plan": plan(("host", "h1", "standard", 16, 0), ("host", "h2", "standard", 16, 0), ("host", "h3", "standard", 16, 8), ("host", "h4", "standard", None, None)),
        "facts_hosts": facts("hosts", ("h1", "host", "h1"), ("h2", "host", "h2")),
        "facts_oses": facts("oses", ("v1", "host", "h1")),
    }  # fmt: skip
    now = {
        "plan": plan(("host", "h1", "datacenter", 24, 8), ("cluster", "c", "standard", 32, 0), ("host", "h3", "standard", 16, 0), ("host", "h4", "standard", 16, 0)),
        "facts_hosts": facts("hosts", ("h1", "host", "h1"), ("h2", "cluster", "c")),
        "facts_oses": facts("oses", ("v1", "cluster", "c")),
    }  # fmt: skip
    changes = pl.DataFrame(
        [
            {"table": "hosts", "row": "h1", "cause": "resized", "host_id": "h1", "ose_id": None},
            {"table": "oses", "row": "v1", "cause": "moved", "host_id": "h2", "ose_id": "v1"},
            {"table": "hosts", "row": "h2", "cause": "moved", "host_id": "h2", "ose_id": None},
            {"table": "prices", "row": "x", "cause": "price_changed", "host_id": None, "ose_id": None},
        ],
        schema_overrides={"ose_id": pl.String},
    ).with_columns(entity_id=pl.lit("main"), before=pl.lit(""), after=pl.lit(""))
    one, two = replace(made.side(), answers=then), replace(made.side(name="two"), answers=now)
    rows = {r["subject_id"]: r for r in subjects(one, two, changes, {}).to_dicts()}
    told = {
        name: (r["causes"], r["licenses_required_changed"], r["licenses_short_changed"]) for name, r in rows.items()
    }
    assert told == {
        "c": ("moved", 32, 0),
        "h1": ("moved;resized", 8, 8),
        "h2": ("moved", -16, 0),
        "h3": (ELSEWHERE, 0, -8),
        "h4": (ELSEWHERE, None, None),
    }
    assert rows["h1"]["rows"] == 2
    assert rows["h3"]["sentence"] == WORDS[ELSEWHERE]


def test_a_machine_with_another_id_is_one_subject():
    then, now = (
        {"plan": plan(("host", key, "standard", n, 0)), "facts_hosts": facts("hosts", (key, "host", key))}
        for key, n in (("old", 16), ("new", 24))
    )
    pairs = {"hosts": pl.DataFrame({"entity_id": ["main"], "name": ["x"], "id_then": ["old"], "id_now": ["new"]})}
    one, two = replace(made.side(), answers=then), replace(made.side(name="two"), answers=now)
    changes = pl.DataFrame(
        {"entity_id": ["main"], "table": ["hosts"], "row": ["new"], "cause": ["resized"], "before": [""], "after": [""], "host_id": ["new"], "ose_id": [None]},
        schema_overrides={"ose_id": pl.String},
    )  # fmt: skip
    found = subjects(one, two, changes, pairs)
    assert found.select("subject_id", "causes", "licenses_required_changed").rows() == [("new", "resized", 8)]


def test_the_document_lists_every_cause_in_its_order():
    text = (Path(__file__).parents[2] / "docs" / "diff.md").read_text(encoding="utf-8")
    listed = [line.split("`")[1] for line in text.splitlines() if line.startswith("| ") and "`" in line.split("|")[2]]
    assert [name for name in listed if name in WORDS] == [c.code for c in Cause] + [
        ELSEWHERE,
        "no_longer_computable",
        "computable_now",
    ]
    for code, sentence in WORDS.items():
        assert sentence in text, code
