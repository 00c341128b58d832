"""pandas: what each host and machine of a vCenter is on the day, and in which machine each install runs."""

from pathlib import Path

import pandas as pd

AS_OF = pd.Timestamp("2026-06-30")
_TESTS = {
    "template": lambda o: o["is_template"],
    "not_running": lambda o: ~o["is_running"],
    "os_unknown": lambda o: o["os_product"].isna(),
    "not_windows_server": lambda o: o["os_product"] != "Windows Server",
    "evaluation": lambda o: o["license_source"] == "evaluation",
    "host_unknown": lambda o: o["subject_id"].isna(),
}
_OUTCOMES = {
    "superseded": "superseded",
    "counted": "counted",
    "os_unknown": "not_computable",
    "host_unknown": "not_computable",
}


def facts(accepted: Path, target: Path) -> None:
    """Write hosts, oses and installs as rules read them."""
    target.mkdir(parents=True, exist_ok=True)
    hosts = _observed(pd.read_parquet(accepted / "hosts.parquet"), "host_id")
    hosts = hosts[hosts["valid_until"].isna()]
    least = pd.concat([hosts["physical_cores"], hosts["processors"] * 8], axis=1).max(axis=1)
    is_known = hosts["physical_cores"].notna() & hosts["processors"].notna()
    hosts = hosts.assign(cores_of_processors=least.where(is_known).astype("Int64"))
    columns = [
        "host_id",
        "cluster_id",
        "inventory_id",
        "observed_on",
        "processors",
        "physical_cores",
        "cores_of_processors",
    ]
    hosts[columns].to_parquet(target / "hosts.parquet", index=False)
    every = pd.read_parquet(accepted / "oses.parquet")
    _judged(_observed(every, "ose_id"), hosts).to_parquet(target / "oses.parquet", index=False)
    installs = pd.read_parquet(accepted / "installs.parquet")
    found = installs["ose_id"].str.lower().map(_book(every))
    installs.assign(ose_id=found.fillna(installs["ose_id"])).to_parquet(target / "installs.parquet", index=False)


def _observed(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    """Add until when a row held: the machine's next day, or its inventory's."""
    rows = rows[rows["inventory_id"].notna() & (rows["observed_on"] <= AS_OF)].sort_values([key, "observed_on"])
    days = rows[["inventory_id", "observed_on"]].drop_duplicates().sort_values(["inventory_id", "observed_on"])
    days["replaced_on"] = days.groupby("inventory_id")["observed_on"].shift(-1)
    rows = rows.assign(again=rows.groupby(key)["observed_on"].shift(-1)).merge(days, on=["inventory_id", "observed_on"])
    return rows.assign(valid_until=rows[["again", "replaced_on"]].min(axis=1))


def _judged(oses: pd.DataFrame, hosts: pd.DataFrame) -> pd.DataFrame:
    oses = oses.assign(subject_id=oses["host_id"].where(oses["host_id"].isin(hosts["host_id"])))
    reason = pd.Series("counted", index=oses.index, dtype="str")
    for name, test in reversed(_TESTS.items()):
        reason = reason.mask(test(oses).fillna(value=False).astype(bool), name)
    is_old = oses["valid_until"].notna()
    is_datacenter = oses["os_edition"].str.startswith("Datacenter").fillna(value=False)
    datacenter = is_datacenter & (oses["os_product"] == "Windows Server")
    oses = oses.assign(
        state=pd.Series("earlier", index=oses.index).where(is_old, "current"),
        needs_datacenter=datacenter.astype(bool),
        is_load=reason == "counted",
        reason=reason.mask(is_old, "superseded"),
    )
    oses["outcome"] = oses["reason"].map(_OUTCOMES).fillna("excluded")
    columns = ["ose_id", "observed_on", "host_id", "vcpus", "os_version", "needs_datacenter", "subject_id",
               "valid_until", "state", "reason", "outcome", "is_load"]  # fmt: skip
    return oses[columns]


def _book(oses: pd.DataFrame) -> pd.Series:
    """Names by which inventories call machines, of those that one machine bears: its id, name or first label."""
    label = oses["name"].str.split(".").str[0]
    keys = [pd.DataFrame({"key": text.str.lower(), "id": oses["ose_id"], "rank": rank})
            for rank, text in enumerate((oses["ose_id"], oses["name"], label))]  # fmt: skip
    book = pd.concat(keys).dropna(subset="key").drop_duplicates()
    book = book[book["rank"] == book.groupby("key")["rank"].transform("min")]
    return book.drop_duplicates("key", keep=False).set_index("key")["id"]
