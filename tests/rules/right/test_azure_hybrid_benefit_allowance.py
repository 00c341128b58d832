from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import azure_hybrid_benefit_allowance

NEEDED = {"entity_id": pl.String, "ose_id": pl.String, "licenses": pl.Int64}
HELD = {"entity_id": pl.String, "quantity": pl.Int64}


def served(machines, *held):
    """Return the reason of each machine, by its id; machines is id -> licenses."""
    rows = pl.LazyFrame([("main", n, v) for n, v in machines.items()], schema=NEEDED, orient="row")
    lots = pl.LazyFrame([("main", q) for q in held], schema=HELD, orient="row")
    settings = Settings(date(2026, 6, 30))
    found = compute(azure_hybrid_benefit_allowance, "allowance", settings, machines=rows, held=lots).collect()
    assert (found["is_concurrent"] == (found["reason"] == "concurrent")).all()
    return dict(found.select("ose_id", "reason").rows())


@pytest.mark.parametrize(
    ("machines", "held", "expected"),
    [
        ({"a": 8}, [8], {"a": "concurrent"}),
        ({"a": 8}, [7], {"a": "beyond"}),
        ({"a": 8}, [], {"a": "none_held"}),
        ({"a": 8}, [0], {"a": "none_held"}),
        ({"a": 8}, [16, -16], {"a": "none_held"}),
        ({"a": 8}, [8, -16], {"a": "none_held"}),
        ({"a": 8, "b": 32}, [32], {"a": "beyond", "b": "concurrent"}),
        ({"a": 8, "b": 32}, [16], {"a": "concurrent", "b": "beyond"}),
        ({"a": 8, "b": 32, "c": 16}, [48, 8], {"a": "concurrent", "b": "concurrent", "c": "concurrent"}),
        ({"a": 8, "b": 32, "c": 32}, [40], {"a": "concurrent", "b": "concurrent", "c": "beyond"}),
        ({"b": 8, "a": 8}, [8], {"a": "concurrent", "b": "beyond"}),
        ({"a": None, "b": 0}, [16], {}),
    ],
    ids=["just", "one less", "none", "zero", "all in azure's hosts", "more in azure's hosts", "the large one first",
         "what fits", "all", "the rest to the next", "ties by id", "nothing to serve"],
)  # fmt: skip
def test_whom_the_allowance_serves(machines, held, expected):
    assert served(machines, *held) == expected


def test_another_customers_licenses_do_not_serve():
    rows = pl.LazyFrame([("A", "a", 8)], schema=NEEDED, orient="row")
    lots = pl.LazyFrame([("B", 64)], schema=HELD, orient="row")
    found = compute(azure_hybrid_benefit_allowance, "allowance", Settings(date(2016, 10, 1)), machines=rows, held=lots)
    assert found.collect()["reason"].to_list() == ["none_held"]


@given(st.lists(st.integers(8, 64), max_size=12), st.integers(0, 400))
def test_it_never_serves_more_than_is_held_and_leaves_none_that_the_first_pass_could(sizes, held):
    machines = {f"{n:02}": size for n, size in enumerate(sizes)}
    found = served(machines, held)
    used = sum(machines[n] for n, reason in found.items() if reason == "concurrent")
    assert used <= held
    order = sorted(machines, key=lambda n: (-machines[n], n))
    left, reference = held, set()
    for n in order:
        if machines[n] > left:
            break
        reference.add(n)
        left -= machines[n]
    assert reference <= {n for n, reason in found.items() if reason == "concurrent"}


def test_every_reason_occurs():
    found = {reason for m, h in (({"a": 8}, 8), ({"a": 8}, 4), ({"a": 8}, 0)) for reason in served(m, h).values()}
    assert found == {reason.code for reason in azure_hybrid_benefit_allowance.Reason}
