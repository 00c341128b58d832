"""The suites and the same checks by hand find the same rows, however dirty the tables are."""

import json
import random
from datetime import date

import polars as pl
import pytest

from benchmarks.engines import quality_checks
from benchmarks.quality_by_hand import MOST, _counts, quality_table
from lmanalytics.quality.suites import suite_of
from lmanalytics.schemas import CANONICAL

ODD = {
    pl.Int64: [None, -1, 0, 1, 2, 32, 33, 2048, 2049],
    pl.Date: [None, date(1984, 12, 31), date(1985, 1, 1), date(2026, 6, 30), date(2026, 7, 1)],
    pl.Boolean: [None, True, False],
}


def dirty(table, seed):
    """Rows of a table, each cell null, sound or beyond a boundary; few keys, so that some repeat."""
    draw = random.Random(seed)  # noqa: S311 (a seed makes the table)
    contract = CANONICAL[table]
    height = draw.choice([0, 1, 7, 200])

    def column(name, dtype):
        if name == "issues":
            return [draw.choice([[], [], None, ["x: 'y' is not a date"], ["a", "b"]]) for _ in range(height)]
        if name == "row_id":
            return list(range(height))
        known = contract.columns[name].values if name in contract.columns else ()
        values = ODD.get(dtype.base_type(), [None, "", "a", "B", *known])
        if dtype.base_type() == pl.List:
            values = [None, []]
        return [draw.choice(values) for _ in range(height)]

    data = {name: column(name, dtype) for name, dtype in contract.schema.items()}
    return pl.DataFrame(data, schema=contract.schema, strict=False)


@pytest.mark.parametrize("seed", range(4))
def test_both_count_the_same_rows(tmp_path, seed):
    (tmp_path / "read").mkdir()
    for n, table in enumerate(quality_checks.TABLES):
        dirty(table, 10 * seed + n).write_parquet(tmp_path / "read" / f"{table}.parquet")
    quality_checks.by_hand(tmp_path)
    quality_checks.by_suites(tmp_path)
    hand, suites = (_counts(tmp_path / f"checks_{way}.json") for way in ("by_hand", "by_suites"))
    assert hand == suites
    shown = [json.loads((tmp_path / f"checks_{way}.json").read_text("utf-8")) for way in ("by_hand", "by_suites")]
    for table in quality_checks.TABLES:
        by_hand, by_suites = ({name: len(rows) for name, rows in one[table]["shown"].items()} for one in shown)
        assert by_hand.keys() == by_suites.keys()
        assert {n: by_hand[n] for n in by_hand if n != "key.unique"} == {
            n: by_suites[n] for n in by_suites if n != "key.unique"
        }


def test_every_check_of_the_suites_is_written_by_hand():
    for table, checks in quality_checks.CHECKS.items():
        names = {e.meta["check"] for e in suite_of(table, quality_checks.AS_OF).expectations}
        assert {*checks, "rows.present", "key.unique"} == names


def test_the_table_says_whether_the_goal_was_reached_and_what_differs():
    taken = {"seconds": 1.0, "cpu_seconds": 1.0, "peak_mib": 100}
    found = {"by_hand": taken, "by_suites": taken, "rows": {"hosts": 5}, "checks": 3}
    told = quality_table(found | {"ratio": MOST, "differing": []})
    assert "3 checks of 5 rows of hosts" in told
    assert "goal 2.0: reached" in told
    one = {"check": "hosts.key.unique", "by_hand": 1, "by_suites": 2}
    told = quality_table(found | {"ratio": 2.01, "differing": [one]})
    assert "goal 2.0: not reached" in told
    assert "hosts.key.unique: 1 by hand, 2 by the suites" in told
