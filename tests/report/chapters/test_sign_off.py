"""What people sign."""

from datetime import date

import pytest

from lmanalytics.report.chapters import closing_words, sign_off
from lmanalytics.report.display import table_html
from lmanalytics.report.run import open_run
from tests.report.example_run import RUNS, SCRIPT, write
from tests.report.test_display import cells
from tests.report.test_rights_tables import STATEMENT, finding, line, made

WORDS = (
    sign_off.subject_words,
    sign_off.limits_words,
    sign_off.statement_words,
    closing_words.order_words,
    closing_words.finding_words,
    closing_words.assurance_words,
    closing_words.recipe_words,
)


@pytest.mark.parametrize("say", WORDS)
@pytest.mark.parametrize("name", RUNS)
def test_every_run_has_words(say, name, tmp_path):
    said = say(open_run(RUNS[name](tmp_path / "run")))
    assert said
    assert "None" not in said
    assert "{" not in said


def test_there_is_room_to_sign():
    table = sign_off.signatures_table()
    assert [row[0] for row in cells(table)] == ["", "Prepared", "Reviewed", "Approved"]
    assert table_html(table).count("<br>") == 24


def test_the_digest_and_the_customer_stand_on_the_page(tmp_path):
    folder = write(tmp_path / "run", answer_rows={}, table_rows={}, customer=SCRIPT)
    said = sign_off.subject_words(open_run(folder))
    assert "e" * 64 in said
    assert "<script>" not in said


def test_an_update_statement_has_a_wording_where_one_is_due(tmp_path):
    run = made(tmp_path, true_up=[line(), STATEMENT])
    assert "> " in sign_off.statement_words(run)
    assert "Agreement A\\-1, enrollment E\\-2 owes one, between 2026-07-03 and 2026-08-02." in sign_off.statement_words(
        run
    )


def test_without_a_statement_there_is_no_wording(tmp_path):
    run = made(tmp_path, true_up=[line()])
    assert sign_off.statement_words(run) == "No enrollment owes an update statement in place of an order."


def test_the_order_says_lines_cost_and_windows(tmp_path):
    said = closing_words.order_words(made(tmp_path, true_up=[line(), STATEMENT]))
    assert "The order has 1 lines. It costs 200.00 USD." in said
    assert "send an update statement in its place: 1." in said
    assert said.count("is due between 2026-07-03 and 2026-08-02") == 2


def test_what_is_due_before_the_window_is_told(tmp_path):
    soon = line("Project Server", window_opens=date(2026, 6, 2), window_closes=date(2026, 6, 2))
    said = closing_words.order_words(made(tmp_path, true_up=[line(), soon]))
    assert "the first by 2026-06-02: 1." in said


@pytest.mark.parametrize(("day", "is_overdue"), [("2026-06-29", True), ("2026-06-30", False)])
def test_findings_of_yesterday_are_overdue(tmp_path, day, is_overdue):
    run = made(tmp_path, findings=[finding("one", "error", due_on=date.fromisoformat(day), owner="Ada")])
    said = closing_words.finding_words(run)
    assert ("Overdue" in said) is is_overdue
    assert "1 of 1 have an owner." in said
