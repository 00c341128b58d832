"""The page of one License Mobility verification form: one file, no script, fit for print."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_STYLE = Path(__file__).parent / "assets" / "verification.css"
_METRICS = {
    "core": "Core license", "server": "Server license", "external_connector": "External Connector",
    "management_license": "Management license",
}  # fmt: skip
_PROGRAMS = {
    "ea": "Enterprise Agreement", "eas": "Enterprise Agreement Subscription", "sce": "Server and Cloud Enrollment",
    "ees": "Enrollment for Education Solutions", "open_value": "Open Value", "mpsa": "MPSA",
    "open_value_subscription": "Open Value Subscription", "open_license": "Open License", "select_plus": "Select Plus",
    "academic_select": "Academic Select", "academic_select_plus": "Academic Select Plus",
    "academic_open": "Academic Open",
}  # fmt: skip
_STATUS = {
    "missing": "Overdue: no form was submitted", "rejected": "Rejected: submit it again",
    "pending": "To be submitted", "late": "Submitted late", "on_time": "Submitted in time",
}  # fmt: skip
_UNKNOWN = "to be filled in"
_BY_HAND = (
    "Contact of the customer",
    "E-mail and telephone",
    "Channel partner or account manager",
    "Signature and date",
)


def page(
    form: Row,
    products: Sequence[Row],
    days: Sequence[Row],
    due_on: object,
    status: str | None,
    *,
    as_of: str,
    run_id: str,
) -> str:
    """Return the page of a form.

    Args:
        form: customer, agreement, enrollment, program and partner (`verification_packet.Packet.customer`).
        products: what is deployed, a row per product, edition, version and license model.
        days: the deployment days with the state of their form.
        due_on: the day on which the form is due.
        status: the worst state of its days; None where no forms were given.
        as_of: the day of the run.
        run_id: the run that it was made from.

    """
    title = f"License Mobility verification form: {form['partner_name'] or form['provider']}"
    total = sum(row["licenses"] for row in products)
    customer = [
        ("Customer", form["customer"] or form["entity_id"]),
        ("Agreement", form["agreement_id"]),
        ("Enrollment", form["enrollment_id"]),
        ("Program", _PROGRAMS.get(form["program"], form["program"])),
    ]
    partner = [
        ("Name", form["partner_name"] or form["provider"]),
        ("Website", form["partner_website"]),
        ("E-mail", form["partner_email"]),
    ]
    body = [
        _header(form, due_on, status),
        _section("Customer", _facts(customer)),
        _section("Authorized Mobility Partner", _facts(partner)),
        _section(f"Licenses to be verified: {total:,}", _products(products) + _per_product(form, products)),
        _section("Deployments", _days(days)),
        _section("To be filled in by hand", _facts([(name, "") for name in _BY_HAND], "hand")),
        _footer(as_of, run_id),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n"
        f"<body>\n<main>\n{chr(10).join(body)}\n</main>\n</body>\n</html>\n"
    )


def _header(form: Row, due_on: object, status: str | None) -> str:
    state = _STATUS.get(status or "", "Whether one was submitted is not known")
    return (
        '<header><p class="kind">License Mobility through Software Assurance</p><h1>Verification form</h1>'
        f'<p class="partner">{_text(form["partner_name"] or form["provider"])}</p>'
        f'<p class="due {escape(status or "unknown")}"><span>Due on</span> <strong>{_text(due_on)}</strong> '
        f"<em>{escape(state)}</em></p></header>"
    )


def _footer(as_of: str, run_id: str) -> str:
    return (
        "<footer><p>Submit the form to Microsoft within the days of the terms, once with each partner, and keep the "
        "confirmation. Submit it again when licenses are added or the agreement is renewed.</p>"
        f"<p>Position of {_text(as_of)}, run {_text(run_id)}.</p></footer>"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def _facts(rows: Sequence[tuple[str, object]], kind: str = "facts") -> str:
    lines = "".join(f"<div><dt>{escape(name)}</dt><dd>{_blank(value)}</dd></div>" for name, value in rows)
    return f'<dl class="{kind}">{lines}</dl>'


def _products(rows: Sequence[Row]) -> str:
    names = ("Product", "License", "Licenses", "Type", "Held with SA", "SA ends", "Deployed since")
    cells = [
        (
            " ".join(str(row[c]) for c in ("product", "edition", "version") if row[c]),
            _METRICS.get(row["metric"], row["metric"]),
            row["licenses"],
            row["license_type"],
            row["licenses_held_with_sa"],
            row["sa_ends_on"],
            row["first_deployed_on"],
        )
        for row in rows
    ]
    return _table(names, cells)


def _per_product(form: Row, rows: Sequence[Row]) -> str:
    if not form["is_form_per_product"] or len({row["product"] for row in rows}) < 2:  # noqa: PLR2004 (more than one)
        return ""
    return '<p class="note">This partner asks for a submission of its own for each product and agreement.</p>'


def _days(rows: Sequence[Row]) -> str:
    names = ("Deployed on", "Deployments", "Form due", "Form", "Submitted on", "Confirmed on")
    cells = [
        (
            row["deployed_on"],
            row["deployments"],
            row["form_due"],
            _STATUS.get(row["form_status"], "not known"),
            row["submitted_on"],
            row["confirmed_on"],
        )
        for row in rows
    ]
    return _table(names, cells)


def _table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{_text(value)}</td>"


def _blank(value: object) -> str:
    if value == "":
        return ""
    return f'<span class="blank">{_UNKNOWN}</span>' if value is None else _text(value)


def _text(value: object) -> str:
    return "\u2013" if value is None else escape(str(value))
