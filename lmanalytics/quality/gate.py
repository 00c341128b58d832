"""The gate: every row that was read is accepted, or kept back with its reasons. None is lost, none counted twice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lmanalytics.errors import GateError, QualityError
from lmanalytics.quality import reports
from lmanalytics.quality.engine import validate
from lmanalytics.quality.raw_cells import Raw, add_raw
from lmanalytics.quality.scans import ROW_GROUP, STREAMING, Scans
from lmanalytics.quality.split import (
    ROW,
    VERDICTS,
    Verdicts,
    errors,
    issues_told,
    judge,
    key_check,
    reasons,
    row_checks,
    warnings,
)
from lmanalytics.quality.suites import suite_of
from lmanalytics.rules.parameters import Settings, load_file
from lmanalytics.schemas import CANONICAL, PROVENANCE

COUNTS = pl.Schema(
    {"table": pl.String()} | dict.fromkeys(("read", "accepted", "warned", "quarantined", "duplicates"), pl.Int64())
)
POLICY = "max_quarantined_share"
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
        tables: a Parquet file, or a folder of them in the order of their rows, per canonical table that was given, with
            exactly its schema.
        accepted: gets `<table>.parquet`, the accepted rows, same schema, ordered by `row_id`.
        quarantine: gets `<table>.parquet`, the other rows: their columns and `raw` (a JSON object of the cells as
            they were read), `reasons` (sentences) and `outcome` (quarantined or duplicate).
        quality: gets `<table>.json`, the results of Great Expectations.
        raw: as `readers.raw` of the exports; asked for rejected rows alone.
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
        add_raw(quarantine / name, raw)
        reports.write(documents[table], quality / f"{table}.json")
    files = {table: accepted / f"{table}.parquet" for table in sorted(tables)}
    return Gated(files, pl.DataFrame(counts, schema=COUNTS), reports.table_of(documents))


class _Table:
    """One table on its way through the gate."""

    def __init__(self, name: str, path: Path, accepted: Path, rejected: Path, as_of: date | None) -> None:
        self.name, self.accepted, self.rejected = name, accepted, rejected
        self.suite = suite_of(name, as_of)
        self.frame = _ordered(pl.scan_parquet(path), name).with_columns(issues_told())
        schema = self.frame.collect_schema()
        self.checks = row_checks(self.suite, schema)
        self.unique, self.key = key_check(self.suite, schema)
        self.faulty, self.doubtful = errors(self.checks), warnings(self.checks)
        self.numbers = {c.name: c.condition.fails.sum() for c in self.checks} | {
            "read": pl.len(),
            "faulty": self.faulty.sum(),
            "warned": (self.doubtful & ~self.faulty).sum(),
        }
        self.scans = Scans(self.frame, self.numbers.values())

    def validate(self) -> reports.Report:
        return reports.report(validate(self.scans, self.suite), self.suite)

    def split(self, failures: Mapping[str, int]) -> dict[str, int]:
        """Write accepted and rejected rows; return how many there are of each kind.

        The whole table is read once, for the rows to accept; the rejected are few.
        """
        found = {name: self.scans.number(number) for name, number in self.numbers.items()}
        verdicts = self._verdicts(failures[self.unique])
        self._agree({c.name: found[c.name] for c in self.checks} | {self.unique: verdicts.members}, failures)
        rejected = verdicts.kept_back[ROW]
        if found["faulty"]:
            faulty = self.frame.filter(self.faulty).select(ROW).collect(engine=STREAMING)[ROW]
            rejected = pl.concat([rejected, faulty]).sort()
        self._write(rejected, verdicts.kept_back)
        self._agree(self._errors_kept_back(), failures)
        copies = int((verdicts.kept_back["outcome"] == "duplicate").sum())
        counts = {
            "read": found["read"],
            "accepted": _height(self.accepted),
            "warned": found["warned"] - int(verdicts.kept_back["is_warned"].sum()),
            "quarantined": _height(self.rejected) - copies,
            "duplicates": copies,
        }
        if counts["accepted"] + counts["quarantined"] + copies != counts["read"]:
            message = f"{self.name}: of {found['read']} rows some were lost or counted twice: {counts}."
            raise QualityError(message)
        return counts

    def _verdicts(self, sharing: int) -> Verdicts:
        if not sharing:
            return Verdicts(0, pl.DataFrame(schema=VERDICTS))
        content = [name for name in CANONICAL[self.name].schema if name not in PROVENANCE]
        return judge(self.frame, self.key, self.scans.candidates(self.key), self.faulty, self.doubtful, content)

    def _write(self, rejected: pl.Series, kept_back: pl.DataFrame) -> None:
        columns = list(CANONICAL[self.name].schema)
        is_rejected = pl.col(ROW).is_in(rejected.implode())
        kept = self.frame.filter(~is_rejected) if len(rejected) else self.frame
        kept.select(columns).sink_parquet(self.accepted, row_group_size=ROW_GROUP)
        said = pl.concat_list([reasons(self.checks), pl.col("verdict")]).list.drop_nulls()
        others = self.frame.filter(is_rejected) if len(rejected) else self.frame.clear()
        others.join(kept_back.lazy(), on=ROW, how="left", maintain_order="left").select(
            *columns,
            raw=pl.lit(None, pl.String),
            reasons=said,
            outcome=pl.col("outcome").fill_null("quarantined"),
        ).sink_parquet(self.rejected, row_group_size=ROW_GROUP)

    def _errors_kept_back(self) -> dict[str, int]:
        """Count anew, in what was written, the rows that fail each check of severity error."""
        wrong = [c.condition.fails.sum().alias(c.name) for c in self.checks if c.is_error]
        written = pl.scan_parquet(self.rejected).with_columns(issues_told())
        counts: dict[str, int] = written.select(wrong).collect(engine=STREAMING).row(0, named=True)
        return counts

    def _agree(self, ours: Mapping[str, int], failures: Mapping[str, int]) -> None:
        """Refuse to go on when a check fails for other rows by the gate than by Great Expectations."""
        for check, number in ours.items():
            if number != failures[check]:
                message = (
                    f"{self.name}: {check} fails for {number} rows by the gate and {failures[check]} by Great"
                    f" Expectations. This is a fault of the program, not of your export."
                )
                raise QualityError(message)


def _height(path: Path) -> int:
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())


def _ordered(frame: pl.LazyFrame, table: str) -> pl.LazyFrame:
    """Return the rows in source order; readers write them so, which takes a reading of one column to confirm."""
    if _ascends(frame):
        return frame
    frame = frame.sort(ROW)
    if not _ascends(frame):
        message = f"{table}: row_id must be there and unique, or rows would be lost or counted twice."
        raise QualityError(message)
    return frame


def _ascends(frame: pl.LazyFrame) -> bool:
    """Say whether each row has a `row_id`, greater than the one before and than -1."""
    row = pl.col(ROW)
    follows = (row > row.shift(1, fill_value=-1)).fill_null(value=False)
    return bool(frame.select(follows.all()).collect(engine=STREAMING).item())  # one sum: two would hold the column
