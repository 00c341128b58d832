from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmanalytics.position.balance import balance
from lmanalytics.position.plan import choose, top_up
from lmanalytics.rules.demand.price_list import PER_LICENSE
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, MONEY
from tests.tables import frame

SETTINGS = Settings(date(2026, 6, 30))
VERSIONS = pl.DataFrame(
    {"product": ["Windows Server"] * 3, "version": ["2016", "2019", "2022"], "version_rank": [1, 2, 3]}
)
WINDOWS = ("Windows Server",)


def demand_of(text):
    """Read `subject | edition | version | option | required | sa | price`."""
    rows = frame(tuple(line for line in text.strip().splitlines() if not set(line) <= set("-| "))).lazy()
    return (
        ANSWERS["demand"]
        .conform(
            rows.with_columns(
                pl.col("version").cast(pl.String),
                entity_id=pl.lit("main"),
                subject_kind=pl.lit("host"),
                subject_id=pl.col("subject"),
                product=pl.lit("Windows Server"),
                metric=pl.lit("core"),
                licenses_required=pl.col("required"),
                is_available=pl.lit(value=True),
                unit_price=pl.col("price").cast(MONEY),
                cost=(pl.col("required") * pl.col("price")).cast(MONEY),
                currency=pl.lit("USD"),
            )
        )
        .with_columns(licenses_with_sa=pl.when(rows_need_sa(text)).then(pl.col("licenses_required")).otherwise(0))
    )


def rows_need_sa(text):
    """Name the subjects that are licensed by virtual machine."""
    cells = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pl.col("subject_id").is_in([row[0] for row in cells if row[5] == "yes"])


LISTED = pl.LazyFrame(
    {
        "entity_id": ["main", "main"],
        "edition": ["Standard", "Datacenter"],
        "price": ["70", "400"],
        "price_with_sa": ["90", "500"],
        "currency": ["USD", "USD"],
    }
).with_columns(pl.col("price", "price_with_sa").cast(PER_LICENSE))


def balanced(plan, licenses):
    return balance(plan, licenses, LISTED, VERSIONS, WINDOWS, SETTINGS)


def licenses_of(text):
    """Read `license | edition | version_right | quantity | sa | host`."""
    rows = frame(tuple(line for line in text.strip().splitlines() if not set(line) <= set("-| "))).lazy()
    return ANSWERS["licenses"].conform(
        rows.with_columns(
            pl.col("version_right").cast(pl.String),
            entity_id=pl.lit("main"),
            license_id=pl.col("license"),
            product=pl.lit("Windows Server"),
            metric=pl.lit("core"),
            sa_active=pl.col("sa") == "yes",
            tied_to_host_id=pl.col("host"),
        )
    )


def solved(demand, licenses):
    result = balanced(choose(demand_of(demand)), licenses_of(licenses))
    return result.plan.collect(), result.position.collect()


def test_the_cheapest_available_option_is_chosen_and_the_next_best_is_told():
    plan = choose(
        demand_of("""
subject | edition    | version | option                    | required | sa | price
h1      | Standard   | 2022    | standard_physical_cores   | 64       | no | 70
h1      | Datacenter | 2022    | datacenter_physical_cores | 16       | no | 400
h2      | Standard   | 2022    | standard_physical_cores   | 16       | no | 70
h2      | Datacenter | 2022    | datacenter_physical_cores | 16       | no | 400
""")
    ).collect()
    assert plan.select("subject_id", "option", "cost", "cost_of_next_best").rows() == [
        ("h1", "standard_physical_cores", 4480, 6400),
        ("h2", "standard_physical_cores", 1120, 6400),
    ]


def test_without_prices_the_fewest_licenses_win():
    demand = demand_of("""
subject | edition    | version | option | required | sa | price
h1      | Standard   | 2022    | a      | 64       | no | 1
h1      | Datacenter | 2022    | b      | 16       | no | 1
""").with_columns(cost=pl.lit(None, MONEY), unit_price=pl.lit(None, MONEY))
    assert choose(demand).collect()["option"].to_list() == ["b"]


def test_a_subject_without_an_option_stays_with_its_reason():
    demand = demand_of("""
subject | edition  | version | option | required | sa | price
h1      | Standard | 2022    | a      |          | no | 1
""").with_columns(is_available=pl.lit(value=False), reason=pl.lit("host_cores_unknown"))
    plan = choose(demand).collect()
    assert plan.select("subject_id", "option", "licenses_required", "reason").rows() == [
        ("h1", None, None, "host_cores_unknown")
    ]


def test_editions_and_versions_are_allocated_in_and_out():
    plan, position = solved(
        """
subject | edition    | version | option | required | sa | price
h1      | Standard   | 2019    | a      | 48       | no | 70
h2      | Datacenter | 2022    | b      | 32       | no | 400
""",
        """
license | edition    | version_right | quantity | sa  | host
l1      | Standard   | 2016          | 16       | no  |
l2      | Standard   | 2022          | 16       | no  |
l3      | Datacenter | 2022          | 40       | yes |
""",
    )
    columns = [
        "edition",
        "version",
        "owned",
        "required",
        "allocated_in",
        "allocated_out",
        "assigned",
        "surplus",
        "shortage",
        "reason",
    ]
    assert position.select(columns).rows() == [
        ("Datacenter", "2022", 40, 32, 0, 8, 32, 0, 0, "covered"),
        ("Standard", "2016", 16, 0, 0, 0, 0, 16, 0, "not_required"),
        ("Standard", "2019", 0, 48, 24, 0, 24, 0, 24, "short"),
        ("Standard", "2022", 16, 0, 0, 16, 0, 0, 0, "not_required"),
    ]
    assert position.filter(version="2019")["shortage_cost"].to_list() == [24 * 70]
    assert plan.select("subject_id", "licenses_assigned", "licenses_short").rows() == [("h1", 24, 24), ("h2", 32, 0)]


def test_only_licenses_in_force_on_the_day_of_the_position_count():
    day, before, after = date(2026, 6, 30), date(2026, 6, 29), date(2026, 7, 1)
    lots = licenses_of("""
license  | edition    | version_right | quantity | sa  | host
replaced | Standard   | 2022          | 1        | no  |
stepped  | Datacenter | 2022          | 2        | no  |
last_day | Standard   | 2022          | 4        | no  |
later    | Standard   | 2022          | 8        | no  |
undated  | Standard   | 2022          | 16       | no  |
""").with_columns(
        valid_from=pl.Series([before, day, before, after, None], dtype=pl.Date),
        valid_to=pl.Series([before, None, day, None, None], dtype=pl.Date),
    )
    demand = demand_of("""
subject | edition  | version | option | required | sa | price
h1      | Standard | 2022    | a      | 40       | no | 70
""")
    for plan in (choose(demand), None):
        position = balanced(plan, lots).position.collect()
        assert dict(position.select("edition", "owned").rows()) == {"Datacenter": 2, "Standard": 20}
    assert balanced(choose(demand), lots).plan.collect()["licenses_short"].to_list() == [18]


def test_virtual_machines_need_software_assurance_and_an_oem_license_its_machine():
    plan, _ = solved(
        """
subject | edition  | version | option        | required | sa  | price
h1      | Standard | 2022    | virtual_cores | 8        | yes | 90
h2      | Standard | 2022    | a             | 16       | no  | 70
h3      | Standard | 2022    | a             | 16       | no  | 70
""",
        """
license | edition  | version_right | quantity | sa  | host
plain   | Standard | 2022          | 8        | no  |
covered | Standard | 2022          | 4        | yes |
oem     | Standard | 2022          | 16       | no  | h3
""",
    )
    assert plan.select("subject_id", "licenses_assigned", "licenses_short").rows() == [
        ("h1", 4, 4),
        ("h2", 8, 8),
        ("h3", 16, 0),
    ]


def test_a_missing_half_is_not_computable_and_never_zero():
    text = """
subject | edition  | version | option | required | sa | price
h1      | Standard | 2022    | a      | 16       | no | 70
"""
    no_supply = balanced(choose(demand_of(text)), None)
    row = no_supply.position.collect().to_dicts()[0]
    assert (row["required"], row["owned"], row["shortage"], row["shortage_cost"]) == (16, None, None, None)
    assert row["reason"] == "supply_not_given"
    lots = "license | edition | version_right | quantity | sa | host\nl1 | Standard | 2022 | 16 | no |"
    no_demand = balanced(None, licenses_of(lots))
    row = no_demand.position.collect().to_dicts()[0]
    assert (row["required"], row["owned"], row["surplus"], row["reason"]) == (None, 16, None, "demand_not_given")


def test_a_product_without_a_demand_rule_is_not_called_surplus():
    lots = licenses_of("license | edition | version_right | quantity | sa | host\nl1 | Standard | 2022 | 16 | no |")
    sql = lots.with_columns(product=pl.lit("SQL Server"))
    demand = choose(
        demand_of(
            "subject | edition | version | option | required | sa | price\nh1 | Standard | 2022 | a | 16 | no | 70"
        )
    )
    position = balanced(demand, sql).position.collect()
    row = position.filter(product="SQL Server").to_dicts()[0]
    assert (row["surplus"], row["required"], row["reason"]) == (None, None, "no_demand_rule")


UNKNOWN = pl.LazyFrame({"entity_id": ["main"], "product": ["Windows Server"], "metric": ["core"]})


def reasons_of(demand, licenses):
    plan = choose(demand_of("subject | edition | version | option | required | sa | price\n" + demand))
    lots = licenses_of("license | edition | version_right | quantity | sa | host\n" + licenses)
    position = balance(plan, lots, LISTED, VERSIONS, WINDOWS, SETTINGS, UNKNOWN).position.collect()
    return position.select("edition", "version", "owned", "required", "surplus", "shortage", "reason").rows()


def test_machines_whose_need_is_not_computable_have_a_line_of_their_own():
    lots = "l1 | Standard | 2022 | 16 | no |\nl2 | Datacenter | 2022 | 8 | no |"
    not_computable = (None, None, 0, None, None, None, "demand_not_computable")
    assert reasons_of("h1 | Standard | 2022 | a | 16 | no | 70", lots) == [
        ("Datacenter", "2022", 8, 0, 8, 0, "not_required_as_far_as_known"),
        ("Standard", "2022", 16, 16, 0, 0, "covered_as_far_as_known"),
        not_computable,
    ]
    assert reasons_of("h1 | Standard | 2022 | a |  | no | 70", lots) == [
        ("Datacenter", "2022", 8, 0, 8, 0, "not_required_as_far_as_known"),
        ("Standard", "2022", 16, 0, 16, 0, "not_required_as_far_as_known"),
        not_computable,
    ]


def test_a_need_of_unknown_version_is_covered_only_if_nothing_newer_runs():
    text = "subject | edition | version | option | required | sa | price\nh1 | Standard |  | a | 16 | no | 70"
    lots = "license | edition | version_right | quantity | sa | host\nl1 | Standard | 2022 | 16 | no |"
    _, position = solved(text, lots)
    assert position.filter(pl.col("required") > 0)["reason"].to_list() == ["covered_if_no_newer"]


def test_a_mix_needs_both_kinds_of_licenses():
    demand = demand_of("""
subject | edition  | version | option | required | sa | price
h1      | Standard | 2022    | mix    | 40       | no | 70
""").with_columns(licenses_with_sa=pl.lit(24, pl.Int64))
    lots = licenses_of("""
license | edition  | version_right | quantity | sa  | host
plain   | Standard | 2022          | 20       | no  |
covered | Standard | 2022          | 10       | yes |
""")
    result = balanced(choose(demand), lots)
    row = result.plan.collect().to_dicts()[0]
    assert (row["licenses_required"], row["licenses_assigned"], row["licenses_short"]) == (40, 26, 14)
    short = result.short.collect().sort("needs_sa")
    assert short.select("needs_sa", "quantity", "assigned", "short", "cost").rows() == [
        (False, 16, 16, 0, 0),
        (True, 24, 10, 14, 14 * 90),
    ]
    assert result.position.collect()["shortage_cost"].to_list() == [14 * 90]


MINIMUMS = pl.LazyFrame(
    {"entity_id": ["main"], "product": ["Windows Server"], "metric": ["core"], "min_licenses": [16]}
)


@pytest.mark.parametrize(("required", "added"), [(8, [8]), (15, [1]), (16, []), (17, [])])
def test_the_customer_minimum_is_made_up_once(required, added):
    head = "subject | edition | version | option | required | sa | price\n"
    plan = choose(demand_of(f"{head}h1 | Standard | 2022 | virtual_cores | {required} | yes | 90"))
    more = top_up(plan, MINIMUMS).collect().filter(subject_kind="customer")
    assert more["licenses_required"].to_list() == added
    assert more["licenses_with_sa"].to_list() == added


def test_physical_cores_have_no_customer_minimum():
    head = "subject | edition | version | option | required | sa | price\n"
    plan = choose(demand_of(f"{head}h1 | Standard | 2022 | a | 8 | no | 90"))
    assert top_up(plan, MINIMUMS).collect().height == 1


EDITIONS = st.sampled_from(["Standard", "Datacenter"])
YEARS = st.sampled_from(["2016", "2019", "2022"])
YES = st.sampled_from(["yes", "no"])


@given(
    needs=st.lists(st.tuples(EDITIONS, YEARS, st.integers(1, 64), YES), min_size=1, max_size=6),
    lots=st.lists(st.tuples(EDITIONS, YEARS, st.integers(1, 64), YES), max_size=6),
)
@pytest.mark.slow
def test_every_license_and_every_need_is_accounted_for(needs, lots):
    head = "subject | edition | version | option | required | sa | price\n"
    demand = head + "\n".join(
        f"h{i} | {e} | {v} | a | {n} | {sa} | {70 if e == 'Standard' else 400}" for i, (e, v, n, sa) in enumerate(needs)
    )
    head = "license | edition | version_right | quantity | sa | host\n"
    owned = head + "\n".join(
        f"l{i} | {e} | {v} | {n} | {sa} | " for i, (e, v, n, sa) in enumerate(lots or [("Standard", "2016", 1, "no")])
    )
    plan, position = solved(demand, owned)
    assert position.filter(pl.col("required") != pl.col("assigned") + pl.col("shortage")).is_empty()
    left, right = (
        pl.col("owned") + pl.col("allocated_in"),
        pl.col("assigned") + pl.col("surplus") + pl.col("allocated_out"),
    )
    assert position.filter(left != right).is_empty()
    assert position["surplus"].min() >= 0
    assert position["shortage"].min() >= 0
    assert position["allocated_in"].sum() == position["allocated_out"].sum()
    assert plan["licenses_short"].sum() == position["shortage"].sum()
    assert plan["licenses_required"].sum() == position["required"].sum()


STANDARD = """
subject | edition  | version | option | required | sa | price
h1      | Standard | 2022    | a      | 16       | no | 70
h2      | Standard | 2019    | a      | 16       | no | 70
"""


def two_entities(licenses, serves):
    """Put h1 into the entity `main`, h2 into `other`; `main` owns the licenses."""
    held = licenses_of(licenses).with_columns(serves=pl.lit(serves, pl.String))
    whose = pl.when(pl.col("subject_id") == "h2").then(pl.lit("other")).otherwise("entity_id")
    plan = choose(demand_of(STANDARD).with_columns(entity_id=whose))
    return balanced(plan, held)


SURPLUS = """
license | edition  | version_right | quantity | sa | host
l1      | Standard | 2022          | 40       | no |
"""


def test_an_affiliate_is_served_with_what_is_left():
    result = two_entities(SURPLUS, "other")
    assert result.plan.select("entity_id", "licenses_assigned", "licenses_short").collect().rows() == [
        ("main", 16, 0),
        ("other", 16, 0),
    ]
    columns = ["entity_id", "version", "owned", "required", "allocated_in", "allocated_out", "assigned", "surplus"]
    assert result.position.select(columns).collect().rows() == [
        ("main", "2022", 40, 16, 0, 16, 16, 8),
        ("other", "2019", 0, 16, 16, 0, 16, 0),
    ]


def test_an_entity_that_no_agreement_names_is_not_served():
    result = two_entities(SURPLUS, None)
    assert result.plan.select("entity_id", "licenses_short").collect().rows() == [("main", 0), ("other", 16)]


def test_an_entity_serves_itself_first():
    result = two_entities(SURPLUS.replace("40", "16"), "other")
    assert result.plan.select("entity_id", "licenses_short").collect().rows() == [("main", 0), ("other", 16)]


def test_the_plan_says_the_version_right_of_what_it_assigned():
    plan, _ = solved(
        STANDARD,
        """
license | edition  | version_right | quantity | sa | host
l1      | Standard | 2022          | 20       | no |
l2      | Standard | 2019          | 12       | no |
""",
    )
    assert plan.select("subject_id", "version_right").rows() == [("h1", "2022"), ("h2", "2019")]


@pytest.mark.parametrize(
    ("right", "told"),
    [("2022", "2022"), ("2016", None), ("", None)],
    ids=["newer than what runs", "too old: nothing is assigned", "not known: nothing is assigned"],
)
def test_a_version_right_is_told_of_what_is_assigned_only(right, told):
    plan, _ = solved(
        "\n".join(STANDARD.strip().splitlines()[:1] + STANDARD.strip().splitlines()[2:]),
        f"""
license | edition  | version_right | quantity | sa | host
l1      | Standard | {right}       | 16       | no |
l2      | Standard | 2016          | 1        | no |
""",
    )
    assert plan["version_right"].to_list() == [told]
