"""Alertmanager's API, version 2, and its management paths: statuses, bodies and orders are the original's.

Some paths are our own: `/api/v2/notifications/withheld` tells what would have been sent beyond this machine,
`/api/v2/alerts/trails` and `/api/v2/alerts/FINGERPRINT/trail` tell what became of alerts, and `POST
/api/v2/receivers/NAME/test` tries a receiver.
"""

from __future__ import annotations

import platform
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec
from aiohttp import web

from engine.alerting.config.text import config_text
from engine.alerting.kept.linelog import LogWriteError
from engine.alerting.kept.silences import Silence, SilenceNotFoundError
from engine.alerting.manager import AlertManager
from engine.alerting.matching.grammar import Grammar
from engine.alerting.metrics import COMPATIBLE_WITH
from engine.alerting.queries import AlertQuery, AlertView
from engine.foundation.errors import ConfigError, EngineError
from engine.foundation.gojson import encode, encode_line
from engine.foundation.regexes import Regex, RegexError
from engine.gotemplate.values import GoTime
from engine.web.api import alertmanager_v1, route_tree, trail
from engine.web.api.alertmanager_bodies import BadRequestError, check_uuid, read_alerts, read_silence
from promql.model.matchers import Matcher

WITHHELD: Final = "/notifications/withheld"
_TRUE: Final = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})
_BASE: Final = "/api/v2"
_VERSION: Final = {
    "branch": "",
    "buildDate": "",
    "buildUser": "",
    "goVersion": f"python{platform.python_version()}",
    "revision": "",
    "version": COMPATIBLE_WITH,
}

Handler = Callable[[web.Request], Awaitable[web.Response]]


def routes(manager: AlertManager, reload: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """`reload` raises EngineError, and then nothing has changed."""
    api = _Api(manager)
    return [
        *_management(reload),
        *alertmanager_v1.routes(manager, _VERSION),
        *_on("/status", GET=api.status),
        *_on("/receivers", GET=api.receivers),
        *_on("/receivers/{name}/test", POST=api.try_receiver),
        *_on("/routes", GET=api.routes),
        *_on("/alerts", GET=api.get_alerts, POST=api.post_alerts),
        *_on("/alerts/groups", GET=api.groups),
        *_on("/alerts/trails", GET=api.trails),
        *_on("/alerts/{fingerprint}/trail", GET=api.trail),
        *_on("/silences", GET=api.get_silences, POST=api.post_silence),
        *_on("/silence/{id}", GET=api.get_silence, DELETE=api.delete_silence),
        *_on(WITHHELD, GET=api.withheld),
        web.route("*", _BASE + "/{rest:.*}", _unknown_path),
    ]


def _management(reload: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    async def fine(_: web.Request) -> web.Response:
        return web.Response(text="OK")

    async def do_reload(_: web.Request) -> web.Response:
        try:
            await reload()
        except EngineError as error:
            return web.Response(status=500, text=f"failed to reload config: {error}\n")
        return web.Response()

    return [web.get("/-/healthy", fine), web.get("/-/ready", fine), web.post("/-/reload", do_reload)]


def _on(path: str, **handlers: Handler) -> Iterable[web.RouteDef]:
    """The methods of a path; any other is refused."""

    async def refuse(request: web.Request) -> web.Response:
        allowed = ",".join(sorted(handlers))
        message = f"method {request.method} is not allowed, but [{allowed}] are"
        refused = _json({"code": 405, "message": message}, 405)
        refused.headers["Allow"] = allowed
        return refused

    for place in (_BASE + path, f"{_BASE}{path}/"):
        for method, handler in handlers.items():
            yield web.route(method, place, _answering(handler))
        yield web.route("*", place, refuse)


async def _unknown_path(request: web.Request) -> web.Response:
    return _json({"code": 404, "message": f"path {request.path} was not found"}, 404)


def _answering(handler: Handler) -> Handler:
    """The handler with its errors as answers: a rule's number with its words, or the words alone."""

    async def answer(request: web.Request) -> web.Response:
        try:
            return await handler(request)
        except BadRequestError as error:
            return _json({"code": error.code, "message": str(error)}, error.status)
        except SilenceNotFoundError as error:
            return _line(str(error), 404)
        except ConfigError as error:
            return _line(str(error), 400)
        except LogWriteError as error:
            return _line(str(error), 500)

    return answer


class _Api:
    """The handlers."""

    def __init__(self, manager: AlertManager) -> None:
        self._manager = manager
        self._grammar = manager.grammar

    async def status(self, _: web.Request) -> web.Response:
        return _line(
            {
                "cluster": {"peers": [], "status": "disabled"},
                "config": {"original": config_text(self._manager.running.config, self._grammar)},
                "uptime": _time(self._manager.started_at),
                "versionInfo": _VERSION,
            }
        )

    async def receivers(self, _: web.Request) -> web.Response:
        return _line([{"name": name} for name in self._manager.receiver_names()])

    async def try_receiver(self, request: web.Request) -> web.Response:
        try:
            tried = await self._manager.try_receiver(request.match_info["name"])
        except ConfigError as error:
            return _line(str(error), 404)
        return _line(msgspec.to_builtins(tried))

    async def routes(self, request: web.Request) -> web.Response:
        return _line(
            route_tree.tree(self._manager.running.route, route_tree.labels_of(request.query.getall("label", [])))
        )

    async def get_alerts(self, request: web.Request) -> web.Response:
        return _line([_alert(view) for view in self._manager.alerts(_query(request, self._grammar))])

    async def post_alerts(self, request: web.Request) -> web.Response:
        complaints = self._manager.receive(await read_alerts(request))
        return _line("; ".join(complaints), 400) if complaints else web.Response()

    async def groups(self, request: web.Request) -> web.Response:
        return _line(
            [
                {
                    "alerts": [_alert(view) for view in group.alerts],
                    "labels": group.labels.as_dict(),
                    "receiver": {"name": group.receiver},
                }
                for group in self._manager.groups(_query(request, self._grammar))
            ]
        )

    async def trails(self, request: web.Request) -> web.Response:
        return _line([trail.listed(record) for record in self._manager.trail.find(_filters(request, self._grammar))])

    async def trail(self, request: web.Request) -> web.Response:
        fingerprint = request.match_info["fingerprint"]
        found = self._manager.explain(fingerprint)
        if found is None:
            return _line(f"no alert {fingerprint} is known, or what became of it was forgotten", 404)
        return _line(trail.told(found, self._manager.now))

    async def get_silences(self, request: web.Request) -> web.Response:
        return _line(
            [self._silence(silence) for silence in self._manager.silences.all(_filters(request, self._grammar))]
        )

    async def post_silence(self, request: web.Request) -> web.Response:
        return _line({"silenceID": await self._manager.silences.set(await read_silence(request))})

    async def get_silence(self, request: web.Request) -> web.Response:
        silence = self._manager.silences.get(check_uuid(request.match_info["id"]))
        return web.Response(status=404) if silence is None else _line(self._silence(silence))

    async def delete_silence(self, request: web.Request) -> web.Response:
        """An unknown id is 404 without a body, as from 0.26 on; 0.25 says 500."""
        try:
            await self._manager.silences.expire(check_uuid(request.match_info["id"]))
        except SilenceNotFoundError:
            return web.Response(status=404)
        return web.Response()

    async def withheld(self, _: web.Request) -> web.Response:
        return _line(
            [
                {
                    "time": _time(one.time),
                    "receiver": one.receiver,
                    "integration": one.integration,
                    "address": one.address,
                    "payload": one.payload,
                }
                for one in self._manager.withheld()
            ]
        )

    def _silence(self, silence: Silence) -> dict[str, object]:
        return {
            "id": silence.id,
            "status": {"state": silence.state(self._manager.now).value},
            "updatedAt": _time(silence.updated_at),
            "comment": silence.comment,
            "createdBy": silence.created_by,
            "endsAt": _time(silence.ends_at),
            "matchers": [
                {"isEqual": m.op.startswith("="), "isRegex": m.op.endswith("~"), "name": m.name, "value": m.value}
                for m in silence.matchers
            ],
            "startsAt": _time(silence.starts_at),
        }


def _alert(view: AlertView) -> dict[str, object]:
    alert = view.alert
    return {
        "annotations": dict(alert.annotations),
        "endsAt": _time(alert.ends_at),
        "fingerprint": alert.fingerprint,
        "receivers": [{"name": name} for name in view.receivers],
        "startsAt": _time(alert.starts_at),
        "status": {
            "inhibitedBy": view.status.inhibited_by,
            "silencedBy": view.status.silenced_by,
            "state": view.status.state,
        },
        "updatedAt": _time(alert.updated_at),
        **({"generatorURL": alert.generator_url} if alert.generator_url else {}),
        "labels": alert.labels.as_dict(),
    }


def _query(request: web.Request, grammar: Grammar) -> AlertQuery:
    """Raises ConfigError."""
    receiver = request.query.getall("receiver", [""])[-1]
    matchers = _filters(request, grammar)
    try:
        regex = Regex(receiver) if receiver else None
    except RegexError as error:
        raise ConfigError(f"failed to parse receiver param: {error}") from None
    return AlertQuery(
        active=_flag(request, "active"),
        silenced=_flag(request, "silenced"),
        inhibited=_flag(request, "inhibited"),
        matchers=matchers,
        receiver=regex,
    )


def _filters(request: web.Request, grammar: Grammar) -> tuple[Matcher, ...]:
    return tuple(grammar.matcher(text) for text in request.query.getall("filter", []))


def _flag(request: web.Request, name: str) -> bool:
    """True unless something else is said; what nobody understands is false."""
    text = request.query.getall(name, [""])[-1]
    return not text or text.lower() in _TRUE


def _time(ns: int) -> str:
    return GoTime(ns).format("2006-01-02T15:04:05.000Z07:00")


def _line(value: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=encode_line(value), content_type="application/json")


def _json(value: Any, status: int) -> web.Response:
    return web.Response(status=status, body=encode(value), content_type="application/json")
