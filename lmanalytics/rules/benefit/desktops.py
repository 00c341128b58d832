"""Topic: the benefits of each device, and devices that claim more coverage than is owned."""

from types import ModuleType

import polars as pl

from lmanalytics.rules.benefit import (
    device_benefits_office,
    device_benefits_windows,
    sa_benefits_pools,
    virtual_desktop_access,
)
from lmanalytics.rules.benefit.subscriptions import online_storage
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import column_name, compute, evaluate
from lmanalytics.rules.mapping import mapped
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, CANONICAL, ENTITY

NEEDS = {"device_benefits": ("devices",)}
_WINDOWS, _OFFICE, _VDA = device_benefits_windows, device_benefits_office, virtual_desktop_access
_MODULES = (_VDA, _WINDOWS, _OFFICE)
_COVERED, _SA, _OFFICE_SA, _WEB = "covered_until", "sa_active_until", "office_sa_until", "web_until"
_BENEFITS: tuple[tuple[str, ModuleType, str, str | None], ...] = (
    ("Enterprise Sideloading", _WINDOWS, "sideloading", _SA),
    ("Microsoft Desktop Optimization Pack (MDOP)", _WINDOWS, "desktop_optimization", _COVERED),
    ("Office Online Server", _OFFICE, "office_online_server", _OFFICE_SA),
    ("Office Online Server from any device", _OFFICE, "office_online_server_anywhere", _OFFICE_SA),
    ("Office for the web", _OFFICE, "office_for_the_web", _WEB),
    ("Office for the web from any device", _OFFICE, "office_for_the_web_anywhere", _WEB),
    ("Virtualization Rights for Windows and Windows Embedded Desktops", _WINDOWS, "virtualization", _COVERED),
    ("Windows SA per User Add-on Purchase Rights", _WINDOWS, "add_on_purchase", _COVERED),
    ("Windows SA per User local installation", _WINDOWS, "local_installation", None),
    ("Windows Virtual Desktop Access (VDA)", _WINDOWS, "virtualization", _COVERED),
)
"""Benefit, module and rule that decide it, and its last day; in the order of their names."""
_ENTITLED, _UNKNOWN = (*_WINDOWS.ENTITLED, *_OFFICE.ENTITLED), (*_WINDOWS.UNKNOWN, *_OFFICE.UNKNOWN)
_CODES = pl.Enum(sorted({r.code for r in (*_WINDOWS.Reason, *_OFFICE.Reason)}))
_EXPIRED = (_WINDOWS.Reason.COVERAGE_EXPIRED.code, _OFFICE.Reason.OFFICE_COVERAGE_EXPIRED.code)
_MACHINES = {
    "Virtualization Rights for Windows and Windows Embedded Desktops": "local_machines",
    "Windows Virtual Desktop Access (VDA)": "remote_machines",
}


class Reason(ReasonBase):
    """What became of a row of `devices`."""

    DEVICE_DECIDED = "The benefits of the device are decided."
    MORE_CLAIMED_THAN_OWNED = "More devices claim coverage than licenses have it."


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Compute the benefits of each device.

    Args:
        inputs: `devices`; `online_subscriptions` for Office for the web (unknown without it); `licenses` to
            compare what devices claim with what is owned.
        settings: date and policies.

    Returns:
        `device_benefits` (quantity: virtual machines at once), `devices_outcomes` and `findings`.

    """
    if "devices" not in inputs:
        return {}
    devices = CANONICAL["devices"].conform(inputs["devices"])
    rows = _evaluated(_facts(devices.sort(ENTITY, "device_id"), inputs, settings), settings)
    outcomes = devices.select(
        "row_id", ENTITY, product=pl.lit("Windows"), outcome=pl.lit("used"), reason=Reason.DEVICE_DECIDED.lit
    )
    return {
        "device_benefits": ANSWERS["device_benefits"].conform(_listed(rows)),
        "devices_outcomes": outcomes.sort("row_id"),
        "findings": _claims(devices, inputs, settings),
    }


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Recompute the rules of one device; no lines for another subject."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if "devices" in inputs:
        own = CANONICAL["devices"].conform(inputs["devices"]).filter(is_asked("device_id", subject_ids))
        facts = _facts(own, inputs, settings).with_columns(assigned_on=pl.lit(None, pl.Date))
        lines += [explain(facts, module, settings, "device_id") for module in _MODULES]
    return pl.concat(lines)


def _facts(devices: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    one = pl.lit(1, pl.Int64)
    facts = devices.with_columns(devices=one, licensed_devices=one)
    if "online_subscriptions" not in inputs:
        return facts
    storage = online_storage(inputs, settings)
    none = pl.col("_entity").is_null()
    joined = facts.join(storage.with_columns(_entity=pl.col(ENTITY)), on=ENTITY, how="left", maintain_order="left")
    has = pl.when(none).then(pl.lit(value=False)).otherwise("has_online_plan")
    return joined.with_columns(has_online_plan=has).drop("_entity")


def _evaluated(facts: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    for module in _MODULES:
        facts = evaluate(facts, module, settings)
    return facts


def _listed(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Make a row of each device and benefit, in order; a join with the few benefits streams and keeps both orders."""
    columns = [column_name(module, name) for _, module, name, _ in _BENEFITS]
    reasons = [pl.col(c).cast(_CODES).alias(f"_{n}") for n, c in enumerate(columns)]
    days = {name: _last_day(name) for name in dict.fromkeys(u for *_, u in _BENEFITS if u)}
    machines = {name: pl.col(column_name(_VDA, name)) for name in _MACHINES.values()}
    each = list(range(len(_BENEFITS)))
    benefits = pl.LazyFrame(
        {"_number": each, "benefit": [b for b, *_ in _BENEFITS], "rule": [c.replace("__", ".") for c in columns]},
        schema_overrides={"_number": pl.UInt8},
    ).with_columns(_every=pl.lit(value=True))
    number, none = pl.col("_number"), pl.lit(None)
    until = [pl.col(u) if u else none for *_, u in _BENEFITS]
    most = [pl.col(_MACHINES[b]) if b in _MACHINES else none for b, *_ in _BENEFITS]
    is_entitled = pl.col("_reason").is_in(_ENTITLED)
    return (
        rows.select(ENTITY, "device_id", *reasons, **days, **machines, _every=pl.lit(value=True))
        .join(benefits, on="_every", how="left", maintain_order="left_right")
        .select(
            ENTITY,
            "device_id",
            "benefit",
            "rule",
            _reason=mapped(number, each, [pl.col(f"_{n}") for n in each], _CODES),
            _until=mapped(number, each, until, pl.Date()),
            _most=mapped(number, each, most, pl.Int64()),
        )
        .select(
            ENTITY,
            "device_id",
            "benefit",
            "rule",
            is_entitled=pl.when(~pl.col("_reason").is_in(_UNKNOWN)).then(is_entitled),
            quantity=pl.when(pl.col("_most").is_not_null()).then(pl.when(is_entitled).then("_most").otherwise(0)),
            expires_on=pl.when(is_entitled | pl.col("_reason").is_in(_EXPIRED)).then("_until"),
            reason="_reason",
        )
    )


def _last_day(name: str) -> pl.Expr:
    module = {_COVERED: _WINDOWS, _WEB: _OFFICE}.get(name)
    return pl.col(name) if module is None else pl.col(column_name(module, name))


def _claims(devices: pl.LazyFrame, inputs: Tables, settings: Settings) -> pl.LazyFrame:
    """Compare the devices that claim coverage with the licenses that have it."""
    if "licenses" not in inputs:
        return ANSWERS["findings"].empty()
    licenses = compute(sa_benefits_pools, "pooled", settings, licenses=ANSWERS["licenses"].conform(inputs["licenses"]))
    active = licenses.filter("sa_active", pl.col("metric") != "user")
    claims = {
        "windows_device": ("Software Assurance of Windows", pl.col("sa_active_until")),
        "virtual_desktop_access": ("a VDA license", pl.col("vda_until")),
        "office_suite": ("Software Assurance of Office", pl.col("office_sa_until")),
    }
    claimed = devices.group_by(ENTITY).agg(
        (until >= settings.as_of).sum().cast(pl.Int64).alias(family) for family, (_, until) in claims.items()
    )
    long = claimed.unpivot(index=ENTITY, variable_name="family", value_name="claimed")
    owned = active.group_by(ENTITY, "family").agg(owned=pl.col("quantity").sum())
    told = (
        long.join(owned, on=[ENTITY, "family"], how="left")
        .with_columns(pl.col("owned").fill_null(0))
        .filter(pl.col("claimed") > pl.col("owned"))
        .with_columns(
            finding_id=pl.format("device_benefits:{}/{}", ENTITY, "family"),
            severity=pl.lit("warning"),
            area=pl.lit("device_benefits"),
            subject_id=pl.col("family"),
            statement=pl.format(
                "{} {} {}, but {} per device {} it.",
                many("claimed", "device"),
                agreeing("claimed", "claims", "claim"),
                pl.col("family").replace_strict({family: name for family, (name, _) in claims.items()}),
                many("owned", "license"),
                agreeing("owned", "has", "have"),
            ),
            action=pl.lit("Complete the purchases, or correct the coverage that the inventory of devices states."),
            status=pl.lit("open"),
            rule=pl.lit("device_benefits_windows.coverage"),
            reason=Reason.MORE_CLAIMED_THAN_OWNED.lit,
        )
    )
    return ANSWERS["findings"].conform(told)
