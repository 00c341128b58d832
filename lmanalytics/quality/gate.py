"""The gate: every row that was read is accepted, or kept back with its reasons. None is lost, none counted twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lmanalytics.errors import GateError, QualityError
from lmanalytics.quality import reports
from lmanalytics.quality.checks import ISSUES
from lmanalytics.quality.engine import validate
from lmanalytics.quality.scans import STREAMING
from lmanalytics.quality.split import (
    ROW,
    SOURCE,
    VERDICTS,
    RowCheck,
    Verdicts,
    errors,
    judge,
    key_check,
    reasons,
    row_checks,
    warnings,
)
from lmanalytics.quality.suites import suite_of
from lmanalytics.rules.parameters import Settings, load_file
from lmanalytics.schemas import CANONICAL, PROVENANCE

Raw = Callable[[str, str | None], pl.LazyFrame]
COUNTS = pl.Schema(
    {"table": pl.String()} | dict.fromkeys(("read", "accepted", "warned", "quarantined", "duplicates"), pl.Int64())
)
POLICY = "max_quarantined_share"
ROW_GROUP = 131_072
NAMED = 5


@dataclass(frozen=True)
class Gated:
    """What the gate did.

    `accepted`: the file of each table's accepted rows. `counts`: per table the rows read, accepted, warned (accepted
    with a warning), quarantined and duplicates. `checks`: as `reports.CHECKS`.
    """

    accepted: dict[str, Path]
    counts: pl.DataFrame
    checks: pl.DataFrame

    def check_share(self, settings: Settings) -> None:
        """Refuse to go on when too much was quarantined.

        The share is that of all tables together, so that two bad rows of a table of ten stop nothing.

        Raises:
            GateError: more than the policy `max_quarantined_share` allows.

        """
        allowed = int(load_file(Path(__file__).with_suffix(".yaml")).policies[POLICY].chosen(settings))
        read, quarantined = (int(self.counts[name].sum()) for name in ("read", "quarantined"))
        if quarantined * 100 <= allowed * read:
            return
        worst = self.counts.filter(pl.col("quarantined") > 0).sort("quarantined", "table", descending=[True, False])
        tables = "; ".join(f"{r['table']} {r['quarantined']:,} of {r['read']:,}" for r in worst.to_dicts())
        failed = self.checks.filter((pl.col("severity") == "error") & (pl.col("unexpected_count") > 0))
        most = failed.sort("unexpected_count", "table", "check", descending=[True, False, False]).head(NAMED).to_dicts()
        why = " ".join(f"{r['table']}: {r['sentence']} ({r['unexpected_count']:,} rows)" for r in most)
        message = (
            f"{quarantined:,} of {read:,} rows were quarantined, more than the {allowed} percent that the policy"
            f" {POLICY} allows: {tables}. A position without them would be wrong. {why} Correct the exports; the"
            f" quarantine folder names each row and its reasons. Or set the policy in estate.yaml."
        )
        raise GateError(message)


def gate(
    tables: Mapping[str, Path],
    accepted: Path,
    quarantine: Path,
    quality: Path,
    raw: Raw | None = None,
    *,
    as_of: date | None = None,
) -> Gated:
    """Validate each table and split its rows.

    Args:
        tables: one Parquet file per canonical table that was given, with exactly its schema.
        accepted: gets `<table>.parquet`, the accepted rows, same schema, ordered by `row_id`.
        quarantine: gets `<table>.parquet`, the other rows: their columns and `raw` (a JSON object of the cells as
            they were read), `reasons` (sentences) and `outcome` (quarantined or duplicate).
        quality: gets `<table>.json`, the results of Great Expectations.
        raw: the text cells of a file and sheet, with `source_row`; asked for the sheets of rejected rows alone.
        as_of: the position date, for checks that look at days.

    Raises:
        QualityError: a check could not be evaluated, or two ways to count the same rows disagree.

    """
    for folder in (accepted, quarantine, quality):
        folder.mkdir(parents=True, exist_ok=True)
    documents, counts = {}, []
    for table, path in sorted(tables.items()):
        name = f"{table}.parquet"
        work = _Table(table, path, accepted / name, quarantine / name, as_of)
        documents[table] = work.validate()
        counts.append({"table": table} | work.split(reports.failures(documents[table])))
        _add_raw(quarantine / name, raw)
        reports.write(documents[table], quality / f"{table}.json")
    files = {table: accepted / f"{table}.parquet" for table in sorted(tables)}
    return Gated(files, pl.DataFrame(counts, schema=COUNTS), reports.table_of(documents))


class _Table:
    """One table on its way through the gate."""

    def __init__(self, name: str, path: Path, accepted: Path, rejected: Path, as_of: date | None) -> None:
        self.name, self.accepted, self.rejected = name, accepted, rejected
        self.suite = suite_of(name, as_of)
        told = pl.col("issues").list.join("; ")
        self.frame = _ordered(pl.scan_parquet(path), name).with_columns(
            pl.when(told.str.len_bytes() > 0).then(told).alias(ISSUES)
        )
        self.schema = self.frame.collect_schema()

    def validate(self) -> reports.Report:
        return reports.report(validate(self.frame, self.suite), self.suite)

    def split(self, failures: Mapping[str, int]) -> dict[str, int]:
        """Write accepted and rejected rows; return how many there are of each kind."""
        checks = row_checks(self.suite, self.schema)
        unique, key = key_check(self.suite, self.schema)
        content = [name for name in CANONICAL[self.name].schema if name not in PROVENANCE]
        nothing = Verdicts(0, pl.DataFrame(schema=VERDICTS))
        verdicts = judge(self.frame, key, errors(checks), content) if failures[unique] else nothing
        kept_back = pl.col(ROW).is_in(verdicts.kept_back[ROW].implode())
        rejected = errors(checks) | kept_back
        counts = self._sink(checks, rejected, verdicts)
        ours = {c.name: counts.pop(c.name) for c in checks} | {unique: verdicts.members}
        for check, number in ours.items():
            if number != failures[check]:
                message = (
                    f"{self.name}: {check} fails for {number} rows by the gate and {failures[check]} by Great"
                    f" Expectations. This is a fault of the program, not of your export."
                )
                raise QualityError(message)
        return counts

    def _sink(self, checks: list[RowCheck], rejected: pl.Expr, verdicts: Verdicts) -> dict[str, int]:
        columns = list(CANONICAL[self.name].schema)
        said = pl.concat_list([reasons(checks), pl.col("verdict")]).list.drop_nulls()
        kept = self.frame.filter(~rejected).select(columns)
        others = (
            self.frame.filter(rejected)
            .join(verdicts.kept_back.lazy(), on=ROW, how="left", maintain_order="left")
            .select(
                *columns,
                raw=pl.lit(None, pl.String),
                reasons=said,
                outcome=pl.col("outcome").fill_null("quarantined"),
            )
        )
        numbers = self.frame.select(
            pl.len().alias("read"),
            (warnings(checks) & ~rejected).sum().alias("warned"),
            *(c.condition.fails.sum().alias(c.name) for c in checks),
        )
        # One after the other: collected together they would share a cache that holds the table.
        kept.sink_parquet(self.accepted, row_group_size=ROW_GROUP)
        others.sink_parquet(self.rejected, row_group_size=ROW_GROUP)
        counts: dict[str, int] = numbers.collect(engine=STREAMING).row(0, named=True)
        outcomes = pl.scan_parquet(self.rejected).select("outcome").collect()["outcome"]
        rejections, copies = len(outcomes), int((outcomes == "duplicate").sum())
        accepted = pl.scan_parquet(self.accepted).select(pl.len()).collect().item()
        if accepted + rejections != counts["read"]:
            message = f"{self.name}: {counts['read']} rows were read, {accepted} accepted and {rejections} rejected."
            raise QualityError(message)
        return counts | {"accepted": accepted, "quarantined": rejections - copies, "duplicates": copies}


def _ordered(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """Return the rows in source order; readers write them so, which costs nothing to confirm."""
    ids = frame.select(ROW).collect()[ROW]
    if not ids.is_sorted():
        frame, ids = frame.sort(ROW), ids.sort()
    if ids.null_count() or (ids.diff() == 0).any():
        message = f"{table}: row_id must be there and unique, or rows would be lost or counted twice."
        raise QualityError(message)
    return frame


def _add_raw(path: Path, raw: Raw | None) -> None:
    """Add the cells as they were read to rejected rows, one sheet after another."""
    rows = pl.scan_parquet(path)
    sheets = (
        rows.filter(pl.col(SOURCE[0]).is_not_null())
        .select(SOURCE[:2])
        .unique()
        .sort(SOURCE[:2], nulls_last=True)
        .collect()
        .rows()
    )
    if raw is None or not sheets:
        return
    read = []
    for file, sheet in sheets:
        cells = raw(file, sheet)
        text = pl.struct(pl.exclude("source_row")).struct.json_encode()
        here = pl.lit(file, pl.String).alias(SOURCE[0]), pl.lit(sheet, pl.String).alias(SOURCE[1])
        wanted = rows.filter(pl.col(SOURCE[0]).eq_missing(file), pl.col(SOURCE[1]).eq_missing(sheet)).select(SOURCE[2])
        read.append(
            cells.select(pl.col("source_row").cast(pl.Int64), *here, text.alias("raw")).join(
                wanted.unique(), on=SOURCE[2], how="semi"
            )
        )
    columns = list(rows.collect_schema())
    whole = rows.drop("raw").join(pl.concat(read), on=SOURCE, how="left", nulls_equal=True, maintain_order="left")
    beside = path.with_suffix(".raw")
    whole.select(columns).sink_parquet(beside, row_group_size=ROW_GROUP)
    beside.replace(path)
