"""From a request's metrics to samples: a gauge or a sum is a series, a histogram and a summary are several.

Who sends is told by `job` (`service.namespace/service.name`) and `instance` (`service.instance.id`); what else is known
of the resource is on `target_info`. What the store can't hold is left out and told: increments (delta temporality),
which would need a state for each series, and exponential histograms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct, field

from engine.foundation.gojson import encode
from engine.remote.otlp.messages import Data, KeyValue, Metric, Point, Request, ResourceMetrics, Value
from engine.remote.otlp.names import label_name, metric_name
from promql.model.labels import METRIC_NAME, Labels
from promql.model.numbers import plain
from promql.model.staleness import STALE_NAN

Row = tuple[Labels, int, float]
"""A series, a time (Unix ms) and a value."""
_NAME, _NAMESPACE, _INSTANCE = "service.name", "service.namespace", "service.instance.id"
_NOTHING_RECORDED: Final = 1
_NS: Final = 1_000_000


class Translated(Struct):
    """`refused` says what was left out, by the metric's name; `points` counts its data points."""

    rows: list[Row] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    points: int = 0


def translate(request: Request) -> Translated:
    out = Translated()
    for resource in request.resource_metrics:
        _translate(resource, out)
    return out


def _translate(resource: ResourceMetrics, out: Translated) -> None:
    attributes = resource.resource.attributes
    target = _target(attributes)
    newest = 0
    for metric in (metric for scope in resource.scope_metrics for metric in scope.metrics):
        points = _points(metric)
        newest = max([newest, *(point.time_unix_nano for point in points)])
        if (why := _fault(metric)) is not None:
            out.refused.append(f"{metric.name}: {why}")
            out.points += len(points)
            continue
        for point in points:
            out.rows += _rows(metric, point, target)
    others = [one for one in attributes if one.key not in (_NAME, _NAMESPACE, _INSTANCE)]
    if others and newest:
        out.rows.append((_labels(others, target, ((METRIC_NAME, "target_info"),)), newest // _NS, 1.0))


def _fault(metric: Metric) -> str | None:
    """Why a metric can't be taken."""
    counted = metric.sum or metric.histogram
    if metric.exponential_histogram is not None:
        return "exponential histograms are not supported: send it with explicit buckets"
    if counted is not None and not counted.cumulative:
        return "invalid temporality and type combination: only cumulative is taken, so let the SDK or collector add up"
    if _data(metric) is None:
        return "unsupported metric type"
    return None if metric_name(metric) else "nothing of its name can be in a name of Prometheus"


def _data(metric: Metric) -> Data | None:
    return metric.gauge or metric.sum or metric.histogram or metric.summary


def _points(metric: Metric) -> Sequence[Point]:
    data = _data(metric)
    return () if data is None else data.data_points


def _rows(metric: Metric, point: Point, target: dict[str, str]) -> Iterator[Row]:
    time, base = point.time_unix_nano // _NS, metric_name(metric)
    for suffix, extra, value in _values(metric, point):
        pairs = ((METRIC_NAME, base + suffix), *extra)
        recorded = not point.flags & _NOTHING_RECORDED
        yield _labels(point.attributes, target, pairs), time, value if recorded else float(STALE_NAN)


def _values(metric: Metric, point: Point) -> Iterator[tuple[str, tuple[tuple[str, str], ...], float]]:
    """What stands behind the name, further labels, and the value."""
    if metric.histogram is not None:
        yield from _buckets(point)
    elif metric.summary is not None:
        yield "_sum", (), point.sum or 0.0
        yield "_count", (), float(point.count)
        for one in point.quantile_values:
            yield "", (("quantile", plain(one.quantile)),), one.value
    else:
        yield "", (), point.as_double if point.as_double is not None else float(point.as_int or 0)


def _buckets(point: Point) -> Iterator[tuple[str, tuple[tuple[str, str], ...], float]]:
    if point.sum is not None:
        yield "_sum", (), point.sum
    yield "_count", (), float(point.count)
    total = 0
    for bound, count in zip(point.explicit_bounds, point.bucket_counts, strict=False):
        total += count
        yield "_bucket", (("le", plain(bound)),), float(total)
    yield "_bucket", (("le", "+Inf"),), float(point.count)


def _labels(attributes: Iterable[KeyValue], target: dict[str, str], extra: Iterable[tuple[str, str]]) -> Labels:
    """What two attributes of one name say is joined by a semicolon."""
    found: dict[str, str] = {}
    for one in sorted(attributes, key=lambda one: one.key):
        name, text = label_name(one.key), _text(one.value)
        found[name] = f"{found[name]};{text}" if name in found else text
    found.pop("", None)
    return Labels.of({**found, **target, **dict(extra)})


def _target(attributes: Sequence[KeyValue]) -> dict[str, str]:
    known = {one.key: _text(one.value) for one in attributes}
    found = {}
    if (job := known.get(_NAME)) is not None:
        found["job"] = f"{known[_NAMESPACE]}/{job}" if _NAMESPACE in known else job
    if (instance := known.get(_INSTANCE)) is not None:
        found["instance"] = instance
    return found


def _text(value: Value) -> str:
    """A label's value; lists and mappings are JSON."""
    raw = _raw(value)
    if isinstance(raw, str):
        return raw
    return "" if raw is None else encode(raw).decode()


def _raw(value: Value) -> object:
    if value.array_value is not None:
        return [_raw(one) for one in value.array_value.values]
    if value.kvlist_value is not None:
        return {one.key: _raw(one.value) for one in sorted(value.kvlist_value.values, key=lambda one: one.key)}
    if value.double_value is not None:
        number = value.double_value
        return int(number) if number.is_integer() and abs(number) < 1e21 else number
    scalars = (value.string_value, value.bool_value, value.int_value, value.bytes_value)
    return next((one for one in scalars if one is not None), None)
