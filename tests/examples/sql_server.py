"""Topics of SQL Server: each hands its inputs to the rules and names their answers."""

import re
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.rules.demand import (
    azure_sql_hosts,
    azure_sql_normalized_cores,
    license_packs,
    sql_server_arc,
    sql_server_core_factor,
    sql_server_cores,
    sql_server_enterprise_host,
    sql_server_installs,
    sql_server_server_cal,
    sql_server_virtual_cores,
)
from lmanalytics.rules.engine import column_name, compute, evaluate, rules_in_force
from lmanalytics.rules.entitlement import new_version_rights
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.schemas import CANONICAL
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, money, words

SETTINGS = Settings(date(2026, 6, 30))
_MOST_PROCESSORS = 1000
_HOST = re.compile(r"^\s*(\d+)\s*[x\u00d7]\s*(\d+)(?:[\s-]*cores?)?\s*$", re.IGNORECASE)
_TOTALS = ("total_cores", "cores")
_ENTERPRISE, _STANDARD = "Enterprise", "Standard"
_CONSTRAINED = {"DS11": 2, "DS12": 4, "DS13": 8, "DS14": 16, "GS4": 16, "GS5": 32}
_SIZE = re.compile(r"^(?:standard_)?([a-z]+)(\d+)-(\d+)[a-z]*_?v?\d*$", re.IGNORECASE)


def values(module: ModuleType, settings: Settings = SETTINGS, **facts: Any) -> dict[str, Any]:
    """Evaluate one row of facts and return the value of each rule by its name."""
    unknown = {name: pl.Int64 for name, value in facts.items() if value is None}
    frame = pl.LazyFrame({name: [value] for name, value in (facts or {"_": 0}).items()}, schema_overrides=unknown)
    row = evaluate(frame, module, settings).collect().to_dicts()[0]
    return {r.name: row[column_name(module, r.name)] for r in rules_in_force(module, settings.as_of) if not r.is_frame}


def edition_of(i: Inputs, default: str | None = None) -> str:
    """Read an edition that the rules know."""
    if default is not None and "edition" not in i:
        return default
    said = re.sub(r"^(microsoft )?(sql server )?(\d{4} )?", "", words(i["edition"]).casefold())
    known = {"enterprise": _ENTERPRISE, "ent": _ENTERPRISE, "enterprise core": _ENTERPRISE}
    known |= {"standard": _STANDARD, "std": _STANDARD, "standard core": _STANDARD}
    if said not in known:
        message = f"the edition {i['edition']} has no rule here"
        raise UndecidableError(message)
    return known[said]


def server(i: Inputs) -> int:
    """Read the cores of a server and count the licenses that license it in full."""
    cores = i.get("cores_per_processor")
    if isinstance(cores, list):
        facts = _processors([count(c) for c in entries(cores)])
    elif cores is not None:
        facts = _processors([count(cores)] * min(count(i["processors"]), _MOST_PROCESSORS + 1))
    else:
        total = next((count(i[key]) for key in _TOTALS if key in i), None)
        if total is None:
            raise UndecidableError("the example does not give the cores of a server")
        if "processors" in i:
            facts = {"cores_per_processor": None, "processors": count(i["processors"]), "physical_cores": total}
        else:
            facts = _processors([total])
    if not facts["physical_cores"] or not facts["processors"]:
        raise UndecidableError("a server without processors or cores is none")
    facts["cores_per_processor"] = pl.Series([facts["cores_per_processor"]], dtype=pl.List(pl.Int64))
    frame = pl.LazyFrame(
        {"cores_per_processor": facts["cores_per_processor"]}
        | {k: [facts[k]] for k in ("processors", "physical_cores")}
    )
    found = evaluate(frame, sql_server_cores, SETTINGS).collect().to_dicts()[0]
    if found[column_name(sql_server_cores, "accuracy")] != sql_server_cores.Reason.EXACT.code:
        raise UndecidableError(sql_server_cores.Reason.LOWER_BOUND.value)
    return int(found[column_name(sql_server_cores, "cores_to_license")])


def _processors(cores: list[int]) -> dict[str, Any]:
    if not any(cores) or not all(cores) or len(cores) > _MOST_PROCESSORS:
        message = f"a server with {len(cores)} processors and {sum(cores)} cores is none"
        raise UndecidableError(message)
    return {"cores_per_processor": cores, "processors": len(cores), "physical_cores": sum(cores)}


def packs(licenses: int, **given: Any) -> dict[str, Any]:
    """Packs of a pool of core licenses, and what they cost."""
    return values(license_packs, core_licenses=licenses, **given)


def physical(i: Inputs) -> dict[str, Any]:
    """sql_physical: one server and its packs."""
    edition_of(i, _ENTERPRISE)
    licenses = server(i)
    return {"core_licenses": licenses, "packs_2core": packs(licenses)["packs_small"]}


def enterprise_without_sa(i: Inputs) -> dict[str, Any]:
    """sql_ent_no_sa: a whole server with Enterprise, and its virtual machines."""
    _enterprise_only(i)
    if flag(i.get("sa", False)):
        raise UndecidableError("with Software Assurance this is another topic")
    cores = server(i)
    vms = count(i.get("vms", 0))
    found = values(sql_server_enterprise_host, cores_to_license=cores, virtual_oses=vms)
    licenses = found["licenses_without_sa"]
    held = values(
        sql_server_enterprise_host, cores_to_license=cores, virtual_oses=vms, licenses_held=licenses, has_sa=False
    )
    return {"core_licenses": licenses, "vms_allowed": held["virtual_oses_allowed"]}


def enterprise_with_sa(i: Inputs) -> dict[str, Any]:
    """sql_ent_sa_host: whole servers with Enterprise and Software Assurance."""
    _enterprise_only(i)
    if not flag(i["sa"]):
        raise UndecidableError("without Software Assurance this is another topic")
    sizes = i["host_cores"] if isinstance(i["host_cores"], list) else [i["host_cores"]]
    hosts = [server(Inputs({"total_cores": size})) for size in entries(sizes)]
    each = [
        values(sql_server_enterprise_host, cores_to_license=c, virtual_oses=0, licenses_held=c, has_sa=True)
        for c in hosts
    ]
    if not each:
        raise UndecidableError("the list of hosts is empty")
    licenses = [e["licenses_with_sa"] for e in each]
    unlimited = {"vms_allowed": "unlimited"} if all(e["is_unlimited"] for e in each) else {}
    return {"core_licenses": sum(licenses), "per_host": licenses, **unlimited} | _costs(i, sum(licenses))


def _enterprise_only(i: Inputs) -> None:
    if edition_of(i, _ENTERPRISE) != _ENTERPRISE:
        raise UndecidableError("only Enterprise permits virtual machines by the cores of their host")


def _costs(i: Inputs, licenses: int) -> dict[str, Any]:
    """Price licenses at each price that an outcome asked for names, such as cost_usd_at_5000."""
    found: dict[str, Any] = {}
    for key in i.asked:
        if match := re.fullmatch(r"cost_usd_at_(\d+)", key):
            price = packs(licenses, pack_size=1, pack_price=Decimal(match[1]))["cost"]
            found[key] = int(price)
    return found


def single(sizes: list[int], settings: Settings = SETTINGS, **given: Any) -> list[int]:
    """Licenses of each virtual machine by itself."""
    return [values(sql_server_virtual_cores, settings, vcpus=size, **given)["core_licenses"] for size in sizes]


def _listed(value: Any) -> list[int]:
    sizes = value if isinstance(value, list) else [value]
    if not sizes:
        raise UndecidableError("the list of virtual machines is empty")
    return [count(v) for v in sizes]


def virtual(i: Inputs) -> dict[str, Any]:
    """sql_vm: single virtual machines, by their virtual cores, and the conditions of it."""
    edition_of(i, _STANDARD)
    if "rule" in i or "license_mobility" in i:
        found = values(sql_server_virtual_cores, vcpus=0)
        return {
            "min_cores_per_ose": found["min_licenses"],
            "virtual_cores_per_core_license": found["virtual_cores_per_license"],
        }
    if "sa_or_subscription" in i:
        return _allowed(i)
    if "active_vcpus" in i or "azure_size" in i:
        return _constrained(i)
    both = {e: i[f"{e.lower()}_vm_licenses"] for e in (_ENTERPRISE, _STANDARD) if f"{e.lower()}_vm_licenses" in i}
    if both:
        each = {e: sum(single(_listed(sizes))) for e, sizes in both.items()}
        total = sum(each.values())
        return {f"{e.lower()}_core_licenses": n for e, n in each.items()} | {"core_licenses": total}
    key = next((k for k in ("vm_vcores", "vm_licenses") if k in i), "vm_vcores")
    total = sum(single(_listed(i[key])))
    return {"core_licenses": total, "packs_2core": packs(total)["packs_small"]} | _costs(i, total)


def _allowed(i: Inputs) -> dict[str, Any]:
    """Say whether licenses may be used for a virtual machine by itself, and since which day the terms ask for SA."""
    version = str(count(i["version"]) if isinstance(i["version"], int) else words(i["version"]))
    version = re.sub(r"^(microsoft )?sql server ", "", version, flags=re.IGNORECASE)
    table = load_rule_file(new_version_rights).table("product_versions")
    known = table.filter((pl.col("product") == "SQL Server") & (pl.col("version").cast(pl.String) == version))
    if known.is_empty():
        message = f"the release of SQL Server {version} is unknown"
        raise UndecidableError(message)
    if "licensing" in i and not re.match(r"(per|by) (vm|virtual|ose|container)", words(i["licensing"]).casefold()):
        message = f"licensing {i['licensing']!r} is not by virtual machine"
        raise UndecidableError(message)
    released = known["ga_date"].min()
    found = values(
        sql_server_virtual_cores,
        vcpus=0,
        version_released_on=released,
        sa_or_subscription=flag(i["sa_or_subscription"]),
    )
    allowed = found["eligibility"] == sql_server_virtual_cores.Reason.ALLOWED.code
    since = sql_server_virtual_cores.needs_sa.start if found["needs_sa"] else None
    return {"allowed": allowed} | ({"effective": since.isoformat()} if since else {})


def _constrained(i: Inputs) -> dict[str, Any]:
    match = _SIZE.match(words(i["azure_size"])) if "azure_size" in i else None
    active = count(i["active_vcpus"]) if match is None or "active_vcpus" in i else int(match[3])
    full = None
    if match:
        full = _CONSTRAINED.get(f"{match[1].upper()}{match[2]}", int(match[2]))
        if int(match[3]) != active:
            raise UndecidableError("the name of the size has another number of active virtual cores")
    found = values(sql_server_virtual_cores, vcpus=active, full_vcpus=full)
    saved = {} if found["percent_saved"] is None else {"sql_cost_reduction_pct": found["percent_saved"]}
    return {"core_licenses": found["core_licenses"]} | saved


def on_aws(i: Inputs) -> dict[str, Any]:
    """sql_vm_aws: an instance by its virtual CPUs."""
    return {"core_licenses": single([count(i["vcpus"])])[0]}


def threads(i: Inputs) -> dict[str, Any]:
    """sql_vm_ht: virtual cores on several hardware threads, by the reading that counts those."""
    reading = Settings(SETTINGS.as_of, {"sql_virtual_core_threads": "one_license_per_hardware_thread"})
    per_core = count(i["hyperthreads_per_vcore"])
    if not per_core:
        raise UndecidableError("a virtual core without a thread is none")
    return {"core_licenses": sum(single(_listed(i["vm_vcores"]), reading, threads_per_vcore=per_core))}


def rounded_packs(i: Inputs) -> dict[str, Any]:
    """sql_vm_packs: the packs of the virtual CPUs alone, and those that SQL Server takes at least."""
    vcpus = count(i["vcpus"])
    return {
        "packs_2core": packs(vcpus)["packs_small"],
        "sql_min_packs": packs(single([vcpus])[0])["packs_small"],
    }


def container(_: Inputs) -> dict[str, Any]:
    """sql_container: the minimum holds for a container as for a virtual machine."""
    return {"min_core_licenses_per_container": values(sql_server_virtual_cores, vcpus=0)["min_licenses"]}


def arc(i: Inputs) -> dict[str, Any]:
    """sql_arc: what Azure Arc meters."""
    edition = edition_of(i, _ENTERPRISE)
    found = values(sql_server_arc, vcpus=0, edition=edition)
    file = load_rule_file(sql_server_arc)
    most = {} if found["max_billed_vcores"] is None else {"max_billed_vcores": found["max_billed_vcores"]}
    return {
        "min_billed_vcores_per_ose": found["min_billed_vcores"],
        "min_pcores": found["min_pcores"],
        "edition": file.parameters["edition_for_pcores"].on(SETTINGS.as_of).value,
        **most,
    }


def free(i: Inputs) -> dict[str, Any]:
    """sql_free: editions that need no license, all of those that are named."""
    named = [e.strip() for e in re.split(r"\bor\b|\band\b|[,/]", words(i["edition"])) if e.strip()]
    rows = [
        {"entity_id": "main", "row_id": n, "install_id": str(n), "ose_id": "o", "product": "SQL Server", "edition": e}
        for n, e in enumerate(named)
    ]
    installs = CANONICAL["installs"].conform(pl.LazyFrame(rows)).with_columns(state=pl.lit("current"))
    ose = {"entity_id": "main", "ose_id": "o", "kind": "virtual", "vcpus": 4, "location": "on_premises",
           "ose_state": None, "subject_kind": "host", "subject_id": "h", "bound_hosts": None, "host_id": "h",
           "environment": "dev_test", "unknown_cloud_license": "not_computable"}  # fmt: skip
    types = {"ose_state": pl.String, "bound_hosts": pl.List(pl.String)}
    none = {"entity_id": pl.String, "install_id": pl.String, "is_free": pl.Boolean}
    moved = {"entity_id": pl.String, "ose_id": pl.String, "product": pl.String}
    found = compute(
        sql_server_installs, "judged", SETTINGS, installs=installs, oses=pl.LazyFrame([ose], schema_overrides=types),
        passive=pl.LazyFrame(schema=none), mobility=pl.LazyFrame(schema=moved),
    ).collect()  # fmt: skip
    reasons = set(found["reason"])
    why = sql_server_installs.Reason
    known = {why.FREE_EDITION.code, why.DEVELOPMENT_EDITION.code, why.EVALUATION.code}
    if not reasons <= known:
        message = f"not every one of {', '.join(named)} is a free edition"
        raise UndecidableError(message)
    return {"core_licenses": 0}


def legacy(i: Inputs) -> dict[str, Any]:
    """sql_legacy: the core factor of 2012 and 2014, and Enterprise by Server and CAL."""
    if "model" in i or "vms" in i:
        if edition_of(i, _ENTERPRISE) != _ENTERPRISE:
            raise UndecidableError("the legacy model is of Enterprise")
        found = values(
            sql_server_server_cal,
            edition=_ENTERPRISE,
            virtual_oses=count(i["vms"]),
            virtual_cores=count(i["total_cores"]),
        )
        each = found["enterprise_server_licenses"]
        hosts = count(i["hosts"]) if "hosts" in i else 1
        return {"server_licenses_per_host": each, "server_licenses_total": each * hosts}
    return {"core_factor": _factor(i)}


def _factor(i: Inputs) -> Any:
    """Find the factor of the processors that an example names; several series must agree."""
    versions = re.findall(r"\d{4}", str(i["version"]))
    series, cores = _series(words(i["processor"])) if "processor" in i else ([None], None)
    cores = count(i["cores_in_processor"]) if "cores_in_processor" in i else cores
    sizes = _most_likely(series, str(i.get("processor", ""))) if cores is None else [cores]
    rows = [
        {"processor_id": f"{v}{s}{n}", "version": v, "cores": n, "series": s}
        for v in versions
        for s in series
        for n in sizes
    ]
    frame = pl.LazyFrame(
        rows, schema={"processor_id": pl.String, "version": pl.String, "cores": pl.Int64, "series": pl.String}
    )
    found = compute(sql_server_core_factor, "factors", SETTINGS, processors=frame).collect()["factor_percent"].unique()
    if len(found) != 1 or found[0] is None:
        raise UndecidableError("the example does not say which processor it is")
    factor = Decimal(found[0]) / 100
    return int(factor) if factor == int(factor) else factor


def _series(text: str) -> tuple[list[str | None], int | None]:
    """Read `AMD 61xx/62xx with >=6 cores` as series and cores; `single core` and `dual core` as cores."""
    found = [f"AMD {s.upper()}" for s in re.findall(r"\b\d\dxx\b", text, re.IGNORECASE)]
    least = re.search(r"(\d+)\s*(?:or more\s*)?cores?", text)
    named = {"single": 1, "dual": 2}
    word = next((n for w, n in named.items() if w in text.casefold()), None)
    return list(found) or [None], word or (int(least[1]) if least else None)


def _most_likely(series: list[str | None], text: str) -> list[int]:
    """Take a processor of several cores where the text is of a series, or of every other processor, else of any."""
    is_any = series == [None] and not re.search(r"\bother|not (listed|mentioned)", text.casefold())
    return [1, 2, 6] if is_any else [6]


def conversion(i: Inputs) -> dict[str, Any]:
    """ahb_sql_conv: what licenses of one edition give in Azure."""
    enterprise = count(i["enterprise_cores"]) if "enterprise_cores" in i else None
    standard = count(i["standard_cores"]) if "standard_cores" in i else None
    if (enterprise is None) == (standard is None):
        raise UndecidableError("the example gives not the cores of one edition")
    found = values(azure_sql_normalized_cores, enterprise_cores=enterprise, standard_cores=standard)
    name = "enterprise" if standard is None else "standard"
    general = found[f"general_purpose_vcores_of_{name}"]
    critical = found[f"business_critical_vcores_of_{name}"]
    target = str(i.get("target", "")).casefold()
    answer = {"gp_vcores": general, "bc_vcores": critical}
    if "enterprise" in target or "standard" in target:
        answer["vcpus"] = critical if "enterprise" in target else general
    return answer


_RESOURCES = (
    ("serverless", ("sql_database_serverless", None, None)),
    ("dtu", ("sql_database_dtu", None, None)),
    ("dedicated host", ("sql_dedicated_host", None, None)),
    ("ssis enterprise", ("ssis", None, _ENTERPRISE)),
    ("ssis standard", ("ssis", None, _STANDARD)),
    ("vm enterprise", ("sql_virtual_machine", None, _ENTERPRISE)),
    ("vm standard", ("sql_virtual_machine", None, _STANDARD)),
    ("business critical", ("sql_database", "business_critical", None)),
    ("general purpose", ("sql_database", "general_purpose", None)),
    ("hyperscale", ("sql_database", "hyperscale", None)),
)


def normalized(i: Inputs) -> dict[str, Any]:
    """ahb_sql_nc: normalized cores that licenses give or resources take."""
    if "use" in i or "benefit" in i:
        return {"concurrent_days": values(azure_sql_normalized_cores)["concurrent_days"]}
    if "enterprise_cores" in i or "standard_cores" in i:
        cores = {k: count(i.get(k, 0)) for k in ("enterprise_cores", "standard_cores")}
        return {"normalized_cores": values(azure_sql_normalized_cores, **cores)["normalized_cores_held"]}
    said = words(i["resource"]).casefold().replace("virtual machine", "vm")
    said = re.sub(r"\b(enterprise|standard)\b(?=.*\bvm\b)(.*)", r"\2 \1", said)
    said = re.sub(r"\bvm\b.*\b(enterprise|standard)\b", r"vm \1", said)
    services = [row for name, row in _RESOURCES if name in said]
    if not services:
        message = f"the resource {i['resource']} has no rule here"
        raise UndecidableError(message)
    if "minimum" in str(i.get("rule", "")):
        return {"min_normalized_cores_per_vm": _taken(services, 1)["normalized_cores"]}
    if "vcores" not in i:
        found = _taken(services, 1)
        return {"ahb_eligible": found["reason"] == azure_sql_normalized_cores.Reason.REQUIRED.code}
    found = _taken(services, count(i["vcores"]))
    eligible = found["reason"] == azure_sql_normalized_cores.Reason.REQUIRED.code
    if not eligible:
        return {"ahb_eligible": False}
    return {
        "ahb_eligible": True,
        "normalized_cores_required": found["normalized_cores"],
        "normalized_cores": found["normalized_cores"],
        "enterprise_cores": found["enterprise_cores"],
    }


def _taken(services: list[tuple[Any, ...]], vcores: int) -> dict[str, Any]:
    """Ask for all resources that are named; they must agree."""
    names = ("service", "tier", "edition")
    rows = [dict(zip(names, s, strict=True)) | {"vcores": vcores} for s in services]
    frame = pl.LazyFrame(rows, schema=dict.fromkeys(names, pl.String) | {"vcores": pl.Int64})
    found = compute(azure_sql_normalized_cores, "normalized", SETTINGS, services=frame)
    same = (
        found.select("reason", "normalized_cores", "enterprise_cores", "standard_cores").unique().collect().to_dicts()
    )
    if len(same) != 1:
        raise UndecidableError("the resources that are named take different numbers")
    return same[0]


def dedicated(i: Inputs) -> dict[str, Any]:
    """ahb_sql_host: all cores of dedicated hosts."""
    if not flag(i.get("unlimited_virtualization", True)):
        raise UndecidableError("without unlimited virtualization each virtual machine is licensed by itself")
    facts = {"hosts": count(i["avs_hosts"]), "cores_per_host": count(i["cores_per_host"])}
    found = values(azure_sql_hosts, edition=edition_of(i, _ENTERPRISE), **facts)
    if found["core_licenses"] is None:
        raise UndecidableError(azure_sql_hosts.Reason.ENTERPRISE_ONLY.value)
    return {"core_licenses": found["core_licenses"]}


def price(i: Inputs) -> dict[str, Any]:
    """known_bad:sql_price: packs at the price of a pack."""
    bought = count(i["packs_2core"])
    licenses = values(license_packs, core_licenses=0, packs_held=bought)["licenses_of_small_packs"]
    size = values(license_packs, core_licenses=0, packs_held=1)["licenses_of_small_packs"]
    usd = packs(licenses, pack_size=size, pack_price=money(i["usd_per_pack"]))["cost"]
    return {"usd": int(usd) if usd == int(usd) else usd}


def tool(i: Inputs) -> dict[str, Any]:
    """tool_behaviour of SQL Server: licenses and packs of a server, or of virtual machines."""
    product = words(i["product"]) if "product" in i else ""
    if not product and str(i.get("edition", "")).casefold().startswith("ent"):
        product = "SQL Server"
    if "host" in i and (match := _HOST.match(words(i["host"]))):
        i = Inputs(i | {"processors": int(match[1]), "cores_per_processor": int(match[2])}, i.asked)
    if not re.match(r"^(microsoft )?sql\b", product.casefold()):
        message = f"no rule of SQL Server decides this of {product or 'an unnamed product'}"
        raise UndecidableError(message)
    if "edition" not in i and (named := re.search(r"\b(enterprise|standard)\b", product, re.IGNORECASE)):
        i = Inputs(i | {"edition": named[1]}, i.asked)
    sizes = next((_listed(i[k]) for k in ("vm_vcores", "vcpus") if k in i), None)
    if "size" in i and (match := _SIZE.match(words(i["size"]))):
        sizes = [int(match[3])]
    has_server = any(key in i for key in ("processors", "cores_per_processor", *_TOTALS))
    choices = [] if sizes is None else [sum(single(sizes))]
    if has_server and sizes and edition_of(i, _STANDARD) == _ENTERPRISE:
        found = values(sql_server_enterprise_host, cores_to_license=server(i), virtual_oses=len(sizes))
        choices.append(found["licenses_with_sa" if flag(i.get("sa", False)) else "licenses_without_sa"])
    elif has_server and not sizes:
        choices.append(server(i))
    if not choices:
        raise UndecidableError("the example gives neither a server nor virtual machines")
    licenses = min(choices)
    return {"rule_value": licenses, "core_licenses": licenses, "packs_2core": packs(licenses)["packs_small"]}


TOPICS = {
    "sql_physical": physical,
    "sql_ent_no_sa": enterprise_without_sa,
    "sql_ent_sa_host": enterprise_with_sa,
    "sql_vm": virtual,
    "sql_vm_aws": on_aws,
    "sql_vm_ht": threads,
    "sql_vm_packs": rounded_packs,
    "sql_container": container,
    "sql_arc": arc,
    "sql_free": free,
    "sql_legacy": legacy,
    "sql_price": price,
    "ahb_sql_conv": conversion,
    "ahb_sql_nc": normalized,
    "ahb_sql_host": dedicated,
    "tool_behaviour": tool,
}
