"""Small estates as sides of a difference, written as rows of the canonical tables."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl

from lmanalytics.facts.snapshots import observed
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import ANSWERS, CANONICAL
from lmanalytics.whatif.diff_sides import Side

MARCH, JUNE = date(2026, 3, 31), date(2026, 6, 30)
SEEN, AGAIN = date(2026, 3, 28), date(2026, 6, 28)


def table(name, *rows):
    """Build a canonical table; what a row does not say is its default, or empty."""
    whole = CANONICAL[name]
    words = {"true": True, "false": False}
    defaults = {c.name: words.get(c.default, c.default) for c in whole.columns.values() if c.default is not None}
    filled = [{"entity_id": "main", **defaults, **row, "row_id": n} for n, row in enumerate(rows)]
    names = {key for row in filled for key in row}
    columns = {key: [row.get(key) for row in filled] for key in sorted(names)}
    return whole.conform(pl.LazyFrame(columns, strict=False) if rows else pl.LazyFrame())


def host(key="h1", cores=16, **more):
    return {
        "host_id": key, "host_name": f"{key}.example", "observed_on": SEEN, "inventory_id": "vc", "processors": 2,
        "physical_cores": cores, "hypervisor": "esxi", "cluster_id": "c", "is_dedicated": True, "is_dr_dedicated": False,
    } | more  # fmt: skip


def ose(key="v1", on="h1", **more):
    return {
        "ose_id": key, "name": key, "observed_on": SEEN, "inventory_id": "vc", "host_id": on, "vcpus": 4,
        "os_product": "Windows Server", "os_edition": "Standard", "os_version": "2022", "is_running": True,
        "is_template": False,
    } | more  # fmt: skip


def purchase(key="p1", quantity=16, **more):
    return {
        "purchase_id": key, "product": "Windows Server", "edition": "Standard", "version": "2022", "metric": "core",
        "purchase_type": "license", "program": "open_license", "quantity": quantity, "licenses_per_unit": 1,
        "order_date": date(2025, 1, 15), "agreement_id": "a1",
    } | more  # fmt: skip


def price(edition="Standard", amount="10", **more):
    return {
        "product": "Windows Server", "edition": edition, "metric": "core", "purchase_type": "license", "pack_size": 1,
        "valid_from": date(2020, 1, 1), "unit_price": Decimal(amount), "currency": "EUR",
    } | more  # fmt: skip


def side(as_of=MARCH, name="one", policies=None, **tables):
    """Make a side of tables given as rows: side(hosts=[host()], oses=[ose()])."""
    made = {n: table(n, *rows) for n, rows in tables.items()}
    return Side(name, Settings(as_of, policies or {}), made, digests={n: repr(rows) for n, rows in tables.items()})


def answered(one, position):
    """Add the answers that a run would have."""
    return replace(one, answers=position(one.tables, one.settings))


def simple(tables, settings):
    """A position in the plainest terms: a core of a host in force, and a VM that runs, requires a license each.

    What is owned is what purchases say, with Software Assurance while their coverage lasts; a price is a price.
    """
    keys = {
        "entity_id": pl.lit("main"),
        "product": pl.lit("Windows Server"),
        "edition": pl.lit("Standard"),
        "metric": pl.lit("core"),
    }
    required = []
    for name, key, count in (
        ("hosts", "host_id", pl.col("physical_cores")),
        ("oses", "ose_id", pl.when("is_running").then("vcpus").otherwise(0)),
    ):
        if name in tables:
            current = observed(tables[name], key, settings.as_of).filter(pl.col("state") == "current")
            required.append(current.select(n=count.sum().fill_null(0)).collect().item())
    bought = tables.get("purchases")
    owned = with_sa = None
    if bought is not None:
        counted = bought.filter(pl.col("order_date") <= settings.as_of)
        lots = counted.filter((pl.col("purchase_type") != "subscription") | (pl.col("coverage_end") >= settings.as_of))
        owned = lots.select(pl.col("quantity").sum()).collect().item()
        with_sa = (
            lots.filter(pl.col("coverage_end") >= settings.as_of).select(pl.col("quantity").sum()).collect().item()
        )
    need = sum(required) if required else None
    need = need * (2 if settings.policies.get("movement") == "cluster" else 1) if need is not None else None
    both = need is not None and owned is not None
    listed = tables["prices"].select(pl.col("unit_price").min()).collect().item() if "prices" in tables else None
    short = max(need - owned, 0) if both else None
    row = {
        "required": need,
        "owned": owned,
        "owned_with_sa": with_sa,
        "shortage": short,
        "surplus": max(owned - need, 0) if both else None,
        "shortage_cost": Decimal(0) if short == 0 else None if short is None or listed is None else short * listed,
        "currency": "EUR" if listed is not None else None,
    }
    frame = pl.LazyFrame({k: [v] for k, v in row.items()}, strict=False).with_columns(**keys)
    return {"position": ANSWERS["position"].conform(frame)}
