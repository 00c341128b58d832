from datetime import date

import polars as pl
import pytest

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


def shortage(*rows):
    names = ["product", "edition", "version", "metric", "shortage"]
    frame = pl.LazyFrame(
        rows, schema=names, orient="row", schema_overrides={"shortage": pl.Int64, "edition": pl.String}
    )
    return ANSWERS["position"].conform(frame.with_columns(entity_id=pl.lit("main")))


def windows(*rows):
    frame = pl.LazyFrame(
        rows, schema={"product": pl.String, "edition": pl.String, "metric": pl.String, "licenses": pl.Int64, "window_closes": pl.Date},
        orient="row",
    )  # fmt: skip
    return ANSWERS["true_up"].conform(frame.with_columns(entity_id=pl.lit("main")))


def test_a_shortage_is_due_when_its_first_order_window_closes():
    table = found(
        position=shortage(
            ("SQL Server", "Standard", "2022", "core", 4),
            ("SQL Server", "Standard", "2022", "server", 1),
            ("Windows Server", None, None, "core", 2),
            ("BizTalk Server", None, None, "core", 2),
        ),
        true_up=windows(
            ("SQL Server", "Standard", "core", 4, date(2026, 10, 31)),
            ("SQL Server", "Standard", "core", 2, date(2026, 8, 2)),
            ("SQL Server", "Standard", "core", 0, date(2026, 7, 1)),
            ("SQL Server", "Standard", "server", 1, None),
            ("Windows Server", None, "core", 2, date(2026, 7, 4)),
        ),
    )
    assert dict(table.select("finding_id", "due_on").rows()) == {
        "position:main/SQL Server Standard 2022/core": date(2026, 8, 2),
        "position:main/SQL Server Standard 2022/server": None,
        "position:main/Windows Server/core": date(2026, 7, 4),
        "position:main/BizTalk Server/core": None,
    }


def told_of(**finding):
    row = {
        "entity_id": "main",
        "finding_id": "x",
        "area": "esu",
        "statement": "s",
        "action": "a",
        "rule": "r",
        **finding,
    }
    return ANSWERS["findings"].conform(pl.LazyFrame([row]))


def test_a_step_up_is_due_with_the_order_and_a_day_that_is_known_stays():
    closing = windows(("SQL Server", "Enterprise", "core", 4, date(2026, 8, 2)))
    saving = {"rule": "step_up_offer.saving", "subject_id": "SQL Server Enterprise"}
    for finding, due in (
        (saving, date(2026, 8, 2)),
        (saving | {"due_on": date(2026, 7, 1)}, date(2026, 7, 1)),
        (saving | {"rule": "other"}, None),
        (saving | {"subject_id": "SQL Server Standard"}, None),
    ):
        assert found(findings_of_x=told_of(**finding), true_up=closing)["due_on"].to_list() == [due]


OWNERS = (
    {"owner": "A", "area": ("esu", "versions"), "product": ("SQL*",)},
    {"owner": "B", "subject": ("esx0?",)},
    {"owner": "C", "entity": ("fabrikam",)},
)


@pytest.mark.parametrize(
    ("finding", "who"),
    [
        ({"product": "SQL Server"}, "A"),
        ({"product": "sql server", "area": "versions", "subject_id": "esx01"}, "A"),
        ({"product": "Windows Server"}, None),
        ({"product": None, "subject_id": "vc/ESX01"}, "B"),
        ({"subject_id": "esx012"}, None),
        ({"subject_id": "esx01", "entity_id": "fabrikam"}, "B"),
        ({"entity_id": "fabrikam"}, "C"),
        ({"entity_id": "fabrikam", "owner": "Approver"}, "Approver"),
        ({"owner": "Approver"}, "Approver"),
        ({"product": "a.*(b", "subject_id": "[x"}, None),
    ],
)
def test_the_first_owner_whose_patterns_all_fit_has_the_finding(finding, who):
    read = ANSWERS["findings"].empty().collect()
    table = findings({"findings_of_x": told_of(**finding)}, read, CHECKS, OWNERS).collect()
    assert table["owner"].to_list() == [who]


def test_an_entry_without_patterns_has_the_rest():
    read = ANSWERS["findings"].empty().collect()
    owners = (*OWNERS, {"owner": "Z"})
    table = findings({"findings_of_x": told_of()}, read, CHECKS, owners).collect()
    assert table["owner"].to_list() == ["Z"]


def test_without_owners_nobody_is_named():
    assert found(findings_of_x=told_of())["owner"].to_list() == [None]
