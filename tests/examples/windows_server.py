"""Topics of Windows Server: each hands its inputs to the rules and names their answers."""

import re
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.facts.estate_facts import windows_versions
from lmanalytics.rules.demand import (
    license_packs,
    windows_server_breakeven,
    windows_server_cluster,
    windows_server_core_grant,
    windows_server_cores,
    windows_server_customer_minimum,
    windows_server_datacenter,
    windows_server_standard,
    windows_server_virtual_cores,
)
from lmanalytics.rules.engine import column_name, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings
from tests.examples.outcome import Inputs, UndecidableError, allowance, count, flag, money, words

SETTINGS = Settings(date(2026, 6, 30))
_HOST = re.compile(r"^\s*(\d+)\s*[x\u00d7]\s*(\d+)(?:[\s-]*cores?)?\s*$", re.IGNORECASE)
_STANDARD, _DATACENTER = "Standard", "Datacenter"
_EDITIONS = {"standard": _STANDARD, "std": _STANDARD, "datacenter": _DATACENTER, "dc": _DATACENTER}
_TOTALS = ("total_cores", "server_cores", "host_cores", "cores")
_MOST_PROCESSORS = 1000
_OF_THE_GRANT = 2
"""Processors of a server of which only all cores are given, where its outcome is named `..._vs_2proc_grant`."""
_BY_MACHINE = re.compile(r"^(licensed )?(per|by) (vm|virtual machine|virtual core)s?$")
_BY_CORE = re.compile(r"^(licensed )?((per|by) )?(physical )?cores?$")


def values(module: ModuleType, **facts: Any) -> dict[str, Any]:
    """Evaluate one row of facts and return the value of each rule by its name."""
    unknown = {name: pl.Int64 for name, value in facts.items() if value is None}
    frame = pl.LazyFrame({name: [value] for name, value in facts.items()}, schema_overrides=unknown)
    row = evaluate(frame, module, SETTINGS).collect().to_dicts()[0]
    return {r.name: row[column_name(module, r.name)] for r in rules_in_force(module, SETTINGS.as_of) if not r.is_frame}


def server_cores(i: Inputs) -> dict[str, Any]:
    """Read the processors and cores of a server as the rule's facts; a total alone is of one large processor."""
    if host := _host(i):
        return _processors([host[1]] * host[0])
    total = next((count(i[key]) for key in _TOTALS if key in i), None)
    cores = i.get("cores_per_processor")
    if isinstance(cores, list):
        return _processors([count(c) for c in cores])
    if cores is not None:
        return _processors([count(cores)] * count(i["processors"]))
    if total is None:
        raise UndecidableError("the example does not give the cores of a server")
    if "processors" in i:
        return {"processors": count(i["processors"]), "physical_cores": total}
    return _processors([total])


def _processors(cores: list[int]) -> dict[str, Any]:
    if not any(cores) or len(cores) > _MOST_PROCESSORS:
        message = f"a server with {len(cores)} processors and {sum(cores)} cores is none"
        raise UndecidableError(message)
    return {"cores_per_processor": cores, "processors": len(cores), "physical_cores": sum(cores)}


def _host(i: Inputs) -> tuple[int, int] | None:
    """Read a host such as `2x32 cores`; one that is described otherwise gives no cores."""
    match = _HOST.match(str(i.get("host", "")))
    return (int(match[1]), int(match[2])) if match else None


def full_set(i: Inputs) -> int:
    """Cores to license of one server."""
    found = values(windows_server_cores, **server_cores(i))
    if found["accuracy"] != windows_server_cores.Reason.EXACT.code:
        raise UndecidableError(windows_server_cores.Reason.LOWER_BOUND.value)
    return int(found["cores_to_license"])


def _edition(i: Inputs, default: str) -> str:
    """Read the edition, however it is written."""
    if "edition" not in i:
        return default
    name = re.sub(r"^(microsoft )?(windows server )?(\d{4} )?", "", words(i["edition"]).casefold())
    if name not in _EDITIONS:
        message = f"the edition {i['edition']} has no rule here"
        raise UndecidableError(message)
    return _EDITIONS[name]


def packs(licenses: int, **given: Any) -> dict[str, Any]:
    """Packs of a pool of licenses, and what they cost."""
    return values(license_packs, core_licenses=licenses, **given)


def _host_facts(i: Inputs) -> dict[str, Any]:
    """Read what the physical OSE runs; a Windows Server whose work is not said is undecidable."""
    runs = _is_windows_host(i) or "host_used_only_to_manage_vms" in i
    works = runs and not flag(i["host_used_only_to_manage_vms"])
    return {"host_runs_windows": runs, "host_rights_used": int(works), "process_containers": 0}


def _is_windows_host(i: Inputs) -> bool:
    return "host_os" in i and "windows" in words(i["host_os"]).casefold()


def _physical_ose(i: Inputs, rights: dict[str, Any]) -> dict[str, Any]:
    """Say whether Windows Server may run on the host; of a host of another maker the terms say nothing."""
    if "host_os" in i and not _is_windows_host(i):
        return {}
    return {"physical_ose_allowed": rights["is_physical_ose_allowed"]}


def physical(i: Inputs) -> dict[str, Any]:
    """ws_physical: one server or several alike, and their packs."""
    _by_core(i)
    if count(i.get("servers", 1)) != 1 and "cores_per_processor" not in i and not _host(i):
        raise UndecidableError("the example does not say whether its cores are of one server or of all")
    one = full_set(i)
    total = int(pl.Series([one]).repeat_by(count(i.get("servers", 1))).explode().sum())
    bought = packs(total, pack_size=_common_size(i.get("pack_sizes_available", [2])))
    decided = {
        "core_licenses": total,
        "core_licenses_per_server": one,
        "core_licenses_total": total,
        "cores_required": total,
        "cores_purchased": bought["licenses_bought"],
        "packs_2core": bought["packs_small"],
        "packs_16core": bought["packs_large"],
        "alt_packs_16core": bought["mix_large"],
        "alt_packs_2core": bought["mix_small"],
        "base_packs_16core": bought["base_packs"],
        "additional_packs_16core": bought["additional_packs"],
    }
    is_split = "cores_per_processor" in i or "processors" in i
    processors = server_cores(i)["processors"] if is_split else _OF_THE_GRANT
    grant = values(windows_server_core_grant, processors=processors, cores_to_license=one)
    decided["sa_renewal_increase_pct_vs_2proc_grant"] = grant["renewal_increase"]
    return decided


def _by_core(i: Inputs) -> None:
    """Refuse versions that were licensed by processor, and those that are not known."""
    ranks = dict(windows_versions().iter_rows())
    version = re.sub(r"^(microsoft )?windows server ", "", str(i.get("version", "2016")).strip(), flags=re.IGNORECASE)
    version = re.sub(r" (standard|datacenter)$", "", version, flags=re.IGNORECASE)
    if version not in ranks:
        message = f"the version {version} of Windows Server is not known"
        raise UndecidableError(message)
    if ranks[version] < ranks["2016"]:
        message = f"Windows Server {version} was licensed by processor, not by core"
        raise UndecidableError(message)


def _common_size(sizes: Any) -> int:
    """Give the smallest pack when every other is a multiple of it: then only it rounds."""
    if isinstance(sizes, str):
        sizes = [int(s) for s in re.findall(r"\d+", sizes)]
    found = sorted(count(s) for s in (sizes if isinstance(sizes, list) else [sizes]))
    if not found or found[0] == 0 or any(s % found[0] for s in found):
        message = f"packs of {sizes} do not round to one size"
        raise UndecidableError(message)
    return found[0]


def standard(i: Inputs) -> dict[str, Any]:
    """ws_std_stack: full sets for guests, or guests for full sets."""
    if _edition(i, _STANDARD) == _DATACENTER:
        return datacenter(i)
    host = _host_facts(i)
    if "windows_vms" not in i:
        held = _sets_held(i)
        rights = values(
            windows_server_standard,
            windows_oses=0,
            cores_to_license=None,
            full_sets_held=held,
            **host,
        )
        decided = {
            "sets": held,
            "windows_vms_allowed": rights["oses_allowed"],
            **_physical_ose(i, rights),
        }
        if not _gives_cores(i):
            return decided
        oses = rights["oses_allowed"]
    else:
        decided, oses = {}, count(i["windows_vms"])
        if oses == 0 and not {"host_os", "host_used_only_to_manage_vms"} & i.keys():
            raise UndecidableError("without guests it depends on whether the server itself runs Windows Server")
    if not _gives_cores(i):
        sets = values(windows_server_standard, windows_oses=oses, cores_to_license=None, **host)["full_sets"]
        return {"sets": sets} | decided
    one = full_set(i)
    need = values(windows_server_standard, windows_oses=oses, cores_to_license=one, **host)
    allowed = values(
        windows_server_standard, windows_oses=oses, cores_to_license=one, full_sets_held=need["full_sets"], **host
    )
    return {
        "sets": need["full_sets"],
        "core_licenses": need["core_licenses"],
        "packs_2core": packs(need["core_licenses"])["packs_small"],
        "packs_16core": packs(need["core_licenses"])["packs_large"],
        "windows_vms_allowed": allowed["oses_allowed"],
        **_physical_ose(i, allowed),
        **_cost(i, need["core_licenses"]),
    } | decided


def _gives_cores(i: Inputs) -> bool:
    return _host(i) is not None or any(k in i for k in (*_TOTALS, "cores_per_processor"))


def _sets_held(i: Inputs) -> int:
    """Read full sets, or make them of the packs that are held; a server that is said to be licensed has one."""
    if "full_sets" in i:
        return count(i["full_sets"])
    if "packs_2core" not in i:
        return 1
    licenses = packs(0, packs_held=count(i["packs_2core"]))["licenses_of_small_packs"]
    host = {"host_runs_windows": False, "host_rights_used": 0, "process_containers": 0}
    sets = values(windows_server_standard, windows_oses=0, cores_to_license=full_set(i), licenses_held=licenses, **host)
    return int(sets["full_sets_of_licenses"])


def _cost(i: Inputs, licenses: int) -> dict[str, Any]:
    for key, size in (("price_per_2core_pack_usd", 2), ("price_per_16core_set_usd", 16)):
        if key in i:
            return {"cost_usd": packs(licenses, pack_size=size, pack_price=money(i[key]))["cost"]}
    return {}


def datacenter(i: Inputs) -> dict[str, Any]:
    """ws_datacenter: one full set and what it permits."""
    if _edition(i, _DATACENTER) == _STANDARD:
        return standard(i)
    one = full_set(i) if _gives_cores(i) else None
    need = values(
        windows_server_datacenter,
        windows_oses=count(i.get("windows_vms", 0)),
        host_rights_used=0,
        host_runs_windows="windows_vms" not in i,
        process_containers=0,
        cores_to_license=one,
        full_sets_held=count(i.get("full_sets", 1)),
    )
    kinds = (
        "windows_vms_allowed", "hyperv_isolated_containers", "non_isolated_containers",
        "hyperv_isolated_containers_or_oses",
    )  # fmt: skip
    decided = {
        "sets": need["full_sets"],
        **{kind: allowance(need["oses_allowed"], i.asked.get(kind)) for kind in kinds},
        "physical_ose_allowed": need["is_physical_ose_allowed"],
    }
    if one is None:
        return decided
    licenses = need["core_licenses"]
    return decided | {
        "core_licenses": licenses,
        "packs_2core": packs(licenses)["packs_small"],
        "packs_16core": packs(licenses)["packs_large"],
        **_cost(i, licenses),
    }


def breakeven(i: Inputs) -> dict[str, Any]:
    """ws_breakeven: from how many guests on Datacenter is cheaper, and both costs for a number of guests."""
    prices = _prices(i)
    one_set = values(
        windows_server_standard, windows_oses=0, cores_to_license=None, full_sets_held=1,
        host_rights_used=0, host_runs_windows=False, process_containers=0,
    )  # fmt: skip
    facts: dict[str, Any] = {
        "standard_set_price": prices[0],
        "datacenter_set_price": prices[1],
        "oses_per_set": one_set["oses_allowed"],
    }
    decided: dict[str, Any] = {}
    if "windows_vms" in i:
        facts |= _costs(i, prices)
        has_costs = "price_ratio_dc_over_std" not in i and ("std_pack2_usd" not in i or _gives_cores(i))
        costs = {"std_cost_usd": facts["standard_cost"], "dc_cost_usd": facts["datacenter_cost"]}
        decided = {"std_sets": standard(Inputs(_guests(i)))["sets"], **(costs if has_costs else {})}
    answer = values(windows_server_breakeven, **facts)
    if "windows_vms" in i:
        decided["cheapest"] = answer["cheapest"]
    first = answer["datacenter_cheaper_from_oses"]
    return decided | {
        "datacenter_cheaper_from_vms": first,
        "datacenter_cheaper_above_vms": answer["datacenter_cheaper_above_oses"],
        "breakpoint_vms": first,
        "breakeven_vms": first,
        "datacenter_if_density_above": answer["datacenter_cheaper_above_sets"],
    }


def _guests(i: Inputs) -> dict[str, Any]:
    """Leave the guests alone of an example."""
    return {"windows_vms": i["windows_vms"], "edition": _STANDARD}


def _costs(i: Inputs, prices: tuple[Decimal, Decimal]) -> dict[str, Decimal]:
    """Cost both editions for the guests; without cores, for a server of one large pack."""
    sized = Inputs(i if _gives_cores(i) else i | {"total_cores": 16})
    size = 2 if "std_pack2_usd" in i else full_set(sized)
    costs = [
        packs(by_core(Inputs(sized | {"edition": edition}))["core_licenses"], pack_size=size, pack_price=price)["cost"]
        for by_core, edition, price in ((standard, _STANDARD, prices[0]), (datacenter, _DATACENTER, prices[1]))
    ]
    return {"standard_cost": costs[0], "datacenter_cost": costs[1]}


def _prices(i: Inputs) -> tuple[Decimal, Decimal]:
    if "price_ratio_dc_over_std" in i:
        if str(i.get("density_definition", "OSEs/2")).replace(" ", "").casefold() != "oses/2":
            message = f"a density of {i['density_definition']} is not one of OSEs per full set"
            raise UndecidableError(message)
        return Decimal(1), money(i["price_ratio_dc_over_std"])
    for kind in ("pack2", "set", "16core"):
        keys = f"std_{kind}_usd", f"dc_{kind}_usd"
        if all(key in i for key in keys):
            found = money(i[keys[0]]), money(i[keys[1]])
            if found[0] > 0:
                return found
    raise UndecidableError("it depends on the prices of both editions, which the example does not give")


def cluster(i: Inputs) -> dict[str, Any]:
    """ws_cluster_peak: every host is sized for all guests that may arrive."""
    hosts = count(i["cluster_hosts"] if "cluster_hosts" in i else i.get("hosts", 1))
    rule = values(windows_server_cluster, hosts=hosts, full_sets_per_host=0)
    decided: dict[str, Any] = {"license_each_host_for_peak": rule["is_each_host_licensed"]}
    if "windows_vms" not in i:
        return decided
    if not flag(i.get("vms_move_freely", True)):
        raise UndecidableError("where guests run that do not move is not given")
    by_core = datacenter if _edition(i, _STANDARD) == _DATACENTER else standard
    one = by_core(Inputs({"windows_vms": i["windows_vms"]}))["sets"]
    decided["sets_per_host"] = one
    if {"cluster_hosts", "hosts"} & i.keys():
        decided["sets_total"] = values(windows_server_cluster, hosts=hosts, full_sets_per_host=one)["full_sets"]
    return decided


def virtual(i: Inputs) -> dict[str, Any]:
    """ws_per_vm: single OSEs, their minimums, and the same guests by physical core."""
    sizes = [count(v) for v in _listed(i["vm_vcores"])] if "vm_vcores" in i else []
    each = _each_machine(sizes)
    rights = values(windows_server_virtual_cores, vcpus=0, is_same_farm=True)
    customer = values(windows_server_customer_minimum, virtual_core_licenses=int(each.sum()))
    decided: dict[str, Any] = {
        "min_core_licenses_per_vm": rights["min_licenses"],
        "min_core_licenses_per_customer": customer["min_licenses"],
        "move_within_farm": rights["movement"],
    }
    if not _is_virtual(i):
        return decided | {"allowed": False}
    if "sa_or_subscription" in i:
        decided["allowed"] = _is_eligible(i)
    if not sizes:
        return decided
    if decided.get("allowed", True):
        decided |= {"core_licenses": int(each.sum()), "per_vm_core_licenses": int(each.sum())}
    if _gives_cores(i):
        guests = {"windows_vms": len(sizes)}
        sets = standard(Inputs(i | guests | {"edition": _STANDARD}))
        whole = datacenter(Inputs(i | guests | {"edition": _DATACENTER}))
        decided["std_physical_core_licenses"] = sets["core_licenses"]
        decided["std_packs_2core"] = sets["packs_2core"]
        decided["dc_physical_core_licenses"] = whole["core_licenses"]
    return decided


def _each_machine(sizes: list[int]) -> pl.Series:
    frame = pl.LazyFrame({"vcpus": sizes}, schema={"vcpus": pl.Int64})
    column = column_name(windows_server_virtual_cores, "core_licenses")
    return evaluate(frame, windows_server_virtual_cores, SETTINGS).collect()[column]


def _is_eligible(i: Inputs) -> bool:
    covered = flag(i["sa_or_subscription"])
    code = values(windows_server_virtual_cores, vcpus=0, sa_or_subscription=covered)["eligibility"]
    return bool(code == windows_server_virtual_cores.Reason.ALLOWED.code)


def _is_virtual(i: Inputs) -> bool:
    """Tell whether the example asks about a guest: the physical OSE is never licensed by virtual machine."""
    if "licensing" in i and not _BY_MACHINE.match(_plainly(i["licensing"])):
        message = f"licensing {i['licensing']!r} is not by virtual machine"
        raise UndecidableError(message)
    if re.fullmatch(r"physical( host| server)?", _plainly(i.get("host", "-"))):
        return False
    asked = " ".join(str(i.get(key, "")) for key in ("host", "rule", "unit")).casefold().replace("_", " ")
    return not re.search(r"\bphysical ose\b|\bhost (os|operating system)\b|\bphysical os\b", asked)


def _plainly(text: Any) -> str:
    """Read a code as words: `per_vm` and `per-VM` are `per vm`."""
    return re.sub(r"[\s_-]+", " ", words(text)).casefold()


def _listed(value: Any) -> list[Any]:
    """Read one value as a list of it; an empty one says nothing."""
    if value == []:
        raise UndecidableError("the list of virtual machines is empty")
    return value if isinstance(value, list) else [value]


def containers(i: Inputs) -> dict[str, Any]:
    """ws_containers: what a full set, or one licensed virtual machine, permits."""
    if not {"licensing", "edition"} & i.keys():
        raise UndecidableError("the example does not say how it is licensed")
    licensing = _plainly(i.get("licensing", "physical cores"))
    if _BY_MACHINE.match(licensing):
        if not _is_eligible(i):
            return {"allowed": False}
        rights = values(windows_server_virtual_cores, vcpus=0)
        return {
            "min_core_licenses": rights["min_licenses"],
            "oses_or_isolated_containers": rights["oses_allowed"],
            "hyperv_isolated_containers_or_oses": rights["oses_allowed"],
            "non_isolated_containers": rights["process_containers_allowed"],
        }
    if not _BY_CORE.match(licensing):
        message = f"licensing {licensing!r} is neither by physical core nor by virtual machine"
        raise UndecidableError(message)
    smallest = {"min_core_licenses": full_set(Inputs({"total_cores": 1}))}
    if "edition" not in i:
        return smallest
    if _edition(i, _STANDARD) == _DATACENTER:
        allowed = datacenter(i)
        return smallest | allowed | {"oses_or_isolated_containers": allowed["windows_vms_allowed"]}
    rights = values(
        windows_server_standard, windows_oses=0, cores_to_license=None, full_sets_held=_sets_held(i), **_host_facts(i)
    )
    return {
        "hyperv_isolated_containers_or_oses": rights["oses_allowed"],
        "oses_or_isolated_containers": rights["oses_allowed"],
        "non_isolated_containers": rights["process_containers_allowed"],
        **smallest,
    }


def per_vm(i: Inputs) -> dict[str, Any]:
    """windows_server_per_vm: licenses of each virtual machine and of the customer."""
    each = _each_machine([count(v) for v in _listed(i["vms"])])
    customer = values(windows_server_customer_minimum, virtual_core_licenses=int(each.sum()))
    without = values(windows_server_virtual_cores, vcpus=0, sa_or_subscription=False)
    return {
        "core_licences": each.to_list(),
        "customer_minimum": customer["min_licenses"],
        "sa_required": without["eligibility"] == windows_server_virtual_cores.Reason.NEEDS_SA.code,
        "total": customer["core_licenses"],
    }


def tool(i: Inputs) -> dict[str, Any]:
    """tool_behaviour of Windows Server: the fewest licenses of the edition that was asked about."""
    product = str(i.get("product", "Windows Server"))
    if product not in {"Windows Server", "Windows Server Standard", "Windows Server Datacenter"}:
        message = f"no rule for {product} decides this yet"
        raise UndecidableError(message)
    named = product.removeprefix("Windows Server").strip()
    edition = _edition(Inputs({"edition": i.get("edition", named)}), "") if "edition" in i or named else ""
    sizes = [count(v) for v in _listed(i["vm_vcores"])] if "vm_vcores" in i else []
    found: dict[str, Any] = {}
    if _gives_cores(i):
        guests = {} if "windows_vms" in i or not sizes else {"windows_vms": len(sizes)}
        by_core = datacenter if edition == _DATACENTER else standard
        found = by_core(Inputs(i | guests)) if edition else physical(i)
    elif edition == _STANDARD and "windows_vms" in i:
        found = standard(i)
    if sizes and flag(i.get("sa", False)):
        single = int(_each_machine(sizes).sum())
        found["core_licenses"] = min(single, found.get("core_licenses", single))
    scalar = found.get("core_licenses", found.get("sets"))
    if scalar is None:
        raise UndecidableError("the example gives no cores, and no virtual machines with Software Assurance")
    return found | {"rule_value": scalar}


def price(_: Inputs) -> dict[str, Any]:
    """ws_price: a price is the customer's price list's to say."""
    raise UndecidableError("prices come from the price list that is given, no rule decides one")


TOPICS = {
    "ws_physical": physical,
    "ws_std_stack": standard,
    "ws_datacenter": datacenter,
    "ws_breakeven": breakeven,
    "ws_cluster_peak": cluster,
    "ws_per_vm": virtual,
    "ws_containers": containers,
    "ws_price": price,
    "windows_server_per_vm": per_vm,
    "tool_behaviour": tool,
}
