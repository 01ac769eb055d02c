"""From a request to the last reply that redirects lead to, each step timed.

The first host is connected to by the address that was chosen for it, and bears its name in TLS and in `Host`; whatever
a redirect names is looked up as it stands. Who calls is told to the first host alone.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from aiohttp import CookieJar
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from engine.foundation.http_proxy import Proxies
from exporters.blackbox.config.document import HttpProbe, is_installed
from exporters.blackbox.http.http1 import Http1
from exporters.blackbox.http.reply import Exchange, Reply, Request, Trip
from exporters.blackbox.resolving import Place, addresses_of, host_port
from exporters.blackbox.task import ProbeError, Task, steps
from exporters.blackbox.tls.speaking import context
from exporters.blackbox.wire import Wire

MOST_REDIRECTS: Final = 10
_MOVED: Final = (301, 302, 303, 307, 308)
_REPEATED: Final = (307, 308)
_HTTP_2: Final = "h2"
_SECRET: Final = ("Authorization", "Cookie", "Www-Authenticate")
_PORTS: Final = {"http": 80, "https": 443}
_OF_A_BODY: Final = ("content-type", "content-encoding", "content-language", "content-location", "content-length")


class First(Struct, frozen=True):
    """The target: `url` as written, its `place` unless a proxy looks it up, the name that TLS has to prove."""

    url: URL
    place: Place | None
    host: str
    tls_name: str


class _Step(Struct, frozen=True):
    """One request; `first` where it goes to the target's own host."""

    method: str
    url: URL
    host: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    first: bool


class RoundTrips:
    """One probe's. `trips` are in order, `redirects` counts replies that were redirects."""

    def __init__(self, task: Task, config: HttpProbe, first: First, credentials: Sequence[tuple[str, str]]) -> None:
        """`credentials` are headers that prove who calls."""
        self._task = task
        self._first = first
        self._config = config
        self._http2 = config.enable_http2 and is_installed("h2")
        self._credentials = credentials
        self._proxies = Proxies.of(config, os.environ)
        self._jar: CookieJar | None = None
        self.trips: list[Trip] = []
        self.redirects = 0

    async def ask(self, method: str, headers: Iterable[tuple[str, str]], body: bytes) -> tuple[Reply, bool]:
        """The last reply, and whether it may be read: one that would lead on, and is not followed, may not.

        Raises ProbeError.
        """
        first = self._first
        step = _Step(method, first.url, first.host, tuple(headers), body, first=True)
        while True:
            self._task.told.log("info", "Making HTTP request", url=self._shown(step), host=step.host)
            reply = await self._once(step)
            location = reply.first("Location")
            if reply.status not in _MOVED or not location:
                return reply, True
            self.redirects += 1
            self._task.told.log("info", "Received redirect", location=location)
            if self.redirects > MOST_REDIRECTS or not self._config.follow_redirects:
                self._task.told.log("info", "Not following redirect")
                reply.body.close()
                return reply, False
            self._keep_cookies(step, reply)
            reply.body.close()
            step = self._next(step, reply.status, location)

    def _next(self, step: _Step, status: int, location: str) -> _Step:
        try:
            led = URL(location, encoded=True)
            url = step.url.join(led)
        except ValueError:
            raise ProbeError(f"failed to parse Location header {location!r}") from None
        if url.scheme not in _PORTS:
            raise ProbeError(f'unsupported protocol scheme "{url.scheme}"')
        relative = not led.absolute
        same = self._is_first(url) or (step.first and relative)
        headers = step.headers if url.host == step.url.host else tuple(h for h in step.headers if h[0] not in _SECRET)
        step = replace(step, url=url, host=step.host if relative else url.host_port_subcomponent or "", headers=headers)
        step = replace(step, first=same)
        if status in _REPEATED or step.method == "HEAD":
            return step
        kept = tuple((name, value) for name, value in step.headers if name.lower() not in _OF_A_BODY)
        return replace(step, method="GET", body=b"", headers=kept)

    def _is_first(self, url: URL) -> bool:
        """Whether a redirect names the target by the address that was chosen for it."""
        first = self._first
        return first.place is not None and (url.host, url.port) == (str(first.place.address), first.url.port)

    async def _once(self, step: _Step) -> Reply:
        task, url = self._task, step.url
        trip = Trip(encrypted=url.scheme == "https")
        self.trips.append(trip)
        proxy = self._proxies.proxy(url)
        wire = await self._connected(step, trip, proxy)
        try:
            if trip.encrypted:
                if proxy is not None:
                    await self._tunnel(wire, step, proxy)
                trip.shaking = task.clock.monotonic()
                await self._speak_tls(wire, step)
                trip.shaken = task.clock.monotonic()
            trip.ready = task.clock.monotonic()
            return await _exchange(wire, lambda: _answered(trip, task)).ask(self._request(step, proxy))
        except BaseException:
            wire.close()
            raise

    async def _connected(self, step: _Step, trip: Trip, proxy: URL | None) -> Wire:
        clock = self._task.clock
        trip.started = clock.monotonic()
        if proxy is None and step.first and self._first.place is not None:
            places = [self._first.place]
        else:
            whom = step.url if proxy is None else proxy
            with steps():
                led = (await self._task.addresses.lead(whom)).url if proxy is None else whom
                found = await addresses_of(led.host or "")
            places = [Place(address, led.port or _PORTS.get(led.scheme, 80)) for address in found]
        trip.resolved = clock.monotonic()
        wire = await _any(self._task, places)
        trip.connected = clock.monotonic()
        if proxy is not None and proxy.scheme == "https":
            await wire.speak_tls(context(self._task), proxy.host or "")
        return wire

    async def _speak_tls(self, wire: Wire, step: _Step) -> None:
        with steps():
            made = context(self._task, (_HTTP_2, "http/1.1") if self._http2 else ())
        given = self._config.tls_config.server_name if step.first else ""
        name = given or (self._first.tls_name if step.first else step.url.host or "")
        await wire.speak_tls(made, name)

    async def _tunnel(self, wire: Wire, step: _Step, proxy: URL) -> None:
        """Ask an HTTP proxy for a connection to the step's host."""
        place = self._authority(step)
        headers = [("Host", place), *_proxy_authorization(proxy)]
        head = f"CONNECT {place} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers)
        await wire.send(f"{head}\r\n".encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = await wire.read()
            answer += data
            if not data or len(answer) > 65_536:
                raise ProbeError("the proxy gave no answer")
        status = answer.split(b" ", 2)
        if len(status) < 2 or status[1] != b"200":
            raise ProbeError(answer.partition(b"\r\n")[0].partition(b" ")[2].decode(errors="replace"))

    def _request(self, step: _Step, proxy: URL | None) -> Request:
        url = step.url
        path = url.raw_path_qs or "/"
        by_proxy = proxy is not None and url.scheme == "http"
        target = f"http://{self._authority(step)}{path}" if by_proxy else path
        headers = [*step.headers, *self._cookie_header(step)]
        if by_proxy and proxy is not None:
            headers += _proxy_authorization(proxy)
        if not any(name.lower() == "authorization" for name, _ in headers):
            headers += _user(url) if step.first else []
            headers += self._credentials if step.url.host == self._first.url.host else []
        return Request(step.method, url.scheme, step.host, target, headers, step.body)

    def _authority(self, step: _Step) -> str:
        """Whom a proxy has to call: the address, where it was looked up here."""
        port = step.url.port or _PORTS[step.url.scheme]
        if step.first and self._first.place is not None:
            return host_port(str(self._first.place.address), port)
        return host_port(step.url.host or "", port)

    def _shown(self, step: _Step) -> str:
        place = self._first.place if step.first else None
        shown = step.url if place is None else step.url.with_host(str(place.address))
        return str(shown.with_user(None))

    def _keep_cookies(self, step: _Step, reply: Reply) -> None:
        if sent := reply.values("Set-Cookie"):
            self._jar = self._jar or CookieJar(unsafe=True)  # of hosts that are addresses too
            self._jar.update_cookies_from_headers(sent, step.url)

    def _cookie_header(self, step: _Step) -> list[tuple[str, str]]:
        found = {} if self._jar is None else self._jar.filter_cookies(step.url)
        return [("Cookie", "; ".join(f"{name}={one.value}" for name, one in found.items()))] if found else []


def _answered(trip: Trip, task: Task) -> None:
    trip.answered = task.clock.monotonic()


def _exchange(wire: Wire, answering: Callable[[], None]) -> Exchange:
    """In the version that TLS has agreed on."""
    if wire.tls is None or wire.tls.selected_alpn_protocol() != _HTTP_2:
        return Http1(wire, answering)
    from exporters.blackbox.http.http2 import Http2  # noqa: PLC0415 - an extra

    return Http2(wire, answering)


async def _any(task: Task, places: list[Place]) -> Wire:
    """A connection to the first of them that gives one."""
    fault = ProbeError("no such host")
    for place in places:
        try:
            return await Wire.connect(task, place)
        except ProbeError as error:
            fault = error
    raise fault


def _user(url: URL) -> list[tuple[str, str]]:
    if url.user is None:
        return []
    pair = f"{url.user}:{url.password or ''}".encode()
    return [("Authorization", f"Basic {b64encode(pair).decode()}")]


def _proxy_authorization(proxy: URL) -> list[tuple[str, str]]:
    return [(f"Proxy-{name}", value) for name, value in _user(proxy)]
