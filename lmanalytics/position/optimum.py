"""Choose the option of every subject at once, so that with the licenses that are owned least must be bought.

Subjects with the same options are one shape with a count. A linear program takes for each shape how many of
its subjects get which option, and for each class of licenses whom it serves; what nobody serves is bought.
"""

import highspy
import numpy as np
import polars as pl

from lmanalytics.errors import PositionError
from lmanalytics.position.classes import NEEDS, demand_classes, in_force, needs, supply_classes
from lmanalytics.position.plan import MINIMUM_OPTION, OPTION, SUBJECT, choose, open_options, top_up
from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_coverage
from lmanalytics.schemas import ANSWERS

LIMIT = 100_000
"""Shapes times options above which subjects take their own cheapest option: the program would take minutes."""
_WHOLE = 3_000
"""Shapes times options up to which only whole subjects are tried; above, fractions are rounded."""
_NODES = 2_000
_NEAR = 1e-6
_UNPRICED = 10


def plan(
    demand: pl.LazyFrame,
    minimums: pl.LazyFrame,
    licenses: pl.LazyFrame | None,
    listed: pl.LazyFrame,
    versions: pl.DataFrame,
    settings: Settings,
) -> pl.LazyFrame:
    """Choose the options of all subjects, the minimum for a customer as a whole included.

    Where the minimum has to be made up, the plan is made once more without licenses by virtual machine for that
    customer, and the one that leaves less to buy is taken.

    Args:
        demand: the `demand` answer.
        minimums: entity_id, product, metric, min_licenses.
        licenses: the `licenses` answer; None where no purchases were given: then nothing is owned.
        listed: the price of one license without and with Software Assurance (`price_list.all_products`).
        versions: product, version, version_rank (`version_ranks`).
        settings: date and policies.

    Returns:
        Chosen options (`plan.choose`) with the rows of `plan.top_up`.

    Raises:
        PositionError: the solver finds no answer.

    """
    owned = ANSWERS["licenses"].empty() if licenses is None else in_force(licenses, settings.as_of)
    given = owned.collect().lazy(), listed, versions, settings
    products = demand.select(pl.col("product").unique().sort()).collect().to_series()
    plans = [_of_product(demand.filter(pl.col("product") == p), minimums, *given) for p in products]
    return pl.concat([choose(demand.clear()), *plans], how="diagonal").sort(*SUBJECT, "edition", nulls_last=True)


def _of_product(
    demand: pl.LazyFrame,
    minimums: pl.LazyFrame,
    *given: *tuple[pl.LazyFrame, pl.LazyFrame, pl.DataFrame, Settings],
) -> pl.LazyFrame:
    """Plan one product; products share no license."""

    def made(options: pl.LazyFrame) -> pl.DataFrame:
        found = _solved(options, *given)
        taken = None if found is None else found[0]
        return top_up(choose(options, taken), minimums).collect()

    first = made(demand)
    lacking = first.filter(pl.col("option") == MINIMUM_OPTION).select("entity_id", "product")
    if lacking.is_empty():
        return first.lazy()
    single = pl.col("is_available") & (pl.col("licenses_with_sa") > 0)
    other = (pl.col("is_available") & (pl.col("licenses_with_sa") == 0)).any().over(SUBJECT)
    concerned = pl.struct("entity_id", "product").is_in(lacking.to_struct().implode())
    second = made(demand.with_columns(is_available=pl.col("is_available") & ~(single & other & concerned)))
    spent = [
        _spent(_solved(one.lazy().with_columns(is_available=pl.lit(value=True)), *given)) for one in (first, second)
    ]
    if spent[0] is None or spent[1] is None:
        return first.lazy()
    better = spent[0].join(spent[1], on=["entity_id", "product"], suffix="_then")
    better = better.filter(pl.col("spent_then") < pl.col("spent")).select("entity_id", "product")
    keys = ["entity_id", "product"]
    both = [first.join(better, on=keys, how="anti"), second.join(better, on=keys, how="semi")]
    return pl.concat(both).sort(SUBJECT).lazy()


def _solved(
    demand: pl.LazyFrame, licenses: pl.LazyFrame, listed: pl.LazyFrame, versions: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """Return SUBJECT with its option, and entity_id, product, spent; None where the subjects are too many."""
    usable = demand.join(open_options(demand), on=OPTION, how="semi")
    split = needs(usable, licenses, listed, keep=("option",)).collect()
    if split.is_empty():
        return None
    supply = supply_classes(licenses, versions).collect()
    classes = demand_classes(split.lazy(), versions).collect().with_row_index("d")
    shapes, members = _shapes(usable, split.join(classes.select(*NEEDS, "d"), on=NEEDS, nulls_equal=True))
    if shapes.height > LIMIT:
        return None
    pairs = (
        compute(license_coverage, "coverage", settings, supply=supply.lazy(), needs=classes.drop("d").lazy())
        .filter("is_covering")
        .collect()
        .join(supply.select("supply_class", held="quantity"), on="supply_class")
        .join(classes.select("demand_class", "d"), on="demand_class")
        .sort("supply_class", "d")
    )
    takes, buys = _solve(shapes, classes, pairs)
    spent = classes.select("entity_id", "product", spent=pl.Series(buys * _prices(classes)).round(6))
    dealt = _dealt(shapes.select("shape", "option", n=pl.Series(takes)), members)
    return dealt, spent.group_by("entity_id", "product").agg(pl.col("spent").sum())


def _spent(found: tuple[pl.DataFrame, pl.DataFrame] | None) -> pl.DataFrame | None:
    return None if found is None else found[1]


def _shapes(usable: pl.LazyFrame, split: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put subjects with the same options into shapes.

    Returns:
        shape, option, count, cost, licenses, d, quantity (lists: what the option needs of each class), a row
        per shape and option; and SUBJECT, shape.

    """
    per_option = split.group_by(*SUBJECT, "option").agg(pl.col("d", "quantity").sort_by("d"))
    rows = (
        open_options(usable)
        .rename({"licenses_required": "licenses"})
        .collect()
        .join(per_option, on=[*SUBJECT, "option"], how="left")
        .sort(*SUBJECT, "option")
    )
    said = pl.concat_str(
        "option",
        pl.col("cost").cast(pl.String).fill_null("?"),
        *(pl.col(c).cast(pl.List(pl.String)).list.join(",").fill_null("") for c in ("d", "quantity")),
        separator=":",
    )
    members = (
        rows.group_by(SUBJECT, maintain_order=True)
        .agg(said=said.str.join("|"))
        .with_columns(shape=pl.struct("entity_id", "product", "said").rank("dense").cast(pl.Int64) - 1)
        .drop("said")
    )
    counts = members.group_by("shape").agg(pl.first(*SUBJECT), count=pl.len()).sort("shape")
    return counts.join(rows, on=SUBJECT).drop(SUBJECT).sort("shape", "option"), members


def _solve(shapes: pl.DataFrame, classes: pl.DataFrame, pairs: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return how many subjects take each row of `shapes`, perhaps in fractions, and what is bought of each class."""
    takes, serves, buys = shapes.height, pairs.height, classes.height
    held = pairs.select("supply_class", quantity="held").unique().sort("supply_class").with_row_index("s")
    s = pairs.join(held.select("supply_class", "s"), on="supply_class", maintain_order="left")["s"].to_numpy()
    kinds = int(shapes["shape"].max()) + 1  # type: ignore[arg-type]
    wanted = shapes.with_row_index("y").select("y", "d", "quantity").drop_nulls("d").explode("d", "quantity")
    first_d, first_s = kinds, kinds + buys
    arc_d = pairs["d"].to_numpy()
    rows = np.concatenate([
        shapes["shape"].to_numpy(), first_d + wanted["d"].to_numpy(), first_d + arc_d, first_s + s,
        first_d + np.arange(buys),
    ])  # fmt: skip
    columns = np.concatenate([
        np.arange(takes), wanted["y"].to_numpy(), takes + np.arange(serves), takes + np.arange(serves),
        takes + serves + np.arange(buys),
    ])  # fmt: skip
    values = np.concatenate([
        np.ones(takes), -wanted["quantity"].to_numpy().astype(float), np.ones(2 * serves + buys),
    ])  # fmt: skip
    price = _prices(classes)
    listed = shapes["cost"].cast(pl.Float64).fill_null(shapes["licenses"].cast(pl.Float64)).to_numpy()
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = takes + serves + buys, first_s + held.height
    model.col_cost_ = np.concatenate([_NEAR * listed, np.zeros(serves), price])
    model.col_lower_ = np.zeros(model.num_col_)
    model.col_upper_ = np.full(model.num_col_, highspy.kHighsInf)
    counts = shapes.group_by("shape").agg(pl.col("count").first()).sort("shape")["count"].to_numpy().astype(float)
    quantity = held["quantity"].to_numpy().astype(float)
    model.row_lower_ = np.concatenate([counts, np.zeros(buys), np.zeros(held.height)])
    model.row_upper_ = np.concatenate([counts, np.full(buys, highspy.kHighsInf), quantity])
    order = np.lexsort((rows, columns))
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(columns[order], np.arange(model.num_col_ + 1)).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = rows[order].astype(np.int32), values[order]
    if takes <= _WHOLE:
        whole, part = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
        model.integrality_ = [whole] * takes + [part] * (serves + buys)
    solution = _run(model)
    return solution[:takes], solution[takes + serves :]


def _run(model: highspy.HighsLp) -> np.ndarray:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", _NODES),
        ("mip_rel_gap", 0.0),
    ):
        solver.setOptionValue(option, value)
    solver.passModel(model)
    solver.run()
    if solver.getInfo().primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
        message = (
            f"No plan was found ({solver.getModelStatus().name}). Check that quantities and prices are not negative."
        )
        raise PositionError(message)
    return np.asarray(solver.getSolution().col_value)


def _prices(classes: pl.DataFrame) -> np.ndarray:
    """Price a license of each class; in an entity without any price every license counts the same."""
    known = pl.col("unit_price").cast(pl.Float64)
    dear = pl.when(known.max().over("entity_id") > 0).then(_UNPRICED * known.max().over("entity_id")).otherwise(1)
    return classes.select(known.fill_null(dear)).to_series().to_numpy()


def _dealt(taken: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Deal each shape's options to its subjects by their ids; a fraction goes to the option with the larger one."""
    whole = pl.col("n").round(6).floor().cast(pl.Int64)
    rest = pl.col("n") - pl.col("n").round(6).floor()
    counted = taken.join(members.group_by("shape").agg(count=pl.len().cast(pl.Int64)), on="shape").with_columns(
        whole=whole, rest=rest
    )
    place = pl.struct(-pl.col("rest"), "option").rank("ordinal").over("shape")
    counted = counted.with_columns(
        n=pl.col("whole") + (place <= pl.col("count") - pl.col("whole").sum().over("shape")).cast(pl.Int64)
    )
    ends = counted.sort("shape", "option").with_columns(end=pl.col("n").cum_sum().over("shape")).filter(pl.col("n") > 0)
    dealt = members.sort("shape", *SUBJECT).with_columns(
        end=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("shape")
    )
    return (
        dealt.sort("end")
        .join_asof(ends.select("shape", "option", "end").sort("end"), on="end", by="shape", strategy="forward",
                   check_sortedness=False)
        .select(*SUBJECT, "option")
    )  # fmt: skip
