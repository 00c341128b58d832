"""What became of each row of `access_counts` and `access_licenses`, and what to do about what is open."""

import polars as pl

from lmanalytics.rules.demand import client_access_subscriptions
from lmanalytics.rules.engine import Reason as ReasonBase
from lmanalytics.rules.parameters import load_rule_file
from lmanalytics.rules.wording import many
from lmanalytics.schemas import ANSWERS, ENTITY

ACCESS, EXTERNAL = "access", "external_users"
_KINDS = ("users", "devices", "external_users")


class Reason(ReasonBase):
    """Why a row counts, does not, or cannot be decided."""

    COUNTED = "Those whom it counts need access licenses."
    IN_TOTAL = "A count of the company as a whole includes it."
    UNKNOWN_PRODUCT = "No rule knows this product."
    NOT_COUNTED = "It counts neither users nor devices nor external users."
    NOBODY = "It says that nobody has access."
    EXTERNAL_COVERED = "The server license covers external users."
    LICENSED_BY_CORE = "The product is licensed by core, which needs no access licenses."
    SERVER_LICENSES_UNKNOWN = "Access licenses are needed only with licenses by server; which are owned is unknown."
    SERVES_A_SERVER = "It says which access licenses, with which coverage, serve a server; rights depend on that."


def count_outcomes(counts: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the rows of `access_counts`: row_id, entity_id, product, outcome, reason, subject_kind, subject_id.

    Args:
        counts: the rows with the columns of `client_access.terms` and owns_by_server (null: unknown).

    """
    positive = {kind: (pl.col(kind) > 0).fill_null(value=False) for kind in _KINDS}
    inside = positive["users"] | positive["devices"]
    external = positive["external_users"] & pl.col("external_use").is_in(["cal", "cal_or_connector"])
    by_host = pl.col("host_id").is_not_null()
    has_total = (~by_host & inside).any().over(ENTITY, "product", "edition")
    by_server = pl.col("needed") == "by_server"
    tests = (
        (pl.col("product").is_null(), Reason.UNKNOWN_PRODUCT, "not_computable"),
        (pl.col("needed") == "never", Reason.LICENSED_BY_CORE, "excluded"),
        (by_server & pl.col("owns_by_server").is_null(), Reason.SERVER_LICENSES_UNKNOWN, "not_computable"),
        (by_server & ~pl.col("owns_by_server"), Reason.LICENSED_BY_CORE, "excluded"),
        (pl.all_horizontal(pl.col(kind).is_null() for kind in _KINDS), Reason.NOT_COUNTED, "not_computable"),
        (~inside & ~positive["external_users"], Reason.NOBODY, "excluded"),
        (~inside & ~external, Reason.EXTERNAL_COVERED, "excluded"),
        (by_host & has_total & ~external, Reason.IN_TOTAL, "used"),
    )
    outcome, reason = pl.lit("counted"), Reason.COUNTED.lit
    for holds, because, then in reversed(tests):
        outcome = pl.when(holds).then(pl.lit(then)).otherwise(outcome)
        reason = pl.when(holds).then(because.lit).otherwise(reason)
    is_inside = inside & ~(by_host & has_total)
    kind, subject = external_subject()
    counted = pl.col("outcome") == "counted"
    return (
        counts.with_columns(outcome=outcome, reason=reason)
        .select(
            "row_id", ENTITY, "outcome", "reason", product=pl.coalesce("product", "counted_as"),
            subject_kind=pl.when(counted & is_inside).then(pl.lit("customer")).when(counted).then(kind),
            subject_id=pl.when(counted & is_inside).then(inside_subject()).when(counted).then(subject),
        )
        .sort("row_id")
    )  # fmt: skip


def license_outcomes(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Settle the rows of `access_licenses`: row_id, entity_id, product, outcome, reason.

    Args:
        rows: entity_id, row_id, kind, the columns of `client_access.terms`.

    """
    subscriptions = load_rule_file(client_access_subscriptions).table("subscription_access")["subscription"].unique()
    name = pl.col("counted_as").str.replace(r"^(MS|Microsoft) ", "")
    is_known = (
        pl.col("product").is_not_null()
        | (pl.col("kind") == "server_management_license")
        | name.str.ends_with("CAL Suite")
        | name.is_in(subscriptions.to_list())
    )
    return rows.select(
        "row_id",
        ENTITY,
        product="counted_as",
        outcome=pl.when(is_known).then(pl.lit("used")).otherwise(pl.lit("not_computable")),
        reason=pl.when(is_known).then(Reason.SERVES_A_SERVER.lit).otherwise(Reason.UNKNOWN_PRODUCT.lit),
    ).sort("row_id")


def inside_subject() -> pl.Expr:
    """Name the subject of an entity's own users and devices."""
    return pl.format("{}/{}", ENTITY, pl.lit(ACCESS))


def external_subject() -> tuple[pl.Expr, pl.Expr]:
    """Name kind and subject of external users: those of a host, or of the entity as a whole."""
    by_host = pl.col("host_id").is_not_null()
    kind = pl.when(by_host).then(pl.lit("host")).otherwise(pl.lit("customer"))
    return kind, pl.format("{}/{}", pl.coalesce("host_id", ENTITY), pl.lit(EXTERNAL))


def findings(outcomes: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Tell of rows that nothing was computed for, once for each table, entity and reason."""
    actions = {
        Reason.UNKNOWN_PRODUCT.code: "Give the product the name that Microsoft gives it.",
        Reason.NOT_COUNTED.code: "Count the users or the devices that have access.",
        Reason.SERVER_LICENSES_UNKNOWN.code: "Give the purchases: they say whether SQL Server is licensed by server.",
    }
    parts = [ANSWERS["findings"].empty()]
    for table, rows in outcomes.items():
        found = (
            rows.filter(pl.col("outcome") == "not_computable")
            .group_by(ENTITY, "reason")
            .agg(count=pl.len(), names=pl.col("product").unique().sort().str.join(", "))
        )
        told = found.with_columns(
            finding_id=pl.format("{}:{}:{}", pl.lit(table), ENTITY, "reason"),
            severity=pl.lit("warning"),
            area=pl.lit(ACCESS),
            subject_id=ENTITY,
            statement=pl.format("For {} of {} nothing is computed ({}).", many("count", "row"), pl.lit(table), "names"),
            action=pl.col("reason").replace_strict(actions, return_dtype=pl.String),
            status=pl.lit("open"),
            rule=pl.lit("client_access.terms"),
        )
        parts.append(ANSWERS["findings"].conform(told))
    return pl.concat(parts).sort("finding_id")
