"""Where a written address leads.

Files of a containerised stack name services (`node-exporter:9100`) and the originals' default addresses
(`localhost:9090`). Here those components are parts of this process. The book knows where each one listens now, or
which page of this process answers for it, and translates:

- a default address of a component that runs here leads to that component, in process where it gave a page;
- any other name without a dot that does not resolve leads to the same port on loopback;
- everything else leads where it says. What runs elsewhere is never taken over: `localhost:8080` is the user's own
  application, also where this process answers for `cadvisor:8080`.

Labels and messages keep the written names; each translation is told once.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct
from yarl import URL

from engine.foundation.clock import Clock

_FORGET_AFTER_SECONDS: Final = 60.0


class Default(Struct, frozen=True):
    """An original's port, and the service names that compose files give it.

    A `shared` port is one that many other programs of a developer's machine listen at: on loopback it is not taken for
    the component's.
    """

    port: int
    names: tuple[str, ...]
    shared: bool = False

    @property
    def hosts(self) -> tuple[str, ...]:
        """Where the port is the component's."""
        return self.names if self.shared else (*self.names, *_LOOPBACK)


_LOOPBACK: Final = ("127.0.0.1", "localhost")


DEFAULTS: Final[Mapping[str, Default]] = MappingProxyType(
    {
        "prometheus": Default(9090, ("prometheus",)),
        "alertmanager": Default(9093, ("alertmanager",)),
        "node": Default(9100, ("node-exporter", "node_exporter")),
        "cadvisor": Default(8080, ("cadvisor",), shared=True),
        "blackbox": Default(9115, ("blackbox-exporter", "blackbox_exporter", "blackbox")),
        "loki": Default(3100, ("loki",)),
        "promtail": Default(9080, ("promtail",)),
        "grafana": Default(3000, ("grafana",)),
    }
)


class LocalResponse(Struct, frozen=True):
    """What a page of this process answers."""

    status: int
    headers: Mapping[str, str]
    body: bytes


LocalPage: TypeAlias = Callable[[URL, Mapping[str, str]], Awaitable[LocalResponse]]
"""Takes the URL as written and the request's headers."""

Resolves: TypeAlias = Callable[[str], Awaitable[bool]]


class Translation(Struct, frozen=True):
    """`written` and `leads_to` are `host:port`; a page of this process is named `COMPONENT, in process`."""

    written: str
    leads_to: str


class Route(Struct, frozen=True):
    """Where to go: to a page of this process if there is one, else to the URL."""

    url: URL
    page: LocalPage | None = None


async def resolves(host: str) -> bool:
    """Whether the system's resolver knows the name."""
    try:
        await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # unknown, or no name that DNS could hold
        return False
    return True


class AddressBook:
    """Owned by the application. `tell` hears of each translation once; `translations` keeps them in order."""

    def __init__(
        self,
        clock: Clock,
        *,
        translate: bool = True,
        tell: Callable[[Translation], None] = lambda _: None,
        resolves: Resolves = resolves,
    ) -> None:
        self._clock = clock
        self._translate = translate
        self._tell = tell
        self._resolves = resolves
        self._component_at: dict[tuple[str, int], str] = {}
        self._listening: dict[str, tuple[str, int]] = {}
        self._pages: dict[tuple[str, str], LocalPage] = {}
        self._known: dict[str, tuple[float, bool]] = {}
        self._told: dict[str, Translation] = {}

    @property
    def translations(self) -> list[Translation]:
        return list(self._told.values())

    def listens(self, component: str, host: str, port: int) -> None:
        """Our component can be called there now."""
        self._listening[component] = (host, port)
        self._take_over(component)

    def serves(self, component: str, path: str, page: LocalPage) -> None:
        """Our component answers for this path without a socket."""
        self._pages[component, path] = page
        self._take_over(component)

    def component(self, url: URL) -> str | None:
        """The component of ours that this URL names, if it does."""
        return self._component_at.get((url.host or "", url.port or 0)) if self._translate else None

    async def lead(self, url: URL) -> Route:
        """Where this URL leads now."""
        if (route := self.known(url)) is not None:
            return route
        if not await self._is_known(url.host or ""):
            return self._moved(url, "127.0.0.1", url.port or 0)
        return Route(url)

    def known(self, url: URL) -> Route | None:
        """Where this URL leads now; None where the resolver has to be asked."""
        host = url.host or ""
        if not self._translate or not host:
            return Route(url)
        component = self.component(url)
        if component is not None:
            return self._to_component(url, component)
        return None if is_service_name(host) else Route(url)

    def _take_over(self, component: str) -> None:
        default = DEFAULTS[component]
        for name in default.hosts:
            self._component_at[name, default.port] = component

    def _to_component(self, url: URL, component: str) -> Route:
        page = self._pages.get((component, url.path))
        if page is None:
            listening = self._listening.get(component)
            return Route(url) if listening is None else self._moved(url, *listening)
        self._note(Translation(f"{url.host}:{url.port}", f"{component}, in process"))
        return Route(url, page)

    def _moved(self, url: URL, host: str, port: int) -> Route:
        if (host, port) == (url.host, url.port):
            return Route(url)
        self._note(Translation(f"{url.host}:{url.port}", f"{host}:{port}"))
        return Route(url.with_host(host).with_port(port))

    def _note(self, translation: Translation) -> None:
        if self._told.get(translation.written) != translation:
            self._told[translation.written] = translation
            self._tell(translation)

    async def _is_known(self, host: str) -> bool:
        now = self._clock.monotonic()
        asked, answer = self._known.get(host, (float("-inf"), False))
        if now - asked > _FORGET_AFTER_SECONDS:
            answer = await self._resolves(host)
            self._known[host] = (now, answer)
        return answer


def is_service_name(host: str) -> bool:
    """A name that only a container network would know: no dot, no address, not localhost."""
    if "." in host or host == "localhost":
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False
