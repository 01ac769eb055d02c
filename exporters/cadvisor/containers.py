"""What a control group is called: the container's name, image and labels, from the state of Docker or containerd.

A container's group bears its identity of 64 hexadecimal digits, in one of many dresses: `/docker/ID`,
`/system.slice/docker-ID.scope`, `/kubepods/burstable/podUID/ID`, `cri-containerd-ID.scope`.
"""

from __future__ import annotations

import http.client
import logging
import re
import socket
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from exporters.cadvisor.options import CadvisorOptions

_IDENTITY: Final = re.compile(r"(?:^|[-/:])([0-9a-f]{64})(?:\.scope)?$", re.ASCII)  # noqa: TID251 - ours, linear
_NOT_IN_LABELS: Final = re.compile(r"[^a-zA-Z0-9_]", re.ASCII)  # noqa: TID251 - ours, linear
_SECONDS: Final = 2.0
KUBERNETES: Final = MappingProxyType(  # what containerd writes down of a pod -> what Docker would have called it
    {
        "io.kubernetes.cri.container-name": "io.kubernetes.container.name",
        "io.kubernetes.cri.sandbox-name": "io.kubernetes.pod.name",
        "io.kubernetes.cri.sandbox-namespace": "io.kubernetes.pod.namespace",
        "io.kubernetes.cri.sandbox-uid": "io.kubernetes.pod.uid",
    }
)

log = logging.getLogger(__name__)


class Container(Struct, frozen=True):
    """`created` is Unix seconds, 0 where it is not known; `host_network` has no network of its own."""

    name: str
    image: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    created: float = 0.0
    host_network: bool = False


def identity(path: str) -> str:
    """Of the container that a control group belongs to; empty for another group."""
    found = _IDENTITY.search(path)
    return found[1] if found is not None else ""


def docker_version(options: CadvisorOptions) -> str:
    """As Docker tells it; empty where it does not."""
    told = Docker(options.docker_socket).asked("/version")
    return "" if told is None else str(told.get("Version", ""))


def labels(container: Container, shown: Collection[str] | None, environment: Collection[str]) -> dict[str, str]:
    """Name, image, and the labels and variables that are shown: all labels where `shown` is None."""
    found = {"name": container.name, "image": container.image}
    for key, value in container.labels.items():
        if shown is None or key in shown:
            found.setdefault(f"container_label_{_NOT_IN_LABELS.sub('_', key)}", value)
    for key, value in container.environment.items():
        if any(key.startswith(beginning) for beginning in environment):
            found.setdefault(f"container_env_{_NOT_IN_LABELS.sub('_', key.lower())}", value)
    return {key: value for key, value in found.items() if value}


class Containers:
    """Remembers what it has found, by identity; forgets those whose groups have gone."""

    def __init__(self, options: CadvisorOptions) -> None:
        self._options = options
        self._docker = Docker(options.docker_socket)
        self._known: dict[str, Container] = {}

    def keep(self, identities: Collection[str]) -> None:
        """Forget all others; a page begins."""
        self._docker = Docker(self._options.docker_socket)
        self._known = {identity: one for identity, one in self._known.items() if identity in identities}

    def find(self, identity: str) -> Container:
        """By its state; a container of which nothing may be read is called by its identity."""
        if identity not in self._known:
            found = next(self._sources(identity), None)
            if found is None:
                log.debug("nothing is known of the container %s", identity)
                return Container(identity)
            self._known[identity] = found
        return self._known[identity]

    def _sources(self, identity: str) -> Iterator[Container]:
        written = _read(self._options.docker_root / "containers" / identity / "config.v2.json")
        if written is not None:
            host = _read(self._options.docker_root / "containers" / identity / "hostconfig.json") or {}
            yield _docker(written, str(host.get("NetworkMode", "")))
        told = self._docker.asked(f"/containers/{identity}/json")
        if told is not None:
            yield _docker(told, str((told.get("HostConfig") or {}).get("NetworkMode", "")))
        for bundle in sorted(self._options.containerd_tasks.glob(f"*/{identity}/config.json")):
            if (told := _read(bundle)) is not None:
                yield _containerd(identity, told)


def _docker(state: Mapping[str, Any], network: str) -> Container:
    config = state.get("Config") or {}
    told: dict[str, str] = {str(key): str(value) for key, value in (config.get("Labels") or {}).items()}
    if state.get("RestartCount"):
        told["restartcount"] = str(state["RestartCount"])
    return Container(
        name=str(state.get("Name", "")).removeprefix("/"),
        image=str(config.get("Image", "")),
        labels=told,
        environment=_environment(config.get("Env") or ()),
        created=_seconds(str(state.get("Created", ""))),
        host_network=network == "host" or network.startswith("container:"),
    )


def _containerd(identity: str, bundle: Mapping[str, Any]) -> Container:
    annotations = {str(key): str(value) for key, value in (bundle.get("annotations") or {}).items()}
    spaces = (bundle.get("linux") or {}).get("namespaces") or ()
    return Container(
        name=identity,
        image=annotations.get("io.kubernetes.cri.image-name", ""),
        labels={shown: annotations[key] for key, shown in KUBERNETES.items() if key in annotations},
        environment=_environment((bundle.get("process") or {}).get("env") or ()),
        host_network=not any(space.get("type") == "network" for space in spaces),
    )


def _environment(pairs: Collection[str]) -> dict[str, str]:
    return {name: value for name, equals, value in (str(pair).partition("=") for pair in pairs) if equals}


def _seconds(text: str) -> float:
    """Of `2023-02-01T10:00:00.123456789Z`; Python reads no more than six digits behind the point."""
    try:
        return float(int(datetime.fromisoformat(re.sub(r"\.\d+", "", text)).timestamp()))
    except ValueError:
        return 0.0


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError):
        return None


class Docker:
    """At its socket. One that was silent once is asked no more: a page must not wait for it at each container."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._silent = False

    def asked(self, what: str) -> dict[str, Any] | None:
        """What it answers; None where it does not."""
        if self._silent:
            return None
        connection = _Local(self._path)
        try:
            connection.request("GET", what)
            answer = connection.getresponse()
            body = answer.read()
            return msgspec.json.decode(body, type=dict[str, Any]) if answer.status == http.client.OK else None
        except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
            log.debug("Docker does not answer at %s: %s", self._path, error)
            self._silent = isinstance(error, OSError)
            return None
        finally:
            connection.close()


class _Local(http.client.HTTPConnection):
    """HTTP through a socket of this machine's file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_SECONDS)
        self.sock.connect(str(self._path))
