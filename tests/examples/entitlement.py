"""Worked examples of entitlement: their inputs as canonical rows, the product's answers as their outcomes."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from lmanalytics.rules.engine import compute, evaluate
from lmanalytics.rules.entitlement import (
    lot_history,
    new_version_rights,
    purchase_lines,
    sa_attachment,
    stage,
    step_up_price,
    step_ups,
    suite_components,
)
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.register import sentence
from lmanalytics.rules.right import true_up_document, true_up_window
from lmanalytics.schemas import CANONICAL, MONEY
from tests.examples.outcome import Inputs, UndecidableError, count, entries, flag, money, words

Outcome = dict[str, Any]
WHEN = re.compile(
    r"((agreement|year|month|of|in|the|any|time|start|end|beginning|term|first|second|third|\d+(st|nd|rd|th)?)\s*)+",
    re.IGNORECASE,
)
ORDINALS = {"first": "1st", "second": "2nd", "third": "3rd"}
BOUGHT, STEPPED, COVERED_TO, TODAY = date(2025, 1, 1), date(2025, 6, 1), date(2027, 12, 31), date(2026, 11, 21)
DAY = timedelta(days=1)
PROGRAMS = {
    "ea": "ea",
    "enterprise agreement": "ea",
    "eas": "eas",
    "ea subscription": "eas",
    "enterprise agreement subscription": "eas",
    "enterprise subscription": "eas",
    "ees": "ees",
    "csp subscription": "csp",
    "ovs-es": "open_value_subscription",
    "server and cloud enrollment": "sce",
    "ovs": "open_value_subscription",
    "open value subscription": "open_value_subscription",
    "open value": "open_value",
    "open license": "open_license",
    "mpsa": "mpsa",
    "select plus": "select_plus",
    "sce": "sce",
    "csp": "csp",
    "oem": "oem",
    "fpp": "fpp",
    "retail": "fpp",
}
UNIT_TYPES = {
    "l": "license",
    "license": "license",
    "licence": "license",
    "license only": "license",
    "full license": "license",
    "full licence": "license",
    "new license": "license",
    "new licence": "license",
    "l only": "license",
    "l&sa": "license_and_sa",
    "l & sa": "license_and_sa",
    "l+sa": "license_and_sa",
    "licsapk": "license_and_sa",
    "sa": "sa",
    "software assurance": "sa",
    "license & software assurance": "license_and_sa",
    "product upgrade": "upgrade",
    "version upgrade": "upgrade",
    "sa renewal": "sa",
    "sa (renewal)": "sa",
    "step up": "step_up",
    "sa step up": "step_up",
    "mthsub": "subscription",
    "mvl": "subscription",
    "ua": "upgrade",
    "from sa usl": "from_sa",
    "add-on usl": "add_on",
    "sa step-up": "step_up",
    "step-up": "step_up",
    "sasu": "step_up",
    "online services": "subscription",
    "online service": "subscription",
    "subscription": "subscription",
    "upgrade": "upgrade",
    "esu": "esu",
    "from sa": "from_sa",
    "add-on": "add_on",
}
SHORT = [
    (r"^Microsoft ", ""),
    (r"\b(19|20)\d\d( R2)?\b ?", ""),
    (r"^Windows (7|8|8\.1|10|11) ", "Windows "),
    (r"\bLTSC\b ?", ""),
    (r"\bCISS?\b( Suite)?(?! Suite)", "Core Infrastructure Server Suite"),
    (r"^Core Infrastructure Suite\b", "Core Infrastructure Server Suite"),
    (r"^BizTalk (?!Server)", "BizTalk Server "),
    (
        r"^(D365|Dynamics 365)( for)? (?P<what>.*?)( On-prem(ises)?)?( (User|Device))? CALs?$",
        r"Dynamics 365 \g<what> On-premises CAL",
    ),
    (r"^(Forefront )?(Threat Management Gateway|TMG)\b", "Forefront TMG"),
    (r"^Core CAL$", "Core CAL Suite"),
    (r"^(Enterprise CAL|ECAL|ECAL Suite)$", "Enterprise CAL Suite"),
    (r"^Office Pro(fessional)? ?Plus", "Office Professional Plus"),
    (r"^VS (?=Pro|Test|Ent)", "Visual Studio "),
    (r"^(Visio|Project|Visual Studio( Test)?) Pro\b", r"\1 Professional"),
    (r"^(Exchange|SharePoint) (?!Server|Online)", r"\1 Server "),
    (r"^SQL (?!Server)", "SQL Server "),
    (r"\bw/ ?", "with "),
    (r"\bStd\b", "Standard"),
    (r"\bEnt\b", "Enterprise"),
    (r"\b(DC|Datacentre)\b", "Datacenter"),
    (r"^(Visual Studio .*) Subscriptions?$", r"\1"),
]
ELSEWHERE = re.compile(
    r"^(Microsoft )?((Microsoft|Office|Windows) 365|[MO]365|365|Exchange Online|SharePoint Online|Copilot|Commerce Server"
    r"|Office Communications Server|OCS|(Dynamics )?CRM|SCCM)\b",
    re.IGNORECASE,
)
METRICS = [
    (r"\bserver ?[/+&] ?cal\b", "server"),
    (r"\busers?\b", "user_cal"),
    (r"\bdevices?\b", "device_cal"),
    (r"\bcal\b", "user_cal"),
]
SUFFIX = r"\s*\([^)]*\)|(?<=suite)\s+(user|device) cals?$|\s+cores?$|\s+server ?[/+&] ?cal$|\s+(user|device)s?$"


@cache
def node(name: str) -> tuple[str, str | None, str]:
    """Product, edition and metric of a product as an example words it."""
    metric = next((found for pattern, found in METRICS if re.search(pattern, name, re.IGNORECASE)), "core")
    text = re.sub(SUFFIX, "", words(name), flags=re.IGNORECASE)
    for pattern, word in SHORT:
        text = re.sub(pattern, word, text, flags=re.IGNORECASE).strip()
    known = _products()
    if text.casefold() in known:
        return (*known[text.casefold()], metric)
    product = max((p for p, _ in known.values() if text.casefold().startswith(p.casefold())), key=len, default=text)
    return product, text[len(product) :].strip() or None, metric


@cache
def _products() -> dict[str, tuple[str, str | None]]:
    """Products and editions that the rules' tables name, by their name."""
    edges = _edges()
    versions = load_rule_file(new_version_rights).table("product_versions")
    known = {*edges.select("from_product", "from_edition").rows(), *edges.select("to_product", "to_edition").rows()}
    known |= set(versions.select("product", "edition").rows())
    known |= {(name, None) for name in load_rule_file(new_version_rights).table("version_families")["product"]}
    return {f"{p} {e}".casefold() if e else p.casefold(): (p, e) for p, e in sorted(known, key=str)}


def _edges() -> pl.DataFrame:
    return load_rule_file(lot_history).table("step_up_edges")


def recognized(name: str) -> None:
    """Refuse a name that may be a product of the step-up table, in a spelling that is not known."""
    product, edition, _ = node(name)
    if (product, edition) in _products().values():
        return
    if not ELSEWHERE.match(name):
        message = f"the product {name!r} is not recognized"
        raise UndecidableError(message)


def higher(name: str) -> str:
    """The only product to which the named one steps up."""
    product, edition, _ = node(name)
    here = pl.col("from_product").eq(product) & pl.col("from_edition").eq_missing(pl.lit(edition, pl.String))
    found = _edges().filter(here).select("to_product", "to_edition").rows()
    if len(found) != 1:
        message = f"{name} has {len(found)} step-ups"
        raise UndecidableError(message)
    return " ".join(part for part in found[0] if part)


_ANSWERED: dict[str, dict[str, pl.DataFrame]] = {}
"""Answers by the purchases they are of: an example asked again, for another outcome, has the same."""


class Ledger:
    """Purchases of one example, and the product's answers to them; an example's quantities are not negative."""

    def __init__(self, *, takes_returns: bool = False) -> None:
        self.takes_returns = takes_returns
        self.rows: list[dict[str, Any]] = []
        self.agreements: list[dict[str, Any]] = []
        self.names: dict[tuple[str, str | None, str], str] = {}

    def agreement(self, program: str | None, start: date, end: date, agreement: str = "A1") -> None:
        if program is None:
            return
        code = PROGRAMS.get(program.lower())
        if code is None:
            message = f"program {program!r} is not known"
            raise UndecidableError(message)
        self.agreements.append(
            {
                "agreement_id": agreement,
                "enrollment_id": agreement,
                "program": code,
                "start_date": start,
                "end_date": end,
            }
        )

    def buy(self, name: str, kind: str, quantity: Any, **more: Any) -> str:
        product, edition, metric = node(words(name))
        is_return = self.takes_returns and isinstance(quantity, int) and quantity < 0
        quantity = -count(-quantity) if is_return else count(quantity)
        metric = more.get("metric", metric)
        self.names[product, edition, metric] = name
        row = {
            "purchase_id": f"P{len(self.rows) + 1:03}",
            "basis": "transaction",
            "agreement_id": "A1",
            "product": product,
            "edition": edition,
            "metric": metric,
            "purchase_type": kind,
            "quantity": quantity,
            "licenses_per_unit": 1,
            "order_date": BOUGHT,
        }
        if kind in {"license_and_sa", "sa", "subscription"}:
            row |= {"coverage_start": more.get("order_date", BOUGHT), "coverage_end": COVERED_TO}
        self.rows.append(row | more)
        return str(row["purchase_id"])

    def step_up(self, of: str, to: str, quantity: Any, **more: Any) -> str:
        base, edition, metric = node(words(of))
        if re.search(r"\b(user|device)s?\b|\bserver ?[/+&] ?cal\b", words(to), re.IGNORECASE):
            metric = node(to)[2]
        self.names.setdefault(node(of), of)
        stated = " ".join(part for part in (base, edition) if part)
        return self.buy(
            to, "step_up", quantity, **({"order_date": STEPPED, "step_up_from": stated, "metric": metric} | more)
        )

    def answers(self, as_of: date = TODAY, **policies: str) -> dict[str, pl.DataFrame]:
        given = {"purchases": self.rows} | ({"agreements": self.agreements} if self.agreements else {})
        key = repr((given, as_of, policies))
        if key not in _ANSWERED:
            tables = {name: _table(name, rows) for name, rows in given.items()}
            answered = stage.answers(tables, Settings(as_of, policies))
            _ANSWERED[key] = dict(zip(answered, pl.collect_all(list(answered.values())), strict=True))
        return _ANSWERED[key]

    def held(
        self, answers: dict[str, pl.DataFrame], as_of: date = TODAY, *, only_covered: bool = False
    ) -> dict[str, int]:
        """Licenses in force by the example's names; a named product without any has 0."""
        rows = in_force(answers["licenses"], as_of).filter(~pl.col("license_id").str.contains(":", literal=True))
        rows = rows.filter("sa_active") if only_covered else rows
        found = dict.fromkeys(self.names.values(), 0)
        for product, edition, metric, quantity in rows.select("product", "edition", "metric", "quantity").rows():
            name = self.names.get((product, edition, metric)) or " ".join(p for p in (product, edition) if p)
            found[name] = found.get(name, 0) + quantity
        return found


def _table(name: str, rows: list[dict[str, Any]]) -> pl.LazyFrame:
    numbered = [{"entity_id": "main", "row_id": number, **row} for number, row in enumerate(rows)]
    return CANONICAL[name].conform(pl.DataFrame(numbered, infer_schema_length=None).lazy()).collect().lazy()


def in_force(licenses: pl.DataFrame, as_of: date) -> pl.DataFrame:
    begun = (pl.col("valid_from") <= as_of).fill_null(value=True)
    return licenses.filter(begun & (pl.col("valid_to") >= as_of).fill_null(value=True))


def day(text: str) -> date:
    return date.fromisoformat(text)


def totals(ledger: Ledger, answers: dict[str, pl.DataFrame], as_of: date = TODAY) -> int:
    del ledger
    rows = in_force(answers["licenses"], as_of).filter(~pl.col("license_id").str.contains(":", literal=True))
    return int(rows["quantity"].sum())


def valid(answers: dict[str, pl.DataFrame]) -> int:
    return int(answers["step_ups"]["quantity_valid"].sum())


def unresolved(answers: dict[str, pl.DataFrame]) -> int:
    return int(answers["step_ups"]["quantity_unresolved"].sum())


def _sentences(answers: dict[str, pl.DataFrame]) -> str:
    """What the register says of the step-ups that are not valid."""
    codes = answers["step_up_matches"].filter(~pl.col("is_valid"))["reason"].unique().sort().to_list()
    return " ".join(sentence(code, "_unserved") for code in codes).rstrip(".")


def effective(inputs: Inputs) -> Outcome:
    """Chains, branches, suites, access licenses: base and step-ups by name."""
    ledger = Ledger()
    bases = inputs["base_LSA"]
    if not isinstance(bases, dict) or not bases:
        raise UndecidableError("the base is not given by product")
    lapsed = not flag(inputs.get("sa_active", True))
    steps = [(_typed(of, bases), _typed(to, bases), quantity) for of, to, quantity in entries(inputs["step_ups"])]
    for name in [*bases, *(name for of, to, _ in steps for name in (of, to))]:
        recognized(name)
    kinds = {_kind(base) for base in bases}
    if any({_kind(of), _kind(to)} == {"user", "device"} <= kinds for of, to, _ in steps):
        raise UndecidableError("a step-up keeps to access licenses of its base's kind: by user, or by device")
    for name, quantity in bases.items():
        ledger.buy(name, "license_and_sa", quantity, **({"coverage_end": STEPPED - DAY} if lapsed else {}))
    for step in steps:
        ledger.step_up(*step)
    answers = ledger.answers()
    asked = inputs.asked.get("effective") or {}
    for step, typed in zip(inputs["step_ups"], steps, strict=True):
        ledger.names |= {
            node(name): said if said in asked else name for said, name in zip(step[:2], typed[:2], strict=True)
        }
    components = in_force(answers["licenses"], TODAY).filter(pl.col("license_id").str.contains(":", literal=True))
    summed = components.group_by("product", "edition").agg(pl.col("quantity").sum())
    grants = {f"{p} {e}": quantity for p, e, quantity in summed.sort("product", "edition").rows()}
    return {
        "effective": ledger.held(answers),
        "active_sa": ledger.held(answers, only_covered=True),
        "total_licences": totals(ledger, answers),
        "grants": grants,
    }


def _kind(name: str) -> str | None:
    found = re.search(r"\b(user|device)s?\b", name, re.IGNORECASE)
    return found[1].casefold() if found else None


def _typed(name: str, bases: dict[str, int]) -> str:
    """A step-up of access licenses is of its base's kind, which its own name may leave out."""
    kinds = [k for k in ("User", "Device") if any(re.search(rf"\b{k}\b", base, re.IGNORECASE) for base in bases)]
    is_typed = re.search(r"\b(user|device)\b", words(name), re.IGNORECASE)
    return f"{name} ({kinds[0]})" if len(kinds) == 1 and "CAL" in name and not is_typed else name


def one_pair(inputs: Inputs) -> Outcome:
    """Quantities of one base and one step-up, without names."""
    ledger = Ledger()
    lower, upper = "Visio Standard", "Visio Professional"
    if "base_L_without_SA" in inputs:
        ledger.buy(lower, "license", inputs["base_L_without_SA"])
    ledger.buy(lower, "license_and_sa", inputs["base_LSA"])
    ledger.step_up(lower, upper, inputs["step_ups"])
    if "base_transferred_out" in inputs:
        ledger.buy(lower, "transfer_out", inputs["base_transferred_out"], order_date=STEPPED + DAY)
    answers = ledger.answers()
    held = ledger.held(answers)
    return {
        "effective_higher": held[upper],
        "effective_lower": held[lower],
        "valid_step_ups": valid(answers),
        "unresolved_step_ups": unresolved(answers),
    } | _finding(answers)


def _finding(answers: dict[str, pl.DataFrame]) -> Outcome:
    """Say how many step-ups lost their base, where that is all that is wrong."""
    wrong = answers["step_up_matches"].filter(~pl.col("is_valid"))
    if wrong["reason"].unique().to_list() != [step_ups.Reason.BASE_NOT_RETAINED.code]:
        return {}
    return {"finding": f"{wrong['quantity'].sum()} step-ups without a retained qualifying license"}


def other_contract(inputs: Inputs) -> Outcome:
    """A base and a step-up that may stand under different agreements or enrollments."""
    ledger, base, step = Ledger(), inputs["base"], inputs["step_up"]
    for key in ("agreement", "enrollment"):
        if (key in base) != (key in step):
            message = f"the {key} of one of the two is not given"
            raise UndecidableError(message)
    name = base.get("product", "Visio Standard")
    to = step.get("to") or step.get("product") or higher(name)
    for product in (name, to):
        recognized(product)
    quantity = base.get("LSA", base.get("qty", base.get("quantity")))
    asked = step.get("qty", step.get("quantity"))
    if quantity is None:
        quantity = asked
    if quantity is None or asked is None:
        quantity = asked = 1
    here, there = (
        {key: words(side[key]) for key in ("agreement", "enrollment") if key in side} for side in (base, step)
    )
    ledger.buy(name, "license_and_sa", quantity, **_contract(here))
    ledger.step_up(name, to, asked, **_contract(there))
    answers = ledger.answers()
    finding = _sentences(answers)
    return {
        "effective": ledger.held(answers),
        "valid_step_ups": valid(answers),
        "unresolved_step_ups": unresolved(answers),
        "valid": valid(answers) == asked,
    } | ({"finding": finding} if finding else {})


def _contract(given: dict[str, str]) -> dict[str, Any]:
    return {"agreement_id": given.get("agreement", "A1"), "enrollment_id": given.get("enrollment")}


def order_day(inputs: Inputs) -> Outcome:
    """A step-up ordered about the end of its base's coverage."""
    ledger, base, step = Ledger(), inputs["base"], inputs["step_up"]
    name, end, ordered = base["product"], day(base["sa_end"]), day(step["order_date"])
    recognized(name)
    begun = min(end, ordered).replace(day=1) - 366 * DAY
    ledger.buy(name, "license_and_sa", base["LSA"], order_date=begun, coverage_end=end)
    ledger.step_up(name, step.get("to") or higher(name), step["qty"], order_date=ordered)
    answers = ledger.answers(max(end, ordered))
    return {"valid_step_ups": valid(answers), "unresolved_step_ups": unresolved(answers)}


def core_packs(inputs: Inputs) -> Outcome:
    ledger, base = Ledger(), inputs["base"]
    name = words(base["product"])
    recognized(name)
    to = inputs["step_up"].get("to") or _as_worded(name, higher(name))
    kind = "license_and_sa" if flag(base.get("sa", True)) else "license"
    for pack in entries(base["packs"]):
        ledger.buy(name, kind, pack["n"], licenses_per_unit=count(pack["size"]), metric="core")
    for pack in entries(inputs["step_up"]["packs"]):
        ledger.step_up(name, to, pack["n"], licenses_per_unit=count(pack["size"]), metric="core")
    answers = ledger.answers()
    return {"effective_cores": ledger.held(answers), "total_cores": totals(ledger, answers)}


def _as_worded(name: str, above: str) -> str:
    """Word the higher product as the example words the lower one, where only the edition differs."""
    lower, upper = node(name), node(above)
    return name.replace(lower[1], upper[1]) if lower[1] and upper[1] and lower[0] == upper[0] else above


def pair(inputs: Inputs) -> Outcome:
    """Whether the terms offer a step-up between two products."""
    ledger = Ledger()
    for key in ("from", "to"):
        recognized(words(inputs[key]))
    ledger.buy(inputs["from"], "license_and_sa", 1)
    ledger.step_up(inputs["from"], inputs["to"], 1)
    return {"allowed": valid(ledger.answers()) == 1}


def after_renewal(inputs: Inputs) -> Outcome:
    ledger = Ledger()
    lower, upper = "Visio Standard", "Visio Professional"
    start, end = date(2022, 1, 1), date(2024, 12, 31)
    ledger.buy(lower, "license_and_sa", inputs["term1"]["base_LSA"], order_date=start, coverage_end=end)
    ledger.step_up(lower, upper, inputs["term1"]["step_ups"], order_date=date(2023, 6, 1))
    for name, key in ((lower, "lower"), (upper, "higher")):
        if count(inputs["renewal_SA"][key]):
            ledger.buy(name, "sa", inputs["renewal_SA"][key], order_date=end + DAY, coverage_end=COVERED_TO)
    answers = ledger.answers()
    words = {lower: "lower", upper: "higher"}
    held = {words[n]: q for n, q in ledger.held(answers).items()}
    covered = {words[n]: q for n, q in ledger.held(answers, only_covered=True).items()}
    twice = totals(ledger, answers) != inputs["term1"]["base_LSA"]
    return {"effective": held, "active_sa": covered, "double_count": twice}


def lapses_perpetual(inputs: Inputs) -> Outcome:
    if flag(inputs["sa_renewed"]) or not flag(inputs["paid_in_full"]):
        raise UndecidableError("only a lapse of paid licenses is described")
    lower, upper = _both(words(inputs["product"]))
    end = day(inputs["term_end"])
    start = date(end.year - 3, end.month, 1)
    after = end + DAY

    def ledger(ordered: date) -> Ledger:
        made = Ledger()
        made.agreement(words(inputs["programme"]), start, end)
        made.buy(lower, "license_and_sa", inputs["base_LSA"], order_date=start, coverage_end=end)
        made.step_up(lower, upper, inputs["step_ups"], order_date=ordered)
        return made

    bought = ledger(start + 90 * DAY)
    answers = bought.answers(after)
    held = bought.held(answers, after)
    stepped = in_force(answers["licenses"], after).filter(pl.col("reason") == "stepped_up")
    rights = stepped.select("product", "version_right").unique().rows()
    outcome = {
        "perpetual_higher": held[upper],
        "perpetual_lower": held[lower],
        "further_step_ups_allowed": valid(ledger(after).answers(after)) > 0,
    }
    return outcome | ({"version_right": f"{rights[0][0]} {rights[0][1]}"} if len(rights) == 1 else {})


def _both(text: str) -> tuple[str, str]:
    lower, _, upper = (part.strip() for part in re.sub("\u2192|=>", "->", text).partition("->"))
    if not upper:
        upper = higher(lower)
    product, edition, _ = node(lower)
    is_whole = upper.startswith(product) or node(upper)[:2] in _products().values()
    upper = upper if is_whole else f"{product} {upper}"
    offered = _edges().filter(
        pl.col("from_product").eq(product) & pl.col("from_edition").eq_missing(pl.lit(edition, pl.String))
    )
    if node(upper)[:2] not in offered.select("to_product", "to_edition").rows():
        message = f"the terms offer no step-up from {lower} to {upper}"
        raise UndecidableError(message)
    return lower, upper


def subscription_ends(inputs: Inputs) -> Outcome:
    ledger, end = Ledger(), day(inputs["term_end"])
    lower, upper = "SQL Server Standard Core", "SQL Server Enterprise Core"
    start, after = date(end.year - 3, end.month, 1), end + DAY
    ledger.agreement(words(inputs["programme"]), start, end)
    ledger.buy(lower, "license_and_sa", inputs["base_sub"], order_date=start, coverage_end=end)
    ledger.step_up(lower, upper, inputs["step_ups"], order_date=start + 90 * DAY)
    for name, quantity in ((upper, inputs["step_ups"]), (lower, inputs["base_sub"])):
        if flag(inputs["renewed"]):
            ledger.buy(name, "sa", quantity, order_date=after, coverage_end=end + 1095 * DAY)
        if flag(inputs["buy_out"]):
            ledger.buy(name, "buy_out", quantity, order_date=end)
    held = ledger.held(ledger.answers(after), after)
    return {"higher_after_term": held[upper], "lower_after_term": held[lower]}


def price(inputs: Inputs) -> Outcome:
    lower, upper = _both(words(inputs["product"]))
    dear, cheap = money(inputs["higher_LSA_per_year"]), money(inputs["lower_LSA_per_year"])
    cost = _prices([1], 1, dear, cheap)["step_up_price__price_per_year"][0]
    ledger = Ledger()
    ledger.buy(lower, "license_and_sa", 1)
    ledger.step_up(lower, upper, 1)
    answers = ledger.answers()
    owned = in_force(answers["licenses"], TODAY)
    return {"step_up_per_year": cost, "licences_owned": totals(ledger, answers), "edition": owned["edition"][0]}


def _prices(years: list[int | None], term: int, dear: Any = 2, cheap: Any = 1, months: Any = None) -> pl.DataFrame:
    facts = pl.DataFrame(
        {"agreement_year": years, "agreement_month": months or [None] * len(years)},
        schema={"agreement_year": pl.Int64, "agreement_month": pl.Int64},
    ).with_columns(
        term_years=pl.lit(term),
        higher_price_per_year=pl.lit(dear).cast(MONEY),
        lower_price_per_year=pl.lit(cheap).cast(MONEY),
    )
    return evaluate(facts.lazy(), step_up_price, Settings(TODAY)).collect()


def price_by_year(inputs: Inputs) -> Outcome:
    """Whether a step-up costs less, more or the same as one acquired at each other time that the example names."""
    term = count(inputs["term_years"])

    def cost(when: Any) -> Any:
        year, month = _year(words(when))
        year = _prices([1], term, months=[month])["step_up_price__year_of_month"][0] if year is None else year
        found = _prices([year], term)["step_up_price__step_up_price"][0]
        if found is None or year < 1:
            message = f"{when} is not within the term"
            raise UndecidableError(message)
        return found

    own, outcome = cost(inputs["acquired"]), {}
    for key, other in inputs.asked.items():
        several = other if isinstance(other, list) else [other]
        signs = {(cost(name) > own) - (cost(name) < own) for name in several}
        relation = {1: "cheaper_than", -1: "dearer_than", 0: "same_price_as"}
        found = {relation[sign] for sign in signs}
        outcome[key] = other if found == {key} else " and ".join(sorted(found))
    return outcome


def _year(text: str) -> tuple[int | None, int | None]:
    """The year of the agreement that a time names, or else its month."""
    if not WHEN.fullmatch(text.strip()):
        message = f"{text!r} is no time of the agreement"
        raise UndecidableError(message)
    text = re.sub(r"\b(first|second|third)\b", lambda m: ORDINALS[m[0].casefold()], text, flags=re.IGNORECASE)
    for unit in ("year", "month"):
        if match := re.search(rf"\b{unit}\s*(\d+)|(\d+)(?:st|nd|rd|th)? {unit}\b", text, re.IGNORECASE):
            found = int(match[1] or match[2])
            return (found, None) if unit == "year" else (None, found)
    message = f"{text!r} names neither a year nor a month of the agreement"
    raise UndecidableError(message)


def _lines(rows: list[dict[str, Any]]) -> pl.DataFrame:
    settings = Settings(TODAY)
    purchases = _table(
        "purchases", [{"purchase_id": f"P{n}", "product": "Visio", "metric": "device", **r} for n, r in enumerate(rows)]
    )
    lines = compute(purchase_lines, "lines", settings, purchases=purchases, agreements=CANONICAL["agreements"].empty())
    return evaluate(lines, purchase_lines, settings).sort("row_id").collect()


def active_sa(inputs: Inputs) -> Outcome:
    kinds = [_unit_type(name) for name in entries(inputs["transactions"])]
    lines = _lines([{"purchase_type": kind, "quantity": 1, "licenses_per_unit": 1} for kind in kinds])
    counts = (lines["purchase_lines__active_sa_added"] > 0).to_list()
    named = list(zip(inputs["transactions"], counts, strict=True))
    return {
        "counts_toward_active_sa": [name for name, is_counted in named if is_counted],
        "does_not_count": [name for name, is_counted in named if not is_counted],
    }


def _unit_type(name: str) -> str:
    kind = UNIT_TYPES.get(words(name).lower())
    if kind is None:
        message = f"transaction {name!r} is not known"
        raise UndecidableError(message)
    return kind


def quantity_added(inputs: Inputs) -> Outcome:
    """Upgrades, and any other kind of purchase."""
    return _added(_unit_type(inputs["purchase_type"]), inputs)


def pack(inputs: Inputs) -> Outcome:
    """Packs of licenses."""
    return _added(_unit_type(inputs.get("purchase_type", "license")), inputs, count(inputs["licences_per_pack"]))


def _added(kind: str, inputs: Inputs, size: int = 1) -> Outcome:
    quantity = count(inputs["purchase_quantity"])
    lines = _lines([{"purchase_type": kind, "quantity": quantity, "licenses_per_unit": size}])
    return {"licensed_quantity_added": lines["purchase_lines__licenses_added"][0]}


def from_sa(inputs: Inputs) -> Outcome:
    base = count(inputs["base_perpetual_rights"])
    lines = _lines([{"purchase_type": "license", "quantity": base, "licenses_per_unit": 1}])
    return {"from_sa_rights_required": lines["purchase_lines__from_sa_required"][0]}


def upgrade_moves(inputs: Inputs) -> Outcome:
    ledger = Ledger()
    ledger.buy("Visio Standard", "license", inputs["base_licences"], version="2016")
    ledger.buy("Visio Standard", "upgrade", inputs["upgrade_licences"], version="2019", order_date=STEPPED)
    answers = ledger.answers()
    held = in_force(answers["licenses"], TODAY)
    by = dict(held.group_by("version").agg(pl.col("quantity").sum()).rows())
    return {
        "base_effective": by.get("2016", 0),
        "upgraded_effective": by.get("2019", 0),
        "total": totals(ledger, answers),
    }


def version_right(inputs: Inputs) -> Outcome:
    ledger = Ledger()
    as_of = day(inputs["as_of"]) if "as_of" in inputs else TODAY
    end = day(inputs["sa_end"]) if inputs["sa_end"] is not None else None
    start = day(inputs["sa_start"]) if inputs.get("sa_start") is not None else None
    kind = "license" if end is None else "license_and_sa"
    kind = kind if flag(inputs.get("perpetual", True)) else "subscription"
    version = re.sub(
        rf"^(microsoft )?{node(inputs['product'])[0]} ", "", words(inputs["licensed_version"]), flags=re.IGNORECASE
    )
    version = _version(inputs["product"], version)
    more = {"order_date": start, "coverage_start": start, "coverage_end": end, "version": version}
    ledger.buy(inputs["product"], kind, 1, **more)
    answers = ledger.answers(as_of)
    return {"highest_version": answers["licenses"]["version_right"][0]}


def _version(product: str, version: str) -> str:
    """Read a version of which the rules know the day of its release."""
    file = load_rule_file(new_version_rights)
    families = dict(file.table("version_families").select("product", "family").rows())
    name = node(product)[0]
    table = file.table("product_versions").filter(pl.col("product") == families.get(name, name))
    known = table.select(new_version_rights.alias(pl.col("version"))).to_series().to_list()
    plain = pl.select(new_version_rights.alias(pl.lit(words(version)))).item()
    if plain not in known:
        message = f"{product} has no known version {version}"
        raise UndecidableError(message)
    return version


def version_lots(inputs: Inputs) -> Outcome:
    """Lots as they stand on the day that the example asks about, else on the day after all coverage."""
    ledger, ends = Ledger(), []
    for lot in entries(inputs["lots"]):
        start, end = (day(text) for text in lot["sa"]) if lot.get("sa") else (None, None)
        ends += [end] if end else []
        more = {"coverage_start": start, "coverage_end": end, "order_date": start or BOUGHT}
        ledger.buy(inputs["product"], _unit_type(lot["type"]), lot["qty"], **more)
    named = [match for key in inputs.asked if (match := re.fullmatch(r"active_sa_(\d{4})_(\d\d)_(\d\d)", key))]
    if not ends and not named:
        raise UndecidableError("no lot has coverage")
    as_of = day("-".join(named[0].groups())) if named else max(ends) + DAY
    answers = ledger.answers(as_of)
    held = in_force(answers["licenses"], as_of)
    if held["version_right"].null_count():
        message = f"the versions of {inputs['product']} are not known"
        raise UndecidableError(message)
    by = held.group_by("version_right").agg(pl.col("quantity").sum()).sort("version_right").rows()
    return {
        "licences": totals(ledger, answers, as_of),
        "by_highest_version": dict(by),
        f"active_sa_{as_of:%Y_%m_%d}": int(held.filter("sa_active")["quantity"].sum()),
    }


def version_subscription(inputs: Inputs) -> Outcome:
    """Whether anything remains after the term; how much and of which version depends on what it was."""
    ledger, end = Ledger(), day(inputs["term_end"])
    start, after = date(end.year - 3, end.month, 1), end + DAY
    program = words(inputs["programme"])
    ledger.agreement(program, start, end)
    kind = "subscription" if PROGRAMS.get(program.lower()) == "csp" else "license_and_sa"
    ledger.buy("SQL Server Standard Core", kind, 1, order_date=start, coverage_end=end)
    if flag(inputs.get("renewed", False)):
        ledger.buy("SQL Server Standard Core", "sa", 1, order_date=after, coverage_end=end + 1095 * DAY)
    answers = ledger.answers(after)
    if totals(ledger, answers, after):
        raise UndecidableError("licenses remain, but the example does not say of which product or how many there were")
    return {"licences_after_term": 0, "highest_version_after_term": None}


def statement_version(inputs: Inputs) -> Outcome:
    product, _, version = words(inputs["mls_version"]).rpartition(" ")
    run_product, _, run_version = words(inputs["inventory_version"]).rpartition(" ")
    for name, year in ((product, version), (run_product, run_version)):
        _version(name, year)
    ledger = Ledger()
    stated = {"version": version, "basis": "statement_summary", "agreement_id": None}
    if flag(inputs["sa_covered_at_2013_release"]):
        stated |= {"coverage_start": BOUGHT, "coverage_end": _released(product, "2013")}
    kind = "license_and_sa" if "coverage_end" in stated else "license"
    ledger.buy(product, kind, inputs["mls_effective"], **stated)
    licenses = ledger.answers()["licenses"].lazy()
    installs = pl.LazyFrame(
        {
            "entity_id": ["main"],
            "product": [node(run_product)[0]],
            "version": [run_version],
            "installed": [count(inputs["inventory_count"])],
        }
    )
    cover = compute(
        new_version_rights, "version_cover", Settings(TODAY), licenses=licenses, installs=installs
    ).collect()
    reason = sentence(cover["reason"][0], "new_version_rights").rstrip(".")
    return {"compliant": cover["is_covered"][0], "reason": reason}


def _released(product: str, version: str) -> date:
    table = load_rule_file(new_version_rights).table("product_versions")
    found = table.filter((pl.col("product") == node(product)[0]) & (pl.col("version") == version))["ga_date"].min()
    if not isinstance(found, date):
        message = f"the day on which {product} {version} was released is not known"
        raise UndecidableError(message)
    return found


def not_full_picture(inputs: Inputs) -> Outcome:
    ledger = Ledger()
    name, bought = "Windows Server Standard", {"agreement_id": None}
    for key, more in (
        ("mls_effective", {"basis": "statement_summary", "program": None, "document_ref": None}),
        ("mpsa", {"program": "mpsa", "document_ref": "order"}),
        ("oem_with_proof", {"program": "oem", "document_ref": "invoice"}),
        ("retail_with_proof", {"program": "fpp", "document_ref": "receipt"}),
        ("no_proof", {"program": "fpp", "document_ref": None}),
    ):
        if count(inputs[key]):
            ledger.buy(name, "license", inputs[key], **bought, **more)
    if not ledger.rows:
        raise UndecidableError("the example has no licenses at all")
    answers = ledger.answers(proof_of_purchase="required")
    unproven = answers["purchase_outcomes"].filter(pl.col("reason") == "no_proof_of_purchase")["purchase_id"].to_list()
    return {
        "entitlement": totals(ledger, answers),
        "unproven": sum(row["quantity"] for row in ledger.rows if row["purchase_id"] in unproven),
    }


def grant(inputs: Inputs) -> Outcome:
    of, _, to = words(inputs["grant_ratio"]).partition(":")
    product = words(inputs["product"])
    licenses = pl.LazyFrame(
        {
            "entity_id": ["main"],
            "license_id": ["L1"],
            "product": [product],
            "quantity": [count(inputs["licences"])],
            "sa_active": [flag(inputs["active_sa"])],
        }
    )
    offers = pl.LazyFrame(
        {
            "product": [product],
            "granted_product": [words(inputs["granted_product"])],
            "licenses": [int(of)],
            "granted": [int(to)],
        }
    )
    found = compute(suite_components, "grants", Settings(TODAY), licenses=licenses, license_grants=offers).collect()
    return {
        "granted_licences": int(found["quantity"].sum()),
        "marked_with_asterisk": bool(found["is_marked"].any()),
    }


def split(inputs: Inputs) -> Outcome:
    ledger = Ledger()
    ledger.buy("Visio Standard", "license", inputs["perpetual_rights"])
    ledger.buy("Visio Standard", "sa", inputs["sa_rights"])
    answers = ledger.answers()
    held = in_force(answers["licenses"], TODAY)
    return {
        "licences_with_active_sa": int(held.filter("sa_active")["quantity"].sum()),
        "licences_without_sa": int(held.filter(~pl.col("sa_active"))["quantity"].sum()),
        "total_licences": totals(ledger, answers),
    }


def _evaluated(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    facts = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    return evaluate(facts.lazy(), sa_attachment, Settings(TODAY)).collect()


SA_FACTS = {
    "program": pl.String,
    "acquired_on": pl.Date,
    "transferred_on": pl.Date,
    "sa_end": pl.Date,
    "ordered_on": pl.Date,
    "coverage_start": pl.Date,
    "originally_held": pl.Int64,
    "reattach_requested": pl.Int64,
    "moved_online": pl.Boolean,
    "agreement_months_left": pl.Int64,
    "signed_on": pl.Date,
    "term_months": pl.Int64,
}


def on_oem(inputs: Inputs) -> Outcome:
    program = PROGRAMS.get(re.sub(r"\s*\([^)]*\)", "", words(inputs["channel"])).lower())
    if program is None:
        raise UndecidableError("the channel is not known")
    bought = day(inputs["purchase_date"])
    rows = [{"program": program, "acquired_on": bought, "ordered_on": d, "coverage_start": d} for d in _days(inputs)]
    return _attachable(rows, inputs)


def _days(inputs: Inputs) -> list[date]:
    """The day of an order, or of several."""
    given = inputs["sa_order_dates"]
    if given == []:
        raise UndecidableError("the example gives no day of an order")
    return [day(text) for text in (entries(given) if isinstance(given, list) else [words(given)])]


def _attachable(rows: list[dict[str, Any]], inputs: Inputs) -> Outcome:
    found = _evaluated(rows, SA_FACTS)["sa_attachment__is_attachable"].to_list()
    return {"allowed": found if isinstance(inputs["sa_order_dates"], list) else found[0]}


def after_transfer(inputs: Inputs) -> Outcome:
    moved = day(inputs["transfer_date"])
    end = moved if flag(inputs["transferor_sa_active"]) else moved - DAY
    rows = [
        {
            "program": "ea",
            "acquired_on": moved,
            "transferred_on": moved,
            "sa_end": end,
            "ordered_on": d,
            "coverage_start": d,
        }
        for d in _days(inputs)
    ]
    return _attachable(rows, inputs)


def reattach(inputs: Inputs) -> Outcome:
    program = PROGRAMS.get(words(inputs.get("programme", "EA")).lower())
    if program is None or not flag(inputs.get("sa_not_renewed", True)):
        raise UndecidableError("the program is not known, or coverage did not lapse")
    reason = words(inputs.get("reason", "not given")).lower()
    end = date(2025, 12, 31)
    row = {
        "program": program,
        "acquired_on": date(2020, 1, 1),
        "sa_end": end,
        "ordered_on": end + 400 * DAY,
        "coverage_start": end + 400 * DAY,
        "moved_online": "online" in reason or "from sa" in reason,
    }
    for key in ("originally_held", "reattach_requested"):
        row[key] = count(inputs[key]) if key in inputs else None
    found = {
        name.removeprefix("sa_attachment__"): found for name, (found,) in _evaluated([row], SA_FACTS).to_dict().items()
    }
    outcome: Outcome = {"later_SA_only_allowed": found["is_attachable"]}
    if found["is_reattachable"]:
        outcome |= {"when": found["reattach_when"], "term": found["reattach_term"]}
    else:
        outcome["needs"] = found["needed_instead"]
    return outcome if found["reattachable"] is None else outcome | {"reattach_allowed": found["reattachable"]}


def month_end(inputs: Inputs) -> Outcome:
    row = {"signed_on": day(inputs["contract_signed"]), "term_months": count(inputs["term_months"])}
    return {"sa_end_if_month_end_rule": _evaluated([row], SA_FACTS)["sa_attachment__month_end_of_term"][0].isoformat()}


def open_license(inputs: Inputs) -> Outcome:
    if _unit_type(inputs["purchase"]) not in {"license_and_sa", "sa"}:
        raise UndecidableError("no Software Assurance is bought")
    found = _evaluated([{"agreement_months_left": count(inputs["agreement_months_left"])}], SA_FACTS)
    return {
        "sa_months_covered": found["sa_attachment__open_license_months_covered"][0],
        "sa_months_paid": found["sa_attachment__open_license_months_charged"][0],
    }


def window(inputs: Inputs) -> Outcome:
    anniversary = day(inputs["anniversary"])
    facts = pl.LazyFrame(
        {"anniversary_date": [anniversary], "start_date": [None]}, schema_overrides={"start_date": pl.Date}
    )
    found = evaluate(facts, true_up_window, Settings(anniversary)).collect()
    return {key: found[f"true_up_window__window_{key}"][0].isoformat() for key in ("opens", "closes")}


def no_change(inputs: Inputs) -> Outcome:
    facts = pl.LazyFrame({"increase": [count(inputs["increase"])]})
    code = evaluate(facts, true_up_document, Settings(TODAY)).collect()["true_up_document__document"][0]
    return {"document": sentence(code, "true_up_document").rstrip(".")}


TOPICS: dict[str, Callable[[Inputs], Outcome]] = {
    "active_sa_quantity": active_sa,
    "from_sa_quantity": from_sa,
    "license_grant": grant,
    "mls_is_not_full_picture": not_full_picture,
    "mls_version_after_sa": statement_version,
    "new_version_right": version_right,
    "new_version_right_boundary": version_right,
    "new_version_right_lots": version_lots,
    "new_version_right_subscription": version_subscription,
    "open_license_sa_term": open_license,
    "pack_multiplier": pack,
    "sa_after_transfer": after_transfer,
    "sa_month_end": month_end,
    "sa_on_oem": on_oem,
    "sa_reattach": reattach,
    "sa_split": split,
    "step_up_after_renewal_single_sku": after_renewal,
    "step_up_base_not_retained": one_pair,
    "step_up_branching_chain": effective,
    "step_up_cal_suite": effective,
    "step_up_chain": effective,
    "step_up_core_packs": core_packs,
    "step_up_effective": effective,
    "step_up_exceeds_base": one_pair,
    "step_up_last_sa_day": order_day,
    "step_up_needs_sa_units": one_pair,
    "step_up_no_active_sa_at_order": order_day,
    "step_up_pair": pair,
    "step_up_price": price,
    "step_up_price_by_agreement_year": price_by_year,
    "step_up_sa_lapses_perpetual": lapses_perpetual,
    "step_up_subscription_ends": subscription_ends,
    "step_up_suite": effective,
    "step_up_wrong_agreement": other_contract,
    "step_up_wrong_enrollment": other_contract,
    "true_up_no_change": no_change,
    "true_up_window": window,
    "upgrade_adds_no_quantity": quantity_added,
    "upgrade_moves_quantity": upgrade_moves,
}
