"""A small run folder, written without running, and scenario files written as text."""

import json
from datetime import date

import polars as pl

from lmanalytics.rules import register
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL
from lmanalytics.whatif.scenario_file import load
from lmanalytics.whatif.scenario_run import patched

DAY, SEEN, BEFORE = date(2026, 6, 30), date(2026, 6, 28), date(2026, 3, 28)
DOCUMENT = {
    "run_id": "2026-06-30-000000000000", "as_of": DAY.isoformat(), "digest": "0", "inputs": [],
    "policies": register.in_force(Settings(DAY)),
}  # fmt: skip
HOSTS = [
    {"host_id": "h1", "host_name": "one", "cluster_id": "c1", "processors": 2, "physical_cores": 16},
    {"host_id": "h2", "host_name": "two", "cluster_id": "c1", "processors": 2, "physical_cores": 32},
    {"host_id": "h3", "host_name": "three", "cluster_id": "c2", "processors": 1, "physical_cores": 8},
]
OSES = [
    {"ose_id": "v1", "name": "web01", "host_id": "h1", "vcpus": 4, "cores": None},
    {"ose_id": "v2", "name": "web02", "host_id": "h1", "vcpus": 8},
    {"ose_id": "v3", "name": "sql01.contoso.example", "host_id": "h2", "vcpus": 8},
    {"ose_id": "v4", "name": "sql02", "host_id": "h3", "vcpus": 16, "license_source": "own"},
]
INSTALLS = [
    {"install_id": "i1", "ose_id": "SQL01", "product": "SQL Server", "edition": "Standard"},
    {"install_id": "i2", "ose_id": "v4", "product": "SQL Server", "edition": "Enterprise", "license_source": "own"},
]
PURCHASES = [
    {"purchase_id": "p1", "product": "SQL Server", "edition": "Standard", "version": "2022", "metric": "core", "pool": "servers",
     "purchase_type": "license_and_sa", "quantity": 12, "agreement_id": "A1", "enrollment_id": "E1",
     "order_date": date(2025, 1, 10), "coverage_start": date(2025, 1, 10), "coverage_end": date(2027, 1, 9)},
    {"purchase_id": "p2", "product": "Windows Server", "edition": "Standard", "version": "2019", "metric": "core",
     "purchase_type": "license_and_sa", "quantity": 32, "agreement_id": "A1", "enrollment_id": "E2",
     "order_date": date(2022, 1, 1), "coverage_start": date(2022, 1, 1), "coverage_end": date(2024, 12, 31)},
    {"purchase_id": "p3", "product": "Windows Server", "edition": "Standard", "metric": "core", "purchase_type": "license",
     "quantity": 16, "agreement_id": "A1", "enrollment_id": "E1", "order_date": date(2025, 1, 10)},
    {"purchase_id": "p4", "product": "SQL Server", "edition": "Standard", "metric": "core", "purchase_type": "sa",
     "quantity": 12, "agreement_id": "A1", "enrollment_id": "E1", "order_date": date(2027, 1, 10),
     "coverage_start": date(2027, 1, 10), "coverage_end": date(2029, 1, 9)},
]  # fmt: skip
AGREEMENTS = [
    {"agreement_id": "A1", "enrollment_id": "E1", "program": "ea", "start_date": date(2025, 1, 1), "end_date": date(2027, 12, 31)},
    {"agreement_id": "A1", "enrollment_id": "E2", "program": "ea", "start_date": date(2022, 1, 1), "end_date": date(2024, 12, 31)},
]  # fmt: skip
PRICES = [
    {"product": "SQL Server", "edition": "Standard", "metric": "core", "purchase_type": kind, "pack_size": 2,
     "valid_from": date(2025, 1, 1), "unit_price": amount, "currency": "USD"}
    for kind, amount in (("license", "3120"), ("license_and_sa", "4680"))
] + [
    {"product": "Windows Server", "edition": "Standard", "metric": "core", "purchase_type": "license", "pack_size": 2,
     "valid_from": date(2025, 1, 1), "unit_price": "140.0005", "currency": "USD"}
]  # fmt: skip
TABLES = {
    "hosts": HOSTS, "oses": OSES, "installs": INSTALLS, "purchases": PURCHASES, "agreements": AGREEMENTS, "prices": PRICES,
}  # fmt: skip


def table(name, rows):
    """Build a canonical table as a run has it: defaults filled in, each row with its provenance."""
    whole = CANONICAL[name]
    words = {"true": True, "false": False}
    defaults = {c.name: words.get(c.default, c.default) for c in whole.columns.values() if c.default is not None}
    if "observed_on" in whole.columns:
        defaults["observed_on"] = SEEN
    filled = [
        {"entity_id": "main", **defaults, **row, "row_id": n, "source_file": "x.csv", "source_row": n, "issues": []}
        for n, row in enumerate(rows, start=2)
    ]
    names = {key for row in filled for key in row if key in whole.schema}
    return whole.conform(pl.LazyFrame({key: [row.get(key) for row in filled] for key in sorted(names)}, strict=False))


def write_base(folder, **tables):
    """Write the accepted tables and the manifest of a run folder."""
    (folder / "accepted").mkdir(parents=True, exist_ok=True)
    for name, rows in {**TABLES, **tables}.items():
        if rows is not None:
            table(name, rows).sink_parquet(folder / "accepted" / f"{name}.parquet")
    (folder / "manifest.json").write_text(json.dumps(DOCUMENT))
    return folder


def write_file(folder, text, name="scenarios.yaml"):
    """Write a scenario file."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


class World:
    """The estate above, to which changes are applied."""

    def __init__(self, folder, **tables):
        self.folder, self.base = folder, write_base(folder / "run", **tables)

    def apply(self, changes, scenario="s"):
        """Apply the changes of one scenario, given as YAML list items."""
        indented = "\n".join(f"      {line}" for line in changes.strip("\n").split("\n"))
        return self.file(f"scenarios:\n  {scenario}:\n    changes:\n{indented}\n")

    def file(self, text):
        """Apply the last scenario of a file."""
        chain = load(write_file(self.folder, text))[-1]
        self.found = patched(chain, self.base, DOCUMENT)
        return self

    def rows(self, name, *columns):
        """Return columns of a table as it now is, in order."""
        return self.found.tables[name].select(columns).collect().rows()

    def values(self, name, column):
        """Return one column."""
        return [value for (value,) in self.rows(name, column)]
