import polars as pl
import pytest

from lmanalytics.report import baseline_tables, evidence_tables, quality_tables, tables
from lmanalytics.report.display import UNKNOWN, table_html
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, open_run
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import RUNS, usual
from tests.report.test_display import cells

TABLES = {
    name: function
    for module in (tables, baseline_tables, evidence_tables, quality_tables)
    for name, function in vars(module).items()
    if name.endswith("_table") and function.__module__ == module.__name__
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return {name: open_run(make(root / name)) for name, make in RUNS.items()}


def body(table):
    return [row for row in cells(table)[1:] if len(row) > 1]


def notes(table):
    return [row[0] for row in cells(table)[1:] if len(row) == 1]


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("name", RUNS)
def test_every_table_is_drawn_for_every_run(runs, name, draw):
    page = table_html(draw(runs[name]))
    assert "<script" not in page
    assert "<img" not in page
    assert "None" not in page


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
def test_every_table_of_an_empty_run_is_a_sentence_or_filled(runs, draw):
    rows = cells(draw(runs["empty"]))
    assert rows[0] != ["Nothing to list"] or (len(rows) == 2 and rows[1][0].endswith("."))


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
def test_the_order_of_rows_in_answers_does_not_change_a_table(draw, tmp_path):
    folder = usual(tmp_path / "run")
    before = table_html(draw(open_run(folder)))
    for name in ANSWERS.keys() - {"position"}:  # the position is shown in the order of its versions
        path = folder / f"{name}.parquet"
        pl.read_parquet(path).reverse().write_parquet(path)
    assert table_html(draw(open_run(folder))) == before


def test_the_position_is_a_line_for_each_product_edition_version_and_metric(runs):
    rows = body(tables.position_table(runs["usual"]))
    assert rows[0] == ["Standard 2022", "64", "64", "96", "16", "0", "0", "16", "1,176.00", "1"]
    assert rows[3] == ["Enterprise 2022", "24", "24", *[UNKNOWN] * 6, "3"]
    assert rows[4][-3:] == ["1", UNKNOWN, "1"]


def test_a_position_without_purchases_shows_no_zero(runs):
    (row,) = body(tables.position_table(runs["only_hosts"]))
    assert row[1:] == [UNKNOWN, UNKNOWN, "96", *[UNKNOWN] * 5, "1"]


def test_entities_are_told_apart(tmp_path):
    folder = usual(tmp_path / "run")
    position = pl.read_parquet(folder / "position.parquet")
    both = pl.concat([position, position.with_columns(entity_id=pl.lit("other"))])
    both.write_parquet(folder / "position.parquet")
    assert notes(tables.position_table(open_run(folder)))[:2] == [
        "main: Windows Server, licenses by core",
        "main: SQL Server, licenses by core",
    ]


def test_the_headline_adds_up_one_product_and_metric(runs):
    rows = body(tables.headline_table(runs["usual"]))
    assert rows == [
        ["Exchange Server", "server", "3", "2", "0", "1", UNKNOWN],
        ["SQL Server", "core", UNKNOWN, "24", UNKNOWN, UNKNOWN, UNKNOWN],
        ["Windows Server", "core", "1,072", "1,096", "40", "16", "1,176.00"],
    ]


def test_the_true_up_is_added_up(tmp_path):
    folder = usual(tmp_path / "run")
    line = ["Windows Server Standard", "core", "license", "1 of 16", "16", "1,176.00", "1,176.00", "1"]
    assert body(tables.true_up_table(open_run(folder))) == [line]
    order = pl.read_parquet(folder / "true_up.parquet")
    pl.concat([order, order]).write_parquet(folder / "true_up.parquet")
    table = tables.true_up_table(open_run(folder))
    assert body(table) == [line, line, ["Total", "", "", "", "32", "", "2,352.00", ""]]
    assert notes(table)[0] == "Enrollment E-1, order window 2026-05-01 to 2026-05-31"


def test_errors_come_before_the_rest(runs):
    assert [row[0] for row in body(tables.findings_table(runs["usual"]))] == ["error", "info"]


def test_the_plan_puts_the_short_first_and_keeps_what_has_no_option(runs):
    rows = body(tables.plan_table(runs["usual"]))
    assert [row[0] for row in rows] == ["host-04", "host-03", "host-02", "host-01", "host-99"]
    assert rows[-1][1:7] == ["none available", *[UNKNOWN] * 5]
    assert "Product: Windows Server." in notes(tables.plan_table(runs["usual"]))


def test_accounts_add_up_to_the_rows_counted_anew(runs):
    rows = {row[0]: row[1:] for row in body(quality_tables.accounts_table(runs["usual"]))}
    assert rows["hosts"] == ["4", "0", "0", "0", "1", "5", "5", "yes"]
    assert rows["Total"] == ["4", "2", "4", "2", "1", "13", "13", ""]


@pytest.mark.parametrize("rows", [3, 5])
def test_a_row_too_few_or_too_many_does_not_add_up(tmp_path, rows):
    folder = usual(tmp_path / "run")
    path = folder / "accounts.parquet"
    used = pl.col("outcome") == "used"
    changed = pl.read_parquet(path).with_columns(rows=pl.when(used).then(pl.lit(rows)).otherwise("rows"))
    changed.write_parquet(path)
    found = {row[0]: row[-1] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found == {"hosts": "yes", "oses": "yes", "purchases": "no", "Total": ""}


def test_a_table_that_accounts_forget_does_not_add_up(tmp_path):
    folder = usual(tmp_path / "run")
    path = folder / "accounts.parquet"
    pl.read_parquet(path).filter(pl.col("table") != "oses").write_parquet(path)
    found = {row[0]: row[-3:] for row in body(quality_tables.accounts_table(open_run(folder)))}
    assert found["oses"] == [UNKNOWN, "4", "no"]


def test_checks_that_failed_come_first(runs):
    outcomes = [row[-1] for row in body(quality_tables.checks_table(runs["usual"]))]
    assert outcomes == ["broken"] * 3 + ["failed"] * 3 + ["warned"] * 3


def test_checks_are_counted_by_table(runs):
    rows = body(quality_tables.suites_table(runs["usual"]))
    assert rows[0] == ["hosts", "4", "1", "1", "1", "1"]
    assert rows[-1] == ["Total", "12", "3", "3", "3", "3"]


def test_rejected_rows_say_where_they_stand_and_why(runs):
    assert body(quality_tables.quarantine_table(runs["usual"])) == [
        ["hosts", "rvtools.xlsx", "vHost", "9", "physical_cores: '12x' is no number"]
    ]


def test_a_rule_that_nobody_checked_is_a_draft(runs):
    ((*_, clause),) = body(evidence_tables.rules_table(runs["usual"]))
    assert clause == "Product Terms, Windows Server, Server Licenses (per core) [draft]"


@pytest.mark.parametrize(
    ("name", "draw", "sentence"),
    [
        ("only_hosts", baseline_tables.entitlement_table, NO_SUPPLY),
        ("only_hosts", baseline_tables.step_ups_table, NO_SUPPLY),
        ("only_purchases", tables.plan_table, NO_ESTATE),
        ("only_purchases", baseline_tables.exclusions_table, NO_ESTATE),
        ("empty", tables.position_table, NO_ESTATE),
        ("empty", baseline_tables.version_rights_table, f"{NO_SUPPLY} {NO_ESTATE}"),
        ("empty", evidence_tables.not_computable_table, f"{NO_SUPPLY} {NO_ESTATE}"),
        ("no_windows", baseline_tables.step_ups_table, "No step-ups were bought."),
        ("no_windows", tables.plan_table, "No product that needs a license was found."),
    ],
)
def test_a_missing_half_is_named(runs, name, draw, sentence):
    assert cells(draw(runs[name]))[1:] == [[sentence]]


def test_hosts_that_the_facts_left_out_are_not_counted(tmp_path):
    folder = usual(tmp_path / "run")
    (folder / "facts").mkdir()
    facts = pl.DataFrame({"row_id": [2, 3, 4], "state": ["current", "earlier", "current"]})
    facts.write_parquet(folder / "facts" / "hosts.parquet")
    rows = body(baseline_tables.hosts_table(open_run(folder)))
    assert rows == [["esxi", "customer", "2", "1", "4", "32", "0"]]


def test_subjects_have_the_names_of_their_machines(tmp_path):
    folder = usual(tmp_path / "run")
    hosts = pl.read_parquet(folder / "accepted" / "hosts.parquet")
    names = pl.Series("host_name", ["blade-1", "twin", "twin", None])
    hosts.with_columns(names).write_parquet(folder / "accepted" / "hosts.parquet")
    shown = [row[0] for row in body(tables.plan_table(open_run(folder)))]
    assert shown == ["host-04", "twin (host-03)", "twin (host-02)", "blade-1", "host-99"]


def test_what_is_not_computable_is_gathered_from_every_answer(runs):
    assert body(evidence_tables.not_computable_table(runs["usual"])) == [
        ["Position, SQL Server: 1 line", "no demand rule"],
        ["Need, Windows Server: 1 subject", "cores unknown"],
    ]
    first, *_ = body(evidence_tables.not_computable_table(runs["only_hosts"]))
    assert first == ["What is owned", "Table purchases was not given."]


def test_a_table_of_readings_has_a_row_for_each_that_changes_something(tmp_path):
    folder = usual(tmp_path / "run")
    frame = pl.LazyFrame(
        {
            "policy": ["a_gap", "movement"],
            "reading": ["breaks", "observed"],
            "source": ["Terms", "Terms"],
            "licenses_if_otherwise": [
                "restarts: unchanged",
                "cluster: required -104, short unchanged; free: unchanged; all: required +1,000, short not computable",
            ],
            "cost_if_otherwise": ["restarts: unchanged", "cluster: +1,176.00; free: unchanged; all: not computable"],
        }
    )
    ANSWERS["policies"].conform(frame).collect().write_parquet(folder / "policies.parquet")
    assert body(evidence_tables.readings_table(open_run(folder))) == [
        ["movement", "observed", "all", "+1,000", UNKNOWN, UNKNOWN],
        ["movement", "observed", "cluster", "-104", "unchanged", "+1,176.00"],
    ]
    assert body(evidence_tables.policies_table(open_run(folder))) == [
        ["a gap", "breaks", "Terms"],
        ["movement", "observed", "Terms"],
    ]


def test_readings_that_were_not_tried_are_not_called_unchanged(runs, tmp_path):
    (said,) = cells(evidence_tables.readings_table(runs["usual"]))[1]
    assert said == "What another reading would change was not computed. Set a policy for a run to see it."
    folder = usual(tmp_path / "run")
    tried = pl.read_parquet(folder / "policies.parquet").with_columns(
        licenses_if_otherwise=pl.lit("free: unchanged"), cost_if_otherwise=pl.lit("free: unchanged")
    )
    tried.write_parquet(folder / "policies.parquet")
    (said,) = cells(evidence_tables.readings_table(open_run(folder)))[1]
    assert said.startswith("No other reading")
