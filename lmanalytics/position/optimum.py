"""Choose the option of every subject at once, so that with the licenses that are owned least must be bought.

Subjects with the same options are one shape with a count. The model chooses how many of each shape take which
option, whom owned licenses serve, and what is bought: packs, step-ups and suites. `solve` proves the choice.
"""

from dataclasses import dataclass

import polars as pl

from lmanalytics.position.choices import dealt, joints, rows_of, shapes
from lmanalytics.position.classes import NEEDS, demand_classes, in_force, needs, supply_classes
from lmanalytics.position.fits import fits
from lmanalytics.position.groups import Groups, groups_of
from lmanalytics.position.market import Market, market
from lmanalytics.position.minimum import made_up, with_minimums
from lmanalytics.position.offers import Sale, homed, steps, suites
from lmanalytics.position.plan import OPTION, SUBJECT, choose, open_options
from lmanalytics.position.points import choices, kinds, named, of_today, settled, with_curves
from lmanalytics.position.pools import pooled
from lmanalytics.position.problem import Problem
from lmanalytics.position.proof import Proof, proof_of
from lmanalytics.position.selling import text
from lmanalytics.position.solve import solve
from lmanalytics.rules.demand.curves import LISTS
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, ENTITY


@dataclass(frozen=True)
class Planned:
    """The options that subjects have, with the proof that no others leave less to buy."""

    plan: pl.LazyFrame
    """Chosen options (`plan.choose`), with a row of kind customer where a minimum must be made up."""
    proof: Proof | None
    """None where nothing requires a license."""
    split: pl.LazyFrame | None = None
    """SUBJECT, option (with its step), demand_class, quantity: what the first place of each kind may need."""
    alike: pl.DataFrame | None = None
    """`points.kinds`."""
    solved: tuple[Market, Problem, Groups] | None = None
    """What was solved."""


def planned(
    demand: pl.LazyFrame,
    minimums: pl.LazyFrame,
    licenses: pl.LazyFrame | None,
    listed: pl.LazyFrame,
    versions: pl.DataFrame,
    settings: Settings,
    *,
    sale: Sale | None = None,
    today: pl.DataFrame | None = None,
) -> Planned:
    """Choose the options of all subjects, the minimum for a customer as a whole included.

    Args:
        demand: the `demand` answer.
        minimums: entity_id, product, metric, min_licenses.
        licenses: the `licenses` answer; None where no purchases were given: then nothing is owned.
        listed: the price of one license without and with Software Assurance (`price_list.all_products`).
        versions: product, version, version_rank (`version_ranks`).
        settings: date and policies.
        sale: packs and step-ups that are for sale.
        today: SUBJECT, option that today's assignment fits: it wins among options that cost the same.

    Returns:
        The plan with its proof.

    Raises:
        PositionError: prices or quantities are negative, or the solver finds no answer.

    """
    sale = sale or Sale()
    owned = ANSWERS["licenses"].empty() if licenses is None else in_force(licenses, settings.as_of)
    owned = owned.collect().lazy()
    demand = with_curves(demand)
    options = demand.join(open_options(demand), on=OPTION, how="semi").collect()
    alike = kinds(options, owned, today)
    usable = choices(options, alike, listed).collect().lazy()
    today = of_today(usable, today)
    split = needs(usable, owned, listed, versions, keep=("option",)).collect()
    if split.is_empty():
        return Planned(choose(demand.drop(LISTS)), None)
    alone = steps(sale.opportunities, owned)
    pools = pooled(alone, supply_classes(homed(owned, alone), versions).collect())
    stepping, supply = pools.stepping, pools.supply
    classes = demand_classes(split.lazy(), versions).collect().with_row_index("d")
    numbered = split.join(classes.select(*NEEDS, "d"), on=NEEDS, nulls_equal=True)
    sold = suites(classes, sale.packs, listed).select(ENTITY, "first_product", "second_product")
    both = joints(numbered, classes, sold)
    arcs = fits(supply, classes, settings).with_columns(distance=pl.lit(0, pl.Int64))
    ends = both.select("first", "second")
    trade = market(supply, classes, arcs, ends, versions, (sale.packs, listed, stepping), settings)
    names = _names(classes, both)
    paired = both.with_columns(need=text("joint", ["first", "second"])).join(names, on="need")
    takes, members = shapes(rows_of(usable, numbered, paired, today), alike)
    uses = takes.with_row_index("take").select("take", "d", "quantity").drop_nulls("d").explode(
        "d", "quantity", empty_as_null=False, keep_nulls=False
    ).join(names, on="d").select("take", "need", "quantity")  # fmt: skip
    trade, all_takes, all_uses = with_minimums(trade, takes, uses, classes, minimums)
    none = pl.DataFrame(schema={"need": pl.String, "quantity": pl.Int64})
    problem = trade.numbered(all_takes, all_uses, none)
    solved = solve(problem)
    taken = takes.select("shape", "option").with_columns(n=solved.solution.takes.head(takes.height))
    points = named(dealt(taken, members).lazy()).collect().lazy()
    rows, left = settled(demand, points, listed)
    chosen = choose(rows, points.drop("step").collect(), left)
    more = made_up(trade, solved.solution.packs, classes)
    found = pl.concat([chosen, more.lazy()], how="diagonal").sort(*SUBJECT, "edition", nulls_last=True)
    needed = numbered.lazy().join(classes.lazy().select("d", "demand_class"), on="d")
    groups = groups_of(trade, problem, supply, classes)
    proof = proof_of(trade, problem, solved, supply, classes)
    asked = needed.select(*OPTION, "demand_class", "quantity")
    return Planned(found, proof, asked, alike, (trade, problem, groups))


def _names(classes: pl.DataFrame, both: pl.DataFrame) -> pl.DataFrame:
    """Number the needs that options have: d, need (its name). Pairs of a suite come after the classes."""
    pairs = both.select(need=text("joint", ["first", "second"])).unique().sort("need")
    numbers = pl.int_range(classes.height, classes.height + pl.len(), dtype=pl.UInt32)
    named = classes.select("d", need="demand_class")
    return pl.concat([named, pairs.select(d=numbers, need="need")]).with_columns(pl.col("d").cast(pl.Int64))
