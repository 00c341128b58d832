"""The gate: no row is lost or counted twice, and each row's fate is what a plain reading of the rules says."""

import hashlib
import json
import random
from datetime import date
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from lmanalytics.errors import GateError, PolicyError, QualityError
from lmanalytics.quality import gate as module
from lmanalytics.quality import raw_cells, reports, split
from lmanalytics.quality.checks import check, suite
from lmanalytics.quality.gate import Gated, gate
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, PROVENANCE

import great_expectations.expectations as gxe  # isort: skip (the package above mutes a warning of its import)

AS_OF = date(2026, 6, 30)
HOSTS = CANONICAL["hosts"]
SOUND = {
    "entity_id": "main",
    "host_id": "h1",
    "observed_on": date(2026, 6, 1),
    "host_name": "h1.example",
    "processors": 2,
    "physical_cores": 16,
    "operator": "customer",
    "is_dedicated": True,
    "is_dr_dedicated": False,
    "source_file": "hosts.csv",
    "source_sheet": None,
    "issues": [],
}


def hosts(*rows):
    """Rows of `hosts` in source order; each is `SOUND` with what it says differently."""
    full = [{**SOUND, "source_row": n + 2, "row_id": (n + 2) * 16, **row} for n, row in enumerate(rows)]
    return pl.DataFrame(full, schema={name: HOSTS.schema[name] for name in HOSTS.schema}, orient="row")


def through(tmp_path, frame, raw=None, name="hosts", run="run"):
    source = tmp_path / f"{name}.parquet"
    frame.write_parquet(source)
    folder = tmp_path / run
    gated = gate({name: source}, folder / "accepted", folder / "quarantine", folder / "quality", raw, as_of=AS_OF)
    return gated, *(pl.read_parquet(folder / kind / f"{name}.parquet") for kind in ("accepted", "quarantine"))


def fate(rejected):
    return dict(
        zip(rejected["source_row"], zip(rejected["outcome"], rejected["reasons"].to_list(), strict=True), strict=True)
    )


def counts(gated):
    (row,) = gated.counts.to_dicts()
    return tuple(row[name] for name in ("read", "accepted", "warned", "quarantined", "duplicates"))


def test_sound_rows_are_accepted_as_they_are(tmp_path):
    frame = hosts({}, {"host_id": "h2"})
    gated, accepted, rejected = through(tmp_path, frame)
    assert_frame_equal(accepted, frame)
    assert rejected.is_empty()
    assert rejected.columns == [*HOSTS.schema, "raw", "reasons", "outcome"]
    assert counts(gated) == (2, 2, 0, 0, 0)
    assert gated.accepted["hosts"].name == "hosts.parquet"


def test_a_row_is_quarantined_with_every_reason_and_what_it_holds(tmp_path):
    frame = hosts({}, {"host_id": "h2", "processors": 4, "physical_cores": 0, "operator": None})
    gated, accepted, rejected = through(tmp_path, frame)
    assert accepted["host_id"].to_list() == ["h1"]
    assert fate(rejected) == {
        3: (
            "quarantined",
            [
                "Operator must be filled in.",
                "Physical cores must be at least 1 (physical_cores 0).",
                "Physical cores must be at least the number of processors (physical_cores 0, processors 4).",
            ],
        )
    }
    assert counts(gated) == (2, 1, 0, 1, 0)


def test_a_cell_that_could_not_be_read_speaks_for_itself(tmp_path):
    said = ["physical_cores: '12x' is not a whole number", "observed_on: '31.02.' is not a date"]
    frame = hosts({"physical_cores": None, "issues": said}, {"host_id": "h2"})
    _, _, rejected = through(tmp_path, frame)
    assert fate(rejected) == {2: ("quarantined", said)}


def test_a_warning_lets_the_row_pass(tmp_path):
    gated, accepted, rejected = through(tmp_path, hosts({"processors": 64, "physical_cores": 64}, {"host_id": "h2"}))
    assert (accepted.height, rejected.height) == (2, 0)
    assert counts(gated) == (2, 2, 1, 0, 0)
    failed = gated.checks.filter(~pl.col("success")).to_dicts()
    assert [(f["check"], f["severity"], f["unexpected_count"]) for f in failed] == [
        ("processors.plausible", "warning", 1)
    ]
    assert failed[0]["unexpected_percent"] == Decimal(50)
    assert failed[0]["examples"] == ["64"]


def test_a_row_that_is_rejected_is_not_counted_as_warned(tmp_path):
    gated, _, _ = through(tmp_path, hosts({"processors": 64, "physical_cores": 1}))
    assert counts(gated) == (1, 0, 0, 1, 0)


def test_of_equal_rows_with_a_warning_the_one_that_is_kept_is_counted_as_warned(tmp_path):
    many = {"processors": 64, "physical_cores": 64}
    gated, _, _ = through(tmp_path, hosts(many, many, {"host_id": "h2"}, many))
    assert counts(gated) == (4, 2, 1, 0, 2)


def test_of_equal_rows_the_first_is_kept_and_the_others_are_duplicates(tmp_path):
    gated, accepted, rejected = through(tmp_path, hosts({}, {"host_id": "h2"}, {}, {}))
    assert accepted["source_row"].to_list() == [2, 3]
    said = "It says the same as hosts.csv, row 2, which was kept."
    assert fate(rejected) == {4: ("duplicate", [said]), 5: ("duplicate", [said])}
    assert counts(gated) == (4, 2, 0, 0, 2)


def test_a_later_row_that_contradicts_the_first_is_quarantined_and_says_where_the_first_stands(tmp_path):
    first = {"source_file": "a.xlsx", "source_sheet": "vHost"}
    gated, accepted, rejected = through(
        tmp_path, hosts(first, {"physical_cores": 32}, {"cores_per_processor": ["8", "8"]}, {})
    )
    assert accepted["source_row"].to_list() == [2]
    other = "a.xlsx, sheet vHost, row 2 has the same host_id and observed_on with other content, and was kept."
    assert fate(rejected) == {
        3: ("quarantined", [other]),
        4: ("quarantined", [other]),
        5: ("duplicate", ["It says the same as a.xlsx, sheet vHost, row 2, which was kept."]),
    }
    assert counts(gated) == (4, 1, 0, 2, 1)


def test_a_faulty_row_does_not_oust_a_sound_one_of_the_same_key(tmp_path):
    _, accepted, rejected = through(tmp_path, hosts({"processors": 0}, {}, {"processors": 0}))
    assert accepted["source_row"].to_list() == [3]
    assert {row: outcome for row, (outcome, _) in fate(rejected).items()} == {2: "quarantined", 4: "quarantined"}


@pytest.mark.parametrize("other", [{"entity_id": "branch"}, {"observed_on": date(2026, 6, 2)}, {"host_id": "H1"}])
def test_another_company_day_or_spelling_is_another_row(tmp_path, other):
    gated, _, _ = through(tmp_path, hosts({}, other))
    assert counts(gated) == (2, 2, 0, 0, 0)


def test_rows_without_a_key_are_no_duplicates_of_each_other(tmp_path):
    _, _, rejected = through(tmp_path, hosts({"host_id": None}, {"host_id": None}))
    assert fate(rejected) == {n: ("quarantined", ["Host id must be filled in."]) for n in (2, 3)}


def test_parts_of_a_key_that_may_be_empty_are_equal_when_they_are(tmp_path):
    price = {
        "product": "Windows Server",
        "metric": "core",
        "purchase_type": "license",
        "pack_size": 2,
        "currency": "USD",
    }
    price |= {"valid_from": date(2026, 1, 1), "unit_price": Decimal(10), "entity_id": "main", "issues": []}
    rows = [
        {**price, "edition": e, "row_id": n, "source_file": "p.csv", "source_row": n}
        for n, e in enumerate([None, None, "Standard"])
    ]
    frame = CANONICAL["prices"].conform(pl.LazyFrame(rows)).collect()
    gated, accepted, _ = through(tmp_path, frame, name="prices")
    assert accepted["row_id"].to_list() == [0, 2]
    assert counts(gated) == (3, 2, 0, 0, 1)


def plain_fates(frame):
    """Read the rules row by row: what is accepted, a duplicate, or quarantined."""
    own = [c for c in frame.columns if c not in PROVENANCE]
    found, kept = {}, {}
    for row in sorted(frame.to_dicts(), key=lambda r: r["row_id"]):
        required = [row[c.name] for c in HOSTS.columns.values() if c.is_required]
        processors, cores = row["processors"], row["physical_cores"]
        bad = None in required or bool(row["issues"])
        bad |= processors is not None and processors < 1
        bad |= cores is not None and cores < 1
        bad |= processors is not None and cores is not None and cores < processors
        bad |= row["operator"] not in {"customer", "listed_provider", "authorized_outsourcer"}
        key = row["entity_id"], row["host_id"], row["observed_on"]
        content = str([row[c] for c in own])
        if bad:
            found[row["row_id"]] = "quarantined"
        elif key in kept:
            found[row["row_id"]] = "duplicate" if kept[key] == content else "quarantined"
        else:
            kept[key] = content
            found[row["row_id"]] = "accepted"
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_fate_of_every_row_is_that_of_a_plain_reading(tmp_path, seed, monkeypatch):
    monkeypatch.setattr(split, "HELD", [500_000, 1, 3][seed % 3])
    draw = random.Random(seed)  # noqa: S311 (a seed makes the table)
    rows = [
        {
            "host_id": draw.choice(["a", "b", "c", "d", None]),
            "entity_id": draw.choice(["main", "branch"]),
            "processors": draw.choice([None, 0, 1, 2]),
            "physical_cores": draw.choice([None, 0, 1, 2]),
            "operator": draw.choice(["customer"] * 5 + ["somebody", None]),
            "issues": draw.choice([[]] * 9 + [["x: 'y' is not a date"]]),
        }
        for _ in range(60)
    ]
    frame = hosts(*rows)
    if seed % 2:
        frame = frame.sample(fraction=1, shuffle=True, seed=seed)
    _, accepted, rejected = through(tmp_path, frame)
    found = dict.fromkeys(accepted["row_id"], "accepted") | dict(
        zip(rejected["row_id"], rejected["outcome"], strict=True)
    )
    assert found == plain_fates(frame)
    assert accepted["row_id"].is_sorted()
    assert rejected["row_id"].is_sorted()
    assert all(rejected["reasons"].list.len() > 0)
    together = pl.concat([accepted, rejected.select(accepted.columns)]).sort("row_id")
    assert_frame_equal(together, frame.sort("row_id"))


def test_rejected_rows_keep_their_cells_as_they_were_read(tmp_path):
    asked = []

    def raw(file, sheet, rows):
        asked.append((file, sheet, rows.to_list()))
        cells = {
            "source_row": [1, 2, 3, 4],
            "# CPU": ["x", f"{file}|{sheet}", "7", "8"],
            "note": [None, "=cmd()", None, '"'],
        }
        return pl.LazyFrame(cells).filter(pl.col("source_row").is_in(rows.implode()))

    frame = hosts(
        {"processors": 0, "source_file": "b.xlsx", "source_sheet": "vHost"},
        {"host_id": "h2", "source_file": "sound.csv"},
        {"host_id": "h3", "processors": 0, "source_file": "a.csv"},
        {"host_id": "h4", "processors": 0, "source_file": "a.csv", "source_row": 99},
    )
    _, _, rejected = through(tmp_path, frame, raw)
    assert asked == [("a.csv", None, [4, 99]), ("b.xlsx", "vHost", [2])]
    assert [None if text is None else json.loads(text) for text in rejected["raw"]] == [
        {"# CPU": "b.xlsx|vHost", "note": "=cmd()"},
        {"# CPU": "8", "note": '"'},
        None,
    ]


def test_cells_are_the_same_however_many_rows_are_held(tmp_path, monkeypatch):
    def raw(file, _sheet, rows):
        return pl.LazyFrame({"source_row": rows, "cell": [f"{file} {row}" for row in rows]})

    frame = hosts(*({"host_id": f"h{n}", "processors": 0, "source_file": f"{n % 2}.csv"} for n in range(5)))
    _, _, whole = through(tmp_path, frame, raw)
    monkeypatch.setattr(raw_cells, "HELD", 2)
    _, _, pieces = through(tmp_path, frame, raw, run="pieces")
    assert_frame_equal(whole, pieces)
    assert [json.loads(text)["cell"] for text in pieces["raw"]] == [f"{n % 2}.csv {n + 2}" for n in range(5)]
    assert [path.name for path in (tmp_path / "pieces" / "quarantine").iterdir()] == ["hosts.parquet"]


def test_a_table_may_be_a_folder_of_files(tmp_path):
    parts = tmp_path / "hosts.parquet"
    parts.mkdir()
    rows = hosts({}, {"host_id": "h2", "processors": 0}, {}, {"host_id": "h3"})
    for n in range(2):
        rows.slice(2 * n, 2).write_parquet(parts / f"{n:05}.parquet")
    folder = tmp_path / "run"
    gated = gate({"hosts": parts}, folder / "accepted", folder / "quarantine", folder / "quality", as_of=AS_OF)
    assert pl.read_parquet(gated.accepted["hosts"])["host_id"].to_list() == ["h1", "h3"]
    assert counts(gated) == (4, 2, 0, 1, 1)


def test_text_from_exports_stays_text(tmp_path):
    frame = hosts({"host_id": "<script>alert(1)</script>", "hypervisor": "=cmd()|'/c calc'!A1"})
    gated, _, rejected = through(tmp_path, frame)
    assert rejected["host_id"].to_list() == ["<script>alert(1)</script>"]
    assert rejected["reasons"].to_list()[0][0].endswith("(hypervisor =cmd()|'/c calc'!A1).")
    (example,) = gated.checks.filter(pl.col("check") == "hypervisor.known")["examples"].to_list()
    assert example == ["=cmd()|'/c calc'!A1"]


def digests(folder):
    return {
        p.relative_to(folder): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*.*") if p.is_file()
    }


def test_the_same_table_gives_the_same_bytes(tmp_path):
    frame = hosts({}, {}, {"processors": 0}, {"host_id": "h2", "physical_cores": None}, {"physical_cores": 32})
    for run in ("one", "two"):
        through(tmp_path, frame, run=run)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert len(digests(tmp_path / "one")) == 3


def test_an_empty_table_passes_and_is_told_of(tmp_path):
    gated, accepted, rejected = through(tmp_path, hosts())
    assert (accepted.height, rejected.height, counts(gated)) == (0, 0, (0, 0, 0, 0, 0))
    assert gated.checks.filter(~pl.col("success"))["check"].to_list() == ["rows.present"]
    gated.check_share(Settings(AS_OF))


def test_a_check_that_crashes_is_a_fault_of_the_program(tmp_path, monkeypatch):
    broken = check(gxe.ExpectColumnValuesToMatchRegex, "host_id.broken", "It breaks.", column="host_id", regex="(")
    monkeypatch.setattr(module, "suite_of", lambda table, _as_of: suite(table, [broken]))
    with pytest.raises(QualityError, match=r"hosts: the check host_id.broken could not be evaluated"):
        through(tmp_path, hosts({}))
    assert not list(tmp_path.glob("run/accepted/*"))


def test_an_error_that_no_row_can_be_held_to_is_refused(tmp_path, monkeypatch):
    whole = check(gxe.ExpectTableRowCountToBeBetween, "rows.many", "There are many.", min_value=10)
    monkeypatch.setattr(module, "suite_of", lambda table, _as_of: suite(table, [whole]))
    with pytest.raises(QualityError, match=r"cannot hold a row to rows.many"):
        through(tmp_path, hosts({}))


@pytest.mark.parametrize("name", ["processors.at_least_1", "key.unique", "processors.plausible"])
def test_two_counts_that_disagree_are_told(tmp_path, monkeypatch, name):
    counted = reports.failures
    monkeypatch.setattr(reports, "failures", lambda document: counted(document) | {name: counted(document)[name] + 1})
    with pytest.raises(QualityError, match=f"{name} fails for"):
        through(tmp_path, hosts({}, {}))


def test_a_row_that_fails_a_check_and_is_accepted_all_the_same_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "errors", lambda _checks: pl.col("host_id").is_null())
    with pytest.raises(QualityError, match=r"hosts: processors.at_least_1 fails for 0 rows by the gate and 1 by"):
        through(tmp_path, hosts({}, {"host_id": "h2", "processors": 0}))


@pytest.mark.parametrize("ids", [[1, 1], [1, None], [None], [3, 2, 3]])
def test_rows_that_cannot_be_told_apart_are_refused(tmp_path, ids):
    with pytest.raises(QualityError, match="row_id"):
        through(tmp_path, hosts(*({"host_id": f"h{n}", "row_id": i} for n, i in enumerate(ids))))


def gated_with(**tables):
    rows = [
        {"table": t, "read": r, "accepted": r - q, "warned": 0, "quarantined": q, "duplicates": 0}
        for t, (r, q) in tables.items()
    ]
    return Gated({}, pl.DataFrame(rows, schema=module.COUNTS), pl.DataFrame(schema=reports.CHECKS))


@pytest.mark.parametrize(
    ("tables", "policy", "passes"),
    [
        ({"hosts": (100, 5)}, None, True),
        ({"hosts": (100, 6)}, None, False),
        ({"hosts": (99, 5)}, None, False),
        ({"hosts": (10, 2), "oses": (1000, 0)}, None, True),
        ({"hosts": (100, 1)}, "0", False),
        ({"hosts": (100, 0)}, "0", True),
        ({"hosts": (100, 100)}, "100", True),
        ({"hosts": (100, 26)}, "25", False),
        ({}, None, True),
    ],
)
def test_the_share_is_a_policy_over_all_tables(tables, policy, passes):
    settings = Settings(AS_OF, {"max_quarantined_share": policy} if policy else {})
    if passes:
        gated_with(**tables).check_share(settings)
        return
    with pytest.raises(GateError, match="max_quarantined_share") as refused:
        gated_with(**tables).check_share(settings)
    assert refused.value.exit_code == 1


def test_a_refusal_names_tables_and_checks(tmp_path):
    gated, _, _ = through(tmp_path, hosts({}, {"host_id": "h2", "processors": 0}))
    with pytest.raises(GateError) as refused:
        gated.check_share(Settings(AS_OF))
    for part in (
        "1 of 2 rows",
        "the 5 percent",
        "hosts 1 of 2",
        "Processors must be at least 1. (1 rows)",
        "estate.yaml",
    ):
        assert part in str(refused.value)


def test_a_share_that_is_no_reading_is_refused():
    with pytest.raises(PolicyError, match="max_quarantined_share"):
        gated_with().check_share(Settings(AS_OF, {"max_quarantined_share": "lots"}))
