"""What a compose file says of the containers of a stack: images, commands, environments, mounts and ports.

Everything else is none of our business, and right.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path as File
from typing import Final

from msgspec import Struct
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.config.stack.interpolation import interpolate
from engine.foundation.decode_nodes import locate, pairs
from engine.foundation.source import Path

NAMES: Final = ("docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml")


class Mount(Struct, frozen=True):
    """A file or folder of the host, or a volume (`host` is None), seen as `inside`."""

    host: File | None
    inside: str
    at: Path


class Published(Struct, frozen=True):
    """A port of the container at a port of the machine; `host` is empty where all of its addresses are meant."""

    host: str
    outside: int
    inside: int


class Service(Struct, frozen=True):
    """One container, as it is called by the others. One with `profiles` runs only when one of them is asked for;
    `hosts` are names that it knows besides those of other containers.
    """

    name: str
    image: str
    command: tuple[str, ...]
    mounts: tuple[Mount, ...]
    names: frozenset[str]
    environment: Mapping[str, str]
    ports: tuple[Published, ...]
    profiles: frozenset[str]
    hosts: frozenset[str] = frozenset()

    @property
    def at(self) -> Path:
        return ("services", self.name)

    def flag(self, *names: str) -> str | None:
        """What the command says for a flag: `--config.file=X`, `-config.file X`."""
        for place, word in enumerate(self.command):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals else next(iter(self.command[place + 1 :]), "")
        return None

    def host(self, inside: str) -> File | None:
        """The file of the host that the container sees there, if one is mounted."""
        mount = self.mount(inside)
        if mount is None or mount.host is None:
            return None
        rest = posixpath.relpath(inside, mount.inside)
        return mount.host if rest == "." else mount.host / rest

    def mount(self, inside: str) -> Mount | None:
        """The mount that the path is in, the deepest of several."""
        found = [m for m in self.mounts if inside == m.inside or inside.startswith(m.inside.rstrip("/") + "/")]
        return max(found, key=lambda m: len(m.inside), default=None)


def services(root: Node, folder: File, environment: Mapping[str, str] | None = None) -> list[Service]:
    """Those of a compose file in `folder`; `environment` is what variables stand for. Raises ConfigError."""
    found, reached = locate(root, ("services",))
    if not reached or not isinstance(found, MappingNode):
        return []
    reader = _Reader(folder, environment or {})
    return [
        reader.service(key.value, value)
        for key, value, _ in pairs(found)
        if isinstance(key, ScalarNode) and isinstance(value, MappingNode)
    ]


class _Reader(Struct, frozen=True):
    folder: File
    variables: Mapping[str, str]

    def service(self, name: str, node: Node) -> Service:
        container = self._text(_at(node, "container_name"))
        return Service(
            name=name,
            image=self._text(_at(node, "image")),
            command=tuple(self._words(_at(node, "command"))),
            mounts=tuple(self._mounts(name, _at(node, "volumes"))),
            names=frozenset({name, container, *self._aliases(_at(node, "networks"))} - {""}),
            environment=dict(self._environment(_at(node, "environment"))),
            ports=tuple(self._ports(_at(node, "ports"))),
            profiles=frozenset(map(self._text, _items(_at(node, "profiles")))),
            hosts=frozenset(self._hosts(_at(node, "extra_hosts"))),
        )

    def _text(self, node: Node | None) -> str:
        return interpolate(node.value, self.variables) if isinstance(node, ScalarNode) else ""

    def _words(self, node: Node | None) -> list[str]:
        if not isinstance(node, ScalarNode):
            return [self._text(item) for item in _items(node)]
        try:
            return shlex.split(self._text(node))
        except ValueError:
            return self._text(node).split()

    def _mounts(self, service: str, node: Node | None) -> Iterator[Mount]:
        for place, item in enumerate(_items(node)):
            at = ("services", service, "volumes", place)
            if isinstance(item, MappingNode):
                source, inside, kind = (self._text(_at(item, key)) for key in ("source", "target", "type"))
                bound = kind == "bind"
            else:
                source, _, rest = self._text(item).partition(":")
                inside = rest.partition(":")[0]
                bound = source.startswith((".", "/", "~"))
            if inside:
                host = self.folder / posixpath.expanduser(source) if bound else None
                yield Mount(host, posixpath.normpath(inside), at)

    def _environment(self, node: Node | None) -> Iterator[tuple[str, str]]:
        """A name without a value has that of the environment, if any."""
        if isinstance(node, MappingNode):
            written = [(key.value, self._text(value)) for key, value, _ in pairs(node) if isinstance(key, ScalarNode)]
        else:
            written = [(name, value) for item in _items(node) for name, _, value in (self._text(item).partition("="),)]
        for name, value in written:
            if value or name in self.variables:
                yield name, value or self.variables[name]

    def _ports(self, node: Node | None) -> Iterator[Published]:
        for item in _items(node):
            if isinstance(item, MappingNode):
                host, outside, inside = (self._text(_at(item, key)) for key in ("host_ip", "published", "target"))
            else:
                *front, inside = self._text(item).partition("/")[0].rsplit(":", 2)
                outside = front[-1] if front else ""
                host = front[0] if len(front) > 1 else ""
            if inside.isdigit() and outside.isdigit():  # a range, or a port that docker would choose, is left out
                yield Published(host.strip("[]"), int(outside), int(inside))

    def _hosts(self, node: Node | None) -> Iterator[str]:
        """`NAME:ADDRESS`, `NAME=ADDRESS`, or a mapping of these."""
        if isinstance(node, MappingNode):
            yield from (key.value for key, _, _ in pairs(node) if isinstance(key, ScalarNode))
        for item in _items(node):
            text = self._text(item)
            yield text.partition("=" if "=" in text else ":")[0]

    def _aliases(self, node: Node | None) -> Iterator[str]:
        """Other names in networks."""
        if isinstance(node, MappingNode):
            for _, network, _ in pairs(node):
                yield from (self._text(alias) for alias in _items(_at(network, "aliases")))


def _at(node: Node, key: str) -> Node | None:
    found, reached = locate(node, (key,))
    return found if reached else None


def _items(node: Node | None) -> Sequence[Node]:
    return node.value if isinstance(node, SequenceNode) else ()
