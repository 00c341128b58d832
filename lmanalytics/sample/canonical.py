"""Hosts and OSEs as canonical tables, for estates of any size: CSV with the dirt of people, or typed Parquet."""

from datetime import date

import polars as pl

from lmanalytics.sample.estate import FAULTY
from lmanalytics.sample.machines import Machines, VCenter

_PRODUCTS = {
    "Ubuntu": "Ubuntu",
    "Red Hat": "Red Hat Enterprise Linux",
    "SUSE": "SUSE Linux Enterprise",
    "Photon": "VMware Photon OS",
    "Windows 11": "Windows",
}


def hosts(found: Machines, vcenter: VCenter, day: date, *, is_text: bool) -> pl.DataFrame:
    """Return the rows of `hosts`: keyed by name; in CSV days stand first in dates, as people write them."""
    observed = pl.lit(day)
    is_faulty = pl.col("host_number") == FAULTY
    return found.hosts.select(
        host_id=pl.col("host").str.to_lowercase(),
        observed_on=observed.dt.to_string("%d/%m/%Y") if is_text else observed,
        host_name=pl.col("host"),
        cluster_id=_within(vcenter, "cluster"),
        datacenter_id=pl.col("datacenter"),
        inventory_id=pl.lit(vcenter.server),
        processors=pl.when(is_faulty).then(0).otherwise("processors"),
        physical_cores=pl.when(is_faulty).then(-16).otherwise("physical_cores"),
        hypervisor=pl.lit("esxi"),
    ).collect()


def oses(found: Machines, vcenter: VCenter, day: date) -> pl.DataFrame:
    """Return the rows of `oses`; a host that no row of `hosts` has stays as it is written."""
    is_server, is_vague = pl.col("is_windows"), pl.col("configured").str.contains("or later", literal=True)
    guest = pl.col("guest")
    named = pl.when(is_server).then(pl.lit("Windows Server")).otherwise(guest.replace(_PRODUCTS))
    version = pl.when(guest == "Windows 11").then(pl.lit("11")).when(is_server & ~is_vague).then(guest)
    return found.vms.select(
        ose_id=pl.col("label"),
        observed_on=pl.lit(day),
        name=pl.col("name"),
        host_id=pl.col("host"),
        cluster_id=_within(vcenter, "cluster"),
        inventory_id=pl.lit(vcenter.server),
        kind=pl.lit("virtual"),
        vcpus=pl.col("cpus"),
        is_running=pl.col("power") == "poweredOn",
        is_template=(pl.col("template") == "True") | (pl.col("placeholder") == "True"),
        os_text=pl.col("configured"),
        os_product=named,
        os_version=version,
    ).collect()


def _within(vcenter: VCenter, cluster: str) -> pl.Expr:
    """A cluster's name, made unique over vCenters."""
    return pl.format("{}/{}", pl.lit(vcenter.server.partition(".")[0]), cluster)
