from datetime import date

from lmanalytics.rules.right import shared_kernel
from tests.tables import check

FIT = """
case                | hypervisor | os_product     | os_edition                | host_os_edition || edition_fit
--------------------|------------|----------------|---------------------------|-----------------||-----------------
same                | virtuozzo  | Windows Server | Standard                  | Standard        || same_edition
another             | virtuozzo  | Windows Server | Datacenter                | Standard        || other_edition
the other way round | virtuozzo  | Windows Server | Standard                  | Datacenter      || other_edition
Azure Edition       | virtuozzo  | Windows Server | Datacenter: Azure Edition | Datacenter      || same_edition
of the guest        | virtuozzo  | Windows Server |                           | Standard        || edition_unknown
of the host         | virtuozzo  | Windows Server | Standard                  |                 || edition_unknown
Linux               | virtuozzo  | Linux          |                           | Standard        || no_shared_kernel
Hyper-V             | hyper_v    | Windows Server | Datacenter                | Standard        || no_shared_kernel
no hypervisor       |            | Windows Server | Datacenter                | Standard        || no_shared_kernel
"""


def test_guests_of_virtuozzo_have_the_edition_of_their_host():
    check(shared_kernel, date(2026, 6, 30), FIT)


def test_every_reason_occurs():
    assert all(reason.code in FIT for reason in shared_kernel.Reason)
