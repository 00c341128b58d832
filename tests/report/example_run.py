"""Run folders made by hand: a usual one, ones with a missing half, an empty one, and a hostile one."""

import json
from datetime import date
from decimal import Decimal

import polars as pl

from lmanalytics.schemas import ANSWERS, CANONICAL

AS_OF = date(2026, 6, 30)
SCRIPT = "<script>alert(1)</script>"
HOSTILE = [
    SCRIPT,
    "=cmd|' /C calc'!A0",
    "$math$ and $$\\frac{1}{2}$$",
    "|pipe|table|",
    "[link](javascript:alert(1))",
    "**bold** _it_ `code` @fig-position {{< include /etc/passwd >}} ![i](x.svg)",
    "line one\nline two\t\x07 end",
    "</script><img src=x onerror=alert(1)>",
    "https://example.org www.example.org",
    "\u202egnp.exe",
]
ENTITY = {"entity_id": "main"}
WINDOWS = {"product": "Windows Server", "metric": "core", "currency": "USD"}


def position():
    standard = WINDOWS | {"edition": "Standard", "version": "2022", "reason": "short"}
    return [
        standard
        | {"owned": 64, "owned_with_sa": 64, "required": 96, "allocated_in": 16, "allocated_out": 0, "assigned": 80}
        | {"surplus": 0, "shortage": 16, "shortage_cost": Decimal("1176.00")},
        WINDOWS
        | {"edition": "Standard", "version": "2019", "owned": 32, "owned_with_sa": 0, "required": 16}
        | {"allocated_in": 0, "allocated_out": 16, "assigned": 16, "surplus": 0, "shortage": 0}
        | {"shortage_cost": Decimal(0), "reason": "covered"},
        WINDOWS
        | {"edition": "Datacenter", "version": "2022", "owned": 1000, "owned_with_sa": 500, "required": 960}
        | {"allocated_in": 0, "allocated_out": 0, "assigned": 960, "surplus": 40, "shortage": 0}
        | {"shortage_cost": Decimal(0), "reason": "covered"},
        {"product": "SQL Server", "edition": "Enterprise", "version": "2022", "metric": "core", "owned": 24}
        | {"owned_with_sa": 24, "reason": "no_demand_rule"},
        {"product": "Exchange Server", "edition": "Standard", "metric": "server", "version": "2019", "currency": "USD"}
        | {"owned": 2, "owned_with_sa": 0, "required": 3, "allocated_in": 0, "allocated_out": 0, "assigned": 2}
        | {"surplus": 0, "shortage": 1, "reason": "short"},
    ]


def licenses():
    lot = {"agreement_id": "A-1", "enrollment_id": "E-1", "program": "ea", "metric": "core", "is_perpetual": True}
    lot |= {"acquired_on": date(2020, 7, 1), "valid_from": date(2020, 7, 1), "reason": "bought"}
    sa = {"sa_active": True, "sa_start": date(2023, 7, 1)}
    return [
        lot
        | sa
        | {"license_id": "L-1", "product": "Windows Server", "edition": "Standard", "version": "2019"}
        | {"quantity": 64, "sa_end": date(2026, 12, 31), "version_right": "2022"},
        lot
        | sa
        | {"license_id": "L-2", "product": "Windows Server", "edition": "Datacenter", "version": "2022"}
        | {"quantity": 500, "sa_end": date(2028, 6, 30), "version_right": "2022"},
        lot
        | sa
        | {"license_id": "L-3", "product": "SQL Server", "edition": "Enterprise", "version": "2022"}
        | {"quantity": 24, "sa_end": date(2027, 12, 31), "version_right": "2022"},
        lot
        | {"license_id": "L-4", "product": "Windows Server", "edition": "Datacenter", "version": "2019"}
        | {"quantity": 500, "sa_active": False, "version_right": "2019"},
        lot
        | {"license_id": "L-5", "product": "Exchange Server", "edition": "Standard", "version": "2019"}
        | {"quantity": 2, "sa_active": False, "metric": "server", "program": "open_value", "version_right": "2019"},
    ]


def demand_and_plan(names=("host-01", "host-02", "host-03", "host-04")):
    demand, plan = [], []
    for n, name in enumerate(names, start=1):
        row = ENTITY | WINDOWS | {"subject_kind": "host", "subject_id": name, "version": "2022"}
        sets = (3 * n + 1) // 2
        offers = {
            "standard_physical_cores": ("Standard", 16 * sets, Decimal(1176) * sets),
            "datacenter_physical_cores": ("Datacenter", 16, Decimal(6771)),
            "virtual_cores": ("Standard", 24 * n, Decimal(2205) * n),
        }
        demand += [
            row
            | {"option": option, "edition": edition, "licenses_required": required, "cost": cost, "oses_covered": 3 * n}
            | {"is_available": True, "unit_price": Decimal("73.50"), "reason": "required"}
            for option, (edition, required, cost) in offers.items()
        ]
        ranked = sorted(offers.items(), key=lambda offer: offer[1][2])
        option, (edition, required, cost) = ranked[0]
        plan.append(
            row
            | {"option": option, "edition": edition, "licenses_required": required, "licenses_assigned": required - n}
            | {"licenses_short": n, "cost": cost, "cost_of_next_best": ranked[1][1][2], "reason": "required"}
        )
    lost = {"subject_kind": "host", "subject_id": "host-99", "product": "Windows Server", "reason": "cores_unknown"}
    return demand, [*plan, ENTITY | lost]


def answers():
    demand, plan = demand_and_plan()
    line = {"agreement_id": "A-1", "enrollment_id": "E-1", "purchase_type": "license", "currency": "USD"}
    line |= {"window_opens": date(2026, 5, 1), "window_closes": date(2026, 5, 31), "reason": "shortage"}
    return {
        "position": position(),
        "licenses": licenses(),
        "demand": demand,
        "plan": plan,
        "step_ups": [
            {"purchase_id": "P-7", "step_up_from": "Windows Server Standard", "step_up_to": "Windows Server Datacenter"}
            | {"quantity": 20, "quantity_valid": 16, "quantity_unresolved": 4, "reason": "base_license_missing"},
        ],
        "true_up": [
            line
            | {"product": "Windows Server", "edition": "Standard", "metric": "core", "pack_size": 16, "packs": 1}
            | {"licenses": 16, "unit_price": Decimal(1176), "cost": Decimal(1176), "basis": "count_at_order"},
        ],
        "version_rights": [
            {"subject_id": "ose-7", "product": "Windows Server", "version_installed": "2025", "version_right": "2022"}
            | {"is_covered": False, "reason": "too_new"},
        ],
        "findings": [
            {"finding_id": "F-2", "severity": "info", "area": "supply", "statement": "A statement has no date."}
            | {"action": "Ask for a dated one.", "status": "open"},
            {"finding_id": "F-1", "severity": "error", "area": "deployment", "subject_id": "host-99"}
            | {"statement": "The number of cores is unknown.", "action": "Export it again.", "status": "open"}
            | {"money_at_stake": Decimal("6771.00"), "currency": "USD"},
        ],
        "exclusions": [
            {"subject_id": "ose-5", "product": "Windows Server", "evidence": "Linux", "reason": "not_windows"},
        ],
        "policies": [
            {"policy": "movement", "reading": "cluster", "source": "Product Terms, June 2026"},
        ],
        "sources": [
            {"file": "rvtools.xlsx", "sheet": "vHost", "sha256": "a" * 64, "format": "rvtools", "rows_read": 6}
            | {"snapshot_on": date(2026, 6, 1), "rows_mapped": 5, "rows_ignored": 1, "rows_quarantined": 1},
            {"file": "statement.csv", "sha256": "b" * 64, "format": "canonical", "rows_read": 5}
            | {"rows_mapped": 5, "rows_ignored": 0, "rows_quarantined": 0},
        ],
        "accounts": [
            {"table": "hosts", "product": "Windows Server", "outcome": "licensed", "rows": 4},
            {"table": "hosts", "product": "Windows Server", "outcome": "quarantined", "rows": 1},
            {"table": "oses", "product": "Windows Server", "outcome": "short", "rows": 2},
            {"table": "oses", "product": "*", "outcome": "excluded", "rows": 2, "reason": "not_windows"},
            {"table": "purchases", "product": "Windows Server", "outcome": "used", "rows": 4},
        ],
    }


def tables(names=("host-01", "host-02", "host-03", "host-04")):
    seen = ENTITY | {"observed_on": date(2026, 6, 1), "source_file": "rvtools.xlsx", "source_sheet": "vHost"}
    hosts = [
        seen
        | {"host_id": name, "host_name": name, "processors": 2, "physical_cores": 16, "cluster_id": "c-1"}
        | {"hypervisor": "esxi", "operator": "customer", "source_row": n, "row_id": n}
        for n, name in enumerate(names, start=2)
    ]
    oses = [
        seen
        | {"ose_id": f"ose-{n}", "name": name, "host_id": name, "os_product": "Windows Server", "os_version": version}
        | {"is_running": n % 2 == 0, "location": "on_premises", "environment": "production", "row_id": 100 + n}
        for n, (name, version) in enumerate(zip(names, ["2022", "2022", "2019", None], strict=False))
    ]
    bought = ENTITY | {"product": "Windows Server", "metric": "core", "purchase_type": "license", "quantity": 16}
    purchases = [bought | {"purchase_id": f"P-{n}", "row_id": 200 + n} for n in range(4)]
    return {"hosts": hosts, "oses": oses, "purchases": purchases}


def check(table, kind, *, is_passed, severity="critical", crashed=False):
    failed = 0 if is_passed else 1
    return {
        "success": is_passed,
        "expectation_config": {"type": kind, "kwargs": {"column": "physical_cores"}, "meta": {}, "severity": severity},
        "result": {} if crashed else {"element_count": 5, "unexpected_count": failed},
        "exception_info": {"raised_exception": crashed, "exception_message": None, "exception_traceback": None},
        "meta": {"table": table},
    }


def write(folder, *, answer_rows, table_rows, rejected=(), not_computable=(), customer="Example & Söhne"):
    """Write a run folder with these rows; every answer file is there, as a run writes them."""
    folder.mkdir(parents=True)
    for name, table in ANSWERS.items():
        rows = [ENTITY | {"rule": "test"} | row for row in answer_rows.get(name, [])]
        save(table, rows, folder / f"{name}.parquet")
    for name, rows in table_rows.items():
        save(CANONICAL[name], rows, folder / "accepted" / f"{name}.parquet")
        reasons = pl.Series("reasons", [r["reasons"] for r in rejected if name == "hosts"], dtype=pl.List(pl.String))
        kept = [{k: v for k, v in r.items() if k != "reasons"} for r in rejected if name == "hosts"]
        path = folder / "quarantine" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        conformed(CANONICAL[name], kept).with_columns(reasons).write_parquet(path)
        checks = [
            check(name, "expect_column_values_to_not_be_null", is_passed=True),
            check(name, "expect_column_values_to_be_between", is_passed=False, severity="warning"),
            check(name, "expect_column_values_to_be_unique", is_passed=False),
            check(name, "expect_column_values_to_be_in_set", is_passed=False, crashed=True),
        ]
        path = folder / "quality" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"success": False, "results": checks}), encoding="utf-8")
    manifest = {
        "run_id": "2026-06-30-0123456789ab",
        "as_of": AS_OF.isoformat(),
        "entities": [customer],
        "currencies": ["USD"],
        "versions": {"lmanalytics": "0.1.0", "polars": "2.1.0"},
        "policies": {},
        "not_computable": list(not_computable),
        "reasons": {"test": {"short": "More is required than is owned.", "covered": "What is required is owned."}},
        "inputs": [{"file": row["file"], "sha256": row["sha256"]} for row in answer_rows.get("sources", [])],
        "program": {"sha256": "c" * 64, "files": {}},
        "rules": [
            {
                "module": "windows_server_standard",
                "rule": "core_licenses",
                "sentence": "Every physical core, at least 16.",
            }
            | {"unit": "core_license", "start": "2016-10-12", "end": None, "in_force": True, "status": "draft"}
            | {"clause": "Product Terms, Windows Server, Server Licenses (per core)", "href": "https://example.org"},
        ],
        "outputs": [{"file": "position.parquet", "sha256": "d" * 64}],
        "digest": "e" * 64,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def save(table, rows, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    conformed(table, rows).write_parquet(path)


def conformed(table, rows):
    schema = {name: dtype for name, dtype in table.schema.items() if any(name in row for row in rows)}
    if not rows:
        return table.empty().collect()
    full = [{name: row.get(name) for name in schema} for row in rows]
    return table.conform(pl.LazyFrame(full, schema=schema)).collect()


def usual(folder):
    rejected = [
        tables()["hosts"][0] | {"source_row": 9, "row_id": 9, "reasons": ["physical_cores: '12x' is no number"]}
    ]
    return write(folder, answer_rows=answers(), table_rows=tables(), rejected=rejected)


def only_hosts(folder):
    given = answers()
    kept = {name: given[name] for name in ("demand", "exclusions", "policies", "sources")}
    kept["position"] = [
        WINDOWS | {"edition": "Standard", "version": "2022", "required": 96, "reason": "supply_not_given"}
    ]
    unassigned = {"licenses_assigned": None, "licenses_short": None, "cost": None, "cost_of_next_best": None}
    kept["plan"] = [row | unassigned for row in given["plan"]]
    some = {name: rows for name, rows in tables().items() if name != "purchases"}
    missing = [{"what": "What is owned", "why": "Table purchases was not given."}]
    return write(folder, answer_rows=kept, table_rows=some, not_computable=missing)


def only_purchases(folder):
    given = answers()
    kept = {name: given[name] for name in ("licenses", "step_ups", "policies", "sources")}
    kept["position"] = [
        WINDOWS | {"edition": "Standard", "version": "2022", "owned": 96, "owned_with_sa": 64, "reason": "no_demand"}
    ]
    some = {"purchases": tables()["purchases"]}
    return write(folder, answer_rows=kept, table_rows=some, not_computable=["position: table hosts was not given"])


def no_windows(folder):
    some = tables()
    some["oses"] = [row | {"os_product": "Linux", "os_version": None} for row in some["oses"]]
    given = answers()
    kept = {name: given[name] for name in ("licenses", "sources", "policies")}
    kept["position"] = [row | {"required": 0} for row in position() if row["product"] == "SQL Server"]
    return write(folder, answer_rows=kept, table_rows=some)


def empty(folder):
    return write(folder, answer_rows={}, table_rows={})


def hostile(folder):
    """Every text that comes from an export is an attack."""
    given = answers()
    given["demand"], given["plan"] = demand_and_plan(HOSTILE)
    bad = {"product", "edition", "version", "program", "agreement_id", "enrollment_id", "metric", "license_id"}
    bad |= {"statement", "action", "subject_id", "evidence", "file", "sheet", "format", "area", "purchase_id"}
    bad |= {"step_up_from", "step_up_to", "reading", "source", "policy", "version_right", "version_installed"}
    bad |= {"currency", "reason"}
    spoilt = {
        name: [
            spoil(row, n, bad - ({"subject_id", "product"} if name in {"demand", "plan"} else set()))
            for n, row in enumerate(rows)
        ]
        for name, rows in given.items()
    }
    rejected = [tables()["hosts"][0] | {"source_file": HOSTILE[7], "reasons": [SCRIPT, HOSTILE[4]], "row_id": 9}]
    some = tables(HOSTILE)
    some["oses"] = [row | {"os_product": name} for row, name in zip(some["oses"], HOSTILE, strict=False)]
    missing = [{"what": SCRIPT, "why": HOSTILE[4]}]
    return write(
        folder,
        answer_rows=spoilt,
        table_rows=some,
        rejected=rejected,
        not_computable=missing,
        customer=HOSTILE[4] + SCRIPT,
    )


def spoil(row, n, names):
    return {k: HOSTILE[(n + len(k)) % len(HOSTILE)] if k in names and v is not None else v for k, v in row.items()}


RUNS = {
    "usual": usual,
    "only_hosts": only_hosts,
    "only_purchases": only_purchases,
    "no_windows": no_windows,
    "empty": empty,
    "hostile": hostile,
}
