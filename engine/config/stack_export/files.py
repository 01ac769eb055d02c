"""The compose file of an exported stack, and the page beside it that says what was changed and how it is started."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import yaml

from engine.config.stack_export.stack import Export, Exported

COMPOSE: Final = "docker-compose.yml"
_RESTART: Final = "unless-stopped"
_NEVER_WRAP: Final = 10_000


def compose_text(stack: Export, data: Mapping[str, str], user: str) -> str:
    """`data` are folders that take the place of volumes, by component; their containers run as `user`."""
    services = {one.name: _service(one, data, user) for one in stack.containers.values()}
    volumes: dict[str, object] = {
        _volume(one): {} for one in stack.containers.values() if one.container.data and _kind(one) not in data
    }
    document = {"services": services, **({"volumes": volumes} if volumes else {})}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=_NEVER_WRAP)


def readme_text(words: Sequence[str], left: Sequence[str]) -> str:
    """`words` is what was changed, `left` what a check still finds."""
    lines = [
        "# This stack, run by the originals",
        "",
        f"`docker compose -f {COMPOSE} up -d` starts it, in this folder.",
        "",
        "## What is otherwise than in the files it was made from, and why",
        "",
        *([f"- {word}" for word in words] or ["- nothing"]),
        "",
        "## What is left to do",
        "",
        *([f"- {line}" for line in left] or ["- nothing that a check of the files can see"]),
        "",
        "All containers share one network; `networks` and `container_name` of a compose file are not taken along.",
        "",
        "Files with passwords and tokens were copied as they are: keep this folder as you keep those.",
        "",
    ]
    return "\n".join(lines)


def _service(one: Exported, data: Mapping[str, str], user: str) -> dict[str, object]:
    container, given = one.container, one.given
    volumes = [*one.mounts, *(given.volumes or container.volumes)]
    if container.data:
        volumes.append(f"{data.get(_kind(one), _volume(one))}:{container.data}")
    found: dict[str, object] = {"image": one.image}
    if one.command:
        found["command"] = [_escaped(word) for word in one.command]
    if _kind(one) in data:
        found["user"] = user
    if given.environment:
        found["environment"] = {name: _escaped(value) for name, value in given.environment.items()}
    found["ports"] = list(given.ports) or [f"{container.port}:{container.port}"]
    if volumes:
        found["volumes"] = volumes
    if one.machine:
        found["extra_hosts"] = [f"{host}:host-gateway" for host in sorted(one.machine)]
    return {**found, **container.more, "restart": _RESTART}


def _kind(one: Exported) -> str:
    return one.container.component


def _volume(one: Exported) -> str:
    return f"{one.name.replace('-', '_')}_data"


def _escaped(text: str) -> str:
    """As it has to stand where compose would put variables in."""
    return text.replace("$", "$$")
