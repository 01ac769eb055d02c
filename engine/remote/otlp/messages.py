"""Requests of OTLP, from protobuf and from JSON: both are read to the same plain shape, and that to the same types.

The tables name what counts; exemplars, scopes of metrics and descriptions are passed over.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import msgspec

from engine.foundation.errors import RemoteError
from engine.foundation.protobuf import CHUNK, FIXED64, VARINT, Message, WireError, fields, signed

_DEEPEST: Final = 100
T = TypeVar("T")
_LARGEST: Final = (1 << 63) - 1  # texts of JSON may tell any number

Natural = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Whole = Annotated[int, msgspec.Meta(ge=-_LARGEST - 1, le=_LARGEST)]


class OtlpError(RemoteError):
    """The request can't be read, or be taken."""


class Value(msgspec.Struct, frozen=True, rename="camel"):
    """One of these is set, or none."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: int | None = None
    double_value: float | None = None
    array_value: ValueList | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: str | None = None


class KeyValue(msgspec.Struct, frozen=True):
    key: str = ""
    value: Value = Value()


class ValueList(msgspec.Struct, frozen=True):
    values: list[Value] = []


class KeyValueList(msgspec.Struct, frozen=True):
    values: list[KeyValue] = []


class Quantile(msgspec.Struct, frozen=True):
    quantile: float = 0.0
    value: float = 0.0


class Point(msgspec.Struct, frozen=True, rename="camel"):
    """A point of any kind of metric; times are Unix ns."""

    attributes: list[KeyValue] = []
    time_unix_nano: Natural = 0
    as_double: float | None = None
    as_int: Whole | None = None
    count: Natural = 0
    sum: float | None = None
    bucket_counts: list[Natural] = []
    explicit_bounds: list[float] = []
    quantile_values: list[Quantile] = []
    flags: int = 0


class Data(msgspec.Struct, frozen=True, rename="camel"):
    """The points of a metric; the temporality is 2, or its name, where they are cumulative."""

    data_points: list[Point] = []
    aggregation_temporality: int | str = 0
    is_monotonic: bool = False

    @property
    def cumulative(self) -> bool:
        return self.aggregation_temporality in (2, "2", "AGGREGATION_TEMPORALITY_CUMULATIVE")


class Metric(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    unit: str = ""
    gauge: Data | None = None
    sum: Data | None = None
    histogram: Data | None = None
    exponential_histogram: Data | None = None
    summary: Data | None = None


class Scope(msgspec.Struct, frozen=True):
    metrics: list[Metric] = []


class Resource(msgspec.Struct, frozen=True):
    attributes: list[KeyValue] = []


class ResourceMetrics(msgspec.Struct, frozen=True, rename="camel"):
    resource: Resource = Resource()
    scope_metrics: list[Scope] = []


class Request(msgspec.Struct, frozen=True, rename="camel"):
    resource_metrics: list[ResourceMetrics] = []


class _Field(NamedTuple):
    """`kind` is a scalar's, or the name of a message; `many` are gathered in a list."""

    name: str
    kind: str
    many: bool = False


_WIRES: Final = {"int": VARINT, "bool": VARINT, "double": FIXED64, "fixed": FIXED64, "sfixed": FIXED64}
_FORMATS: Final = {"double": "d", "fixed": "Q", "sfixed": "q", "doubles": "d", "fixeds": "Q"}
_ATTRIBUTES: Final = _Field("attributes", "KeyValue", many=True)
_TEMPORALITY: Final = _Field("aggregationTemporality", "int")
_SHAPES: Final[Mapping[str, Mapping[int, _Field]]] = MappingProxyType(
    {
        "ExportMetricsServiceRequest": {1: _Field("resourceMetrics", "ResourceMetrics", many=True)},
        "ResourceMetrics": {1: _Field("resource", "Resource"), 2: _Field("scopeMetrics", "ScopeMetrics", many=True)},
        "Resource": {1: _ATTRIBUTES},
        "ScopeMetrics": {2: _Field("metrics", "Metric", many=True)},
        "Metric": {
            1: _Field("name", "text"),
            3: _Field("unit", "text"),
            5: _Field("gauge", "Gauge"),
            7: _Field("sum", "Sum"),
            9: _Field("histogram", "Histogram"),
            10: _Field("exponentialHistogram", "ExponentialHistogram"),
            11: _Field("summary", "Summary"),
        },
        "Gauge": {1: _Field("dataPoints", "NumberDataPoint", many=True)},
        "Sum": {
            1: _Field("dataPoints", "NumberDataPoint", many=True),
            2: _TEMPORALITY,
            3: _Field("isMonotonic", "bool"),
        },
        "Histogram": {1: _Field("dataPoints", "HistogramDataPoint", many=True), 2: _TEMPORALITY},
        "ExponentialHistogram": {2: _TEMPORALITY},
        "Summary": {1: _Field("dataPoints", "SummaryDataPoint", many=True)},
        "NumberDataPoint": {
            3: _Field("timeUnixNano", "fixed"),
            4: _Field("asDouble", "double"),
            6: _Field("asInt", "sfixed"),
            7: _ATTRIBUTES,
            8: _Field("flags", "int"),
        },
        "HistogramDataPoint": {
            3: _Field("timeUnixNano", "fixed"),
            4: _Field("count", "fixed"),
            5: _Field("sum", "double"),
            6: _Field("bucketCounts", "fixeds"),
            7: _Field("explicitBounds", "doubles"),
            9: _ATTRIBUTES,
            10: _Field("flags", "int"),
        },
        "SummaryDataPoint": {
            3: _Field("timeUnixNano", "fixed"),
            4: _Field("count", "fixed"),
            5: _Field("sum", "double"),
            6: _Field("quantileValues", "ValueAtQuantile", many=True),
            7: _ATTRIBUTES,
            8: _Field("flags", "int"),
        },
        "ValueAtQuantile": {1: _Field("quantile", "double"), 2: _Field("value", "double")},
        "KeyValue": {1: _Field("key", "text"), 2: _Field("value", "AnyValue")},
        "AnyValue": {
            1: _Field("stringValue", "text"),
            2: _Field("boolValue", "bool"),
            3: _Field("intValue", "int"),
            4: _Field("doubleValue", "double"),
            5: _Field("arrayValue", "ArrayValue"),
            6: _Field("kvlistValue", "KeyValueList"),
            7: _Field("bytesValue", "bytes"),
        },
        "ExportLogsServiceRequest": {1: _Field("resourceLogs", "ResourceLogs", many=True)},
        "ResourceLogs": {1: _Field("resource", "Resource"), 2: _Field("scopeLogs", "ScopeLogs", many=True)},
        "ScopeLogs": {1: _Field("scope", "Scope"), 2: _Field("logRecords", "LogRecord", many=True)},
        "Scope": {1: _Field("name", "text"), 2: _Field("version", "text"), 3: _ATTRIBUTES},
        "LogRecord": {
            1: _Field("timeUnixNano", "fixed"),
            2: _Field("severityNumber", "int"),
            3: _Field("severityText", "text"),
            5: _Field("body", "AnyValue"),
            6: _ATTRIBUTES,
            9: _Field("traceId", "hex"),
            10: _Field("spanId", "hex"),
            11: _Field("observedTimeUnixNano", "fixed"),
        },
        "ArrayValue": {1: _Field("values", "AnyValue", many=True)},
        "KeyValueList": {1: _Field("values", "KeyValue", many=True)},
    }
)
_MESSAGES: Final[Mapping[str, Message]] = MappingProxyType(
    {
        name: Message.of(name, **{f.name: (number, _WIRES.get(f.kind, CHUNK)) for number, f in shape.items()})
        for name, shape in _SHAPES.items()
    }
)


def from_protobuf(body: bytes) -> Request:
    """A request of metrics. Raises OtlpError."""
    return from_protobuf_as(body, "ExportMetricsServiceRequest", Request)


def from_json(body: bytes) -> Request:
    """A request of metrics. Raises OtlpError."""
    return from_json_as(body, Request)


def from_protobuf_as(body: bytes, name: str, kind: type[T]) -> T:
    """The message of that name. Raises OtlpError."""
    try:
        return _typed(_message(name, body, 0, len(body), 0), kind)
    except (WireError, struct.error) as error:
        raise OtlpError(str(error)) from None


def from_json_as(body: bytes, kind: type[T]) -> T:
    """Raises OtlpError."""
    try:
        return _typed(msgspec.json.decode(body), kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OtlpError(str(error)) from None


def _typed(shape: object, kind: type[T]) -> T:
    """Numbers may be texts, as JSON has those of 64 bits."""
    try:
        return msgspec.convert(shape, kind, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise OtlpError(str(error)) from None


def _message(name: str, data: bytes, at: int, stop: int, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise OtlpError(f"{name}: nested more than {_DEEPEST} deep")
    found: dict[str, Any] = {}
    for number, start, end in fields(_MESSAGES[name], data, at, stop):
        field = _SHAPES[name][number]
        value = _value(field.kind, data, start, end, depth)
        if field.many:
            found.setdefault(field.name, []).append(value)
        elif field.kind in ("doubles", "fixeds"):
            found.setdefault(field.name, []).extend(value)
        else:
            found[field.name] = value
    return found


def _value(kind: str, data: bytes, start: int, end: int, depth: int) -> Any:
    match kind:
        case "text":
            return data[start:end].decode(errors="replace")
        case "bytes":
            return b64encode(data[start:end]).decode()
        case "hex":
            return data[start:end].hex()
        case "int":
            return signed(start)
        case "bool":
            return start != 0
        case "double" | "fixed" | "sfixed":
            return struct.unpack_from(f"<{_FORMATS[kind]}", data, start)[0]
        case "doubles" | "fixeds":
            return struct.unpack(f"<{(end - start) // 8}{_FORMATS[kind]}", data[start:end])
        case _:
            return _message(kind, data, start, end, depth + 1)
