"""Asking a Docker daemon, over its socket or TCP.

Paths name the version that the daemon says it speaks: what is read of its answers has been the same since 1.24, and
daemons refuse versions that are too old for them as well as those that are too new.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar
from urllib.parse import urlencode

import msgspec

from engine.discovery.config import DockerFilter, DockerSDConfig, DockerSwarmSDConfig
from engine.discovery.http import USER_AGENT
from engine.discovery.naming import named, truth
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.foundation.http_client import HttpClient, HttpError, Response
from engine.foundation.http_config import PrometheusHTTPClientConfig

_WITHOUT_PING: Final = "1.24"
T = TypeVar("T")


class _Network(msgspec.Struct):
    id: str = msgspec.field(name="Id", default="")
    name: str = msgspec.field(name="Name", default="")
    scope: str = msgspec.field(name="Scope", default="")
    internal: bool = msgspec.field(name="Internal", default=False)
    ingress: bool = msgspec.field(name="Ingress", default=False)
    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class _ContainerConfig(msgspec.Struct):
    tty: bool = msgspec.field(name="Tty", default=False)


class _Inspected(msgspec.Struct):
    config: _ContainerConfig = msgspec.field(name="Config", default_factory=_ContainerConfig)


class _Complaint(msgspec.Struct):
    message: str = ""


class DockerApi:
    """One daemon. Raises DiscoveryError, in words that say what was asked for."""

    def __init__(self, client: HttpClient, base: str, timeout: float) -> None:
        self._client = client
        self._base = base
        self._timeout = timeout
        self._version = ""

    async def list(self, what: str, path: str, kind: type[T], query: Mapping[str, str] | None = None) -> list[T]:
        """What the daemon lists there; `what` is its name for people."""
        try:
            version = await self._negotiated()
            asked = "?" + urlencode(query) if query else ""
            answer = await self._get(f"{self._base}/v{version}{path}{asked}")
        except HttpError as error:
            self._version = ""  # another daemon may answer next time
            raise DiscoveryError(f"error while listing {what}: can't ask the Docker daemon: {error}") from None
        if answer.status != 200:
            self._version = ""
            raise DiscoveryError(f"error while listing {what}: Error response from daemon: {_complaint(answer)}")
        try:
            return msgspec.json.decode(answer.body, type=list[kind] | None) or []  # type: ignore[valid-type]
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DiscoveryError(f"error while listing {what}: the answer is not what it should be: {error}") from None

    async def networks(self, prefix: str) -> dict[str, dict[str, str]]:
        """The labels of each network, by its ID."""
        return {
            network.id: {
                f"{prefix}network_id": network.id,
                f"{prefix}network_name": network.name,
                f"{prefix}network_scope": network.scope,
                f"{prefix}network_internal": truth(network.internal),
                f"{prefix}network_ingress": truth(network.ingress),
                **named(f"{prefix}network_label_", network.labels),
            }
            for network in await self.list("networks", "/networks", _Network)
        }

    async def has_terminal(self, container: str) -> bool:
        """Whether its output has no frames."""
        try:
            answer = await self._get(f"{self._base}/v{await self._negotiated()}/containers/{container}/json")
            if answer.status != 200:
                raise DiscoveryError(f"error while inspecting {container[:12]}: {_complaint(answer)}")
            return msgspec.json.decode(answer.body, type=_Inspected).config.tty
        except HttpError as error:
            self._version = ""
            raise DiscoveryError(f"can't ask the Docker daemon: {error}") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise DiscoveryError(f"error while inspecting {container[:12]}: {error}") from None

    @asynccontextmanager
    async def output(self, container: str, since: str, *, silence: float) -> AsyncIterator[AsyncIterator[bytes]]:
        """What a container has written since, with times, and what it goes on to write. Raises HttpError too."""
        query = urlencode({"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1, "since": since})
        url = f"{self._base}/v{await self._negotiated()}/containers/{container}/logs?{query}"
        headers = {"User-Agent": USER_AGENT}
        async with self._client.stream(url, silence=silence, headers=headers) as incoming:
            if incoming.status != 200:
                raise DiscoveryError(f"error while reading logs of {container[:12]}: status {incoming.status}")
            yield incoming.pieces

    async def _negotiated(self) -> str:
        if not self._version:
            answer = await self._get(f"{self._base}/_ping")
            self._version = answer.headers.get("api-version") or _WITHOUT_PING
        return self._version

    async def _get(self, url: str) -> Response:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        return await self._client.request("GET", url, timeout=self._timeout, headers=headers)


@asynccontextmanager
async def docker_api(config: DockerSDConfig | DockerSwarmSDConfig, parts: DiscoveryParts) -> AsyncIterator[DockerApi]:
    """The daemon of a configuration. Its options for HTTP hold for http and https alone, as in Prometheus."""
    host, seconds = config.host, config.refresh_interval.seconds
    place = host.reveal().partition("://")[2].rstrip("/")
    match host.scheme:
        case "unix":
            how, base, socket = PrometheusHTTPClientConfig(), "http://localhost", f"/{place.lstrip('/')}"
        case "tcp":
            how, base, socket = PrometheusHTTPClientConfig(), f"http://{place}", ""
        case _:
            how, base, socket = config, f"{host.scheme}://{place}", ""
    async with HttpClient(how, parts.addresses, base=parts.base, socket=socket) as client:
        yield DockerApi(client, base, seconds)


def filter_query(filters: Sequence[DockerFilter]) -> dict[str, str]:
    """As the daemon wants filters: values of one name are alternatives, names must all fit."""
    wanted: dict[str, dict[str, bool]] = {}
    for one in filters:
        if one.values:
            wanted.setdefault(one.name, {}).update(dict.fromkeys(one.values, True))
    return {"filters": msgspec.json.encode(wanted).decode()} if wanted else {}


def _complaint(answer: Response) -> str:
    try:
        text = msgspec.json.decode(answer.body, type=_Complaint).message
    except (msgspec.MsgspecError, UnicodeDecodeError):
        text = ""
    return text or f"{answer.status} {answer.reason}"
