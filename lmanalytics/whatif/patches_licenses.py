"""The verbs that add to what is owned: `buy` and `step_up`."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl

from lmanalytics.errors import did_you_mean
from lmanalytics.rules.entitlement import lot_history, new_version_rights
from lmanalytics.rules.entitlement import stage as entitlement
from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.schemas import CANONICAL, DEFAULT_ENTITY, ENTITY, Column
from lmanalytics.whatif.patches import HIT, ROW, Patched, Spent, marked
from lmanalytics.whatif.patches_rows import default
from lmanalytics.whatif.patches_values import columns_of, value
from lmanalytics.whatif.scenario_document import Entry
from lmanalytics.whatif.scenario_file import Change

_HOME = ["agreement_id", "enrollment_id"]
_LOT = [ENTITY, *_HOME, "product", "metric", "pool"]


def buy(patched: Patched, change: Change) -> None:
    """Buy licenses under an agreement, or under none where the run knows none."""
    product, with_sa = change.object.text("a product"), bool(change.read("with_software_assurance"))
    known = _products(patched)
    if product not in known:
        change.object.fail(f"there is no product {product!r}.{did_you_mean(product, known)}")
    _check_edition(patched, change, product)
    if change.read("licenses") <= 0:
        change.keys["licenses"].fail("licenses must be more than none.")
    entity = patched.entity(change.at, change.keys.get(ENTITY))
    day = change.read("ordered_on") or patched.settings.as_of
    home = _home(patched, change, entity, day)
    ends = change.read("until") or home.pop("end_date", None)
    if with_sa and ends is None:
        change.at.fail("no agreement says until when its Software Assurance lasts; say `until: DATE`.")
    row = _ordered(change, day) | {key: of for key, of in home.items() if key != "end_date"}
    row |= {
        ENTITY: entity,
        "product": product,
        "edition": change.read("edition"),
        "version": change.read("version"),
        "metric": _metric(patched, change, product),
        "pool": _pool(patched, product),
        "purchase_type": "license_and_sa" if with_sa else "license",
        "quantity": change.read("licenses"),
        "coverage_start": day if with_sa else None,
        "coverage_end": ends if with_sa else None,
    }
    _order(patched, change, [row])


def step_up(patched: Patched, change: Change) -> None:
    """Step licenses with active Software Assurance up, each in its own enrollment."""
    product, to, base = change.object.text("a product"), change.read("to"), change.read("from")
    edge = _edge(change, product, to, base)
    day = change.read("ordered_on") or patched.settings.as_of
    patched.table("purchases", change.at)
    owned = entitlement.answers(patched.tables, patched.settings)["licenses"].filter(
        pl.col("sa_active")
        & (pl.col("product") == edge["from_product"])
        & pl.col("edition").eq_missing(pl.lit(edge["from_edition"], pl.String))
        & pl.col("agreement_id").is_not_null()
    )
    if edge["metric"] is not None:
        owned = owned.filter(pl.col("metric") == edge["metric"])
    if "where" in change.keys:
        owned = marked(patched, "purchases", owned, _on_licenses(change.keys["where"])).filter(HIT).drop(HIT)
    held = owned.group_by(_LOT).agg(pl.col("quantity").sum()).sort(_LOT, nulls_last=True).collect()
    asked = change.keys["licenses"]
    if asked.value != "all":
        held = _some(change, held, value(asked, Column("licenses", "integer", is_required=True, is_optional=False)))
    if held.is_empty():
        change.at.fail(f"no license of {edge['base']} has active Software Assurance under an agreement on {day}.")
    same = {"edition": to, "purchase_type": "step_up", "step_up_from": edge["base"], "product": product}
    _order(patched, change, [lot | _ordered(change, day) | same | {"coverage_start": day} for lot in held.to_dicts()])


def _on_licenses(where: Entry) -> Entry:
    known = {*_LOT, "edition", "version", "program"}
    for name, entry in where.fields("where").items():
        if name not in known:
            entry.fail(f"licenses are selected by {', '.join(sorted(known))}, not by {name!r}.")
    return where


def _some(change: Change, held: pl.DataFrame, asked: int) -> pl.DataFrame:
    """Take a number of licenses of the one enrollment that has them."""
    if asked <= 0:
        change.keys["licenses"].fail("licenses must be more than none, or `all`.")
    if held.height > 1:
        homes = "; ".join(f"{r['enrollment_id']}: {r['quantity']:,} {r['metric']}" for r in held.to_dicts())
        change.at.fail(f"several enrollments hold them ({homes}). Say which, such as `where: {{enrollment_id: …}}`.")
    if (there := int(held["quantity"].sum())) < asked:
        why = "only licenses with active Software Assurance under an agreement step up"
        change.keys["licenses"].fail(f"{asked:,} licenses are to be stepped up, and {there:,} can be; {why}.")
    return held.with_columns(quantity=pl.lit(asked, pl.Int64))


def _edge(change: Change, product: str, to: str | None, base: str) -> dict[str, Any]:
    edges = load_rule_file(lot_history).table("step_up_edges").with_columns(
        base=pl.concat_str("from_product", "from_edition", separator=" ", ignore_nulls=True)
    )  # fmt: skip
    mine = edges.filter(pl.col("to_product") == product)
    if mine.is_empty():
        change.object.fail(f"nothing steps up to {product!r}.{did_you_mean(product, edges['to_product'].unique())}")
    fits = mine.filter(
        pl.col("to_edition").eq_missing(pl.lit(to, pl.String))
        & ((pl.col("base") == base) | ((pl.col("from_edition") == base) & (pl.col("from_product") == product)))
    )
    if fits.is_empty():
        ways = "; ".join(f"from {r['base']} to {r['to_edition'] or product}" for r in mine.to_dicts())
        change.at.fail(f"the terms offer no step-up of {product} from {base!r} to {to!r}. They offer: {ways}.")
    return fits.row(0, named=True)


def _ordered(change: Change, day: date) -> dict[str, Any]:
    return {"order_date": day, "acquired_on": day, "document_ref": f"{change.at.file}, line {change.at.line}"}


def _order(patched: Patched, change: Change, rows: list[dict[str, Any]]) -> None:
    columns = columns_of("purchases")
    filled = {name: default(of) for name, of in columns.items()}
    numbered = [
        filled | row | {"purchase_id": f"{patched.scenario}:{change.at.line}" + (f".{n}" if n > 1 else "")}
        for n, row in enumerate(rows, start=1)
    ]
    schema = {name: of.dtype for name, of in columns.items()}
    known = [{name: row[name] for name in schema} for row in numbered]
    patched.spent += [_price(patched, row) for row in known]
    patched.add("purchases", pl.DataFrame(known, schema=schema, orient="row"), change.verb, change.at)


def _price(patched: Patched, row: dict[str, Any]) -> Spent:
    """Find the cheapest way to order the licenses in packs of one size, on the day of the order."""
    named = Spent(row["product"], row["edition"], row["metric"], row["quantity"], None, None)
    if "prices" not in patched.tables:
        return named
    base = (row["step_up_from"] or "").removeprefix(f"{row['product']} ")
    offer = ["pack_size", "program", "version"]
    lists = [row[ENTITY], DEFAULT_ENTITY]
    same = [pl.col(c).eq_missing(pl.lit(row[c], pl.String)) for c in ("product", "edition", "metric", "purchase_type")]
    offers = (
        patched.tables["prices"]
        .filter(*same, pl.col(ENTITY).is_in(lists), pl.col("valid_from") <= row["order_date"], pl.col("pack_size") > 0)
        .filter(pl.col("step_up_from").is_null() | pl.col("step_up_from").is_in([base, row["step_up_from"] or ""]))
        .sort("valid_from", ROW)
        .group_by(ENTITY, *offer)
        .agg(pl.col("unit_price", "currency").last())
        .sort(ENTITY, *offer)
        .collect()
    )
    own = offers.filter(pl.col(ENTITY) == row[ENTITY])
    offers = offers if own.is_empty() else own
    if offers["currency"].n_unique() != 1:
        return named
    ways = [-(-row["quantity"] // pack) * price for pack, price in offers.select("pack_size", "unit_price").rows()]
    return replace(named, cost=min(ways), currency=offers["currency"][0])


def _home(patched: Patched, change: Change, entity: str, day: date) -> dict[str, Any]:
    """Find the agreement that is meant, or the only one that runs."""
    table = patched.tables.get("agreements", CANONICAL["agreements"].empty()).filter(pl.col(ENTITY) == entity)
    told = {key: change.read(key) for key in _HOME if change.read(key) is not None}
    if told:
        fits = table.filter([pl.col(key) == of for key, of in told.items()])
    else:
        fits = table.filter(
            (pl.col("start_date") <= day).fill_null(value=True) & (pl.col("end_date") >= day).fill_null(value=True)
        )
    found = fits.select(*_HOME, "program", "end_date").unique().sort(_HOME).collect()
    is_free = "agreements" not in patched.tables if told else not found.height
    if found.height != 1 and not is_free:
        names = table.select(pl.col("enrollment_id").unique().sort()).collect()["enrollment_id"].to_list()
        known = ", ".join(str(name) for name in names) or "none"
        change.at.fail(f"say under which agreement: `enrollment_id:`, of which the run knows {known}.")
    return {"enrollment_id": told.get("agreement_id")} | told if is_free else found.row(0, named=True)


def _metric(patched: Patched, change: Change, product: str) -> str:
    """Return the metric that is told, or the only one in which the product is bought or sold."""
    of = columns_of("purchases")["metric"]
    if "metric" in change.keys:
        return str(value(change.keys["metric"], of))
    edition = change.read("edition")
    frames = [patched.tables[name] for name in ("prices", "purchases") if name in patched.tables]
    mine = [
        frame.filter((pl.col("product") == product) & pl.col("edition").eq_missing(pl.lit(edition, pl.String))).select(
            "metric"
        )
        for frame in frames
    ]
    known = pl.concat(mine).drop_nulls().unique().sort("metric").collect()["metric"].to_list() if mine else []
    if len(known) != 1:
        change.at.fail(f"say in which `metric:` it is bought: {', '.join(known or of.values)}.")
    return str(known[0])


def _check_edition(patched: Patched, change: Change, product: str) -> None:
    """Refuse an edition that is a known one misspelt; an edition of which the run knows nothing may be bought."""
    edition, edges = change.read("edition"), load_rule_file(lot_history).table("step_up_edges")
    known = {*edges.filter(pl.col("to_product") == product)["to_edition"]}
    known |= {*edges.filter(pl.col("from_product") == product)["from_edition"]}
    for name in ("purchases", "installs", "prices"):
        if name in patched.tables:
            mine = patched.tables[name].filter(pl.col("product") == product).select(pl.col("edition").unique())
            known |= {*mine.collect()["edition"]}
    known -= {None}
    if edition is not None and edition not in known and (hint := did_you_mean(edition, sorted(known))):
        change.keys["edition"].fail(f"there is no edition {edition!r} of {product}.{hint}")


def _pool(patched: Patched, product: str) -> str | None:
    if "purchases" not in patched.tables:
        return None
    mine = patched.tables["purchases"].filter(pl.col("product") == product).select(pl.col("pool").drop_nulls())
    found = mine.select(pl.col("pool").mode(maintain_order=True).sort().first()).collect().item()
    return None if found is None else str(found)


def _products(patched: Patched) -> set[str]:
    known = set(load_rule_file(new_version_rights).table("product_versions")["product"])
    known |= set(load_rule_file(lot_history).table("step_up_edges")["to_product"])
    for name in ("purchases", "installs", "prices"):
        if name in patched.tables:
            known |= set(patched.tables[name].select(pl.col("product").unique()).collect()["product"])
    return known - {None}
