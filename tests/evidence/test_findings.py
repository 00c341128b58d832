import polars as pl

from lmanalytics.evidence.findings import findings
from lmanalytics.schemas import ANSWERS

CHECKS = pl.DataFrame(
    schema={
        "table": pl.String,
        "check": pl.String,
        "severity": pl.String,
        "sentence": pl.String,
        "unexpected_count": pl.Int64,
        "success": pl.Boolean,
        "examples": pl.List(pl.String),
    }
)


def outcomes(*rows):
    frame = pl.LazyFrame(rows, schema=["outcome", "reason"], orient="row")
    return frame.with_columns(entity_id=pl.lit("main"), product=pl.lit("Windows Server"))


def found(**answered):
    read = ANSWERS["findings"].empty().collect()
    return findings(answered, read, CHECKS).collect()


def test_what_has_no_answer_and_what_no_license_serves_is_told():
    table = found(
        ose_outcomes=outcomes(
            ("counted", "counted"),
            ("not_computable", "azure_hybrid_benefit"),
            ("not_computable", "azure_hybrid_benefit"),
            ("not_licensable", "listed_provider"),
        ),
        purchase_outcomes=outcomes(
            ("used", "license"), ("excluded", "sa_has_gap"), ("excluded", "after_as_of"), ("superseded", "x")
        ).with_columns(purchase_id=pl.lit("p1")),
        step_ups=ANSWERS["step_ups"].empty(),
        host_outcomes=outcomes(("used", "host_used"), ("not_computable", "host_os_unknown")),
    )
    assert table.select("severity", "subject_id", "statement").rows() == [
        (
            "error",
            "listed_provider",
            "1 operating system environments run Windows Server where no license may be used (listed provider).",
        ),
        (
            "warning",
            "azure_hybrid_benefit",
            "Of 2 operating system environments it is not computable what they require (azure hybrid benefit).",
        ),
        (
            "warning",
            "host_os_unknown",
            "Of 1 hosts it is not computable what they require (host os unknown).",
        ),
        (
            "warning",
            "sa_has_gap",
            "1 purchase lines of Windows Server could not be counted (sa has gap).",
        ),
    ]
    assert table["finding_id"].n_unique() == 4
