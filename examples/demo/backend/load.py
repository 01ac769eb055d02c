"""Users who are not there: requests of all kinds, and the beacons of their browsers, at a rate."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from backend.trouble import Trouble

USERS = tuple(f"user{number}" for number in range(40))
PAGES = ("/", "/records", "/records/17", "/reports")
VITALS = {"LCP": 1600.0, "FCP": 900.0, "TTFB": 250.0, "INP": 90.0, "CLS": 0.05}


class Load:
    """Calls the application in its own process: what is measured passes the same middleware, without sockets."""

    def __init__(self, app: Callable[..., Awaitable[None]], trouble: Trouble, per_second: float) -> None:
        self._app = app
        self._trouble = trouble
        self._per_second = per_second
        self._open: deque[int] = deque(maxlen=500)
        self._actions: tuple[tuple[Callable[[], Awaitable[None]], int], ...] = (
            (self._log_in, 15),
            (self._look, 45),
            (self._create, 12),
            (self._complete, 8),
            (self._browse, 20),
        )

    async def run(self) -> None:
        if not self._per_second:
            return
        actions, weights = zip(*self._actions, strict=True)
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(random.expovariate(self._per_second * self._trouble["load"]))
                group.create_task(random.choices(actions, weights)[0]())

    async def _log_in(self) -> None:
        password = "wrench" if random.random() < 0.92 else "hammer"
        await self._call("POST", "/api/login", {"user": random.choice(USERS), "password": password})

    async def _look(self) -> None:
        await self._call("GET", "/api/records")
        if self._open:
            await self._call("GET", f"/api/records/{random.choice(self._open)}")

    async def _create(self) -> None:
        made = {
            "title": "pump",
            "type": random.choice(("inspection", "repair", "replacement")),
            "priority": random.choices(("low", "normal", "high"), (2, 5, 1))[0],
            "age_days": min(365, int(random.expovariate(1 / 6))),
        }
        status, body = await self._call("POST", "/api/records", made)
        if status == 201:
            self._open.append(json.loads(body)["id"])

    async def _complete(self) -> None:
        if self._open:
            await self._call("POST", f"/api/records/{self._open.popleft()}/complete")

    async def _browse(self) -> None:
        page, slow = random.choice(PAGES), random.lognormvariate(0, 0.5)
        delay = self._trouble["latency"] * 1000
        await self._call("POST", "/api/metrics/page-load", {"page": page, "loadTime": 1200 * slow + delay})
        vitals = [{"name": name, "value": typical * slow, "page": page} for name, typical in VITALS.items()]
        await self._call("POST", "/api/metrics/web-vitals", vitals)
        await self._call("POST", "/api/metrics/user-interaction", {"action": "save", "duration": 80 * slow})
        await self._call("POST", "/api/metrics/component-render", {"component": "RecordList", "renderTime": 9 * slow})

    async def _call(self, method: str, path: str, told: Any = None) -> tuple[int, bytes]:
        sent: list[dict[str, Any]] = []
        body = b"" if told is None else json.dumps(told).encode()
        headers = [(b"host", b"backend-api"), (b"content-type", b"application/json"), (b"x-user", _user())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "method": method,
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        try:
            await self._app(scope, receive, send)
        except RuntimeError:  # what the application raises on purpose; it has logged it and answered 500
            return 500, b""
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _user() -> bytes:
    return random.choice(USERS).encode()
