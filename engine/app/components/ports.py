"""Which components run, where each listens, and how others of this process reach it.

The first port must be free. Another that can't be had is named, with who holds it, and its component stays reachable on
the first port. A component that nothing uses does not listen.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from engine.app.options import DEFAULT_PORTS, RunOptions
from engine.config.load import Loaded
from engine.foundation.addresses import DEFAULTS, AddressBook, LocalPage, LocalResponse
from engine.foundation.clock import Clock
from engine.foundation.errors import ConfigError
from engine.foundation.supervise import Supervisor
from engine.foundation.workers import Workers
from engine.web.access import WebAccess
from engine.web.counts import HttpCounts, MethodCounts
from engine.web.server import Listener, Serving, application, bind, free_port_of, running
from exporters.serve import TEXT_ALONE, Collect, answer

FIRST: Final = "prometheus"
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to call what listens there

log = logging.getLogger(__name__)


class _Bound(Struct, frozen=True):
    listener: Listener
    socket: socket.socket


class Components:
    """Owns the sockets. `silent` says why a component that runs does not listen, `moved` why one listens at another
    port; `http` counts at the first, `alertmanager_http` at Alertmanager's.
    """

    def __init__(
        self, options: RunOptions, loaded: Loaded, clock: Clock, workers: Workers, supervisor: Supervisor
    ) -> None:
        """Binds every port at once. Raises ConfigError where the first one can't be had, or the web config not used."""
        self.http = HttpCounts()
        self.alertmanager_http = MethodCounts()
        self.silent: dict[str, str] = {}
        self.moved: list[str] = []
        self.addresses = AddressBook(clock, translate=options.translate)
        given = options.web
        self._serving = Serving(
            counts=self.http,
            external_host=urlsplit(given.external_url).hostname or "",
            origins=given.origins,
            limits=given.limits,
            access=None if given.config is None else WebAccess(given.config, workers, options.environment),
        )
        self._clock = clock
        self._supervisor = supervisor
        self._options = options
        self._bound: dict[str, _Bound] = {}
        self._routes: Mapping[str, Sequence[web.RouteDef]] = {}
        self._stack = AsyncExitStack()
        self._most_boards = None if loaded.grafana is None else loaded.grafana.settings.max_connections
        for component in wanted(loaded):
            self._bind(component, listener_of(component, options, loaded))

    @property
    def ports(self) -> dict[str, str]:
        """`HOST:PORT` by component, of those that listen."""
        return {name: str(bound.listener) for name, bound in self._bound.items()}

    @property
    def scheme(self) -> str:
        """How all of them are spoken to."""
        return self._serving.scheme

    @property
    def asks_passwords(self) -> bool:
        """Whether `--web.config.file` lets in nobody without one, at any port."""
        access = self._serving.access
        return access is not None and access.asks_passwords

    def runs(self, component: str) -> bool:
        return component in self._bound or component in self.silent

    def url(self, component: str) -> str:
        """Where to call it: at its own port, or else at the first; empty when nothing listens."""
        bound = self._bound.get(component) or self._bound.get(FIRST)
        if bound is None:
            return ""
        host, port = bound.listener.host, bound.listener.port
        return f"{self.scheme}://{Listener(component, _EVERYWHERE.get(host, host), port)}"

    def external_url(self, component: str) -> str:
        """How people reach it; never ends in a slash."""
        options = self._options
        given = {FIRST: options.web.external_url, "alertmanager": options.alertmanager_url}
        return given.get(component, "").rstrip("/") or self.url(component)

    def answers_itself(self, component: str, collect: Collect) -> None:
        """Our own scrapes of the component's metrics need no socket."""
        prefix = self._options.web.prefix if component == FIRST else ""
        self.addresses.serves(component, f"{prefix}/metrics", _local(collect, text_alone=component in TEXT_ALONE))

    async def serve(self, routes: Mapping[str, Sequence[web.RouteDef]]) -> None:
        """Answer at every port, by component, until `close`."""
        self._routes = routes
        for component in self._bound:
            await self._answer(component)

    async def follow(self, loaded: Loaded) -> None:
        """Open the ports of components that a new configuration uses; the others stay as they are."""
        for component in wanted(loaded):
            if not self.runs(component):
                self._bind(component, listener_of(component, self._options, loaded))
                if component in self._bound:
                    await self._answer(component)

    async def close(self) -> None:
        """End all answering."""
        await self._stack.aclose()
        self._let_go()

    async def _answer(self, component: str) -> None:
        bound = self._bound[component]
        how = replace(self._serving, counts=self._counts_of(component))
        if component == "grafana" and self._most_boards is not None:
            how = replace(how, limits=replace(how.limits, connections=self._most_boards))
        app = application(self._routes[component], bound.listener, self._clock, how)
        await self._stack.enter_async_context(running(app, bound.socket, self._clock, self._supervisor, how))

    def _counts_of(self, component: str) -> HttpCounts:
        known = {FIRST: self.http, "alertmanager": self.alertmanager_http}
        return known.get(component) or HttpCounts()

    def _let_go(self) -> None:
        for bound in self._bound.values():
            bound.socket.close()

    def _bind(self, component: str, listener: Listener | None) -> None:
        if listener is None:
            self.silent[component] = f"{component} is switched off"
            return
        try:
            made = bind(listener)
        except ConfigError as error:
            if self._options.free_ports and listener.port:
                self._bind(component, replace(listener, port=0))
                self.moved.append(f"{error}: {component} listens elsewhere")
                return
            if component == FIRST:
                self._let_go()
                raise ConfigError(
                    f"{error}: choose another with --listen {FIRST}=127.0.0.1:PORT, or let --free-ports do so"
                ) from None
            self.silent[component] = str(error)
            return
        port = free_port_of(made)
        self._bound[component] = _Bound(Listener(component, listener.host, port), made)
        self.addresses.listens(component, _EVERYWHERE.get(listener.host, listener.host), port)


def wanted(loaded: Loaded) -> list[str]:
    """The components that a configuration uses, the first one first."""
    named = {component for address in _addresses(loaded) if (component := _component(address)) is not None}
    if loaded.alertmanager is not None:
        named.add("alertmanager")
    if loaded.grafana is not None:
        named.add("grafana")
    if loaded.blackbox is not None:
        named.add("blackbox")
    if loaded.promtail is not None:
        named.add("promtail")
    else:
        named.discard("promtail")  # whoever is named so runs elsewhere
    if loaded.loki is not None:
        named.add("loki")
    else:
        named.discard("loki")
    return [component for component in DEFAULT_PORTS if component == FIRST or component in named]


def listener_of(component: str, options: RunOptions, loaded: Loaded) -> Listener | None:
    """Where it listens, if it does: a flag beats its configuration, that beats the default. Raises ConfigError."""
    if component == "grafana" and loaded.grafana is not None:
        settings = loaded.grafana.settings
        host, port = settings.http_address or "127.0.0.1", settings.http_port or DEFAULT_PORTS[component]
        return options.listener(component) if component in options.listen else Listener(component, host, port)
    if component == "loki" and loaded.loki is not None:
        return options.listener(component, loaded.loki.config.server.http_listen_port)
    if component != "promtail" or component in options.listen or loaded.promtail is None:
        return options.listener(component)
    server = loaded.promtail.server
    host = server.http_listen_address or "127.0.0.1"
    return None if server.disable else Listener(component, host, server.http_listen_port or DEFAULT_PORTS[component])


def _addresses(loaded: Loaded) -> Iterable[str]:
    """What static targets and relabelling name."""
    for job in loaded.config.scrape_configs:
        for group in job.static_configs:
            yield from group.targets
        for step in job.relabel_configs:
            yield step.replacement


def _component(address: str) -> str | None:
    host, _, port = address.rpartition(":")
    for component, default in DEFAULTS.items():
        if port == str(default.port) and host in default.hosts:
            return component
    return None


def _local(collect: Collect, *, text_alone: bool) -> LocalPage:
    async def page(url: URL, headers: Mapping[str, str]) -> LocalResponse:
        asked = (value for name, value in headers.items() if name.lower() == "accept" and not text_alone)
        accept = next(asked, "")
        found = await answer(collect, accept, url.query.getall("collect[]", []))
        return LocalResponse(found.status, {"Content-Type": found.content_type}, found.body)

    return page
