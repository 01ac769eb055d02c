"""Pushes in JSON: those of `/loki/api/v1/push`, and the older form of `/api/prom/push`.

Decoding makes texts of a body in one go; what follows per line is done on whole lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

import msgspec

from engine.foundation.errors import RemoteError
from engine.logs.push.labeltext import named, parsed
from engine.logs.push.runs import run_of_text
from engine.logs.push.times import from_digits, from_rfc3339
from engine.logs.store.head import Run
from promql.model.labels import Labels

T = TypeVar("T")
Runs = list[tuple[Labels, Run]]
Values = list[tuple[str, str]] | list[tuple[str, str] | tuple[str, str, dict[str, Any]]]


class FormatError(RemoteError):
    """The body is no push."""


class _Stream(msgspec.Struct):
    """Most pushes have lines of two texts; the others are read as whatever they are."""

    stream: dict[str, str] = {}
    values: list[tuple[str, str]] = []


class _Push(msgspec.Struct):
    streams: list[_Stream] = []


class _LooseStream(msgspec.Struct):
    stream: dict[str, Any] = {}
    values: list[list[Any]] = []


class _LoosePush(msgspec.Struct):
    streams: list[_LooseStream] = []


class _OldEntry(msgspec.Struct):
    ts: str = ""
    line: str = ""


class _OldStream(msgspec.Struct):
    labels: str = ""
    entries: list[_OldEntry] = []


class _OldPush(msgspec.Struct):
    streams: list[_OldStream] = []


_PUSHES: Final = msgspec.json.Decoder(_Push)
_TIME: Final = itemgetter(0)
_LINE: Final = itemgetter(1)


def from_json(body: bytes) -> Runs:
    """Raises FormatError, LabelsError, TimeError."""
    if not body.strip():
        raise FormatError("EOF")
    try:
        push = _PUSHES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _from_loose(body)
    return [(named(one.stream), _run(one.values, {})) for one in push.streams if one.values]


def from_old_json(body: bytes) -> Runs:
    r"""`{"streams": [{"labels": "{a=\"b\"}", "entries": [{"ts": RFC 3339, "line": ...}]}]}`. Raises as `from_json`."""
    push = _decoded(body, _OldPush)
    found: Runs = []
    for one in push.streams:
        labels = parsed(one.labels)
        values = [(str(from_rfc3339(entry.ts)), entry.line) for entry in one.entries]
        if values:
            found.append((labels, _run(values, {})))
    return found


def _from_loose(body: bytes) -> Runs:
    """With numbers among the labels, and with labels of single lines."""
    push = _decoded(body, _LoosePush)
    found: Runs = []
    for one in push.streams:
        values = [_pair(value) for value in one.values]
        kept = {row: _labels(value[2]) for row, value in enumerate(one.values) if len(value) > 2}
        labels = named({name: _text(value) for name, value in one.stream.items()})
        if values:
            found.append((labels, _run(values, {row: labels for row, labels in kept.items() if len(labels)})))
    return found


def _run(values: Sequence[tuple[str, str]], metadata: Mapping[int, Labels]) -> Run:
    return run_of_text(from_digits(list(map(_TIME, values))), list(map(_LINE, values)), metadata)


def _pair(value: Sequence[Any]) -> tuple[str, str]:
    if not 2 <= len(value) <= 3 or not isinstance(value[0], str) or not isinstance(value[1], str):
        raise FormatError(
            'a value is ["<unix ns as a text>", "<line>"], with labels of this line in an object behind it, if any'
        )
    return value[0], value[1]


def _labels(value: Any) -> Labels:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise FormatError("labels of a line are an object of texts")
    return Labels.of(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _decoded(body: bytes, kind: type[T]) -> T:
    if not body.strip():
        raise FormatError("EOF")
    try:
        return msgspec.json.decode(body, type=kind)
    except UnicodeDecodeError:  # lines are whatever programs wrote: what is no UTF-8 in them is replaced, as in Go
        return _decoded(body.decode(errors="replace").encode(), kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(f"the body is no push in JSON: {error}") from None
