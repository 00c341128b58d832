"""Put owned licenses where they save the most: a transportation problem over classes, solved by HiGHS.

Supply and demand come in classes of equal lots and equal needs, so the model's size is that of the price
list and not of the estate. Its matrix is a bipartite network: every corner of it is whole numbers.
"""

import highspy
import numpy as np
import polars as pl

from lmanalytics.errors import PositionError

_NEAR = 1e-6
"""Share of the cheapest license's price by which a closer fit is preferred: it breaks ties and no more."""


def assign(supply: pl.DataFrame, needs: pl.DataFrame, arcs: pl.DataFrame) -> pl.DataFrame:
    """Assign licenses to demand so that what must still be bought costs least.

    Args:
        supply: supply_class, quantity.
        needs: demand_class, quantity, unit_price (null where there is no price).
        arcs: supply_class, demand_class, distance (0 is the closest fit).

    Returns:
        supply_class, demand_class, quantity: one row for each pair that is used.

    Raises:
        PositionError: a quantity is negative, or the solver finds no optimum.

    """
    for frame, what in ((supply, "owned"), (needs, "required")):
        if negative := frame.filter(pl.col("quantity") < 0).height:
            message = (
                f"{negative} classes of {what} licenses are negative: returns exceed what was bought. Correct them."
            )
            raise PositionError(message)
    supply = supply.filter(pl.col("quantity") > 0).sort("supply_class").with_row_index("s")
    needs = needs.filter(pl.col("quantity") > 0).sort("demand_class").with_row_index("d")
    arcs = (
        arcs.join(supply.select("supply_class", "s"), on="supply_class")
        .join(needs.select("demand_class", "d"), on="demand_class")
        .sort("s", "d")
    )
    if arcs.is_empty():
        return arcs.select("supply_class", "demand_class", quantity=pl.lit(0, pl.Int64))
    flow = _solve(_model(supply, needs, arcs))
    used = arcs.select("supply_class", "demand_class", quantity=pl.Series(flow, dtype=pl.Int64))
    return used.filter(pl.col("quantity") > 0)


def _model(supply: pl.DataFrame, needs: pl.DataFrame, arcs: pl.DataFrame) -> highspy.HighsLp:
    price = needs["unit_price"].cast(pl.Float64).to_numpy()
    known = price[~np.isnan(price)]
    unpriced = float(known.max()) if known.size else 1.0
    worth = np.maximum(np.nan_to_num(price, nan=unpriced), 1e-4)
    distance = arcs["distance"].to_numpy()
    saving = worth[arcs["d"].to_numpy()] - worth.min() * _NEAR * distance
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = arcs.height, supply.height + needs.height
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = saving
    model.col_lower_, model.col_upper_ = np.zeros(arcs.height), np.full(arcs.height, highspy.kHighsInf)
    model.row_lower_ = np.full(model.num_row_, -highspy.kHighsInf)
    model.row_upper_ = np.concatenate([supply["quantity"].to_numpy(), needs["quantity"].to_numpy()]).astype(float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(0, 2 * arcs.height + 1, 2)
    rows = np.column_stack([arcs["s"].to_numpy(), arcs["d"].to_numpy() + supply.height])
    model.a_matrix_.index_ = rows.ravel().astype(np.int32)
    model.a_matrix_.value_ = np.ones(2 * arcs.height)
    return model


def _solve(model: highspy.HighsLp) -> np.ndarray:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for option, value in (("output_flag", False), ("threads", 1), ("random_seed", 0), ("solver", "simplex")):
        solver.setOptionValue(option, value)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        message = (
            f"The assignment of licenses has no optimum ({solver.getModelStatus().name}). Check prices and quantities."
        )
        raise PositionError(message)
    flow: np.ndarray = np.rint(np.asarray(solver.getSolution().col_value)).astype(np.int64)
    return flow
