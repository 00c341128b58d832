from datetime import date

from lmanalytics.rules.benefit import esu_use
from tests.tables import check

DAY = date(2026, 1, 31)
TABLE = """
case                          | is_updated | is_covered_now | was_covered | is_waived | use_license   | customer_has_coverage | is_visual_studio_free || use                    | is_permitted | needs_own_coverage | gets_new_updates | is_bound_to_covered_licenses
------------------------------|------------|----------------|-------------|-----------|---------------|-----------------------|-----------------------||------------------------|--------------|--------------------|------------------|-----------------------------
covered                       | true       | true           | true        | false     | own           | true                  | true                  || covered                | true         | true               | true             | true
covered before                | true       | false          | true        | false     | own           | false                 | true                  || covered_before         | true         | true               | false            | true
never covered                 | true       | false          | false       | false     | own           | true                  | true                  || not_covered            | false        | true               | false            | true
not updated                   | false      | false          | false       | false     | own           | false                 | true                  || not_updated            | true         | false              | false            | false
on Azure Stack                | true       | false          | false       | true      | own           | false                 | true                  || azure_stack            | true         | false              | true             | false
Developer edition             | true       | false          | false       | false     | developer     | true                  | true                  || development            | true         | false              | true             | false
Visual Studio                 | true       | false          | false       | false     | visual_studio | true                  | true                  || development            | true         | false              | true             | false
Visual Studio, excluded       | true       | false          | false       | false     | visual_studio | true                  | false                 || visual_studio_excluded | false        | true               | false            | false
Developer where VS is not     | true       | false          | false       | false     | developer     | true                  | false                 || development            | true         | false              | true             | false
no coverage to take from      | true       | false          | false       | false     | developer     | false                 | true                  || no_updates_to_take     | false        | false              | false            | false
updates not said              |            | false          | false       | false     | own           | true                  | true                  || not_covered            | false        | true               | false            | true
nothing said                  |            |                |             |           |               |                       |                       || not_covered            | false        | true               | false            | true
"""
TERMS = """
case                     | is_updated | use_license   | customer_has_coverage | is_visual_studio_free || use         | is_permitted
-------------------------|------------|---------------|-----------------------|-----------------------||-------------|-------------
Visual Studio, excluded  | true       | visual_studio | true                  | false                 || development | true
"""


def test_use():
    check(esu_use, DAY, TABLE)


def test_the_terms_exclude_no_offering():
    check(esu_use, DAY, TERMS, esu_visual_studio="terms")


def test_every_reason_occurs():
    assert not [r for r in esu_use.Reason if r.code not in TABLE]
