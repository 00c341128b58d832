"""Filled-in License Mobility verification forms: a CSV and a page for each provider and agreement of a run."""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import polars as pl

from lmanalytics.errors import UsageError
from lmanalytics.evidence import manifest
from lmanalytics.report.verification_page import page
from lmanalytics.schemas import ANSWERS, ENTITY

_FORM = [ENTITY, "provider", "agreement_id", "enrollment_id"]
_PRODUCT = ["product", "edition", "version", "metric"]
_OPEN = ("missing", "rejected", "pending")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "entity_id", "customer", "agreement_id", "enrollment_id", "program", "product", "edition", "version", "metric",
    "licenses", "license_type", "licenses_held_with_sa", "sa_ends_on", "deployments", "first_deployed_on", "form_due",
    "form_status", "partner_name", "partner_website", "partner_email",
)  # fmt: skip


@dataclass(frozen=True)
class Packet:
    """What one form asks: who, with whom, what, and the days on which it is due."""

    customer: dict[str, Any]
    """entity_id, provider, agreement_id, enrollment_id, customer, program, partner_name, partner_website,
    partner_email, is_form_per_product."""
    products: list[dict[str, Any]]
    """Of each product, edition, version and license model: licenses, license_type, licenses_held_with_sa,
    sa_ends_on, deployments, first_deployed_on."""
    days: list[dict[str, Any]]
    """deployed_on, deployments, form_due, form_status, submitted_on, confirmed_on."""
    due_on: Any
    """The earliest due day of a form that still has to be submitted; else of all."""
    status: str | None

    @property
    def name(self) -> str:
        """A file name that no text of an export can lead elsewhere."""
        parts = [str(self.customer[key] or "") for key in _FORM]
        digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]
        words = re.sub(r"[^a-z0-9]+", "-", " ".join(parts[1:]).lower()).strip("-")
        return f"verification-form-{words[:60].strip('-') or 'provider'}-{digest}"


def packets(run: Path, into: Path) -> list[Path]:
    """Write the verification forms of a run, filled in as far as its answers know.

    One form is for a provider and an agreement with its enrollment. It lists what is deployed there under License
    Mobility on the day of the run; what the provider licenses, and free fail-over instances, is not on it.

    Args:
        run: a finished run folder.
        into: the folder to write to; it is made where it is absent.

    Returns:
        The files: a CSV (a line per product, edition, version and license model; text that a spreadsheet would take
        for a formula begins with an apostrophe) and a page in HTML that needs nothing else, for each form, by name.
        None where no form is required.

    Raises:
        RunError: the folder is not a finished run.

    """
    document = manifest.read(run)
    written: list[Path] = []
    found = collected(run)
    if found:
        into.mkdir(parents=True, exist_ok=True)
    for packet in found:
        table, sheet = into / f"{packet.name}.csv", into / f"{packet.name}.html"
        _write_csv(packet, table)
        text = page(
            packet.customer,
            packet.products,
            packet.days,
            packet.due_on,
            packet.status,
            as_of=str(document["as_of"]),
            run_id=str(document["run_id"]),
        )
        sheet.write_text(text, encoding="utf-8")
        written += [table, sheet]
    return sorted(written)


def collected(run: Path) -> list[Packet]:
    """Gather the forms of a run, by entity, provider, agreement and enrollment."""
    days = _answer(run, "verification").filter(
        (pl.col("form_status") != "not_required").fill_null(value=True) & (pl.col("deployments") > 0)
    )
    deployed = _answer(run, "mobility").filter(
        pl.col("is_running") & pl.col("is_eligible") & (pl.col("licenses_required") > 0)
    )
    held = _held(_answer(run, "licenses"))
    on_form = [*_FORM, "deployed_on"]
    products = (
        deployed.join(days.select(on_form), on=on_form, how="semi")
        .group_by(*_FORM, *_PRODUCT)
        .agg(
            licenses=pl.col("licenses_required").sum(),
            deployments=pl.len(),
            first_deployed_on=pl.col("deployed_on").min(),
        )
        .join(held, on=[ENTITY, "agreement_id", "enrollment_id", "product", "edition"], how="left", nulls_equal=True)
        .sort(*_FORM, *_PRODUCT, nulls_last=True)
        .collect()
    )
    listed = days.sort(*_FORM, "deployed_on", nulls_last=True).collect()
    groups = products.partition_by(_FORM, as_dict=True, maintain_order=True)
    by_form = listed.partition_by(_FORM, as_dict=True, maintain_order=True)
    return [_packet(groups[key].to_dicts(), by_form[key].to_dicts()) for key in groups if key in by_form]


@click.command("forms")
@click.argument("run", default="latest")
@click.option("--into", type=click.Path(path_type=Path), help="Folder to write to; default: reports/<run>/forms.")
@click.pass_obj
def command(workspace: Any, run: str, into: Path | None) -> None:
    """Write License Mobility verification forms, filled in: a CSV and a page for each provider and agreement."""
    folder = workspace.run(run)
    target = into or workspace.reports / folder.name / "forms"
    if target.exists() and not target.is_dir():
        message = f"{target} is no folder. Give another one with --into."
        raise UsageError(message)
    files = packets(folder, target)
    for path in files:
        click.echo(path)
    if not files:
        click.echo("No deployment of this run needs a verification form.", err=True)


def _answer(run: Path, name: str) -> pl.LazyFrame:
    path = run / f"{name}.parquet"
    return pl.scan_parquet(path) if path.is_file() else ANSWERS[name].empty()


def _held(licenses: pl.LazyFrame) -> pl.LazyFrame:
    """Add up the licenses with Software Assurance of each agreement, and say of what kind they are."""
    perpetual = pl.col("is_perpetual")
    kind = (
        pl.when(perpetual.all())
        .then(pl.lit("Licenses with Software Assurance"))
        .when((~perpetual).all())
        .then(pl.lit("Subscription licenses"))
        .otherwise(pl.lit("Licenses with Software Assurance, and subscription licenses"))
    )
    enrollment = pl.coalesce("enrollment_id", "agreement_id").alias("enrollment_id")
    return (
        licenses.filter(pl.col("sa_active") & (pl.col("quantity") > 0))
        .with_columns(enrollment)
        .group_by(ENTITY, "agreement_id", "enrollment_id", "product", "edition")
        .agg(license_type=kind, licenses_held_with_sa=pl.col("quantity").sum(), sa_ends_on=pl.col("sa_end").min())
    )


def _packet(products: list[dict[str, Any]], days: list[dict[str, Any]]) -> Packet:
    waiting = [day for day in days if day["form_status"] in _OPEN] or days
    due = min((day["form_due"] for day in waiting if day["form_due"] is not None), default=None)
    worst = next((s for s in (*_OPEN, "late", "on_time") if any(d["form_status"] == s for d in days)), None)
    return Packet(days[0], products, days, due, worst)


def _write_csv(packet: Packet, path: Path) -> None:
    common = packet.customer | {"form_due": packet.due_on, "form_status": packet.status}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_inert((common | row)[column]) for column in COLUMNS] for row in _merged(packet.products))


def _merged(products: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave to the form's own lines what products do not say."""
    return [{key: value for key, value in row.items() if key not in _FORM} for row in products]


def _inert(value: object) -> str:
    """Write a cell so that no spreadsheet takes it for a formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.lstrip(" ").startswith(_STARTS_FORMULA) else value
