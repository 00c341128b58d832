"""Compare purchases: what was bought, returned or corrected, and what ended by the passing of the date."""

from datetime import date, timedelta

import polars as pl

from lmanalytics.rules.entitlement import purchase_lines
from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.schemas import CANONICAL, ENTITY, PROVENANCE
from lmanalytics.whatif.causes import Cause, content
from lmanalytics.whatif.causes_rows import STREAMING, THEN, Compared, differs, joined, listed

_TABLE = "purchases"
_KEY = [ENTITY, "purchase_id"]
_HOME = [ENTITY, "agreement_id", "enrollment_id"]
_DAY = pl.coalesce("order_date", "acquired_on", "coverage_start", "statement_date")
_COVERAGE = ("coverage_start", "coverage_end", "coverage_end_latest")
_STATED = "statement_summary"
_ENDS = (Cause.SA_LAPSED, Cause.EXPIRED)


def purchases(before: pl.LazyFrame, after: pl.LazyFrame, since: date, *, corrects: bool) -> Compared:
    """Tell purchases from returns and from corrections of the past.

    A line is matched by its id, and else by all that it says: lists that number their rows give other ids to the same
    lines. What only the second run has was bought, or returned where it takes away; it is a correction where it was
    ordered on or before the first run's day. What only the first run has was withdrawn, which is a correction; a
    line of a statement that a later statement no longer has is a return.

    Args:
        before: `purchases` of the first run.
        after: `purchases` of the second run.
        since: the first run's day.
        corrects: whether what was ordered before that day is a correction; in a scenario nothing is.

    """
    before = _with_ids(before, after)
    rows = joined(_TABLE, before, after)
    last = after.filter(pl.col("basis") == _STATED).group_by(ENTITY).agg(_last=pl.col("statement_date").max())
    rows = rows.join(last.collect(), on=ENTITY, how="left").with_columns(_cause=_cause(since, corrects=corrects))
    rows = rows.with_columns(_step=pl.col("_cause").replace_strict({c.code: c.step for c in Cause}))
    causes = dict(rows.group_by("_cause", maintain_order=True).len().rows())

    def at(reached: Cause) -> pl.LazyFrame:
        if reached.step < Cause.BOUGHT.step:
            return before
        late = rows.lazy().filter(pl.col("_step") > reached.step)
        waiting = late.filter("_is_now").select(_KEY)
        kept = before.join(late.filter("_is_then").select(_KEY), on=_KEY, how="semi")
        offset = after.select(_from=pl.col("row_id").max().fill_null(0) + 1)
        kept = kept.join(offset, how="cross").with_columns(pl.col("row_id") + pl.col("_from")).drop("_from")
        return pl.concat([after.join(waiting, on=_KEY, how="anti"), kept]).sort("row_id")

    changes = listed(_TABLE, rows, pl.col("_cause"))
    return Compared(_TABLE, {Cause[code.upper()]: n for code, n in causes.items()}, at, changes)


def ended(
    lines: pl.LazyFrame, agreements: pl.LazyFrame | None, first: date, second: date, held: tuple[Cause, ...]
) -> pl.LazyFrame:
    """Hold coverage and subscriptions as they were on the first day, so that their end can be let in by itself.

    Args:
        lines: `purchases`.
        agreements: `agreements`, whose end is that of coverage of which none is stated.
        first: the first run's day.
        second: the second run's day; where it is the earlier one, what had ended stays ended.
        held: what to hold: SA_LAPSED the coverage of perpetual licenses, EXPIRED subscriptions.

    Returns:
        The same rows and columns; coverage that ends between the days lasts to the second day.

    """
    columns = list(CANONICAL[_TABLE].schema)
    marked = _ending(lines, agreements, first, second)
    stays = pl.lit(second) if second > first else pl.lit(second - timedelta(days=1))
    chosen = pl.col("_ends").is_in([cause.code for cause in held])
    latest = pl.when(chosen & pl.col("coverage_end_latest").is_not_null()).then(stays)
    return marked.with_columns(
        coverage_end=pl.when(chosen).then(stays).otherwise("coverage_end"),
        coverage_end_latest=latest.otherwise("coverage_end_latest"),
    ).select(columns)


def ending(lines: pl.LazyFrame, agreements: pl.LazyFrame | None, first: date, second: date) -> dict[Cause, int]:
    """Count the lines whose coverage or subscription ends between the two days."""
    counts = _ending(lines, agreements, first, second).group_by("_ends").len().collect(engine=STREAMING)
    found = dict(counts.drop_nulls("_ends").rows())
    return {cause: found[cause.code] for cause in _ENDS if cause.code in found}


def _ending(lines: pl.LazyFrame, agreements: pl.LazyFrame | None, first: date, second: date) -> pl.LazyFrame:
    """Add _ends: which of the two causes the end of a line is; null where nothing of it ends between the days."""
    file = load_rule_file(purchase_lines)
    programs, types = (file.table(name).lazy().drop("reference") for name in ("programs", "purchase_types"))
    contracts = (agreements if agreements is not None else CANONICAL["agreements"].empty()).select(
        ENTITY,
        "agreement_id",
        enrollment_id=pl.coalesce("enrollment_id", "agreement_id"),
        _program="program",
        _agreed="end_date",
    )
    contracts = contracts.unique(_HOME, keep="first", maintain_order=True)
    known = (
        lines.with_columns(_home=pl.coalesce("enrollment_id", "agreement_id"))
        .join(
            contracts,
            left_on=[ENTITY, "agreement_id", "_home"],
            right_on=_HOME,
            how="left",
            maintain_order="left",
        )
        .with_columns(_of=pl.coalesce("program", "_program"))
        .join(programs.select(_of="program", _lasts="is_perpetual"), on="_of", how="left", maintain_order="left")
        .join(
            types.select("purchase_type", "kind", "adds_active_sa"),
            on="purchase_type",
            how="left",
            maintain_order="left",
        )
    )
    lasts = (pl.col("purchase_type") != "subscription") & pl.col("_lasts").fill_null(value=True)
    covered = (pl.col("adds_active_sa") > 0) | ~lasts
    end = pl.coalesce("coverage_end", pl.when(covered).then("_agreed"))
    low, high = min(first, second), max(first, second)
    begun = pl.col("coverage_start").is_null() | (pl.col("coverage_start") < second)
    within = (end >= low) & (end < high) & begun & (pl.col("kind") != "none")
    return known.with_columns(
        _ends=pl.when(within & lasts).then(Cause.SA_LAPSED.lit).when(within).then(Cause.EXPIRED.lit)
    )


def _cause(since: date, *, corrects: bool) -> pl.Expr:
    both = pl.col("_is_then") & pl.col("_is_now")
    stated = pl.col("basis").eq_missing(pl.lit(_STATED)) & (pl.col("statement_date") > since)
    units = pl.col("quantity") * pl.col("licenses_per_unit").fill_null(1)
    takes = (units < 0) | (pl.col("purchase_type") == "transfer_out")
    replaced = pl.col(f"basis{THEN}").eq_missing(pl.lit(_STATED)) & (pl.col("_last") > pl.col(f"statement_date{THEN}"))
    fewer = (units < pl.col(f"quantity{THEN}") * pl.col(f"licenses_per_unit{THEN}").fill_null(1)).fill_null(value=False)
    said = [c for c in content(_TABLE) if c not in _COVERAGE]
    only_coverage = ~pl.any_horizontal(differs(c, _TABLE) for c in said)
    changes = stated | pl.lit(not corrects)
    late = (since >= _DAY).fill_null(value=False) & pl.lit(corrects)
    gone = ~pl.col("_is_now")
    return (
        pl.when(both & only_coverage & ~stated)
        .then(Cause.COVERAGE_CHANGED.lit)
        .when(both & changes & fewer)
        .then(Cause.RETURNED.lit)
        .when(both & changes)
        .then(Cause.BOUGHT.lit)
        .when(both)
        .then(Cause.PURCHASES_CORRECTED.lit)
        .when(gone & (replaced.fill_null(value=False) | pl.lit(not corrects)))
        .then(Cause.RETURNED.lit)
        .when(gone | late)
        .then(Cause.PURCHASES_CORRECTED.lit)
        .when(takes.fill_null(value=False))
        .then(Cause.RETURNED.lit)
        .otherwise(Cause.BOUGHT.lit)
    )


def _with_ids(before: pl.LazyFrame, after: pl.LazyFrame) -> pl.LazyFrame:
    """Give the first run's lines the ids that equal lines have in the second, and ids of their own where none has."""
    said = [c for c in CANONICAL[_TABLE].schema if c not in {"purchase_id", *PROVENANCE}]
    rows = joined(_TABLE, before, after)
    keys = {"_is_then": before, "_is_now": after}
    sides = [
        frame.join(rows.lazy().filter(side).select(_KEY), on=_KEY, how="semi")
        .with_columns(_n=pl.int_range(pl.len()).over(said))
        .select("purchase_id", "_n", *said)
        for side, frame in keys.items()
    ]
    pairs = sides[0].join(sides[1], on=[*said, "_n"], nulls_equal=True, suffix="_now")
    book = pairs.select(ENTITY, "purchase_id", _now="purchase_id_now").collect(engine=STREAMING).lazy()
    # An id that another line has now may not name two lines while one cause after the other is let in.
    free = book.select(ENTITY, purchase_id="_now")
    numbered = before.join(book, on=_KEY, how="left", maintain_order="left")
    own = pl.when(pl.col("_taken").is_null()).then("purchase_id").otherwise(pl.format("{} (before)", "purchase_id"))
    named = numbered.join(
        free.with_columns(_taken=pl.lit(value=True)), on=_KEY, how="left", maintain_order="left"
    ).with_columns(purchase_id=pl.coalesce("_now", own))
    bases = book.rename({"purchase_id": "base_purchase_id", "_now": "_base"})
    return (
        named.join(bases, on=[ENTITY, "base_purchase_id"], how="left", maintain_order="left")
        .with_columns(base_purchase_id=pl.coalesce("_base", "base_purchase_id"))
        .select(list(CANONICAL[_TABLE].schema))
    )
