"""Which rows a correction changes, and when it changes none."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lmanalytics.corrections.applied import applied
from lmanalytics.corrections.file import Correction, load_corrections
from lmanalytics.errors import CorrectionError

from .conftest import entry, oses

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 28)
TWICE = [{"ose_id": "vm-1", "observed_on": day, "os_edition": "Standard", "vcpus": 4} for day in (MAY, JUNE)]
OTHER = {"ose_id": "vm-2", "observed_on": JUNE, "os_edition": None, "vcpus": None}
TO_DATACENTER = "column: os_edition\nwas: Standard\nnow: Datacenter"


def test_every_row_that_is_named_is_changed_and_no_other(corrected):
    found = corrected([*TWICE, OTHER], entry("C", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}"))
    assert found.rows["os_edition"].to_list() == ["Datacenter", "Datacenter", None]
    assert found.outcomes.row(0, named=True) == {
        "number": 1, "code": "applied", "entity_id": "main", "rows_named": 2, "rows_otherwise": 0, "rows_changed": 2,
    }  # fmt: skip
    assert_frame_equal(found.rows.drop("os_edition"), found.given.drop("os_edition"))


def test_rows_as_they_were_stay_beside_the_table(corrected):
    found = corrected([*TWICE, OTHER], entry("C", f"where: {{ose_id: vm-1, observed_on: 2026-06-28}}\n{TO_DATACENTER}"))
    assert found.before.select("row_id", "os_edition", "corrections", "outcome").rows() == [
        (1, "Standard", ["C"], "corrected")
    ]


def test_a_guard_that_fails_in_one_row_stops_the_whole_correction(corrected):
    rows = [*TWICE, {"ose_id": "vm-1", "observed_on": date(2026, 6, 29), "os_edition": "Essentials"}]
    found = corrected(rows, entry("C", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}"))
    assert found.codes == {"C": "other_value"}
    assert found.outcomes.select("rows_named", "rows_otherwise", "rows_changed").row(0) == (3, 1, 0)
    assert_frame_equal(found.rows, found.given)
    assert found.before.is_empty()


def test_a_row_that_says_already_what_is_right_does_not_stop_it(corrected):
    rows = [*TWICE, {"ose_id": "vm-1", "observed_on": date(2026, 6, 29), "os_edition": "Datacenter"}]
    found = corrected(rows, entry("C", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}"))
    assert found.outcomes.select("code", "rows_named", "rows_changed").row(0) == ("applied", 3, 2)
    assert set(found.rows["os_edition"]) == {"Datacenter"}


def test_a_source_that_was_repaired_needs_no_correction(corrected):
    found = corrected(TWICE, entry("C", "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 2\nnow: 4"))
    assert found.codes == {"C": "already_so"}
    assert_frame_equal(found.rows, found.given)


def test_no_row_is_named(corrected):
    found = corrected(TWICE, entry("C", f"where: {{ose_id: VM-1}}\n{TO_DATACENTER}"))
    assert found.codes == {"C": "no_row"}


def test_empty_cells_are_filled_and_cells_are_emptied(corrected):
    fill = entry("F", "where: {ose_id: vm-2}\ncolumn: vcpus\nwas: ~\nnow: 8")
    clear = entry("E", "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: ~")
    assert corrected([*TWICE, OTHER], fill, clear).rows["vcpus"].to_list() == [None, None, 8]


def test_an_empty_cell_can_name_a_row(corrected):
    found = corrected([*TWICE, OTHER], entry("C", "where: {os_edition: ~}\ncolumn: vcpus\nwas: ~\nnow: 2"))
    assert found.rows["vcpus"].to_list() == [4, 4, 2]


def test_rows_are_named_by_file_sheet_and_row(corrected):
    rows = [
        {**OTHER, "source_file": "a.xlsx", "source_sheet": s, "source_row": r}
        for s, r in (("x", 2), ("y", 2), ("y", 3))
    ]
    found = corrected(rows, entry("C", "where: {file: a.xlsx, sheet: y, row: 2}\ncolumn: vcpus\nwas: ~\nnow: 2"))
    assert found.rows["vcpus"].to_list() == [None, 2, None]


@pytest.mark.parametrize(
    ("column", "was", "now", "value"),
    [
        ("is_running", "true", "false", False),
        ("observed_on", "2026-06-28", "2026-06-30", date(2026, 6, 30)),
        ("environment", "production", "dev_test", "dev_test"),
        ("name", "web-1", "web-2", "web-2"),
        ("vcpus", "0004", "8", 8),
        ("entity_id", "main", "fabrikam", "fabrikam"),
    ],
)
def test_values_are_of_the_type_of_their_column(corrected, column, was, now, value):
    row = {**TWICE[1], "is_running": True, "environment": "production", "name": "web-1"}
    found = corrected([row], entry("C", f"where: {{ose_id: vm-1}}\ncolumn: {column}\nwas: {was}\nnow: {now}"))
    assert found.rows[column].to_list() == [value]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: many", "`now` of vcpus is a whole number such as 16"),
        ("where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: 4.0", "a whole number"),
        ("where: {ose_id: vm-1}\ncolumn: is_running\nwas: true\nnow: 2", "true or false"),
        ("where: {observed_on: June}\ncolumn: vcpus\nwas: 4\nnow: 8", "`where` of observed_on is a date"),
        ("where: {row: a}\ncolumn: vcpus\nwas: 4\nnow: 8", "`where` of source_row is a whole number"),
        ("where: {ose_id: vm-1}\ncolumn: environment\nwas: production\nnow: tests", "Did you mean 'dev_test'"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_line(corrected, body, told):
    fine = entry("A", "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: 8")
    with pytest.raises(CorrectionError) as refused:
        corrected(TWICE, fine, entry("B", body))
    assert told in str(refused.value)
    assert f"line {1 + fine.count(chr(10))}: " in str(refused.value)


def test_a_cell_that_could_not_be_read_is_guarded_by_how_it_was_written(corrected):
    row = {**OTHER, "issues": ["vcpus: '4x' is not a whole number", "vcpus_other: kept"]}
    body = "where: {ose_id: vm-2}\ncolumn: vcpus\nwas: {}\nnow: 5"
    found = corrected([row], entry("C", body.replace("{}", "4x")))
    assert (found.rows["vcpus"].to_list(), found.rows["issues"].to_list()) == ([5], [["vcpus_other: kept"]])
    for wrong in ("~", "4", "4xy"):
        assert corrected([row], entry("C", body.replace("{}", wrong))).codes == {"C": "other_value"}


def test_the_first_of_two_that_correct_one_cell_is_used(corrected):
    first = entry("A", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}")
    second = entry("B", "where: {os_edition: Standard}\ncolumn: os_edition\nwas: Standard\nnow: Essentials")
    found = corrected(TWICE, first, second)
    assert found.codes == {"A": "applied", "B": "repeated"}
    assert set(found.rows["os_edition"]) == {"Datacenter"}


def test_a_guard_is_compared_with_the_exports_not_with_another_correction(corrected):
    first = entry("A", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}")
    second = entry("B", "where: {ose_id: vm-1}\ncolumn: os_edition\nwas: Datacenter\nnow: Essentials")
    assert corrected(TWICE, first, second).codes == {"A": "applied", "B": "other_value"}


def test_an_excluded_row_is_left_out_and_not_corrected(corrected):
    out = entry("X", "where: {ose_id: vm-1}\nexclude: true")
    change = entry("C", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}")
    found = corrected([*TWICE, OTHER], change, out)
    assert found.rows["ose_id"].to_list() == ["vm-2"]
    assert found.codes == {"C": "row_excluded", "X": "applied"}
    assert found.before.select("corrections", "outcome").rows() == [(["X"], "excluded")] * 2


def test_an_exclusion_may_be_guarded(corrected):
    body = "where: {ose_id: vm-1}\nexclude: true\ncolumn: vcpus\nwas: "
    assert corrected(TWICE, entry("X", f"{body}4")).rows.is_empty()
    found = corrected(TWICE, entry("X", f"{body}5"))
    assert (found.codes, found.rows.height) == ({"X": "other_value"}, 2)


def test_several_cells_of_one_row(corrected):
    one = entry("A", f"where: {{ose_id: vm-1, observed_on: 2026-06-28}}\n{TO_DATACENTER}")
    two = entry("B", "where: {ose_id: vm-1}\ncolumn: vcpus\nwas: 4\nnow: 16")
    found = corrected(TWICE, one, two)
    assert found.rows.select("os_edition", "vcpus").rows() == [("Standard", 16), ("Datacenter", 16)]
    assert found.before["corrections"].to_list() == [["B"], ["A", "B"]]


def test_text_stays_text(corrected):
    script, formula = "<script>alert(1)</script>", "=cmd()|'/c calc'!A1"
    body = f'where: {{name: "{script}"}}\ncolumn: name\nwas: "{script}"\nnow: "{formula}"'
    found = corrected([{**OTHER, "name": script}, {**OTHER, "name": "a|b;c"}], entry("C", body))
    assert found.rows["name"].to_list() == [formula, "a|b;c"]


VALUES = st.sampled_from([None, 1, 2, 3])
NAMES = st.sampled_from(["a", "b", "c"])
ROWS = st.lists(st.tuples(NAMES, VALUES, VALUES), min_size=0, max_size=8)
ENTRIES = st.lists(
    st.tuples(NAMES, st.sampled_from(["vcpus", "underlying_vcpus"]), VALUES, VALUES, st.booleans()).filter(
        lambda e: e[2] != e[3]
    ),
    min_size=1,
    max_size=6,
)


def text(value):
    return None if value is None else str(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, asked=ENTRIES)
def test_a_correction_whose_guard_fails_changes_nothing(rows, asked, tmp_path):
    """Beside a plain reading of the rules, entry by entry and row by row."""
    table = [{"ose_id": i, "vcpus": a, "underlying_vcpus": b} for i, a, b in rows]
    entries = [
        Correction(
            n, n, f"C{n}", "oses", (("ose_id", name),), column, text(was), None if out else text(now), out,
            "r", "e", "a", JUNE, None,
        )
        for n, (name, column, was, now, out) in enumerate(asked, start=1)
    ]  # fmt: skip
    outcomes = applied(oses(table).lazy(), "oses", entries, tmp_path / "c.parquet", tmp_path / "b.parquet")
    gone = set()
    for name, column, was, _, out in asked:
        named = [place for place, row in enumerate(table) if row["ose_id"] == name]
        if out and all(table[place][column] == was for place in named):
            gone |= set(named)
    expected, taken = [dict(row) for row in table], set()
    changed = {}
    for number, (name, column, was, now, out) in enumerate(asked, start=1):
        named = [p for p, row in enumerate(table) if row["ose_id"] == name and (out or p not in gone)]
        values = [table[place][column] for place in named]
        holds = all(value in ((was,) if out else (was, now)) for value in values)
        cells = {(place, column) for place in named if table[place][column] == was} if holds else set()
        if out:
            changed[number] = len(cells)
            continue
        changed[number] = 0 if cells & taken else len(cells)
        if not cells & taken:
            for place, _ in cells:
                expected[place][column] = now
        taken |= cells
    assert dict(outcomes.select("number", "rows_changed").rows()) == changed
    kept = [row for place, row in enumerate(expected) if place not in gone]
    assert pl.read_parquet(tmp_path / "c.parquet").select("ose_id", "vcpus", "underlying_vcpus").to_dicts() == kept


def test_an_order_of_entries_is_kept_from_the_file(tmp_path):
    (tmp_path / "corrections.yaml").write_text(
        entry("B", "where: {ose_id: a}\nexclude: true") + entry("A", "where: {ose_id: a}\nexclude: true")
    )
    assert [e.id for e in load_corrections(tmp_path / "corrections.yaml")] == ["B", "A"]


def test_a_long_table_is_written_in_pieces(corrected, monkeypatch):
    monkeypatch.setattr("lmanalytics.corrections.applied.HELD", 2)
    out = entry("X", "where: {ose_id: vm-2}\nexclude: true")
    found = corrected([*TWICE, OTHER, *TWICE], out, entry("C", f"where: {{ose_id: vm-1}}\n{TO_DATACENTER}"))
    assert found.rows["row_id"].to_list() == [0, 1, 3, 4]
    assert set(found.rows["os_edition"]) == {"Datacenter"}
    assert found.outcomes["rows_changed"].to_list() == [1, 4]
