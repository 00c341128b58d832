"""Topics of the Azure Hybrid Benefit for Windows Server, of SPLA and of former processor licenses."""

import re
from datetime import date
from typing import Any

import polars as pl

from lmanalytics.rules.demand import (
    license_packs,
    windows_server_cluster,
    windows_server_processor,
    windows_server_spla,
)
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import (
    azure_hybrid_benefit_concurrency,
    azure_hybrid_benefit_eligibility,
    azure_hybrid_benefit_host,
    azure_hybrid_benefit_machine,
    license_coverage,
)
from tests.examples.outcome import Inputs, UndecidableError, count, words
from tests.examples.windows_server import SETTINGS, values

_READINGS = {
    "exact": "exact", "groups of 8": "blocks_of_8", "blocks of 8": "blocks_of_8", "sets of 16": "sets_of_16",
}  # fmt: skip
_EDITIONS = {"standard": "Standard", "datacenter": "Datacenter", "essentials": "Essentials"}
_DENIED = re.compile(r"\bnot\b", re.IGNORECASE)
_HALF, _WHOLE = 8, 16
_MODULE = azure_hybrid_benefit_machine
_AZURE = "azure"
_OF_DAYS = {"concurrent", "concurrent_days", "redeploy_on_prem_not_before_days"}


def machine(i: Inputs) -> dict[str, Any]:
    """ahb_ws: licenses of machines, machines for licenses, hosts, concurrency, and which licenses have the benefit."""
    if any(isinstance(i.get(key), str) for key in ("vmss_instances", "vcores_each")):
        raise UndecidableError("letters stand for its figures: with figures the rule decides it")
    if "formula" in i:
        raise UndecidableError("a formula is no quantity: the rule counts machines by their sizes")
    decided: dict[str, Any] = {}
    for part in (_suite, _editions, _local, _processors, _concurrency, _sizes, _held):
        decided |= part(i)
    if not decided:
        raise UndecidableError("the example does not say what it asks of the benefit")
    return decided


def _reading(i: Inputs) -> str:
    name = words(i.get("rounding", "exact")).casefold().replace("_", " ").replace("-", " ")
    if name not in _READINGS:
        message = f"the rounding {i['rounding']} is none of {', '.join(_READINGS)}"
        raise UndecidableError(message)
    return _READINGS[name]


def _settings(reading: str) -> Settings:
    return Settings(SETTINGS.as_of, {"ahb_rounding": reading})


def _sized(machines: dict[int, int], reading: str) -> pl.DataFrame:
    """Size machines: virtual cores and how many are alike."""
    schema = {"vcpus": pl.Int64, "machines": pl.Int64}
    frame = pl.LazyFrame(list(machines.items()), schema=schema, orient="row")
    sized = evaluate(frame, _MODULE, _settings(reading))
    columns = {name: column_name(_MODULE, name) for name in ("licenses", "sets")}
    return sized.select("vcpus", "machines", entity_id=pl.lit("main"), **columns).collect()


def _packed(machines: dict[int, int], reading: str) -> dict[str, Any]:
    sized = _sized(machines, reading).lazy()
    return compute(_MODULE, "packing", _settings(reading), machines=sized).collect().to_dicts()[0]


def _one(reading: str, **given: Any) -> dict[str, Any]:
    facts = pl.LazyFrame({"vcpus": [given.pop("vcpus", None)], **{k: [v] for k, v in given.items()}},
                         schema_overrides={"vcpus": pl.Int64})  # fmt: skip
    row = evaluate(facts, _MODULE, _settings(reading)).collect().to_dicts()[0]
    return {name.removeprefix("azure_hybrid_benefit_machine__"): value for name, value in row.items()}


def _edition(value: Any) -> str:
    name = re.sub(r"^(microsoft )?windows server ", "", words(value).casefold())
    if name not in _EDITIONS:
        message = f"the edition {value} has no rule here"
        raise UndecidableError(message)
    return _EDITIONS[name]


def _suite(i: Inputs) -> dict[str, Any]:
    """Say whether a component of a suite has the benefit, and whether System Center has."""
    if "component" not in i:
        return {}
    has = {
        name: values(azure_hybrid_benefit_eligibility, product=name)["is_eligible_product"]
        for name in (words(i["component"]), "System Center")
    }
    return {"ahb": has[words(i["component"])], "system_center_component_covered": has["System Center"]}


def _editions(i: Inputs) -> dict[str, Any]:
    """Say whether an edition may run under a license of another."""
    if not {"edition_held", "edition_run"} & i.keys():
        return {}
    held, run = _edition(i["edition_held"]), _edition(i["edition_run"])
    place = words(i.get("location", "")).casefold().replace(" ", "_").replace("-", "_")
    if place not in {"azure", "azure_dedicated_host", "azure_stack", "on_premises"}:
        raise UndecidableError("the example does not say where it runs")
    rights = values(
        azure_hybrid_benefit_eligibility, product="Windows Server", edition=held, has_coverage=True, location=place
    )
    either = rights["edition_use"] == azure_hybrid_benefit_eligibility.Reason.EITHER_EDITION.code
    eligible = rights["eligibility"] == azure_hybrid_benefit_eligibility.Reason.ELIGIBLE.code
    lower = load_rule_file(license_coverage).table("edition_rights").filter(
        (pl.col("product") == "Windows Server") & (pl.col("edition_held") == held) & (pl.col("edition_run") == run)
    )  # fmt: skip
    return {"allowed": eligible if either else held == run or not lower.is_empty()}


def _local(i: Inputs) -> dict[str, Any]:
    """Count licenses of Azure Local."""
    if "azure_local_physical_cores" not in i:
        return {}
    if _edition(i.get("edition", "Datacenter")) != "Datacenter":
        return {"allowed": False}
    cores = count(i["azure_local_physical_cores"])
    found = values(azure_hybrid_benefit_host, azure_host="azure_local", physical_cores=cores)
    return {"core_licenses": found["licenses"], **_days("Datacenter", "azure_local")}


def _processors(i: Inputs) -> dict[str, Any]:
    """Turn licenses of the former model into core licenses."""
    if "legacy_processor_licenses" not in i:
        return {}
    found = _one(_reading(i), processor_licenses=count(i["legacy_processor_licenses"]))
    equivalent = found["core_licenses_of_processors"]
    return {"equivalent_core_licenses": equivalent, "core_licenses": equivalent}


def _days(edition: str, use: str, **policies: str) -> dict[str, Any]:
    facts = pl.LazyFrame({"edition": [edition], "use": [use], "assigned_on": [date(2026, 1, 1)]})
    rows = evaluate(facts, azure_hybrid_benefit_concurrency, Settings(SETTINGS.as_of, policies)).collect().to_dicts()[0]
    prefix = "azure_hybrid_benefit_concurrency__"
    found = {name.removeprefix(prefix): value for name, value in rows.items() if name.startswith(prefix)}
    decided = {
        "concurrent": found["concurrency"] != azure_hybrid_benefit_concurrency.Reason.EITHER_OR.code,
        "redeploy_on_prem_not_before_days": found["redeployment_days"],
    }
    if found["concurrent_days"] is not None:
        decided |= {"concurrent_days": found["concurrent_days"], "times": found["concurrent_times"]}
    return {name: value for name, value in decided.items() if value is not None}


def _concurrency(i: Inputs) -> dict[str, Any]:
    """Say how long the same licenses serve both places; of whole hosts by the reading that is asked for."""
    if "use" not in i and not _OF_DAYS & i.asked.keys():
        return {}
    use, edition = words(i.get("use", "virtual machines")).casefold(), _edition(i["edition"])
    if "local" in use or "stack" in use:
        return _days(edition, "azure_local")
    if "dedicated host" not in use and "unlimited" not in use:
        return _without_end(_days(edition, _AZURE), i)
    rights = values(azure_hybrid_benefit_host, azure_host="azure_dedicated_host", physical_cores=1,
                    edition=edition, has_coverage=True)["unlimited_virtualization"]  # fmt: skip
    decided: dict[str, Any] = {"allowed": rights == azure_hybrid_benefit_host.Reason.UNLIMITED.code}
    if not decided["allowed"]:
        return decided
    by_guidance = _days(edition, "azure_dedicated_host")
    if "seed_says" in i.asked:
        by_documentation = _days(edition, "azure_dedicated_host", ahb_host_concurrency="while_migrating")
        return decided | by_documentation | {"seed_says": by_guidance["concurrent_days"]}
    return decided | by_guidance


def _without_end(decided: dict[str, Any], i: Inputs) -> dict[str, Any]:
    """Name days without an end as the example does, if it says as much."""
    said = {k: i.asked[k] for k in ("concurrent", "concurrent_days") if isinstance(i.asked.get(k), str)}
    if "concurrent_days" in decided or not said:
        return decided
    means = {
        k: v
        for k, v in said.items()
        if re.search(r"unlimited|indefinite|no (end|limit)|without (end|limit)", v.casefold()) and not _DENIED.search(v)
    }
    return {k: v for k, v in decided.items() if k not in said} | means


def _machines(i: Inputs) -> dict[int, int]:
    """Read virtual machines by their virtual cores; all but the largest may be said to be at most of a size."""
    if "vm_vcores" in i:
        sizes = i["vm_vcores"] if isinstance(i["vm_vcores"], list) else [i["vm_vcores"]]
        found: dict[int, int] = {}
        for size in sizes:
            found[count(size)] = found.get(count(size), 0) + count(i.get("vms", 1))
        return found
    if "vmss_instances" in i:
        return {count(i["vcores_each"]): count(i["vmss_instances"])}
    each = next((i[key] for key in ("vm_vcores_each", "vcores_each") if key in i), None)
    if each is not None and "vms" in i:
        return {count(each): count(i["vms"])}
    if {"vms", "vms_with_16_vcores", "other_vms_max_vcores"} <= i.keys():
        large, all_of_them = count(i["vms_with_16_vcores"]), count(i["vms"])
        if count(i["other_vms_max_vcores"]) > _HALF or large > all_of_them:
            raise UndecidableError("the example does not say how large the other machines are")
        return {_WHOLE: large, _HALF: all_of_them - large}
    return {}


def _sizes(i: Inputs) -> dict[str, Any]:
    """Count the licenses of machines, and say whether licenses suffice for them."""
    if not (machines := _machines(i)):
        return {}
    reading = _reading(i)
    by_sets = _packed(machines, "sets_of_16")
    decided: dict[str, Any] = {"sets_of_16": by_sets["sets"]}
    if "vms_with_16_vcores" in i:
        return decided | {"core_licenses": by_sets["licenses"]}
    sized = _sized(machines, reading)
    alone = sum(machines.values()) == 1
    licenses = int(sized["licenses"][0]) if alone else _packed(machines, reading)["licenses"]
    if _held_licenses(i) is not None:
        return decided | {"allowed": licenses <= int(_held_licenses(i) or 0)}
    return decided | {"core_licenses": licenses}


def _held_licenses(i: Inputs) -> int | None:
    if "core_licenses" in i:
        return count(i["core_licenses"])
    if "packs_2core" in i:
        return int(
            values(license_packs, core_licenses=0, packs_held=count(i["packs_2core"]))["licenses_of_small_packs"]
        )
    return None


def _held(i: Inputs) -> dict[str, Any]:
    """Say what licenses cover: so many machines of a size, two small ones or a large one, or one on which all are stacked."""
    held = _held_licenses(i)
    if held is None or _machines(i):
        return {}
    reading, decided = _reading(i), {"core_licenses": held}
    each = next((i[key] for key in ("vm_vcores_each", "vcores_each") if key in i), None)
    if each is not None:
        covered = _one(reading, vcpus=count(each), licenses_held=held)["machines_covered"]
        return decided | {"vms_covered": covered, "vms": covered}
    small = _one("sets_of_16", vcpus=_HALF, licenses_held=held)
    options = {"option_a": (small["machines_covered"], _HALF), "option_b": _large(held)}
    if i.get("stacked"):
        options = {"option_b": (1, small["largest_machine"])}
        decided |= {"vms": 1, "max_vcores": small["largest_machine"]}
    return decided | _shaped(options, i)


def _large(held: int) -> tuple[int, int]:
    return _one("sets_of_16", vcpus=_WHOLE, licenses_held=held)["machines_covered"], _WHOLE


def _shaped(options: dict[str, tuple[int, int]], i: Inputs) -> dict[str, Any]:
    """Name machines and their virtual cores as the example does; words without both figures leave it open."""
    shaped: dict[str, Any] = {}
    for key, (machines, vcores) in options.items():
        asked = i.asked.get(key)
        if isinstance(asked, dict):
            shaped[key] = {name: vcores if "core" in name else machines for name in asked}
        elif isinstance(asked, list):
            alike = [vcores] * min(machines, _HALF)
            shaped[key] = alike if asked == alike else [machines, vcores]
        elif isinstance(asked, str) and len(said := re.findall(r"\d+", asked)) == len((machines, vcores)):
            is_same = said == [str(machines), str(vcores)] and not _DENIED.search(asked)
            shaped[key] = asked if is_same else f"{machines} of up to {vcores} cores"
        else:
            shaped[key] = {"vms": machines, "max_vcores": vcores}
    return shaped


def windows_server(i: Inputs) -> dict[str, Any]:
    """ahb_windows_server: what licenses cover by the guidance, which speaks of sets."""
    held = count(i["ws_core_licences_sa"])
    found = _one("sets_of_16", vcpus=_HALF, licenses_held=held)
    options = {"a": (found["machines_covered"], _HALF), "b": _large(held)}
    decided: dict[str, Any] = {"max_single_vm_vcores": found["largest_machine"]}
    asked = i.asked.get("options")
    if isinstance(asked, list) and len(asked) == len(options):
        by_name = Inputs({}, dict(zip(options, asked, strict=True)))
        shaped = list(_shaped(options, by_name).values())
        if all(isinstance(given, type(o)) for given, o in zip(shaped, asked, strict=True)):
            decided["options"] = shaped
    return decided


def tool(i: Inputs) -> dict[str, Any]:
    """tool_behaviour of the benefit: licenses of one machine, by each reading."""
    product = str(i.get("product", "")).casefold()
    if not re.search(r"windows server (ahb|azure hybrid benefit)", product):
        raise UndecidableError("it is not about the Azure Hybrid Benefit for Windows Server")
    vcpus = count(i["vcpus"])
    found = {reading: _one(reading, vcpus=vcpus)["licenses"] for reading in set(_READINGS.values())}
    found |= {"groups_of_8": found["blocks_of_8"]}
    return found if isinstance(i.asked.get("rule_value"), dict) else found | {"rule_value": found["exact"]}


def processor(i: Inputs) -> dict[str, Any]:
    """legacy_processor: licenses of the models before core licensing."""
    said = f"{i['version']} {i.get('edition', '')}"
    version = re.search(r"\b(20\d\d)(\s+r2)?\b", said, re.IGNORECASE)
    edition = re.search(r"standard|enterprise|datacenter", said, re.IGNORECASE)
    if version is None:
        raise UndecidableError("the example does not name a version")
    if edition is None:
        found = [processor(Inputs(i | {"edition": name}, i.asked)) for name in ("Standard", "Datacenter")]
        if found[0] != found[1]:
            raise UndecidableError("it depends on the edition, which the example does not give")
        return found[0]
    hosts = count(i["hosts"] if "hosts" in i else i.get("servers", 1))
    processors = next((count(i[k]) for k in ("processors_each", "processors") if k in i), None)
    name = edition[0].title()
    moves = values(windows_server_cluster, hosts=hosts, full_sets_per_host=1)["full_sets"]
    if hosts > 1 and name != "Datacenter" and "vms" in i and i.get("move_freely") is not True:
        raise UndecidableError("the example does not say how many machines run on each host")
    server = {
        "subject_id": "s", "version": version[1] + (" R2" if version[2] else ""), "edition": name,
        "servers": moves, "processors": processors,
        "windows_oses": count(i.get("vms", 0)),
    }  # fmt: skip
    if "vms" not in i and processors is None:
        raise UndecidableError("the example gives neither processors nor virtual machines")
    types = {"servers": pl.Int64, "processors": pl.Int64, "windows_oses": pl.Int64}
    rows = pl.LazyFrame([server], schema_overrides=types)
    found = compute(windows_server_processor, "licenses", SETTINGS, servers=rows).collect().to_dicts()[0]
    if found["reason"] != windows_server_processor.Reason.BY_FORMER_MODEL.code:
        sentences = {reason.code: reason.value for reason in windows_server_processor.Reason}
        raise UndecidableError(sentences[found["reason"]])
    decided = {"licenses": found["licenses"]}
    if found["processors_licensed"] is not None:
        kind = "processor_licenses" if server["version"].startswith("2008") else "licenses_2proc"
        decided |= {kind: found["licenses"], "processors_licensed": found["processors_licensed"]}
    return decided


def spla(i: Inputs) -> dict[str, Any]:
    """ws_spla: what a provider reports for a machine that moved."""
    if words(i.get("programme", "SPLA")).casefold() != "spla":
        raise UndecidableError("it is not of a services provider's agreement")
    found = values(
        windows_server_spla, processors=count(i["processors_each"]), servers_used=count(i["moved_to_servers"])
    )
    if "min_cores_per_processor" in i:
        least = values(windows_server_spla, processors=1, servers_used=1)["cores_of_server"]
        if count(i["min_cores_per_processor"]) != least:
            raise UndecidableError("the minimum of a processor is another in the terms")
    return {"core_licenses": found["core_licenses"], "processor_licenses_legacy": found["processor_licenses"]}


TOPICS = {
    "ahb_ws": machine,
    "ahb_windows_server": windows_server,
    "tool_behaviour": tool,
    "legacy_processor": processor,
    "ws_spla": spla,
}
