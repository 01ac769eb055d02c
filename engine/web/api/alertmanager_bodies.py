"""Bodies that clients of Alertmanager's API send, read as strictly as there and refused in the same words.

Two kinds of mistakes are told apart: what is no JSON of the right shape is 400 with `parsing ... failed`, what lacks
something or has a wrong format is 422 with the number of the rule; both name the first mistake only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.alerting.kept.silences import Silence, SilenceMatcher
from engine.alerting.kept.store import AlertReport
from engine.foundation.clock import SECOND
from engine.foundation.errors import EngineError
from engine.foundation.gojson import decode, fault
from engine.gotemplate.values import GoTime
from promql.model.labels import quote

GO_ZERO: Final = GoTime.zero().ns  # what clients written in Go send where they have no time
REQUIRED: Final = 602
FORMAT: Final = 601
TOO_FEW: Final = 612
_TIME: Final = re.compile(  # noqa: TID251 - ours, linear
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?", re.ASCII
)
_URI: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:|/)[^\x00-\x1f\x7f]*", re.ASCII)  # noqa: TID251 - ours, linear
_UUID: Final = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)  # noqa: TID251 - ours, linear
_KINDS: Final = {dict: "object", list: "array", str: "string", bool: "bool", int: "number", float: "number"}


class BadRequestError(EngineError):
    """The request is refused. `code` is the rule's number where there is one, else the status itself."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


async def read_alerts(request: web.Request) -> list[AlertReport]:
    """Raises BadRequestError."""
    found = await _read_json(request, "alerts")
    if found is None:
        return []
    shape = _Shape("alerts")
    items = shape.expect(found, list, "value of type models.PostableAlerts")
    read = [_report(shape, item) for item in items]  # all of them, before any is judged
    return [_judged(report, labelled, index) for index, (report, labelled) in enumerate(read)]


async def read_silence(request: web.Request) -> Silence:
    """Raises BadRequestError."""
    found = await _read_json(request, "silence")
    shape = _Shape("silence")
    body = shape.expect({} if found is None else found, dict, "value of type models.PostableSilence")
    created = {key: shape.text(body, key, f"Silence.{key}") for key in ("comment", "createdBy")}
    times = {key: shape.time(body, key, f"Silence.{key}") for key in ("endsAt", "startsAt")}
    matchers = body.get("matchers")
    given = (
        None
        if matchers is None
        else shape.expect(matchers, list, "struct field Silence.matchers of type models.Matchers")
    )
    parsed = [] if given is None else [_matcher_parts(shape, item) for item in given]
    silence_id = shape.text(body, "id", ".id") or ""
    for key, value in sorted([*created.items(), *times.items(), ("matchers", given)]):
        if value is None:
            raise BadRequestError(422, REQUIRED, f"{key} in body is required")
        if key == "matchers":
            _check_matchers(parsed)
    return Silence(
        id=silence_id,
        matchers=tuple(_matcher(parts) for parts in parsed),
        starts_at=times["startsAt"] or 0,
        ends_at=times["endsAt"] or 0,
        updated_at=0,
        created_by=created["createdBy"] or "",
        comment=created["comment"] or "",
    )


def check_uuid(text: str) -> str:
    """Raises BadRequestError."""
    if _UUID.fullmatch(text) is None:
        raise BadRequestError(422, FORMAT, f'silenceID in path must be of type uuid: "{text}"')
    return text


@lru_cache(maxsize=1024)
def parse_time(text: str) -> int:
    """Unix ns, one object for all alerts that have it; an empty text is the Unix epoch, as there. Raises ValueError."""
    if not text:
        return 0
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f'parsing time "{text}" as "2006-01-02 15:04:05": no date and time')
    year, month, day, hour, minute, second = (int(found[i] or 0) for i in range(1, 7))
    away = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0)) * (-1 if found[8] == "-" else 1)
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC) - away
    except (ValueError, OverflowError) as error:
        raise ValueError(f'parsing time "{text}": {error}') from None
    return int(moment.timestamp()) * SECOND + int((found[7] or "0").ljust(9, "0"))


async def _read_json(request: web.Request, what: str) -> Any:
    body = await request.read()
    if not body:
        raise BadRequestError(422, REQUIRED, f"{what} in body is required")
    media_type = (request.headers.get("Content-Type") or "application/octet-stream").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise BadRequestError(415, 415, f'unsupported media type "{media_type}", only [application/json] are allowed')
    try:
        return decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(what, fault(error)) from None


def _unreadable(what: str, why: str) -> BadRequestError:
    return BadRequestError(400, 400, f'parsing {what} body from "" failed, because {why}')


class _Shape:
    """Looks at parts of a body; all methods raise BadRequestError in Go's words."""

    def __init__(self, what: str) -> None:
        self._what = what

    def expect(self, value: Any, kind: type, target: str) -> Any:
        if type(value) is not kind:
            found = _KINDS.get(type(value), "null")
            raise _unreadable(self._what, f"json: cannot unmarshal {found} into Go {target}")
        return value

    def text(self, body: Mapping[str, Any], key: str, field: str) -> str | None:
        value = body.get(key)
        return None if value is None else str(self.expect(value, str, f"struct field {field} of type string"))

    def flag(self, body: Mapping[str, Any], key: str, field: str) -> bool | None:
        value = body.get(key)
        return None if value is None else bool(self.expect(value, bool, f"struct field {field} of type bool"))

    def time(self, body: Mapping[str, Any], key: str, field: str) -> int | None:
        text = self.text(body, key, field)
        try:
            return None if text is None else parse_time(text)
        except ValueError as error:
            raise _unreadable(self._what, str(error)) from None

    def labels(self, body: Mapping[str, Any], key: str, field: str) -> dict[str, str] | None:
        value = body.get(key)
        if value is None:
            return None
        self.expect(value, dict, f"struct field {field} of type models.LabelSet")
        return {name: self.text(value, name, field) or "" for name in value}


def _report(shape: _Shape, item: Any) -> tuple[AlertReport, bool]:
    """And whether it has labels, were it none."""
    body = shape.expect({} if item is None else item, dict, "value of type models.PostableAlert")
    annotations = shape.labels(body, "annotations", ".annotations") or {}
    given = (shape.time(body, "endsAt", ".endsAt"), shape.time(body, "startsAt", ".startsAt"))
    ends_at, starts_at = (None if time == GO_ZERO else time for time in given)
    url = shape.text(body, "generatorURL", "Alert.generatorURL") or ""
    labels = shape.labels(body, "labels", "Alert.labels")
    return AlertReport(labels or {}, annotations, starts_at, ends_at, url), labels is not None


def _judged(report: AlertReport, labelled: bool, index: int) -> AlertReport:
    url = report.generator_url
    if url and _URI.fullmatch(url) is None:
        raise BadRequestError(422, FORMAT, f"{index}.generatorURL in body must be of type uri: {quote(url)}")
    if not labelled:
        raise BadRequestError(422, REQUIRED, f"{index}.labels in body is required")
    return report


_MATCHER_FIELDS: Final[tuple[tuple[str, Callable[..., Any]], ...]] = (
    ("isEqual", _Shape.flag),
    ("isRegex", _Shape.flag),
    ("name", _Shape.text),
    ("value", _Shape.text),
)
OPERATORS: Final = {(False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~"}


def _matcher_parts(shape: _Shape, item: Any) -> dict[str, Any]:
    body = shape.expect({} if item is None else item, dict, "struct field Silence.matchers of type models.Matcher")
    return {key: read(shape, body, key, f"Matcher.matchers.{key}") for key, read in _MATCHER_FIELDS}


def _check_matchers(matchers: list[dict[str, Any]]) -> None:
    if not matchers:
        raise BadRequestError(422, TOO_FEW, "matchers in body should have at least 1 items")
    for index, parts in enumerate(matchers):
        for key in ("isRegex", "name", "value"):
            if parts[key] is None:
                raise BadRequestError(422, REQUIRED, f"matchers.{index}.{key} in body is required")


def _matcher(parts: Mapping[str, Any]) -> SilenceMatcher:
    return SilenceMatcher(parts["name"], parts["value"], OPERATORS[parts["isRegex"], parts["isEqual"] is not False])
