"""Which lot may serve an event, which serves first, and what the event does to it."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from lmanalytics.rules.entitlement import sa_attachment
from lmanalytics.rules.entitlement._timeline import SCOPES

_LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class Effects:
    """The readings and parameters in force, turned into expressions."""

    step_up_base_order: str
    return_order: str
    sa_base: str
    sa_gap: str
    days: dict[str, int]

    @property
    def scopes(self) -> pl.DataFrame:
        """Where units may come from; coverage stays in its enrollment where `sa_base` says so."""
        elsewhere = (pl.col("kind") == "sa") & (pl.col("scope") == "entity")
        return SCOPES if self.sa_base == "same_entity" else SCOPES.filter(~elsewhere)

    def eligible(self) -> pl.Expr:
        """Whether the lot is there on the day and is what the event asks for."""
        kind, day = pl.col("event_kind"), pl.col("event_dated_on")
        late = pl.when(kind == "sa").then(pl.max_horizontal(day, "event_ordered_on")).otherwise(day)
        # A subscription is renewed from the day after its term.
        renews = (kind == "sa") & pl.col("removed_on").is_null()
        last = pl.when(renews).then(pl.col("until") + _one_day()).otherwise("until")
        there = (pl.col("since") <= late).fill_null(value=True) & (last >= day).fill_null(value=True)
        has_left = pl.col("left_on").is_not_null()
        departed = pl.col("event_scope").is_in(["left", "lot_left"]) & (pl.col("left_on") <= day)
        there &= pl.when(has_left).then(departed).otherwise(~pl.col("event_scope").is_in(["left", "lot_left"]))
        return there & (
            pl.when(kind == "step_up")
            .then(covers(day))
            .when(kind == "sa")
            .then(self._extends())
            .when(kind == "upgrade")
            .then(pl.col("version").ne_missing(pl.col("event_new_version")))
            .when(kind == "buy_out")
            .then(~pl.col("is_perpetual"))
            .otherwise(pl.col("removed_on").is_null())
        )

    def _extends(self) -> pl.Expr:
        program, acquired, moved = pl.col("program"), pl.col("acquired_on"), pl.col("transferred_on")
        end = pl.col("sa_end")
        first = sa_attachment.attach_by(
            program,
            acquired,
            moved,
            end,
            oem_attach_days=self.days["oem_attach_days"],
            transfer_attach_days=self.days["transfer_attach_days"],
        )
        again = sa_attachment.renew_by(program, end, open_license_renewal_days=self.days["open_license_renewal_days"])
        attachable: pl.Expr = sa_attachment.is_attachable(
            first,
            again,
            pl.col("event_ordered_on"),
            pl.col("event_coverage_start"),
            acquired,
            moved,
            end,
        )
        return (attachable | pl.lit(self.sa_gap == "restarts")) & (pl.col("event_coverage_end") > end).fill_null(
            value=True
        )

    def preference(self) -> list[pl.Expr]:
        """Lots that nobody names first; then by what the policies say; then the oldest."""
        kind = pl.col("event_kind")
        end = _day(pl.col("sa_end"))
        acquired = _day(pl.col("acquired_on"))
        by_order = {"latest_sa_end": -end, "earliest_sa_end": end, "first_acquired": acquired}
        # Coverage goes to what was bought with it or ends the day before it starts, then to what ends nearest.
        apart = (pl.col("event_coverage_start") - _one_day() - pl.col("sa_end")).dt.total_days().abs().fill_null(0)
        leaving = acquired if self.return_order == "first_acquired" else -acquired
        return [
            pl.col("is_pinned"),
            pl.when(kind == "step_up")
            .then(by_order[self.step_up_base_order])
            .when(kind == "removal")
            .then(leaving)
            .when(kind == "sa")
            .then(apart)
            .otherwise(acquired),
            acquired,
        ]

    @staticmethod
    def effects() -> dict[str, pl.Expr]:
        """What changes: the columns of the lot by name."""
        kind, day = pl.col("event_kind"), pl.col("event_dated_on")
        steps, covers_again, upgrades = kind == "step_up", kind == "sa", kind == "upgrade"
        bought, leaves = kind == "buy_out", kind == "removal"
        had_left = leaves & pl.col("left_on").is_not_null()
        here = pl.col("product"), pl.col("edition"), pl.col("version"), pl.col("since")
        before = past(*here, day, "superseded_by_upgrade")
        was_before = upgrades & (pl.col("since") < day).fill_null(value=True)
        longer = pl.max_horizontal("sa_end", "event_coverage_end")
        unbroken = pl.col("sa_end").is_not_null() & (pl.col("event_coverage_start") <= pl.col("sa_end") + _one_day())
        start = pl.when(unbroken).then(pl.coalesce("sa_start", "since")).otherwise("event_coverage_start")
        ends = pl.when(covers_again & ~pl.col("is_perpetual")).then(pl.max_horizontal("until", "event_coverage_end"))
        return {
            "sources": pl.concat_list("sources", "by_purchase"),
            "steps": pl.when(steps).then(pl.concat_list("steps", "by_purchase")).otherwise("steps"),
            "past": pl.when(was_before).then(pl.concat_list("past", before)).otherwise("past"),
            "left_on": pl.when(steps).then(day).otherwise("left_on"),
            "next_product": pl.when(steps).then("by_product").otherwise("next_product"),
            "next_edition": pl.when(steps).then("by_edition").otherwise("next_edition"),
            "next_version": pl.when(steps).then("event_new_version").otherwise("next_version"),
            "version": pl.when(upgrades).then("event_new_version").otherwise("version"),
            "since": pl.when(upgrades).then(day).otherwise("since"),
            "until": pl.when(leaves).then(day - _one_day()).when(~bought).then(pl.coalesce(ends, "until")),
            "is_perpetual": pl.col("is_perpetual") | bought,
            "removed_on": pl.when(leaves).then(day).otherwise("removed_on"),
            "end_reason": pl.when(had_left)
            .then(pl.lit("base_not_retained"))
            .when(leaves)
            .then(pl.lit("returned"))
            .otherwise("end_reason"),
            "origin": pl.when(upgrades)
            .then(pl.lit("upgraded"))
            .when(bought)
            .then(pl.lit("bought_out"))
            .otherwise("origin"),
            "sa_start": pl.when(covers_again).then(start).otherwise("sa_start"),
            "sa_end": pl.when(covers_again).then(longer).when(bought).then("sa_end").otherwise("sa_end"),
            "is_sa_unknown": pl.col("is_sa_unknown") & ~covers_again,
            "agreement_id": pl.when(covers_again).then("by_agreement").otherwise("agreement_id"),
            "enrollment_id": pl.when(covers_again).then("by_enrollment").otherwise("enrollment_id"),
            "program": pl.when(covers_again).then(pl.coalesce("by_program", "program")).otherwise("program"),
        }


def covers(day: pl.Expr) -> pl.Expr:
    """Whether the lot's coverage includes the day; its last day does."""
    started = pl.coalesce("sa_start", "since", pl.lit(_LONG_AGO)) <= day
    return (started & (pl.col("sa_end") >= day)).fill_null(value=False)


def past(product: pl.Expr, edition: pl.Expr, version: pl.Expr, since: pl.Expr, day: pl.Expr, reason: str) -> pl.Expr:
    """What the lot was until the day before, as a list of one."""
    return pl.concat_list(
        pl.struct(
            product.alias("product"),
            edition.alias("edition"),
            version.alias("version"),
            since.alias("since"),
            (day - _one_day()).alias("until"),
            pl.lit(reason).alias("reason"),
        )
    )


def _day(column: pl.Expr) -> pl.Expr:
    return column.to_physical().cast(pl.Int64).fill_null(0)


def _one_day() -> pl.Expr:
    return pl.duration(days=1)
