from datetime import date

from lmanalytics.rules.right import failover_passive
from tests.tables import check

DAY = date(2026, 6, 30)
COPIES = """
case                            | entity_id | ose_id | install_id | obstacle       | right_reason   | is_granted | licenses || own_reason     | is_free | reason         | licenses_saved | decided_by
--------------------------------|-----------|--------|------------|----------------|----------------|------------|----------||----------------|---------|----------------|----------------|------------------------------
free                            | main      | a      | a1         |                | granted        | true       |        8 || free           | true    | free           |              8 | failover_passive.is_free
no right                        | main      | b      | b1         |                | no_right       | false      |        8 || no_right       | false   | no_right       |              0 | failover_rights.granted
rights used up                  | main      | c      | c1         |                | rights_used_up | false      |        8 || rights_used_up | false   | rights_used_up |              0 | failover_rights.granted
a condition fails               | main      | d      | d1         | serves_reads   |                |            |        8 || serves_reads   | false   | serves_reads   |              0 | failover_eligibility.obstacle
a condition is unknown          | main      | e      | e1         | reads_unknown  |                |            |        8 || reads_unknown  |         | reads_unknown  |                | failover_eligibility.obstacle
needs none anyway               | main      | f      | f1         | no_own_license |                |            |        8 || no_own_license | false   | no_own_license |              0 | failover_eligibility.obstacle
two free copies count once      | main      | g      | g1         |                | granted        | true       |       12 || free           | true    | free           |             12 | failover_passive.is_free
the second of them              | main      | g      | g2         |                | granted        | true       |       12 || free           | true    | free           |              0 | failover_passive.is_free
a neighbor needs licenses       | main      | h      | h1         |                | granted        | true       |        8 || free           | false   | ose_not_free   |              0 | failover_passive.is_free
that neighbor                   | main      | h      | h2         | serves_reads   |                |            |        8 || serves_reads   | false   | serves_reads   |              0 | failover_eligibility.obstacle
a neighbor is not known         | main      | i      | i1         |                | granted        | true       |        8 || free           |         | ose_unknown    |                | failover_passive.is_free
that neighbor too               | main      | i      | i2         | reads_unknown  |                |            |        8 || reads_unknown  |         | reads_unknown  |                | failover_eligibility.obstacle
a neighbor needs none anyway    | main      | j      | j1         |                | granted        | true       |        8 || free           | true    | free           |              8 | failover_passive.is_free
that neighbor as well           | main      | j      | j2         | no_own_license |                |            |        8 || no_own_license | false   | no_own_license |              0 | failover_eligibility.obstacle
the same name, another company  | other     | h      | h1         |                | granted        | true       |        4 || free           | true    | free           |              4 | failover_passive.is_free
"""


def test_copies_and_their_neighbors():
    check(failover_passive, DAY, COPIES)


def test_every_reason_of_its_own_occurs():
    given = {line.split("||")[1].split("|")[2].strip() for line in COPIES.strip().splitlines()[2:]}
    assert {reason.code for reason in failover_passive.Reason} <= given
