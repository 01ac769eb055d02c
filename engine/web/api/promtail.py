"""Promtail's port: `/ready`, `/targets`, `/service-discovery`, `/config`, `/reload`; for people, and JSON for programs.

Whoever asks for JSON (`?format=json`, or an Accept header that names it) gets it.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web

from engine.foundation.errors import EngineError
from engine.promtail.manager import Promtail
from engine.promtail.targets.status import TargetStatus
from engine.web.answers import plain

_JSON: Final = "application/json"
_NOT_READY: Final = (
    "Not ready: Unable to find any logs to tail. Please verify permissions, volumes, scrape_config, etc."
)
_STYLE: Final = "body{font-family:sans-serif;margin:2em}td,th{text-align:left;padding:.2em .8em;vertical-align:top}"


def routes(promtail: Promtail, config: Callable[[], str], reload: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """`reload` raises EngineError and then has changed nothing."""

    async def ready(_: web.Request) -> web.Response:
        if promtail.ready or not promtail.config.server.health_check_target:
            return web.Response(text="Ready")
        return web.Response(status=500, text=_NOT_READY)

    async def targets(request: web.Request) -> web.Response:
        kept = [one for one in promtail.status() if not one.dropped]
        return _told(request, "Targets", kept, _target_row)

    async def discovery(request: web.Request) -> web.Response:
        return _told(request, "Service discovery", promtail.status(), _discovery_row)

    async def shown_config(_: web.Request) -> web.Response:
        return web.Response(text=config(), content_type="text/plain")

    async def do_reload(_: web.Request) -> web.Response:
        if not promtail.config.server.enable_runtime_reload:
            return web.Response(status=404, text="404 page not found")
        try:
            await reload()
        except EngineError as error:
            return plain(500, f"failed to reload config: {error}")
        return web.Response()

    async def home(_: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/targets"})

    return [
        web.get("/", home),
        web.get("/ready", ready),
        web.get("/targets", targets),
        web.get("/service-discovery", discovery),
        web.get("/config", shown_config),
        web.get("/reload", do_reload, allow_head=False),
        web.post("/reload", do_reload),
    ]


def _told(
    request: web.Request, title: str, found: Sequence[TargetStatus], row: Callable[[TargetStatus], Sequence[str]]
) -> web.Response:
    if request.query.get("format") == "json" or _JSON in request.headers.get("Accept", ""):
        return web.Response(body=msgspec.json.encode({"targets": found}), content_type=_JSON)
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row(one)) + "</tr>" for one in found)
    links = " ".join(
        f'<a href="{path}">{path}</a>' for path in ("/targets", "/service-discovery", "/config", "/metrics")
    )
    head = f'<head><meta charset="utf-8"><title>Promtail: {title}</title><style>{_STYLE}</style></head>'
    text = f"<!doctype html><html>{head}<body><h1>{title}</h1><p>{links}</p><table>{rows}</table></body></html>"
    return web.Response(text=text, content_type="text/html")


def _target_row(one: TargetStatus) -> Sequence[str]:
    return (
        html.escape(one.job),
        one.kind,
        "ready" if one.ready else "not ready",
        _pairs(one.labels),
        _pairs(one.details),
    )


def _discovery_row(one: TargetStatus) -> Sequence[str]:
    said = f"dropped: {html.escape(one.dropped)}" if one.dropped else "kept"
    return (html.escape(one.job), one.kind, said, _pairs(one.discovered), _pairs(one.labels))


def _pairs(pairs: Mapping[str, str]) -> str:
    return "<br>".join(f"{html.escape(name)}: {html.escape(value)}" for name, value in sorted(pairs.items()))
