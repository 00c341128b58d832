from datetime import date

from lmanalytics.rules.right import provider_windows
from tests.tables import check

USE = """
case                      | excludes_windows | os_product     | license_source   || windows_use        | is_permitted
--------------------------|------------------|----------------|------------------||--------------------|-------------
another provider          | false            | Windows Server | own              || no_rule_of_its_own | true
nothing published         |                  | Windows Server | own              || no_rule_of_its_own | true
own license               | true             | Windows Server | own              || must_be_rented     | false
of a developer            | true             | Windows Server | visual_studio    || must_be_rented     | false
in the rate               | true             | Windows Server | license_included || rented             | true
by its services agreement | true             | Windows Server | spla             || rented             | true
whose license it is       | true             | Windows Server |                  || license_unknown    |
desktop                   | true             | Windows        | own              || no_desktop_windows | false
desktop in the rate       | true             | Windows        | license_included || no_desktop_windows | false
Linux                     | true             | Linux          | own              || not_windows        | true
what it runs              | true             |                | own              || os_unknown         |
"""
AS_OF = date(2026, 6, 30)


def test_windows_at_a_provider_with_rules_of_its_own():
    check(provider_windows, AS_OF, USE)


def test_by_the_terms_alone_nothing_is_excluded():
    rows = "\n".join(line for line in USE.splitlines() if "||" in line)
    open_rows = [line.partition("||")[0] + "|| no_rule_of_its_own | true" for line in rows.splitlines()[2:]]
    table = "\n".join([*rows.splitlines()[:2], *open_rows])
    check(provider_windows, AS_OF, table, provider_windows="terms_alone")


def test_every_reason_occurs():
    assert all(reason.code in USE for reason in provider_windows.Reason)
