"""Asking Consul: blocking queries, which answer when there is news or after two minutes.

An index tells which state an answer shows, and is sent with the next question. One that is smaller than before means
that the server has begun anew: then the state is asked for from the start.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from engine.discovery.config import ConsulSDConfig
from engine.discovery.http import USER_AGENT
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.foundation.http_client import HttpClient, HttpError
from engine.foundation.http_config import BasicAuth
from engine.foundation.lengths import Lengths

WAIT_SECONDS: Final = 120
_PATIENCE: Final = WAIT_SECONDS + 15.0
_MAINTENANCE: Final = ("_node_maintenance", "_service_maintenance:")
T = TypeVar("T")


class Check(msgspec.Struct):
    id: str = msgspec.field(name="CheckID", default="")
    status: str = msgspec.field(name="Status", default="")


class Service(msgspec.Struct):
    id: str = msgspec.field(name="ID", default="")
    address: str = msgspec.field(name="Address", default="")
    port: int = msgspec.field(name="Port", default=0)
    tags: list[str] | None = msgspec.field(name="Tags", default=None)
    meta: dict[str, str] | None = msgspec.field(name="Meta", default=None)
    namespace: str = msgspec.field(name="Namespace", default="")
    partition: str = msgspec.field(name="Partition", default="")


class Node(msgspec.Struct):
    name: str = msgspec.field(name="Node", default="")
    address: str = msgspec.field(name="Address", default="")
    meta: dict[str, str] | None = msgspec.field(name="Meta", default=None)
    tagged: dict[str, str] | None = msgspec.field(name="TaggedAddresses", default=None)


class Entry(msgspec.Struct):
    """One place of a service."""

    node: Node = msgspec.field(name="Node", default_factory=Node)
    service: Service = msgspec.field(name="Service", default_factory=Service)
    checks: list[Check] | None = msgspec.field(name="Checks", default=None)

    @property
    def health(self) -> str:
        """The worst of all checks; nothing where one says what nobody knows."""
        found = set()
        for check in self.checks or ():
            if check.id.startswith(_MAINTENANCE):
                return "maintenance"
            found.add(check.status)
        if found - {"passing", "warning", "critical"}:
            return ""
        return next((status for status in ("critical", "warning") if status in found), "passing")


class _AgentConfig(msgspec.Struct):
    datacenter: str = msgspec.field(name="Datacenter", default="")


class _Agent(msgspec.Struct):
    config: _AgentConfig = msgspec.field(name="Config", default_factory=_AgentConfig)


class Answered(Struct, Generic[T], frozen=True):
    """What was asked for, as of `index`."""

    value: T
    index: int


class ConsulApi:
    """One server. Everything raises HttpError, DiscoveryError."""

    def __init__(self, client: HttpClient, base: str, config: ConsulSDConfig, parts: DiscoveryParts) -> None:
        self._client = client
        self._base = base
        self._config = config
        self._parts = parts

    async def datacenter(self) -> str:
        """The configured one, or the agent's own."""
        if self._config.datacenter:
            return self._config.datacenter
        agent = (await self._get("/v1/agent/self", [], _Agent)).value
        if not agent.config.datacenter:
            raise DiscoveryError("the agent tells no Config.Datacenter")
        return agent.config.datacenter

    async def services(self, index: int) -> Answered[dict[str, list[str]]]:
        """The tags of each service, once they are newer than `index`."""
        query = [("filter", self._config.filter)] if self._config.filter else []
        return await self._watch("services", "/v1/catalog/services", query, dict[str, list[str]], index)

    async def places(self, service: str, index: int) -> Answered[list[Entry]]:
        """Where a service is, with all tags that are wanted, once that is newer than `index`."""
        tags = [("tag", tag) for tag in self._config.tags]
        return await self._watch("service", f"/v1/health/service/{quote(service, safe='')}", tags, list[Entry], index)

    async def _watch(
        self, call: str, path: str, query: list[tuple[str, str]], kind: type[T], index: int
    ) -> Answered[T]:
        config, clock, counts = self._config, self._parts.clock, self._parts.counts
        asked = [*query, ("index", str(index)), ("wait", f"{WAIT_SECONDS * 1000}ms")]
        asked += [("stale", "")] * config.allow_stale
        asked += [("node-meta", f"{name}:{value}") for name, value in config.node_meta.items()]
        begun = clock.monotonic()
        try:
            return await self._get(path, asked, kind)
        finally:
            counts.consul_calls.setdefault(call, Lengths()).add(clock.monotonic() - begun)

    async def _get(self, path: str, query: Sequence[tuple[str, str]], kind: type[T]) -> Answered[T]:
        try:
            return await self._answer(path, query, kind)
        except (HttpError, DiscoveryError):
            self._parts.counts.consul_failures += 1
            raise

    async def _answer(self, path: str, query: Sequence[tuple[str, str]], kind: type[T]) -> Answered[T]:
        config = self._config
        places = (("dc", config.datacenter), ("ns", config.namespace), ("partition", config.partition))
        asked = urlencode([*query, *((name, value) for name, value in places if value)])
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if config.token:
            headers["X-Consul-Token"] = config.token.reveal()
        url = f"{self._base}{path}" + (f"?{asked}" if asked else "")
        answer = await self._client.request("GET", url, timeout=_PATIENCE, headers=headers)
        if answer.status != 200:
            said = answer.body[:200].decode(errors="replace").strip()
            raise DiscoveryError(f"{path}: Unexpected response code: {answer.status} ({said or answer.reason})")
        index = answer.headers.get("x-consul-index", "0")
        try:
            return Answered(msgspec.json.decode(answer.body, type=kind), int(index))
        except (msgspec.MsgspecError, ValueError) as error:
            raise DiscoveryError(f"{path}: the answer is not what it should be: {error}") from None


@asynccontextmanager
async def consul_api(config: ConsulSDConfig, parts: DiscoveryParts) -> AsyncIterator[ConsulApi]:
    """The server of a configuration; `server` may name a scheme, or the path of a Unix socket."""
    scheme, found, place = config.server.partition("://")
    if not found:
        scheme, place = config.scheme, config.server
    elif scheme == "http":
        scheme = config.scheme  # never back from TLS that was asked for
    on_socket = scheme == "unix"
    host = "http://localhost" if on_socket else f"{scheme}://{place.rstrip('/')}"
    base = f"{host}/{config.path_prefix.strip('/')}".rstrip("/")
    async with HttpClient(
        _with_password(config), parts.addresses, base=parts.base, socket=place if on_socket else ""
    ) as client:
        yield ConsulApi(client, base, config, parts)


def _with_password(config: ConsulSDConfig) -> ConsulSDConfig:
    if not config.username and not config.password:
        return config
    basic = BasicAuth(username=config.username, password=config.password)
    return msgspec.structs.replace(config, basic_auth=basic)
