"""What a compose file says of the containers of a stack: their images, commands and mounts.

Only what decides which files a container sees is read; everything else is none of our business, and right.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from engine.foundation.decode_nodes import locate, pairs
from engine.foundation.source import Path

NAMES: Final = ("docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml")
_VARIABLE: Final = re.compile(r"\$\{\w+:?-([^}]*)\}|\$(\$)")  # noqa: TID251 - ours, linear


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the host, or a volume (`host` is None), seen as `inside`."""

    host: File | None
    inside: str
    at: Path


@dataclass(frozen=True, slots=True)
class Service:
    """One container, as it is called by the others."""

    name: str
    image: str
    command: tuple[str, ...]
    mounts: tuple[Mount, ...]
    names: frozenset[str]

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


def services(root: Node, folder: File) -> list[Service]:
    """Those of a compose file in `folder`."""
    found, reached = locate(root, ("services",))
    if not reached or not isinstance(found, MappingNode):
        return []
    return [
        _service(key.value, value, folder)
        for key, value, _ in pairs(found)
        if isinstance(key, ScalarNode) and isinstance(value, MappingNode)
    ]


def _service(name: str, node: Node, folder: File) -> Service:
    container = _text(_at(node, "container_name"))
    return Service(
        name=name,
        image=_text(_at(node, "image")),
        command=tuple(_words(_at(node, "command"))),
        mounts=tuple(_mounts(name, _at(node, "volumes"), folder)),
        names=frozenset({name, container, *_aliases(_at(node, "networks"))} - {""}),
    )


def _at(node: Node, key: str) -> Node | None:
    found, reached = locate(node, (key,))
    return found if reached else None


def _text(node: Node | None) -> str:
    if not isinstance(node, ScalarNode):
        return ""
    return _VARIABLE.sub(lambda found: found[1] or found[2] or "", node.value)


def _items(node: Node | None) -> Sequence[Node]:
    return node.value if isinstance(node, SequenceNode) else ()


def _words(node: Node | None) -> list[str]:
    if not isinstance(node, ScalarNode):
        return [_text(item) for item in _items(node)]
    try:
        return shlex.split(_text(node))
    except ValueError:
        return _text(node).split()


def _mounts(service: str, node: Node | None, folder: File) -> Iterator[Mount]:
    for place, item in enumerate(_items(node)):
        at = ("services", service, "volumes", place)
        if isinstance(item, MappingNode):
            source, inside, kind = (_text(_at(item, key)) for key in ("source", "target", "type"))
            bound = kind == "bind"
        else:
            source, _, rest = _text(item).partition(":")
            inside = rest.partition(":")[0]
            bound = source.startswith((".", "/", "~"))
        if inside:
            yield Mount((folder / posixpath.expanduser(source)) if bound else None, posixpath.normpath(inside), at)


def _aliases(node: Node | None) -> Iterator[str]:
    """Other names in networks."""
    if isinstance(node, MappingNode):
        for _, network, _ in pairs(node):
            yield from (_text(alias) for alias in _items(_at(network, "aliases")))
