"""The order that makes the position whole: lines in the packs that are sold, or an update statement."""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import true_up_window
from lmanalytics.schemas import ANSWERS, DEFAULT_ENTITY, MONEY

_LINE = ["entity_id", "product", "edition", "metric", "purchase_type"]


class Reason(ReasonBase):
    """What an order line rests on."""

    SHORTAGE = "The position is short by these licenses."
    NOTHING_DUE = "Nothing is short: an update statement takes the place of an order."
    NOTHING_KNOWN_DUE = "Nothing known is short, but of some machines it is not computable what they require."
    NO_PRICE = "The position is short by these licenses; no price was given for them."


def true_up(
    short: pl.LazyFrame,
    prices: pl.LazyFrame | None,
    agreements: pl.LazyFrame | None,
    settings: Settings,
    unknown: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """Order what the plan is short of.

    Needs of one product and edition are added up before they are rounded to packs, for packs may be split
    between servers. Individually licensed virtual machines need Software Assurance with the license.
    The order goes to the entity's running enrollment with the nearest anniversary.

    Args:
        short: what each subject is short of (`balance`): entity_id, product, edition, metric, needs_sa, short.
        prices: the canonical table, or None.
        agreements: the canonical table, or None: the lines then name no enrollment and no window.
        settings: date and policies.
        unknown: entity_id of which some machine's demand is not computable.

    Returns:
        The `true_up` answer: one row per pack size of a line, or one update statement per entity.

    """
    kind = pl.when("needs_sa").then(pl.lit("license_and_sa")).otherwise(pl.lit("license"))
    missing = short.filter(pl.col("short") > 0).with_columns(purchase_type=kind)
    lines = missing.group_by(_LINE).agg(pl.col("short").sum())
    ordered = _packed(lines, _pack_prices(prices, settings))
    statements = (
        short.group_by("entity_id")
        .agg(pl.col("short").sum())
        .filter(pl.col("short") == 0)
        .select(
            "entity_id",
            product=pl.lit("*"),
            metric=pl.lit("*"),
            purchase_type=pl.lit("update_statement"),
            pack_size=pl.lit(1, pl.Int64),
            packs=pl.lit(0, pl.Int64),
            licenses=pl.lit(0, pl.Int64),
            basis=pl.lit("update_statement"),
            reason=Reason.NOTHING_DUE.lit,
        )
    )
    if unknown is not None:
        in_part = unknown.select("entity_id", _is_unknown=True).unique()
        reason = pl.when("_is_unknown").then(Reason.NOTHING_KNOWN_DUE.lit).otherwise("reason")
        statements = statements.join(in_part, on="entity_id", how="left").with_columns(reason=reason)
    rows = pl.concat([ordered, statements], how="diagonal_relaxed").with_columns(rule=pl.lit("true_up"))
    rows = rows.join(_enrollment(agreements, settings), on="entity_id", how="left")
    return ANSWERS["true_up"].conform(rows).sort([*_LINE, "pack_size"])


def _pack_prices(prices: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Return per line and pack size the cheapest price in force; prices in several currencies do not compare."""
    if prices is None:
        names = {
            **dict.fromkeys(_LINE, pl.String()),
            "pack_size": pl.Int64(),
            "unit_price": MONEY,
            "currency": pl.String(),
        }
        return pl.LazyFrame(schema=names)
    offer = [*_LINE, "pack_size", "program", "version"]
    return (
        prices.filter((pl.col("valid_from") <= settings.as_of) & pl.col("step_up_from").is_null())
        .sort(*offer, "valid_from", "row_id", nulls_last=True)
        .group_by(offer, maintain_order=True)
        .agg(pl.col("unit_price", "currency").last())
        .group_by([*_LINE, "pack_size"])
        .agg(pl.col("unit_price", "currency").sort_by("unit_price").first(), _n=pl.col("currency").n_unique())
        .filter(pl.col("_n").max().over(_LINE) == 1)
        .drop("_n")
    )


def _list_of(lines: pl.LazyFrame, packs: pl.LazyFrame) -> pl.LazyFrame:
    """Name for each line's entity whose price list holds: its own, or that of `main` where it has none."""
    own = packs.select("entity_id").unique().with_columns(list_of=pl.col("entity_id"))
    return lines.join(own, on="entity_id", how="left").with_columns(pl.col("list_of").fill_null(DEFAULT_ENTITY))


def _packed(lines: pl.LazyFrame, packs: pl.LazyFrame) -> pl.LazyFrame:
    """Fill large packs as far as they pay, and the rest with small ones.

    The large packs never leave more than one small remainder: it takes a further large pack where that
    costs less. Without prices the licenses are ordered singly.
    """
    key = ["list_of", *_LINE[1:]]
    sizes = (
        packs.rename({"entity_id": "list_of"})
        .sort([*key, "pack_size"])
        .group_by(key, maintain_order=True)
        .agg(
            small=pl.col("pack_size").first(),
            small_price=pl.col("unit_price").first(),
            large=pl.col("pack_size").last(),
            large_price=pl.col("unit_price").last(),
            currency=pl.col("currency").first(),
        )
    )
    small, large, short = pl.col("small").fill_null(1), pl.col("large").fill_null(1), pl.col("short")
    pays = (large > small) & (pl.col("large_price") * small <= pl.col("small_price") * large)
    whole = pl.when(pays.fill_null(value=False)).then(short // large).otherwise(0)
    rest = (short - whole * large + small - 1) // small
    one_more = pays & (rest > 0) & (pl.col("large_price") <= rest * pl.col("small_price"))
    split = (
        _list_of(lines, packs)
        .join(sizes, on=key, how="left", nulls_equal=True)
        .with_columns(
            large_packs=whole + one_more.fill_null(value=False).cast(pl.Int64),
            small_packs=pl.when(one_more.fill_null(value=False)).then(0).otherwise(rest),
        )
    )
    each = [
        split.select(
            *_LINE,
            "currency",
            pack_size=size,
            packs=pl.col(f"{name}_packs"),
            unit_price=pl.col(f"{name}_price"),
        )
        for name, size in (("large", large), ("small", small))
    ]
    return (
        pl.concat(each)
        .filter(pl.col("packs") > 0)
        .with_columns(
            licenses=pl.col("packs") * pl.col("pack_size"),
            cost=(pl.col("packs") * pl.col("unit_price")).cast(MONEY),
            basis=pl.lit("count_at_order"),
            reason=pl.when(pl.col("unit_price").is_null()).then(Reason.NO_PRICE.lit).otherwise(Reason.SHORTAGE.lit),
        )
    )


def _enrollment(agreements: pl.LazyFrame | None, settings: Settings) -> pl.LazyFrame:
    """Return per entity its running enrollment with the nearest anniversary, and that window."""
    columns = ["entity_id", "agreement_id", "enrollment_id", "window_opens", "window_closes"]
    if agreements is None:
        types = [pl.String(), pl.String(), pl.String(), pl.Date(), pl.Date()]
        return pl.LazyFrame(schema=dict(zip(columns, types, strict=True)))
    day = pl.lit(settings.as_of)
    running = agreements.filter(
        pl.col("program").is_in(["ea", "sce", "eas", "ees"])
        & (pl.col("start_date") <= day)
        & (pl.col("end_date").is_null() | (pl.col("end_date") >= day))
    )
    return (
        evaluate(running, true_up_window, settings)
        .rename(lambda name: name.removeprefix("true_up_window__"))
        .sort("entity_id", "next_anniversary", "agreement_id", "enrollment_id", nulls_last=True)
        .group_by("entity_id", maintain_order=True)
        .agg(pl.col(c).first() for c in columns[1:])
    )
