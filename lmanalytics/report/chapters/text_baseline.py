"""What the chapters from scope to virtualization say of a run, as markdown.

What comes from exports is escaped. A number that is unknown is said to be unknown.
"""

from datetime import date

import polars as pl

from lmanalytics.report.chapters.deployment_tables import latest
from lmanalytics.report.chapters.entitlement_tables import expiring, held_licenses
from lmanalytics.report.chapters.quality_tables import added_up
from lmanalytics.report.chapters.virtualization_tables import WINDOWS, placed
from lmanalytics.report.display import Markdown, amount, day, escape, figure
from lmanalytics.report.run import NO_ESTATE, NO_SUPPLY, Run
from lmanalytics.report.sentences import bullets, count, metric, paragraphs, saved, sum_of, word
from lmanalytics.report.texts import say, told


def scope(run: Run) -> Markdown:
    """Say which entities and products are covered, what was read and of which days, and what is not measured."""
    products = pl.concat([run.position.select("product"), run.licenses.select("product"), run.plan.select("product")])
    entities = pl.concat([run.position.select("entity_id"), run.plan.select("entity_id")]).unique()
    files, oldest, newest = (
        run.sources.select(
            pl.col("file").n_unique(), oldest=pl.col("snapshot_on").min(), newest=pl.col("snapshot_on").max()
        )
        .collect()
        .row(0)
    )
    aside = run.accounts.filter(pl.col("table") == "installs", pl.col("rule") == "software")
    rows = aside.select(pl.col("rows").sum()).collect().item()
    read = {"files": count(files, "file", "sources"), "oldest": day(oldest), "newest": day(newest)}
    return paragraphs(bullets([
        say(
            "text_baseline.scope.entities",
            entities=count(entities.select(pl.len()).collect().item(), "entity"),
            products=count(products.select(pl.col("product").n_unique()).collect().item(), "product"),
        ),
        say(f"text_baseline.scope.{'read_undated' if oldest is None else 'read'}", **read),
        say("text_baseline.scope.set_aside", rows=count(rows, "row", "accounts", rule="software")) if rows else "",
        told("text_baseline.scope.no_meter"),
    ]))  # fmt: skip


def quality(run: Run) -> Markdown:
    """Say how many rows were read, what became of them, how the checks went and how old the snapshots are."""
    names = ("rows_read", "rows_mapped", "rows_ignored", "rows_quarantined")
    files, sheets, oldest, *rows = (
        run.sources.select(
            pl.col("file").n_unique(), pl.len().alias("sheets"), pl.col("snapshot_on").min(), pl.col(names).sum()
        )
        .collect()
        .row(0)
    )
    if not sheets:
        return paragraphs(told("text_baseline.quality.no_file"))
    read, mapped, ignored, rejected = rows
    points = [
        say(
            "text_baseline.quality.files", files=count(files, "file", "sources"), tables=count(sheets, "table"),
            rows=count(read, "row"), ignored=amount(ignored), used=amount(mapped), rejected=amount(rejected),
        ),
        _checks(run),
        added_up(run),
    ]  # fmt: skip
    if oldest is not None:
        age = (date.fromisoformat(run.as_of) - oldest).days
        points.append(say("text_baseline.quality.oldest", day=day(oldest), days=count(age, "day")))
    return paragraphs(bullets(points))


def entitlement(run: Run) -> Markdown:
    """Say what is owned, how much of it with Software Assurance, and how the step-ups went."""
    if not run.is_given("purchases"):
        return paragraphs(NO_SUPPLY)
    by_metric = (
        held_licenses(run)
        .group_by("metric")
        .agg(owned=pl.col("quantity").sum(), with_sa=pl.col("quantity").filter("sa_active").sum(), lots=pl.len())
        .sort("metric")
        .collect()
    )
    points = [
        say(
            "text_baseline.entitlement.owned", owned=figure(row["owned"], "licenses", metric=row["metric"]),
            metric=metric(row["metric"]), lots=count(row["lots"], "lot"),
            with_sa=figure(row["with_sa"], "licenses", metric=row["metric"], sa_active="yes"),
        )
        for row in by_metric.to_dicts()
    ]  # fmt: skip
    soon = expiring(run).filter(pl.col("months") == 0).select(pl.col("licenses").sum()).collect().item()
    if soon:
        points.append(say("text_baseline.entitlement.expiring", licenses=count(soon, "license")))
    step_ups = run.step_ups.select(pl.len(), pl.col("quantity", "quantity_valid", "quantity_unresolved").sum())
    lines, bought, valid, unresolved = step_ups.collect().row(0)
    if lines:
        points.append(say(
            "text_baseline.entitlement.step_ups", bought=amount(bought), purchases=count(lines, "purchase", "step_ups"),
            valid=amount(valid), unresolved=figure(unresolved, "step_ups", quantity_unresolved=">0"),
        ))  # fmt: skip
    return paragraphs(bullets(points or [told("text_baseline.entitlement.none")]))


def deployment(run: Run) -> Markdown:
    """Say how many hosts, cores and OSEs were found, and what was left out of the demand."""
    points = []
    for table, name in (("hosts", "host"), ("oses", "ose")):
        number, last = latest(run, table).select(pl.len(), pl.col("observed_on").max()).collect().row(0)
        if number:
            found = count(number, name, table)
            points.append(say("text_baseline.deployment.observed", number=found, day=day(last)))
        else:
            points.append(told(f"text_baseline.deployment.{name}_{'none' if run.is_given(table) else 'not_given'}"))
    grounds = run.exclusions.group_by("reason").agg(rows=pl.len()).sort("rows", "reason", descending=[True, False])
    for code, rows in grounds.collect().rows():
        sentence = escape(run.sentences.get(str(code), str(code).replace("_", " ")))
        subjects = count(rows, "subject", "exclusions", reason=code)
        points.append(say("text_baseline.deployment.left_out", subjects=subjects, sentence=sentence))
    return paragraphs("" if run.has_estate else NO_ESTATE, bullets(points))


def position(run: Run) -> Markdown:
    """Say what still has to be bought and how good the assignment of licenses is proven to be."""
    together = ["entity_group", "product_group"]
    groups = (
        run.position.drop_nulls("objective")
        .group_by(together)
        .agg(pl.col("objective", "bound").first(), pl.col("currency").drop_nulls().min())
    )
    paid = groups.filter((pl.col("objective") > 0) | (pl.col("objective").max() == 0))
    currency = pl.when(pl.col("objective") > 0).then("currency")
    sums = paid.group_by(currency).agg(pl.col("objective", "bound").sum())
    points = [
        say(
            "text_baseline.position.cost", cost=figure(row["objective"], "position", row["currency"] or ""),
            bound=amount(row["bound"]),
        )
        for row in sums.sort("currency", nulls_last=True).collect().to_dicts()
    ]  # fmt: skip
    options = run.plan.select(chosen=pl.col("option").is_not_null().sum(), without=pl.col("option").is_null().sum())
    chosen, without = options.collect().row(0)
    if chosen or without:
        subjects, none = count(chosen, "subject", "plan"), figure(without, "plan", option=None)
        points.append(say("text_baseline.position.options", subjects=subjects, without=none))
    elif run.has_estate:
        points.append(told("text_baseline.position.nothing"))
    return paragraphs(run.missing, bullets(points))


def virtualization(run: Run) -> Markdown:
    """Say by which options hosts, clusters and machines are licensed, how many OSEs they carry, and what that costs."""
    places = placed(run).collect(engine="streaming")
    if places.is_empty():
        return paragraphs(
            "" if run.has_estate else NO_ESTATE, told("text_baseline.virtualization.none") if run.has_estate else ""
        )
    layers = places.group_by("option").agg(n=pl.len()).sort("n", "option", descending=[True, False])
    said = (
        say("text_baseline.virtualization.layer", number=amount(n), option=word(option)) for option, n in layers.rows()
    )
    points = [
        say("text_baseline.virtualization.places", places=count(places.height, "place", "plan"), layers=", ".join(said))
    ]
    windows = places.filter((pl.col("product") == WINDOWS) & pl.col("now").is_not_null())
    if windows.height:
        peak, now = windows.select(pl.col("peak", "now").sum()).row(0)
        points.append(say("text_baseline.virtualization.peak", peak=count(peak, "ose"), now=amount(now)))
    priced = places.filter(pl.col("cost").is_not_null()).lazy()
    if places["cost"].is_not_null().any():
        other = priced.with_columns(cost=pl.coalesce("cost_of_next_best", "cost"))
        points.append(say("text_baseline.virtualization.cost", cost=sum_of(priced, "cost"), next=sum_of(other, "cost")))
    return paragraphs(bullets([*points, saved(run)]))


def _checks(run: Run) -> str:
    counts = run.quality["outcome"].value_counts()
    outcomes = dict(zip(counts["outcome"], counts["count"], strict=True))
    if not outcomes:
        return str(told("text_baseline.quality.no_checks"))
    names = ("passed", "warned", "failed", "broken")
    states = ", ".join(f"{amount(outcomes.get(name, 0))} {told(f'text_baseline.quality.{name}')}" for name in names)
    tables = count(run.quality["table"].n_unique(), "table")
    return say("text_baseline.quality.checks", checks=count(run.quality.height, "check"), tables=tables, states=states)
