"""One table as lines for a page: which rows, in which order, as text in columns with readable labels."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from lmanalytics.report.reasons import explained, words
from lmanalytics.report.run import Run
from lmanalytics.report.texts import told
from lmanalytics.report.written import kind_of, readable
from lmanalytics.schemas import ANSWERS, CANONICAL, DEFAULT_ENTITY, ENTITY

MOST_LINES = 20_000
"""Lines of one table that are laid; of more, the most of each product, by money."""
MOST_RANKED = 2_000_000
"""Lines of a table among which those with most money are sought; of a longer one the first are laid."""
LONGEST_CELL = 600
MONEY = ("shortage_cost", "money_at_stake", "swing", "cost", "saving", "objective", "unit_price")
"""Columns by whose amount lines are ordered, the first that a table has."""
SAME = (ENTITY, "currency", "source_file", "source_sheet")
"""Columns that are not shown where they say the same in every line."""
CODES = (
    *("metric", "option", "pool", "benefit", "area", "heuristic", "fact", "basis", "state", "purchase_type", "table"),
    *("outcome", "demand_class", "policy", "reading", "role", "program", "environment", "component"),
)
"""Columns of codes, which are shown as words, beside those with a list of values."""
HIDDEN = ("issues", "row_id", "objective", "bound", "gap", "product_group", "entity_group")
RELATED: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "position": (
        ("plan", ("product", "metric")),
        ("licenses", ("product", "metric")),
        ("true_up", ("product", "metric")),
        ("unknowns", ("product",)),
    ),
    "plan": (("alternatives", ("subject_id", "product")), ("demand", ("subject_id", "product"))),
    "alternatives": (("demand", ("subject_id", "product")),),
    "true_up": (("position", ("product", "metric")), ("licenses", ("product", "metric"))),
    "licenses": (("license_sources", ("license_id",)), ("license_terms", ("license_id",))),
    "license_sources": (("purchases", ("purchase_id",)), ("licenses", ("license_id",))),
    "step_up_opportunities": (("licenses", ("license_id",)),),
    "unknowns": (("plan", ("subject_id", "product")),),
    "savings": (("position", ("product_group",)),),
    "esu": (("esu_updates", ("subject_id", "product")),),
    "accounts": (("@table", ()),),
}
"""Where a line leads beside its subject: a table, and the columns in which its lines say the same."""
RELATED_COLUMNS = frozenset(name for pairs in RELATED.values() for _, names in pairs for name in names)


@dataclass(frozen=True)
class Lines:
    """The lines of a table.

    Args:
        table: the answer or canonical table.
        cells: the columns as text, in the order to show.
        kinds: how the values of each column are written.
        all: how many lines the run holds.
        is_by_money: whether the most of each product are shown, by money.
        empty: columns without a value in any line, which are not shown.
        same: columns with the same value in every line, likewise, with that value.

    """

    table: str
    cells: pl.DataFrame
    kinds: Mapping[str, str]
    all: int
    is_by_money: bool
    empty: tuple[str, ...]
    same: Mapping[str, str]


def lines_of(run: Run, table: str, most: int = MOST_LINES) -> Lines:
    """Read the lines of a table.

    Args:
        run: the run.
        table: an answer, or a canonical table that was given.
        most: how many lines at most.

    Returns:
        At most `most` lines, as text.

    """
    contract = ANSWERS.get(table) or CANONICAL[table]
    frame = run.answer(table) if contract.is_answer else run.accepted(table)
    schema = frame.collect_schema()
    count = frame.select(pl.len()).collect(engine="streaming").item()
    ranks = count <= MOST_RANKED
    money = next((name for name in MONEY if ranks and name in schema and schema[name].is_decimal()), "")
    product = "product" if ranks and "product" in schema else ""
    chosen = frame.head(most) if count > most else frame
    if count > most and (money or product):
        chosen = _chosen(frame, money, product, most)
    rows = chosen.collect(engine="streaming")
    if money:
        rows = rows.sort(money, descending=True, nulls_last=True, maintain_order=True)
    return _readable(run, table, rows, count, is_by_money=bool(money))


def label(column: str) -> str:
    """Return the heading of a column."""
    named: Mapping[str, str] = told("lines.columns")
    return named.get(column) or column.removesuffix("_id").replace("_", " ").capitalize()


def title(table: str) -> str:
    """Return the title of a table."""
    named: Mapping[str, str] = told("lines.tables")
    return named.get(table) or table.replace("_", " ").capitalize()


def _chosen(frame: pl.LazyFrame, money: str, product: str, most: int) -> pl.LazyFrame:
    """Keep as many lines as are laid: by turns the next of each product, by money or else as they stand."""
    keys = frame.select(name for name in (money, product) if name).with_row_index("_line").collect(engine="streaming")
    if money:
        keys = keys.sort(money, "_line", descending=[True, False], nulls_last=True)
    if product:
        keys = keys.with_columns(_turn=pl.int_range(pl.len()).over(product)).sort("_turn", maintain_order=True)
    kept = keys.head(most).select("_line").sort("_line")
    return frame.with_row_index("_line").join(kept.lazy(), on="_line", how="semi", maintain_order="left").drop("_line")


def _readable(run: Run, table: str, rows: pl.DataFrame, count: int, *, is_by_money: bool) -> Lines:
    known = ANSWERS.get(table) or CANONICAL[table]
    kept = [name for name in known.schema if name in rows.columns and name not in HIDDEN]
    if known.is_answer:
        rows = rows.with_columns(reason=explained(run.sentences).replace("", None))
    empty = [name for name in kept if rows[name].null_count() == rows.height and name not in RELATED_COLUMNS]
    same = [name for name in SAME if name in kept and name not in empty and rows[name].n_unique() == 1]
    kinds = {name: kind_of(rows.schema[name]) for name in kept if name not in {*empty, *same}}
    codes = [name for name in kinds if name in CODES or (name in known.columns and known.columns[name].values)]
    cells = rows.with_columns(words(name) for name in codes).select(
        readable(pl.col(name), kind, LONGEST_CELL).alias(name) for name, kind in kinds.items()
    )
    if "subject_id" in kinds:
        names = run.named(rows.select("subject_id"))["subject_id"]
        if (names != rows["subject_id"]).any():
            cells.insert_column(cells.get_column_index("subject_id") + 1, names.alias("name"))
    always = {name: str(rows[name][0]) for name in same if rows[name][0] != DEFAULT_ENTITY}
    return Lines(table, cells, kinds | {"name": "text"}, count, is_by_money, tuple(empty), always)
