"""Which subjects are explained in the pages beside the report, and the lines of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from lmanalytics.explain import explain_many
from lmanalytics.report.leads import SUBJECTS
from lmanalytics.report.lines.tables import Lines
from lmanalytics.report.run import Run

MOST_SUBJECTS = 2_000
"""Subjects that are explained in a report; the command `lmanalytics explain` knows all."""
MOST_RELATED = 40
SHOWN = ("rule", "value", "unit", "inputs", "given", "clause")
_ABOVE = (("oses", "ose_id", "host_id"), ("hosts", "host_id", "cluster_id"), ("installs", "install_id", "ose_id"))


@dataclass(frozen=True)
class Explained:
    """What is explained.

    Args:
        lines: base (the subject under which a line stands), subject, rule, value, unit, inputs, given, clause.
        names: the name of each subject that has one beside its id.
        related: subjects that belong to a subject: its hosts, OSEs, installs, or what it belongs to.
        all: how many subjects the tables name.
        is_cut: whether fewer of them were asked for.

    """

    lines: pl.DataFrame
    names: Mapping[str, str]
    related: Mapping[str, list[str]]
    all: int
    is_cut: bool = False


def explained_in(run: Run, tables: Iterable[Lines], most: int = MOST_SUBJECTS) -> Explained:
    """Explain the subjects of a report's lines: the first of each table by turns.

    Args:
        run: the run.
        tables: the lines that are laid.
        most: how many subjects at most.

    Returns:
        Their explanations.

    """
    found = [
        lines.cells.select(subject=pl.col(name)).with_row_index("turn")
        for lines in tables
        for name in SUBJECTS
        if name in lines.cells.columns
    ]
    named = pl.concat(found) if found else pl.DataFrame(schema={"turn": pl.UInt32, "subject": pl.String})
    turns = named.group_by("subject").agg(pl.col("turn").min()).sort("turn", "subject")
    chosen = turns.head(most)["subject"].to_list()
    has_facts = not run.has_estate or (run.path / "facts").is_dir()  # a run of an earlier program may lack them
    lines = explain_many(run.path, chosen) if chosen and has_facts else pl.DataFrame()
    if lines.is_empty():
        return Explained(pl.DataFrame(schema={"base": pl.String}), {}, {}, turns.height)
    whole = pl.col("subject").str.extract(r"^(.+) of [^/]+$"), pl.col("subject").str.extract(r"^(.+?), ")
    base = pl.coalesce(pl.when(one.is_in(chosen)).then(one) for one in (pl.col("subject"), *whole))
    lines = lines.with_columns(base=pl.coalesce(base, "subject")).sort("base", maintain_order=True)
    bases = lines.select(subject_id=pl.col("base").unique().sort())
    names = run.named(bases)["subject_id"]
    differing = bases.with_columns(name=names).filter(pl.col("name") != pl.col("subject_id"))
    return Explained(
        lines, dict(differing.rows()), _related(run, bases["subject_id"]), turns.height, turns.height > most
    )


def _related(run: Run, subjects: pl.Series) -> dict[str, list[str]]:
    """Name for each subject what it holds and what holds it, of those that are explained."""
    asked = pl.LazyFrame({"subject": subjects})
    pairs = []
    for grain, inner, outer in _ABOVE:
        facts = run.facts(grain)
        if facts is None or not {inner, outer} <= set(facts.collect_schema().names()):
            continue
        both = facts.select(one=inner, other=outer).drop_nulls().filter(pl.col("one") != pl.col("other"))
        known = both.join(asked, left_on="one", right_on="subject", how="semi")
        known = known.join(asked, left_on="other", right_on="subject", how="semi")
        pairs += [known, known.select(one="other", other="one")]
    if not pairs:
        return {}
    kept = pl.concat(pairs).unique().sort("one", "other").group_by("one", maintain_order=True).head(MOST_RELATED)
    listed = kept.group_by("one", maintain_order=True).agg("other").collect(engine="streaming")
    return dict(zip(listed["one"], listed["other"].to_list(), strict=True))
