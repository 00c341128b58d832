"""Small estates for tests: rows with what a test says and the contract's defaults for the rest."""

from datetime import date

import polars as pl

from lmanalytics.facts.estate_facts import facts
from lmanalytics.rules.parameters import Settings
from lmanalytics.schemas import CANONICAL

AS_OF = date(2026, 6, 30)
_WORDS = {"true": True, "false": False}


def table(name, *rows):
    """Make a canonical table; row_id counts from 1."""
    if not rows:
        return CANONICAL[name].empty()
    columns = CANONICAL[name].columns.values()
    defaults = {c.name: _WORDS.get(c.default, c.default) for c in columns if c.default is not None}
    filled = [
        {
            "entity_id": "main",
            "row_id": number,
            "source_file": f"{name}.csv",
            "source_row": number + 1,
            "issues": [],
            **defaults,
            **({"observed_on": AS_OF} if "observed_on" in CANONICAL[name].columns else {}),
            **row,
        }
        for number, row in enumerate(rows, 1)
    ]
    schema = CANONICAL[name].schema
    return CANONICAL[name].conform(pl.LazyFrame(filled, schema={k: schema[k] for k in _keys(filled)}))


def _keys(filled):
    return dict.fromkeys(k for row in filled for k in row)


def host(host_id="h1", **given):
    return {"host_id": host_id, "processors": 2, "physical_cores": 16, "hypervisor": "esxi", **given}


def guest(ose_id, host_id="h1", **given):
    return {"ose_id": ose_id, "host_id": host_id, "vcpus": 4, "os_product": "Windows Server", **given}


def estate(hosts, oses, *, as_of=AS_OF, policies=None, **tables):
    """Compute the facts of an estate, each collected."""
    given = {"hosts": table("hosts", *hosts), "oses": table("oses", *oses), **tables}
    return {k: f.collect().lazy() for k, f in facts(given, Settings(as_of, policies or {})).items()}
