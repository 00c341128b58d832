"""Set owned licenses against the plan: who gets which license, and who goes without."""

from dataclasses import dataclass, replace

import polars as pl

from lmanalytics.position.choices import joints
from lmanalytics.position.classes import NEEDS, demand_classes, in_force, needs, supply_classes
from lmanalytics.position.fits import fits
from lmanalytics.position.grid import grid
from lmanalytics.position.groups import groups_of
from lmanalytics.position.market import Market, market
from lmanalytics.position.offers import Sale, homed, steps, suites
from lmanalytics.position.orders import ordered
from lmanalytics.position.plan import SUBJECT
from lmanalytics.position.pools import dealt, pooled
from lmanalytics.position.problem import TAKES, Problem
from lmanalytics.position.proof import KIND, Proof, proof_of, spending
from lmanalytics.position.rights import with_rights
from lmanalytics.position.selling import text
from lmanalytics.position.solve import Solved, solve
from lmanalytics.rules.demand._versions import releases
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY


@dataclass(frozen=True)
class Balance:
    """The plan per subject, the position per product, edition, version and metric, and what is short."""

    plan: pl.LazyFrame
    position: pl.LazyFrame
    short: pl.LazyFrame | None
    """SUBJECT, NEEDS, quantity, assigned, short, cost; None where either side was not given."""
    orders: pl.DataFrame | None = None
    """`ORDERS`: the packs to buy; None where either side was not given."""


def balance(  # noqa: PLR0913 (a stage reads what the stages before it made)
    plan: pl.LazyFrame | None,
    licenses: pl.LazyFrame | None,
    listed: pl.LazyFrame,
    versions: pl.DataFrame,
    products: tuple[str, ...],
    settings: Settings,
    unknown: pl.LazyFrame | None = None,
    *,
    sale: Sale | None = None,
    proof: Proof | None = None,
) -> Balance:
    """Assign licenses to the chosen options and add up what is over and missing.

    Args:
        plan: chosen options (`plan.choose`); None when no deployment was given.
        licenses: the `licenses` answer; None when no purchases were given.
        listed: the price of one license without and with Software Assurance (`price_list.per_license`).
        versions: product, version, version_rank (`version_ranks`).
        products: the products whose demand is computed.
        settings: date and policies.
        unknown: entity_id, product, metric of which some machine's demand is not computable.
        sale: packs and step-ups that are for sale; None: single licenses at the listed price.
        proof: what was proven when the options were chosen; None: the options are taken as given.

    Returns:
        `plan` and `position` as in the data contract.

    """
    usable = None if licenses is None else in_force(licenses, settings.as_of)
    if plan is None or usable is None:
        answer = ANSWERS["plan"].empty() if plan is None else _answer(plan)
        return Balance(answer, grid(plan, usable, None, None, versions, products, unknown), None)
    sale = sale or Sale()
    alone = steps(sale.opportunities, usable)
    numbered = needs(plan, usable, listed, versions, keep=("option",)).collect()
    split = numbered.drop("option").lazy()
    pools = pooled(alone, supply_classes(homed(usable, alone), versions).collect())
    stepping, supply = pools.stepping, pools.supply
    classes = demand_classes(split, versions).collect().with_row_index("d")
    trade, problem, solved = _bought(numbered, supply, classes, versions, (sale, listed, stepping), settings)
    own = dealt(pools, trade.goods, trade.yields, solved.solution.packs)
    solved = replace(solved, solution=replace(solved.solution, packs=own.packs))
    flows = _flows(trade, solved, classes)
    short = with_rights(_spread(split, classes, flows), flows, supply).collect().lazy()
    proof = proof or proof_of(trade, problem, solved, supply, classes)
    bought = groups_of(trade, problem, supply, classes)
    proven = spending(trade, solved, proof, bought), proof.shadow_prices.lazy()
    rows = grid(plan, usable, short, _detail(flows, supply, classes), versions, products, unknown, proven)
    kept = _per_subject(plan, short).join(proven[1], on=KIND, how="left", nulls_equal=True)
    return Balance(_answer(kept), rows, short, ordered(trade, solved, classes, own.pooled, own.orders))


def _bought(
    split: pl.DataFrame,
    supply: pl.DataFrame,
    classes: pl.DataFrame,
    versions: pl.DataFrame,
    offered: tuple[Sale, pl.LazyFrame, pl.DataFrame],
    settings: Settings,
) -> tuple[Market, Problem, Solved]:
    """Serve what the chosen options need, and buy the rest, at least cost."""
    sale, listed, stepping = offered
    numbered = split.join(classes.select(*NEEDS, "d"), on=NEEDS, nulls_equal=True)
    sold = suites(classes, sale.packs, listed).select(ENTITY, "first_product", "second_product")
    both = joints(numbered, classes, sold)
    trade = market(
        supply, classes, fits(supply, classes, settings), both.select("first", "second"), versions,
        (sale.packs, listed, stepping), settings,
    )  # fmt: skip
    fixed = pl.concat([
        classes.select(need="demand_class", quantity="quantity"),
        both.select(need=text("joint", ["first", "second"]), quantity=-pl.col("quantity")),
    ])  # fmt: skip
    uses = pl.DataFrame(schema={"take": pl.UInt32, "need": pl.String, "quantity": pl.Int64})
    problem = trade.numbered(TAKES.to_frame(), uses, fixed)
    return trade, problem, solve(problem)


def version_ranks(settings: Settings) -> pl.DataFrame:
    """Order every product's versions by the day of their release: product, version, version_rank."""
    return releases(settings).select("product", "version", "version_rank").collect()


def _flows(trade: Market, solved: Solved, classes: pl.DataFrame) -> pl.DataFrame:
    """Name the licenses that serve demand as they are, no more than it needs: supply_class, demand_class, quantity."""
    used = trade.arcs.with_columns(flow=solved.solution.flows).filter(pl.col("flow") > 0)
    served = used.join(classes.select("quantity", need="demand_class"), on="need").sort(
        "need", "distance", "supply_class"
    )
    before = pl.col("flow").cum_sum().over("need") - pl.col("flow")
    found = served.select(
        "supply_class", demand_class="need", quantity=pl.min_horizontal("flow", (pl.col("quantity") - before).clip(0))
    )
    return found.filter(pl.col("quantity") > 0)


def _detail(flows: pl.DataFrame, supply: pl.DataFrame, classes: pl.DataFrame) -> pl.LazyFrame:
    """Name what flows: from which entity, edition and version to which."""
    held = supply.select("supply_class", "entity_id", "product", "metric", "edition", version="version_right")
    run = classes.select("demand_class", entity_run="entity_id", edition_run="edition", version_run="version")
    return flows.join(held, on="supply_class").join(run, on="demand_class").lazy()


def _spread(split: pl.LazyFrame, classes: pl.DataFrame, flows: pl.DataFrame) -> pl.LazyFrame:
    """Hand what a class received to its subjects, in the order of their ids."""
    per_class = flows.lazy().group_by("demand_class").agg(received=pl.col("quantity").sum())
    received = (
        classes.lazy()
        .join(per_class, on="demand_class", how="left")
        .select(*NEEDS, "demand_class", pl.col("received").fill_null(0))
    )
    before = pl.col("quantity").cum_sum().over(NEEDS, order_by=["subject_kind", "subject_id"]) - pl.col("quantity")
    assigned = pl.min_horizontal("quantity", pl.max_horizontal(pl.col("received") - before, 0))
    short = pl.col("quantity") - pl.col("assigned")
    cost = pl.when(short == 0).then(pl.lit(0, MONEY)).otherwise((short * pl.col("price")).cast(MONEY))
    return (
        split.join(received, on=NEEDS, how="left", nulls_equal=True)
        .with_columns(assigned=assigned, served_until=before + assigned)
        .with_columns(short=short, cost=cost)
    )


def _per_subject(plan: pl.LazyFrame, short: pl.LazyFrame) -> pl.LazyFrame:
    part = [*SUBJECT, "edition"]
    got = short.group_by(part).agg(
        licenses_assigned=pl.col("assigned").sum(),
        licenses_short=pl.col("short").sum(),
        version_right=pl.col("version_right").sort_by(pl.col("assigned") == 0, "version_rank").first(),
    )
    known = pl.col("licenses_required").is_not_null()
    return plan.join(got, on=part, how="left", nulls_equal=True).with_columns(
        pl.when(known).then(pl.col("licenses_assigned", "licenses_short").fill_null(0))
    )


def _answer(plan: pl.LazyFrame) -> pl.LazyFrame:
    return ANSWERS["plan"].conform(plan.with_columns(rule=pl.lit("plan"))).sort(*SUBJECT, "edition", nulls_last=True)
