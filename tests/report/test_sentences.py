import polars as pl
import pytest

from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, open_run
from lmanalytics.report.sentences import listed, status
from tests.report.example_run import RUNS, usual


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "usual",
            (
                "Short of 17 licenses. To cover them costs 1,176.00 USD, not counting 1 line without a price. "
                "1 line of 5 cannot be computed."
            ),
        ),
        ("only_hosts", f"No position yet. {NO_SUPPLY}"),
        ("only_purchases", f"No position yet. {NO_ESTATE}"),
        ("empty", f"No position yet. {NO_SUPPLY} {NO_ESTATE}"),
        ("no_windows", "Not computable. 1 line of 1 cannot be computed."),
    ],
)
def test_the_status_is_one_line(tmp_path, name, said):
    assert status(open_run(RUNS[name](tmp_path / "run"))) == said


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (pl.col("shortage") == 0, "Covered: no license is short."),
        (pl.col("shortage").fill_null(0) == 0, "What can be computed is covered. 1 line of 3 cannot be computed."),
    ],
)
def test_covered_is_said_only_of_what_is_known(tmp_path, kept, said):
    path = usual(tmp_path / "run") / "position.parquet"
    pl.read_parquet(path).filter(kept).write_parquet(path)
    assert status(open_run(path.parent)) == said


@pytest.mark.parametrize(("names", "said"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b and c")])
def test_names_are_listed(names, said):
    assert listed(names) == said
