"""The blackbox exporter over HTTP: `/probe` and the pages around it."""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from aiohttp import web

from engine.foundation.errors import EngineError
from exporters.exposition.families import Family
from exporters.serve import Answer, metrics

if TYPE_CHECKING:
    from exporters.blackbox.exporter import Blackbox

TITLE: Final = "Blackbox Exporter"
TIMEOUT_HEADER: Final = "X-Prometheus-Scrape-Timeout-Seconds"
Whose: TypeAlias = Callable[[], "Blackbox"]
"""The exporter, made when it is needed first."""


def routes(whose: Whose, reload: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    """All pages; `reload` reads the file again, and raises EngineError."""

    async def collect(_: Sequence[str]) -> list[Family]:
        return whose().families()

    return [
        *probe_routes(whose),
        metrics(collect),
        web.get("/-/healthy", _healthy),
        *_reloading(reload),
        *(web.get(path, _of(whose, page)) for path, page in (("/config", _config), ("/logs", _logs), ("/", _index))),
    ]


def probe_routes(whose: Whose) -> list[web.RouteDef]:
    """`/probe` alone."""

    async def probe(request: web.Request) -> web.Response:
        answer = await whose().probe(request.query, request.headers.get(TIMEOUT_HEADER, ""))
        response = _response(answer)
        response.enable_compression()
        return response

    return [web.get("/probe", probe), web.post("/probe", probe)]


def _of(
    whose: Whose, page: Callable[[Blackbox, web.Request], web.Response]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        return page(whose(), request)

    return answer


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type})


async def _healthy(_: web.Request) -> web.Response:
    return web.Response(text="Healthy")


def _reloading(reload: Callable[[], Awaitable[None]]) -> list[web.RouteDef]:
    async def post(_: web.Request) -> web.Response:
        try:
            await reload()
        except EngineError as error:
            return web.Response(status=500, text=f"failed to reload config: {error}\n")
        return web.Response()

    async def other(_: web.Request) -> web.Response:
        return web.Response(status=405, text="This endpoint requires a POST request.\n")

    return [web.post("/-/reload", post), web.route("*", "/-/reload", other)]


def _config(blackbox: Blackbox, _: web.Request) -> web.Response:
    return web.Response(text=blackbox.shown())


def _logs(blackbox: Blackbox, request: web.Request) -> web.Response:
    from exporters.blackbox.exporter import debug_of  # noqa: PLC0415 - the exporter is made when it is needed

    try:
        number = int(request.query.get("id", ""))
    except ValueError:
        return web.Response(status=500, text="Invalid probe id\n")
    result = blackbox.history.get(number)
    if result is None:
        return web.Response(status=404, text="Probe id not found\n")
    return web.Response(text=debug_of(result))


def _index(blackbox: Blackbox, _: web.Request) -> web.Response:
    links = "".join(
        f'<p><a href="{path}">{text}</a></p>'
        for path, text in (
            ("probe?target=example.com&amp;module=http_2xx", "Probe example.com for http_2xx"),
            ("probe?target=example.com&amp;module=http_2xx&amp;debug=true", "Debug probe example.com for http_2xx"),
            ("metrics", "Metrics"),
            ("config", "Configuration"),
        )
    )
    rows = "".join(
        f"<tr><td>{html.escape(one.name)}</td><td>{html.escape(one.target)}</td>"
        f"<td>{'Success' if one.success else '<strong>Failure</strong>'}</td>"
        f'<td><a href="logs?id={one.number}">Logs</a></td></tr>'
        for one in reversed(list(blackbox.history))
    )
    head = "<tr><th>Module</th><th>Target</th><th>Result</th><th>Debug</th></tr>"
    body = f"<h1>{TITLE}</h1>{links}<h2>Recent Probes</h2><table border='1'>{head}{rows}</table>"
    text = f"<!doctype html><html><head><title>{TITLE}</title></head><body>{body}</body></html>"
    return web.Response(text=text, content_type="text/html")
