"""The subjects whose plan changed, with what is known to have happened to them."""

import polars as pl

from lmanalytics.schemas import ANSWERS, ENTITY
from lmanalytics.whatif.causes import ELSEWHERE, MACHINES, WORDS, Cause
from lmanalytics.whatif.diff_sides import Side

KEY = [ENTITY, "subject_kind", "subject_id", "product"]
_TOLD = ["option", "edition", "licenses_required", "licenses_short"]
_COUNTS = ["licenses_required", "licenses_short"]


def subjects(before: Side, after: Side, changes: pl.DataFrame, pairs: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """List hosts, clusters, OSEs and other subjects that are licensed otherwise than before.

    No position is computed for that: a subject's causes are those of the rows of its hosts, OSEs and installs.

    Args:
        before: the first side, with its `plan`, `facts_hosts` and `facts_oses`; without a plan it has no subjects.
        after: the second side.
        changes: what changed, row by row (`causes_rows.CHANGES`).
        pairs: machines with other ids.

    Returns:
        KEY (ids as they are after), causes (codes separated by ";"; `elsewhere` where nothing of its own changed),
        sentence, rows (how many rows of its own changed), then before and after of option, edition,
        licenses_required and licenses_short, and the change of the two counts. Empty is unknown, or no subject then.

    """
    then, now = (_plan(one) for one in (before, after))
    both = (
        _renamed(then, pairs)
        .rename({c: f"{c}_before" for c in _TOLD})
        .with_columns(_was=pl.lit(value=True))
        .join(
            now.rename({c: f"{c}_after" for c in _TOLD}).with_columns(_is=pl.lit(value=True)),
            on=KEY,
            how="full",
            coalesce=True,
            nulls_equal=True,
        )
    )
    differing = pl.any_horizontal(pl.col(f"{c}_before").ne_missing(pl.col(f"{c}_after")) for c in _TOLD)
    own = _causes_of_subjects(before, after, changes, pairs)
    # A subject that there was not, or is no longer, requires nothing on that side; an unknown quantity stays unknown.
    none = {"before": pl.col("_was").is_null(), "after": pl.col("_is").is_null()}
    filled = {
        f"{c}_{side}": pl.when(gone).then(0).otherwise(f"{c}_{side}") for side, gone in none.items() for c in _COUNTS
    }
    return (
        both.filter(differing)
        .join(own, on=KEY[:3], how="left")
        .with_columns(pl.col("causes").fill_null(ELSEWHERE), pl.col("rows").fill_null(0))
        .with_columns(**filled)
        .with_columns((pl.col(f"{c}_after") - pl.col(f"{c}_before")).alias(f"{c}_changed") for c in _COUNTS)
        .with_columns(
            sentence=pl.col("causes")
            .str.split(";")
            .list.eval(pl.element().replace_strict(WORDS, default="", return_dtype=pl.String))
            .list.join(" ")
        )
        .select(
            *KEY, "causes", "sentence", "rows",
            *(f"{c}_{side}" for c in _TOLD for side in ("before", "after")), *(f"{c}_changed" for c in _COUNTS),
        )
        .sort(KEY, nulls_last=True)
        .collect(engine="streaming")
    )  # fmt: skip


def _plan(one: Side) -> pl.LazyFrame:
    """Give one row per subject and product; the editions of an option are put together."""
    plan = one.answers.get("plan", ANSWERS["plan"].empty())
    return plan.group_by(KEY).agg(
        pl.col("option").drop_nulls().first(),
        pl.col("edition").drop_nulls().sort().str.join(" and ").replace("", None),
        *(pl.when(pl.col(c).is_not_null().all()).then(pl.col(c).sum()).alias(c) for c in _COUNTS),
    )


def _renamed(plan: pl.LazyFrame, pairs: dict[str, pl.DataFrame]) -> pl.LazyFrame:
    for table, found in pairs.items():
        book = found.lazy().select(ENTITY, subject_kind=pl.lit(_KINDS[table]), subject_id="id_then", _now="id_now")
        joined = plan.join(book, on=KEY[:3], how="left")
        plan = joined.with_columns(subject_id=pl.coalesce("_now", "subject_id")).drop("_now")
    return plan


_KINDS = {"hosts": "host", "oses": "ose"}


def _causes_of_subjects(
    before: Side, after: Side, changes: pl.DataFrame, pairs: dict[str, pl.DataFrame]
) -> pl.LazyFrame:
    """Put the causes of rows to the subjects in which their machines are licensed, on either side."""
    of_machines = changes.lazy().filter(pl.col("table").is_in(list(MACHINES)))
    order = {cause.code: cause.step for cause in Cause}
    parts = []
    for one in (before, after):
        hosts = _subjects_of(one, "hosts", pairs if one is before else {})
        oses = _subjects_of(one, "oses", pairs if one is before else {})
        on_hosts = of_machines.filter(pl.col("table") == "hosts").join(hosts, on=[ENTITY, "host_id"])
        in_oses = of_machines.filter(pl.col("table") != "hosts").join(oses, on=[ENTITY, "ose_id"])
        parts += [frame.select(*KEY[:3], "table", "row", "cause") for frame in (on_hosts, in_oses)]
    return (
        pl.concat(parts)
        .drop_nulls("subject_id")
        .unique()
        .with_columns(_order=pl.col("cause").replace_strict(order))
        .group_by(KEY[:3])
        .agg(
            causes=pl.col("cause").sort_by("_order").unique(maintain_order=True).str.join(";"),
            rows=pl.struct("table", "row").n_unique().cast(pl.Int64),
        )
    )


def _subjects_of(one: Side, table: str, pairs: dict[str, pl.DataFrame]) -> pl.LazyFrame:
    """Say with which subjects each machine is licensed: an OSE by its host or cluster, and by itself."""
    key = MACHINES[table]
    schema = dict.fromkeys([ENTITY, key, "subject_kind", "subject_id"], pl.String())
    if f"facts_{table}" not in one.answers:
        return pl.LazyFrame(schema=schema)
    facts = one.answers[f"facts_{table}"]
    if table == "oses":
        facts = facts.filter(pl.col("state") == "current")
    known = facts.select(list(schema))
    alone = known.select(ENTITY, key, subject_kind=pl.lit(_KINDS[table]), subject_id=key)
    every = pl.concat([known, alone]).drop_nulls("subject_id").unique()
    if table not in pairs:
        return _renamed(every, pairs)
    book = pairs[table].lazy().select(ENTITY, pl.col("id_then").alias(key), _own="id_now")
    renamed = every.join(book, on=[ENTITY, key], how="left").with_columns(pl.coalesce("_own", key).alias(key))
    return _renamed(renamed.drop("_own"), pairs)
