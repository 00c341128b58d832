import json

import pytest

from lmanalytics.report.chapters import unknown_tables
from lmanalytics.report.run import open_run
from tests.report.charts.test_charts_unknowns import ROWS, unknowns
from tests.report.example_run import HOSTILE, RUNS

TABLES = {
    "unknowns": unknown_tables.unknowns_table,
    "facts": unknown_tables.unknown_facts_table,
    "bounds": unknown_tables.unknown_bounds_table,
}


@pytest.fixture
def run(tmp_path):
    def make(*rows):
        folder = RUNS["usual"](tmp_path / "run")
        unknowns(*rows).sink_parquet(folder / "unknowns.parquet")
        return open_run(folder)

    return make


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
def test_without_unknown_facts_a_sentence_stands_in_its_place(run, draw):
    assert "No fact is missing" in draw(run()).as_raw_html()


def test_places_are_listed_by_rank_with_what_they_lack(run):
    page = unknown_tables.unknowns_table(run(*ROWS)).as_raw_html()
    assert page.index("h1") < page.index("h2") < page.index("v1")
    assert "the Windows Server edition of OSEs" in page
    assert "500.00" in page


def test_facts_say_how_many_places_and_what_is_open_ended(run):
    page = unknown_tables.unknown_facts_table(run(*ROWS, ("h3", "host_cores", 5, None, None))).as_raw_html()
    assert "700.00" in page
    assert (
        page.index("the Windows Server edition of OSEs")
        < page.index("the hosts of OSEs")
        < page.index("cores of hosts")
    )


def test_bounds_are_those_of_all_facts_together(run):
    page = unknown_tables.unknown_bounds_table(run(*ROWS, ("main", "every_fact", 250, 980, 400))).as_raw_html()
    assert all(amount in page for amount in ("250.00", "980.00", "400.00", "730.00"))
    assert "h1" not in page


@pytest.mark.parametrize("draw", TABLES.values(), ids=TABLES)
def test_names_from_data_stay_text(run, draw):
    rows = [(name, "ose_host", 0, 10, None) for name in HOSTILE]
    page = draw(run(*rows, *((name, "every_fact", 0, 10, 0) for name in HOSTILE))).as_raw_html()
    assert "<script>alert" not in page
    assert json.dumps(page)
