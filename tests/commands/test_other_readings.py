"""What the policies answer says of another reading is what a run under that reading answers."""

from datetime import date

import polars as pl
import pytest

from lmanalytics import pipeline
from lmanalytics.rules.register import policies
from lmanalytics.workspace import Workspace

DAY = date(2026, 6, 30)
HOSTS = """host_id,observed_on,host_name,processors,physical_cores,hypervisor,cluster_id
h1,2026-06-30,h1,2,32,esxi,c
h2,2026-06-30,h2,2,32,esxi,c
"""
OSES = """ose_id,observed_on,name,host_id,vcpus,is_running,os_product,os_edition,os_version,location,license_source
a,2026-06-30,a,h1,4,true,Windows Server,Standard,2022,on_premises,own
b,2026-06-30,b,h1,8,true,Windows Server,,2022,on_premises,own
c,2026-06-30,c,h2,8,false,Windows Server,Standard,2022,on_premises,own
z,2026-06-30,z,,20,true,Windows Server,Standard,2022,azure,azure_hybrid_benefit
"""
PURCHASES = """purchase_id,agreement_id,enrollment_id,program,product,edition,metric,purchase_type,quantity,order_date,coverage_start,coverage_end
p1,A,A,ea,Windows Server,Standard,core,license_and_sa,40,2025-01-01,2025-01-01,2027-12-31
"""
TRIED = {"ahb_rounding": "sets_of_16"}


def run(folder, **policies):
    exports = folder / "exports"
    exports.mkdir(exist_ok=True)
    for name, text in (("hosts", HOSTS), ("oses", OSES), ("purchases", PURCHASES)):
        (exports / f"{name}.csv").write_text(text, encoding="utf-8")
    return pipeline.run(exports, Workspace(folder), as_of=DAY, policies=policies).path


def required(path):
    return pl.read_parquet(path / "plan.parquet")["licenses_required"].sum()


@pytest.mark.slow
@pytest.mark.usefixtures("other_readings")
def test_the_difference_that_is_told_is_the_difference_of_two_runs(tmp_path):
    base = run(tmp_path)
    told = dict(pl.read_parquet(base / "policies.parquet").select("policy", "licenses_if_otherwise").rows())
    assert set(told) == set(policies())
    for name, reading in TRIED.items():
        difference = required(run(tmp_path, **{name: reading})) - required(base)
        said = next(part for part in told[name].split("; ") if part.startswith(f"{reading}: "))
        words = f"required {difference:+,}" if difference else "required unchanged"
        assert words in said or (difference == 0 and "required" not in said), name
    assert "required +12" in told["ahb_rounding"]  # one machine of 20 virtual cores: two sets of 16 instead of 20
    assert told["esu_price_of_2012"].endswith("unchanged")  # nothing here is of an offering of 2012
    assert told["statement_core_unit"] == ""  # what reading exports another way would change is not tried
