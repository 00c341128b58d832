"""Topics of System Center, servers licensed per instance, access licenses and External Connectors."""

import re
from datetime import date
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.rules.demand import (
    client_access,
    external_connector,
    license_packs,
    server_per_instance,
    system_center_cores,
    system_center_datacenter,
    system_center_standard,
    windows_server_cores,
)
from lmanalytics.rules.engine import column_name, compute, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import CANONICAL
from tests.examples.outcome import Inputs, UndecidableError, allowance, count, entries, flag, money, words

TODAY = date(2026, 6, 30)
Outcome = dict[str, Any]
_HOST = re.compile(r"^\s*(\d+)\s*[x\u00d7]\s*(\d+)(?:[\s-]*cores?)?\s*$", re.IGNORECASE)
_CENTER = re.compile(
    r"^(?:microsoft )?system center(?: (?:2016|2019|2022|2025))?(?: (standard|datacenter))?(?: (?:2016|2019|2022|2025))?$",
    re.IGNORECASE,
)
_MODEL = re.compile(r"^(server|server license)\s*(/|\+|and|plus)\s*cals?$", re.IGNORECASE)
_ANY = {"any", "unlimited", "all"}
_MOST_PROCESSORS = 1000


def values(module: ModuleType, policies: dict[str, str] | None = None, **facts: Any) -> Outcome:
    """Evaluate one row of facts and return the value of each rule by its name."""
    asked = Settings(TODAY, policies or {})
    unknown = {name: pl.Int64 for name, value in facts.items() if value is None}
    frame = pl.LazyFrame({name: [value] for name, value in facts.items()}, schema_overrides=unknown)
    row = evaluate(frame, module, asked).collect().to_dicts()[0]
    return {r.name: row[column_name(module, r.name)] for r in rules_in_force(module, TODAY) if not r.is_frame}


def _edition(name: Any) -> str:
    """Read the edition of System Center in a product's name; empty where it names none."""
    match = _CENTER.match(words(name))
    if match is None:
        message = f"{name} is no System Center that is licensed by core"
        raise UndecidableError(message)
    return (match[1] or "").capitalize()


def _server(i: Inputs) -> Outcome:
    """Read the processors and cores of one server."""
    processors = count(i["processors"]) if "processors" in i else 1
    if not 0 < processors <= _MOST_PROCESSORS:
        message = f"a server with {processors} processors is none"
        raise UndecidableError(message)
    each = i.get("cores_per_processor")
    if each is not None:
        cores = [count(c) for c in each] if isinstance(each, list) else [count(each)] * processors
        return _sized(cores, processors if not isinstance(each, list) else len(cores))
    total = count(i["cores"])
    return _sized([total], 1) if processors == 1 else {"processors": processors, "physical_cores": total}


def _sized(cores: list[int], processors: int) -> Outcome:
    if not any(cores):
        raise UndecidableError("a server without cores is none")
    return {"cores_per_processor": cores, "processors": processors, "physical_cores": sum(cores)}


def _cores(i: Inputs) -> int:
    """Core licenses of one full set."""
    found = values(system_center_cores, **_server(i))
    if found["accuracy"] != system_center_cores.Reason.EXACT.code:
        raise UndecidableError(system_center_cores.Reason.LOWER_BOUND.value)
    return int(found["cores_to_license"])


def _licenses(edition: str, oses: int, cores: int) -> int:
    module = system_center_datacenter if edition == "Datacenter" else system_center_standard
    return int(values(module, managed_oses=oses, cores_to_license=cores)["core_licenses"])


def physical(i: Inputs) -> Outcome:
    """sc_physical: management licenses of one server."""
    edition, cores = _edition(i["product"]), _cores(i)
    if "managed_vms" not in i:
        return {"core_mls": cores}
    if edition == "Datacenter" and str(i["managed_vms"]).casefold() in _ANY:
        return {"core_mls": _licenses(edition, 1, cores)}
    managed = count(i["managed_vms"])
    found = {_licenses(e, managed, cores) for e in ([edition] if edition else ["Standard", "Datacenter"])}
    if len(found) > 1:
        raise UndecidableError("it depends on the edition, which the example does not give")
    return {"core_mls": found.pop()}


def core_minimum(i: Inputs) -> Outcome:
    """system_center_core_minimum: one full set of each server."""
    servers = [s if isinstance(s, dict) else {"cores": s} for s in entries(i["servers"])]
    return {"core_licences": [_cores(Inputs(server)) for server in servers]}


def stacking(i: Inputs) -> Outcome:
    """system_center_standard_stacking: sets of one server for so many managed OSEs."""
    cores = _cores(i)
    asked = i["vms"]
    if isinstance(asked, list):
        if not asked:
            raise UndecidableError("the list of managed virtual machines is empty")
        return {"core_licences": [_licenses("Standard", count(n), cores) for n in asked]}
    return {"core_licences": _licenses("Standard", count(asked), cores)}


def editions(i: Inputs) -> Outcome:
    """known_bad:sc_text: what a full set of each edition permits."""
    if _edition(i.get("product", "System Center")):
        raise UndecidableError("the example asks about both editions")
    none = {"managed_oses": 0, "cores_to_license": None}
    standard = values(system_center_standard, full_sets_held=1, **none)["oses_allowed"]
    datacenter = values(system_center_datacenter, full_sets_held=1, **none)["oses_allowed"]
    said = i.asked.get("rule_value", i.asked)
    found = {"standard": allowance(standard, said.get("standard")), "datacenter": datacenter}
    worded = found["standard"] if isinstance(found["standard"], str) else f"{standard} VMs per set"
    return {"standard": worded, "datacenter": allowance(datacenter, said.get("datacenter"))}


def per_instance(i: Inputs) -> Outcome:
    """servercal: server licenses of running instances."""
    known = load_rule_file(server_per_instance).table("server_products").filter(license_model="per_instance")
    named = words(i["cal_edition"]).casefold()
    if not any(product.split()[0].casefold() in named for product in known["product"]):
        message = f"{i['cal_edition']} is no server that is licensed per running instance"
        raise UndecidableError(message)
    if not _MODEL.match(words(i.get("license_model", "Server/CAL"))):
        message = f"{i['license_model']} is another license model"
        raise UndecidableError(message)
    found = values(
        server_per_instance, running_instances=count(i["running_instances"]), has_editions=False, location="on_premises",
        operator="customer",
    )  # fmt: skip
    publisher = load_rule_file(server_per_instance).references["per_instance"].title.partition(",")[0]
    sentence = found["verdict"].replace("_", " ")
    return {"server_licenses": found["server_licenses"], "basis": f"{sentence} ({publisher})"}


def connector(i: Inputs) -> Outcome:
    """cal_ec: what a connector covers, how many are needed, and from how many users on it costs less."""
    prices = {"connector_price": None, "cal_price": None}
    for key, name in (("external_connector_usd", "connector_price"), ("user_cal_usd", "cal_price")):
        if key in i:
            prices[name] = money(i[key])
    servers = count(i.get("physical_server", i.get("external_connector", 1)))
    vms = i.get("vms")
    oses = None if vms is None or isinstance(vms, str) else count(vms)
    if isinstance(vms, str) and words(vms).casefold() not in _ANY:
        message = f"{vms} is no number of virtual machines"
        raise UndecidableError(message)
    if "external_users_breakeven" in i and not flag(i["external_users_breakeven"]):
        raise UndecidableError("the example does not ask for the break-even")
    facts = {"physical_servers": servers, "oses": oses, **prices}
    found = values(external_connector, **facts)
    decided: Outcome = {"covers": found["covers"]}
    if "external_users_breakeven" in i:
        decided["external_connector_cheaper_above_users_approx"] = found["cheaper_above_users"]
    if "physical_server" in i:
        decided["external_connectors"] = found["connectors"]
    if oses is not None:
        claimed = values(external_connector, {"external_connector_scope": "per_ose"}, **facts)["connectors"]
        decided["claimed_external_connectors"] = claimed
    return decided


def remote_desktop(i: Inputs) -> Outcome:
    """cal_rds: licenses by the user for Windows Server, and on top of them for Remote Desktop Services."""
    users = count(i["users"])
    rows = [{"product": "Windows Server", "users": users}]
    if flag(i["remote_desktop"]):
        rows.append({"product": "Remote Desktop Services", "users": users})
    named = CANONICAL["access_counts"].conform(pl.LazyFrame([{"entity_id": "main", **row} for row in rows]))
    asked = Settings(TODAY)
    counts = compute(client_access, "terms", asked, counts=named)
    totals = compute(client_access, "totals", asked, counts=counts)
    found = evaluate(totals, client_access, asked).collect()
    licenses = dict(found.select("product", column_name(client_access, "user_licenses")).rows())
    decided: Outcome = {
        "ws_user_cals": licenses.get("Windows Server", 0),
        "rds_user_cals": licenses.get("Remote Desktop Services", 0),
    }
    if "ws_host" in i:
        match = _HOST.match(words(i["ws_host"]))
        if match is None or not 0 < int(match[1]) <= _MOST_PROCESSORS:
            message = f"{i['ws_host']} is no server"
            raise UndecidableError(message)
        server = _sized([int(match[2])] * int(match[1]), int(match[1]))
        cores = values(windows_server_cores, **server)["cores_to_license"]
        decided["ws_packs_2core"] = values(license_packs, core_licenses=int(cores))["packs_small"]
    return decided


def tool(i: Inputs) -> Outcome:
    """tool_behaviour of System Center: the licenses of one server."""
    edition, cores = _edition(i["product"]), _cores(i)
    named = words(i.get("edition", edition or "Standard")).capitalize()
    if named not in {"Standard", "Datacenter"}:
        message = f"the edition {named} has no rule here"
        raise UndecidableError(message)
    managed = count(i["windows_vms"]) if "windows_vms" in i else 1
    found = _licenses(named, managed, cores)
    return {"rule_value": found, "core_licenses": found}


TOPICS = {
    "sc_physical": physical,
    "system_center_core_minimum": core_minimum,
    "system_center_standard_stacking": stacking,
    "sc_text": editions,
    "servercal": per_instance,
    "cal_ec": connector,
    "cal_rds": remote_desktop,
    "tool_behaviour": tool,
}
