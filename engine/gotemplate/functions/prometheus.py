"""The functions that Prometheus 2.42 adds to Go's own, those of later releases that need no clock, and `expand`, which
fills an alert's label or annotation.

`query` needs a store, so the caller gives it: a function from an expression to samples.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, cast
from urllib.parse import urlsplit

from msgspec import Struct

from engine.foundation.errors import EngineError
from engine.gotemplate.budget import Limits
from engine.gotemplate.containers import (
    GoList,
    GoMap,
    GoPointer,
    GoStruct,
    Html,
    list_type,
    string_map,
    struct_type,
)
from engine.gotemplate.errors import CallError, ExecutionError, TemplateError
from engine.gotemplate.functions.builtins import BUILTINS, url_escape
from engine.gotemplate.functions.humanize import (
    humanize,
    humanize1024,
    humanize_duration,
    humanize_percentage,
    humanize_timestamp,
    to_duration,
    to_time,
)
from engine.gotemplate.functions.words import lower, matches, replace_all, titled_words, upper
from engine.gotemplate.template import MissingKey, parse
from engine.gotemplate.types import ANY, FLOAT64, STRING, STRING_MAP, Function, GoType, Kind
from promql.model.durations import Duration

Query = Callable[[str], Sequence[tuple[Mapping[str, str], float]]]
"""From an expression to samples (labels with `__name__`, value); may raise EngineError."""

_SAMPLE: Final = struct_type("template.sample", {"Labels": STRING_MAP, "Value": FLOAT64})
_SAMPLE_POINTER: Final = GoType("*template.sample", Kind.POINTER, element=_SAMPLE)
_RESULT: Final = list_type("template.queryResult", _SAMPLE_POINTER)
_DATA: Final = struct_type(
    "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
    {"Labels": STRING_MAP, "ExternalLabels": STRING_MAP, "ExternalURL": STRING, "Value": FLOAT64},
)
_PREFIX: Final = (
    "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"
)


class Expansion(Struct, frozen=True):
    """What a field became. Where `error` is set, `text` is what Prometheus shows instead of the field."""

    text: str
    error: TemplateError | None = None


LIMITS: Final = Limits(steps=150_000)
"""Of a label or an annotation: they are filled in beside scrapes and answers, which would wait for seconds else."""


def expand(
    name: str,
    text: str,
    *,
    labels: Mapping[str, str],
    external_labels: Mapping[str, str],
    external_url: str,
    value: float,
    query: Query,
    now: float,
) -> Expansion:
    """Fill one label or annotation of the alert `name` (Prometheus's template is called `__alert_NAME`).

    `now` is the time of the evaluation, in Unix seconds.
    """
    if "{{" not in text:
        return Expansion(text)
    title = f"__alert_{name}"
    data = GoStruct(
        _DATA,
        {
            "Labels": string_map(labels),
            "ExternalLabels": string_map(external_labels),
            "ExternalURL": external_url,
            "Value": float(value),
        },
    )
    try:
        template = parse(title, _PREFIX + text, functions(query, external_url, now))
        return Expansion(template.execute(data, missing_key=MissingKey.ZERO, limits=LIMITS))
    except TemplateError as error:
        deed = "executing" if isinstance(error, ExecutionError) else "parsing"
        return Expansion(f"<error expanding template: error {deed} template {title}: {error}>", error)


def functions(query: Query, external_url: str, now: float) -> Mapping[str, Function]:
    """The whole table, with this store, this address and this time (Unix seconds)."""
    path = urlsplit(external_url).path

    def ask(expression: str) -> GoList:
        try:
            return GoList(_RESULT, [_sample(labels, value) for labels, value in query(expression)])
        except EngineError as error:
            raise CallError(str(error)) from error

    return {
        **_FIXED,
        "query": Function(ask, (STRING,)),
        "pathPrefix": Function(lambda: path),
        "externalURL": Function(lambda: external_url),
        "now": Function(lambda: now),
    }


def _sample(labels: Mapping[str, str], value: float) -> GoPointer:
    return GoPointer(GoStruct(_SAMPLE, {"Labels": string_map(labels), "Value": float(value)}))


def _first(result: GoList) -> object:
    if not len(result):
        raise CallError("first() called on vector with no elements")
    return result.values[0]


def _label(name: str, sample: GoPointer | GoStruct | None) -> str:
    labels = cast("GoMap", _struct(sample).get("Labels"))
    return cast("str", labels.get(name))


def _struct(sample: GoPointer | GoStruct | None) -> GoStruct:
    if sample is None:
        raise CallError("runtime error: invalid memory address or nil pointer dereference")
    return cast("GoStruct", sample.target) if isinstance(sample, GoPointer) else sample


def _sorted(name: str, result: GoList) -> GoList:
    return GoList(_RESULT, sorted(result.values, key=lambda s: _label(name, cast("GoPointer", s))))


def _arguments(*values: object) -> dict[str, object]:
    return {f"arg{at}": value for at, value in enumerate(values)}


def _split_port(address: str) -> tuple[str, str] | None:
    """Go's `net.SplitHostPort`; None where it gives an error."""
    host, colon, port = address.rpartition(":")
    if not colon:
        return None
    if address.startswith("["):
        if not host.endswith("]") or "]" in host[:-1] or "[" in host[1:]:
            return None
        host = host[1:-1]
    elif ":" in host:
        return None
    return None if any(c in "[]" for c in port) or any(c in "[]" for c in host) else (host, port)


def _strip_port(address: str) -> str:
    split = _split_port(address)
    return split[0] if split else address


def _strip_domain(address: str) -> str:
    host, port = _split_port(address) or (address, "")
    if _is_ip(host):
        return address
    host = host.split(".")[0]
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _graph(expression: str) -> str:
    return f"/graph?g0.expr={url_escape(expression)}&g0.tab=0"


def _table(expression: str) -> str:
    return f"/graph?g0.expr={url_escape(expression)}&g0.tab=1"


def _parse_duration(text: str) -> float:
    try:
        return Duration.from_text(text).seconds
    except ValueError as error:
        raise CallError(str(error)) from None


_FIXED: Final[Mapping[str, Function]] = MappingProxyType(
    {
        **BUILTINS,
        "args": Function(_arguments, (), ANY),
        "first": Function(_first, (_RESULT,)),
        "graphLink": Function(_graph, (STRING,)),
        "humanize": Function(humanize, (ANY,)),
        "humanize1024": Function(humanize1024, (ANY,)),
        "humanizeDuration": Function(humanize_duration, (ANY,)),
        "humanizePercentage": Function(humanize_percentage, (ANY,)),
        "humanizeTimestamp": Function(humanize_timestamp, (ANY,)),
        "label": Function(_label, (STRING, _SAMPLE_POINTER)),
        "match": Function(matches, (STRING, STRING)),
        "parseDuration": Function(_parse_duration, (STRING,)),
        "reReplaceAll": Function(replace_all, (STRING, STRING, STRING), price=1),
        "safeHtml": Function(Html, (STRING,)),
        "sortByLabel": Function(_sorted, (STRING, _RESULT)),
        "stripDomain": Function(_strip_domain, (STRING,)),
        "stripPort": Function(_strip_port, (STRING,)),
        "strvalue": Function(lambda s: _label("__value__", s), (_SAMPLE_POINTER,)),
        "tableLink": Function(_table, (STRING,)),
        "title": Function(titled_words, (STRING,)),
        "toDuration": Function(lambda v: GoPointer(to_duration(v)), (ANY,)),
        "toLower": Function(lower, (STRING,)),
        "toTime": Function(lambda v: GoPointer(to_time(v)), (ANY,)),
        "toUpper": Function(upper, (STRING,)),
        "urlQueryEscape": Function(url_escape, (STRING,)),
        "value": Function(lambda s: _struct(s).get("Value"), (_SAMPLE_POINTER,)),
    }
)
