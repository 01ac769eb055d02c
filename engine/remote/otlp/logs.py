"""Log records of OTLP as lines of streams, with the labels that Loki 3 gives them.

What names the source of a record (`service.name`, `k8s.pod.name` and the like) makes its stream; all else that is known
of it goes with the line: attributes of the resource, the scope and the record, severity and trace.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from engine.logs.push.json import Runs
from engine.logs.push.runs import run_of_text
from engine.logs.store.head import Run
from engine.remote.otlp.messages import KeyValue, Natural, OtlpError, Resource, Value, from_json_as, from_protobuf_as
from promql.model.labels import Labels

_INDEXED: Final = frozenset({
    "cloud.availability_zone", "cloud.region", "container.name", "deployment.environment",
    "deployment.environment.name", "k8s.cluster.name", "k8s.container.name", "k8s.cronjob.name", "k8s.daemonset.name",
    "k8s.deployment.name", "k8s.job.name", "k8s.namespace.name", "k8s.pod.name", "k8s.replicaset.name",
    "k8s.statefulset.name", "service.instance.id", "service.name", "service.namespace",
})  # fmt: skip
_NO_LETTER: Final = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)  # noqa: TID251 - ours, linear
UNKNOWN: Final = "unknown_service"


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """Times are Unix ns."""

    time_unix_nano: Natural = 0
    observed_time_unix_nano: Natural = 0
    severity_number: int | str = 0
    severity_text: str = ""
    body: Value = Value()
    attributes: list[KeyValue] = []
    flags: int = 0
    trace_id: str = ""
    span_id: str = ""


class ScopeName(msgspec.Struct, frozen=True):
    name: str = ""
    version: str = ""
    attributes: list[KeyValue] = []


class ScopeLogs(msgspec.Struct, frozen=True, rename="camel"):
    scope: ScopeName = ScopeName()
    log_records: list[Record] = []


class ResourceLogs(msgspec.Struct, frozen=True, rename="camel"):
    resource: Resource = Resource()
    scope_logs: list[ScopeLogs] = []


class LogsRequest(msgspec.Struct, frozen=True, rename="camel"):
    resource_logs: list[ResourceLogs] = []


def runs_of(kind: str, body: bytes, now: int) -> Runs:
    """The lines of a request; what has no time happened `now` (Unix ns). Raises OtlpError."""
    form = kind.partition(";")[0].strip()
    if form == "application/json":
        request = from_json_as(body, LogsRequest)
    elif form == "application/x-protobuf":
        request = from_protobuf_as(body, "ExportLogsServiceRequest", LogsRequest)
    else:
        raise OtlpError(f"content type: {kind} is not supported")
    return [_stream(one, now) for one in request.resource_logs if any(scope.log_records for scope in one.scope_logs)]


def _stream(one: ResourceLogs, now: int) -> tuple[Labels, Run]:
    resource = dict(_flat(one.resource.attributes))
    labels = {_name(key): text for key, text in resource.items() if key in _INDEXED}
    rest = {_name(key): text for key, text in resource.items() if key not in _INDEXED}
    labels.setdefault("service_name", UNKNOWN)
    times = array("q")
    lines: list[str] = []
    metadata: dict[int, Labels] = {}
    for scope in one.scope_logs:
        about = {**rest, **_about_scope(scope.scope)}
        for record in scope.log_records:
            kept = Labels.of({**about, **_about_record(record)})
            if len(kept):
                metadata[len(lines)] = kept
            times.append(record.time_unix_nano or record.observed_time_unix_nano or now)
            lines.append(_text(record.body))
    return Labels.of(labels), run_of_text(times, lines, metadata)


def _about_scope(scope: ScopeName) -> dict[str, str]:
    return {
        **{_name(key): text for key, text in _flat(scope.attributes)},
        "scope_name": scope.name,
        "scope_version": scope.version,
    }


def _about_record(record: Record) -> dict[str, str]:
    observed = record.observed_time_unix_nano
    return {
        **{_name(key): text for key, text in _flat(record.attributes)},
        "observed_timestamp": str(observed) if observed else "",
        "severity_number": str(record.severity_number) if record.severity_number else "",
        "severity_text": record.severity_text,
        "flags": str(record.flags) if record.flags else "",
        "trace_id": record.trace_id,
        "span_id": record.span_id,
    }


def _flat(attributes: Iterable[KeyValue], before: str = "") -> Iterator[tuple[str, str]]:
    """Attributes by name; those in others have both names."""
    for one in attributes:
        if one.value.kvlist_value is not None:
            yield from _flat(one.value.kvlist_value.values, f"{before}{one.key}_")
        else:
            yield f"{before}{one.key}", _text(one.value)


def _text(value: Value) -> str:
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else msgspec.json.encode(plain).decode()


def _plain(value: Value) -> Any:
    if value.kvlist_value is not None:
        return {one.key: _plain(one.value) for one in value.kvlist_value.values}
    if value.array_value is not None:
        return [_plain(one) for one in value.array_value.values]
    scalars = (value.string_value, value.bool_value, value.int_value, value.double_value, value.bytes_value)
    return next((one for one in scalars if one is not None), None)


def _name(key: str) -> str:
    name = _NO_LETTER.sub("_", key)
    return f"key_{name}" if name[:1].isdigit() else name
