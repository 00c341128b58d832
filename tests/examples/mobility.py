"""Topics of License Mobility, Server Farms and reassignment: each hands its inputs to the rules and names their answers."""

import re
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.ingest.products import recognize_product
from lmanalytics.rules.engine import column_name, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import (
    license_mobility_failover,
    license_mobility_products,
    license_mobility_quantities,
    license_mobility_through_sa,
    reassigning,
    reassignment,
    reassignment_period,
    server_farm,
    verification_form,
)
from lmanalytics.schemas import ANSWERS, CANONICAL
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, words

SETTINGS = Settings(date(2026, 6, 30))
STRICT = Settings(date(2026, 6, 30), {"provider_zones": "stricter_partner_rule"})
_LONG_AGO = date(2000, 1, 1)
_KINDS = ("core", "server", "user_cal", "device_cal", "management_license", "external_connector")
_MINUTES = timedelta(minutes=1)
_LISTED = license_mobility_products.Reason.LISTED.code
_FORBIDDEN = re.compile(r"client operating|desktop (app|operating)|\bwindows\b(?!.*(external|sql))", re.IGNORECASE)


def values(module: ModuleType, settings: Settings = SETTINGS, **facts: Any) -> dict[str, Any]:
    """Evaluate one row of facts and return the value of each rule by its name."""
    kinds = {"edition": pl.String, "metric": pl.String, "version": pl.String, "product": pl.String}
    unknown = {name: kinds.get(name, pl.Int64) for name, value in facts.items() if value is None}
    frame = pl.LazyFrame({name: [value] for name, value in facts.items()}, schema_overrides=unknown)
    row = evaluate(frame, module, settings).collect().to_dicts()[0]
    return {r.name: row[column_name(module, r.name)] for r in rules_in_force(module, settings.as_of) if not r.is_frame}


def product(text: str) -> dict[str, str | None]:
    """Read a product by the names that exports use; another name stands as it is."""
    found = recognize_product(text)
    return found if found["product"] else {"product": text, "edition": None, "version": None, "metric": None}


def _is_covered(i: Inputs) -> bool:
    """Tell whether the licenses may be used elsewhere at all: with Software Assurance, and no excluded product."""
    found = product(words(i.get("product", "SQL Server Standard")))
    kinds = (license_mobility_products.Reason.OPERATING_SYSTEM, license_mobility_products.Reason.DESKTOP_APPLICATION)
    listed = values(license_mobility_products, **{k: found[k] for k in ("product", "edition", "metric")})
    barred = listed["through_sa"] in [kind.code for kind in kinds] and "connector" not in i["product"].casefold()
    sa = flag(i.get("sa", True))
    assurance = values(
        license_mobility_through_sa, license_source=None, is_provider_image=False, licenses_its_images=False,
        through_sa=_LISTED, program_eligibility="sa_included", needs_mobility=True, hosting="shared",
        is_tenant_dedicated_instance=True, partner_status="azure", is_listed_provider=True, is_purchases_given=True,
        sa_quantity=int(sa), unstated_sa_quantity=0, has_access_sa=True,
    )  # fmt: skip
    return not barred and assurance["is_eligible"]


def _quantities(**facts: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("vcpus", "oses", "managed_before", "managed_oses", "licenses_held"))
    none = dict.fromkeys(("product", "version", "edition", "metric"))
    return values(license_mobility_quantities, **{**nothing, **none, **facts})


def core(i: Inputs) -> dict[str, Any]:
    """lm_core: what a core license covers, and how many an OSE needs at least."""
    if not _is_covered(i):
        raise UndecidableError("without License Mobility there are no licenses to count")
    found = _quantities()
    return {
        "virtual_cores_per_core_license": found["cores_per_core_license"],
        "min_cores_per_ose": found["min_core_licenses"],
    }


def server(i: Inputs) -> dict[str, Any]:
    """lm_server: OSEs that server licenses cover."""
    return _oses(i, "server", count(i["licenses"]))


def connector(i: Inputs) -> dict[str, Any]:
    """lm_ec: OSEs that External Connector licenses cover."""
    return _oses(i, "external_connector", count(i["licenses"]))


def _oses(i: Inputs, metric: str, licenses: int) -> dict[str, Any]:
    held = licenses if _is_covered(i) else 0
    return {"oses": _quantities(metric=metric, licenses_held=held)["oses_allowed"]}


def exclusion(i: Inputs) -> dict[str, Any]:
    """lm_exclusion: whether a product may be used under License Mobility through Software Assurance."""
    if not flag(i["lm_through_sa"]):
        raise UndecidableError("the example asks for another right")
    text = words(i["product"])
    found = product(text)
    asked = {k: found[k] for k in ("product", "edition", "metric")}
    if not found["edition"]:
        asked["edition"] = "Standard" if found["product"] == "SQL Server" else None
    code = values(license_mobility_products, **asked)["through_sa"]
    unlisted = license_mobility_products.Reason.NOT_LISTED.code
    if asked["metric"] is None and code == license_mobility_products.Reason.LICENSE_NOT_LISTED.code:
        kinds = [values(license_mobility_products, **asked | {"metric": kind})["through_sa"] for kind in _KINDS]
        code = _LISTED if _LISTED in kinds else code
    if code == unlisted and _FORBIDDEN.search(text):
        code = values(license_mobility_products, product="Windows", edition=None, metric=None)["through_sa"]
    elif code == unlisted:
        raise UndecidableError(license_mobility_products.Reason.NOT_LISTED.value)
    return {"allowed": code == _LISTED}


def form(i: Inputs) -> dict[str, Any]:
    """lm_form: within how many days the form is due."""
    if "deploy" not in words(i.get("event", "deployment")).casefold():
        raise UndecidableError("the terms set a time for deployments alone")
    found = values(
        verification_form, deployed_on=SETTINGS.as_of, needs_mobility=True, is_azure=False, first_submitted_on=None,
        standing_on=None, standing_confirmed_on=None,
    )  # fmt: skip
    return {"verification_form_within_days": found["days_to_submit"]}


def management(i: Inputs) -> dict[str, Any]:
    """lm_sc: management licenses and the OSEs that they manage."""
    named = product(words(i["product"]))
    facts = {"product": named["product"], "version": named["version"], "metric": "management_license"}
    if "mls" in i:
        held = _quantities(**facts, edition=named["edition"], licenses_held=count(i["mls"]))["managed_oses_allowed"]
        if held is None:
            raise UndecidableError("the table of the terms names no such version and edition")
        return {"managed_oses": held}
    asked = {"managed_before": 0, "managed_oses": count(i["managed_oses"])}
    needed = {e: _quantities(**facts, **asked, edition=e)["licenses_required"] for e in ("Standard", "Datacenter")}
    if None in needed.values():
        raise UndecidableError("the table of the terms names no such version")
    return {"standard_mls": needed["Standard"], "datacenter_mls": needed["Datacenter"]}


def through_sa(i: Inputs) -> dict[str, Any]:
    """license_mobility_sa: licenses of machines, or what licenses permit."""
    if not _is_covered(i):
        raise UndecidableError("the product has no License Mobility")
    if "management_licences" in i:
        return management(Inputs({"product": i["product"], "mls": i["management_licences"]}))
    if "vm_vcores" in i:
        sizes = i["vm_vcores"] if isinstance(i["vm_vcores"], list) else [i["vm_vcores"]]
        frame = pl.LazyFrame({"vcpus": [count(v) for v in entries(sizes)]}, schema={"vcpus": pl.Int64}).with_columns(
            metric=pl.lit("core"), oses=1, managed_before=0, managed_oses=0,
            **{c: pl.lit(None, pl.String) for c in ("product", "version", "edition")},
        )  # fmt: skip
        each = evaluate(frame, license_mobility_quantities, SETTINGS).collect()[
            "license_mobility_quantities__core_licenses"
        ]
        listed = each.to_list()
        return {"core_licences": listed if isinstance(i["vm_vcores"], list) else listed[0], "total": each.sum()}
    metric = "external_connector" if "connector" in words(i["product"]).casefold() else "server"
    return _oses(i, metric, count(i["licences"]))


_PLACES = (
    (r"same (\w+ )?zone", {"is_same_zone": True, "from_provider": "x", "to_provider": "x", "uses_zones": True}),
    (r"(different|another|other) (\w+ )?zone|between zones|across zones",
     {"is_same_zone": False, "from_provider": "x", "to_provider": "x", "uses_zones": True}),
    (r"hardware|server fail|broken", {"assignment_reason": "permanent_hardware_failure"}),
    (r"\bpartner\b.*\bto\b.*\bpartner\b|back|interoute|own (licensed )?servers|on-?prem|another party|(another|other|different) (authori[sz]ed )?(mobility )?(partner|provider)",
     {"from_provider": "x"}),
    (r"(different|another|other) (server )?farm|(between|across|cross)\b[^,;]*\bfarms?\b|farm to another", {"is_same_farm": False}),
    (r"(same|within|inside) (a |one |the )?(same )?(server )?farm", {"is_same_farm": True}),
    (r"physical core", {}),
)  # fmt: skip


def ninety_days(i: Inputs) -> dict[str, Any]:
    """lm_90day: how many days must pass before a move, and whether one may be made."""
    days = count(i["days_since_last_assignment"]) if "days_since_last_assignment" in i else None
    text = words(i.get("move", "to a different server farm") if days is not None else i["move"]).casefold()
    text = re.sub(r"\([^)]*\)", "", text)
    place = next((facts for pattern, facts in _PLACES if re.search(pattern, text)), None)
    if place is None:
        message = f"the move {i['move']!r} is none that the rules know"
        raise UndecidableError(message)
    bound = {"basis": "physical_core", "across_farms": "operating_system", "product": "Windows Server"}
    free = {"basis": "mobility", "across_farms": _LISTED, "product": "SQL Server"}
    since = None if days is None else SETTINGS.as_of - timedelta(days)
    period = values(reassignment_period, last_assigned_on=since, assigned_on=SETTINGS.as_of, is_bound=True)
    facts = {
        "edition": "Standard", "assignment_reason": "routine", "last_reason": "routine", "from_provider": "",
        "to_provider": "", "is_recovery": False, "has_sa": True, "is_same_farm": True, "is_same_zone": True,
        "uses_zones": False, "has_origin": True, "is_same_place": False, "assigned_on": SETTINGS.as_of,
        **(bound if "physical core" in text else free), **place,
    }  # fmt: skip
    at_once = values(reassignment, STRICT, **facts, is_after_period=False, is_on_last_day=False)
    found = values(reassignment_period, last_assigned_on=since, assigned_on=since, is_bound=not at_once["is_allowed"])
    result: dict[str, Any] = {"min_days_since_last_assignment": found["min_days"]}
    if days is not None:
        after = {"is_after_period": period["is_after_period"], "is_on_last_day": period["is_on_last_day"]}
        result["allowed"] = values(reassignment, STRICT, **facts, **after)["is_allowed"]
    return result


def _table(name: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    schema = CANONICAL[name].schema if name in CANONICAL else ANSWERS[name].schema
    return pl.LazyFrame([{"entity_id": "main", **row} for row in rows], schema=schema)


def _history(moves: list[tuple[date, str, str]]) -> list[dict[str, Any]]:
    """Judge the assignments of one license: (day, server, farm) each."""
    license_of = {"product": "SQL Server", "edition": "Standard", "metric": "core", "quantity": 1, "agreement_id": "A",
                  "basis": "virtual_core", "reason": "routine"}  # fmt: skip
    before = [None, *(where for _, where, _ in moves)]
    rows = [
        license_of
        | {"assignment_id": f"{n:09}", "row_id": n, "assigned_on": day, "to_host_id": where, "from_host_id": before[n]}
        for n, (day, where, _) in enumerate(moves)
    ]
    farms = {farm: {"datacenter_id": farm, "server_farm_id": farm, "farm_from": _LONG_AGO} for _, _, farm in moves}
    hosts = {host: {"host_id": host, "datacenter_id": farm, "observed_on": _LONG_AGO} for _, host, farm in moves}
    lot = license_of | {
        "license_id": "L",
        "sa_active": True,
        "is_perpetual": True,
        "valid_from": _LONG_AGO,
        "sa_start": _LONG_AGO,
    }
    given = {
        "license_assignments": _table("license_assignments", rows),
        "datacenters": _table("datacenters", list(farms.values())),
        "hosts": _table("hosts", list(hosts.values())),
        "licenses": _table("licenses", [{k: v for k, v in lot.items() if k not in {"basis", "reason"}}]),
    }
    last = Settings(max([SETTINGS.as_of, *(day for day, _, _ in moves)]))
    return reassigning.answers(given, last)["reassignments"].collect().to_dicts()


def farm_moves(i: Inputs) -> dict[str, Any]:
    """license_mobility_farm: which assignments of a license are allowed."""
    if "assignments" in i:
        rows = [
            (date.fromisoformat(words(a["date"])), words(a["server"]), words(a["farm"]))
            for a in entries(i["assignments"])
        ]
        if not rows or rows != sorted(rows, key=lambda row: row[0]):
            raise UndecidableError("the assignments are none, or not in order")
        judged = _history(rows)
        result: dict[str, Any] = {"allowed": [row["is_allowed"] for row in judged]}
        if barred := [row for row in judged if row["is_allowed"] is False]:
            first = barred[0]
            found = values(
                reassignment_period,
                last_assigned_on=first["last_assigned_on"],
                assigned_on=first["assigned_on"],
                is_bound=True,
            )
            result["reason"] = (
                f"last assignment {first['last_assigned_on']}; {first['assigned_on']} is {found['days_since']} days later "
                "and in another farm"
            )
        return result
    if isinstance(i["cross_farm_move"], list) and i["cross_farm_move"]:
        each = [farm_moves(Inputs(i | {"cross_farm_move": move})) for move in i["cross_farm_move"]]
        return {key: [found[key] for found in each] for key in ("allowed", "days")}
    last, move = (date.fromisoformat(words(i[key])) for key in ("last_assignment", "cross_farm_move"))
    if move < last:
        raise UndecidableError("the move is before the assignment")
    judged = _history([(last, "s1", "A"), (move, "s2", "B")])[-1]
    days = values(reassignment_period, last_assigned_on=last, assigned_on=move, is_bound=True)["days_since"]
    return {"allowed": judged["is_allowed"], "days": days}


def same_farm(i: Inputs) -> dict[str, Any]:
    """server_farm: whether data centers make one farm."""
    members = count(i["datacentres"])
    blocs = i.get("eu_efta", i.get("both_in_eu_or_efta", False))
    gaps = i.get("timezone_gap_hours", [None] * len(blocs) if isinstance(blocs, list) else None)
    several = isinstance(gaps, list)
    pairs = (
        list(zip(gaps, blocs if isinstance(blocs, list) else [blocs] * len(gaps), strict=True))
        if several
        else [(gaps, blocs)]
    )
    found = [_one_farm(members, gap, both=flag(both)) for gap, both in pairs]
    if not members or not found:
        raise UndecidableError("the example names no data centers")
    if None in found:
        raise UndecidableError(server_farm.Reason.OFFSET_UNKNOWN.value)
    return {"same_farm": found if several else found[0]}


def _one_farm(members: int, gap: Any, *, both: bool) -> bool | None:
    if isinstance(gap, bool) or (gap is not None and not 0 <= gap <= 24):
        raise UndecidableError("the hours between time zones are none")
    apart = None if gap is None else timedelta(hours=float(gap)) // _MINUTES
    facts = {"offset_low": None if apart is None else 0, "offset_high": apart, "is_settled": True}
    return values(server_farm, members=members, in_bloc=members if both else 0, **facts)["is_valid"]


def failover(i: Inputs) -> dict[str, Any]:
    """sql_failover_mobility: which passive instances on a partner's servers are free."""
    production = _core_licenses(i["production_cores_on_partner"])
    cores = i["passive_cores"]
    if cores == []:
        raise UndecidableError("the example names no passive instance")
    free = [_is_free(_core_licenses(c), production) for c in (cores if isinstance(cores, list) else [cores])]
    return {"free_passive": free if isinstance(cores, list) else free[0]}


def _core_licenses(cores: Any) -> int:
    return int(_quantities(vcpus=count(cores))["core_licenses"])


def _is_free(passive: int, production: int, **other: Any) -> bool:
    facts = {
        "product": "SQL Server", "passive_licenses": passive, "production_licenses": production,
        "is_production_known": True, "is_production_running": True, "is_same_partner": True, "passive_number": 1,
    }  # fmt: skip
    return bool(values(license_mobility_failover, **facts | other)["is_free"])


def partner_failover(i: Inputs) -> dict[str, Any]:
    """sql_ha, on a partner's shared servers: licenses beside those of production."""
    if "mobility" not in words(i.get("location", "-")).casefold():
        raise UndecidableError("the example is about own servers or Azure")
    passive, production = (
        count(i[key]) for key in ("passive_core_licenses_otherwise_needed", "production_core_licenses")
    )
    return {"extra_licenses": 0 if _is_free(passive, production) else passive, "rule": _conditions(production)}


def _conditions(production: int) -> str:
    """Name the conditions without which passive instances are not free."""
    least = max(production, 1)
    stated = {
        "passive<=production": {"passive_licenses": least + 1},
        "one OSE": {"passive_number": 2},
        "same partner": {"is_same_partner": False},
    }
    return ", ".join(name for name, other in stated.items() if not _is_free(least, least, **other))


def partner_machine(i: Inputs) -> dict[str, Any]:
    """sql_vm under License Mobility: what a core license covers."""
    if not flag(i["license_mobility"]):
        raise UndecidableError("the example is not about License Mobility")
    sizes = i.get("vm_vcores")
    return core(Inputs({})) | ({"core_licenses": _core_licenses(sizes)} if isinstance(sizes, int) else {})


def cloud_machine(i: Inputs) -> dict[str, Any]:
    """sql_vm_aws: core licenses of a machine at a partner."""
    return {"core_licenses": _core_licenses(i["vcpus"])}


TOPICS = {
    "lm_core": core,
    "lm_server": server,
    "lm_ec": connector,
    "lm_exclusion": exclusion,
    "lm_form": form,
    "lm_sc": management,
    "lm_90day": ninety_days,
    "license_mobility_sa": through_sa,
    "license_mobility_farm": farm_moves,
    "server_farm": same_farm,
    "sql_failover_mobility": failover,
    "sql_ha": partner_failover,
    "sql_vm": partner_machine,
    "sql_vm_aws": cloud_machine,
}
