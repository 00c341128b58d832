"""What runs in each OSE, and how RVTools words it in columns that need not agree."""

from datetime import date, datetime
from pathlib import Path

import polars as pl

from lmanalytics.sample.dice import Dice
from lmanalytics.sample.estate import DOMAIN, uuid

_GUESTS = pl.read_csv(Path(__file__).parent / "guests.csv").sort("guest")
_EPOCH_IN_LOCAL_TIME = datetime(1969, 12, 31, 23)  # noqa: DTZ001 (RVTools writes local time without a zone)
_NUMBER = pl.col("number")


def guests(oses: pl.LazyFrame, dice: Dice, *, newest: date, age: int) -> pl.LazyFrame:
    """Add the operating system, power state, sizes and identifiers of each OSE."""
    return oses.pipe(_system, dice).pipe(_state, dice, age).pipe(_details, dice, newest)


def _system(oses: pl.LazyFrame, dice: Dice) -> pl.LazyFrame:
    """Add the guest and the three texts for it: configured, reported by VMware Tools, and in detail."""
    windows = ~pl.col("is_system") & dice.happens(_NUMBER, "is windows", pl.col("windows"))
    pick = {family: dice.pick(_NUMBER, family, _weights(family)) for family in ("windows", "other")}
    agent = pl.when("is_system").then(pl.lit("Photon"))
    guest = agent.when(windows).then(pick["windows"]).otherwise(pick["other"])
    vague = windows & (pl.col("guest") != "2012 R2") & dice.happens(_NUMBER, "2016 or later", 9)
    upgraded = (pl.col("guest") == "2022") & dice.happens(_NUMBER, "upgraded in place", 10)
    configured = (
        pl.when(vague)
        .then(pl.lit("Microsoft Windows Server 2016 or later (64-bit)"))
        .when(upgraded)
        .then(pl.lit("Microsoft Windows Server 2019 (64-bit)"))
        .otherwise(pl.col("guest").replace_strict(_words("configured")))
    )
    return oses.with_columns(guest=guest, is_windows=windows).with_columns(
        configured=configured,
        reported=pl.col("guest").replace_strict(_words("reported")),
        detail=pl.col("guest").replace_strict(_words("detail")),
    )


def _state(oses: pl.LazyFrame, dice: Dice, age: int) -> pl.LazyFrame:
    """Say whether each OSE runs, and forget what a silent one cannot report."""
    system, power = pl.col("is_system"), dice.below(_NUMBER, "power", 100)
    template = ~system & dice.happens(_NUMBER, "template", 1)
    placeholder = ~system & (pl.col("role") == "rep") & dice.happens(_NUMBER, "placeholder", 10)
    off = ~system & (template | placeholder | (power < 4 + age))
    asleep = ~off & ~system & (power == 99)  # noqa: PLR2004 (one in a hundred)
    silent = off | (~system & dice.happens(_NUMBER, "no tools", 3))
    state = pl.when(off).then(pl.lit("poweredOff")).when(asleep).then(pl.lit("suspended"))
    tools = pl.when(off).then(pl.lit("toolsNotRunning")).when(silent).then(pl.lit("toolsNotInstalled"))
    return oses.with_columns(
        power=state.otherwise(pl.lit("poweredOn")),
        tools=tools.otherwise(pl.lit("toolsOk")),
        template=_text(template),
        placeholder=_text(placeholder),
        reported=pl.when(~silent).then("reported"),
        detail=pl.when(~silent).then(_detailed(pl.col("detail"))),
        guest_state=pl.when(silent).then(pl.lit("notRunning")).otherwise(pl.lit("running")),
        heartbeat=pl.when(silent).then(pl.lit("gray")).otherwise(pl.lit("green")),
        label=pl.format("nwr-{}-{}", "role", _NUMBER.cast(pl.String).str.zfill(6)),
        is_silent=silent,
    )


def _details(oses: pl.LazyFrame, dice: Dice, newest: date) -> pl.LazyFrame:
    """Add names, identifiers, sizes and times."""
    midnight = pl.lit(newest).cast(pl.Datetime("us"))
    created = midnight - pl.duration(minutes=150_000 + dice.below(_NUMBER, "created", 3_000_000))
    no_date = dice.happens(_NUMBER, "creation unknown", 6)
    size = dice.below(_NUMBER, "size", 4).replace_strict([0, 1, 2, 3], [1, 2, 2, 4])
    cpus = pl.when("is_system").then(1).otherwise(pl.col("vcpus") * size // 2)
    uneven = dice.happens(_NUMBER, "no sockets", 12)
    speaks = ~pl.col("is_silent")
    octets = [pl.lit(10), _NUMBER // 62500 % 250, _NUMBER // 250 % 250, _NUMBER % 250 + 1]
    disk = 20480 * (2 + dice.below(_NUMBER, "disk", 24))
    return oses.with_columns(
        name=pl.when("is_system").then(pl.format("vCLS-{}", uuid(_NUMBER, dice, "agent"))).otherwise("label"),
        dns_name=pl.when(speaks & ~pl.col("is_system")).then(pl.format("{}.{}", "label", pl.lit(DOMAIN))),
        vm_id=pl.format("vm-{}", _NUMBER - pl.col("first_number") + 2001),
        vm_uuid=uuid(_NUMBER, dice, "instance"),
        smbios_uuid=uuid(_NUMBER, dice, "smbios"),
        ip=pl.when(speaks).then(pl.format("{}.{}.{}.{}", *octets)),
        cpus=cpus,
        sockets=pl.when(uneven).then(0).otherwise(1),
        cores_per_socket=pl.when(uneven).then(cpus + 2).otherwise(cpus),
        max_mhz=cpus * 2600,
        overall_mhz=cpus * (20 + dice.below(_NUMBER, "load", 900)),
        shares=cpus * 1000,
        memory=cpus * 4096,
        active_memory=cpus * (64 + dice.below(_NUMBER, "active", 1024)),
        disks=1 + dice.below(_NUMBER, "disks", 4),
        capacity=disk,
        in_use=disk * 6 // 10,
        backed_up=pl.when(dice.happens(_NUMBER, "backup", 90)).then(pl.lit("TRUE")).otherwise(pl.lit("FALSE")),
        created_at=pl.when(no_date).then(pl.lit(_EPOCH_IN_LOCAL_TIME)).otherwise(created),
        changed_at=midnight - pl.duration(minutes=dice.below(_NUMBER, "changed", 120_000)),
        powered_on_at=pl.when(pl.col("power") == "poweredOn").then(
            midnight - pl.duration(minutes=dice.below(_NUMBER, "started", 90_000))
        ),
        owner=dice.pick(_NUMBER, "owner", {"Ticketing": 3, "Operations": 4, "Finance": 2, "Workplace": 1}),
        failover_cluster=pl.when(pl.col("role") == "sql").then(pl.format("SQLAG{}", _NUMBER % 7 + 1)),
    )


def _detailed(text: pl.Expr) -> pl.Expr:
    """Guest Detailed Data is a list of keys and values, of which one is the name."""
    family = pl.when(text.str.starts_with("Windows")).then(pl.lit("Windows")).otherwise(pl.lit("Linux"))
    return pl.format("architecture='X86' bitness='64' familyName='{}' prettyName='{}'", family, text)


def _words(column: str) -> dict[str, str]:
    return dict(zip(_GUESTS["guest"], _GUESTS[column], strict=True))


def _weights(family: str) -> dict[str, int]:
    chosen = _GUESTS.filter(pl.col("family") == family)
    return dict(zip(chosen["guest"], chosen["weight"], strict=True))


def _text(flag: pl.Expr) -> pl.Expr:
    return pl.when(flag).then(pl.lit("True")).otherwise(pl.lit("False"))
