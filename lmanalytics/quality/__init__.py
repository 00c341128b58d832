"""Great Expectations on Polars: suites, the gate, quarantine."""
