"""What a row of a purchase list is for: product, metric, kind of purchase, program."""

import polars as pl

from lmanalytics.ingest import part_numbers, products

_NO_VERSION = ("non specific", "nonspecific", "all", "all versions", "n/a", "none", "latest", "current")
_YES = ("yes", "y", "1", "true", "x", "ja", "wahr", "oui", "vrai")
_NO = ("no", "n", "0", "false", "nein", "falsch", "non", "faux")
_TEXTS = (
    "part_number",
    "item_name",
    "product",
    "edition",
    "version",
    "unit_type",
    "is_subscription",
    "is_upgrade",
    "is_step_up",
    "no_support",
    "step_up_from",
    "metric",
    "pool",
    "program",
    "esu_year",
    "is_covered",
    "is_acquired",
)
_MEANINGS = (
    "item",
    "product",
    "edition",
    "version",
    "metric",
    "pool",
    "purchase_type",
    "program",
    "step_up_from",
    "esu_year",
    "part_number",
    "pack",
    "is_known",
    "contradiction",
)
_SAID = ("said_", "named_", "coded_")
_BASES = ("base_", "full_base_")


def understood(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Replace the text columns of a list (`_TEXTS`) by what they mean.

    Returns:
        the other columns of `frame`, and item, product, edition, version, metric, purchase_type, program,
        step_up_from, esu_year, part_number and contradiction, all text; pack, an integer; and is_known.
        A cell that is not understood stays as it is written. Each different combination of texts is read once.

    """
    frame = frame.with_columns(
        pl.col("coverage_end").is_not_null().alias("is_covered"),
        (pl.col("licenses").is_not_null() & pl.col("sa_quantity").is_not_null()).alias("is_acquired"),
    )
    texts = frame.select(_TEXTS).unique().sort(_TEXTS).with_row_index("text").collect()
    meant = _with_bases(_with_types(_with_products(_with_item(texts.lazy())))).with_columns(
        part_numbers.pack_size(pl.col("item")).alias("pack"), _contradiction().alias("contradiction")
    )
    return (
        frame.join(texts.lazy(), on=_TEXTS, how="left", nulls_equal=True, maintain_order="left")
        .drop(_TEXTS)
        .join(meant.select("text", *_MEANINGS).collect().lazy(), on="text", how="left", maintain_order="left")
    )


def _with_item(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add `item`, the text that names what was bought, from whichever column has it."""
    number = pl.col("part_number")
    is_number = part_numbers.is_part_number(number) | pl.coalesce("item_name", "product").is_not_null()
    item = pl.coalesce("item_name", pl.when(~is_number).then(number))
    return frame.with_columns(item.alias("item"), pl.when(is_number).then(number).alias("part_number"))


def _with_products(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add product, edition, version, metric and `is_known`; a product that is not known stays as it is written.

    Read, in this order: abbreviations of the item name, product and edition columns, the item name in full, the
    prefix of the part number.
    """
    stem = part_numbers.without_step_up(pl.col("item"))
    short = pl.coalesce(part_numbers.item_product(pl.col("item")), part_numbers.item_product(pl.col("product")))
    spelled = pl.concat_str("product", "edition", separator=" ", ignore_nulls=True).replace("", None)
    frame = frame.with_columns(
        pl.coalesce(short, pl.when(pl.col("product").is_not_null()).then(spelled)).alias("said"),
        stem.alias("named"),
        part_numbers.family(pl.col("part_number")).alias("coded"),
    )
    frame = _recognized(frame, _SAID)
    product = pl.coalesce(f"{prefix}product" for prefix in _SAID)
    frame = frame.with_columns(
        product.is_not_null().alias("is_known"), product.alias("known"), pl.col("edition").alias("edition_cell")
    )
    version = pl.col("version").str.strip_chars()
    version = pl.when(~part_numbers.plain(version).is_in(_NO_VERSION)).then(version)
    frame = frame.with_columns(
        pl.coalesce(_alike("edition"), "edition_cell").alias("edition"),
        pl.coalesce(
            part_numbers.version(version), version, _alike("version"), part_numbers.version(pl.col("item"))
        ).alias("version"),
    )
    return frame.with_columns(
        _metric().alias("metric"), pl.coalesce("known", "product", "item", "part_number").alias("product")
    )


def _alike(field: str) -> pl.Expr:
    """Take a field from the first text that says it of the product that was recognized."""
    return pl.coalesce(pl.when(pl.col(f"{p}product") == pl.col("known")).then(pl.col(f"{p}{field}")) for p in _SAID)


def _metric() -> pl.Expr:
    return pl.coalesce(
        part_numbers.metric(pl.col("metric")),
        part_numbers.item_metric(pl.col("item")),
        part_numbers.item_metric(pl.col("said")),
        _alike("metric"),
        part_numbers.abbreviated_metric(pl.col("said")),
        part_numbers.abbreviated_metric(pl.col("coded")),
        part_numbers.sole_metric(
            pl.col("known"), pl.concat_str("said", "named", "coded", separator=" ", ignore_nulls=True)
        ),
        part_numbers.versioned_metric(pl.col("known"), pl.col("version"), pl.col("edition")),
        "metric",
    )


def _with_types(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Add purchase_type, program, pool and esu_year."""
    item_kind = pl.coalesce(part_numbers.item_kind(pl.col("item")), part_numbers.item_kind(pl.col("product")))
    plain_license = _is("is_subscription", _NO) & _is("is_upgrade", _NO)
    covered = pl.when("is_covered").then(pl.lit("license_and_sa")).otherwise(pl.lit("license"))
    kind = pl.coalesce(
        pl.when(_is("is_step_up", _YES)).then(pl.lit("step_up")),
        pl.when(_is("is_subscription", _YES)).then(pl.lit("subscription")),
        pl.when(_is("is_upgrade", _YES)).then(pl.lit("upgrade")),
        part_numbers.unit_type(pl.col("unit_type")),
        item_kind,
        pl.when(plain_license).then(covered),
        pl.when(_is("no_support", ("0",))).then(pl.lit("license_and_sa")),
        pl.when(_is("no_support", ("1",)) | pl.col("is_acquired")).then(pl.lit("license")),
        "unit_type",
    )
    year = pl.coalesce("esu_year", pl.col("item").str.extract(r"(?i)\by(?:ea)?r?\s?([1-6])\b"))
    return frame.with_columns(
        kind.alias("purchase_type"),
        item_kind.alias("item_kind"),
        pl.coalesce(
            part_numbers.program(pl.col("program")), part_numbers.item_program(pl.col("item")), "program"
        ).alias("program"),
        pl.coalesce(part_numbers.pool(pl.col("pool")), "pool").alias("pool"),
        pl.when(kind == "esu").then(year).alias("esu_year"),
    )


def _contradiction() -> pl.Expr:
    """Say where the license type and the item name differ; the license type holds."""
    typed, named = part_numbers.unit_type(pl.col("unit_type")), pl.col("item_kind")
    told = "purchase_type: the license type says {}, the item name {}; the license type was taken"
    return pl.when((typed != named) & (pl.col("purchase_type") == typed)).then(pl.format(told, typed, named))


def _with_bases(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Fill `step_up_from` of step-ups: product and edition, such as `SQL Server Standard`."""
    base = pl.coalesce("step_up_from", part_numbers.item_base(pl.col("item")))
    base = pl.when(pl.col("purchase_type") == "step_up").then(base)
    frame = frame.with_columns(base.alias("base"), pl.concat_str("product", base, separator=" ").alias("full_base"))
    frame = _recognized(frame, _BASES)
    named = [
        pl.when(pl.col(f"{prefix}product").is_not_null()).then(
            pl.concat_str(f"{prefix}product", f"{prefix}edition", separator=" ", ignore_nulls=True)
        )
        for prefix in _BASES
    ]
    return frame.with_columns(pl.coalesce(*named, "step_up_from").alias("step_up_from"))


def _recognized(frame: pl.LazyFrame, prefixes: tuple[str, ...]) -> pl.LazyFrame:
    """Add the product fields of each text column `<prefix>` without its `_`.

    The different texts are collected first: a lazy join of the frame with itself for each of them would be planned
    again inside the next.
    """
    columns = [prefix.rstrip("_") for prefix in prefixes]
    texts = pl.concat([frame.select(pl.col(column).alias("text")) for column in columns])
    distinct = texts.unique().drop_nulls().sort("text").collect().lazy()
    known = products.recognize(distinct, "text", products.LICENSE).collect()
    for prefix, column in zip(prefixes, columns, strict=True):
        named = known.rename({field: prefix + field for field in products.FIELDS} | {"text": column})
        frame = frame.join(named.lazy(), on=column, how="left", maintain_order="left")
    return frame


def _is(column: str, words: tuple[str, ...]) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase().is_in(words).fill_null(value=False)
