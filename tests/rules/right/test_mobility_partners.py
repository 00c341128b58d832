from datetime import date

import polars as pl
import pytest

from lmanalytics.rules.engine import compute
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.right import mobility_partners
from tests.tables import check

SETTINGS = Settings(date(2026, 6, 30))

STATUS = """
case                                  | is_azure | partner | is_stated_partner | was_ever_stated_partner | is_in_providers || partner_status
--------------------------------------|----------|---------|-------------------|-------------------------|-----------------||-----------------
Azure                                 | true     | azure   |                   |                         |                 || azure
stated as a partner                   | false    |         | true              | true                    | true            || stated_partner
no partner any more                   | false    |         | false             | true                    | true            || no_partner
no partner any more, though published | false    | aws     | false             | true                    | true            || no_partner
the table leaves it out               | false    | aws     | false             | false                   | true            || published_partner
published, not in the table           | false    | google  |                   |                         |                 || published_partner
in the table, and no partner          |          |         | false             | false                   | true            || no_partner
nothing known                         |          |         |                   |                         |                 || provider_unknown
"""


def known(*names):
    rows = compute(mobility_partners, "known_partners", SETTINGS, names=pl.LazyFrame({"provider": names}))
    return {row["provider"]: row for row in rows.collect().to_dicts()}


def test_what_a_provider_is():
    check(mobility_partners, SETTINGS.as_of, STATUS)


def test_every_reason_occurs():
    assert all(reason.code in STATUS for reason in mobility_partners.Reason)


@pytest.mark.parametrize(
    ("spelled", "partner"),
    [
        ("AWS", "aws"), ("amazon web services", "aws"), ("Alibaba Cloud", "alibaba"), ("alibaba-cloud", "alibaba"),
        ("Google Cloud", "google"), ("Microsoft Azure", "azure"), ("INTEROUTE", "interoute"), ("Contoso", None),
        ("Azure Stack Hosting", None), ("", None),
    ],
)  # fmt: skip
def test_a_partner_is_recognized_however_it_is_written(spelled, partner):
    assert known(spelled)[spelled]["partner"] == partner


def test_what_the_form_asks_of_a_partner():
    row = known("Interoute")["Interoute"]
    assert row["partner_name"] == "Interoute USA Inc"
    assert row["partner_website"] == "http://www.interoute.com"
    assert row["partner_email"] == "licensing@interoute.com"
    assert row["min_stay_days"] == 90
    assert row["licenses_its_images"] is True
    assert known("Alibaba")["Alibaba"]["partner_name"] == "Alibaba Cloud Computing Ltd."
    assert known("Alibaba")["Alibaba"]["uses_zones"] is True


def test_every_name_is_of_a_partner_in_the_table():
    file = load_rule_file(mobility_partners)
    assert set(file.table("mobility_partner_names")["partner"]) == set(file.table("mobility_partners")["partner"])
