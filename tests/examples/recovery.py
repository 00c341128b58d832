"""Topics of disaster recovery, fail-over and Self-Hosted Applications: each hands canonical rows to the rules."""

import re
from datetime import date, datetime
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.rules.engine import Reason, column_name, compute, evaluate, in_force
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import (
    disaster_recovery_assurance,
    disaster_recovery_place,
    disaster_recovery_tests,
    disaster_recovery_verdict,
    failover,
    self_hosted,
    self_hosting,
)
from lmanalytics.schemas import ANSWERS, CANONICAL
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, words

SETTINGS = Settings(date(2026, 6, 30))
ACTIVE, LAPSED = date(2027, 6, 30), date(2026, 6, 29)
HA, DR, DR_AZURE = "passive_ha", "passive_dr", "passive_dr_azure"
_MOST = 10_000
_OWN = {"on-premises", "on premises", "customer's servers", "own servers", "own"}
_SERVERS = re.compile("server|system center|dynamics|sharepoint|exchange|biztalk", re.IGNORECASE)
_AZURE = {"all in azure", "azure", "in azure", "azure vm"}


def evaluated(module: ModuleType, facts: dict[str, Any], types: dict[str, Any]) -> dict[str, Any]:
    """Evaluate one row and return the value of each rule by its name."""
    row = evaluate(pl.LazyFrame([facts], schema=types), module, SETTINGS).collect().to_dicts()[0]
    prefix = column_name(module, "")
    return {name.removeprefix(prefix): value for name, value in row.items() if name.startswith(prefix)}


def sentence(code: str, *modules: ModuleType) -> str:
    """Give the sentence of a reason, without its full stop."""
    reasons: list[Reason] = [reason for module in modules for reason in module.Reason]
    return next(str(r.value) for r in reasons if r.code == code).rstrip(".")


def _few(value: Any) -> int:
    if count(value) > _MOST:
        message = f"{value} is more than an example counts one by one"
        raise UndecidableError(message)
    return int(value)


# --- disaster recovery


def _place(**changed: Any) -> dict[str, Any]:
    known = {
        "target": "customer_server",
        "is_dr_dedicated": True,
        "location": "on_premises",
        "os_product": "Windows Server",
        "license_source": "own",
        "operator": "customer",
        "is_same_cluster": False,
        "is_same_server": False,
    }
    types = {name: pl.Boolean if name.startswith("is_") else pl.String for name in known}
    return evaluated(disaster_recovery_place, known | changed, types)


def dr_rights(i: Inputs) -> dict[str, Any]:
    """dr_rights: how many backup instances may be kept, and what forbids them."""
    place = _place(is_dr_dedicated=flag(i["dr_server_dedicated"]), is_same_cluster=flag(i["same_cluster"]))
    assurance = evaluated(
        disaster_recovery_assurance,
        {
            "has_software": True,
            "os_product": "Windows Server",
            "licenses": 1,
            "licenses_with_sa": int(flag(i["server_sa"])),
            "has_access_sa": flag(i["cal_sa"]),
        },
        {
            "has_software": pl.Boolean,
            "os_product": pl.String,
            "licenses": pl.Int64,
            "licenses_with_sa": pl.Int64,
            "has_access_sa": pl.Boolean,
        },
    )
    text = ("purpose", "obstacle_of_place", "obstacle_of_licenses", "obstacle_of_occasion")
    facts = {
        "purpose": "test",
        "instances": count(i["instances"]),
        "is_only_backup": True,
        "obstacle_of_place": place["obstacle_of_place"],
        "obstacle_of_licenses": assurance["obstacle_of_licenses"],
        "obstacle_of_occasion": None,
    }
    types = {**dict.fromkeys(text, pl.String), "instances": pl.Int64, "is_only_backup": pl.Boolean}
    verdict = evaluated(disaster_recovery_verdict, facts, types)
    decided = {"backup_instances_allowed": verdict["backup_instances"]}
    if verdict["obstacle"]:
        decided["reason"] = sentence(verdict["obstacle"], disaster_recovery_place, disaster_recovery_assurance)
    return decided


def dr_rights_azure(i: Inputs) -> dict[str, Any]:
    """dr_rights_azure: whether a backup instance of a product may run in Azure."""
    lists = {key: value for key, value in i.items() if isinstance(value, list) and value}
    if lists:
        rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        return {"allowed": [dr_rights_azure(Inputs(i | row))["allowed"] for row in rows]}
    managed = flag(i["azure_site_recovery"])
    hybrid = flag(i.get("azure_hybrid_benefit", False))
    product = words(i["product"])
    if not _SERVERS.search(product):
        message = f"no rule knows the product {product}"
        raise UndecidableError(message)
    windows = product.casefold().startswith("windows server")
    place = _place(
        target="azure_site_recovery" if managed else "customer_server",
        location="azure",
        os_product="Windows Server" if windows else product,
        license_source="azure_hybrid_benefit" if hybrid else "own",
    )
    return {
        "allowed": place["obstacle_of_place"] is None,
        "concurrent": place["is_license_used_twice"],
    }


def _number(name: str) -> int:
    return int(in_force(load_rule_file(disaster_recovery_tests), name, SETTINGS.as_of).value or 0)


def dr_test_window(i: Inputs) -> dict[str, Any]:
    """dr_test_window: which tests fall into the one week every 90 days."""
    days = [date.fromisoformat(words(day)) for day in entries(i["tests"])]
    if not days:
        raise UndecidableError("the example gives no tests")
    moments = [datetime.combine(day, datetime.min.time()) for day in days]
    tests = pl.LazyFrame(
        {"run_id": [f"{n:06}" for n in range(len(days))], "started_at": moments, "ended_at": moments},
        schema={"run_id": pl.String, "started_at": pl.Datetime("us"), "ended_at": pl.Datetime("us")},
    ).with_columns(entity_id=pl.lit("main"), ose_id=pl.lit("backup"))
    found = compute(disaster_recovery_tests, "windows", SETTINGS, tests=tests).collect().sort("run_id").to_dicts()
    first = min(found, key=lambda row: row["window_opens"])
    window = f"window {first['window_opens']}..{first['window_closes']}, next from {first['next_opens']}"
    return {
        "allowed": [row["is_in_window"] for row in found],
        "reason": f"one week every {_number('days_between_windows')} days: {window}",
    }


def sa_dr(i: Inputs) -> dict[str, Any]:
    """sa_dr: the numbers of disaster recovery tests."""
    words(i["dr_testing"])
    return {"max_test_window_days": _number("test_window_days"), "every_days": _number("days_between_windows")}


# --- fail-over


def _failed_over(primaries: int, roles: list[str], *, cores: int, has_sa: bool, **place: Any) -> pl.DataFrame:
    """Give each active OSE a passive one of each role, and free what fail-over rights free.

    Args:
        primaries: active OSEs.
        roles: roles of the passive OSEs, in turn, of each active one.
        cores: virtual cores of the active OSEs.
        has_sa: whether their licenses have Software Assurance.
        place: primary and, of the passive ones, passive (locations) and passive_cores.

    Returns:
        install_id, role, is_free and licenses_saved.

    """
    where, size = place.get("primary", "on_premises"), place.get("passive_cores", cores)
    both = {DR_AZURE: "azure"} if where == "on_premises" else {}
    provider = "partner" if where == "provider_shared" else None
    oses = [(f"p{n}", where, cores) for n in range(primaries)]
    installs: list[dict[str, Any]] = [
        {"install_id": f"i-p{n}", "ose_id": f"p{n}", "role": "active"} for n in range(primaries)
    ]
    for n in range(primaries):
        for k, role in enumerate(roles):
            oses.append((f"c{n}-{k}", both.get(role, where), size))
            copy = {"install_id": f"i-c{n}-{k}", "ose_id": f"c{n}-{k}", "role": role, "primary_install_id": f"i-p{n}"}
            installs.append(copy)
    known = {"entity_id": "main", "observed_on": SETTINGS.as_of, "row_id": 0}
    facts = pl.LazyFrame(
        [
            {**known, "ose_id": ose, "kind": "virtual", "vcpus": vcpus, "location": location, "state": "current",
             "host_id": None, "provider": provider}
            for ose, location, vcpus in oses
        ],
        schema={**_known_types(), "ose_id": pl.String, "kind": pl.String, "vcpus": pl.Int64, "location": pl.String,
                "state": pl.String, "host_id": pl.String, "provider": pl.String},
    )  # fmt: skip
    sql = {"product": failover.PRODUCT, "edition": "Standard", "is_readable": False}
    table = pl.LazyFrame([known | sql | row for row in installs], schema=CANONICAL["installs"].schema)
    held = {"entity_id": "main", "product": failover.PRODUCT, "edition": "Standard", "metric": "core",
            "quantity": _MOST * _MOST, "sa_active": has_sa}  # fmt: skip
    inputs = {
        "installs": table,
        "facts_oses": facts,
        "licenses": pl.LazyFrame([held], schema=ANSWERS["licenses"].schema),
    }
    answer = failover.answers(inputs, SETTINGS)["failover"]
    roled = table.select("install_id", "role")
    return answer.join(roled, on="install_id").select("install_id", "role", "is_free", "licenses_saved").collect()


def _known_types() -> dict[str, Any]:
    """Types of the columns that every row has."""
    return {"entity_id": pl.String, "observed_on": pl.Date, "row_id": pl.Int64}


def _free(found: pl.DataFrame, role: str | None = None) -> int:
    chosen = found if role is None else found.filter(pl.col("role") == role)
    return int(chosen["is_free"].sum())


def sql_failover_on_premises(i: Inputs) -> dict[str, Any]:
    """sql_failover_on_premises: the most passive OSEs that a number of active ones has free."""
    found = _failed_over(_few(i["primary_ose_with_sa"]), [HA, DR, DR_AZURE], cores=4, has_sa=True)
    return {
        "ha_passive": _free(found, HA),
        "dr_passive": _free(found, DR),
        "azure_dr_passive": _free(found, DR_AZURE),
        "max_passive": _free(found),
    }


def sql_failover_sa_missing(i: Inputs) -> dict[str, Any]:
    """sql_failover_sa_missing: passive copies whose active OSE has Software Assurance, and those whose has none."""
    covered, passive, cores = _few(i["primary_ose_with_sa"]), _few(i["passive"]), count(i["passive_cores"])
    with_sa, without = min(covered, passive), max(passive - covered, 0)
    kept = _failed_over(with_sa, [HA], cores=cores, has_sa=True)
    bare = _failed_over(without, [HA], cores=cores, has_sa=False)
    needed = bare.filter(~pl.col("is_free")).height
    one = _failed_over(1, [HA], cores=cores, has_sa=True)["licenses_saved"].sum()
    return {
        "free_passive": _free(kept) + _free(bare),
        "core_licences_for_passive": int(pl.Series([one]).repeat_by(needed).explode().sum()) if needed else 0,
    }


def sql_ha(i: Inputs) -> dict[str, Any]:
    """sql_ha: the free passive OSEs of one active one, by where it is."""
    place = words(i.get("location", i.get("primary"))).casefold()
    if "partner" in place or "license mobility" in place:
        return _at_partner(i)
    if place not in _OWN | _AZURE:
        message = f"no rule knows the place {place}"
        raise UndecidableError(message)
    roles = [HA, DR, DR_AZURE] if place in _AZURE or flag(i.get("hybrid", True)) else [HA, DR]
    location = "azure" if place in _AZURE else "on_premises"
    found = _failed_over(1, roles, cores=4, has_sa=flag(i.get("sa", True)), primary=location)
    split = {"ha": _free(found, HA), "dr": _free(found, DR), "dr_azure": _free(found, DR_AZURE)}
    return {"free_passive_secondaries": _free(found)} | ({"split": split} if location == "on_premises" else {})


def _at_partner(i: Inputs) -> dict[str, Any]:
    production, passive = count(i["production_core_licenses"]), count(i["passive_core_licenses_otherwise_needed"])
    found = _failed_over(
        1, [HA], cores=production, passive_cores=passive, has_sa=flag(i.get("sa", True)), primary="provider_shared"
    )
    return {"extra_licenses": 0 if _free(found) else passive, "free_passive_secondaries": _free(found)}


# --- Self-Hosted Applications

_STATED = {
    "all_ms_software_eligible": ("is_self_hosting_eligible", True),
    "licences_via_vl": ("is_volume_licensed", True),
    "own_software_primary": ("adds_primary_functionality", True),
    "direct_access": ("direct_access", False),
}


def hosted(i: Inputs) -> dict[str, Any]:
    """self_hosting: each condition of a solution of one product and one access license."""
    stated = {column: flag(i.get(key, usual)) for key, (column, usual) in _STATED.items()}
    controlled = flag(i.get("servers_controlled_by_customer", True))
    row = {
        "entity_id": "main",
        "solution_id": "s",
        "product": "SQL Server",
        "principal_service": True,
        "delivered_remotely": True,
        "is_on_end_user_device": False,
        "owned_by_customer": True,
        "operated_by": "customer" if controlled else "end_user",
        **stated,
    }
    ends = {"sa_products": False, "sa_access_licences": True}
    rows = [
        {
            **row,
            "row_id": n,
            "component": key,
            "is_access_license": is_access,
            "sa_active_until": ACTIVE if flag(i[key]) else LAPSED,
        }
        for n, (key, is_access) in enumerate(ends.items())
    ]
    table = pl.LazyFrame(rows, schema=CANONICAL["self_hosted_solutions"].schema)
    answer = self_hosted.answers({"self_hosted_solutions": table}, SETTINGS)["self_hosting"].collect().to_dicts()[0]
    failing, asked = answer["failing_conditions"], i.asked.get("failed")
    is_same = isinstance(asked, list) and sorted(map(str, asked)) == sorted(failing)
    return {
        "eligible": answer["is_permitted"],
        "failed": asked if is_same else failing,
        "reason": sentence(answer["reason"], self_hosting),
    }


TOPICS = {
    "dr_rights": dr_rights,
    "dr_rights_azure": dr_rights_azure,
    "dr_test_window": dr_test_window,
    "sa_dr": sa_dr,
    "sql_failover_on_premises": sql_failover_on_premises,
    "sql_failover_sa_missing": sql_failover_sa_missing,
    "sql_ha": sql_ha,
    "self_hosting": hosted,
}
