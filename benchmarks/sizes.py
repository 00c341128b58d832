"""How large an estate a size means."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Hosts, and the average number of OSEs on one."""

    hosts: int
    density: int


SIZES = {
    "XS": Size(80, 10),
    "S": Size(2_500, 20),
    "M": Size(50_000, 20),
    "L": Size(1_250_000, 20),
}
"""About 800, 50,000, 1 million and 25 million OSEs."""
