"""pandas: every stage, vectorized and in memory; Parquet between the stages."""

from pathlib import Path

import pandas as pd

from benchmarks.engines import pandas_facts, pandas_ingest, pandas_quality
from benchmarks.engines.pandas_facts import AS_OF
from benchmarks.engines.pandas_sql_server import sql_server
from benchmarks.engines.pandas_windows import windows_server

NAME = "pandas"
_LINE = ["product", "edition", "metric"]
_WHOLE = ["licenses_required", "licenses_with_sa"]
_SUBJECT = ["subject_kind", "subject_id", "product"]


def ingest(work: Path) -> None:
    """Exports to hosts, oses and installs."""
    pandas_ingest.ingest(work / "exports", work / NAME / "tables")


def quality(work: Path) -> None:
    """The row checks and keys of the three tables."""
    own = work / NAME
    pandas_quality.quality(own / "tables", own / "accepted", own / "rejected")


def facts(work: Path) -> None:
    """What each host and machine is, and where installs run."""
    pandas_facts.facts(work / NAME / "accepted", work / NAME / "facts")


def rules(work: Path) -> None:
    """Every option of Windows Server and SQL Server of each host."""
    own = work / NAME
    hosts, oses, installs = (
        pd.read_parquet(own / "facts" / f"{name}.parquet") for name in ("hosts", "oses", "installs")
    )
    price, passive = _prices(work / "exports" / "prices.csv"), pd.read_parquet(work / "given" / "passive.parquet")
    (own / "demand").mkdir(exist_ok=True)
    windows = windows_server(hosts, oses, price.loc["Windows Server"])
    sql = sql_server(installs, oses, hosts, passive, price.loc["SQL Server"])
    demand = pd.concat([windows.astype(dict.fromkeys(_WHOLE, "Int64")), sql])
    demand.to_parquet(own / "demand" / "demand.parquet", index=False)


def position(work: Path) -> None:
    """The cheapest option of each subject, and what is short."""
    own = work / NAME
    demand = pd.read_parquet(own / "demand" / "demand.parquet")
    demand["is_closed"] = ~demand["is_available"] | demand["cost"].isna()
    ways = demand.groupby([*_SUBJECT, "option"])[["is_closed", "cost", "licenses_required"]]
    ways = ways.agg({"is_closed": "any", "cost": "sum", "licenses_required": "sum"}).reset_index()
    chosen = ways[~ways["is_closed"]].sort_values(["cost", "licenses_required", "option"]).drop_duplicates(_SUBJECT)
    taken = demand.merge(chosen[[*_SUBJECT, "option"]], on=[*_SUBJECT, "option"]).assign(metric="core")
    required = taken.groupby(_LINE)["licenses_required"].sum().rename("required").reset_index()
    owned = pd.read_parquet(work / "given" / "owned.parquet")
    owned = owned.groupby(_LINE, dropna=False)["quantity"].sum().rename("owned").reset_index()
    both = required.merge(owned, on=_LINE, how="outer")
    both[["required", "owned"]] = both[["required", "owned"]].fillna(0).astype("int64")
    both["short"] = (both["required"] - both["owned"]).clip(lower=0)
    (own / "position").mkdir(exist_ok=True)
    both.to_parquet(own / "position" / "position.parquet", index=False)


def _prices(path: Path) -> pd.DataFrame:
    """Price one license in whole ten-thousandths of the currency, so that sums stay exact."""
    listed = pd.read_csv(path, parse_dates=["valid_from"], dtype={"version": str})
    listed = listed[
        (listed["metric"] == "core")
        & (listed["valid_from"] <= AS_OF)
        & listed["purchase_type"].isin(["license", "license_and_sa"])
    ].sort_values("valid_from")
    pack = ["product", "edition", "purchase_type", "program", "version", "pack_size"]
    newest = listed.groupby(pack, dropna=False)["unit_price"].last().reset_index()
    newest["each"] = (newest["unit_price"] * 10_000).round().astype("int64") // newest["pack_size"]
    each = newest.pivot_table(index=["product", "edition"], columns="purchase_type", values="each", aggfunc="min")
    each["license"] = each["license"].fillna(each["license_and_sa"])
    return each.astype("Int64")
