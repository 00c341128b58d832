from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import failover_coverage

DAY = date(2026, 6, 30)


def coverage(primaries, supply):
    """Cover (subject, edition, licenses) from (edition, metric, licenses); give (has_sa, metric, reason) of each."""
    rows = [{"entity_id": "main", "subject_id": s, "edition": e, "core_licenses": n} for s, e, n in primaries]
    held = [{"entity_id": "main", "edition": e, "metric": m, "licenses": n} for e, m, n in supply]
    found = compute(
        failover_coverage,
        "coverage",
        Settings(DAY),
        primaries=pl.LazyFrame(
            rows,
            schema={"entity_id": pl.String, "subject_id": pl.String, "edition": pl.String, "core_licenses": pl.Int64},
        ),
        supply=pl.LazyFrame(
            held, schema={"entity_id": pl.String, "edition": pl.String, "metric": pl.String, "licenses": pl.Int64}
        ),
    ).collect()
    return {r["subject_id"]: (r["has_sa"], r["metric"], r["reason"]) for r in found.to_dicts()}


COVERED, NOT_COVERED = (True, "core", "covered"), (False, None, "not_covered")


def test_core_licenses_of_the_edition_just_suffice():
    assert coverage([("a", "Standard", 8)], [("Standard", "core", 8)])["a"] == COVERED
    assert coverage([("a", "Standard", 8)], [("Standard", "core", 7)])["a"] == NOT_COVERED
    assert coverage([("a", "Standard", 8)], [])["a"] == NOT_COVERED


def test_enterprise_serves_standard_after_its_own():
    supply = [("Enterprise", "core", 16)]
    assert coverage([("a", "Standard", 8), ("b", "Enterprise", 8)], supply) == {"a": COVERED, "b": COVERED}
    assert coverage([("a", "Standard", 9), ("b", "Enterprise", 8)], supply) == {"a": NOT_COVERED, "b": COVERED}


def test_standard_never_serves_enterprise():
    assert coverage([("a", "Enterprise", 8)], [("Standard", "core", 99), ("Standard", "server", 9)])["a"] == NOT_COVERED


def test_one_server_license_serves_one_ose_of_any_size():
    found = coverage([("a", "Standard", 8), ("b", "Standard", 64)], [("Standard", "server", 1)])
    assert found == {"a": (True, "server", "covered"), "b": NOT_COVERED}


def test_the_smallest_are_covered_first():
    found = coverage([("a", "Standard", 16), ("b", "Standard", 4)], [("Standard", "core", 16)])
    assert found == {"a": NOT_COVERED, "b": COVERED}


def test_what_is_not_known_of_an_ose():
    supply = [("Standard", "core", 99)]
    assert coverage([("a", "Standard", None)], supply)["a"] == (None, None, "licenses_unknown")
    assert coverage([("a", None, 8)], supply)["a"] == (None, None, "licenses_unknown")
    assert coverage([("a", "Standard", None)], [("Standard", "server", 1)])["a"] == (True, "server", "covered")


def test_another_edition_has_licenses_of_its_own_only():
    assert coverage([("a", "Workgroup", 8)], [("Enterprise", "core", 99)])["a"] == NOT_COVERED


def test_another_company_is_never_served():
    rows = {"subject_id": "a", "edition": "Standard", "core_licenses": 8}
    found = compute(
        failover_coverage, "coverage", Settings(DAY),
        primaries=pl.LazyFrame([{"entity_id": "A", **rows}]),
        supply=pl.LazyFrame([{"entity_id": "B", "edition": "Standard", "metric": "core", "licenses": 99}]),
    )  # fmt: skip
    assert found.collect()["has_sa"].to_list() == [False]


def by_hand(primaries, cores):
    """Serve the smallest first, the edition's own pool before Enterprise."""
    left, served = dict(cores), set()
    for edition in ("Enterprise", "Standard"):
        for name, own, n in sorted(primaries, key=lambda p: (p[2], p[0])):
            if own == edition and n <= left[edition]:
                left[edition] -= n
                served.add(name)
            elif own == edition:
                break
    for name, own, n in sorted(primaries, key=lambda p: (p[2], p[0])):
        if own == "Standard" and name not in served:
            if n > left["Enterprise"]:
                break
            left["Enterprise"] -= n
            served.add(name)
    return served


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["Enterprise", "Standard"]), st.integers(4, 32)), max_size=8),
    st.integers(0, 64),
    st.integers(0, 64),
)
def test_against_serving_them_one_by_one(oses, enterprise, standard):
    primaries = [(f"o{i}", edition, n) for i, (edition, n) in enumerate(oses)]
    found = coverage(primaries, [("Enterprise", "core", enterprise), ("Standard", "core", standard)])
    assert {name for name, (has_sa, _, _) in found.items() if has_sa} == by_hand(
        primaries, {"Enterprise": enterprise, "Standard": standard}
    )
