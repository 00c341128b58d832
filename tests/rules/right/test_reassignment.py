from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import reassignment

AS_OF = date(2026, 6, 30)
MOVE = {
    "basis": "virtual_core", "product": "SQL Server", "edition": "Standard", "across_farms": "listed",
    "assignment_reason": "routine", "last_reason": "routine", "from_provider": None, "to_provider": None,
    "is_recovery": None, "has_sa": True, "is_same_farm": True, "is_same_zone": None, "uses_zones": None,
    "has_origin": True, "is_same_place": False, "is_after_period": False, "is_on_last_day": False,
    "assigned_on": date(2026, 3, 31),
}  # fmt: skip
TYPES = {
    **dict.fromkeys(("has_sa", "is_recovery", "is_same_farm", "is_same_zone", "uses_zones", "is_after_period", "is_on_last_day"), pl.Boolean),
    **dict.fromkeys(("from_provider", "to_provider", "last_reason", "edition"), pl.String),
}  # fmt: skip
BY_CORE = {"product": "Windows Server", "across_farms": "operating_system", "basis": "physical_core"}
BY_MACHINE = BY_CORE | {"basis": "virtual_core"}
OTHER = {"is_same_farm": False}
AFTER = {"is_after_period": True}
THERE = {"basis": "mobility", "from_provider": "aws", "to_provider": "aws"}
HYBRID = {"assignment_reason": "azure_hybrid_benefit", "to_provider": "azure"}
BACK = {"last_reason": "azure_hybrid_benefit", "from_provider": "azure"}
CASES = [
    ("from stock", BY_CORE | {"has_origin": False, "is_after_period": None}, "first_assignment", True),
    ("to the same server", BY_CORE | {"is_same_place": True}, "same_place", True),
    ("physical cores, within the period", BY_CORE, "bound_to_server", False),
    ("physical cores, on its last day", BY_CORE | AFTER | {"is_on_last_day": True}, "on_last_day", True),
    ("physical cores, after it", BY_CORE | AFTER, "after_period", True),
    ("the server failed for good", BY_CORE | {"assignment_reason": "permanent_hardware_failure"}, "hardware_failure", True),
    ("since when is unknown", BY_CORE | {"is_after_period": None}, "last_assignment_unknown", None),
    ("Windows Server by machine, inside the farm", BY_MACHINE, "within_farm_by_machine", True),
    ("by machine, another farm", BY_MACHINE | OTHER, "other_farm", False),
    ("by machine, another farm after the period", BY_MACHINE | OTHER | AFTER, "after_period", True),
    ("by machine, since when is unknown, inside", BY_MACHINE | {"is_after_period": None}, "within_farm_by_machine", True),
    ("by machine, before it existed", BY_MACHINE | {"assigned_on": date(2022, 9, 30)}, "bound_to_server", False),
    ("by machine, on its first day", BY_MACHINE | {"assigned_on": date(2022, 10, 1)}, "within_farm_by_machine", True),
    ("by machine without SA", BY_MACHINE | {"has_sa": False}, "no_software_assurance", False),
    ("SQL Server, inside the farm", {}, "within_farm", True),
    ("SQL Server by physical core has mobility as well", {"basis": "physical_core"}, "within_farm", True),
    ("SQL Server, another farm", OTHER, "other_farm", False),
    ("SQL Server without SA", {"has_sa": False}, "no_software_assurance", False),
    ("without SA, after the period", {"has_sa": False} | AFTER, "after_period", True),
    ("SA unknown", {"has_sa": None}, "software_assurance_unknown", None),
    ("farm unknown", {"is_same_farm": None}, "farm_unknown", None),
    ("farm unknown, after the period", {"is_same_farm": None} | AFTER, "after_period", True),
    ("System Center inside the farm", {"product": "System Center", "across_farms": "not_across_farms"}, "bound_to_server", False),
    ("to a provider", {"basis": "mobility", "to_provider": "aws"}, "to_provider", True),
    ("to a provider, not under mobility", BY_CORE | {"to_provider": "aws"}, "to_provider_too_soon", False),
    ("inside the provider's farm", THERE, "within_farm", True),
    ("to the provider's other farm", THERE | OTHER, "other_farm", False),
    ("on to another provider", THERE | {"to_provider": "google"}, "other_provider", False),
    ("back home", THERE | {"to_provider": None}, "back_from_provider", False),
    ("back home after the period", THERE | {"to_provider": None} | AFTER, "after_period", True),
    ("hybrid benefit begins too soon", BY_CORE | HYBRID, "to_provider_too_soon", False),
    ("hybrid benefit begins", BY_CORE | HYBRID | AFTER, "after_period", True),
    ("Datacenter begins any time", BY_CORE | HYBRID | {"edition": "Datacenter"}, "migration_allowance", True),
    ("back from the hybrid benefit", BY_CORE | BACK, "hybrid_lock", False),
    ("back on the ninetieth day", BY_CORE | BACK | AFTER | {"is_on_last_day": True}, "on_last_day", True),
    ("Datacenter is back any time", BY_CORE | BACK | {"edition": "Datacenter"}, "migration_allowance", True),
    ("back for disaster recovery", BY_CORE | BACK | {"is_recovery": True}, "hybrid_recovery", True),
]  # fmt: skip
READINGS = [
    ("hybrid benefit at any time", {"hybrid_benefit_start": "any_time"}, BY_CORE | HYBRID, "hybrid_benefit_starts", True),
    ("providers are another farm", {"move_to_provider": "after_period"}, {"basis": "mobility", "to_provider": "aws"},
     "to_provider_too_soon", False),
    ("zones do not count", {}, THERE | {"uses_zones": True, "is_same_zone": False}, "within_farm", True),
    ("zones count", {"provider_zones": "stricter_partner_rule"}, THERE | {"uses_zones": True, "is_same_zone": False},
     "other_zone", False),
    ("zones count, the same one", {"provider_zones": "stricter_partner_rule"},
     THERE | {"uses_zones": True, "is_same_zone": True}, "within_farm", True),
    ("zones count, not with this provider", {"provider_zones": "stricter_partner_rule"},
     THERE | {"is_same_zone": False}, "within_farm", True),
]  # fmt: skip


def decided(changes, policies=None, day=AS_OF):
    row = evaluate(pl.LazyFrame([MOVE | changes], schema_overrides=TYPES), reassignment, Settings(day, policies or {}))
    values = row.collect().row(0, named=True)
    return values["reassignment__decision"], values["reassignment__is_allowed"]


@pytest.mark.parametrize(("case", "changes", "reason", "allowed"), CASES, ids=[c[0] for c in CASES])
def test_when_licenses_may_be_reassigned(case, changes, reason, allowed):
    assert decided(changes) == (reason, allowed), case


@pytest.mark.parametrize(("case", "policies", "changes", "reason", "allowed"), READINGS, ids=[c[0] for c in READINGS])
def test_other_readings(case, policies, changes, reason, allowed):
    assert decided(changes, policies) == (reason, allowed), case


def test_every_reason_occurs():
    assert {c[2] for c in CASES} | {c[3] for c in READINGS} == {reason.code for reason in reassignment.Reason}


def test_before_october_2022_nothing_follows_a_machine():
    assert decided(BY_MACHINE | {"assigned_on": date(2020, 1, 1)}, day=date(2020, 6, 30)) == ("bound_to_server", False)
