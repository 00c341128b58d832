"""Great Expectations finds the same when its expectations are built once, and is left as it was."""

import polars as pl

from lmanalytics.quality import engine
from lmanalytics.quality.built_once import built_once
from lmanalytics.quality.reports import report
from lmanalytics.quality.suites import suite_of
from lmanalytics.schemas import CANONICAL


def test_an_expectation_is_built_once_inside_and_anew_outside():
    (first, *_) = suite_of("hosts").expectations
    with built_once():
        assert first.configuration is first.configuration
        assert first.configuration.to_domain_obj() is first.configuration.to_domain_obj()
    assert first.configuration is not first.configuration


def test_results_are_those_of_great_expectations_left_alone(monkeypatch):
    schema = {**CANONICAL["hosts"].schema, "cell_issues": pl.String}
    rows = [{"host_id": "h", "processors": n, "physical_cores": 1, "hypervisor": "x"} for n in range(3)]
    frame, suite = pl.LazyFrame(rows, schema=schema), suite_of("hosts")
    ours = report(engine.validate(frame, suite), suite)

    monkeypatch.setattr("lmanalytics.quality.built_once._kept", lambda builds: builds)
    assert report(engine.validate(frame, suite), suite) == ours
