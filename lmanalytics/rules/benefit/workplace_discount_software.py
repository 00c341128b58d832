"""Workplace Discount Program, Software: may the user of a qualifying application acquire the corresponding license.

The copy used at work has active Software Assurance and is of a listed version; some academic programs are out.
One license for each corresponding product, on one device. `workplace_discount_expiry` gives expires_on and trigger.
"""

import polars as pl

from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.engine import rule
from lmanalytics.rules.entitlement.new_version_rights import alias
from lmanalytics.rules.mapping import mapped

FACTS = "workplace_software"
ANSWER = "is_eligible"
_COVERAGE_UNKNOWN = "unknown"


class Reason(ReasonBase):
    """Why a user of an application may acquire the license, or may not."""

    ELIGIBLE = "The employee uses a qualifying application with active Software Assurance at work."
    LICENSE_ACQUIRED = "The employee has acquired the one license; it lasts until its day of expiry."
    NO_COPY = "No copy of a corresponding application is recorded for the employee."
    PRODUCT_NOT_IN_TABLE = "No license of the program corresponds to the application."
    VERSION_NOT_IN_TABLE = "The version of the application is not in the table of those that qualify."
    VERSION_UNKNOWN = "It is not known which version of the application is used."
    PROGRAM_NOT_ELIGIBLE = "The academic program of the copy is not eligible."
    PROGRAM_UNKNOWN = (
        "It is not known under which program the copy is licensed, and an academic one may not be eligible."
    )
    COPIES_NOT_GIVEN = "No table says which copies employees use at work."
    NOT_WORK_COPY = "The application is not a copy that is licensed for work."
    NOT_EMPLOYED = "The person is not an employee."
    EMPLOYEE_UNKNOWN = "The person is not among the employees."
    NOT_A_USER = "The employee does not use the copy on that day."
    COVERAGE_ENDED = "Software Assurance of the copy is not active."
    COVERAGE_UNKNOWN = "It is not known whether the copy has active Software Assurance."
    OTHER_VERSION_INSTALLED = "The license expired when another version was installed under the program."
    NOT_YET_OFFERED = "The corresponding license was not available yet."


@rule(unit="text", cite="benefit", start="2015-07-01")
def license_offered(product: pl.Expr, *, workplace_licenses: pl.DataFrame) -> pl.Expr:
    """The license of the program that corresponds to the application; null for one that has none."""
    return mapped(product.cast(pl.String), workplace_licenses["product"], workplace_licenses["license"])


@rule(unit="flag", cite="benefit", start="2015-07-01")
def is_version_listed(
    product: pl.Expr,
    edition: pl.Expr,
    version: pl.Expr,
    *,
    workplace_applications: pl.DataFrame,
    workplace_versions: str,
) -> pl.Expr:
    """Whether the application of this edition and version is in the table."""
    holds = pl.col("reading").is_null() | (pl.col("reading") == workplace_versions)
    names = workplace_applications.filter(holds).select(
        pl.concat_str("product", "edition", pl.col("version").cast(pl.String), separator="|")
    )
    asked = pl.concat_str(product, edition, alias(version.cast(pl.String)), separator="|")
    return asked.is_in(names.to_series().to_list())


@rule(unit="flag", cite="benefit", start="2015-07-01", decides_null=True)
def is_program_eligible(program: pl.Expr, has_membership: pl.Expr, *, workplace_programs: pl.DataFrame) -> pl.Expr:
    """Whether the program of the copy is eligible; of an academic one by membership, if at all."""
    name = program.cast(pl.String)
    with_sam = workplace_programs.filter("is_eligible_with_sam")["program"].to_list()
    barred = name.is_in(workplace_programs["program"].to_list())
    return (
        pl.when(~barred)
        .then(pl.lit(value=True))
        .when(barred)
        .then(name.is_in(with_sam) & has_membership.cast(pl.Boolean))
    )


@rule(unit="flag", cite="lifecycle", start="2015-07-01")
def is_offered(product: pl.Expr, day: pl.Expr, *, workplace_licenses: pl.DataFrame) -> pl.Expr:
    """Whether the corresponding license was available on the day."""
    days = workplace_licenses["available_from"]
    first = mapped(product.cast(pl.String), workplace_licenses["product"], days, pl.Date())
    return day.cast(pl.Date) >= first


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True, optional=("are_copies_given",))
def obstacle_of_person(
    day: pl.Expr,
    employed_from: pl.Expr,
    employed_to: pl.Expr,
    assigned_from: pl.Expr,
    assigned_to: pl.Expr,
    is_work_licensed_copy: pl.Expr,
    are_copies_given: pl.Expr,
) -> pl.Expr:
    """Why the person is not an employee who uses a copy at work on the day; null for one who is."""
    on = day.cast(pl.Date)
    hired, left, began, ended = (d.cast(pl.Date) for d in (employed_from, employed_to, assigned_from, assigned_to))
    return (
        pl.when(began.is_null() & ~are_copies_given.cast(pl.Boolean))
        .then(Reason.COPIES_NOT_GIVEN.lit)
        .when(began.is_null())
        .then(Reason.NO_COPY.lit)
        .when(~is_work_licensed_copy.cast(pl.Boolean))
        .then(Reason.NOT_WORK_COPY.lit)
        .when((began > on) | (ended < on))
        .then(Reason.NOT_A_USER.lit)
        .when(hired.is_null())
        .then(Reason.EMPLOYEE_UNKNOWN.lit)
        .when((hired > on) | (left < on))
        .then(Reason.NOT_EMPLOYED.lit)
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def obstacle_of_coverage(day: pl.Expr, coverage: pl.Expr, coverage_end: pl.Expr) -> pl.Expr:
    """Why the copy has no active Software Assurance on the day; null where it has. Unknown coverage leaves it open."""
    last = coverage_end.cast(pl.Date)
    return (
        pl.when((last < day.cast(pl.Date)) | (last.is_null() & (coverage != _COVERAGE_UNKNOWN)))
        .then(Reason.COVERAGE_ENDED.lit)
        .when(last.is_null())
        .then(Reason.COVERAGE_UNKNOWN.lit)
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True, optional=("other_version_on",))
def obstacle_of_license(
    day: pl.Expr, other_version_on: pl.Expr, licenses_acquired: pl.Expr, *, max_licenses: int
) -> pl.Expr:
    """Why a license that was acquired leaves no other to acquire; null where there is none."""
    return (
        pl.when(other_version_on.cast(pl.Date) <= day.cast(pl.Date))
        .then(Reason.OTHER_VERSION_INSTALLED.lit)
        .when(licenses_acquired.cast(pl.Int64) >= max_licenses)
        .then(Reason.LICENSE_ACQUIRED.lit)
    )


@rule(unit="code", cite="benefit", start="2015-07-01", decides_null=True)
def reason(
    license_offered: pl.Expr,
    is_offered: pl.Expr,
    is_version_listed: pl.Expr,
    is_program_eligible: pl.Expr,
    obstacle_of_person: pl.Expr,
    obstacle_of_coverage: pl.Expr,
    obstacle_of_license: pl.Expr,
) -> pl.Expr:
    """Why the user may acquire the license on the day, or may not: what is certain before what is not known."""
    return (
        pl.when(license_offered.is_null())
        .then(Reason.PRODUCT_NOT_IN_TABLE.lit)
        .when(~is_offered)
        .then(Reason.NOT_YET_OFFERED.lit)
        .when(obstacle_of_person.is_not_null())
        .then(obstacle_of_person)
        .when(~is_version_listed)
        .then(Reason.VERSION_NOT_IN_TABLE.lit)
        .when(~is_program_eligible)
        .then(Reason.PROGRAM_NOT_ELIGIBLE.lit)
        .when(obstacle_of_coverage == Reason.COVERAGE_ENDED.code)
        .then(obstacle_of_coverage)
        .when(obstacle_of_license == Reason.OTHER_VERSION_INSTALLED.code)
        .then(obstacle_of_license)
        .when(is_version_listed.is_null())
        .then(Reason.VERSION_UNKNOWN.lit)
        .when(is_program_eligible.is_null())
        .then(Reason.PROGRAM_UNKNOWN.lit)
        .when(obstacle_of_coverage.is_not_null())
        .then(obstacle_of_coverage)
        .when(obstacle_of_license.is_not_null())
        .then(obstacle_of_license)
        .otherwise(Reason.ELIGIBLE.lit)
    )


@rule(unit="flag", cite="benefit", start="2015-07-01")
def is_eligible(reason: pl.Expr) -> pl.Expr:
    """Whether the user may acquire the license, or keep the one that was acquired."""
    return pl.when(~reason.is_in(list(UNKNOWN))).then(reason.is_in(list(ENTITLED)))


@rule(unit="license", cite="benefit", start="2015-07-01")
def quantity(is_eligible: pl.Expr, *, max_licenses: int) -> pl.Expr:
    """Licenses of the corresponding product that the user may have."""
    return pl.when(is_eligible).then(max_licenses).otherwise(0)


@rule(unit="device", cite="benefit", start="2015-07-01")
def devices(quantity: pl.Expr, *, max_devices: int) -> pl.Expr:
    """Devices on which the license may be installed."""
    return quantity * max_devices


ENTITLED = (Reason.ELIGIBLE.code, Reason.LICENSE_ACQUIRED.code)
UNKNOWN = tuple(
    r.code
    for r in (
        Reason.COPIES_NOT_GIVEN,
        Reason.EMPLOYEE_UNKNOWN,
        Reason.VERSION_UNKNOWN,
        Reason.PROGRAM_UNKNOWN,
        Reason.COVERAGE_UNKNOWN,
    )
)
