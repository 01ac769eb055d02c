"""Requests to ASGI and WSGI applications in this process, and what their registry then shows."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

from prometheus_client import CollectorRegistry


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def http_scope(method: str, path: str, root_path: str = "", **headers: str) -> dict[str, Any]:
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "scheme": "http",
        "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": root_path,
        "headers": [(k.replace("_", "-").lower().encode(), v.encode()) for k, v in {"host": "app", **headers}.items()],
        "server": ("app", 80), "client": ("browser", 1),
    }  # fmt: skip


async def ask(
    app: Callable[..., Awaitable[None]],
    method: str,
    path: str,
    body: bytes = b"",
    root_path: str = "",
    *,
    stays: bool = False,
    **headers: str,
) -> Answer:
    """The answer; exceptions of the application pass through. The client goes after its request, or `stays`."""
    answer = Answer()
    bodies = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        if stays and not bodies:
            await asyncio.Event().wait()
        return bodies.pop() if bodies else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message.get("headers", [])}
        else:
            answer.body += message.get("body", b"")

    await app(http_scope(method, path, root_path, **headers), receive, send)
    return answer


def ask_wsgi(app: Callable[..., Any], method: str, path: str, body: bytes = b"", **environ: str) -> Answer:
    answer = Answer()
    given: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body), **environ}
    given["CONTENT_LENGTH"] = str(len(body))
    setup_testing_defaults(given)

    def start_response(status: str, headers: Sequence[tuple[str, str]], exc_info: Any = None) -> None:
        answer.status = int(status.split(maxsplit=1)[0])
        answer.headers = {name.lower(): value for name, value in headers}

    parts = app(given, start_response)
    try:
        answer.body = b"".join(parts)
    finally:
        if hasattr(parts, "close"):
            parts.close()
    return answer


def requests(registry: CollectorRegistry) -> dict[tuple[str, str, str], float]:
    """`http_requests_total` by method, endpoint and status."""
    return {
        (s.labels["method"], s.labels["endpoint"], s.labels["status"]): s.value
        for s in samples(registry)
        if s.name == "http_requests_total"
    }


def exceptions(registry: CollectorRegistry) -> dict[str, float]:
    """`http_request_exceptions_total` by endpoint."""
    return {s.labels["endpoint"]: s.value for s in samples(registry) if s.name == "http_request_exceptions_total"}


def samples(registry: CollectorRegistry) -> list[Any]:
    return [sample for family in registry.collect() for sample in family.samples]
