from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.entitlement import affiliates
from lmanalytics.rules.parameters import Settings

AS_OF = date(2026, 6, 30)


def served(licenses, agreements, **policies):
    """Licenses are (entity, agreement, enrollment), agreements (entity, agreement, enrollment, affiliates)."""
    home = dict.fromkeys(["entity_id", "agreement_id", "enrollment_id"], pl.String)
    held = pl.LazyFrame(licenses, schema=home, orient="row")
    signed = pl.LazyFrame(agreements, schema={**home, "affiliates": pl.List(pl.String)}, orient="row")
    found = compute(affiliates, "serves", Settings(AS_OF, policies), licenses=held, agreements=signed).collect()
    return found["serves"].to_list()


SIGNED = [("A", "X", "1", ["B", "C"]), ("A", "X", "2", []), ("D", "Y", None, ["A"]), ("E", "Z", "1", None)]


def test_what_any_entity_of_an_agreement_acquired_may_serve_all_of_them():
    assert served([("A", "X", "1"), ("B", "X", "1"), ("C", "X", "1")], SIGNED) == ["B;C", "A;C", "A;B"]


def test_a_license_of_another_enrollment_agreement_or_entity_serves_its_own_alone():
    licenses = [("A", "X", "2"), ("A", "Z", "1"), ("E", "Z", "1"), ("F", "X", "1"), ("A", None, None), ("A", "X", None)]
    assert served(licenses, SIGNED) == [None] * 6


def test_an_agreement_without_enrollment_is_its_own():
    assert served([("D", "Y", "Y"), ("A", "Y", "Y")], SIGNED) == ["A", "D"]


def test_an_entity_that_is_named_twice_or_names_itself_counts_once():
    assert served([("A", "X", "1")], [("A", "X", "1", ["A", "B", "B", " B ", ""])]) == ["B"]


def test_two_customers_with_agreements_of_one_number_share_nothing():
    signed = [("A", "X", "1", ["B"]), ("C", "X", "1", ["D"])]
    assert served([("A", "X", "1"), ("D", "X", "1"), ("E", "X", "1")], signed) == ["B", "C", None]


def test_affiliates_of_two_lists_are_put_together():
    signed = [("A", "X", "1", ["B"]), ("C", "X", "1", ["B"])]
    assert served([("B", "X", "1"), ("A", "X", "1")], signed) == ["A;C", "B"]


def test_where_the_policy_says_so_every_license_serves_its_own_entity():
    assert served([("A", "X", "1")], SIGNED, affiliate_use="own_entity") == [None]


ENTITY = st.sampled_from("ABCD")
HOME = st.tuples(st.sampled_from("XY"), st.sampled_from("12"))


@given(
    licenses=st.lists(st.tuples(ENTITY, HOME), max_size=5),
    signed=st.lists(st.tuples(ENTITY, HOME, st.lists(ENTITY, max_size=3)), max_size=5),
)
def test_as_the_lists_say_one_license_at_a_time(licenses, signed):
    expected = []
    for entity, home in licenses:
        sets = [{who, *names} for who, where, names in signed if where == home and names]
        others = {other for names in sets if entity in names for other in names} - {entity}
        expected.append(";".join(sorted(others)) or None)
    rows = [(who, *where, names) for who, where, names in signed]
    assert served([(entity, *home) for entity, home in licenses], rows) == expected
