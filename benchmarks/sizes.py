"""How large an estate a size means."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Size:
    """Hosts, and the average number of OSEs on one and of installs in one."""

    hosts: int
    density: int
    installs: int

    def as_dict(self) -> dict[str, int]:
        """Return the fields, for JSON."""
        return asdict(self)


SIZES = {
    "XS": Size(300, 20, 4),
    "S": Size(2_500, 20, 4),
    "M": Size(50_000, 20, 4),
    "L": Size(250_000, 20, 4),
    "XL": Size(1_250_000, 20, 4),
}
"""About 6,000, 50,000, 1 million, 5 million and 25 million OSEs, with four times as many installs."""

USUAL = ("S", "M", "L")
