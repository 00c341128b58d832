"""pandas: exports to tables, and their checks."""

import re
from pathlib import Path

import pandas as pd

_FAMILIES = {
    "Hyper-V Server": "hyper-v server",
    "Windows Server": r"windows[ -]?(nt |web |home )?(server|srv)|windows[789]server|windows20\d\dsrv|\bwin ?20\d\d\b",
    "Windows": r"windows ([0-9]|xp|vista)|\bwin ?(7|8|10|11|xp)\b",
    "Red Hat Enterprise Linux": r"red ?hat enterprise|\brhel ?\d",
    "CentOS": "centos",
    "Oracle Linux": "oracle ?linux",
    "SUSE Linux Enterprise": r"suse|\bsles\b",
    "Ubuntu": "ubuntu",
    "Debian": "debian",
    "VMware Photon OS": "photon|crx",
    "VMware ESXi": r"\besxi?\b",
    "Linux": "linux",
    "FreeBSD": "freebsd",
    "Solaris": "solaris",
}
_EDITIONS = {
    "Datacenter: Azure Edition": "azure edition",
    "Datacenter": "data ?cent(er|re)",
    "Enterprise": "enterprise",
    "Essentials": r"\bessentials?\b",
    "Standard": r"\b(standard|std)\b",
}
_VERSIONS = {
    "Windows": r"\b(11|10|8\.1|8|7)\b",
    "Red Hat Enterprise Linux": r"(?:linux|rhel) ?(\d+)",
    "SUSE Linux Enterprise": r"(?:enterprise|sles)(?: server| desktop)? ?(\d+)",
    "Ubuntu": r"ubuntu (?:linux )?(\d+\.\d+)",
}
_ESTATE = [  # what estate.yaml says: cluster, edition, environment
    ("PRD-DENSE", "Datacenter", None), ("PRD-GEN", "Standard", None), ("PRD-SQL", "Standard", None),
    ("DR", "Standard", "disaster_recovery"), ("TST", "Standard", "dev_test"),
]  # fmt: skip
_INFO = ["VM", "Powerstate", "Template", "SRM Placeholder", "CPUs", "Path", "Datacenter", "Cluster.1", "Host", "VM ID",
         "OS according to the configuration file", "OS according to the VMware Tools", "Guest Detailed Data", "VM UUID",
         "SMBIOS UUID", "VI SDK Server", "VI SDK UUID"]  # fmt: skip
_HOST = ["Host", "Datacenter", "Cluster", "# CPU", "Cores per CPU", "# Cores", "Object ID", "UUID", "Serial number",
         "VI SDK Server", "VI SDK UUID"]  # fmt: skip
_PLACE = ["export", "inventory_id", "cluster", "datacenter"]
_YES = ["true", "1", "yes"]


def ingest(exports: Path, target: Path) -> None:
    """Read RVTools and canonical CSVs; write hosts, oses and installs."""
    target.mkdir(parents=True, exist_ok=True)
    vhost, vinfo = _rvtools(exports, "vHost", _HOST), _rvtools(exports, "vInfo", _INFO)
    vinfo = vinfo.rename(columns={"cluster.1": "cluster"})
    vinfo = vinfo[~((vinfo["vm"].str.lower() == "vm") & ~vinfo["cpus"].str.contains(r"\d", na=False))]
    clusters = _clusters(vhost, vinfo)
    vhost = vhost.merge(clusters, on=_PLACE, how="left")
    hosts = pd.concat(
        [_hosts(vhost), _canonical(exports, "hosts_branch.csv", numbers=["processors", "physical_cores"])]
    )
    hosts["operator"] = hosts["operator"].fillna("customer")
    hosts.to_parquet(target / "hosts.parquet", index=False)
    branch = _canonical(exports, "oses_branch.csv", numbers=["vcpus"], flags=["is_running", "is_template"])
    branch["is_template"] = branch["is_template"].fillna(value=False)
    oses = pd.concat([_oses(vinfo.merge(clusters, on=_PLACE, how="left"), _places(vhost, vinfo)), branch])
    for column, value in (("kind", "virtual"), ("location", "on_premises")):
        oses[column] = oses[column].fillna(value)
    _with_estate(oses).to_parquet(target / "oses.parquet", index=False)
    installs = _canonical(exports, "installs_*.csv", flags=["is_readable", "is_evaluation"])
    installs["role"] = installs["role"].fillna("active")
    installs.to_parquet(target / "installs.parquet", index=False)


def _read(path: Path, **given: object) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], **given)
    return frame.apply(lambda column: column.str.strip()).replace("", None)


def _rvtools(exports: Path, tab: str, columns: list[str]) -> pd.DataFrame:
    frames = []
    for path in sorted(exports.rglob(f"*{tab}.csv")):
        frame = _read(path, usecols=columns)
        day = re.search(r"_(\d{4}-\d\d-\d\d)_", path.as_posix())[1]
        frames.append(frame.assign(export=path.parent.as_posix(), observed_on=pd.Timestamp(day)))
    frame = pd.concat(frames, ignore_index=True).rename(columns=str.lower)
    frame["inventory_id"] = frame["vi sdk uuid"].fillna(frame["vi sdk server"]).str.lower()
    return frame


def _canonical(exports: Path, name: str, numbers: list[str] = (), flags: list[str] = ()) -> pd.DataFrame:
    frame = pd.concat([_read(path) for path in sorted(exports.rglob(name))], ignore_index=True)
    day = pd.to_datetime(frame["observed_on"], errors="coerce")
    frame["unreadable"] = frame["observed_on"].notna() & day.isna()
    frame["observed_on"] = day
    for column in numbers:
        _number(frame, column)
    for column in flags:
        frame[column] = frame[column].str.lower().map({"true": True, "false": False}).astype("boolean")
    return frame


def _number(frame: pd.DataFrame, column: str) -> None:
    value = pd.to_numeric(frame[column], errors="coerce").astype("Int64")
    frame["unreadable"] |= frame[column].notna() & value.isna()
    frame[column] = value


def _clusters(*tabs: pd.DataFrame) -> pd.DataFrame:
    """A cluster's name is unique in a vCenter unless two of its datacenters have one of that name."""
    places = pd.concat([tab[_PLACE] for tab in tabs]).dropna().drop_duplicates()
    is_twice = places.groupby(_PLACE[:3])["datacenter"].transform("size") > 1
    within = (places["datacenter"] + "/").where(is_twice, "")
    return places.assign(cluster_id=places["inventory_id"] + "/" + within + places["cluster"])


def _short(host: pd.Series) -> pd.Series:
    return host.str.split(".").str[0].where(~host.str.fullmatch(r"[\d.:]+", na=False), host)


def _places(vhost: pd.DataFrame, vinfo: pd.DataFrame) -> pd.DataFrame:
    """Find the host that a machine names, by its full name or, where one host fits, by the short one."""
    at = ["export", "inventory_id"]
    known = vhost.dropna(subset="host").assign(exact=vhost["host"].str.lower()).drop_duplicates([*at, "exact"])
    known = known[[*at, "exact", "cluster_id"]].assign(short=_short(known["exact"]))
    asked = vinfo[[*at, "host"]].dropna().drop_duplicates()
    asked = asked.assign(exact=asked["host"].str.lower(), short=_short(asked["host"].str.lower()))
    near = known.drop_duplicates([*at, "short"], keep=False)
    found = asked.merge(known.drop(columns="short").assign(found=known["exact"]), on=[*at, "exact"], how="left")
    found = found.merge(near.rename(columns={"exact": "near"}), on=[*at, "short"], how="left", suffixes=("", "_near"))
    is_short = (found["short"] == found["exact"]) | (found["short"] == found["near"])
    name = found["found"].fillna(found["near"].where(is_short)).fillna(found["exact"])
    found["host_id"] = found["inventory_id"] + "/" + name
    found["host_cluster"] = found["cluster_id"].fillna(found["cluster_id_near"].where(is_short))
    return found[[*at, "host", "host_id", "host_cluster"]]


def _hosts(vhost: pd.DataFrame) -> pd.DataFrame:
    by_processor = pd.to_numeric(vhost["# cpu"]) * pd.to_numeric(vhost["cores per cpu"])
    named = vhost["host"].fillna(vhost["uuid"]).fillna(vhost["object id"]).fillna(vhost["serial number"])
    hosts = pd.DataFrame(
        {
            "host_id": vhost["inventory_id"] + "/" + named.str.lower(),
            "observed_on": vhost["observed_on"],
            "host_name": vhost["host"],
            "cluster_id": vhost["cluster_id"],
            "datacenter_id": vhost["datacenter"],
            "inventory_id": vhost["inventory_id"],
            "processors": vhost["# cpu"],
            "physical_cores": vhost["# cores"].fillna(by_processor.astype("Int64").astype("string").astype("str")),
            "hypervisor": "esxi",
            "unreadable": False,
        }
    )
    for column in ("processors", "physical_cores"):
        _number(hosts, column)
    return hosts


def _oses(vinfo: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    vinfo = vinfo.merge(places, on=["export", "inventory_id", "host"], how="left")
    best = vinfo["vm uuid"].str.lower().fillna(vinfo["vm id"]).fillna(vinfo["smbios uuid"].str.lower())
    key = vinfo["inventory_id"] + "/" + best.fillna(vinfo["vm"]).fillna("unnamed")
    is_shared = vinfo.assign(key=key).groupby(["export", "key"])["vm id"].transform("nunique") > 1
    oses = pd.DataFrame(
        {
            "ose_id": (key + "/" + vinfo["vm id"]).where(is_shared, key),
            "observed_on": vinfo["observed_on"],
            "name": vinfo["vm"],
            "host_id": vinfo["host_id"],
            "cluster_id": vinfo["cluster_id"].fillna(vinfo["host_cluster"]),
            "inventory_id": vinfo["inventory_id"],
            "vcpus": vinfo["cpus"],
            "is_running": vinfo["powerstate"]
            .str.lower()
            .map({"poweredon": True, "poweredoff": False, "suspended": False}),
            "is_template": vinfo["template"].str.lower().isin(_YES)
            | vinfo["srm placeholder"].str.lower().isin(_YES)
            | vinfo["path"].str.lower().str.endswith(".vmtx").fillna(value=False),
            "unreadable": False,
        }
    )
    oses["is_running"] = oses["is_running"].astype("boolean")
    oses["is_template"] = oses["is_template"].astype("boolean")
    _number(oses, "vcpus")
    return oses.assign(**_systems(vinfo))


def _systems(vinfo: pd.DataFrame) -> dict[str, pd.Series]:
    """Recognize each distinct text once; the guest's word wins over the Tools', and theirs over the configuration."""
    guest = vinfo["guest detailed data"].str.extract(r"prettyName=['\"]([^'\"]*)", expand=False)
    texts = [
        guest.replace("", None),
        vinfo["os according to the vmware tools"],
        vinfo["os according to the configuration file"],
    ]
    known = {text: _recognized(text) for text in pd.concat(texts).dropna().unique()}
    said = [[text.map({t: fields[i] for t, fields in known.items()}) for text in texts] for i in range(3)]
    product = said[0][0].fillna(said[0][1]).fillna(said[0][2])
    version = edition = wording = pd.Series(None, index=vinfo.index, dtype="str")
    for mine, own in zip(said[0], said[2], strict=True):
        version = version.fillna(own.where(mine == product))
    for mine, own, of in zip(said[0], said[1], said[2], strict=True):
        agrees = (mine == product) & ((of == version) | (of.isna() & version.isna()))
        edition = edition.fillna(own.where(agrees))
    for text, mine in zip(texts, said[0], strict=True):
        wording = wording.fillna(text.where(mine.notna()))
    for text in texts:
        wording = wording.fillna(text)
    source = pd.Series("evaluation", index=vinfo.index).where(wording.str.contains("(?i)evaluation", na=False))
    return {"os_product": product, "os_edition": edition, "os_version": version, "license_source": source}


def _recognized(text: str) -> tuple[str | None, str | None, str | None]:
    product = next((name for name, pattern in _FAMILIES.items() if re.search(pattern, text, re.IGNORECASE)), None)
    if product != "Windows Server":
        found = re.search(_VERSIONS[product], text, re.IGNORECASE) if product in _VERSIONS else None
        return product, None, found[1] if found else None
    edition = next((name for name, pattern in _EDITIONS.items() if re.search(pattern, text, re.IGNORECASE)), None)
    year = re.search(r"20\d\d(?! or later)", text, re.IGNORECASE)
    release = " R2" if re.search(r"20(08|12)[ -]?r2", text, re.IGNORECASE) else ""
    return product, edition, year[0] + release if year else None


def _with_estate(oses: pd.DataFrame) -> pd.DataFrame:
    cluster = oses["cluster_id"].str.split("/").str[-1].str.upper()
    is_windows = oses["os_product"] == "Windows Server"
    for start, edition, environment in _ESTATE:
        there = cluster.str.startswith(start).fillna(value=False)
        oses["os_edition"] = oses["os_edition"].mask(there & is_windows & oses["os_edition"].isna(), edition)
        if environment:
            oses["environment"] = oses["environment"].mask(there & oses["environment"].isna(), environment)
    oses["environment"] = oses["environment"].fillna("production")
    return oses
