"""A small estate for the tests of Extended Security Updates."""

from datetime import date

import polars as pl

from lmanalytics.facts.estate_facts import facts
from lmanalytics.rules.benefit import esu
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL

DAY = date(2026, 1, 31)
"""Windows Server 2012 is in its third year, SQL Server 2014 in its second, Windows 10 in its first."""
SEEN = date(2026, 1, 15)
DEFAULTS = {
    "hosts": {"observed_on": SEEN, "processors": 2, "physical_cores": 16, "hypervisor": "esxi"},
    "oses": {
        "observed_on": SEEN, "kind": "virtual", "vcpus": 4, "is_running": True, "is_template": False,
        "location": "on_premises", "os_product": "Windows Server", "os_edition": "Standard", "os_version": "2012 R2",
    },
    "installs": {"observed_on": SEEN, "product": "SQL Server", "edition": "Standard", "version": "2014", "role": "active"},
    "devices": {"is_qualified_desktop": True, "windows_edition": "Enterprise", "windows_version": "10 22H2"},
    "esu_coverage": {
        "product": "Windows Server", "edition": "Standard", "version": "2012 R2", "esu_year": 3,
        "coverage_start": date(2025, 10, 15), "coverage_end": date(2026, 10, 13), "channel": "volume_license",
    },
    "purchases": {
        "basis": "transaction", "product": "Windows Server", "edition": "Standard", "version": "2012", "metric": "core",
        "purchase_type": "esu", "licenses_per_unit": 1, "order_date": date(2025, 9, 1),
    },
    "prices": {
        "product": "Windows Server", "edition": "Standard", "version": "2012 R2", "metric": "core",
        "purchase_type": "esu", "pack_size": 16, "valid_from": date(2025, 1, 1), "currency": "USD",
    },
    "access_licenses": {"product": "Windows Server", "kind": "user_cal"},
}  # fmt: skip


def table(name, rows):
    full = [{"entity_id": "main", "row_id": n, **DEFAULTS.get(name, {}), **row} for n, row in enumerate(rows)]
    return CANONICAL[name].conform(pl.LazyFrame(full, infer_schema_length=None))


def sa(until, quantity=1000, product="Windows Server", edition="Standard", start=date(2023, 1, 1)):
    return {
        "entity_id": "main", "license_id": f"{product} {edition} {until}", "product": product, "edition": edition,
        "metric": "core", "quantity": quantity, "valid_from": start, "valid_to": None, "sa_active": True,
        "sa_start": start, "sa_end": until, "is_perpetual": True,
    }  # fmt: skip


LICENSES = pl.Schema(
    {
        "entity_id": pl.String(), "license_id": pl.String(), "product": pl.String(), "edition": pl.String(),
        "metric": pl.String(), "quantity": pl.Int64(), "valid_from": pl.Date(), "valid_to": pl.Date(),
        "sa_active": pl.Boolean(), "sa_start": pl.Date(), "sa_end": pl.Date(), "is_perpetual": pl.Boolean(),
    }
)  # fmt: skip


def inputs(day=DAY, licenses=None, policies=None, plan=None, **rows):
    tables = {name: table(name, given) for name, given in rows.items()}
    tables.setdefault("oses", table("oses", [])) if "hosts" in tables else None
    found = (
        {}
        if "oses" not in tables
        else {
            f"facts_{name}": frame.collect().lazy()
            for name, frame in facts(tables, Settings(day, policies or {})).items()
        }
    )
    if licenses is not None:
        tables["licenses"] = pl.LazyFrame(licenses, schema=LICENSES)
    if plan is not None:
        tables["plan"] = pl.LazyFrame(plan)
    return tables | found


def answered(day=DAY, licenses=None, policies=None, plan=None, **rows):
    given = inputs(day, licenses, policies, plan, **rows)
    return {name: frame.collect() for name, frame in esu.answers(given, Settings(day, policies or {})).items()}


def years(day=DAY, licenses=None, policies=None, plan=None, **rows):
    return answered(day, licenses, policies, plan, **rows)["esu"].to_dicts()
