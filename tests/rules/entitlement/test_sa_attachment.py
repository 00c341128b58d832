from datetime import date

from lmanalytics.rules.entitlement import sa_attachment
from tests.tables import check

AS_OF = date(2026, 6, 30)
OFFERS = """
case                                | program      | acquired_on | transferred_on | sa_end     | ordered_on | coverage_start || attach_by  | renew_by   | is_attachable
------------------------------------|--------------|-------------|----------------|------------|------------|----------------||------------|------------|--------------
bought with the license             | ea           | 2026-01-10  |                |            | 2026-01-10 | 2026-01-10     || 2026-01-10 |            | true
a day later                         | ea           | 2026-01-10  |                |            | 2026-01-11 | 2026-01-11     || 2026-01-10 |            | false
OEM, last day                       | oem          | 2026-01-10  |                |            | 2026-04-10 | 2026-04-10     || 2026-04-10 |            | true
OEM, a day late                     | oem          | 2026-01-10  |                |            | 2026-04-11 | 2026-04-11     || 2026-04-10 |            | false
retail, last day                    | fpp          | 2026-01-10  |                |            | 2026-04-10 | 2026-04-10     || 2026-04-10 |            | true
renewed the next day                | ea           | 2023-01-01  |                | 2025-12-31 | 2025-12-01 | 2026-01-01     ||            | 2026-01-01 | true
renewed a day after that            | ea           | 2023-01-01  |                | 2025-12-31 | 2026-01-02 | 2026-01-02     ||            | 2026-01-01 | false
renewed before the end              | ea           | 2023-01-01  |                | 2025-12-31 | 2025-06-01 | 2025-06-01     ||            | 2026-01-01 | true
Open License, last day of grace     | open_license | 2023-01-01  |                | 2025-12-31 | 2026-04-01 | 2026-04-01     ||            | 2026-04-01 | true
Open License, a day late            | open_license | 2023-01-01  |                | 2025-12-31 | 2026-04-02 | 2026-04-02     ||            | 2026-04-01 | false
transferred covered, last day       | ea           | 2026-01-10  | 2026-01-10     | 2026-01-10 | 2026-02-09 | 2026-02-09     || 2026-02-09 | 2026-01-11 | true
transferred covered, a day late     | ea           | 2026-01-10  | 2026-01-10     | 2026-01-10 | 2026-02-10 | 2026-02-10     || 2026-02-09 | 2026-01-11 | false
transferred after coverage ended    | ea           | 2026-01-10  | 2026-01-10     | 2026-01-09 | 2026-01-20 | 2026-01-20     ||            | 2026-01-10 | false
nothing known of the license        |              |             |                |            | 2026-01-20 | 2026-01-20     ||            |            | true
"""
TERMS = """
case                          | program | originally_held | reattach_requested | moved_online | agreement_months_left | signed_on  | term_months || reattachable | reattach_when          | reattach_term               | open_license_months_covered | open_license_months_charged | month_end_of_term
------------------------------|---------|-----------------|--------------------|--------------|-----------------------|------------|-------------||--------------|------------------------|-----------------------------|-----------------------------|-----------------------------|------------------
no more than were held        | ea      |             300 |                320 | true         |                     2 | 2023-05-12 |          36 ||          300 | anniversary_or_renewal | remainder_of_the_enrollment |                           2 |                          24 | 2026-05-31
as many as asked              | ea      |             300 |                299 | true         |                    24 | 2023-05-01 |          36 ||          299 | anniversary_or_renewal | remainder_of_the_enrollment |                          24 |                          24 | 2026-04-30
lapsed for another reason     | ea      |             300 |                100 | false        |                    25 | 2023-03-01 |          12 ||            0 |                        |                             |                          24 |                          24 | 2024-02-29
nothing left                  | ea      |               0 |                  5 | true         |                     0 | 2023-05-31 |           1 ||            0 | anniversary_or_renewal | remainder_of_the_enrollment |                           0 |                          24 | 2023-06-30
another program               | mpsa    |             300 |                320 | true         |                     2 | 2023-05-12 |          36 ||            0 |                        |                             |                           2 |                          24 | 2026-05-31
unknown                       |         |                 |                    |              |                       |            |             ||              |                        |                             |                             |                             |
"""


def padded(table: str, names: str) -> str:
    """Add columns of the other rules' facts, all unknown."""
    lines = table.strip().splitlines()
    blank = "|".join(" " for _ in names.split())
    head = " | ".join(names.split())
    return "\n".join(
        line if set(line) <= set("-| ") else line.replace("||", f"| {head if n == 0 else blank} ||", 1)
        for n, line in enumerate(lines)
    )


def test_when_coverage_may_be_attached():
    check(
        sa_attachment,
        AS_OF,
        padded(
            OFFERS,
            "originally_held reattach_requested moved_online agreement_months_left signed_on term_months",
        ),
    )


def test_terms_of_coverage():
    check(
        sa_attachment,
        AS_OF,
        padded(TERMS, "acquired_on transferred_on sa_end ordered_on coverage_start"),
    )
