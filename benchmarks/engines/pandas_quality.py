"""pandas: the row checks of hosts, oses and installs, and that no two rows have one key."""

from pathlib import Path

import pandas as pd

_SOURCES = ["own", "azure_hybrid_benefit", "license_included", "spla", "visual_studio", "evaluation"]
_KEYS = {"hosts": "host_id", "oses": "ose_id", "installs": "install_id"}
_NEEDED = {"hosts": ["host_id"], "oses": ["ose_id", "is_running"], "installs": ["install_id", "ose_id", "product"]}
_KNOWN = {
    "hosts": {
        "hypervisor": ["esxi", "hyper_v", "virtuozzo", "nutanix_ahv", "none", "other"],
        "operator": ["customer", "authorized_outsourcer", "listed_provider"],
    },
    "oses": {
        "kind": ["physical", "virtual", "hyperv_container", "process_container"],
        "location": [
            "on_premises",
            "azure",
            "azure_dedicated_host",
            "azure_stack",
            "provider_shared",
            "provider_dedicated",
        ],
        "environment": ["production", "dev_test", "disaster_recovery"],
        "license_source": _SOURCES,
    },
    "installs": {"role": ["active", "passive_ha", "passive_dr", "passive_dr_azure"], "license_source": _SOURCES},
}
_POSITIVE = {"hosts": ["processors", "physical_cores"], "oses": ["vcpus"], "installs": []}


def quality(tables: Path, accepted: Path, rejected: Path) -> None:
    """Split each table into accepted rows, and others with their reasons."""
    for folder in (accepted, rejected):
        folder.mkdir(parents=True, exist_ok=True)
    for name, key in _KEYS.items():
        frame = pd.read_parquet(tables / f"{name}.parquet")
        faults = _faults(name, frame)
        reasons = pd.Series("", index=frame.index, dtype="str")
        for reason, fails in faults.items():
            reasons = reasons.where(~fails, reasons + reason + ". ")
        sound = reasons == ""
        is_late = frame[sound].duplicated([key, "observed_on"]).reindex(frame.index, fill_value=False)
        frame[sound & ~is_late].drop(columns="unreadable").to_parquet(accepted / f"{name}.parquet", index=False)
        others = frame.assign(reasons=reasons, is_late=is_late)[~sound | is_late]
        others.to_parquet(rejected / f"{name}.parquet", index=False)


def _faults(name: str, frame: pd.DataFrame) -> dict[str, pd.Series]:
    faults = {"a cell cannot be read": frame["unreadable"].astype(bool)}
    faults |= {f"{column} is empty": frame[column].isna() for column in [*_NEEDED[name], "observed_on"]}
    faults |= {f"{column} below 1": (frame[column] < 1).fillna(value=False) for column in _POSITIVE[name]}
    for column, values in _KNOWN[name].items():
        faults[f"{column} unknown"] = frame[column].notna() & ~frame[column].isin(values)
    if name == "hosts":
        faults["fewer cores than processors"] = (frame["physical_cores"] < frame["processors"]).fillna(value=False)
    return {reason: fails.astype(bool) for reason, fails in faults.items()}
