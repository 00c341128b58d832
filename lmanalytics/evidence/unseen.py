"""Machines that a directory or a CMDB knows and no export has shown.

A machine is seen where its name is the name or the id of a host, an OSE or a device, or of the machine of an install,
in any case and of any company. A full name is compared whole with full names, and by its first label with names that
have no domain.
"""

import sys
from datetime import timedelta

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY

Tables = dict[str, pl.LazyFrame]
TABLE = "known_machines"
POLICY = "unseen_machine_age"
_NAMES = {
    "hosts": ("host_id", "host_name"),
    "oses": ("ose_id", "name"),
    "devices": ("device_id",),
    "installs": ("ose_id",),
}
_KEYS = ("name", "fqdn")


class Reason(ReasonBase):
    """What became of a machine of a list."""

    SEEN = "An export shows the machine."
    NOT_SEEN = "No export shows the machine."
    LONG_UNSEEN = "No export shows the machine, and its list has had no sign of it for longer than the policy allows."
    GONE = "No export shows the machine, and its list says that it is disabled or retired."


def answers(tables: Tables, settings: Settings) -> Tables:
    """Look up every machine of the lists in the exports.

    Args:
        tables: `known_machines`; hosts, oses, devices and installs where they were given.
        settings: date and policies.

    Returns:
        `unseen_machines`: a row per list and machine that no export shows; `known_machines_outcomes`: what became of
        each row; `findings_of_unseen_machines`: one per company.

    """
    judged = _judged(tables, settings).collect(engine="streaming").lazy()
    unseen = judged.filter(pl.col("reason") != Reason.SEEN.code).with_columns(
        machine="name", operating_system="os_text", rule=pl.lit("unseen")
    )
    answer = ANSWERS["unseen_machines"].conform(unseen).sort(ENTITY, *ANSWERS["unseen_machines"].key, nulls_last=True)
    outcomes = judged.select("row_id", ENTITY, product=pl.lit("*"), outcome=pl.lit("used"), reason="reason")
    found = {"unseen_machines": answer, f"{TABLE}_outcomes": outcomes.sort("row_id")}
    return found | {"findings_of_unseen_machines": _findings(unseen)}


def _judged(tables: Tables, settings: Settings) -> pl.LazyFrame:
    listed = tables[TABLE].with_columns(
        **{f"_{key}": pl.col(key).str.to_lowercase().str.strip_suffix("$").str.strip_suffix(".") for key in _KEYS}
    )
    listed = listed.with_columns(_short=_label(pl.coalesce("_fqdn", "_name")), _full=pl.coalesce("_fqdn", "_name"))
    asked = pl.concat([listed.select(_key=key) for key in ("_name", "_fqdn", "_short")]).drop_nulls().unique()
    seen = _seen(tables, asked.collect(engine="streaming").lazy()).collect(engine="streaming")
    whole = seen.filter("whole")["_key"].implode()
    bare = seen.filter("bare")["_key"].implode()
    first = seen.filter("first")["_key"].implode()
    has_domain = pl.col("_full").str.contains(".", literal=True)
    is_seen = pl.any_horizontal(
        pl.col("_name").is_in(whole),
        pl.col("_fqdn").is_in(whole),
        pl.col("_short").is_in(bare),
        ~has_domain & pl.col("_short").is_in(first),
    ).fill_null(value=False)
    age = load_rule_file(sys.modules[__name__]).policies[POLICY].chosen(settings)
    is_old = pl.lit(value=False)
    if age != "any":
        is_old = (pl.col("last_seen") < settings.as_of - timedelta(days=int(age))).fill_null(value=False)
    reason = (
        pl.when(is_seen)
        .then(Reason.SEEN.lit)
        .when(~pl.col("is_active"))
        .then(Reason.GONE.lit)
        .when(is_old)
        .then(Reason.LONG_UNSEEN.lit)
        .otherwise(Reason.NOT_SEEN.lit)
    )
    return listed.with_columns(reason=reason).select(*tables[TABLE].collect_schema(), "reason")


def _label(name: pl.Expr) -> pl.Expr:
    """Return the first label of a name; an address has none but itself."""
    is_address = name.str.contains(r"^[\d.]+$|:")
    return pl.when(is_address).then(name).otherwise(name.str.split(".").list.first())


def _seen(tables: Tables, asked: pl.LazyFrame) -> pl.LazyFrame:
    """Tell of the names that are asked for whether they are a whole name, a name without domain, or a first label."""
    parts = []
    for table, columns in _NAMES.items():
        for column in columns if table in tables else ():
            name = pl.col(column).str.to_lowercase()
            names = tables[table].select(_name=name).drop_nulls()
            label = _label(pl.col("_name"))
            bare = label == pl.col("_name")
            parts.append(names.select(_key="_name", whole=pl.lit(value=True), bare=bare, first=pl.lit(value=False)))
            parts.append(names.select(_key=label, whole=pl.lit(value=False), bare=bare, first=pl.lit(value=True)))
    flags = ("whole", "bare", "first")
    none = pl.LazyFrame(schema={"_key": pl.String(), **dict.fromkeys(flags, pl.Boolean())})
    wanted = [part.join(asked, on="_key", how="semi") for part in parts]
    return pl.concat([none, *wanted]).group_by("_key").agg(pl.col(flag).any() for flag in flags)


def _findings(unseen: pl.LazyFrame) -> pl.LazyFrame:
    """Count what no export shows, and apart from it what is probably gone."""
    here, machine = pl.col("reason") == Reason.NOT_SEEN.code, _label(pl.col("machine").str.to_lowercase())
    kinds = {kind: machine.filter(here & (pl.col("kind") == kind)).n_unique() for kind in ("server", "workstation")}
    counts = unseen.group_by(ENTITY).agg(
        machines=machine.filter(here).n_unique(), gone=machine.filter(~here).n_unique(), **kinds,
        lists=pl.col("source").unique().sort().str.join(" and ").str.replace_all("_", " "),
        subject_id=pl.col("machine").filter(here).min(),
    )  # fmt: skip
    shown = pl.format(
        "No export shows {} of {}: {}, {}, {} of a kind that is not known.", many("machines", "machine"), "lists",
        many("server", "server"), many("workstation", "workstation"),
        pl.max_horizontal(pl.col("machines").cast(pl.Int64) - pl.col("server") - pl.col("workstation"), 0),
    )  # fmt: skip
    none = pl.format("An export shows every machine of {} that is in use.", "lists")
    more = pl.format(
        " {} more {} disabled, retired or long without a sign in the list.", "gone", agreeing("gone", "is", "are")
    )
    rows = counts.with_columns(
        finding_id=pl.format("unseen_machines:{}", ENTITY),
        severity=pl.when(pl.col("machines") > 0).then(pl.lit("warning")).otherwise(pl.lit("info")),
        area=pl.lit("unseen_machines"),
        statement=pl.concat_str(
            pl.when(pl.col("machines") > 0).then(shown).otherwise(none),
            pl.when(pl.col("gone") > 0).then(more).otherwise(pl.lit("")),
        ),
        action=pl.lit(
            "Export what they run on, or say that they are gone; what runs there is not in the position."
            " The answer unseen_machines names them."
        ),
        status=pl.lit("open"),
        rule=pl.lit("unseen"),
        reason=pl.when(pl.col("machines") > 0).then(Reason.NOT_SEEN.lit).otherwise(Reason.GONE.lit),
    )
    return ANSWERS["findings"].conform(rows).sort("finding_id")
