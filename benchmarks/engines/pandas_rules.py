"""pandas: the same rules, as an analyst would write them, vectorized and in memory."""

from pathlib import Path

import pandas as pd
import polars as pl

AS_OF = pd.Timestamp("2026-06-30")
FOREVER = pd.Timestamp("2260-01-01")
PER_PROCESSOR, PER_SERVER, OSES_PER_SET, PER_OSE = 8, 16, 2, 8
MIXED = "standard_physical_and_virtual_cores"
CURVE = ["curve_steps", "curve_without_sa", "curve_with_sa"]
ANSWER = ["subject_id", "option", "edition", "licenses_required", "licenses_with_sa", "is_available", "cost", *CURVE]
OTHERS = ("license_included", "spla", "visual_studio", "evaluation", "azure_hybrid_benefit")


def rules(work: Path) -> None:
    """Every option of every host, from the accepted tables."""
    tables = {name: pd.read_parquet(work / "accepted" / f"{name}.parquet") for name in ("hosts", "oses", "prices")}
    for table in tables.values():
        for column in table.columns.intersection(["observed_on", "valid_from"]):
            table[column] = pd.to_datetime(table[column])
    price = _prices(tables["prices"])
    hosts = _cores(tables["hosts"])
    running = _running(tables["oses"], hosts)
    _options(hosts, running, price).to_parquet(work / "pandas_rules.parquet", index=False)


def answer(work: Path) -> pl.DataFrame:
    """The options of hosts."""
    return pl.read_parquet(work / "pandas_rules.parquet")


def _prices(prices: pd.DataFrame) -> pd.DataFrame:
    listed = prices[
        (prices["product"] == "Windows Server")
        & (prices["metric"] == "core")
        & (prices["valid_from"] <= AS_OF)
        & prices["purchase_type"].isin(["license", "license_and_sa"])
    ].sort_values("valid_from")
    pack = ["edition", "purchase_type", "program", "version", "pack_size"]
    newest = listed.groupby(pack, dropna=False)["unit_price"].last().reset_index()
    # whole ten-thousandths of the currency, so that sums stay exact
    newest["each"] = (newest["unit_price"] * 10_000).astype("int64") // newest["pack_size"]
    each = newest.pivot_table(index="edition", columns="purchase_type", values="each", aggfunc="min")
    each["license"] = each["license"].fillna(each["license_and_sa"])
    return each.astype("int64")


def _cores(hosts: pd.DataFrame) -> pd.DataFrame:
    hosts = hosts[hosts["observed_on"] <= AS_OF]
    newest = hosts.groupby("inventory_id")["observed_on"].transform("max")
    hosts = hosts[hosts["observed_on"] == newest].copy()
    by_processor = hosts["processors"] * PER_PROCESSOR
    hosts["cores"] = pd.concat([hosts["physical_cores"], by_processor], axis=1).max(axis=1).clip(lower=PER_SERVER)
    return hosts[["host_id", "cores"]]


def _running(oses: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    oses = oses[oses["observed_on"] <= AS_OF].sort_values(["ose_id", "observed_on"])
    days = oses[["inventory_id", "observed_on"]].drop_duplicates().sort_values(["inventory_id", "observed_on"])
    days["replaced_on"] = days.groupby("inventory_id")["observed_on"].shift(-1)
    oses = oses.merge(days, on=["inventory_id", "observed_on"])
    again = oses.groupby("ose_id")["observed_on"].shift(-1)
    oses["valid_until"] = pd.concat([again, oses["replaced_on"]], axis=1).min(axis=1).fillna(FOREVER)
    counted = oses[
        ~oses["is_template"]
        & oses["is_running"]
        & (oses["os_product"] == "Windows Server")
        & ~oses["license_source"].isin(OTHERS)
        & oses["host_id"].isin(hosts["host_id"])
    ]
    counted = counted[["host_id", "observed_on", "valid_until", "vcpus", "os_edition"]].copy()
    counted["own"] = counted["vcpus"].clip(lower=PER_OSE).astype("int64")
    counted["needs_datacenter"] = counted["os_edition"].str.startswith("Datacenter").fillna(value=False).astype(bool)
    moments = counted[["host_id", "observed_on"]].drop_duplicates().rename(columns={"observed_on": "moment"})
    at = counted.merge(moments, on="host_id")
    return at[(at["observed_on"] <= at["moment"]) & (at["moment"] < at["valid_until"])]


def _options(hosts: pd.DataFrame, running: pd.DataFrame, price: pd.DataFrame) -> pd.DataFrame:
    of_datacenter = running.assign(
        datacenter=running["own"].where(running["needs_datacenter"], 0), guests=1, others=~running["needs_datacenter"]
    )
    at = of_datacenter.groupby(["host_id", "moment"])[["guests", "own", "datacenter", "others"]].sum().reset_index()
    peaks = at.groupby("host_id")[["guests", "own", "datacenter"]].max().reset_index().merge(hosts, on="host_id")
    peaks["needs_datacenter"] = peaks["datacenter"] > 0
    peaks["all_sets"] = peaks["cores"] * _sets(peaks["guests"])
    higher = peaks[peaks["needs_datacenter"]]
    others = peaks[peaks["own"] > peaks["datacenter"]]
    by_sets = peaks.assign(is_available=~peaks["needs_datacenter"])
    mixed = _mixed(_curve(of_datacenter, at), peaks, price.loc["Standard"])
    parts = [
        _part(by_sets, "standard_physical_cores", "Standard", by_sets["all_sets"], 0),
        _part(peaks, "datacenter_physical_cores", "Datacenter", peaks["cores"], 0),
        _part(others, "virtual_cores", "Standard", 0, others["own"] - others["datacenter"]),
        _part(higher, "virtual_cores", "Datacenter", 0, higher["datacenter"]),
        _part(mixed, MIXED, "Standard", mixed["without"], mixed["with"]),
        _part(_of_datacenter(mixed), MIXED, "Datacenter", 0, mixed.loc[mixed["needs_datacenter"], "datacenter"]),
    ]
    options = pd.concat(parts).merge(price, left_on="edition", right_index=True)
    options["licenses_required"] = options["without"] + options["with"]
    options["cost"] = options["without"] * options["license"] + options["with"] * options["license_and_sa"]
    named = options.rename(columns={"host_id": "subject_id", "with": "licenses_with_sa"})
    return named[ANSWER].sort_values(["subject_id", "option", "edition"])


def _sets(oses: pd.Series) -> pd.Series:
    return (oses + OSES_PER_SET - 1) // OSES_PER_SET


def _part(peaks: pd.DataFrame, option: str, edition: str, without: object, with_sa: object) -> pd.DataFrame:
    columns = ["host_id", *peaks.columns.intersection(["is_available", *CURVE])]
    part = peaks[columns].assign(option=option, edition=edition)
    part["without"], part["with"] = without, with_sa
    if "is_available" not in part:
        part["is_available"] = True
    return part.reindex(columns=["host_id", "option", "edition", "is_available", "without", "with", *CURVE])


def _curve(running: pd.DataFrame, at: pd.DataFrame) -> pd.DataFrame:
    """License what some sets leave by itself: the smallest, and always what needs Datacenter."""
    ranked = running.sort_values(["host_id", "moment", "others", "own"])
    group = ranked.groupby(["host_id", "moment"])["own"]
    taken = group.transform("size") - group.cumcount() - 1
    left = pd.DataFrame({"host_id": ranked["host_id"], "sets": taken // OSES_PER_SET, "individual": group.cumsum()})
    left = left[(taken % OSES_PER_SET == 0) & ranked["others"]]
    all_taken = at.assign(sets=_sets(at["others"]), individual=at["datacenter"])[["host_id", "sets", "individual"]]
    return pd.concat([left, all_taken]).groupby(["host_id", "sets"])["individual"].max().reset_index()


def _mixed(curve: pd.DataFrame, peaks: pd.DataFrame, standard: pd.Series) -> pd.DataFrame:
    points = curve.merge(peaks, on="host_id")
    individual = points[["individual", "datacenter"]].max(axis=1)
    points["without"], points["with"] = points["sets"] * points["cores"], individual - points["datacenter"]
    points["total"] = points["without"] + points["with"]
    points["cost"] = points["without"] * standard["license"] + points["with"] * standard["license_and_sa"]
    points = points[(points["sets"] > 0) & (individual > 0)]
    # a point is of no use where more sets need no more licenses, or fewer sets no more with Software Assurance
    down = points.sort_values(["host_id", "sets"], ascending=[True, False])
    more_sets = down.groupby("host_id")["total"].cummin().groupby(down["host_id"]).shift()
    sets_alone = down["all_sets"].mask(down["needs_datacenter"])
    is_dear = down["total"] >= pd.concat([more_sets, sets_alone], axis=1).min(axis=1)
    kept = down[~is_dear & (down["with"] != down.groupby("host_id")["with"].shift(-1))][::-1]
    lists = kept.groupby("host_id")[["sets", "without", "with"]].agg(list).set_axis(CURVE, axis=1)
    order = ["host_id", "cost", "total", "sets"]
    best = points.sort_values(order, ascending=[True, True, True, False]).drop_duplicates("host_id")
    return best.merge(lists, left_on="host_id", right_index=True, how="left")


def _of_datacenter(mixed: pd.DataFrame) -> pd.DataFrame:
    higher = mixed[mixed["needs_datacenter"]].copy()
    lengths = higher["curve_steps"].str.len()
    higher["curve_without_sa"] = [[0] * n for n in lengths]
    higher["curve_with_sa"] = [[each] * n for each, n in zip(higher["datacenter"], lengths, strict=True)]
    return higher
