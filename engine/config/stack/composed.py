"""What `engine run --compose FILE` does: the compose file's containers as flags of `engine run`.

A known container becomes the component of this process that does its work, at the port of the machine that it
publishes, on loopback unless an address is written. Its files are those that it mounts. A flag that we have too is
taken over; one that means nothing here is told, and one that we do not have is a mistake. Other containers are left
out, by name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path as File
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from engine.config.stack.compose import Mount, Published, Service, services
from engine.config.stack.interpolation import dotenv
from engine.config.stack.places import Places
from engine.foundation.addresses import DEFAULTS
from engine.foundation.errors import ConfigError

_PATHS: Final = frozenset({"--web.config.file", "--web.user-assets"})
_OF_THE_IMAGE: Final = frozenset({"--web.console.templates", "--web.console.libraries"})
_EXPAND: Final = frozenset({"-config.expand-env", "--config.expand-env"})


class Kind(Struct, frozen=True):
    """A program that we stand in for. `images` are the last parts of its images' names, `config` is our flag for its
    file, which it looks for at `default`; flags that begin with one of `told` have no effect here, but for those that
    have another name with us.
    """

    component: str
    images: tuple[str, ...]
    config: str = ""
    default: str = ""
    told: tuple[str, ...] = ("-",)
    renamed: Mapping[str, str] = MappingProxyType({})


KINDS: Final = (
    Kind(
        "prometheus", ("prometheus",), "--config", "/etc/prometheus/prometheus.yml",
        ("--storage.tsdb.path", "--storage.agent.path", "--web.listen-address", "--storage.tsdb.no-lockfile",
         "--storage.agent.no-lockfile"),
    ),
    Kind(
        "alertmanager", ("alertmanager",), "--alertmanager-config", "/etc/alertmanager/alertmanager.yml",
        renamed={"--web.external-url": "--alertmanager-external-url", "--data.retention": "--alertmanager-retention"},
    ),
    Kind("loki", ("loki",), "--loki-config", "/etc/loki/local-config.yaml"),
    Kind("promtail", ("promtail",), "--promtail-config", "/etc/promtail/config.yml"),
    Kind("blackbox", ("blackbox-exporter",), "--blackbox-config", "/etc/blackbox_exporter/config.yml"),
    Kind("grafana", ("grafana", "grafana-oss", "grafana-enterprise")),
    Kind("node", ("node-exporter",), told=()),
    Kind("cadvisor", ("cadvisor",)),
)  # fmt: skip
_PROVISIONING: Final = "/etc/grafana/provisioning"


class Composed(Struct, frozen=True, kw_only=True):
    """`words` are flags of `engine run`, `node` those of the node exporter; `grafana` is its container's environment.

    `mounts` say what containers see, the deepest first. `notes` tell what is otherwise than there.
    """

    words: tuple[str, ...]
    node: tuple[str, ...]
    grafana: Mapping[str, str]
    mounts: tuple[Mount, ...]
    notes: tuple[str, ...]


def composed(
    path: File, environment: Mapping[str, str], known: Collection[str], profiles: Collection[str] = ()
) -> Composed:
    """`known` are the flags of `engine run`. Raises ConfigError with what can't be taken over."""
    places = Places(path.parent)
    root = places.root(path)
    if places.faults:
        raise ConfigError("\n".join(map(str, places.faults)))
    variables = {**dotenv(path.parent / ".env"), **environment}
    asked = {*profiles, *variables.get("COMPOSE_PROFILES", "").split(",")} - {""}
    found = [one for one in services(root, path.parent, variables) if not one.profiles or one.profiles & asked]
    if not found:
        raise ConfigError(f"{path}: it has no services")
    maker = _Maker(path, known)
    for service in found:
        maker.take(service)
    return maker.made()


def kind_of(service: Service) -> Kind | None:
    image = service.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return next((kind for kind in KINDS if image in kind.images), None)


class _Maker:
    def __init__(self, path: File, known: Collection[str]) -> None:
        self._path = path
        self._known = known
        self._words: list[str] = []
        self._node: tuple[str, ...] = ()
        self._grafana: dict[str, str] = {}
        self._mounts: list[Mount] = []
        self._notes: list[str] = []
        self._taken: dict[str, str] = {}

    def made(self) -> Composed:
        if not self._taken:
            raise ConfigError(f"{self._path}: none of its services is one that this engine stands in for")
        deepest = sorted(self._mounts, key=lambda one: len(one.inside), reverse=True)
        return Composed(
            words=tuple(self._words),
            node=self._node,
            grafana=self._grafana,
            mounts=tuple(deepest),
            notes=tuple(self._notes),
        )

    def take(self, service: Service) -> None:
        kind = kind_of(service)
        if kind is None:
            self._notes.append(f"{service.name} ({service.image or 'no image'}) is not started: it is none of ours")
            return
        if kind.component in self._taken:
            first = self._taken[kind.component]
            raise ConfigError(f"{self._path}: {first} and {service.name} are both {kind.component}: one can run here")
        self._taken[kind.component] = service.name
        self._mounts += service.mounts
        if (address := _address(service.ports, kind.component)) is not None:
            self._words += ["--listen", f"{kind.component}={address}"]
        if kind.component == "grafana":
            self._grafana = dict(service.environment)
            self._file(service, "--grafana-provisioning", _PROVISIONING)
        elif kind.component == "node":
            self._node = tuple(_seen(service, word) for word in service.command)
        else:
            self._flags(service, kind)

    def _flags(self, service: Service, kind: Kind) -> None:
        if kind.config:
            self._file(service, kind.config, service.flag("--config.file", "-config.file") or kind.default)
        for name, value in _pairs(service.command):
            if name in ("--config.file", "-config.file"):
                continue
            if name in _EXPAND:
                self._words += ["--expand-env"] if value != "false" else []
            elif name in _OF_THE_IMAGE and service.host(value or "") is None:
                continue  # the image brings its own, and nobody misses them
            elif value is not None and name in kind.renamed:
                self._words.append(f"{kind.renamed[name]}={value}")
            elif name.startswith(kind.told):
                self._notes.append(f"{service.name}: {name} has no effect here")
            elif name not in self._known:
                raise ConfigError(f"{self._path}: services.{service.name}.command: {name} is not supported yet")
            else:
                self._words.append(name if value is None else f"{name}={self._inside(service, name, value)}")

    def _file(self, service: Service, flag: str, inside: str) -> None:
        host = service.host(inside)
        if host is None:
            host = self._beside(service, inside)
        if host is None or not host.exists():
            raise ConfigError(
                f"{self._path}: services.{service.name}: {inside} is not mounted from a file that is there"
                f"{'' if host is None else f' ({host})'}"
            )
        self._words += [flag, str(host)]

    def _beside(self, service: Service, inside: str) -> File | None:
        """The one file that is mounted in the folder where the container looks for another."""
        folder = posixpath.dirname(inside)
        near = [one for one in service.mounts if posixpath.dirname(one.inside) == folder and one.host is not None]
        if len(near) != 1:
            return None
        self._notes.append(f"{service.name}: nothing is mounted at {inside}: {near[0].inside} is taken for it")
        return near[0].host

    def _inside(self, service: Service, name: str, value: str) -> str:
        if name not in _PATHS | _OF_THE_IMAGE:
            return value
        host = service.host(value)
        return value if host is None else str(host)


def _address(ports: Sequence[Published], component: str) -> str | None:
    """Where the machine reaches it; one that publishes nothing is left at the port where people look for it."""
    inside = DEFAULTS[component].port
    published = next((one for one in ports if one.inside == inside), ports[0] if ports else None)
    if published is None:
        return None
    host = f"[{published.host}]" if ":" in published.host else published.host or "127.0.0.1"
    return f"{host}:{published.outside}"


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    """Flags with their values, `--a=b`, `--a b` and `--a`."""
    left = list(words)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if not equals and left and not left[0].startswith("-"):
            yield name, left.pop(0)
        else:
            yield name, value if equals else None


def _seen(service: Service, word: str) -> str:
    """A flag of the node exporter, with the path of the machine that its container sees."""
    name, equals, value = word.partition("=")
    if not equals or not name.startswith("--path."):
        return word
    host = service.host(posixpath.normpath(value))
    return word if host is None else f"{name}={host}"
