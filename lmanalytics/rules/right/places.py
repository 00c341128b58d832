"""Where OSEs run: what a provider's own rules, or a kernel shared with the host, do not permit."""

import polars as pl

from lmanalytics.rules.engine import column_name, evaluate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.right import provider_windows, shared_kernel
from lmanalytics.rules.right._mobility_facts import partners
from lmanalytics.rules.topics import Tables
from lmanalytics.rules.trace import EXPLANATION, Subjects, explain, is_asked
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, ENTITY

NEEDS: dict[str, tuple[str, ...]] = {"findings": ("facts_oses",)}
_AT_PROVIDER = ("provider_shared", "provider_dedicated")
_USE, _FIT = column_name(provider_windows, "windows_use"), column_name(shared_kernel, "edition_fit")
_WINDOWS, _KERNEL = provider_windows.Reason, shared_kernel.Reason
_RENT = "Rent Windows Server from the provider, or run the OSE elsewhere; its own licenses do not serve it there."
_ACTIONS = {
    _WINDOWS.MUST_BE_RENTED: ("error", _RENT),
    _WINDOWS.NO_DESKTOP_WINDOWS: ("error", "Run it elsewhere, or replace the desktop system."),
    _WINDOWS.LICENSE_UNKNOWN: ("warning", "State in the OSEs that the provider's rate includes the license, if so."),
    _KERNEL.OTHER_EDITION: ("warning", "Correct the edition; the licenses of the host decide how many guests may run."),
}
_RULES = {r.code: "provider_windows.windows_use" for r in _WINDOWS} | {
    r.code: "shared_kernel.edition_fit" for r in _KERNEL
}


def answers(inputs: Tables, settings: Settings) -> Tables:
    """Find the running OSEs that may not be what or where they are.

    Args:
        inputs: `facts_oses`; `facts_hosts` where it is known.
        settings: date and policies.

    Returns:
        `findings`: one per entity, place (provider, or Virtuozzo) and reason.

    """
    at, on = _at_provider(inputs, settings), _on_virtuozzo(inputs, settings)
    rows = pl.concat(
        [
            at.select(ENTITY, "ose_id", place="provider", reason=_USE),
            on.select(ENTITY, "ose_id", place=pl.lit("Virtuozzo"), reason=_FIT),
        ]
    )
    told = rows.filter(pl.col("reason").is_in([reason.code for reason in _ACTIONS]))
    return {"findings": _findings(told)}


def explain_subject(inputs: Tables, settings: Settings, subject_ids: Subjects) -> pl.DataFrame:
    """Explain one OSE."""
    lines = [pl.DataFrame(schema=EXPLANATION)]
    if "facts_oses" in inputs:
        asked = is_asked("ose_id", subject_ids)
        for rows, module in (
            (_at_provider(inputs, settings), provider_windows),
            (_on_virtuozzo(inputs, settings), shared_kernel),
        ):
            facts = rows.filter(asked).select(pl.exclude("^.+__.+$")).sort(ENTITY, "ose_id")
            lines.append(explain(facts, module, settings, "ose_id"))
    return pl.concat(lines)


def _running(inputs: Tables) -> pl.LazyFrame:
    here = (pl.col("state") == "current") & ~pl.col("reason").is_in(["not_running", "template", "duplicate"])
    columns = ("ose_id", "host_id", "location", "provider", "license_source", "os_product", "os_edition")
    return inputs["facts_oses"].filter(here).select(ENTITY, *columns)


def _at_provider(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    rows = _running(inputs).filter(pl.col("location").is_in(_AT_PROVIDER) & pl.col("provider").is_not_null())
    known = partners(rows, settings).select("provider", "excludes_windows")
    return evaluate(rows.join(known, on="provider", how="left"), provider_windows, settings)


def _on_virtuozzo(inputs: Tables, settings: Settings) -> pl.LazyFrame:
    if "facts_hosts" not in inputs:
        empty = {name: pl.String() for name in (ENTITY, "ose_id", "os_product", "os_edition", "hypervisor")}
        hosts = pl.LazyFrame(schema={**empty, "host_os_edition": pl.String()})
        return evaluate(hosts, shared_kernel, settings)
    shared = inputs["facts_hosts"].filter(pl.col("hypervisor") == "virtuozzo")
    hosts = shared.select(ENTITY, "host_id", "hypervisor", "host_os_edition")
    return evaluate(_running(inputs).join(hosts, on=[ENTITY, "host_id"]), shared_kernel, settings)


def _findings(told: pl.LazyFrame) -> pl.LazyFrame:
    rows = told.group_by(ENTITY, "place", "reason").agg(_rows=pl.len(), subject_id=pl.col("ose_id").min())
    sentences = {reason.code: str(reason.value) for reason in (*_WINDOWS, *_KERNEL)}
    statement = pl.format(
        "{} with {}, such as {}: {}",
        many("_rows", "OSE"), "place", "subject_id", pl.col("reason").replace_strict(sentences, return_dtype=pl.String),
    )  # fmt: skip
    return (
        ANSWERS["findings"]
        .conform(
            rows.with_columns(
                finding_id=pl.format("places:{}/{}/{}", ENTITY, "place", "reason"),
                severity=_of({r.code: severity for r, (severity, _) in _ACTIONS.items()}),
                area=pl.lit("places"),
                statement=statement,
                action=_of({r.code: action for r, (_, action) in _ACTIONS.items()}),
                status=pl.lit("open"),
                rule=_of(_RULES),
            )
        )
        .sort(ENTITY, "finding_id")
    )


def _of(words: dict[str, str]) -> pl.Expr:
    return pl.col("reason").replace_strict(words, default=None, return_dtype=pl.String)
