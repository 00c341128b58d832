from datetime import date

import polars as pl

from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import self_hosted
from lmanalytics.rules.trace import EXPLANATION
from lmanalytics.schemas import ANSWERS, CANONICAL

DAY = Settings(date(2026, 6, 30))
ROW = {
    "entity_id": "main", "solution_id": "shop", "component": "database", "product": "SQL Server", "edition": "Standard",
    "is_access_license": False, "sa_active_until": date(2027, 6, 30), "is_volume_licensed": True,
    "is_self_hosting_eligible": True, "adds_primary_functionality": True, "principal_service": True, "direct_access": False,
    "delivered_remotely": True, "is_on_end_user_device": False, "owned_by_customer": True, "operated_by": "customer",
}  # fmt: skip
CAL = ROW | {"component": "cal", "product": "SQL Server CAL", "is_access_license": True}
LAPSED = date(2026, 6, 29)


def answered(*rows):
    table = pl.LazyFrame(
        [{"row_id": i, **row} for i, row in enumerate(rows)], schema=CANONICAL["self_hosted_solutions"].schema
    )
    return {name: frame.collect() for name, frame in self_hosted.answers({"self_hosted_solutions": table}, DAY).items()}


def test_a_solution_of_two_components():
    found = answered(ROW, CAL)
    assert found["self_hosting"].select("solution_id", "is_permitted", "reason").rows() == [("shop", True, "permitted")]
    assert found["self_hosting"].schema == ANSWERS["self_hosting"].schema
    assert found["findings"].is_empty()


def test_access_licenses_without_sa_are_told_apart_from_products():
    found = answered(ROW, CAL | {"sa_active_until": LAPSED})
    assert found["self_hosting"]["failing_conditions"].to_list() == [["sa_access_licenses"]]
    found = answered(ROW | {"sa_active_until": LAPSED}, CAL)
    assert found["self_hosting"]["failing_conditions"].to_list() == [["sa_products"]]


def test_one_component_fails_for_the_whole_solution():
    found = answered(ROW, CAL | {"is_volume_licensed": False, "direct_access": True})
    assert found["self_hosting"]["failing_conditions"].to_list() == [["licenses_via_vl", "direct_access"]]


def test_an_unknown_end_of_coverage_leaves_it_open():
    found = answered(ROW | {"sa_active_until": None}, CAL, ROW | {"solution_id": "other"})
    assert found["self_hosting"]["is_permitted"].to_list() == [True, None]
    assert found["self_hosted_solutions_outcomes"].select("row_id", "product", "outcome", "reason").rows() == [
        (0, "SQL Server", "not_computable", "not_known"),
        (1, "SQL Server CAL", "not_computable", "not_known"),
        (2, "SQL Server", "used", "permitted"),
    ]


def test_findings_are_counted_per_condition():
    rows = [ROW | {"solution_id": f"s{i}", "owned_by_customer": False} for i in range(3)]
    rows += [
        ROW | {"solution_id": "hosted", "operated_by": "Contoso"},
        ROW | {"solution_id": "open", "sa_active_until": None},
    ]
    found = answered(*rows)["findings"]
    assert found.select("finding_id", "severity").rows() == [
        ("self_hosting:main:not_known", "warning"),
        ("self_hosting:main:outsourced", "info"),
        ("self_hosting:main:owned_by_customer", "error"),
    ]
    assert "3." in found["statement"][2]
    assert found.schema == ANSWERS["findings"].schema


def test_companies_are_kept_apart():
    found = answered(ROW, ROW | {"entity_id": "other", "direct_access": True})
    assert found["self_hosting"].select("entity_id", "is_permitted").rows() == [("main", True), ("other", False)]


def test_a_solution_is_explained():
    table = pl.LazyFrame([{"row_id": 0, **ROW}, {"row_id": 1, **CAL}], schema=CANONICAL["self_hosted_solutions"].schema)
    lines = self_hosted.explain_subject({"self_hosted_solutions": table}, DAY, "shop")
    assert lines.schema == EXPLANATION
    assert lines["subject"].unique().sort().to_list() == ["cal", "database", "shop"]
    assert self_hosted.explain_subject({"self_hosted_solutions": table}, DAY, "nothing").is_empty()
