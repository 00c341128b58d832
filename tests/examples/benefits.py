"""Worked examples of benefits by pool, devices and the Workplace Discount Program: inputs as rows, answers as outcomes."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from lmanalytics.rules.benefit import (
    pools,
    source_licensing,
    virtual_desktop_access,
    workplace_discount_expiry,
    workplace_discount_online,
    workplace_discount_participation,
    workplace_discount_software,
)
from lmanalytics.rules.engine import column_name, evaluate, rules_in_force
from lmanalytics.rules.entitlement import stage
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.register import sentence
from lmanalytics.schemas import CANONICAL
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, is_equal, words

Outcome = dict[str, Any]
TODAY = date(2026, 11, 21)
LONG_AGO, LATER = date(2020, 1, 1), date(2027, 12, 31)
PROGRAMS = {
    "ea": "ea",
    "enterprise agreement": "ea",
    "eas": "eas",
    "sce": "sce",
    "ees": "ees",
    "open value": "open_value",
    "open value subscription": "open_value_subscription",
    "ovs": "open_value_subscription",
    "open license": "open_license",
    "open": "open_license",
    "select plus": "select_plus",
    "academic select": "academic_select",
    "academic select license": "academic_select",
    "academic select plus": "academic_select_plus",
    "select plus for academic": "academic_select_plus",
    "academic open": "academic_open",
    "mpsa": "mpsa",
    "csp": "csp",
}
APPLICATION = re.compile(
    r"^(?:microsoft )?(?P<product>visio|project|office|access|word|excel|outlook|powerpoint|windows)(?: ltsc)?"
    r"(?: (?:7|8|8\.1|10|11) enterprise)?"
    r"(?: (?P<edition>standard|professional plus|professional|std|pro))?(?: (?:ltsc )?(?P<version>(?:19|20)\d\d))?$",
    re.IGNORECASE,
)
EDITIONS = {"standard": "Standard", "std": "Standard", "professional": "Professional", "pro": "Professional",
            "professional plus": "Professional Plus"}  # fmt: skip
POOLS = {"applications": "applications", "systems": "systems", "servers": "servers", "server": "servers"}
MEMBERSHIP = {pool: f"sam_{pool}" for pool in POOLS.values()}
SECTORS = {"commercial": False, "government": False, "education": True, "academic": True, "non-profit": True,
           "nonprofit": True}  # fmt: skip
TRIGGERS = {
    "termination_of_employment": r"\bemployment\b|\bleaves?\b|\bleft\b",
    "end_of_software_assurance": r"\bsa\b|\bsoftware assurance\b|\bcoverage\b",
    "no_longer_a_user": r"\buser\b|\bassign(ed|ment)\b",
    "other_version_installed": r"\bversions?\b|\binstall",
}
"""What an example may call each event; one that is worded otherwise is left open."""


def values(module: Any, *, policies: dict[str, str] | None = None, **facts: Any) -> Outcome:
    """Evaluate one row of facts and return the value of each rule by its name."""
    settings = Settings(TODAY, policies or {})
    frame = pl.LazyFrame({name: [value] for name, value in facts.items()})
    row = evaluate(frame, module, settings).collect().to_dicts()[0]
    return {r.name: row[column_name(module, r.name)] for r in rules_in_force(module, TODAY) if not r.is_frame}


def day(value: Any) -> date | None:
    """Read a day, or none."""
    if value is None:
        return None
    try:
        return date.fromisoformat(words(value))
    except ValueError as error:
        message = f"{value} is no day"
        raise UndecidableError(message) from error


def program(value: Any) -> str:
    """Read the program of an agreement."""
    name = re.sub(r"\s+", " ", words(value).casefold())
    if name not in PROGRAMS:
        message = f"the program {value} is not known here"
        raise UndecidableError(message)
    return PROGRAMS[name]


def membership(i: Inputs) -> Outcome:
    """sam_pool: one agreement that is enrolled for the pool, and its purchases."""
    pool = POOLS.get(words(i["pool"]).casefold())
    if pool is None:
        message = f"{i['pool']} is no product pool"
        raise UndecidableError(message)
    bought = [_purchase(number, p) for number, p in enumerate(entries(i["purchases"]))]
    enrolled = {
        "entity_id": "main", "agreement_id": "A", "enrollment_id": "A", "program": "ea",
        "start_date": LONG_AGO, "end_date": LATER, MEMBERSHIP[pool]: True,
    }  # fmt: skip
    schema = CANONICAL["purchases"].schema
    purchases = CANONICAL["purchases"].conform(pl.LazyFrame(bought, schema={c: schema[c] for c in _PURCHASE}))
    agreements = CANONICAL["agreements"].conform(pl.LazyFrame([enrolled]))
    settings = Settings(TODAY)
    inputs = {"agreements": agreements, **stage.answers({"purchases": purchases, "agreements": agreements}, settings)}
    answered = pools.answers(inputs, settings)
    unknown = answered["findings"].filter(pl.col("area") == "sa_benefits").collect()
    if unknown.height:
        raise UndecidableError(unknown["statement"][0])
    members = answered["sa_memberships"].filter(pl.col("pool") == pool).collect().to_dicts()[0]
    found: Outcome = {f"SAM_{words(i['pool'])}": members["is_member"]}
    told = answered["findings"].filter(pl.col("area") == "sa_membership").collect()
    return found | {"finding": told["statement"][0] if told.height else None}


_PURCHASE = (
    "entity_id", "purchase_id", "basis", "agreement_id", "product", "metric", "purchase_type", "quantity",
    "licenses_per_unit", "order_date", "coverage_end",
)  # fmt: skip


def _purchase(number: int, given: Any) -> Outcome:
    if not isinstance(given, dict):
        message = f"{given} is no purchase"
        raise UndecidableError(message)
    line = Inputs(given)
    covered = flag(line["sa"])
    return {
        "entity_id": "main", "purchase_id": f"p{number}", "basis": "transaction", "agreement_id": "A",
        "product": words(line["product"]), "metric": "device", "licenses_per_unit": 1,
        "purchase_type": "license_and_sa" if covered else "license",
        "quantity": count(line.get("quantity", line.get("qty", 1))),
        "order_date": date(2025, 1, 1), "coverage_end": LATER if covered else None,
    }  # fmt: skip


def source(i: Inputs) -> Outcome:
    """eslp: one customer for each count of desktops."""
    given = i["desktops_with_systems_sa"]
    counts = [count(c) for c in given] if isinstance(given, list) else [count(given)]
    if not counts:
        raise UndecidableError("the example gives no count of desktops")
    may = [_source(c, 0, "device_sa")["may_be_eligible"] for c in counts]
    return {"may_be_eligible": may if isinstance(given, list) else may[0]}


def source_readings(i: Inputs) -> Outcome:
    """eslp_vda_reading: the same licenses under both readings of the policy."""
    devices, others = count(i["windows_device_sa"]), count(i["vda_user_sl"])
    return {
        "strict_device_sa": _source(devices, others, "device_sa")["may_be_eligible"],
        "directions_reading": _source(devices, others, "device_sa_vda_and_user")["may_be_eligible"],
    }


def _source(devices: int, others: int, reading: str) -> Outcome:
    facts = {"desktops_with_sa": devices, "vda_licenses": others, "user_licenses": 0}
    return values(source_licensing, policies={"source_licensing_count": reading}, **facts)


def virtual_devices(i: Inputs) -> Outcome:
    """vda_devices: PCs with Software Assurance, and thin clients that have none; users and shifts do not count."""
    given = {"pcs_needing_vda": ("pcs_with_windows_sa", LATER), "vda_per_device": ("thin_clients", None)}
    found = {
        outcome: _access(covered_until, count(i[key]))["licenses_needed"]
        for outcome, (key, covered_until) in given.items()
        if key in i
    }
    if not found:
        raise UndecidableError("the example gives no devices: users and shifts need none by themselves")
    return found


def virtual_machines(i: Inputs) -> Outcome:
    """vda_concurrent_vms: what licensed devices may use at once."""
    found = values(
        virtual_desktop_access, sa_active_until=LATER, vda_until=None, licensed_devices=count(i["licensed_devices"])
    )
    return {"max_remote_vms_at_once": found["remote_machines"], "max_local_vms": found["local_machines"]}


def _access(covered_until: date | None, devices: int) -> Outcome:
    return values(virtual_desktop_access, sa_active_until=covered_until, vda_until=None, devices=devices)


def online(i: Inputs) -> Outcome:
    """wdp_online_threshold: the customer's membership and subscriptions, and one of its employees."""
    if "sector" in i and words(i["sector"]).casefold() not in SECTORS:
        message = f"the sector {i['sector']} is not known here"
        raise UndecidableError(message)
    if "programme" in i:
        program(i["programme"])
    education = SECTORS.get(str(i.get("sector", "commercial")).casefold(), False)
    taking_part = values(
        workplace_discount_participation,
        has_membership=flag(i["sam_applications"]),
        e3_e5_licenses=count(i["e3_e5_licences"]),
        a3_a5_licenses=0,
        is_education=education,
    )
    found = values(
        workplace_discount_online,
        participation=taking_part["participation"],
        day=TODAY,
        employed_from=LONG_AGO,
        employed_to=None,
        subscriptions_acquired=0,
    )
    return {
        "online_eligible": found["is_eligible"],
        "max_subscriptions_per_employee": found["subscriptions_left"],
        "reason": _worded(found["reason"], i),
    }


def renewal(i: Inputs) -> Outcome:
    """wdp_online_renewal: a subscription that was bought before, whatever ended since."""
    bought, renewed = day(i["bought"]), day(i["renewal"])
    for ended in ("employment_end", "sam_end"):
        day(i.get(ended))
    if renewed is None or bought is None:
        raise UndecidableError("the example does not give the days of purchase and renewal")
    found = values(
        workplace_discount_online,
        participation="threshold_waived_by_applications_sam",
        day=renewed,
        employed_from=LONG_AGO,
        employed_to=day(i.get("employment_end")),
        subscriptions_acquired=1,
        has_acquired=bought <= renewed,
    )
    return {"renewal_allowed": found["renewal"] == "renewal", "price": found["renewal_price"]}


def software(i: Inputs) -> Outcome:
    """wdp_software: one employee with one copy at work."""
    found = _software(_person(i["employee"]), str(_person(i["employee"])["assigned"]), i)
    outcome = {
        "eligible": found["is_eligible"],
        "reason": _worded(found["reason"], i),
        "quantity": found["quantity"],
        "devices": found["devices"],
    }
    return outcome | ({"licence": found["license_offered"]} if found["is_eligible"] else {})


def two_products(i: Inputs) -> Outcome:
    """wdp_two_products: one employee with several copies; each license once."""
    person = _person(i["employee"])
    found = [_software(person, words(a), i) for a in entries(person["assigned"])]
    return {"licences": {f["license_offered"]: f["quantity"] for f in found if f["is_eligible"]}}


def _person(given: Any) -> Inputs:
    if not isinstance(given, dict):
        message = f"{given} is no employee"
        raise UndecidableError(message)
    return Inputs(given)


def _software(person: Inputs, assigned: str, i: Inputs) -> Outcome:
    match = APPLICATION.match(words(assigned))
    if match is None:
        message = f"{assigned} is no application that is known here"
        raise UndecidableError(message)
    covered = flag(person["assigned_copy_sa_active"] if "assigned_copy_sa_active" in person else person["sa_active"])
    named = match["edition"]
    editions = [EDITIONS[named.casefold()]] if named else ["Standard", "Professional"]
    answers = [_of_edition(edition, match, person, i, covered=covered) for edition in editions]
    if any(answer != answers[0] for answer in answers):
        raise UndecidableError("it depends on the edition of the application, which the example does not give")
    return answers[0]


def _of_edition(edition: str, match: re.Match[str], person: Inputs, i: Inputs, *, covered: bool) -> Outcome:
    return values(
        workplace_discount_software,
        product=match["product"].capitalize(),
        edition=edition,
        version=match["version"],
        program=program(i["programme"]) if "programme" in i else "ea",
        has_membership=flag(i["sam"]) if "sam" in i else None,
        is_work_licensed_copy=True,
        day=TODAY,
        employed_from=LONG_AGO,
        employed_to=None if flag(person["employed"]) else LONG_AGO,
        assigned_from=LONG_AGO,
        assigned_to=None,
        coverage="known",
        coverage_end=LATER if covered else None,
        licenses_acquired=0,
    )


def expiry(i: Inputs) -> Outcome:
    """wdp_expiry: the four events that end a license, and what the example calls the one that did."""
    granted = day(i["granted"])
    found = values(
        workplace_discount_expiry,
        employed_to=day(i["employment_end"]),
        coverage_end=day(i["sa_end"]),
        assigned_to=day(i["assignment_end"]),
        other_version_on=day(i.get("other_version_installed")),
    )
    if granted is not None and found["expires_on"] is not None and found["expires_on"] < granted:
        raise UndecidableError("the license was granted after it would have expired")
    last = found["expires_on"]
    return {"expires": last.isoformat() if last else None} | _named(found["trigger"], i.asked.get("trigger"))


def _worded(reason: str, i: Inputs) -> str:
    """Give a reason by its code where the example does, else by its sentence."""
    return reason if is_equal(i.asked.get("reason"), reason) else sentence(reason)


def _named(trigger: str | None, asked: Any) -> Outcome:
    """Give the trigger in the example's words where these are one way to say it; leave out what they do not say."""
    if trigger is None or not isinstance(asked, str) or is_equal(asked, trigger):
        return {"trigger": trigger}
    said = re.sub(r"[\s_]+", " ", asked.strip().casefold())
    named = [name for name, pattern in TRIGGERS.items() if re.search(pattern, said)]
    if not named:
        return {}
    return {"trigger": asked if trigger in named and not re.search(r"\bnot\b", said) else trigger}


TOPICS: dict[str, Callable[[Inputs], Outcome]] = {
    "sam_pool": membership,
    "eslp": source,
    "eslp_vda_reading": source_readings,
    "vda_devices": virtual_devices,
    "vda_concurrent_vms": virtual_machines,
    "wdp_software": software,
    "wdp_two_products": two_products,
    "wdp_expiry": expiry,
    "wdp_online_threshold": online,
    "wdp_online_renewal": renewal,
}
