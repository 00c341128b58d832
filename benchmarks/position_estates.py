"""Estates for the position's benchmark: shapes of hosts with what each may choose, and licenses owned in part.

A host has cores and virtual machines with cores and versions of their own. It may take Datacenter, all machines by
Standard sets (a set of the host's cores covers two), some sets with the rest licensed one by one (never below the
minimum), or every machine one by one. Prices are made up, of the size of public list prices.
"""

import numpy as np
import polars as pl

from lmanalytics.position.problem import ARCS, GOODS, NEEDS, SUPPLY, TAKES, USES, YIELDS, Problem

ENTITIES, VERSIONS = 6, 4
STANDARD, DATACENTER, SINGLE = range(3)
KINDS = 3
SETS = 5
"""Mixed alternatives have up to so many Standard sets, fewer than would cover every machine."""

MINIMUM = 8
"""Licenses for a single virtual machine, at least."""

PER_CORE = np.array([73.5, 423.2, 112.0])
"""Standard, Datacenter, and Standard with Software Assurance."""

STEP_UP = 465.0
PACKS = (2, 16)
FAR = 10
"""Distance of a license from the hosts of another entity."""

GROUP = 0
"""Licenses of this entity may serve every entity."""


def estate(shapes: int, hosts: int, seed: int = 1) -> Problem:
    """Draw an estate.

    Args:
        shapes: different hosts.
        hosts: all of them; each shape is there at least once.
        seed: the same one draws the same estate.

    """
    random = np.random.default_rng(seed)
    count = 1 + random.multinomial(hosts - shapes, _skewed(random, shapes))
    entity = random.choice(ENTITIES, shapes, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    cores = 2 * random.choice([8, 10, 12, 16, 20, 24, 28, 32, 48, 64], shapes)
    machines = np.clip(random.gamma(1.6, cores / 6.5).astype(int), 1, 60)
    takes, uses = _alternatives(random, entity, cores, machines)
    order = np.lexsort((takes["kind"], takes["shape"]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    shape = takes["shape"][order]
    frame = pl.DataFrame(
        {
            "shape": shape,
            "option": pl.Series(_NAMES[takes["kind"][order]]),
            "count": count[shape],
            "list_cost": takes["cost"][order],
        },
        schema=TAKES,
    )
    by_take = np.argsort(place[uses["take"]], kind="stable")
    used = pl.DataFrame(
        {
            "take": place[uses["take"]][by_take],
            "need": uses["need"][by_take],
            "quantity": uses["quantity"][by_take],
        },
        schema=USES,
    )
    supply, arcs = _owned(random, frame, used)
    goods, yields = _for_sale()
    needs = pl.DataFrame({"fixed": np.zeros(ENTITIES * KINDS * (VERSIONS + 1), np.int64)}, schema=NEEDS)
    return Problem(frame, used, needs, supply, arcs, goods, yields)


_NAMES = np.array(["datacenter", "standard", "individual", *(f"standard_{k}_individual" for k in range(1, SETS + 1))])


def need(entity: np.ndarray | int, kind: int, version: np.ndarray | int) -> np.ndarray | int:
    """Return the row of a need; version `VERSIONS` is the line of the order."""
    return (entity * KINDS + kind) * (VERSIONS + 1) + version


def _skewed(random: np.random.Generator, shapes: int) -> np.ndarray:
    weight = random.pareto(1.3, shapes) + 0.05
    return weight / weight.sum()


def _alternatives(
    random: np.random.Generator, entity: np.ndarray, cores: np.ndarray, machines: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return shape, kind, cost of each take; and take, need, quantity."""
    shapes = len(cores)
    host = np.repeat(np.arange(shapes), machines)
    size = np.maximum(random.choice([1, 2, 4, 8, 12, 16], len(host), p=[0.1, 0.3, 0.33, 0.17, 0.05, 0.05]), MINIMUM)
    size = np.minimum(size, cores[host])
    version = random.choice(VERSIONS, len(host), p=[0.15, 0.3, 0.4, 0.15])
    order = np.lexsort((version, -size, host))
    size, version = size[order], version[order]
    begin = np.cumsum(machines) - machines
    rank = np.arange(len(host)) - begin[host]
    newest = np.maximum.reduceat(version, begin)
    every = np.arange(shapes)
    sets = -(-machines // 2)
    kinds = [
        (every, 0, DATACENTER, cores, None),
        (every, 1, STANDARD, sets * cores, None),
        (every, 2, SINGLE, None, 0),
        *((np.flatnonzero(sets > k), 2 + k, STANDARD, k * cores, 2 * k) for k in range(1, SETS + 1)),
    ]
    shape, kind, cost, take, row, quantity = [], [], [], [], [], []
    height = 0
    for of, name, edition, licenses, covered in kinds:
        listed = np.zeros(len(of))
        if licenses is not None:
            take.append(height + np.arange(len(of)))
            row.append(need(entity[of], edition, newest[of]))
            quantity.append(licenses[of])
            listed += PER_CORE[edition] * licenses[of]
        if covered is not None:
            left = rank >= covered
            sums = np.bincount(host[left] * VERSIONS + version[left], size[left], minlength=shapes * VERSIONS)
            sums = sums.reshape(shapes, VERSIONS)[of].astype(np.int64)
            which, newer = np.nonzero(sums)
            take.append(height + which)
            row.append(need(entity[of][which], SINGLE, newer))
            quantity.append(sums[which, newer])
            listed += PER_CORE[SINGLE] * sums.sum(axis=1)
        shape.append(of)
        kind.append(np.full(len(of), name))
        cost.append(np.round(listed, 2))
        height += len(of)
    join = np.concatenate
    return (
        {"shape": join(shape), "kind": join(kind), "cost": join(cost)},
        {"take": join(take), "need": join(row), "quantity": join(quantity)},
    )


def _owned(random: np.random.Generator, takes: pl.DataFrame, uses: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Own three fifths of what hosts would take by themselves, of other versions and editions than they need."""
    cheapest = takes.with_row_index("take").sort("shape", "list_cost", "option").unique("shape", keep="first")
    wanted = (
        uses.join(cheapest.select("take", "count"), on="take")
        .group_by(pl.col("need") // (VERSIONS + 1))
        .agg(pl.col("quantity").dot("count"))
        .sort("need")
    )
    scale = np.zeros(ENTITIES * KINDS)
    scale[wanted["need"].to_numpy()] = wanted["quantity"].to_numpy()
    scale = scale.reshape(ENTITIES, KINDS)
    held, rows = [], []
    for entity in range(ENTITIES):
        plain, single = scale[entity, STANDARD], scale[entity, SINGLE]
        amounts = {(STANDARD, 0): 0.5 * plain, (STANDARD, 1): 0.35 * (plain + single), (DATACENTER, 0): 0.0}
        amounts[DATACENTER, 0] = 0.3 * scale[entity, DATACENTER]
        amounts[DATACENTER, 1] = 0.35 * scale[entity, DATACENTER]
        for (edition, assured), amount in amounts.items():
            for version, share in enumerate(random.dirichlet([2.0] * VERSIONS)):
                if assured and version < VERSIONS - 1:
                    continue  # with Software Assurance every license is one of the newest version
                held.append(int(amount * (1.0 if assured else share)))
                rows += _arcs(len(held) - 1, entity, edition, version, assured)
    arcs = pl.DataFrame(rows, schema=["supply", "need", "cost", "distance"], orient="row")
    return pl.DataFrame({"quantity": held}, schema=SUPPLY), (
        arcs.with_columns(limit=pl.lit(None)).cast(dict(ARCS)).select(ARCS.names())  # type: ignore[arg-type]
    )


def _arcs(supply: int, owner: int, edition: int, version: int, assured: int) -> list[tuple[int, int, float, int]]:
    """Say whom a class serves: needs of its version and earlier ones, Datacenter also Standard."""
    found = []
    for entity in range(ENTITIES) if owner == GROUP else [owner]:
        away = FAR * (entity != owner)
        for older in range(version + 1):
            far = away + version - older
            found.append((supply, need(entity, edition, older), 0.0, far))
            if edition == DATACENTER:
                found.append((supply, need(entity, STANDARD, older), 0.0, far + 5))
            if edition == STANDARD and assured:
                found.append((supply, need(entity, SINGLE, older), 0.0, far))
                found.append((supply, need(entity, DATACENTER, older), STEP_UP, far + 5))
    return found


def _for_sale() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sell each kind in packs of two sizes; a line of the order serves every version."""
    goods, yields = [], []
    for entity in range(ENTITIES):
        for kind in range(KINDS):
            line = need(entity, kind, VERSIONS)
            for size in PACKS:
                yields.append((len(goods), line, size))
                goods.append((round(PER_CORE[kind] * size * (1 - 0.02 * entity), 2), size))
            for version in range(VERSIONS):
                yields += [(len(goods), line, -1), (len(goods), need(entity, kind, version), 1)]
                goods.append((0.0, 0))
    return (
        pl.DataFrame(goods, schema=GOODS, orient="row"),
        pl.DataFrame(yields, schema=YIELDS, orient="row"),
    )
