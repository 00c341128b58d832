"""The machines of each copy with the facts that they lack at their least or their most."""

from dataclasses import dataclass

import polars as pl

from lmanalytics.evidence.unknowns_found import SUBJECT, Estate
from lmanalytics.evidence.unknowns_members import UNREAD, Members
from lmanalytics.facts.host_facts import WINDOWS_SERVER
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL, ENTITY

Tables = dict[str, pl.LazyFrame]
ALL = "every_fact"
SINGLE = ("ose_host", "provider_operator", "install_ose", "install_passive", "install_edition")
"""Facts of which machines of one place lack some. Without the last, these need nothing at the least: a machine is
covered, is the provider's to license, or not there."""


@dataclass(frozen=True)
class Ends:
    """What a fact is taken to be at its ends."""

    catalogue: dict[str, dict[str, str]]
    """The rows of `unknown_facts` by fact."""
    editions: pl.DataFrame
    """The table `unknown_editions`."""
    by_estate: bool
    """Whether the largest that the estate shows bounds what the terms leave open."""
    assumed: frozenset[str]
    """Facts of which the policies in force assume something: another fact's range leaves them as they are."""
    settled: dict[str, str]
    """Facts that the run took to be at an end, which was computed therefore, with the end."""


@dataclass(frozen=True)
class Asked:
    """What is asked of whom: the estate, what it lacks, the copies to make of it and the ends to set in them."""

    known: Estate
    most_vcpus: pl.DataFrame
    """entity_id, most_vcpus: the largest virtual machine that is seen; no rows where the estate is no bound."""
    single: pl.DataFrame
    """SUBJECT, fact, machine of the facts that are set machine by machine (`SINGLE`)."""
    made: pl.DataFrame
    """The copies: SUBJECT, fact, end (least or most), copy (its entity)."""
    members: Members
    """The machines of the places."""
    tables: Tables
    """The accepted canonical tables."""
    answered: Tables
    """The facts and answers of the run."""
    ends: Ends
    settings: Settings


def _end(fact: str, keep: pl.Expr, least: pl.Expr, most: pl.Expr, *, is_assumed: pl.Expr | bool = False) -> pl.Expr:
    """Give a column at the end that a copy asks; in copies of other facts it is at its most, unless it is assumed."""
    asked = pl.col("fact").is_in([fact, ALL])
    other = ~asked & ~(pl.lit(is_assumed) if isinstance(is_assumed, bool) else is_assumed)
    return (
        pl.when(asked & (pl.col("end") == "least"))
        .then(least)
        .when((asked & (pl.col("end") == "most")) | other)
        .then(most)
        .otherwise(keep)
    )


def _seen(known: Estate, ends: Ends) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the most processors and cores of each cluster, and of each entity; none where the estate is no bound."""
    counted = known.hosts if ends.by_estate else known.hosts.clear()
    most = pl.col("processors", "physical_cores").max().name.prefix("most_")
    clusters = counted.filter(pl.col("cluster_id").is_not_null()).group_by(ENTITY, "cluster_id").agg(most)
    whole = counted.group_by(ENTITY).agg(most)
    return clusters, whole


def host_copies(asked: Asked) -> pl.DataFrame:
    """Copy the hosts of each place: the columns of the table with state, valid_until, azure_host and the copy's."""
    rows = _of_copies(asked.members.hosts, asked)
    clusters, whole = _seen(asked.known, asked.ends)
    sized = (
        rows.join(clusters, on=[ENTITY, "cluster_id"], how="left")
        .join(whole, on=ENTITY, how="left", suffix="_whole")
        .with_columns(_sizes())
        .with_columns(_systems(asked.ends))
    )
    return _entered(sized.with_columns(state=pl.lit("current"), valid_until=pl.lit(None, pl.Date)))


def _of_copies(members: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    return members.join(asked.made, on=SUBJECT, maintain_order="left_right")


def _sizes() -> list[pl.Expr]:
    """Set processors and cores: from one core each to the most that is seen; a split from even to most uneven."""
    processors, cores, split = pl.col("processors"), pl.col("physical_cores"), pl.col("cores_per_processor")
    seen = {c: pl.coalesce(f"most_{c}", f"most_{c}_whole") for c in ("processors", "physical_cores")}
    most_cores = pl.when(seen["physical_cores"].is_not_null()).then(
        pl.max_horizontal(seen["physical_cores"], processors)
    )
    uneven = ~pl.col("_unsized") & (processors > 1) & (cores > processors) & (cores % processors != 0) & ~_listed()
    one_large = pl.concat_list((cores - processors + 1).cast(pl.String), pl.lit("1").repeat_by(processors - 1))
    return [
        _end(
            "host_cores",
            processors,
            pl.coalesce(processors, 1),
            pl.coalesce(processors, pl.min_horizontal(seen["processors"], cores)),
        ),
        _end("host_cores", cores, pl.coalesce(cores, processors, 1), pl.coalesce(cores, most_cores)),
        pl.when(uneven)
        .then(_end("host_core_split", split, split, one_large, is_assumed=True))
        .otherwise(split)
        .alias("cores_per_processor"),
    ]


def _systems(ends: Ends) -> list[pl.Expr]:
    """Set what a host itself runs: no Windows Server, to Windows Server that hosts or, without a hypervisor, works."""
    names, product, use = ends.catalogue["host_system"], pl.col("host_os_product"), pl.col("host_os_use")
    hyper_v = (pl.col("hypervisor") == "hyper_v").fill_null(value=False)
    is_open = hyper_v | pl.col("hypervisor").is_null() | (pl.col("hypervisor") == "none")
    unsaid = pl.col("is_system_unsaid") & is_open
    assumed = (hyper_v & pl.lit("host_system" in ends.assumed)) | pl.col("has_guests")
    works = pl.coalesce(use, pl.when(hyper_v).then(pl.lit("manage_only")).otherwise(pl.lit("workload")))
    least, most = pl.lit(names["least"]), pl.lit(names["most"])
    return [
        pl.when(unsaid).then(_end("host_system", one, low, high, is_assumed=assumed)).otherwise(one).alias(name)
        for name, one, low, high in (("host_os_product", product, least, most), ("host_os_use", use, use, works))
    ]


def _listed() -> pl.Expr:
    numbers = pl.col("cores_per_processor").list.eval(pl.element().str.strip_chars().cast(pl.Int64, strict=False))
    return ((numbers.list.len() > 0) & ~numbers.list.contains(pl.lit(None, pl.Int64))).fill_null(value=False)


def ose_copies(asked: Asked) -> pl.DataFrame:
    """Copy the OSEs of each place, as `host_copies`, with machine (the id that the tables have) and is_outsourced.

    An OSE is outsourced if nothing is known of its provider.
    """
    ends = asked.ends
    members = _of_copies(asked.members.oses, asked)
    unproven = members.with_columns(pl.lit(None, CANONICAL["oses"].schema[name]).alias(name) for name in UNREAD)
    rows = pl.concat([unproven, _unlisted(asked)], how="diagonal_relaxed").join(
        asked.most_vcpus, on=ENTITY, how="left", maintain_order="left"
    )
    rows = _without_dropped(rows, asked.single, "ose_id")
    is_virtual = pl.col("kind") != "physical"
    product, edition, source = pl.col("os_product"), pl.col("os_edition"), pl.col("license_source")
    system, sort, cloud = (ends.catalogue[f] for f in ("ose_system", "ose_edition", "cloud_license"))
    benefit = pl.when(pl.col("location").is_in(["azure", "azure_dedicated_host"])).then(pl.lit("azure_hybrid_benefit"))
    elsewhere = pl.col("location").is_in(["azure", "azure_dedicated_host", "provider_shared"]) & source.is_null()
    filled = rows.with_columns(
        vcpus=pl.when(is_virtual & pl.col("vcpus").is_null()).then(
            _end("ose_vcpus", pl.col("vcpus"), pl.lit(1, pl.Int64), pl.col("most_vcpus"))
        ).otherwise("vcpus"),
        os_product=pl.when(product.is_null()).then(
            _end("ose_system", product, pl.lit(system["least"]), pl.lit(system["most"]))
        ).otherwise(product),
        license_source=pl.when(elsewhere.fill_null(value=False)).then(
            _end("cloud_license", source, pl.lit(cloud["least"]), pl.coalesce(benefit, pl.lit(cloud["most"])))
        ).otherwise(source),
        is_outsourced=(pl.col("location") == "provider_shared") & pl.col("operator").is_null(),
        provider=pl.when(pl.col("location") == "provider_shared").then(pl.col("provider").fill_null("")).otherwise(
            "provider"
        ),
    )  # fmt: skip
    unsaid = (product == WINDOWS_SERVER) & edition.is_null()
    filled = filled.with_columns(
        os_edition=pl.when(unsaid.fill_null(value=False)).then(
            _end("ose_edition", edition, pl.lit(sort["least"]), pl.lit(sort["most"]),
                 is_assumed="ose_edition" in ends.assumed)
        ).otherwise(edition)
    )  # fmt: skip
    return _entered(filled.drop("operator"))


def _unlisted(asked: Asked) -> pl.DataFrame:
    """Make a virtual OSE for installs in OSEs that nothing describes; what it runs beside them is not asked."""
    missing = asked.single.filter(pl.col("fact") == "install_ose").select(SUBJECT).unique(maintain_order=True)
    if missing.is_empty():
        return pl.DataFrame()
    return missing.join(asked.made, on=SUBJECT).with_columns(
        ose_id="subject_id", observed_on=pl.lit(asked.settings.as_of), state=pl.lit("current"), kind=pl.lit("virtual"),
        is_running=pl.lit(value=True), is_template=pl.lit(value=False), location=pl.lit("on_premises"),
        environment=pl.lit("production"), os_product=pl.lit("-"),
    )  # fmt: skip


def _without_dropped(rows: pl.DataFrame, single: pl.DataFrame, machine: str) -> pl.DataFrame:
    """Leave out, in copies of the least, the machines that then need nothing."""
    facts = single.filter(pl.col("fact") != "install_edition")
    place = SUBJECT if machine == "ose_id" else [*SUBJECT, machine]
    gone = facts.rename({"machine": machine}).select(*place, dropped="fact").unique(maintain_order=True)
    numbered = rows.with_row_index("_n")
    met = numbered.join(gone, on=place).filter(
        (pl.col("end") == "least") & (pl.col("fact").is_in([ALL]) | (pl.col("fact") == pl.col("dropped")))
    )
    return numbered.join(met.select("_n").unique(), on="_n", how="anti", maintain_order="left").drop("_n")


def install_copies(asked: Asked) -> pl.DataFrame:
    """Copy the installs of each place; passive copies that count, or may, count as active ones."""
    rows = _of_copies(asked.members.installs, asked)
    unknown = asked.single.filter(pl.col("fact") == "install_edition").select(
        *SUBJECT, install_id="machine", _unknown=True
    )
    rows = rows.join(unknown.unique(), on=[*SUBJECT, "install_id"], how="left").join(
        asked.ends.editions.select("product", _least="least", _most="most"), on="product", how="left"
    )
    rows = _without_dropped(rows, asked.single, "install_id")
    filled = rows.with_columns(
        edition=pl.when("_unknown").then(
            _end("install_edition", pl.col("edition"), pl.col("_least"), pl.col("_most"),
                 is_assumed="install_edition" in asked.ends.assumed)
        ).otherwise("edition"),
        role=pl.lit("active"),
        primary_install_id=pl.lit(None, pl.String),
    )  # fmt: skip
    return CANONICAL["installs"].conform(_entered(filled).lazy()).collect()


def _entered(rows: pl.DataFrame) -> pl.DataFrame:
    """Make each copy an entity of its own, with rows that are numbered anew."""
    entered = rows.with_columns(pl.col("copy").alias(ENTITY)).drop("row_id")
    return entered.with_row_index("row_id").with_columns(pl.col("row_id").cast(pl.Int64))
