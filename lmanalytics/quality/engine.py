"""Great Expectations evaluated by Polars: an `ExecutionEngine` whose metrics are expressions.

Every metric that a suite asks for is a small request. The engine answers all of them together in at most
three scans of the table: hashes of keys, counts, then the first rows that fail or share a key. Great Expectations
promises few of the parts used here, so its version is pinned and all of it stays in this module and in
`built_once.py`; a test compares every metric with Great Expectations' own pandas engine.
"""

from collections.abc import Callable, Iterable, MutableSequence, Sequence
from functools import cache
from typing import Any, ClassVar, Literal, cast

import great_expectations as gx
import polars as pl
from great_expectations.core import (
    ExpectationSuite,
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.core.batch import BatchData, BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.id_dict import IDDict
from great_expectations.core.metric_function_types import MetricFunctionTypes
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.batch_request import BatchRequest
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.exceptions.exceptions import MetricResolutionError
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.metrics.metric_provider import MetricProvider
from great_expectations.expectations.registry import get_metric_kwargs, get_metric_provider, register_metric
from great_expectations.expectations.row_conditions import Condition
from great_expectations.validator.metric_configuration import MetricConfiguration

from lmanalytics.quality import conditions
from lmanalytics.quality.built_once import built_once
from lmanalytics.quality.conditions import (
    COLUMN_TESTS,
    COMPOUND_UNIQUE,
    PAIR_TESTS,
    UNIQUE,
    Given,
    Key,
    row_filter,
    rows,
)
from lmanalytics.quality.scans import Count, Query, Repeats, RepeatsSample, Request, Sample, Scans

QUERY = "unexpected_rows_query"
SHOWN = 20


class PolarsBatchData(BatchData):
    """A table that is scanned when its metrics are asked for, not before."""

    def __init__(self, execution_engine: ExecutionEngine[pl.Expr], scans: Scans) -> None:
        super().__init__(execution_engine=execution_engine)
        self.scans = scans
        self.frame = scans.frame
        self.schema = scans.schema


class PolarsExecutionEngine(ExecutionEngine[pl.Expr]):
    """Resolves every metric of a suite in at most three scans."""

    def get_batch_data_and_markers(self, batch_spec: RuntimeDataBatchSpec) -> tuple[BatchData, BatchMarkers]:
        """Take the table out of the specification, which is written into results."""
        scans = batch_spec.batch_data
        batch_spec.batch_data = "LazyFrame"
        return PolarsBatchData(self, scans), BatchMarkers({"ge_load_time": None})

    def resolve_metrics(
        self,
        metrics_to_resolve: Iterable[MetricConfiguration],
        metrics: dict[Any, Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> dict[Any, Any]:
        """Answer all metrics together; fail for those alone that cannot be computed, before any scan."""
        del metrics, runtime_configuration
        asked = sorted(metrics_to_resolve, key=lambda m: str(m.id))
        requests, faults = {}, {}
        for metric in asked:
            try:
                requests[metric.id] = self._request(metric)
            except Exception as fault:  # noqa: BLE001 (whatever a check raises is reported as that check's fault)
                faults[metric.id] = str(fault)
        faults |= self._batch.scans.faults(requests)
        if failed := [metric for metric in asked if metric.id in faults]:
            told = "; ".join(f"{metric.metric_name}: {faults[metric.id]}" for metric in failed)
            raise MetricResolutionError(message=told, failed_metrics=tuple(failed))
        try:
            return self._batch.scans.answer(requests)
        except pl.exceptions.PolarsError as fault:
            raise MetricResolutionError(message=str(fault), failed_metrics=tuple(asked)) from fault

    def _comparison_condition_to_filter_clause(self, condition: Condition) -> pl.Expr:
        return row_filter(condition, self._batch.schema)

    _nullity_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _and_condition_to_filter_clause = _comparison_condition_to_filter_clause
    _or_condition_to_filter_clause = _comparison_condition_to_filter_clause

    @property
    def _batch(self) -> PolarsBatchData:
        return cast("PolarsBatchData", self.batch_manager.active_batch_data)

    def _request(self, metric: MetricConfiguration) -> Request:
        _, build = get_metric_provider(metric.metric_name, self)
        given = {**metric.metric_domain_kwargs, **(metric.metric_value_kwargs or {})}
        request: Request = build(self._batch, given)
        return request


def _limit(given: Given) -> int:
    """Return how many failing values a result format shows."""
    asked = given.get("result_format")
    return int(asked.get("partial_unexpected_count", SHOWN)) if isinstance(asked, dict) else SHOWN


def _register(name: str, build: Callable[[PolarsBatchData, Given], Request]) -> None:
    """Teach Great Expectations that this engine answers one of its own metrics."""
    keys = get_metric_kwargs(name)
    domain, values = keys["metric_domain_keys"], keys["metric_value_keys"]
    provider = type(name, (MetricProvider,), {"domain_keys": domain, "value_keys": values})
    register_metric(name, domain, values, PolarsExecutionEngine, provider, build, MetricFunctionTypes.VALUE)


def _register_rows(name: str) -> None:
    def of(batch: PolarsBatchData, given: Given) -> conditions.Condition:
        return conditions.condition(name, given, batch.schema)

    _register(f"{name}.unexpected_count", lambda b, g: Count(of(b, g).fails.sum()))
    _register(f"{name}.unexpected_values", lambda b, g: Sample(of(b, g), _limit(g)))
    if name in PAIR_TESTS:
        _register(f"{name}.filtered_row_count", lambda b, g: Count(rows(of(b, g).looks_at)))


def _register_unique(name: str) -> None:
    def of(batch: PolarsBatchData, given: Given) -> Key:
        return conditions.key(name, given, batch.schema)

    _register(f"{name}.unexpected_count", lambda b, g: Repeats(of(b, g)))
    _register(f"{name}.unexpected_values", lambda b, g: RepeatsSample(of(b, g), _limit(g)))
    if name == COMPOUND_UNIQUE:
        _register(f"{name}.filtered_row_count", lambda b, g: Count(rows(of(b, g).looks_at)))


def _query(batch: PolarsBatchData, given: Given) -> pl.LazyFrame:
    if given.get("row_condition") is not None:
        message = "a query takes no row condition; write it into the query"
        raise ValueError(message)
    return batch.frame.sql(str(given[QUERY]).format(batch="batch"), table_name="batch")


for _name in (*COLUMN_TESTS, *PAIR_TESTS):
    _register_rows(_name)
for _name in (UNIQUE, COMPOUND_UNIQUE):
    _register_unique(_name)
_register("table.row_count", lambda b, g: Count(rows(row_filter(g.get("row_condition"), b.schema))))
_register(f"{QUERY}.row_count", lambda b, g: Query(_query(b, g).select(pl.len())))
_register(f"{QUERY}.table", lambda b, g: Query(_query(b, g).head(SHOWN).select(pl.struct(pl.all()).implode())))


class PolarsFrameAsset(DataAsset[Any, Any]):
    """One table, handed over as a lazy frame."""

    type: Literal["polars_frame"] = "polars_frame"

    def test_connection(self) -> None:
        """There is nothing to connect to."""

    def build_batch_request(
        self, options: dict[str, Any] | None = None, batch_slice: object = None, partitioner: object = None
    ) -> BatchRequest[Any]:
        """Ask for the batch whose option `dataframe` is the table's scans."""
        del batch_slice, partitioner
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options=options)

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[dict[str, Any]]:
        """Return the one batch there is."""
        return [IDDict(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """Wrap the lazy frame; nothing is read."""
        specification = RuntimeDataBatchSpec(batch_data=batch_request.options["dataframe"])
        data, markers = self.datasource.get_execution_engine().get_batch_data_and_markers(specification)
        definition = LegacyBatchDefinition(self.datasource.name, "fluent", self.name, IDDict())
        return Batch(self.datasource, self, batch_request, data, markers, specification, definition)


EngineType = type[PolarsExecutionEngine]


class PolarsDatasource(Datasource[PolarsFrameAsset, PolarsExecutionEngine]):
    """Lazy frames; adds `add_polars` to a context's data sources."""

    asset_types: ClassVar[Sequence[type[DataAsset[Any, Any]]]] = [PolarsFrameAsset]
    type: Literal["polars"] = "polars"
    assets: MutableSequence[PolarsFrameAsset] = []  # noqa: RUF012 (a pydantic field, copied for each instance)

    @property
    def execution_engine_type(self) -> EngineType:
        """The engine above."""
        return PolarsExecutionEngine

    def add_frame(self, name: str) -> PolarsFrameAsset:
        """Add an asset, to which a frame is given batch by batch."""
        return self._add_asset(PolarsFrameAsset(name=name))

    def test_connection(self, test_assets: bool = True) -> None:  # noqa: FBT001, FBT002 (the base class's signature)
        """There is nothing to connect to."""


def validate(table: pl.LazyFrame | Scans, suite: ExpectationSuite) -> ExpectationSuiteValidationResult:
    """Validate one table against its suite, with counts and up to 20 failing values per expectation.

    A check that cannot be evaluated has its fault in `exception_info`: look there before believing a failure.
    What is found is left in the scans that are given, so that whoever asks for the same reads nothing again.
    """
    scans = Scans(table) if isinstance(table, pl.LazyFrame) else table
    asset = _asset()
    with built_once():
        batch = asset.get_batch(asset.build_batch_request({"dataframe": scans}))
        return batch.validate(suite, result_format="BASIC")


@cache
def _asset() -> PolarsFrameAsset:
    """Return the one asset of the process: a context, a data source and an asset take as long as a small table."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    datasource = context.data_sources.add_polars(name="polars")
    return cast("PolarsDatasource", datasource).add_frame("table")


def fault(result: ExpectationValidationResult) -> str:
    """Return what went wrong while a check was evaluated, or an empty string: a fault is never bad data."""
    info = result.exception_info or {}
    each = [info] if "raised_exception" in info else list(info.values())
    return "; ".join(sorted({str(one["exception_message"]) for one in each if one["raised_exception"]}))
