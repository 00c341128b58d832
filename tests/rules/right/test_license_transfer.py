from datetime import date

from lmanalytics.rules.right import license_transfer
from tests.tables import check

TRANSFERS = """
case                                  | purchase_type | program | is_perpetual | tied_to_host_id | is_machine_here || reason            | is_permitted
--------------------------------------|---------------|---------|--------------|-----------------|-----------------||-------------------|-------------
perpetual: as the agreement permits   | transfer_out  | ea      | true         |                 |                 || agreement_decides |
received: as the agreement permits    | transfer_in   | mpsa    | true         |                 |                 || agreement_decides |
the program is not known              | transfer_out  |         |              |                 |                 || agreement_decides |
a subscription                        | transfer_out  | eas     | false        |                 |                 || not_perpetual     | false
OEM, sold with its machine            | transfer_out  | oem     | true         | h1              | false           || with_its_machine  | true
OEM, its machine is still here        | transfer_out  | oem     | true         | h1              | true            || machine_stays     | false
OEM, received with its machine        | transfer_in   | oem     | true         | h1              | true            || with_its_machine  | true
OEM, its machine did not come         | transfer_in   | oem     | true         | h1              | false           || machine_stays     | false
OEM, of which machine is not known    | transfer_out  | oem     | true         |                 |                 || machine_unknown   |
OEM, machines are not known           | transfer_out  | oem     | true         | h1              |                 || machine_unknown   |
another license that is bound         | transfer_out  | ea      | true         | h1              | true            || machine_stays     | false
retail, not bound                     | transfer_out  | fpp     | true         |                 |                 || agreement_decides |
"""


def test_transfers():
    check(license_transfer, date(2026, 6, 30), TRANSFERS)


def test_every_reason_occurs():
    assert all(f" {reason.code} " in TRANSFERS for reason in license_transfer.Reason)
