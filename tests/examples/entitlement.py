"""Worked examples of entitlement: their inputs as canonical rows, the product's answers as their outcomes."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from lmanalytics.errors import LmError
from lmanalytics.rules.engine import compute, evaluate
from lmanalytics.rules.entitlement import (
    new_version_rights,
    purchase_lines,
    sa_attachment,
    stage,
    step_up_price,
    suite_components,
)
from lmanalytics.rules.parameters import Settings, load_rule_file
from lmanalytics.rules.register import sentence
from lmanalytics.schemas import CANONICAL, MONEY
from tests.examples.outcome import Inputs, UndecidableError

Outcome = dict[str, Any]
BOUGHT, STEPPED, COVERED_TO, TODAY = date(2025, 1, 1), date(2025, 6, 1), date(2027, 12, 31), date(2026, 11, 21)
DAY = timedelta(days=1)
LARGEST = 10**12
PROGRAMS = {
    "ea": "ea",
    "enterprise agreement": "ea",
    "eas": "eas",
    "ea subscription": "eas",
    "ees": "ees",
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
    "l&sa": "license_and_sa",
    "licsapk": "license_and_sa",
    "sa": "sa",
    "software assurance": "sa",
    "license & software assurance": "license_and_sa",
    "product upgrade": "upgrade",
    "version upgrade": "upgrade",
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
    (r"^(Microsoft )", ""),
    (r"\bCISS?\b( Suite)?(?! Suite)", "Core Infrastructure Server Suite"),
    (r"^CIS Suite", "Core Infrastructure Server Suite"),
    (r"^BizTalk (?!Server)", "BizTalk Server "),
    (r"^(D365|Dynamics 365) (?P<what>.*?)( On-prem(ises)?)? CAL$", r"Dynamics 365 \g<what> On-premises CAL"),
    (r"^Office Pro(fessional)? ?Plus", "Office Professional Plus"),
    (r"^(Visio|Project) Pro$", r"\1 Professional"),
    (r"^Exchange (?!Server)", "Exchange Server "),
    (r"^SQL (?!Server)", "SQL Server "),
    (r"\bw/ ?", "with "),
    (r"\b(Std)\b", "Standard"),
    (r"\b(Ent)\b", "Enterprise"),
    (r"\b(DC)\b", "Datacenter"),
    (r"^(Visual Studio .*) Subscription$", r"\1"),
]


def node(name: str) -> tuple[str, str | None, str]:
    """Product, edition and metric of a product as an example words it."""
    metric = "core"
    for pattern, found in (
        (r"\(server/cal\)|\bserver/cal\b", "server"),
        (r"\buser\b", "user_cal"),
        (r"\bdevice\b", "device_cal"),
        (r"\bcal\b", "user_cal"),
    ):
        if re.search(pattern, name, re.IGNORECASE):
            metric = found
            break
    text = re.sub(r"\s*\([^)]*\)|\s+cores?$|\s+server/cal$|\s+(user|device)s?$", "", name.strip(), flags=re.IGNORECASE)
    for pattern, word in SHORT:
        text = re.sub(pattern, word, text)
    edges = _edges()
    known = {(p, e) for p, e in edges.select("from_product", "from_edition").rows()}
    known |= {(p, e) for p, e in edges.select("to_product", "to_edition").rows()}
    versions = load_rule_file(new_version_rights).table("product_versions")
    known |= set(versions.select("product", "edition").rows())
    by_name = {f"{p} {e}".lower() if e else p.lower(): (p, e) for p, e in sorted(known, key=str)}
    if text.lower() in by_name:
        return (*by_name[text.lower()], metric)
    product = max((p for p, _ in known if text.lower().startswith(p.lower())), key=len, default=text)
    return product, text[len(product) :].strip() or None, metric


def _edges() -> pl.DataFrame:
    from lmanalytics.rules.entitlement import lot_history  # noqa: PLC0415 (its table is read only here)

    return load_rule_file(lot_history).table("step_up_edges")


def higher(name: str) -> str:
    """The only product to which the named one steps up."""
    product, edition, _ = node(name)
    here = pl.col("from_product").eq(product) & pl.col("from_edition").eq_missing(pl.lit(edition, pl.String))
    found = _edges().filter(here).select("to_product", "to_edition").rows()
    if len(found) != 1:
        message = f"{name} has {len(found)} step-ups"
        raise UndecidableError(message)
    return " ".join(part for part in found[0] if part)


class Ledger:
    """Purchases of one example, and the product's answers to them."""

    def __init__(self) -> None:
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

    def buy(self, name: str, kind: str, quantity: int, **more: Any) -> str:
        product, edition, metric = node(name)
        if not isinstance(quantity, int) or isinstance(quantity, bool) or abs(quantity) > LARGEST:
            message = f"{quantity!r} is no quantity"
            raise UndecidableError(message)
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

    def step_up(self, of: str, to: str, quantity: int, **more: Any) -> str:
        base, edition, metric = node(of)
        self.names[base, edition, metric] = of
        stated = " ".join(part for part in (base, edition) if part)
        return self.buy(
            to, "step_up", quantity, **({"order_date": STEPPED, "step_up_from": stated, "metric": metric} | more)
        )

    def answers(self, as_of: date = TODAY, **policies: str) -> dict[str, pl.DataFrame]:
        tables = {"purchases": _table("purchases", self.rows)}
        if self.agreements:
            tables["agreements"] = _table("agreements", self.agreements)
        settings = Settings(as_of, policies)
        return {name: frame.collect() for name, frame in stage.answers(tables, settings).items()}

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
    if not isinstance(inputs.get("base_LSA"), dict):
        raise UndecidableError("the base is not given by product")
    lapsed = inputs.get("sa_active", True) is False
    steps = inputs.get("step_ups", [])
    for name, quantity in inputs["base_LSA"].items():
        ledger.buy(name, "license_and_sa", quantity, **({"coverage_end": STEPPED - DAY} if lapsed else {}))
    for of, to, quantity in steps:
        ledger.step_up(_typed(of, inputs["base_LSA"]), _typed(to, inputs["base_LSA"]), quantity)
    answers = ledger.answers()
    for of, to, _ in steps:
        for name in (of, to):
            ledger.names[node(_typed(name, inputs["base_LSA"]))] = name
    components = in_force(answers["licenses"], TODAY).filter(pl.col("license_id").str.contains(":", literal=True))
    summed = components.group_by("product", "edition").agg(pl.col("quantity").sum())
    grants = {f"{p} {e}": quantity for p, e, quantity in summed.sort("product", "edition").rows()}
    return {
        "effective": ledger.held(answers),
        "active_sa": ledger.held(answers, only_covered=True),
        "total_licences": totals(ledger, answers),
        "grants": grants,
    }


def _typed(name: str, bases: dict[str, int]) -> str:
    """A step-up of access licenses is of its base's kind, which its own name may leave out."""
    for kind in ("User", "Device"):
        if any(re.search(rf"\b{kind}\b", base, re.IGNORECASE) for base in bases) and "CAL" in name:
            return name if re.search(rf"\b{kind}\b", name, re.IGNORECASE) else f"{name} ({kind})"
    return name


def one_pair(inputs: Inputs) -> Outcome:
    """Quantities of one base and one step-up, without names."""
    ledger = Ledger()
    lower, upper = "Visio Standard", "Visio Professional"
    if inputs.get("base_L_without_SA"):
        ledger.buy(lower, "license", inputs["base_L_without_SA"])
    ledger.buy(lower, "license_and_sa", inputs["base_LSA"])
    ledger.step_up(lower, upper, inputs["step_ups"])
    if inputs.get("base_transferred_out"):
        ledger.buy(lower, "transfer_out", inputs["base_transferred_out"], order_date=STEPPED + DAY)
    answers = ledger.answers()
    held = ledger.held(answers)
    return {
        "effective_higher": held[upper],
        "effective_lower": held[lower],
        "valid_step_ups": valid(answers),
        "unresolved_step_ups": unresolved(answers),
    }


def other_contract(inputs: Inputs) -> Outcome:
    """A base and a step-up that may stand under different agreements or enrollments."""
    ledger, base, step = Ledger(), inputs["base"], inputs["step_up"]
    name = base.get("product", "Visio Standard")
    to = step.get("to") or step.get("product") or higher(name)
    agreement = base.get("agreement", "A1")
    quantity = base.get("LSA", base.get("qty", base.get("quantity")))
    asked = step.get("qty", step.get("quantity"))
    if quantity is None:
        quantity = asked
    if quantity is None or asked is None:
        quantity = asked = 1
    ledger.buy(name, "license_and_sa", quantity, agreement_id=agreement, enrollment_id=base.get("enrollment"))
    ledger.step_up(name, to, asked, agreement_id=step.get("agreement", agreement), enrollment_id=step.get("enrollment"))
    answers = ledger.answers()
    return {
        "effective": ledger.held(answers),
        "valid_step_ups": valid(answers),
        "unresolved_step_ups": unresolved(answers),
        "valid": valid(answers) == asked,
        "finding": _sentences(answers),
    }


def order_day(inputs: Inputs) -> Outcome:
    """A step-up ordered about the end of its base's coverage."""
    ledger, base, step = Ledger(), inputs["base"], inputs["step_up"]
    name, end, ordered = base["product"], day(base["sa_end"]), day(step["order_date"])
    begun = min(end, ordered).replace(day=1) - 366 * DAY
    ledger.buy(name, "license_and_sa", base["LSA"], order_date=begun, coverage_end=end)
    ledger.step_up(name, step.get("to") or higher(name), step["qty"], order_date=ordered)
    answers = ledger.answers(max(end, ordered))
    return {"valid_step_ups": valid(answers), "unresolved_step_ups": unresolved(answers)}


def core_packs(inputs: Inputs) -> Outcome:
    ledger, base = Ledger(), inputs["base"]
    name, to = base["product"], inputs["step_up"].get("to") or higher(base["product"])
    kind = "license_and_sa" if base.get("sa", True) else "license"
    for pack in base["packs"]:
        ledger.buy(name, kind, pack["n"], licenses_per_unit=pack["size"], metric="core")
    for pack in inputs["step_up"]["packs"]:
        ledger.step_up(name, to, pack["n"], licenses_per_unit=pack["size"], metric="core")
    answers = ledger.answers()
    return {"effective_cores": ledger.held(answers), "total_cores": totals(ledger, answers)}


def pair(inputs: Inputs) -> Outcome:
    """Whether the terms offer a step-up between two products."""
    ledger = Ledger()
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
        if inputs["renewal_SA"].get(key):
            ledger.buy(name, "sa", inputs["renewal_SA"][key], order_date=end + DAY, coverage_end=COVERED_TO)
    answers = ledger.answers()
    words = {lower: "lower", upper: "higher"}
    held = {words[n]: q for n, q in ledger.held(answers).items()}
    covered = {words[n]: q for n, q in ledger.held(answers, only_covered=True).items()}
    twice = totals(ledger, answers) != inputs["term1"]["base_LSA"]
    return {"effective": held, "active_sa": covered, "double_count": twice}


def lapses_perpetual(inputs: Inputs) -> Outcome:
    if inputs.get("sa_renewed") or not inputs.get("paid_in_full", True):
        raise UndecidableError("only a lapse of paid licenses is described")
    lower, upper = _both(inputs["product"])
    end = day(inputs["term_end"])
    start = date(end.year - 3, end.month, 1)
    after = end + DAY

    def ledger(ordered: date) -> Ledger:
        made = Ledger()
        made.agreement(inputs.get("programme"), start, end)
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
    lower, _, upper = (part.strip() for part in text.partition("->"))
    if not upper:
        return lower, higher(lower)
    product, _, _ = node(lower)
    return lower, upper if upper.startswith(product) else f"{product} {upper}"


def subscription_ends(inputs: Inputs) -> Outcome:
    ledger, end = Ledger(), day(inputs["term_end"])
    lower, upper = "SQL Server Standard Core", "SQL Server Enterprise Core"
    start, after = date(end.year - 3, end.month, 1), end + DAY
    ledger.agreement(inputs["programme"], start, end)
    ledger.buy(lower, "license_and_sa", inputs["base_sub"], order_date=start, coverage_end=end)
    ledger.step_up(lower, upper, inputs["step_ups"], order_date=start + 90 * DAY)
    for name, quantity in ((upper, inputs["step_ups"]), (lower, inputs["base_sub"])):
        if inputs.get("renewed"):
            ledger.buy(name, "sa", quantity, order_date=after, coverage_end=end + 1095 * DAY)
        if inputs.get("buy_out"):
            ledger.buy(name, "buy_out", quantity, order_date=end)
    held = ledger.held(ledger.answers(after), after)
    return {"higher_after_term": held[upper], "lower_after_term": held[lower]}


def price(inputs: Inputs) -> Outcome:
    lower, upper = _both(inputs["product"])
    facts = pl.LazyFrame(
        {
            "higher_price_per_year": [inputs["higher_LSA_per_year"]],
            "lower_price_per_year": [inputs["lower_LSA_per_year"]],
        }
    ).with_columns(pl.all().cast(MONEY), agreement_year=pl.lit(1), term_years=pl.lit(1))
    cost = evaluate(facts, step_up_price, Settings(TODAY)).collect()["step_up_price__price_per_year"][0]
    ledger = Ledger()
    ledger.buy(lower, "license_and_sa", 1)
    ledger.step_up(lower, upper, 1)
    answers = ledger.answers()
    owned = in_force(answers["licenses"], TODAY)
    return {
        "step_up_per_year": int(cost) if cost == int(cost) else cost,
        "licences_owned": totals(ledger, answers),
        "edition": owned["edition"][0],
    }


def _lines(rows: list[dict[str, Any]]) -> pl.DataFrame:
    settings = Settings(TODAY)
    purchases = _table(
        "purchases", [{"purchase_id": f"P{n}", "product": "Visio", "metric": "device", **r} for n, r in enumerate(rows)]
    )
    lines = compute(purchase_lines, "lines", settings, purchases=purchases, agreements=CANONICAL["agreements"].empty())
    return evaluate(lines, purchase_lines, settings).sort("row_id").collect()


def active_sa(inputs: Inputs) -> Outcome:
    kinds = [_unit_type(name) for name in inputs["transactions"]]
    lines = _lines([{"purchase_type": kind, "quantity": 1, "licenses_per_unit": 1} for kind in kinds])
    counts = (lines["purchase_lines__active_sa_added"] > 0).to_list()
    named = list(zip(inputs["transactions"], counts, strict=True))
    return {
        "counts_toward_active_sa": [name for name, is_counted in named if is_counted],
        "does_not_count": [name for name, is_counted in named if not is_counted],
    }


def _unit_type(name: str) -> str:
    kind = UNIT_TYPES.get(name.lower().strip(), name.lower().replace(" ", "_"))
    if kind not in set(UNIT_TYPES.values()):
        message = f"transaction {name!r} is not known"
        raise UndecidableError(message)
    return kind


def quantity_added(inputs: Inputs) -> Outcome:
    """Packs and upgrades."""
    kind = _unit_type(inputs.get("purchase_type", "license"))
    size = inputs.get("licences_per_pack", 1)
    lines = _lines([{"purchase_type": kind, "quantity": inputs["purchase_quantity"], "licenses_per_unit": size}])
    return {"licensed_quantity_added": lines["purchase_lines__licenses_added"][0]}


def from_sa(inputs: Inputs) -> Outcome:
    lines = _lines([{"purchase_type": "license", "quantity": inputs["base_perpetual_rights"], "licenses_per_unit": 1}])
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
    as_of = day(inputs["as_of"]) if inputs.get("as_of") else TODAY
    end = day(inputs["sa_end"]) if inputs.get("sa_end") else None
    start = day(inputs["sa_start"]) if inputs.get("sa_start") else None
    kind = "license" if end is None else "license_and_sa"
    kind = kind if inputs.get("perpetual", True) else "subscription"
    version = inputs.get("licensed_version")
    more = {"order_date": start, "coverage_start": start, "coverage_end": end, "version": version}
    ledger.buy(inputs["product"], kind, 1, **more)
    answers = ledger.answers(as_of)
    return {"highest_version": answers["licenses"]["version_right"][0]}


def version_lots(inputs: Inputs) -> Outcome:
    ledger, ends = Ledger(), []
    for lot in inputs["lots"]:
        start, end = (day(text) for text in lot["sa"]) if lot.get("sa") else (None, None)
        ends += [end] if end else []
        more = {"coverage_start": start, "coverage_end": end, "order_date": start or BOUGHT}
        ledger.buy(inputs["product"], _unit_type(lot["type"]), lot["qty"], **more)
    if not ends:
        raise UndecidableError("no lot has coverage")
    after = max(ends) + DAY
    answers = ledger.answers(after)
    held = in_force(answers["licenses"], after)
    by = held.group_by("version_right").agg(pl.col("quantity").sum()).sort("version_right").rows()
    return {
        "licences": totals(ledger, answers, after),
        "by_highest_version": dict(by),
        f"active_sa_{after:%Y_%m_%d}": int(held.filter("sa_active")["quantity"].sum()),
    }


def version_subscription(inputs: Inputs) -> Outcome:
    ledger, end = Ledger(), day(inputs["term_end"])
    start, after = date(end.year - 3, end.month, 1), end + DAY
    ledger.agreement(inputs["programme"], start, end)
    kind = "subscription" if PROGRAMS.get(inputs["programme"].lower()) == "csp" else "license_and_sa"
    ledger.buy("SQL Server Standard Core", kind, 1, order_date=start, coverage_end=end)
    if inputs.get("renewed"):
        ledger.buy("SQL Server Standard Core", "sa", 1, order_date=after, coverage_end=end + 1095 * DAY)
    answers = ledger.answers(after)
    held = in_force(answers["licenses"], after)
    return {
        "licences_after_term": totals(ledger, answers, after),
        "highest_version_after_term": held["version_right"][0] if held.height else None,
    }


def statement_version(inputs: Inputs) -> Outcome:
    product, _, version = inputs["mls_version"].rpartition(" ")
    run_product, _, run_version = inputs["inventory_version"].rpartition(" ")
    ledger = Ledger()
    ledger.buy(
        product, "license", inputs["mls_effective"], version=version, basis="statement_summary", agreement_id=None
    )
    licenses = ledger.answers()["licenses"].lazy()
    installs = pl.LazyFrame(
        {
            "entity_id": ["main"],
            "product": [node(run_product)[0]],
            "version": [run_version],
            "installed": [inputs["inventory_count"]],
        }
    )
    cover = compute(
        new_version_rights, "version_cover", Settings(TODAY), licenses=licenses, installs=installs
    ).collect()
    return {"compliant": cover["is_covered"][0]}


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
        if inputs.get(key):
            ledger.buy(name, "license", inputs[key], **bought, **more)
    answers = ledger.answers(proof_of_purchase="required")
    unproven = answers["purchase_outcomes"].filter(pl.col("reason") == "no_proof_of_purchase")["purchase_id"].to_list()
    return {
        "entitlement": totals(ledger, answers),
        "unproven": sum(row["quantity"] for row in ledger.rows if row["purchase_id"] in unproven),
    }


def grant(inputs: Inputs) -> Outcome:
    of, _, to = inputs.get("grant_ratio", "1:1").partition(":")
    product = inputs["product"]
    licenses = pl.LazyFrame(
        {
            "entity_id": ["main"],
            "license_id": ["L1"],
            "product": [product],
            "quantity": [inputs["licences"]],
            "sa_active": [inputs["active_sa"]],
        }
    )
    offers = pl.LazyFrame(
        {
            "product": [product],
            "granted_product": [inputs["granted_product"]],
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
    program = PROGRAMS.get(inputs.get("channel", "oem").lower())
    if program is None:
        raise UndecidableError("the channel is not known")
    bought = day(inputs["purchase_date"])
    days = [day(text) for text in inputs["sa_order_dates"]]
    rows = [{"program": program, "acquired_on": bought, "ordered_on": d, "coverage_start": d} for d in days]
    return {"allowed": _evaluated(rows, SA_FACTS)["sa_attachment__is_attachable"].to_list()}


def after_transfer(inputs: Inputs) -> Outcome:
    moved = day(inputs["transfer_date"])
    days = [day(text) for text in inputs["sa_order_dates"]]
    end = moved if inputs["transferor_sa_active"] else moved - DAY
    rows = [
        {
            "program": "ea",
            "acquired_on": moved,
            "transferred_on": moved,
            "sa_end": end,
            "ordered_on": d,
            "coverage_start": d,
        }
        for d in days
    ]
    return {"allowed": _evaluated(rows, SA_FACTS)["sa_attachment__is_attachable"].to_list()}


def reattach(inputs: Inputs) -> Outcome:
    program = PROGRAMS.get(str(inputs.get("programme", "ea")).lower())
    reason = str(inputs.get("reason") or "").lower()
    moved = "online" in reason or "from sa" in reason
    end = date(2025, 12, 31)
    row = {
        "program": program,
        "acquired_on": date(2020, 1, 1),
        "sa_end": end,
        "ordered_on": end + 400 * DAY,
        "coverage_start": end + 400 * DAY,
        "originally_held": inputs.get("originally_held"),
        "reattach_requested": inputs.get("reattach_requested"),
        "moved_online": moved,
    }
    found = _evaluated([row], SA_FACTS)
    outcome: Outcome = {"later_SA_only_allowed": found["sa_attachment__is_attachable"][0]}
    if not moved:
        outcome["needs"] = found["sa_attachment__needed_instead"][0]
    else:
        outcome["when"] = found["sa_attachment__reattach_when"][0]
        outcome["term"] = found["sa_attachment__reattach_term"][0]
    if inputs.get("originally_held") is not None and inputs.get("reattach_requested") is not None:
        outcome["reattach_allowed"] = found["sa_attachment__reattachable"][0]
    return outcome


def month_end(inputs: Inputs) -> Outcome:
    row = {"signed_on": day(inputs["contract_signed"]), "term_months": inputs["term_months"]}
    return {"sa_end_if_month_end_rule": _evaluated([row], SA_FACTS)["sa_attachment__month_end_of_term"][0].isoformat()}


def open_license(inputs: Inputs) -> Outcome:
    if _unit_type(inputs["purchase"]) not in {"license_and_sa", "sa"}:
        raise UndecidableError("no Software Assurance is bought")
    found = _evaluated([{"agreement_months_left": inputs["agreement_months_left"]}], SA_FACTS)
    return {
        "sa_months_covered": found["sa_attachment__open_license_months_covered"][0],
        "sa_months_paid": found["sa_attachment__open_license_months_charged"][0],
    }


def _no_rule(reason: str) -> Callable[[Inputs], Outcome]:
    def topic(inputs: Inputs) -> Outcome:
        del inputs
        raise UndecidableError(reason)

    return topic


def _guarded(topic: Callable[[Inputs], Outcome]) -> Callable[[Inputs], Outcome]:
    """Inputs inside lists that a topic does not know are undecidable, never a crash."""

    def decide(inputs: Inputs) -> Outcome:
        try:
            return topic(inputs)
        except (KeyError, IndexError, OverflowError, PolarsError, LmError) as error:
            message = f"the example is not understood: {error!r}"
            raise UndecidableError(message) from error

    return decide


TOPICS: dict[str, Callable[[Inputs], Outcome]] = {
    name: _guarded(topic)
    for name, topic in {
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
        "pack_multiplier": quantity_added,
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
        "step_up_ordering": _no_rule("how a step-up is ordered is a procedure, not a right"),
        "step_up_pair": pair,
        "step_up_price": price,
        "step_up_price_by_agreement_year": _no_rule("which years cost the same is said in words only"),
        "step_up_sa_lapses_perpetual": lapses_perpetual,
        "step_up_subscription_ends": subscription_ends,
        "step_up_suite": effective,
        "step_up_wrong_agreement": other_contract,
        "step_up_wrong_enrollment": other_contract,
        "upgrade_adds_no_quantity": quantity_added,
        "upgrade_moves_quantity": upgrade_moves,
    }.items()
}
