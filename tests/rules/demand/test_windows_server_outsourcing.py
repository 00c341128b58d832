from datetime import date

from lmanalytics.rules.demand import windows_server_outsourcing
from tests.tables import check

FIRST = """
case             | operator              | is_dedicated || physical_core_use | virtual_core_use
-----------------|-----------------------|--------------||-------------------|-----------------
own              | customer              | true         || allowed           | not_yet
listed           | listed_provider       | true         || allowed           | not_yet
outsourcer       | authorized_outsourcer | true         || allowed           | not_yet
shared           | authorized_outsourcer | false        || shared_server     | not_yet
"""
BEFORE_2022 = """
case             | operator              | is_dedicated || physical_core_use | virtual_core_use
-----------------|-----------------------|--------------||-------------------|-----------------
own              | customer              | true         || allowed           | not_yet
listed           | listed_provider       | true         || old_licenses_only | not_yet
listed, shared   | listed_provider       | false        || shared_server     | not_yet
outsourcer       | authorized_outsourcer | true         || allowed           | not_yet
"""
NOW = """
case             | operator              | is_dedicated || physical_core_use | virtual_core_use
-----------------|-----------------------|--------------||-------------------|-----------------
own              | customer              | true         || allowed           | allowed
own, not said so | customer              | false        || allowed           | allowed
listed           | listed_provider       | true         || old_licenses_only | listed_provider
listed, shared   | listed_provider       | false        || shared_server     | listed_provider
outsourcer       | authorized_outsourcer | true         || allowed           | allowed
shared           | authorized_outsourcer | false        || shared_server     | allowed
unknown          |                       | true         ||                   |
"""


def test_before_listed_providers():
    check(windows_server_outsourcing, date(2016, 10, 1), FIRST)
    check(windows_server_outsourcing, date(2019, 9, 30), FIRST)


def test_before_flexible_virtualization():
    check(windows_server_outsourcing, date(2019, 10, 1), BEFORE_2022)
    check(windows_server_outsourcing, date(2022, 9, 30), BEFORE_2022)


def test_now():
    check(windows_server_outsourcing, date(2022, 10, 1), NOW)
    check(windows_server_outsourcing, date(2026, 6, 30), NOW)
