"""pandas: Windows Server, as an analyst would write the rules, vectorized and in memory."""

import pandas as pd

FOREVER = pd.Timestamp("2260-01-01")
PER_SERVER, OSES_PER_SET, PER_OSE = 16, 2, 8
MIXED = "standard_physical_and_virtual_cores"
CURVE = ["curve_steps", "curve_without_sa", "curve_with_sa"]
ANSWER = ["subject_kind", "subject_id", "product", "option", "edition", "licenses_required", "licenses_with_sa",
          "is_available", "cost", *CURVE]  # fmt: skip


def windows_server(hosts: pd.DataFrame, oses: pd.DataFrame, price: pd.DataFrame) -> pd.DataFrame:
    """List every option of every host; `price` is that of Windows Server by edition, in ten-thousandths."""
    cores = hosts["cores_of_processors"].astype("float64").clip(lower=PER_SERVER)  # unknown is not a number
    return _options(hosts[["host_id"]].assign(cores=cores), _running(oses), price)


def _running(oses: pd.DataFrame) -> pd.DataFrame:
    counted = oses.loc[oses["is_load"], ["subject_id", "observed_on", "valid_until", "vcpus", "needs_datacenter"]]
    counted = counted.rename(columns={"subject_id": "host_id"})
    counted["valid_until"] = counted["valid_until"].fillna(FOREVER)
    counted["own"] = counted["vcpus"].clip(lower=PER_OSE).astype("int64")
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
    peaks["is_available"] = peaks["cores"].notna()
    higher = peaks[peaks["needs_datacenter"]]
    others = peaks[peaks["own"] > peaks["datacenter"]]
    by_sets = peaks.assign(is_available=peaks["is_available"] & ~peaks["needs_datacenter"])
    mixed = _mixed(_curve(of_datacenter, at), peaks[peaks["is_available"]], price.loc["Standard"])
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
    options["cost"] /= 10_000
    named = options.rename(columns={"host_id": "subject_id", "with": "licenses_with_sa"})
    return named.assign(subject_kind="host", product="Windows Server")[ANSWER]


def _sets(oses: pd.Series) -> pd.Series:
    return (oses + OSES_PER_SET - 1) // OSES_PER_SET


def _part(peaks: pd.DataFrame, option: str, edition: str, without: object, with_sa: object) -> pd.DataFrame:
    columns = ["host_id", *peaks.columns.intersection(["is_available", *CURVE])]
    part = peaks[columns].assign(option=option, edition=edition)
    part["without"], part["with"] = without, with_sa
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
    points = curve.merge(peaks.astype({"cores": "int64", "all_sets": "int64"}), on="host_id")
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
    steps = higher["curve_steps"]
    higher["curve_without_sa"] = [[0] * len(s) if isinstance(s, list) else None for s in steps]
    higher["curve_with_sa"] = [
        [each] * len(s) if isinstance(s, list) else None for s, each in zip(steps, higher["datacenter"], strict=True)
    ]
    return higher
