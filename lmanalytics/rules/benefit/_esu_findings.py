"""What somebody must do about Extended Security Updates: one finding for each product, year and reason."""

import polars as pl

from lmanalytics.rules.benefit import esu_assignment, esu_chain, esu_coverage, esu_eligibility, esu_offerings
from lmanalytics.rules.benefit._esu_years import Estate
from lmanalytics.rules.parameters import Settings
from lmanalytics.rules.wording import agreeing, many
from lmanalytics.schemas import ANSWERS, ENTITY, MONEY

AREA = "esu"
_BUY = (
    esu_assignment.Reason.NONE_LEFT.code,
    esu_assignment.Reason.PARTLY.code,
    esu_chain.Reason.YEARS_MISSING.code,
)
_FINE = (
    esu_assignment.Reason.RECORDED.code,
    esu_assignment.Reason.FROM_PURCHASES.code,
    esu_eligibility.Reason.FREE.code,
    esu_eligibility.Reason.DEVELOPMENT.code,
)
_UNKNOWN = (
    esu_eligibility.Reason.EDITION_UNKNOWN.code,
    esu_eligibility.Reason.HOST_UNKNOWN.code,
    esu_eligibility.Reason.SA_UNKNOWN.code,
    esu_eligibility.Reason.DAYS_UNKNOWN.code,
    "cores_unknown",
)
_NO_UPDATES = (esu_eligibility.Reason.EDITION_NOT_OFFERED.code,)


def findings(answer: pl.LazyFrame | None, known: Estate | None, settings: Settings) -> pl.LazyFrame:
    """Gather the findings.

    Args:
        answer: the server-years; None before anything was offered.
        known: what they were computed from.
        settings: date and policies.

    Returns:
        The rows of the answer `findings`, at most one for each entity, product, version, year and reason.

    """
    if answer is None or known is None:
        return ANSWERS["findings"].conform(_not_offered(settings))
    parts = [_of_years(answer, settings), _ended(known), _of_coverage(known)]
    return pl.concat([ANSWERS["findings"].conform(part) for part in parts]).sort("finding_id")


def _not_offered(settings: Settings) -> pl.LazyFrame:
    return pl.LazyFrame(
        {
            "finding_id": [f"{AREA}:not_offered_yet"],
            "severity": ["info"],
            "area": [AREA],
            "statement": [f"No Extended Security Updates were offered on {settings.as_of}."],
            "action": ["Nothing is to be done."],
            "status": ["open"],
            ENTITY: ["*"],
            "rule": ["esu_offerings.offerings"],
            "reason": ["not_offered_yet"],
        }
    )


def _of_years(answer: pl.LazyFrame, settings: Settings) -> pl.LazyFrame:
    """Tell of years to buy, of servers that may not have them, and of what is not known; not of past ones."""
    live = (pl.col("period_start") <= settings.as_of).fill_null(value=False)
    rows = (
        answer.filter(~pl.col("reason").is_in([*_FINE, *_NO_UPDATES]))
        .filter((pl.col("period_end") >= settings.as_of).fill_null(value=True))
        .group_by(ENTITY, "product", "version", "esu_year", "rule", "reason")
        .agg(
            _servers=pl.len(),
            _gap=pl.col("gap").sum(),
            _live=live.any(),
            due_on=pl.col("period_start").min(),
            _ends=pl.col("period_end").max(),
            money_at_stake=pl.when(pl.col("cost").is_not_null().all()).then(pl.col("cost").sum()).cast(MONEY),
            currency=pl.when(pl.col("currency").n_unique() == 1).then(pl.col("currency").first()),
        )
    )
    buy, unknown, begun = pl.col("reason").is_in(_BUY), pl.col("reason").is_in(_UNKNOWN), pl.col("_live")
    what = pl.format("{} {}, year {}", "product", "version", "esu_year")
    why = pl.col("reason").str.replace_all("_", " ")
    servers, gap = many("_servers", "server"), many("_gap", "license")
    statement = (
        pl.when(unknown)
        .then(pl.format("{}: for {} it is not computable what updates need ({}).", what, servers, why))
        .when(pl.col("reason") == esu_chain.Reason.YEARS_MISSING.code)
        .then(
            pl.format(
                "{}: {} {} years before it, without which it may not be had; {} of it {} short.",
                what,
                servers,
                agreeing("_servers", "lacks", "lack"),
                gap,
                agreeing("_gap", "is", "are"),
            )
        )
        .when(buy)
        .then(pl.format("{}: {} {} short on {} ({}).", what, gap, agreeing("_gap", "is", "are"), servers, why))
        .otherwise(pl.format("{}: {} may not have the updates ({}).", what, servers, why))
    )
    action = (
        pl.when(unknown)
        .then(pl.lit("Complete the export; the answer esu names the servers."))
        .when(buy)
        .then(pl.lit("Buy the year, with the earlier ones that are missing, or upgrade or move the servers."))
        .otherwise(pl.lit("Renew Software Assurance in time, or upgrade or move the servers."))
    )
    worst = pl.when(begun & ~unknown).then(pl.lit("error")).when(begun | unknown).then(pl.lit("warning"))
    return rows.with_columns(
        finding_id=pl.format("esu:{}/{} {}/{}/{}", ENTITY, "product", "version", "esu_year", "reason"),
        severity=worst.otherwise(pl.lit("info")),
        area=pl.lit(AREA),
        subject_id=pl.format("{} {}", "product", "version"),
        statement=statement,
        action=action,
        due_on=pl.when(begun).then("_ends").otherwise("due_on"),
        status=pl.lit("open"),
    )


def _ended(known: Estate) -> pl.LazyFrame:
    """Tell of servers whose offering is over."""
    offered = known.offered.lazy()
    over = offered.group_by("product", "version").agg(
        _over=(pl.col("state") == esu_offerings.Reason.ENDED.code).all(), _end=pl.col("period_end").max()
    )
    rows = (
        known.subjects.join(over.filter("_over"), on=["product", "version"])
        .group_by(ENTITY, "product", "version")
        .agg(_servers=pl.len(), _end=pl.col("_end").max())
    )
    return rows.with_columns(
        finding_id=pl.format("esu:{}/{} {}/ended", ENTITY, "product", "version"),
        severity=pl.lit("warning"),
        area=pl.lit(AREA),
        subject_id=pl.format("{} {}", "product", "version"),
        statement=pl.format(
            "{} {} {} {}, whose last Extended Security Updates ended on {}.",
            many("_servers", "server"), agreeing("_servers", "runs", "run"), "product", "version",
            pl.col("_end").cast(pl.String),
        ),
        action=pl.lit("Upgrade them or retire them; no updates are to be had."),
        status=pl.lit("open"),
        rule=pl.lit("esu_offerings.offerings"),
        reason=pl.lit(esu_offerings.Reason.ENDED.code),
    )  # fmt: skip


def _of_coverage(known: Estate) -> pl.LazyFrame:
    """Tell of recorded coverage that does not count."""
    wrong = known.coverage.filter(pl.col("reason") != esu_coverage.Reason.COUNTED.code)
    rows = wrong.group_by(ENTITY, "product", "version", "reason").agg(
        _rows=pl.len(), _licenses=pl.col("quantity").sum()
    )
    return rows.with_columns(
        finding_id=pl.format("esu:{}/{} {}/coverage/{}", ENTITY, "product", "version", "reason"),
        severity=pl.lit("warning"),
        area=pl.lit(AREA),
        subject_id=pl.format("{} {}", "product", "version"),
        statement=pl.format(
            "{} of coverage of {} {}, of {}, {} not count ({}).",
            many("_rows", "row"), "product", "version",
            many("_licenses", "license"), agreeing("_rows", "does", "do"), pl.col("reason").str.replace_all("_", " "),
        ),
        action=pl.lit("Correct the record, or have the coverage put right with the reseller."),
        status=pl.lit("open"),
        rule=pl.lit("esu_coverage.judged"),
    )  # fmt: skip
