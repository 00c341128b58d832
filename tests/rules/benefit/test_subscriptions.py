from datetime import date

import pytest

from lmanalytics.rules.benefit import subscriptions
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.rules.benefit.benefit_tables import table

AS_OF = date(2026, 6, 30)


def sold(sku, quantity=10, end=date(2027, 1, 1), entity="main"):
    return {"entity_id": entity, "agreement_id": "A", "enrollment_id": "A", "sku": sku, "quantity": quantity,
            "start_date": date(2025, 1, 1), "end_date": end}  # fmt: skip


def inputs(*rows):
    return {"online_subscriptions": table("online_subscriptions", *rows)}


def test_each_row_has_one_outcome():
    rows = (
        sold("Microsoft 365 E3"),
        sold("Visio Plan 2"),
        sold("Contoso"),
        sold("Office 365 E1", end=date(2026, 1, 1)),
    )
    found = subscriptions.answers(inputs(*rows), Settings(AS_OF))
    assert found["online_subscriptions_outcomes"].collect().select("row_id", "product", "outcome", "reason").rows() == [
        (0, "Microsoft 365 E3", "used", "plan_counts"),
        (1, "Visio Plan 2", "excluded", "plan_irrelevant"),
        (2, "Contoso", "not_computable", "plan_unknown"),
        (3, "Office 365 E1", "excluded", "plan_ended"),
    ]
    told = found["findings"].collect()
    assert told.schema == ANSWERS["findings"].schema
    assert told["statement"].to_list() == ["10 subscriptions of Contoso are of a name that is not known."]


@pytest.mark.parametrize(
    ("rows", "has", "until"),
    [
        ((sold("Office 365 E1"), sold("Contoso")), True, date(2027, 1, 1)),
        ((sold("Office 365 E1", end=date(2026, 6, 29)),), False, None),
        ((sold("Visio Plan 2"),), False, None),
        ((sold("Office 365 E1", quantity=0),), False, None),
        ((sold("Contoso"),), None, None),
    ],
)
def test_who_has_somewhere_to_store_documents(rows, has, until):
    found = subscriptions.online_storage(inputs(*rows), Settings(AS_OF)).collect().to_dicts()[0]
    assert (found["has_online_plan"], found["online_plan_until"]) == (has, until)


def test_without_the_table_there_is_nothing_to_say():
    assert subscriptions.answers({}, Settings(AS_OF)) == {}
    assert subscriptions.explain_subject({}, Settings(AS_OF), "A").is_empty()


def test_explain_shows_what_a_subscription_is():
    lines = subscriptions.explain_subject(inputs(sold("Microsoft 365 E3")), Settings(AS_OF), "A")
    assert dict(lines.select("rule", "value").rows())["online_plans.suite"] == "e3_e5"
