"""pandas: the same rules, as an analyst would write them, vectorized and in memory."""

from pathlib import Path

import pandas as pd
import polars as pl

AS_OF = pd.Timestamp("2026-06-30")
FOREVER = pd.Timestamp("2260-01-01")
PER_PROCESSOR, PER_SERVER, OSES_PER_SET, PER_OSE = 8, 16, 2, 8
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
    at = running.groupby(["host_id", "moment"]).agg(
        guests=("own", "size"), virtual=("own", "sum"), needs_datacenter=("needs_datacenter", "any")
    )
    peaks = at.groupby("host_id").max().reset_index().merge(hosts, on="host_id")
    standard, datacenter = price.loc["Standard"], price.loc["Datacenter"]
    open_to_standard = ~peaks["needs_datacenter"]
    sets = (peaks["guests"] + OSES_PER_SET - 1) // OSES_PER_SET
    with_sa = peaks["needs_datacenter"].map({True: datacenter["license_and_sa"], False: standard["license_and_sa"]})
    parts = [
        _part(peaks, "standard_physical_cores", peaks["cores"] * sets, standard["license"], open_to_standard),
        _part(peaks, "datacenter_physical_cores", peaks["cores"], datacenter["license"], True),  # noqa: FBT003 (a column)
        _part(peaks, "virtual_cores", peaks["virtual"], with_sa, True),  # noqa: FBT003 (a column)
        _mixed(running, peaks, standard),
    ]
    options = pd.concat(parts).sort_values(["subject_id", "option"])
    return options.astype({"licenses_required": "int64", "is_available": "bool", "cost": "int64"})


def _part(peaks: pd.DataFrame, option: str, licenses: pd.Series, price: object, is_available: object) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "subject_id": peaks["host_id"],
            "option": option,
            "licenses_required": licenses,
            "is_available": is_available,
            "cost": licenses * price,
        }
    )


def _mixed(running: pd.DataFrame, peaks: pd.DataFrame, standard: pd.Series) -> pd.DataFrame:
    ranked = running.sort_values(["host_id", "moment", "own"])
    at = ranked.groupby(["host_id", "moment"])["own"]
    taken = at.transform("size") - at.cumcount() - 1
    curve = pd.DataFrame({"host_id": ranked["host_id"], "taken": taken, "individual": at.cumsum()})
    curve = curve[(curve["taken"] % OSES_PER_SET == 0) & (curve["taken"] > 0)]
    curve["sets"] = curve["taken"] // OSES_PER_SET
    points = curve.groupby(["host_id", "sets"])["individual"].max().reset_index().merge(peaks, on="host_id")
    by_sets = points["sets"] * points["cores"]
    points["licenses_required"] = by_sets + points["individual"]
    points["cost"] = by_sets * standard["license"] + points["individual"] * standard["license_and_sa"]
    order = ["host_id", "cost", "licenses_required", "sets"]
    best = points.sort_values(order, ascending=[True, True, True, False]).drop_duplicates("host_id")
    best = best.assign(option="standard_physical_and_virtual_cores", is_available=~best["needs_datacenter"])
    return best.rename(columns={"host_id": "subject_id"})[
        ["subject_id", "option", "licenses_required", "is_available", "cost"]
    ]
