from datetime import date
from decimal import Decimal

import polars as pl

from lmanalytics.evidence import unknowns
from lmanalytics.evidence.unknowns import Reason
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS
from tests.evidence.test_unknowns import PRICES, priced, ranges
from tests.facts.estates import AS_OF, table

EMPTY = {"demand": ANSWERS["demand"].empty(), "plan": ANSWERS["plan"].empty()}


def found(answered, **tables):
    given = priced(*PRICES) | tables
    answers = unknowns.answers(given, EMPTY | answered, Settings(AS_OF))
    return {name: frame.collect() for name, frame in answers.items()}


def rows(name, *given):
    schema = ANSWERS[name].schema
    filled = [{"entity_id": "main", **row} for row in given]
    return ANSWERS[name].conform(pl.LazyFrame(filled, schema={k: schema[k] for row in filled for k in row}))


def planned(**more):
    return {"subject_kind": "host", "subject_id": "h1", "product": "Windows Server", "edition": "Standard",
            "metric": "core", "option": "standard_physical_cores", "licenses_required": 16} | more  # fmt: skip


def test_licenses_that_no_list_prices_have_no_bound():
    plan = rows(
        "plan", planned(), planned(subject_id="h2", licenses_required=24), planned(subject_id="h3", cost=Decimal(1))
    )
    answer = found({"plan": plan})
    assert ranges(answer) == {("Windows Server Standard core", "price"): ((40, 40), (None, None))}
    assert answer["unknowns"]["reason"].to_list() == [Reason.NO_PRICE.code]
    assert answer["findings_of_unknowns"]["statement"].to_list() == [
        "No export states what licenses cost in 1 place. What depends on it is not computable."
    ]


def test_licenses_that_are_not_for_sale_lack_no_price():
    old = rows("demand", planned(acquired_before=date(2019, 10, 1), is_available=True))
    assert found({"plan": rows("plan", planned()), "demand": old})["unknowns"].is_empty()


def test_a_version_ranges_over_the_licenses_that_serve_it_unless_they_may_run_the_newest():
    served = planned(licenses_assigned=8, cost=Decimal(160), currency="USD", version_right="2019")
    newest = planned(subject_id="h2", licenses_assigned=8, cost=Decimal(160), currency="USD", version_right="2025")
    known = planned(subject_id="h3", licenses_assigned=8, cost=Decimal(160), version="2016", version_right="2019")
    answer = found({"plan": rows("plan", served, newest, known)})
    assert ranges(answer) == {("h1", "version"): ((0, 8), (0, 80))}
    assert answer["unknowns"]["reason"].to_list() == [Reason.OLDER_OR_NEWER.code]


def test_a_purchase_line_that_does_not_count_is_worth_its_licenses_or_nothing():
    purchases = table("purchases", *(
        {"purchase_id": name, "product": "Windows Server", "edition": "Standard", "metric": "core", "quantity": 3,
         "licenses_per_unit": 16, "purchase_type": "license"} for name in ("p1", "p2", "p3", "p4")
    ))  # fmt: skip
    outcomes = pl.LazyFrame(
        [(1, "not_computable", "machine_unknown"), (2, "excluded", "no_proof_of_purchase"), (3, "excluded", "after_as_of"),
         (4, "used", "license")],
        schema=["row_id", "outcome", "reason"], orient="row",
    )  # fmt: skip
    answer = found({"purchase_outcomes": outcomes}, purchases=purchases)
    each = ((0, 48), (0, 480))
    assert ranges(answer) == {("p1", "purchase_line"): each, ("p2", "purchase_line"): each}
    assert set(answer["unknowns"]["reason"]) == {Reason.OWNED_OR_NOT.code}


def test_what_nobody_counted_ranges_from_nobody_to_everybody_who_is_listed():
    outcomes = pl.LazyFrame({"entity_id": ["main"], "product": ["Exchange Server"], "reason": ["not_counted"]})
    people = table("employees", *({"employee_id": f"e{n}", "employed_from": date(2020, 1, 1)} for n in range(3)))
    listed = table("prices", {"product": "Exchange Server", "metric": "user_cal", "purchase_type": "license",
                              "valid_from": date(2020, 1, 1), "unit_price": Decimal(7), "currency": "USD"})  # fmt: skip
    answer = found({"access_counts_outcomes": outcomes}, employees=people, prices=listed)
    assert ranges(answer) == {("main/access", "Exchange Server", "access_count"): ((0, 3), (0, 21))}
    assert ranges(found({"access_counts_outcomes": outcomes}, prices=listed)) == {
        ("main/access", "Exchange Server", "access_count"): ((0, None), (0, None))
    }


def test_every_reason_has_a_test():
    text = "".join(
        p.read_text(encoding="utf-8") for p in __import__("pathlib").Path(__file__).parent.glob("test_unknowns*.py")
    )
    assert [r.name for r in Reason if f"Reason.{r.name}." not in text] == []
