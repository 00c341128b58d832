from datetime import date

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.facts.snapshots import observed
from lmanalytics.rules.demand._current_installs import current_installs
from lmanalytics.schemas import CANONICAL, ENTITY

AS_OF = date(2026, 6, 30)
DAYS = (date(2026, 3, 31), date(2026, 5, 31), AS_OF, date(2026, 7, 31))
ASKED = ["SQL Server", "Exchange Server"]
KEY = [ENTITY, "install_id", "ose_id", "product"]


def table(*rows):
    frame = pl.DataFrame(
        {
            ENTITY: [row[0] for row in rows],
            "install_id": [row[1] for row in rows],
            "ose_id": [row[2] for row in rows],
            "product": [row[3] for row in rows],
            "observed_on": [row[4] for row in rows],
            "row_id": list(range(len(rows))),
        },
        schema_overrides={"observed_on": pl.Date},
    )
    return CANONICAL["installs"].conform(frame.lazy())


def current(*rows):
    return current_installs(table(*rows), ASKED, AS_OF).select(KEY).collect().sort(KEY).rows()


def test_an_install_is_current_until_its_ose_is_seen_without_it():
    mail, sql = ("main", "e1", "vm1", "Exchange Server"), ("main", "s1", "vm1", "SQL Server")
    assert current((*mail, DAYS[0]), (*sql, DAYS[0])) == [mail, sql]
    assert current((*mail, DAYS[0]), (*sql, DAYS[0]), (*sql, DAYS[1])) == [sql]


def test_any_other_product_in_the_ose_is_a_later_look():
    sql, other = ("main", "s1", "vm1", "SQL Server"), ("main", "o1", "vm1", "Other")
    assert current((*sql, DAYS[0]), (*other, DAYS[1])) == []
    assert current((*sql, DAYS[0]), (*other, DAYS[3])) == [sql]


def test_an_install_seen_later_as_something_else_is_gone():
    assert current(("main", "s1", "vm1", "SQL Server", DAYS[0]), ("main", "s1", "vm2", "Other", DAYS[1])) == []


def test_entities_do_not_replace_each_other():
    sql = ("main", "s1", "vm1", "SQL Server")
    assert current((*sql, DAYS[0]), ("other", "s1", "vm1", "Other", DAYS[1])) == [sql]


rows = st.tuples(
    st.sampled_from(["main", "other"]),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["vm1", "vm2"]),
    st.sampled_from([*ASKED, "Other"]),
    st.sampled_from(DAYS),
)


@given(st.lists(rows, max_size=9))
def test_they_are_those_that_snapshots_call_current(some):
    known = observed(table(*some).with_columns(inventory_id="ose_id"), "install_id", AS_OF)
    expected = known.filter((pl.col("state") == "current") & pl.col("product").is_in(ASKED)).select(KEY).collect()
    assert current(*some) == expected.sort(KEY).rows()
