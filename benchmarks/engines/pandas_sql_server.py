"""pandas: SQL Server on each host by virtual machine and by physical core."""

import pandas as pd

from benchmarks.engines.pandas_facts import AS_OF
from benchmarks.engines.pandas_windows import ANSWER

_LEVELS = {
    **dict.fromkeys(
        ["enterprise", "enterprise core", "datacenter", "parallel data warehouse", "business intelligence"], 3
    ),
    **dict.fromkeys(["standard", "workgroup", "small business"], 2),
}
_RELEASED = {
    "2005": "2006-01-14", "2008": "2008-11-06", "2008 R2": "2010-07-20", "2012": "2012-05-20", "2014": "2014-06-05",
    "2016": "2016-06-01", "2017": "2017-09-29", "2019": "2019-11-04", "2022": "2022-11-16", "2025": "2025-11-18",
}  # fmt: skip
_CLIENTS = [
    "management studio", "sql server management studio", "ssms", "client tools", "client tools connectivity",
    "client tools sdk", "client connectivity", "native client", "odbc driver", "ole db driver", "data tools", "ssdt",
    "command line utilities", "books online", "documentation components", "sql server browser", "browser", "vss writer",
    "setup support files", "profiler", "data migration assistant",
]  # fmt: skip
_OTHERS = ["evaluation", "license_included", "spla", "visual_studio"]
_SUBJECT = ["subject_kind", "subject_id"]


def sql_server(
    installs: pd.DataFrame, oses: pd.DataFrame, hosts: pd.DataFrame, passive: pd.DataFrame, price: pd.DataFrame
) -> pd.DataFrame:
    """List every option of every host and of machines of no known host; which passive copies are free is given."""
    machines = _machines(_current(installs, passive), oses)
    by_edition = machines.assign(
        without=machines["licenses"].where(~machines["needs_sa"], 0),
        **{"with": machines["licenses"].where(machines["needs_sa"], 0)},
    )
    each = by_edition.groupby([*_SUBJECT, "edition"])[["without", "with"]].sum().reset_index()
    counts = machines[machines["subject_kind"] == "host"].groupby(_SUBJECT).size().rename("oses").reset_index()
    whole = counts.merge(hosts.rename(columns={"host_id": "subject_id"}), on="subject_id")
    sizes = whole[["physical_cores", "processors"]]
    cores = (
        pd.concat([sizes["physical_cores"], sizes["processors"] * 4], axis=1)
        .max(axis=1)
        .where(sizes.notna().all(axis=1))
    )
    most = pd.concat([cores, whole["oses"]], axis=1).max(axis=1).where(cores.notna())
    alone, with_sa = "enterprise_physical_cores", "enterprise_physical_cores_with_sa"
    parts = [
        each.assign(option="virtual_cores"),
        whole[_SUBJECT].assign(option=alone, edition="Enterprise", without=most, **{"with": 0}),
        whole[_SUBJECT].assign(option=with_sa, edition="Enterprise", without=0, **{"with": cores}),
    ]
    options = pd.concat(parts).merge(price, left_on="edition", right_index=True, how="left")
    options[["without", "with"]] = options[["without", "with"]].astype("Int64")
    options["licenses_required"] = options["without"] + options["with"]
    options["cost"] = (_cost(options, "without", "license") + _cost(options, "with", "license_and_sa")) / 10_000
    options["is_available"] = options["licenses_required"].notna()
    named = options.rename(columns={"with": "licenses_with_sa"}).assign(product="SQL Server")
    return named.reindex(columns=ANSWER)


def _current(installs: pd.DataFrame, passive: pd.DataFrame) -> pd.DataFrame:
    rows = installs[(installs["product"] == "SQL Server") & (installs["observed_on"] <= AS_OF)]
    rows = rows.sort_values("observed_on").drop_duplicates("install_id", keep="last")
    rows = rows[rows["observed_on"] == rows.groupby("ose_id")["observed_on"].transform("max")]
    is_free = rows["install_id"].map(passive.set_index("install_id")["is_free"])
    is_passive = rows["install_id"].isin(passive["install_id"])
    is_other = rows["license_source"].isin(_OTHERS) | rows["is_evaluation"].fillna(value=False).astype(bool)
    is_client = rows["component"].str.strip().str.lower().isin(_CLIENTS)
    return rows[~is_client & ~is_other & (~is_passive | (is_free == False))]  # noqa: E712 (null is not free, nor is it counted)


def _machines(installs: pd.DataFrame, oses: pd.DataFrame) -> pd.DataFrame:
    level = installs["edition"].str.strip().str.lower().map(_LEVELS)
    released = pd.to_datetime(installs["version"].map(_RELEASED))
    running = oses[(oses["state"] == "current") & ~oses["reason"].isin(["template", "not_running"])]
    rows = installs.assign(level=level, released=released).dropna(subset="level")
    rows = rows.groupby("ose_id")[["level", "released"]].max().reset_index()
    rows = rows.merge(running[["ose_id", "subject_id", "vcpus"]], on="ose_id")
    return pd.DataFrame(
        {
            "subject_kind": pd.Series("host", index=rows.index).where(rows["subject_id"].notna(), "ose"),
            "subject_id": rows["subject_id"].fillna(rows["ose_id"]),
            "edition": rows["level"].map({3: "Enterprise", 2: "Standard"}),
            "licenses": rows["vcpus"].clip(lower=4),
            "needs_sa": rows["released"].isna() | (rows["released"] >= "2022-11-16"),
        }
    )


def _cost(options: pd.DataFrame, licenses: str, price: str) -> pd.Series:
    """Price licenses; none need no price."""
    return (options[licenses] * options[price]).mask((options[licenses] == 0).fillna(value=False), 0)
