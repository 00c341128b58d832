from datetime import date

from lmanalytics.rules.benefit import esu_azure
from tests.tables import check

DAY = date(2026, 11, 21)
PLACES = """
case                        | location             | released_on | is_free_in_azure | is_free_on_azure_stack || is_azure | waiver        | is_free
----------------------------|----------------------|-------------|------------------|------------------------||----------|---------------|--------
Azure, before               | azure                | 2024-07-10  | true             | true                   || true     | included      | true
the last day before         | azure                | 2026-03-31  | true             | true                   || true     | included      | true
the first day               | azure                | 2026-04-01  | true             | true                   || true     | charged_since | false
a dedicated host            | azure_dedicated_host | 2023-10-11  | true             | true                   || true     | included      | true
Azure Stack, before         | azure_stack          | 2024-07-10  | true             | true                   || true     | included      | true
Azure Stack, since          | azure_stack          | 2026-04-01  | true             | true                   || true     | charged_since | false
not named for Azure Stack   | azure_stack          | 2025-10-15  | true             | false                  || true     | not_waived    | false
Exchange Server in Azure    | azure                | 2025-10-15  | false            | false                  || true     | not_waived    | false
own servers                 | on_premises          | 2024-07-10  | true             | true                   || false    | elsewhere     | false
another provider            | provider_shared      | 2024-07-10  | true             | true                   || false    | elsewhere     | false
place unknown               |                      | 2024-07-10  | true             | true                   ||          | elsewhere     | false
"""
TERMS = """
case                 | location    | released_on | is_free_in_azure | is_free_on_azure_stack || waiver     | is_free
---------------------|-------------|-------------|------------------|------------------------||------------|--------
Azure Stack, since   | azure_stack | 2026-04-01  | true             | true                   || included   | true
Azure, since         | azure       | 2026-04-01  | true             | true                   || included   | true
not named            | azure_stack | 2025-10-15  | true             | false                  || not_waived | false
"""


def test_places():
    check(esu_azure, DAY, PLACES)


def test_the_waiver_of_the_terms_names_products_alone():
    check(esu_azure, DAY, TERMS, esu_azure_charge="waived")


def test_every_reason_occurs():
    assert not [r for r in esu_azure.Reason if r.code not in PLACES]
