from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import license_mobility_through_sa

GOOD = {
    "license_source": "own", "is_provider_image": False, "licenses_its_images": False, "through_sa": "listed",
    "program_eligibility": "sa_included", "partner_status": "published_partner", "hosting": "shared",
    "is_tenant_dedicated_instance": True, "is_listed_provider": True, "is_purchases_given": True, "sa_quantity": 4,
    "unstated_sa_quantity": None, "has_access_sa": None,
}  # fmt: skip
TYPES = {
    "license_source": pl.String, "sa_quantity": pl.Int64, "unstated_sa_quantity": pl.Int64, "has_access_sa": pl.Boolean,
    "is_listed_provider": pl.Boolean, "program_eligibility": pl.String, "licenses_its_images": pl.Boolean,
}  # fmt: skip
CASES = [
    ("every condition is met", {}, "eligible", True),
    ("with a statement of the same agreement besides", {"unstated_sa_quantity": 3}, "eligible", True),
    ("Azure", {"partner_status": "azure"}, "eligible", True),
    ("a partner that the table states", {"partner_status": "stated_partner"}, "eligible", True),
    ("license source not told", {"license_source": None}, "eligible", True),
    ("a provider's image that brings no license", {"is_provider_image": True}, "eligible", True),
    ("access licenses with SA", {"has_access_sa": True}, "eligible", True),
    ("a Listed Provider's dedicated server", {"hosting": "dedicated_server"}, "eligible", True),
    ("there, the instance is the customer's anyway",
     {"hosting": "dedicated_server", "is_tenant_dedicated_instance": False}, "eligible", True),
    ("an outsourcer's dedicated server",
     {"hosting": "dedicated_server", "is_listed_provider": False, "partner_status": "no_partner"}, "not_needed", True),
    ("the rate includes it", {"license_source": "license_included"}, "provider_licenses", None),
    ("under a services agreement", {"license_source": "spla"}, "provider_licenses", None),
    ("hybrid benefit", {"license_source": "azure_hybrid_benefit"}, "hybrid_benefit", None),
    ("Visual Studio", {"license_source": "visual_studio"}, "other_license", None),
    ("evaluation", {"license_source": "evaluation"}, "other_license", None),
    ("an image that the provider rents out", {"is_provider_image": True, "licenses_its_images": True}, "provider_image", None),
    ("Windows Server", {"through_sa": "operating_system"}, "product_not_eligible", False),
    ("Office", {"through_sa": "desktop_application"}, "product_not_eligible", False),
    ("edition unknown", {"through_sa": "edition_unknown"}, "edition_unknown", None),
    ("CSP", {"program_eligibility": "program_not_eligible"}, "program_not_eligible", False),
    ("program unknown", {"program_eligibility": None}, "program_unknown", None),
    ("other customers share the instance", {"is_tenant_dedicated_instance": False}, "shared_instance", False),
    ("no partner", {"partner_status": "no_partner"}, "no_partner", False),
    ("no partner, and it is not known to be unlisted",
     {"partner_status": "no_partner", "is_listed_provider": None}, "no_partner", False),
    ("an Authorized Outsourcer", {"partner_status": "no_partner", "is_listed_provider": False}, "flexible_virtualization", False),
    ("nothing known of the provider", {"partner_status": "provider_unknown", "is_listed_provider": None}, "provider_unknown", None),
    ("a dedicated server of an unknown provider",
     {"hosting": "dedicated_server", "partner_status": "provider_unknown", "is_listed_provider": None}, "provider_unknown", None),
    ("no purchases", {"is_purchases_given": False, "sa_quantity": None}, "software_assurance_unknown", None),
    ("SA of no agreement", {"sa_quantity": None, "unstated_sa_quantity": 8}, "agreement_unstated", None),
    ("no SA", {"sa_quantity": None}, "no_software_assurance", False),
    ("SA of zero licenses", {"sa_quantity": 0}, "no_software_assurance", False),
    ("access licenses without SA", {"has_access_sa": False}, "access_without_sa", False),
    ("what is certain goes before what is unknown",
     {"program_eligibility": None, "partner_status": "no_partner"}, "no_partner", False),
]  # fmt: skip


def decided(changes, day=date(2026, 6, 30)):
    frame = pl.LazyFrame([GOOD | changes], schema_overrides=TYPES)
    row = evaluate(frame, license_mobility_through_sa, Settings(day)).collect().row(0, named=True)
    return row["license_mobility_through_sa__eligibility"], row["license_mobility_through_sa__is_eligible"]


@pytest.mark.parametrize(("case", "changes", "reason", "eligible"), CASES, ids=[c[0] for c in CASES])
def test_conditions_of_license_mobility(case, changes, reason, eligible):
    assert decided(changes) == (reason, eligible), case


def test_every_reason_occurs():
    assert {c[2] for c in CASES} == {reason.code for reason in license_mobility_through_sa.Reason}


def test_dedicated_servers_of_listed_providers_were_ordinary_before_october_2019():
    there = {"hosting": "dedicated_server"}
    assert decided(there, date(2019, 9, 30)) == ("not_needed", True)
    assert decided(there, date(2019, 10, 1)) == ("eligible", True)


def test_flexible_virtualization_began_in_october_2022():
    there = {"partner_status": "no_partner", "is_listed_provider": False}
    assert decided(there, date(2022, 9, 30)) == ("no_partner", False)
    assert decided(there, date(2022, 10, 1)) == ("flexible_virtualization", False)
