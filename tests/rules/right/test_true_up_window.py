from datetime import date

from lmanalytics.rules.right import true_up_window
from tests.tables import check

ENROLLMENTS = """
case                              | anniversary_date | start_date || next_anniversary | window_opens | window_closes
----------------------------------|------------------|------------||------------------|--------------|--------------
stated, in the future             | 2027-06-01       | 2024-06-01 || 2027-06-01       | 2027-04-02   | 2027-05-02
stated, long past                 | 2024-09-15       | 2023-09-15 || 2026-09-15       | 2026-07-17   | 2026-08-16
today is the anniversary          | 2025-06-30       | 2024-06-30 || 2026-06-30       | 2026-05-01   | 2026-05-31
yesterday was the anniversary     | 2025-06-29       | 2024-06-29 || 2027-06-29       | 2027-04-30   | 2027-05-30
not stated: that of the start     |                  | 2024-01-01 || 2027-01-01       | 2026-11-02   | 2026-12-02
leap day                          | 2024-02-29       | 2024-02-29 || 2027-02-28       | 2026-12-30   | 2027-01-29
neither is known                  |                  |            ||                  |              |
"""


def test_the_window_before_the_next_anniversary():
    check(true_up_window, date(2026, 6, 30), ENROLLMENTS)
