"""Worked examples with published outcomes, run against the rules: `python -m tests.examples FILE.csv...`."""
