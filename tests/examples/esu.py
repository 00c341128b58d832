"""Worked examples of Extended Security Updates: their inputs as columns of the rules, the answers as outcomes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from types import ModuleType
from typing import Any

import polars as pl

from lmanalytics.rules.benefit import (
    esu_access_licenses,
    esu_arc_billing,
    esu_azure,
    esu_chain,
    esu_editions,
    esu_eligibility,
    esu_offerings,
    esu_price,
    esu_sql_server_licenses,
    esu_use,
    esu_windows_server_licenses,
)
from lmanalytics.rules.demand import windows_server_cores
from lmanalytics.rules.engine import column_name, compute, evaluate, rules_in_force
from lmanalytics.rules.parameters import Settings
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, money, words

Outcome = dict[str, Any]
TODAY = date(2026, 11, 21)
EDITIONS = {
    "standard": "Standard", "std": "Standard", "datacenter": "Datacenter", "dc": "Datacenter", "datacentre": "Datacenter",
    "enterprise": "Enterprise", "ent": "Enterprise", "enterprise core": "Enterprise Core", "web": "Web",
    "express": "Express", "developer": "Developer", "professional": "Professional", "pro": "Professional",
    "business intelligence": "Business Intelligence", "workgroup": "Workgroup", "evaluation": "Evaluation",
}  # fmt: skip
FAMILIES = [
    (r"^(microsoft )?(windows server|ws)\b", "Windows Server"),
    (r"^(microsoft )?sql( server)?\b", "SQL Server"),
    (r"^(microsoft )?exchange( server)?\b", "Exchange Server"),
    (r"^(microsoft )?skype for business( server)?\b", "Skype for Business Server"),
    (r"^(microsoft )?windows embedded\b", "Windows Embedded"),
    (r"^(microsoft )?windows\b", "Windows"),
]
LOCATIONS = [
    (r"azure (stack|local)|stack (hub|hci)", "azure_stack"),
    (r"dedicated host", "azure_dedicated_host"),
    (r"azure|\bavs\b|\bavd\b|windows 365|virtual desktop", "azure"),
    (r"on[- ]?prem|own|aws|gcp|oci|amazon|google|alibaba|hoster|provider|elsewhere|outside", "on_premises"),
]
CHANNELS = [(r"arc", "azure_arc"), (r"volume|\bvl\b", "volume_license")]
MODELS = {
    "virtual_cores": {"vcore", "vcores", "virtual core", "virtual cores", "v-core", "vcore (virtual core)"},
    "physical_cores": {"pcore", "pcores", "physical core", "physical cores", "p-core", "pcore (physical core)"},
}
UNLIMITED = {"unlimited", "any number", "all", "any"}
PAY = re.compile(r"payg|pay[-_ ]as[-_ ]you[-_ ]go|licen[sc]e included", re.IGNORECASE)
"""Ways to name what is left where Azure Arc sells no updates; another way out is none that the rule decides."""


def values(module: ModuleType, settings: Settings | None = None, **facts: Any) -> Outcome:
    """Evaluate one row of facts and return the value of each rule by its name."""
    chosen = settings or Settings(TODAY)
    typed = {name: pl.Series(name, [value], strict=False) for name, value in facts.items()}
    found = evaluate(pl.LazyFrame(typed), module, chosen).collect().to_dicts()[0]
    names = [r.name for r in rules_in_force(module, chosen.as_of) if not r.is_frame]
    return {name: found[column_name(module, name)] for name in names}


def each(module: ModuleType, name: str, settings: Settings | None = None, **facts: list[Any]) -> list[Any]:
    """Evaluate a rule for several rows alike."""
    frame = pl.LazyFrame({column: pl.Series(column, given, strict=False) for column, given in facts.items()})
    return evaluate(frame, module, settings or Settings(TODAY)).collect()[column_name(module, name)].to_list()


@cache
def offered() -> pl.DataFrame:
    """Every year of every offering."""
    return compute(esu_offerings, "offerings", Settings(TODAY)).collect()


def product(name: Any) -> tuple[str, str, str | None]:
    """Read family, version and edition of a product as an example words it."""
    text = re.sub(r"\s+on .*$", "", words(name))
    matches = [(f, m) for pattern, f in FAMILIES if (m := re.match(pattern, text, re.IGNORECASE))]
    if not matches:
        message = f"the product {name!r} is not known"
        raise UndecidableError(message)
    family, rest = matches[0][0], text[matches[0][1].end() :].strip()
    said = [e for e in EDITIONS if re.search(rf"(?<!\w){e}(?!\w)", rest, re.IGNORECASE)]
    edition = EDITIONS[max(said, key=len)] if said else None
    for word in said:
        rest = re.sub(rf"(?<!\w){word}(?!\w)", "", rest, flags=re.IGNORECASE)
    rest = re.sub(r"\s*/\s*2012 R2$|\s*/\s*R2$", "", " ".join(rest.split())).strip(" ()")
    ltsb = re.fullmatch(r"(10 )?(enterprise )?(2016 )?lts[bc]( 2016)?|10 1607", rest, re.IGNORECASE)
    version = "10 2016 LTSB" if family == "Windows" and ltsb else rest
    versions = offered().filter(pl.col("product") == family)["version"].unique().to_list()
    known = [v for v in versions if v.casefold() == version.casefold()]
    if family == "Windows" and version == "10":
        known = ["10 22H2"]
    if not known:
        message = f"{name!r} names no version with Extended Security Updates"
        raise UndecidableError(message)
    return family, known[0], edition


def named_edition(text: Any) -> str:
    """Read an edition."""
    name = re.sub(r"^(microsoft )?((windows|sql) server )?(\d{4} (r2 )?)?", "", words(text).casefold())
    name = name.removesuffix(" edition")
    if name not in EDITIONS:
        message = f"the edition {text!r} is not known"
        raise UndecidableError(message)
    return EDITIONS[name]


def location(text: Any) -> str:
    """Read a place."""
    for pattern, place in LOCATIONS:
        if re.search(pattern, words(text), re.IGNORECASE):
            return place
    message = f"the place {text!r} is not known"
    raise UndecidableError(message)


def day(text: Any) -> date:
    """Read a day; of a month alone its first."""
    given = words(text)
    return date.fromisoformat(f"{given}-01" if re.fullmatch(r"\d{4}-\d{2}", given) else given)


def whole(amount: Any) -> Any:
    """Give an amount as the examples write it: whole where it is."""
    return None if amount is None else int(amount) if amount == int(amount) else Decimal(str(amount)).normalize()


def worded(code: str, i: Inputs, key: str, known: set[str]) -> str:
    """Give a code in the wording of the example, where that is one of those known for it."""
    said = i.asked.get(key)
    return said if isinstance(said, str) and said.casefold() in known else code


def years_of(name: Any) -> pl.DataFrame:
    """The years of the offering of a product."""
    family, version, _ = product(name)
    return offered().filter((pl.col("product") == family) & (pl.col("version") == version))


def window(i: Inputs) -> Outcome:
    """esu_window: the days of one year, or of several; a day that has not been published is left out."""
    if isinstance(i["year"], list) and i["year"]:
        each_year = [window(Inputs(i | {"year": year})) for year in i["year"]]
        return {key: [found[key] for found in each_year] for key in each_year[0]}
    row = years_of(i["product"]).filter(pl.col("esu_year") == count(i["year"]))
    if row.is_empty():
        raise UndecidableError("the offering has no such year")
    found = row.to_dicts()[0]
    if found["is_azure_only"] and location(i.get("location", "on-premises")) not in {"azure", "azure_stack"}:
        return {"start": None, "end": None}
    days = {"start": found["period_start"], "end": found["period_end"]}
    return {key: value.isoformat() for key, value in days.items() if value is not None}


def sa_remaining(i: Inputs) -> Outcome:
    """esu_sa_remaining: a month left at the start of the coverage, for one end or several."""
    ends = i["sa_end"]
    listed = [day(end) for end in (ends if isinstance(ends, list) else [ends])]
    start = [day(i["coverage_start"])] * len(listed)
    found = each(esu_eligibility, "has_month_left", recorded_start=start, sa_end=listed, **_open(len(listed)))
    return {"qualifies": found if isinstance(ends, list) else found[0]}


def _open(rows: int) -> dict[str, list[None]]:
    return {"period_start": [None] * rows}


def sa_each_year(i: Inputs) -> Outcome:
    """esu_sa_remaining_each_year: the same for each year's own start and end."""
    rows = [Inputs(row) for row in entries(i["years"])]
    starts, ends = [day(r["start"]) for r in rows], [day(r["sa_end"]) for r in rows]
    found = each(esu_eligibility, "has_month_left", recorded_start=starts, sa_end=ends, **_open(len(rows)))
    return {"qualifies": found}


def purchase(i: Inputs) -> Outcome:
    """sa_esu: the months of Software Assurance that remain, and the year before."""
    facts = {"recorded_start": None, "period_start": None, "sa_end": None}
    if "sa_months_remaining" in i:
        flag(i.get("esu_purchase", True))
        found = values(esu_eligibility, sa_months_remaining=count(i["sa_months_remaining"]), **facts)
        allowed = found["has_months_left"]
    else:
        found = values(esu_eligibility, sa_months_remaining=None, **facts)
        allowed = True
    if "esu_year" in i:
        year = count(i["esu_year"])
        if year > 1:
            owned = list(range(1, year)) if flag(i[f"year{year - 1}_covered"]) else list(range(1, year - 1))
        else:
            owned = []
        allowed = (
            allowed and values(esu_chain, esu_year=year, years_owned=owned, is_chained=True)["may_be_bought_alone"]
        )
    elif "sa_months_remaining" not in i:
        raise UndecidableError("the example gives neither the months that remain nor the year")
    return {"allowed": allowed, "minimum_months": found["minimum_months"]}


def late(i: Inputs) -> Outcome:
    """esu_late_onboarding: the years to buy."""
    owned = [count(y) for y in entries(i["years_owned"])]
    facts = {"esu_year": [count(i["first_year_wanted"])], "years_owned": [owned], "is_chained": [True]}
    frame = pl.LazyFrame(
        facts, schema={"esu_year": pl.Int64, "years_owned": pl.List(pl.Int64), "is_chained": pl.Boolean}
    )
    found = evaluate(frame, esu_chain, Settings(TODAY)).collect()
    return {"must_buy_years": found[column_name(esu_chain, "must_buy")].to_list()[0]}


def periods(i: Inputs) -> Outcome:
    """esu_exchange_periods: the period of a purchase, what it covers, and whether it needs the first."""
    family, version, _ = product(i["product"])
    bought = pl.LazyFrame({"product": [family], "version": [version], "bought_on": [day(i["purchased"])]})
    found = compute(
        esu_offerings, "year_bought", Settings(TODAY), purchases=bought, offered=offered().lazy()
    ).collect().to_dicts()[0]  # fmt: skip
    if found["esu_year"] is None:
        raise UndecidableError("every period had ended by then")
    row = years_of(i["product"]).filter(pl.col("esu_year") == 1).to_dicts()[0]
    chained = values(esu_chain, esu_year=found["esu_year"], years_owned=[], is_chained=row["is_chained"])
    return {
        "period": found["esu_year"],
        "covers": [found["period_start"].isoformat()[:7], found["period_end"].isoformat()[:7]],
        "period1_required": bool(chained["must_also_buy"]),
    }


def free(i: Inputs) -> Outcome:
    """esu_azure_free and esu_azure_stack_free: offering by offering, place by place."""
    products, places = i["product"], i["location"]
    if products == [] or places == []:
        raise UndecidableError("the list is empty")
    if isinstance(products, list):
        return {"free": [_is_free(p, places) for p in products]}
    if isinstance(places, list):
        return {"free": [_is_free(products, place) for place in places]}
    return {"free": _is_free(products, places)}


def _is_free(name: Any, place: Any) -> bool:
    row = years_of(name).to_dicts()[0]
    facts = {key: row[key] for key in ("released_on", "is_free_in_azure", "is_free_on_azure_stack")}
    return bool(values(esu_azure, location=location(place), **facts)["is_free"])


def sql_edition(i: Inputs) -> Outcome:
    """esu_sql_edition: which editions have an offer, of the versions that Azure Arc serves."""
    listed = i["editions"]
    names = listed if isinstance(listed, list) else [listed]
    editions = years_of("SQL Server 2016").to_dicts()[0]["editions"]
    found = [values(esu_editions, edition=named_edition(n), editions=editions)["is_edition_offered"] for n in names]  # fmt: skip
    asked = i.asked.get("subscribable")
    if isinstance(asked, dict):
        return {"subscribable": dict(zip(names, found, strict=True))}
    if isinstance(asked, list) and not any(isinstance(a, bool) for a in asked):
        return {"subscribable": [n for n, ok in zip(names, found, strict=True) if ok]}
    return {"subscribable": found if isinstance(listed, list) else found[0]}


def price_2012(i: Inputs) -> Outcome:
    """esu_price_2012: the three years as shares of the full price of a license."""
    return _years(_shares("SQL Server 2012", 1, 1, money(i["full_licence_price"])))


def total_2012(i: Inputs) -> Outcome:
    """esu_total_cost_2012: the three years of a server, and what entering in the last one costs."""
    family, _, _ = product(i["product"])
    first = compute(esu_price, "published", Settings(TODAY)).filter(
        pl.col("product") == family, pl.col("version") == "2012"
    )
    size = first.collect()["pack_size"][0]
    licenses, size = (count(i["packs"]), 1) if "packs" in i else (count(i["cores"]), size)
    prices = _shares(i["product"], licenses, size, money(i["price_per_pack"]))
    return _years(prices) | {"three_years": _entering(prices, 3), "if_entered_in_year3": _entering(prices, 3)}


def _shares(name: Any, licenses: int, size: int, price: Decimal) -> list[Any]:
    family, version, edition = product(name)
    return _prices(family, version, edition, licenses=licenses, pack_size=size, license_price=price)


def _prices(family: str, version: str, edition: str | None, activation: str | None = None, **facts: Any) -> list[Any]:
    """Price the years of an offering; several editions that share their prices give them once."""
    listed = compute(esu_price, "published", Settings(TODAY)).collect()
    rows = listed.filter(
        (pl.col("product") == family)
        & (pl.col("version") == version)
        & pl.col("activation").eq_missing(pl.lit(activation, pl.String))
        & (pl.col("edition").is_null() | pl.col("edition").eq_missing(pl.lit(edition, pl.String)))
    ).sort("esu_year")
    if rows.is_empty():
        raise UndecidableError("no price has been published")
    given = rows.lazy().drop([c for c in facts if c in rows.columns])
    given = given.with_columns(pl.lit(v).alias(k) for k, v in ({"license_price": None} | facts).items())
    found = evaluate(given, esu_price, Settings(TODAY)).collect()
    return [whole(v) for v in found[column_name(esu_price, "year_price")].to_list()]


def _years(prices: list[Any]) -> Outcome:
    return {f"year{n}": price for n, price in enumerate(prices, start=1)}


def _entering(prices: list[Any], year: int) -> Any:
    """What entering in a year costs; nothing where the price of one before it is not published."""
    rows = pl.LazyFrame(
        {
            "offer_id": ["a"] * len(prices),
            "esu_year": range(1, len(prices) + 1),
            "year_price": [Decimal(p) for p in prices],
        }
    )
    found = compute(esu_price, "cumulative", Settings(TODAY), years=rows).collect()["entering_costs"].to_list()
    return whole(found[year - 1]) if year <= len(found) else None


def price_2016(i: Inputs) -> Outcome:
    """esu_price_2016: packs, and the price of each year, of the example or as published."""
    family, version, edition = product(i["product"])
    edition = named_edition(i["edition"]) if "edition" in i else edition
    size = count(i.get("pack_cores", 2))
    facts = {"licenses": count(i["cores"]), "pack_size": size}
    packs = values(esu_price, **facts)["packs"]
    if "price_per_pack_year" in i:
        given = values(esu_price, amount=money(i["price_per_pack_year"]), **facts)["year_price"]
        return {"packs": packs} | _years([whole(given)] * years_of(i["product"]).height)
    return {"packs": packs} | _years(_prices(family, version, edition, **facts))


def windows_10(i: Inputs) -> Outcome:
    """esu_windows10_price: the three years, all of them, and entering in the second."""
    said = words(i.get("activation", "key")).casefold()
    cloud = "cloud" if re.search(r"intune|autopatch|cloud", said) else None
    prices = _prices("Windows", "10 22H2", None, cloud, licenses=count(i["devices"]))
    return _known(_years(prices) | {"three_years": _entering(prices, 3), "enter_in_year2_pays": _entering(prices, 2)})


def windows_7(i: Inputs) -> Outcome:
    """esu_windows7_price: the three years of an edition."""
    prices = _prices("Windows", "7", named_edition(i["edition"]), licenses=count(i["devices"]))
    return _known(_years(prices) | {"three_years": _entering(prices, 3)})


def _known(outcome: Outcome) -> Outcome:
    return {key: value for key, value in outcome.items() if value is not None}


def _server(i: Inputs, **given: Any) -> int:
    """Cores to license of one server; a total alone is of one large processor."""
    if "processors" in i and "cores_per_processor" in i:
        cores = [count(i["cores_per_processor"])] * count(i["processors"])
    else:
        cores = [count(given["cores"])]
    facts = {"cores_per_processor": cores, "processors": len(cores), "physical_cores": sum(cores)}
    return int(values(windows_server_cores, **facts)["cores_to_license"])


def core_minimum(i: Inputs) -> Outcome:
    """esu_core_minimum_ws: the licenses of one server."""
    if flag(i.get("virtualised", False)):
        raise UndecidableError("the example does not say how many virtual machines the server runs")
    cores = _server(i)
    found = values(esu_windows_server_licenses, cores_to_license=cores, windows_oses=0, edition="Standard")
    return {"core_licences": found["physical_licenses"]}


def physical(i: Inputs) -> Outcome:
    """esu_ws_physical_min: servers alike, without virtual machines."""
    if flag(i.get("virtualised", False)):
        raise UndecidableError("the example does not say how many virtual machines the servers run")
    return _alike(count(i["servers"]), _one(_server(i, cores=i["cores_each"])), "pcores")


def _one(cores: int, oses: int = 0, edition: str = "Standard", **policies: str) -> int:
    facts = {"cores_to_license": cores, "windows_oses": oses, "edition": edition}
    return int(values(esu_windows_server_licenses, Settings(TODAY, policies), **facts)["physical_licenses"])


def _alike(several: int, licenses: int, unit: str) -> Outcome:
    total = int(pl.Series([licenses]).repeat_by(several).explode().sum())
    return {"licences": several, f"{unit}_each": licenses, f"total_{unit}": total}


def _machines(sizes: list[int]) -> list[int]:
    return each(esu_windows_server_licenses, "virtual_core_licenses", vcpus=sizes)


def virtual(i: Inputs) -> Outcome:
    """esu_ws_vcore: the machines in need of updates on hosts of another version."""
    machines = count(i["hosts"]) * count(i["eligible_vms_per_host"])
    licenses = _machines([count(i["vm_vcores"])])[0]
    return {
        "edition": "Standard",
        "model": worded("virtual_cores", i, "model", MODELS["virtual_cores"]),
        "licences": machines,
        "cores_each": licenses,
        "total_vcores": _alike(machines, licenses, "vcores")["total_vcores"],
    }


def multicloud(i: Inputs) -> Outcome:
    """esu_ws_multicloud: machines at another provider, one by one."""
    return _alike(count(i["vms"]), _machines([count(i["vm_vcores"])])[0], "vcores")


def branch(i: Inputs) -> Outcome:
    """esu_ws_branch: both options of the published scenario, by its own way of counting sets."""
    cores, machines = _server(i, cores=i["host_cores"]), count(i["vms"])
    if named_edition(i["edition"]) != "Standard":
        raise UndecidableError("the scenario is one of Standard")
    facts = {"cores_to_license": cores, "windows_oses": machines, "edition": "Standard"}
    found = values(esu_windows_server_licenses, Settings(TODAY, {"esu_standard_sets": "least_cores"}), **facts)
    each_set = found["cores_per_set"]
    return {
        "option_pcore": {"licences": found["physical_licenses"] // each_set, "pcores_each": each_set},
        "option_vcore": {"licences": machines, "vcores_each": _machines([count(i["vm_vcores"])])[0]},
    }


def datacenter(i: Inputs) -> Outcome:
    """esu_ws_datacenter: all cores of the host once, for any number of machines."""
    edition = named_edition(i.get("edition", "Datacenter"))
    if edition != "Datacenter":
        raise UndecidableError("Standard covers as many machines as it has sets")
    said = i.asked.get("vms_covered")
    vms = i.get("vms")
    covered = vms if vms is not None and said == vms else worded("unlimited", i, "vms_covered", UNLIMITED)
    return {
        "edition": edition,
        "model": worded("physical_cores", i, "model", MODELS["physical_cores"]),
        "pcores": _one(_server(i, cores=i["host_cores"]), edition=edition),
        "vms_covered": covered,
    }


def cluster(i: Inputs) -> Outcome:
    """esu_ws_cluster_choice: the whole cluster with Datacenter against its machines one by one."""
    machines, physical_cores = count(i["sum_max8_vcores"]), count(i["cluster_pcores"])
    found = values(
        esu_windows_server_licenses, cores_to_license=physical_cores, edition="Datacenter", virtual_licenses=machines,
        is_physical=False, recorded=None,
    )  # fmt: skip
    by_machine = found["basis"] == esu_windows_server_licenses.Reason.VIRTUAL_CORES.code
    return {
        "choose": "Standard vCore" if by_machine else "Datacenter pCore",
        "vcores": machines,
        "alternative_pcores": found["physical_licenses"] if by_machine else machines,
    }


def hosted(i: Inputs) -> Outcome:
    """esu_hosted_license_included, of the terms, and of the answer of 2023."""
    old = {"esu_hosted_minimum": "answer_of_2023"} if "faq" in i else {}
    sizes = i["vm_vcores"]
    listed = [count(s) for s in (sizes if isinstance(sizes, list) else [sizes])]
    if not listed:
        raise UndecidableError("the list of virtual machines is empty")
    family = next((f for pattern, f in FAMILIES if re.match(pattern, words(i["product"]), re.IGNORECASE)), None)
    if family not in {"Windows Server", "SQL Server"}:
        message = f"{i['product']!r} is not sold with a provider's license"
        raise UndecidableError(message)
    if family == "SQL Server":
        found = each(esu_sql_server_licenses, "hosted_licenses", Settings(TODAY, old), vcpus=listed)
    else:
        found = each(esu_windows_server_licenses, "hosted_licenses", Settings(TODAY, old), vcpus=listed)
    return {"core_licences": found if isinstance(sizes, list) else found[0]}


def windows_server(i: Inputs) -> Outcome:
    """ws_esu: the scenarios of Windows Server in one topic."""
    if "hosted" in i:
        return {
            "min_esu_core_licenses_per_vose": values(esu_windows_server_licenses, vcpus=None)[
                "min_hosted_licenses_per_ose"
            ]
        }
    if "cluster_pcores" in i:
        found = cluster(i)
        by_machine = found["choose"].startswith("Standard")
        dc = _one(count(i["cluster_pcores"]), edition="Datacenter")
        std = count(i["sum_max8_vcores"])
        cheapest = f"Standard vcore {std}" if by_machine else f"Datacenter pcore {dc}"
        return {"dc_pcores": dc, "std_vcores": std, "cheapest": cheapest}
    if "physical_servers" in i:
        one = _one(_server(i, cores=i["cores_each"]))
        found = _alike(count(i["physical_servers"]), one, "pcores")
        return {"licenses": found["licences"], "pcores_each": one, "pcores_total": found["total_pcores"]}
    machines = _sizes(i) if "vm_vcores" in i else []
    edition = named_edition(i["edition"]) if "edition" in i else None
    option = words(i.get("option", i.get("licensing", "vcore" if edition != "Datacenter" else "pcore"))).casefold()
    if re.search(r"p-?core|physical", option) or (edition == "Datacenter" and "host_cores" in i):
        return _by_cores(i, edition, machines)
    if not machines and "licensing" in i and set(i.asked) == {"edition"}:
        return {"edition": "Standard"}
    if not machines:
        raise UndecidableError("the example gives neither virtual machines nor servers")
    licenses = _machines(machines)
    total = int(pl.Series(licenses).sum())
    same = {"vcores_each": licenses[0]} if len(set(licenses)) == 1 else {}
    return {"licenses": len(licenses), "vcores_total": total, "std_vcores": total, "edition": "Standard", **same}


def _sizes(i: Inputs) -> list[int]:
    sizes = i["vm_vcores"]
    if isinstance(sizes, list):
        return [count(s) for s in sizes]
    return [count(sizes)] * count(i.get("windows_vms", 1))


def _by_cores(i: Inputs, edition: str | None, machines: list[int]) -> Outcome:
    """By the cores of one host; where no edition is named the one that takes fewer licenses."""
    cores = _server(i, cores=i["host_cores"])
    oses = len(machines) or (count(i["windows_vms"]) if isinstance(i.get("windows_vms"), int) else 0)
    facts = {"cores_to_license": cores, "windows_oses": oses, "edition": edition or "Datacenter"}
    found = values(esu_windows_server_licenses, **facts)
    total = found["physical_licenses"]
    if edition is None and found["standard_licenses"] <= found["datacenter_licenses"]:
        edition, total = "Standard", found["standard_licenses"]
    sets = found["standard_sets"] if edition == "Standard" else 1
    return {
        "edition": edition or "Datacenter",
        "licenses": sets,
        "pcores_each": cores,
        "pcores_total": total,
        "rule_value": total,
        "core_licenses": total,
        "dc_pcores": found["datacenter_licenses"],
    }


def sql_hosted(i: Inputs) -> Outcome:
    """sql_esu: the minimum of a machine whose SQL Server the provider includes."""
    words(i["hosted"])
    found = values(esu_sql_server_licenses, vcpus=None)
    return {"min_esu_core_licenses_per_vose": found["min_hosted_licenses_per_ose"]}


def sql_machines(i: Inputs) -> Outcome:
    """esu_sql_vm_min: machines one by one."""
    sizes = [
        count(next((v[k] for k in v if "core" in k), None) if isinstance(v, dict) else v) for v in entries(i["vms"])
    ]
    edition = named_edition(i.get("edition", "Standard"))
    found = each(esu_sql_server_licenses, "core_licenses", vcpus=sizes, edition=[edition] * len(sizes))
    return {"cores": found, "total": int(pl.Series(found).sum())}


def sql_cap(i: Inputs) -> Outcome:
    """esu_sql_standard_cap: what Azure Arc counts of a large machine."""
    facts = {"vcpus": count(i["vm_vcores"]), "edition": named_edition(i["edition"]), "channel": _channel(i["channel"])}
    return {"billable_cores": values(esu_sql_server_licenses, **facts)["core_licenses"]}


def _channel(text: Any) -> str:
    for pattern, channel in CHANNELS:
        if re.search(pattern, words(text), re.IGNORECASE):
            return channel
    message = f"the channel {text!r} is not known"
    raise UndecidableError(message)


def sql_unlimited(i: Inputs) -> Outcome:
    """esu_sql_unlimited_virtualisation: a whole host."""
    facts = {"host_cores": count(i["host_pcores"]), "edition": named_edition(i["edition"])}
    found = values(esu_sql_server_licenses, is_listed_provider=False, **facts)
    if found["host_licenses"] is None:
        raise UndecidableError(esu_sql_server_licenses.Reason[found["unlimited_virtualization"].upper()].value)
    return {"licence_pcores": found["host_licenses"]}


def sql_normalized(i: Inputs) -> Outcome:
    """esu_sql_normalised_cores."""
    facts = {"standard_cores": count(i["standard_cores"]), "enterprise_cores": count(i["enterprise_cores"])}
    return {"normalised_cores": values(esu_sql_server_licenses, **facts)["normalized_cores"]}


def sql_meters(i: Inputs) -> Outcome:
    """esu_sql_multi_version: each version in the machine, in its highest edition, by all its cores."""
    rows = []
    for instance in entries(i["instances"]):
        version, edition = _instance(instance)
        rows.append({"entity_id": "main", "ose_id": "v", "version": version, "edition": edition, "is_passive": False})
    with_offer = [r for r in rows if r["version"] in set(_versions("SQL Server"))]
    frame = pl.LazyFrame(with_offer, schema_overrides={"is_passive": pl.Boolean})
    metered = compute(esu_sql_server_licenses, "meters", Settings(TODAY), installs=frame).sort("version")
    cores = evaluate(
        metered.with_columns(vcpus=pl.lit(count(i["vm_vcores"]))), esu_sql_server_licenses, Settings(TODAY)
    )
    found = cores.select("version", "edition", cores=column_name(esu_sql_server_licenses, "core_licenses")).collect()
    asked = i.asked.get("meters")
    if isinstance(asked, int) and not isinstance(asked, bool):
        return {"meters": found.height}
    return {"meters": _metered(found.to_dicts(), asked)}


def _metered(meters: list[Outcome], asked: Any) -> Any:
    """Give the meters in the shape in which the example gives them, each where it names the version."""
    if isinstance(asked, dict):
        shaped = {_key_of(m, asked): m for m in meters}
        return {key: _shape(m, asked.get(key, m["cores"])) for key, m in shaped.items()}
    if not isinstance(asked, list):
        return meters
    order = {m["version"]: next((n for n, a in enumerate(asked) if _names(a, m)), len(asked)) for m in meters}
    ordered = sorted(meters, key=lambda m: order[m["version"]])
    return [_shape(m, asked[min(n, len(asked) - 1)]) for n, m in enumerate(ordered)] if asked else ordered


def _names(said: Any, meter: Outcome) -> bool:
    """Tell whether a text or a row names the meter's version."""
    texts = said.values() if isinstance(said, dict) else said if isinstance(said, list) else [said]
    return any(re.search(rf"\b{meter['version']}\b(?! R2)", str(text)) for text in texts)


def _key_of(meter: Outcome, asked: Outcome) -> str:
    """Give the example's own key of a meter, where its edition is right too."""
    for key in asked:
        if _names(key, meter) and _is_edition(key, meter):
            return key
    return str(meter["version"])


def _is_edition(text: str, meter: Outcome) -> bool:
    named = {EDITIONS[word] for word in re.findall(r"[a-z]+", text.casefold()) if word in EDITIONS}
    return not named or meter["edition"] in named


def _shape(meter: Outcome, asked: Any) -> Any:
    """Give one meter as a number, a row or a text, as the example does."""
    if isinstance(asked, dict):
        row = {key: meter[_meter_key(key)] for key in asked}
        prefix = "SQL Server " if str(asked.get("product", "")).casefold().startswith("sql server") else ""
        return row | ({"product": f"{prefix}{meter['version']}"} if "product" in row else {})
    if isinstance(asked, str):
        rest = re.sub(rf"\b{meter['version']}\b", "", asked, count=1)
        sizes = [int(n) for n in re.findall(r"\d+", rest)]
        is_same = _names(asked, meter) and _is_edition(asked, meter) and set(sizes) <= {meter["cores"]}
        return asked if is_same and "not" not in asked.split() else " ".join(map(str, meter.values()))
    return meter["cores"] if isinstance(asked, int) else meter


def _meter_key(key: str) -> str:
    known = {"version": "version", "product": "version", "edition": "edition"}
    if key in known:
        return known[key]
    if re.search(r"core|licen", key):
        return "cores"
    message = f"a meter has no {key}"
    raise UndecidableError(message)


def _instance(text: Any) -> tuple[str, str | None]:
    if isinstance(text, dict):
        row = Inputs(text)
        said = str(row["version"] if "version" in row else row["product"])
        version = re.sub(r"^(microsoft )?sql server ", "", said, flags=re.IGNORECASE)
        return version, named_edition(row["edition"])
    match = re.fullmatch(r"(?:SQL Server )?(\d{4}(?: R2)?)\s+(.+)", words(text), re.IGNORECASE)
    if not match:
        message = f"the instance {text!r} names no version and edition"
        raise UndecidableError(message)
    return match[1], named_edition(match[2])


def _versions(family: str) -> list[str]:
    return offered().filter(pl.col("product") == family)["version"].unique().to_list()


def sql_server_cal(i: Inputs) -> Outcome:
    """esu_sql_server_cal: whether the channel serves the license model, and what else does."""
    model = words(i["licence_model"]).casefold()
    metric = "server" if "cal" in model else "core"
    if metric == "core" and "core" not in model:
        message = f"the license model {model!r} is not known"
        raise UndecidableError(message)
    found = values(esu_sql_server_licenses, channel=_channel(i["channel"]), metric=metric)
    available = found["availability"] == esu_sql_server_licenses.Reason.AVAILABLE.code
    if found["alternative"] is None:
        return {"available": available}
    said = str(i.asked.get("alternative", found["alternative"]))
    if not PAY.search(said):
        return {"available": available}
    is_denied = re.search(r"\bnot?\b", said.casefold())
    return {"available": available, "alternative": found["alternative"] if is_denied else said}


def access(i: Inputs) -> Outcome:
    """esu_cal_sa: the users whose access license lacks Software Assurance."""
    users = [Inputs(u) for u in entries(i["users"])]
    facts = {"has_updates": [flag(i["server_esu"])] * len(users), "has_sa": [flag(u["cal_sa"]) for u in users]}
    gaps = each(esu_access_licenses, "is_gap", kind=["user_cal"] * len(users), **facts)
    needed = each(esu_access_licenses, "updates_for_access_licenses", kind=["user_cal"], has_updates=[True])
    return {
        "access_gap_users": [u["id"] for u, gap in zip(users, gaps, strict=True) if gap],
        "esu_needed_for_cals": needed[0],
    }


def access_on_stack(i: Inputs) -> Outcome:
    """esu_cal_sa_azure_stack: what the waiver leaves to buy and to cover."""
    is_free = _is_free(i["server"], i["server"])
    facts = {"kind": "user_cal", "has_updates": True, "is_waived": is_free, "has_sa": flag(i["cal_sa"])}
    return {
        "cal_sa_required": values(esu_access_licenses, **facts)["is_sa_required"],
        "esu_purchase_required": not is_free,
    }


def after_expiry(i: Inputs) -> Outcome:
    """esu_after_expiry: what remains, in the year that follows or during one."""
    owned = [count(y) for y in entries(i["esu_years"])]
    match = re.fullmatch(r"(after|during|in)?\s*(?:esu )?year (\d+)", words(i["as_of"]).casefold())
    if not match:
        message = f"{i['as_of']!r} names no year"
        raise UndecidableError(message)
    year = count(int(match[2])) + int(match[1] == "after")
    found = values(esu_use, is_updated=True, is_covered_now=year in owned, was_covered=bool(owned), use_license="own")
    return {
        "may_keep_using_updates_received": found["is_permitted"],
        "new_updates": found["gets_new_updates"],
        "only_on_covered_licences": found["is_bound_to_covered_licenses"],
    }


def uncovered(i: Inputs) -> Outcome:
    """esu_updates_on_uncovered_server: one server with updated software, and its coverage."""
    use = words(i["use"]).casefold()
    stack = "stack" in f"{use} {i.get('server', '')}".casefold()
    if re.search(r"dev|test", use):
        raise UndecidableError("the example does not say under which licenses the server develops and tests")
    facts = {"is_updated": flag(i["updated_software"]), "is_covered_now": flag(i["esu"]), "is_waived": stack}
    return {"compliant": values(esu_use, use_license="own", **facts)["is_permitted"]}


def on_development(i: Inputs) -> Outcome:
    """esu_updates_on_dev: servers under Developer edition or a Visual Studio subscription."""
    said = words(i["licence"]).casefold()
    kinds = [
        (r"developer", "developer"),
        (r"visual studio|\bvs\b|msdn", "visual_studio"),
        (r"standard|enterprise|datacenter|volume|production|paid|own", "own"),
    ]
    kind = next((code for pattern, code in kinds if re.search(pattern, said)), None)
    if kind is None:
        message = f"the license {said!r} is not known"
        raise UndecidableError(message)
    excluded = False
    if kind == "visual_studio" and re.match(r"windows server", str(i.get("server", "")), re.IGNORECASE):
        excluded = not years_of(i["server"]).to_dicts()[0]["is_visual_studio_free"]
    facts = {"customer_has_coverage": flag(i["owner_has_esu_for_production"]), "is_visual_studio_free": not excluded}
    found = values(esu_use, is_updated=True, is_covered_now=False, use_license=kind, **facts)
    needed, asked = found["needs_own_coverage"], i.asked.get("esu_needed")
    is_counted = isinstance(asked, int) and not isinstance(asked, bool) and needed is not None
    return {"compliant": found["is_permitted"], "esu_needed": int(needed) if is_counted else needed}


def billing(i: Inputs) -> Outcome:
    """esu_billing_start: the day back to which a subscription is billed, and where it starts to run."""
    found = _bill(i["product"], day(i["subscribed"]))
    back = found["back_bill_from"]
    return {"back_bill_from": back and back.isoformat(), "recurring_from": found["recurring_from"].isoformat()}


def _bill(name: Any, on: date, first: date | None = None) -> Outcome:
    years = years_of(name).sort("esu_year")
    begins = first or years["period_start"][0]
    current = years.filter((pl.col("period_start") <= on) & (pl.col("period_end") >= on))
    start = None if current.is_empty() else current["period_start"][0]
    family, _, _ = product(name)
    return values(esu_arc_billing, product=family, subscribed_on=on, first_day=begins, year_start=start)


def back_bill(i: Inputs) -> Outcome:
    """esu_backbill: the months that are billed with a late subscription."""
    first = day(i["end_of_support"]) + timedelta(days=1)
    found = _bill(i["product"], day(i["provisioned"]), first)
    asked = i.asked.get("back_billed_months")
    months = [d.strftime(_month_format(asked)) for d in found["first_days_back_billed"] or []]
    if isinstance(asked, int) and not isinstance(asked, bool):
        return {"back_billed_months": found["months_back_billed"] or 0}
    return {"back_billed_months": months}


def _month_format(asked: Any) -> str:
    """Give the form in which the example writes months: 2023-10, Oct 2023, October."""
    said = asked[0] if isinstance(asked, list) and asked else None
    for form in ("%b %Y", "%B %Y", "%b", "%B"):
        try:
            datetime.strptime(str(said), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return form
    return "%Y-%m"


def size_limit(i: Inputs) -> Outcome:
    """esu_license_size_limit: the license resources of so many cores."""
    unknown = {"product": None, "subscribed_on": None, "first_day": None}
    return {
        "license_resources_needed": values(esu_arc_billing, cores=count(i["cores"]), **unknown)["license_resources"]
    }


def tool(i: Inputs) -> Outcome:
    """tool_behaviour of the updates: the licenses of one server, or of a machine, with the product's minimums."""
    if not re.search(r"\besu\b|extended security", words(i["product"]), re.IGNORECASE):
        raise UndecidableError("it is not about Extended Security Updates")
    if re.search(r"\bsql\b", i["product"], re.IGNORECASE):
        raise UndecidableError("the example does not say how SQL Server is licensed")
    if "cores" in i or "cores_per_processor" in i:
        return {"rule_value": _server(i, cores=i.get("cores"))}
    return {"rule_value": _machines([count(i["vcpus"])])[0]}


TOPICS: dict[str, Callable[[Inputs], Outcome]] = {
    "esu_after_expiry": after_expiry,
    "esu_azure_free": free,
    "esu_azure_stack_free": free,
    "esu_backbill": back_bill,
    "esu_billing_start": billing,
    "esu_cal_sa": access,
    "esu_cal_sa_azure_stack": access_on_stack,
    "esu_core_minimum_ws": core_minimum,
    "esu_exchange_periods": periods,
    "esu_hosted_license_included": hosted,
    "esu_hosted_license_included_old": hosted,
    "esu_late_onboarding": late,
    "esu_license_size_limit": size_limit,
    "esu_price_2012": price_2012,
    "esu_price_2016": price_2016,
    "esu_sa_remaining": sa_remaining,
    "esu_sa_remaining_each_year": sa_each_year,
    "esu_sql_edition": sql_edition,
    "esu_sql_multi_version": sql_meters,
    "esu_sql_normalised_cores": sql_normalized,
    "esu_sql_server_cal": sql_server_cal,
    "esu_sql_standard_cap": sql_cap,
    "esu_sql_unlimited_virtualisation": sql_unlimited,
    "esu_sql_vm_min": sql_machines,
    "esu_total_cost_2012": total_2012,
    "esu_updates_on_dev": on_development,
    "esu_updates_on_uncovered_server": uncovered,
    "esu_window": window,
    "esu_windows10_price": windows_10,
    "esu_windows7_price": windows_7,
    "esu_ws_branch": branch,
    "esu_ws_cluster_choice": cluster,
    "esu_ws_datacenter": datacenter,
    "esu_ws_multicloud": multicloud,
    "esu_ws_physical_min": physical,
    "esu_ws_vcore": virtual,
    "sa_esu": purchase,
    "sql_esu": sql_hosted,
    "tool_behaviour": tool,
    "ws_esu": windows_server,
}
