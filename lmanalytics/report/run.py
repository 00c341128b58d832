"""A finished run, opened for reading: answers as lazy frames, and what the run says about itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lmanalytics.errors import RunError, did_you_mean
from lmanalytics.evidence import manifest
from lmanalytics.report.answer import answer
from lmanalytics.report.checks import checks
from lmanalytics.report.written import UNKNOWN
from lmanalytics.rules import register
from lmanalytics.schemas import ANSWERS, CANONICAL, DEFAULT_ENTITY
from lmanalytics.workspace import Workspace

if TYPE_CHECKING:
    from lmanalytics.report.since import Change

NO_SUPPLY = "No purchases and no license statement were given: what is owned is not computable."
NO_ESTATE = "No hosts and no OSEs were given: what is required is not computable."
MOST_NAMES = 3


@dataclass(frozen=True)
class Run:
    """One run folder. `run.position`, `run.demand` and every other answer are lazy frames."""

    path: Path
    manifest: Mapping[str, Any]

    def __getattr__(self, name: str) -> pl.LazyFrame:
        if name in ANSWERS:
            return self.answer(name)
        hint = did_you_mean(name, ANSWERS)
        message = f"A run has no {name!r}.{hint}"
        raise AttributeError(message)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ANSWERS})

    def answer(self, name: str) -> pl.LazyFrame:
        """Scan an answer; one that the run does not hold has no rows and the columns of its schema."""
        path = self.path / f"{name}.parquet"
        return answer(pl.scan_parquet(path) if path.exists() else ANSWERS[name].empty())

    def accepted(self, table: str) -> pl.LazyFrame:
        """Scan the rows of a canonical table that passed the gate; none where it was not given."""
        path = self.path / "accepted" / f"{table}.parquet"
        return answer(pl.scan_parquet(path) if path.exists() else CANONICAL[table].empty())

    def facts(self, grain: str) -> pl.LazyFrame | None:
        """Scan the facts of one grain (`hosts`, `oses`, …), or return None where the run holds none."""
        path = self.path / "facts" / f"{grain}.parquet"
        return answer(pl.scan_parquet(path)) if path.exists() else None

    def quarantined(self, table: str) -> pl.LazyFrame:
        """Scan the rejected rows of a table, with their `reasons`."""
        path = self.path / "quarantine" / f"{table}.parquet"
        empty = CANONICAL[table].empty().with_columns(reasons=pl.lit(None, pl.List(pl.String)))
        return answer(pl.scan_parquet(path) if path.exists() else empty)

    def is_given(self, *tables: str) -> bool:
        """Tell whether every one of these canonical tables was in the exports."""
        return all(table in self.tables for table in tables)

    @property
    def missing(self) -> str:
        """Say which half of the position was not given; nothing when both were."""
        sentences = [] if self.is_given("purchases") else [NO_SUPPLY]
        return " ".join(sentences if self.has_estate else [*sentences, NO_ESTATE])

    @property
    def has_estate(self) -> bool:
        """Whether hosts or OSEs were in the exports."""
        return self.is_given("hosts") or self.is_given("oses")

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The canonical tables that were given, in the order of the contract."""
        folders = ("accepted", "quarantine")
        return tuple(t for t in CANONICAL if any((self.path / f / f"{t}.parquet").exists() for f in folders))

    @cached_property
    def quality(self) -> pl.DataFrame:
        """One row per check and table: rows checked, rows failed, and passed, failed, warned or broken."""
        return checks(self.path / "quality")

    @cached_property
    def rows(self) -> pl.DataFrame:
        """Rows of each canonical table that was given: table, accepted, quarantined, read."""
        counts = [(t, _height(self.accepted(t)), _height(self.quarantined(t))) for t in self.tables]
        schema = {"table": pl.String, "accepted": pl.Int64, "quarantined": pl.Int64}
        return pl.DataFrame(counts, schema=schema, orient="row").with_columns(
            read=pl.col("accepted") + pl.col("quarantined")
        )

    def named(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Put the names of hosts and OSEs in the place of their ids in `subject_id`; a shared name keeps its id."""
        wanted = rows.lazy().select("subject_id").unique()
        parts = [
            self.accepted(table).select("observed_on", "row_id", subject_id=key, name=name)
            for table, key, name in (("hosts", "host_id", "host_name"), ("oses", "ose_id", "name"))
        ]
        known = (
            pl.concat(parts)
            .join(wanted, on="subject_id", how="semi")
            .drop_nulls("name")
            .group_by("subject_id")
            .agg(pl.col("name").sort_by("observed_on", "row_id").last())
            .with_columns(is_shared=pl.len().over("name") > 1)
        )
        shared = pl.when("is_shared").then(pl.format("{} ({})", "name", "subject_id")).otherwise("name")
        named = rows.lazy().join(known, on="subject_id", how="left", maintain_order="left")
        return named.with_columns(subject_id=pl.coalesce(shared, "subject_id")).select(rows.columns).collect()

    @property
    def run_id(self) -> str:
        """The digest that names the run."""
        return str(self.manifest.get("run_id") or self.path.name)

    @property
    def as_of(self) -> str:
        """The position date, ISO."""
        return str(self.manifest.get("as_of") or UNKNOWN)

    @cached_property
    def customer(self) -> str:
        """Who the position is for: as the agreements name it, or else the entities of the exports."""
        named = self.accepted("agreements").select(pl.col("customer").drop_nulls().unique().sort()).collect()
        names = named["customer"].to_list() or [e for e in self.manifest.get("entities", ()) if e != DEFAULT_ENTITY]
        if len(names) > MOST_NAMES:
            names = [*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"]
        return ", ".join(str(name) for name in names) or "the organization"

    @cached_property
    def sentences(self) -> dict[str, str]:
        """The sentence of each reason, by `module.code` and by `code` alone."""
        by_module = self.manifest.get("reasons") or register.reasons()
        alone = {code: text for texts in by_module.values() for code, text in texts.items()}
        return alone | {f"{module}.{code}": t for module, texts in by_module.items() for code, t in texts.items()}

    @cached_property
    def not_computable(self) -> pl.DataFrame:
        """What the run could not compute and why: what, why."""
        pairs = [_what_and_why(item) for item in self.manifest.get("not_computable", [])]
        return pl.DataFrame(pairs, schema={"what": pl.String, "why": pl.String}, orient="row")

    def explain(self, subject: str) -> pl.DataFrame:
        """Recompute one subject: each rule's value, its inputs, its parameters and its clause."""
        from lmanalytics.explain import explain  # noqa: PLC0415 (only an explanation needs the rules)
        from lmanalytics.report.shown import Explanation  # noqa: PLC0415 (as above)

        return Explanation(explain(self.path, subject))

    def unlicensed(self) -> pl.LazyFrame:
        """Return the lines of the plan that lack licenses: which host, OSE or other subject, of what, how many."""
        return self.plan.filter(pl.col("licenses_short") > 0).sort(
            "licenses_short", descending=True, maintain_order=True
        )

    def diff(self, other: "str | Path | Run") -> "Change":
        """Say what changed from another run to this one, split by cause; it is computed once and kept.

        Args:
            other: the earlier run, or its folder, its id or the start of its id.

        Raises:
            RunError: there is no such run.
            UsageError: the runs are of different companies.

        """
        from lmanalytics.report.since import opened  # noqa: PLC0415 (only a comparison needs the rules)

        before = other.path if isinstance(other, Run) else Workspace(self.path.resolve().parents[2]).run(other)
        change = opened(self.path, str(before))
        assert change is not None  # noqa: S101 (a run was given)
        return change

    def _repr_html_(self) -> str:
        from lmanalytics.report.shown import run_html  # noqa: PLC0415 (only JupyterLab asks)

        return run_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002, FBT001 (IPython's signature)
        from lmanalytics.report.shown import run_text  # noqa: PLC0415 (as above)

        printer.text(run_text(self))


def open_run(run_dir: str | Path, as_of: str | None = None) -> Run:
    """Open a run folder, also `latest` or an id of the workspace around the working folder.

    Raises:
        RunError: there is no such run, its manifest cannot be read, or it answers for another day.

    """
    path = _find(Path(run_dir))
    run = Run(path, manifest.read(path))
    if as_of and run.as_of != str(as_of):
        message = f"The run {run.run_id} answers for {run.as_of}, not for {as_of}. Set as_of, or open another run."
        raise RunError(message)
    return run


def _find(path: Path) -> Path:
    if (path / "manifest.json").is_file():
        return path
    around = (Path.cwd(), *Path.cwd().parents)
    named = (here / path.parent for here in around if path.parent.name == "runs")
    runs = [*named, *(here / "data" / "runs" for here in around)]
    found = next((folder for folder in runs if folder.is_dir()), Path.cwd() / "data" / "runs")
    return Workspace(found.parents[1]).run(path.name)


def _what_and_why(item: object) -> tuple[str, str]:
    if isinstance(item, Mapping):
        values = [str(v) for v in item.values()]
        return str(item.get("what", values[0])), str(item.get("why", values[-1]))
    what, _, why = str(item).partition(": ")
    return what, why or UNKNOWN


def _height(frame: pl.LazyFrame) -> int:
    height: int = frame.select(pl.len()).collect().item()
    return height
