"""The position stage: options are chosen, licenses assigned, and what lacks is ordered."""

import polars as pl

from lmanalytics.position.alternatives import alternatives
from lmanalytics.position.balance import balance, version_ranks
from lmanalytics.position.classes import in_force
from lmanalytics.position.locks import bound, findings, locks, today
from lmanalytics.position.offers import Sale, pack_prices
from lmanalytics.position.optimum import planned
from lmanalytics.position.savings import savings
from lmanalytics.position.true_up import true_up
from lmanalytics.rules.demand.price_list import all_products
from lmanalytics.rules.parameters import Settings

Tables = dict[str, pl.LazyFrame]


def answers(
    known: Tables,
    settings: Settings,
    *,
    minimums: pl.LazyFrame,
    unknown: pl.LazyFrame | None,
    products: tuple[str, ...],
    opportunities: pl.LazyFrame | None,
) -> Tables:
    """Compute the position.

    Args:
        known: canonical tables and earlier answers; without `demand` or `licenses` the half that is known is told.
        settings: date and policies.
        minimums: entity_id, product, metric, min_licenses.
        unknown: entity_id, product, metric of which some machine's demand is not computable.
        products: the products whose demand is computed.
        opportunities: `step_up_opportunities` for each pack size apart, or None.

    Returns:
        `plan`, `position`, `alternatives`; `savings` and `true_up` where both sides were given; `findings_of_locks`.

    Raises:
        PositionError: prices or quantities are negative, or the solver finds no answer.

    """
    prices, licenses = known.get("prices"), known.get("licenses")
    listed, ranks = all_products(prices, settings.as_of), version_ranks(settings)
    packs = None if prices is None else pack_prices(prices, settings).collect().lazy()
    sale = Sale(packs, None if opportunities is None else opportunities.collect().lazy())
    found, kept = _kept(known, settings)
    owned = None if licenses is None else kept
    chosen = proof = together = None
    if "demand" in known:
        history = known.get("license_assignments")
        stays = None if history is None else today(known["demand"], history, settings)
        solution = planned(known["demand"], minimums, owned, listed, ranks, settings, sale=sale, today=stays)
        chosen, proof = solution.plan, solution.proof
        together = None if licenses is None else solution.solved
        found |= {"alternatives": alternatives(known["demand"], chosen, solution.split, proof, solution.alike)}
    solved = balance(chosen, owned, listed, ranks, products, settings, unknown, sale=sale, proof=proof)
    found |= {"plan": solved.plan, "position": solved.position}
    if together is not None:
        found["savings"] = savings(solved.position, *together)
    if solved.short is None:
        return found
    order = true_up(
        solved.short, prices, known.get("agreements"), settings, unknown,
        products=known.get("agreement_products"), licenses=licenses, orders=solved.orders,
    )  # fmt: skip
    return found | {"true_up": order}


def _kept(known: Tables, settings: Settings) -> tuple[Tables, pl.LazyFrame | None]:
    """Bind licenses inside their period to their hosts; tell of more of them than are owned."""
    if "licenses" not in known or "license_assignments" not in known:
        return {}, known.get("licenses")
    held = locks(known["license_assignments"], settings)
    owned = in_force(known["licenses"], settings.as_of)
    if held.is_empty():
        return {}, owned
    return {"findings_of_locks": findings(owned.collect(), held)}, bound(owned, held, settings).lazy()
