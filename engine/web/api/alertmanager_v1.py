"""Alertmanager's API, version 1, as 0.25 still serves it and later releases don't. The shapes are the original's.

    GET /status | GET /receivers | GET, POST /alerts | GET, POST /silences | GET, DELETE /silence/ID

Answers are `{"status": "success", "data": ...}` or `{"status": "error", "errorType", "error"}`. It is on Alertmanager's
own port alone: on the first one these paths are Prometheus's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
import yaml
from aiohttp import web

from engine.alerting.config.text import config_text
from engine.alerting.kept.linelog import LogWriteError
from engine.alerting.kept.silences import Silence, SilenceMatcher
from engine.alerting.kept.store import AlertReport
from engine.alerting.manager import AlertManager
from engine.alerting.matching.grammar import Grammar, IsName
from engine.alerting.queries import AlertQuery, AlertView
from engine.foundation.errors import ConfigError
from engine.foundation.gojson import decode, encode, fault
from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.layout import RFC3339_NANO
from engine.gotemplate.values import GoTime
from engine.web.api.alertmanager_bodies import GO_ZERO, OPERATORS, parse_time
from promql.model.labels import Labels
from promql.model.matchers import Matcher, match_all

BASE: Final = "/api/v1"
Handler = Callable[[web.Request], Awaitable[web.Response]]
_TEXT: Final[Mapping[str, str]] = {"X-Content-Type-Options": "nosniff"}


class _Alert(msgspec.Struct, rename="camel"):
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)


class _Matcher(msgspec.Struct, rename="camel"):
    name: str = ""
    value: str = ""
    is_regex: bool = False
    is_equal: bool = True


class _Silence(msgspec.Struct, rename="camel"):
    id: str = ""
    matchers: list[_Matcher] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    created_by: str = ""
    comment: str = ""


def routes(manager: AlertManager, version: Mapping[str, str]) -> list[web.RouteDef]:
    """`version` is what the status tells of the release."""
    api = _Api(manager, version)
    return [
        *_on("/status", GET=api.status),
        *_on("/receivers", GET=api.receivers),
        *_on("/alerts", GET=api.get_alerts, POST=api.post_alerts),
        *_on("/silences", GET=api.get_silences, POST=api.post_silence),
        *_on("/silence/{id}", GET=api.get_silence, DELETE=api.delete_silence),
        web.route("*", BASE + "/{rest:.*}", _unknown),
    ]


def _on(path: str, **handlers: Handler) -> Iterable[web.RouteDef]:
    async def refuse(_: web.Request) -> web.Response:
        allowed = {"Allow": ", ".join(sorted([*handlers, "OPTIONS"]))}
        return web.Response(status=405, text="Method Not Allowed\n", headers={**_TEXT, **allowed})

    for method, handler in handlers.items():
        yield web.route(method, BASE + path, _answering(handler))
    yield web.route("*", BASE + path, refuse)


async def _unknown(_: web.Request) -> web.Response:
    return web.Response(status=404, text="404 page not found\n", headers=_TEXT)


def _answering(handler: Handler) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except ConfigError as error:
            return _failed(400, "bad_data", str(error))
        except LogWriteError as error:
            return _failed(500, "server_error", str(error))

    return answer


class _Api:
    """The handlers."""

    def __init__(self, manager: AlertManager, version: Mapping[str, str]) -> None:
        self._manager = manager
        self._grammar = manager.grammar
        self._version = version

    async def status(self, _: web.Request) -> web.Response:
        text = config_text(self._manager.running.config, self._grammar)
        return _done(
            {
                "configYAML": text,
                "configJSON": yaml.load(text, yaml.CSafeLoader),
                "versionInfo": self._version,
                "uptime": _time(self._manager.started_at),
                "clusterStatus": None,
            }
        )

    async def receivers(self, _: web.Request) -> web.Response:
        return _done(self._manager.receiver_names())

    async def get_alerts(self, request: web.Request) -> web.Response:
        return _done([_alert(view) for view in self._manager.alerts(_query(request, self._grammar))])

    async def post_alerts(self, request: web.Request) -> web.Response:
        is_name = self._manager.running.is_name
        reports = [_report(alert, is_name) for alert in await _read(request, list[_Alert | None] | None) or ()]
        complaints = self._manager.receive(reports, version="v1")
        return _failed(400, "bad_data", "; ".join(complaints)) if complaints else _done()

    async def get_silences(self, request: web.Request) -> web.Response:
        matchers = _filter(request, self._grammar)
        return _done(
            [
                self._silence(silence)
                for silence in self._manager.silences.all()
                if match_all(matchers, Labels.of((m.name, m.value) for m in silence.matchers))
            ]
        )

    async def post_silence(self, request: web.Request) -> web.Response:
        posted = await _read(request, _Silence | None) or _Silence()
        silence = Silence(
            id=posted.id,
            matchers=tuple(
                SilenceMatcher(m.name, m.value, OPERATORS[m.is_regex, m.is_equal]) for m in posted.matchers or ()
            ),
            starts_at=_moment(posted.starts_at) or 0,
            ends_at=_moment(posted.ends_at) or 0,
            updated_at=0,
            created_by=posted.created_by,
            comment=posted.comment,
        )
        if silence.ends_at < self._manager.now:
            raise ConfigError("end time can't be in the past")
        if silence.ends_at <= silence.starts_at:
            raise ConfigError("silence invalid: end time must not be before start time")
        return _done({"silenceId": await self._manager.silences.set(silence)})

    async def get_silence(self, request: web.Request) -> web.Response:
        silence = self._manager.silences.get(request.match_info["id"])
        if silence is None:
            return web.Response(status=404, text="Error getting silence: <nil>\n", headers=_TEXT)
        return _done(self._silence(silence))

    async def delete_silence(self, request: web.Request) -> web.Response:
        await self._manager.silences.expire(request.match_info["id"])
        return _done()

    def _silence(self, silence: Silence) -> dict[str, object]:
        return {
            "id": silence.id,
            "matchers": [
                {"name": m.name, "value": m.value, "isRegex": m.op.endswith("~"), "isEqual": m.op.startswith("=")}
                for m in silence.matchers
            ],
            "startsAt": _time(silence.starts_at),
            "endsAt": _time(silence.ends_at),
            "updatedAt": _time(silence.updated_at),
            "createdBy": silence.created_by,
            **({"comment": silence.comment} if silence.comment else {}),
            "status": {"state": silence.state(self._manager.now).value},
        }


def _alert(view: AlertView) -> dict[str, object]:
    alert = view.alert
    return {
        "labels": alert.labels.as_dict(),
        "annotations": dict(alert.annotations) or None,
        "startsAt": _time(alert.starts_at),
        "endsAt": _time(alert.ends_at),
        "generatorURL": alert.generator_url,
        "status": {
            "state": view.status.state,
            "silencedBy": view.status.silenced_by or None,
            "inhibitedBy": view.status.inhibited_by or None,
        },
        "receivers": view.receivers,
        "fingerprint": alert.fingerprint,
    }


async def _read(request: web.Request, shape: Any) -> Any:
    """The decoded body. Raises ConfigError."""
    body = await request.read()
    if not body.strip():
        raise ConfigError("EOF")
    try:
        return decode(body, shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(fault(error)) from None


def _report(alert: _Alert | None, is_name: IsName) -> AlertReport:
    alert = alert or _Alert()
    labels, annotations = alert.labels or {}, alert.annotations or {}
    for name in (*labels, *annotations):
        if not is_name(name):
            raise ConfigError(f'"{name}" is not a valid label name')
    return AlertReport(labels, annotations, _moment(alert.starts_at), _moment(alert.ends_at), alert.generator_url or "")


def _moment(text: str | None) -> int | None:
    """Unix ns, None for no time. Raises ConfigError."""
    if text is None:
        return None
    try:
        found = parse_time(text) if text else None
    except ValueError:
        found = None
    if found is None:
        raise ConfigError(f'parsing time "\\"{text}\\"" as "\\"2006-01-02T15:04:05Z07:00\\"": no date and time')
    return None if found == GO_ZERO else found


def _query(request: web.Request, grammar: Grammar) -> AlertQuery:
    matchers, receiver = _filter(request, grammar), request.query.get("receiver", "")
    try:
        regex = Regex(receiver) if receiver else None
    except RegexError:
        raise ConfigError(f"failed to parse receiver param: {receiver}") from None
    flags = {name: _flag(request, name) for name in ("silenced", "inhibited", "active", "unprocessed")}
    del flags["unprocessed"]  # there are none: what keeps an alert quiet is known at once
    return AlertQuery(**flags, matchers=matchers, receiver=regex)


def _filter(request: web.Request, grammar: Grammar) -> tuple[Matcher, ...]:
    text = request.query.get("filter", "")
    return tuple(grammar.matchers(text)) if text else ()


def _flag(request: web.Request, name: str) -> bool:
    text = request.query.get(name, "")
    if text not in ("", "true", "false"):
        raise ConfigError(f"parameter \"{name}\" can either be 'true' or 'false', not \"{text}\"")
    return text != "false"


def _time(ns: int) -> str:
    return GoTime(ns).format(RFC3339_NANO)


def _done(data: object = None) -> web.Response:
    body = {"status": "success"} if data is None else {"status": "success", "data": data}
    return web.Response(body=encode(body), content_type="application/json")


def _failed(status: int, kind: str, words: str) -> web.Response:
    body = {"status": "error", "errorType": kind, "error": words}
    return web.Response(status=status, body=encode(body), content_type="application/json")
