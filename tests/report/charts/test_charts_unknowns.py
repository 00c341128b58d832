from decimal import Decimal

import polars as pl
import pytest

from lmanalytics.report.charts.theme import render
from lmanalytics.report.charts.unknowns import fact_tornado, place_tornado
from lmanalytics.schemas import ANSWERS
from tests.report.example_run import HOSTILE


def unknowns(*rows):
    """Read (place, fact, least, most, counted), ranked as given; a rank of None is a total."""
    named = [
        {"entity_id": "main", "subject_kind": "host", "subject_id": place, "product": "Windows Server", "fact": fact,
         "cost_least": Decimal(least) if least is not None else None, "cost_most": None if most is None else Decimal(most),
         "cost_counted": None if counted is None else Decimal(counted), "currency": "USD", "action": "Look.",
         "swing": None if None in {least, most} else Decimal(most - least),
         "rank": None if fact == "every_fact" else number}
        for number, (place, fact, least, most, counted) in enumerate(rows, 1)
    ]  # fmt: skip
    schema = {k: ANSWERS["unknowns"].schema[k] for k in named[0]} if named else ANSWERS["unknowns"].schema
    return ANSWERS["unknowns"].conform(pl.LazyFrame(named, schema=schema))


ROWS = [("h1", "ose_edition", 100, 600, 100), ("h2", "ose_edition", 100, 300, 300), ("v1", "ose_host", 50, 80, None)]


def drawn(chart):
    return {
        (r["name"], r["end"]): (r["start"], r["stop"])
        for rows in chart.to_dict()["datasets"].values()
        for r in rows
        if "end" in r
    }


def test_places_range_around_what_is_counted():
    assert drawn(place_tornado(unknowns(*ROWS))) == {
        ("h1", "more"): (0, 500),
        ("h2", "less"): (-200, 0),
        ("v1", "more"): (50, 80),
    }


def test_facts_add_up_their_places():
    names = {name: ends for (name, _), ends in drawn(fact_tornado(unknowns(*ROWS))).items()}
    assert names == {"the Windows Server edition of OSEs": (0, 500), "the hosts of OSEs": (50, 80)}
    both = drawn(fact_tornado(unknowns(*ROWS)))
    assert both["the Windows Server edition of OSEs", "less"] == (-200, 0)


def test_totals_and_rows_without_a_range_are_not_drawn():
    more = [("main", "every_fact", 0, 900, 0), ("h3", "host_cores", 5, None, None), ("h4", "version", 7, 7, 7)]
    assert drawn(place_tornado(unknowns(*ROWS, *more))) == drawn(place_tornado(unknowns(*ROWS)))


@pytest.mark.parametrize("draw", [fact_tornado, place_tornado])
def test_nothing_to_draw_is_a_sentence(draw):
    (rows,) = draw(unknowns()).to_dict()["datasets"].values()
    assert rows[0]["text"].endswith(".")


@pytest.mark.parametrize("draw", [fact_tornado, place_tornado])
def test_names_from_data_are_drawn_as_text_and_described(draw):
    chart = draw(unknowns(*((name, "ose_host", 0, 10 + n, None) for n, name in enumerate(HOSTILE)))).to_dict()
    assert chart["description"].endswith(".")
    assert "<script>alert" not in render(chart)["image/svg+xml"]


def test_the_order_of_rows_does_not_change_a_chart():
    for draw in (fact_tornado, place_tornado):
        assert draw(unknowns(*ROWS)).to_dict() == draw(unknowns(*ROWS).reverse()).to_dict()
