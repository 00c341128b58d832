"""Tables of benefits, mobility, updates, discount, order and findings, each from a run made by hand."""

from datetime import date
from decimal import Decimal

import pytest

from lmanalytics.report.chapters import (
    benefit_tables,
    esu_tables,
    finding_tables,
    mobility_tables,
    order_tables,
    rule_tables,
    source_tables,
    workplace_tables,
)
from lmanalytics.report.display import UNKNOWN, table_html
from lmanalytics.report.run import open_run
from tests.report.chapters.test_tables import body, notes
from tests.report.example_run import HOSTILE, RUNS, SCRIPT, write
from tests.report.test_display import cells

MODULES = (
    benefit_tables,
    esu_tables,
    finding_tables,
    mobility_tables,
    order_tables,
    rule_tables,
    source_tables,
    workplace_tables,
)
TABLES = {
    name: function
    for module in MODULES
    for name, function in vars(module).items()
    if name.endswith("_table") and function.__module__ == module.__name__
}
A1 = {"agreement_id": "A-1", "enrollment_id": "E-1"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def made(folder, tables=None, **answers):
    return open_run(write(folder / "run", answer_rows=answers, table_rows=tables or {}))


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("name", RUNS)
def test_every_table_is_drawn_for_every_run(runs, name, draw):
    page = table_html(draw(runs[name]))
    assert "<script" not in page
    assert "None" not in page


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
def test_every_table_of_an_empty_run_is_a_sentence_or_filled(runs, draw):
    rows = cells(draw(runs["empty"]))
    assert rows[0] != ["Nothing to list"] or (len(rows) == 2 and rows[1][0].endswith("."))


def benefit(pool, name, *, had, until=None, reason="active_coverage"):
    row = A1 | {"pool": pool, "benefit": name, "is_entitled": had, "expires_on": until, "reason": reason}
    return row | {"quantity": 10 if had else 0}


def test_benefits_are_a_matrix_of_pools(tmp_path):
    day, past = date(2027, 8, 31), date(2022, 6, 13)
    run = made(
        tmp_path,
        benefits=[
            benefit("servers", "New Version Rights", had=True, until=day),
            benefit("systems", "New Version Rights", had=False, reason="no_coverage"),
            benefit("applications", "New Version Rights", had=None, reason="coverage_unknown"),
            benefit("servers", "License Mobility", had=False, until=past, reason="coverage_expired"),
            benefit("servers", "Planning Services", had=False, until=past, reason="retired"),
        ],
    )
    assert body(benefit_tables.benefits_table(run)) == [
        ["License Mobility", "", "", "ended 2022-06-13", "0"],
        ["New Version Rights", "unknown", "no", "until 2027-08-31", "10"],
    ]
    assert notes(benefit_tables.benefits_table(run))[0] == "Agreement A-1, enrollment E-1"


def assignment(name, day, **more):
    row = {"assignment_id": name, "product": "Windows Server", "edition": "Standard", "metric": "core", "quantity": 16}
    return row | {"basis": "physical_core", "assigned_on": day, "to_host_id": "h-1", "row_id": len(name)} | more


@pytest.mark.parametrize(
    ("assigned_on", "next_on", "is_held"),
    [(date(2026, 4, 1), "2026-06-30", False), (date(2026, 4, 2), "2026-07-01", True)],
)
def test_a_license_is_held_until_the_ninetieth_day(tmp_path, assigned_on, next_on, is_held):
    rows = {"license_assignments": [assignment("LA-1", assigned_on)]}
    judged = {"assignment_id": "LA-1", "source": "assignment", "product": "Windows Server", "edition": "Standard"}
    run = made(tmp_path, rows, reassignments=[judged | {"assigned_on": assigned_on, "is_allowed": True}])
    ((_, license_name, quantity, came_from, to, *_, next_move, _),) = body(mobility_tables.ledger_table(run))
    assert (license_name, quantity, came_from, to) == ("Windows Server Standard", "16", "from stock", "h-1")
    assert next_move == next_on
    held = body(mobility_tables.locked_table(run))
    assert (held == [["Windows Server Standard", "core", "h-1", "16", next_on]]) is is_held


def test_a_move_that_snapshots_show_has_no_stock_it_came_from(tmp_path):
    judged = {"assignment_id": "snapshot:o-1", "source": "snapshots", "product": "SQL Server", "is_allowed": False}
    run = made(tmp_path, reassignments=[judged | {"assigned_on": date(2026, 6, 1)}])
    ((*_, came_from, to, _, _, allowed, next_on, _),) = body(mobility_tables.ledger_table(run))
    assert (came_from, to, allowed, next_on) == (UNKNOWN, UNKNOWN, "no", "2026-08-30")


def year(n, *, gap, cost=None, covered=0, **more):
    row = {"subject_kind": "ose", "subject_id": f"o-{n}", "product": "SQL Server", "version": "2014", "esu_year": n}
    row |= {"period_start": date(2023 + n, 7, 10), "period_end": date(2024 + n, 7, 8), "currency": "USD"}
    return row | {"licenses_required": gap + covered, "licenses_covered": covered, "gap": gap, "cost": cost} | more


def test_a_year_without_a_price_has_no_cost(tmp_path):
    run = made(
        tmp_path,
        esu=[
            year(1, gap=4, cost=Decimal(400), subject_id="a", reason="none_left"),
            year(1, gap=2, subject_id="b", reason="none_left"),
            year(2, gap=4, cost=Decimal(400), must_also_buy=["1"], reason="none_left"),
        ],
    )
    rows = body(esu_tables.esu_table(run))
    assert [row[4:9] for row in rows] == [["2", "6", "0", "6", UNKNOWN], ["1", "4", "0", "4", "400.00"]]
    assert body(esu_tables.esu_before_table(run)) == [["SQL Server", "2014", "2", "1", "1"]]


def line(product="SQL Server", **more):
    row = A1 | {"product": product, "metric": "core", "purchase_type": "license", "pack_size": 2, "packs": 2}
    row |= {"licenses": 4, "unit_price": Decimal(100), "cost": Decimal(200), "currency": "USD"}
    row |= {"window_opens": date(2026, 7, 3), "window_closes": date(2026, 8, 2), "basis": "high_water_mark"}
    return row | more


STATEMENT = line(
    "*",
    enrollment_id="E-2",
    metric="*",
    purchase_type="update_statement",
    pack_size=1,
    packs=0,
    licenses=0,
    unit_price=None,
    cost=None,
    basis="update_statement",
)


def test_the_schedule_says_what_is_sent(tmp_path):
    unpriced = line("Exchange Server", unit_price=None, cost=None)
    run = made(tmp_path, true_up=[line(), unpriced, STATEMENT])
    day = ["2026-07-03", "2026-08-02"]
    assert body(order_tables.schedule_table(run)) == [
        ["E-1", "True-up order", *day, "2", "1", "200.00"],
        ["E-2", "Update statement", *day, "0", "0", "0.00"],
    ]


def test_what_is_ordered_stands_beside_what_is_owned_and_required(tmp_path):
    position = [
        {"product": "SQL Server", "version": version, "metric": "core", "owned": 8, "required": required}
        for version, required in (("2019", 10), ("2022", 2))
    ]
    run = made(tmp_path, position=position, true_up=[line(counted_since=date(2025, 9, 1)), STATEMENT])
    table = order_tables.counted_table(run)
    assert body(table) == [["SQL Server", "core", "16", "12", "4", "2025-09-01", "E-1"]]
    assert notes(table)[0].startswith("Additional products")


def finding(name, severity, **more):
    row = {"finding_id": name, "severity": severity, "area": "esu", "statement": f"{name} was found.", "action": "Act."}
    return row | {"status": "open"} | more


def test_errors_come_first_and_then_the_money(tmp_path):
    run = made(
        tmp_path,
        findings=[
            finding("small", "warning", money_at_stake=Decimal(1), currency="USD"),
            finding("large", "warning", money_at_stake=Decimal(2), currency="USD"),
            finding("late", "error", due_on=date(2026, 6, 29), owner="Ada"),
        ],
    )
    table = finding_tables.findings_register_table(run)
    assert [row[1] for row in body(table)] == ["late was found.", "large was found.", "small was found."]
    assert body(table)[0][3:5] == ["Ada", "2026-06-29"]
    assert body(finding_tables.findings_owners_table(run)) == [
        ["esu", "1", "0", "0", "2026-06-29"],
        ["esu", "0", "2", "0", UNKNOWN],
    ]


def test_columns_that_no_finding_fills_are_left_out(tmp_path):
    heads = cells(finding_tables.findings_register_table(made(tmp_path, findings=[finding("one", "error")])))[0]
    assert heads == ["Subject", "What was found", "What to do", "Status"]


def test_an_order_of_an_employee_says_whether_it_was_within_the_right(tmp_path):
    order = {"order_id": "O-1", "employee_id": "E-1", "offer": "Visio", "ordered_on": date(2026, 1, 2), "row_id": 1}
    run = made(tmp_path, {"workplace_orders": [order]})
    assert body(workplace_tables.workplace_orders_table(run))[0][5:] == [UNKNOWN, UNKNOWN]


def test_rules_whose_tables_were_not_given_are_left_out(runs):
    asked = rule_tables.consulted(runs["usual"])
    assert {"windows_server_standard", "step_ups", "true_up_window"} <= asked
    assert "workplace_discount_orders" not in asked
    assert rule_tables.consulted(runs["empty"]) is None


def test_a_rule_is_one_line_and_a_draft_is_marked(runs):
    assert body(rule_tables.rules_table(runs["usual"])) == [
        ["windows server standard", "Every physical core, at least 16.", "2016-10-12", "1*"]
    ]
    ((number, clause, href, count),) = body(rule_tables.clauses_table(runs["usual"]))
    assert (number, href, count) == ("1", "example.org", "1")
    assert clause == "Product Terms, Windows Server, Server Licenses (per core)"


def test_files_in_folders_are_counted(tmp_path):
    folder = RUNS["usual"](tmp_path / "run")
    run = open_run(folder)
    inner = [{"file": f"accepted/{n}.parquet", "sha256": "f" * 64} for n in range(3)]
    run.manifest["outputs"].extend(inner)
    assert body(source_tables.files_table(run)) == [
        ["position.parquet", "d" * 16, "accepted/ (3 files)", "in manifest.json"],
    ]


def test_sources_are_one_row_for_each_file(runs):
    rows = body(source_tables.sources_register_table(runs["usual"]))
    assert [(row[0], row[-4:]) for row in rows] == [
        ("rvtools.xlsx", ["6", "5", "1", "a" * 16]),
        ("statement.csv", ["5", "5", "0", "b" * 16]),
    ]


def test_texts_of_exports_stay_text(tmp_path):
    run = made(
        tmp_path,
        findings=[finding(SCRIPT, "error", owner=HOSTILE[4], subject_id=HOSTILE[7])],
        mobility=[{"deployment_id": SCRIPT, "subject_id": SCRIPT, "provider": HOSTILE[4], "product": HOSTILE[7]}
                  | {"metric": "core", "role": "active", "is_running": True, "deployed_on": date(2026, 6, 1)}],
    )  # fmt: skip
    for draw in (finding_tables.findings_register_table, finding_tables.findings_owners_table):
        assert "<script" not in table_html(draw(run))
    assert "<script" not in table_html(mobility_tables.mobility_table(run))
