import polars as pl
import pytest

from lmanalytics.report.chapters import (
    cover_tables,
    coverage_tables,
    deployment_tables,
    entitlement_tables,
    evidence_tables,
    position_tables,
    quality_tables,
    scope_tables,
    summary_tables,
    tables,
    virtualization_tables,
)
from lmanalytics.report.display import UNKNOWN, table_html
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, open_run
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import RUNS, usual
from tests.report.test_display import cells

MODULES = (
    cover_tables,
    coverage_tables,
    deployment_tables,
    entitlement_tables,
    evidence_tables,
    position_tables,
    quality_tables,
    scope_tables,
    summary_tables,
    tables,
    virtualization_tables,
)
TABLES = {
    f"{module.__name__.rpartition('.')[2]}.{name}": function
    for module in MODULES
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


def test_the_headline_adds_up_one_product_and_metric(runs):
    rows = body(tables.headline_table(runs["usual"]))
    assert rows == [
        ["Exchange Server", "server", "3", "2", "0", "1", UNKNOWN],
        ["SQL Server", "core", UNKNOWN, "24", UNKNOWN, UNKNOWN, UNKNOWN],
        ["Windows Server", "core", "1,072", "1,096", "40", "16", "1,176.00"],
    ]


@pytest.mark.parametrize(
    ("name", "draw", "sentence"),
    [
        ("only_hosts", entitlement_tables.entitlement_table, NO_SUPPLY),
        ("only_hosts", entitlement_tables.step_ups_table, NO_SUPPLY),
        ("only_purchases", virtualization_tables.plan_table, NO_ESTATE),
        ("only_purchases", deployment_tables.exclusions_table, NO_ESTATE),
        ("empty", position_tables.position_table, NO_ESTATE),
        ("empty", entitlement_tables.version_rights_table, f"{NO_SUPPLY} {NO_ESTATE}"),
        ("empty", evidence_tables.not_computable_table, f"{NO_SUPPLY} {NO_ESTATE}"),
        ("no_windows", entitlement_tables.step_ups_table, "No step-ups were bought."),
        ("no_windows", virtualization_tables.plan_table, "No host and no OSE requires a license."),
    ],
)
def test_a_missing_half_is_named(runs, name, draw, sentence):
    assert cells(draw(runs[name]))[1:] == [[sentence]]


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
