"""Files of programs that are not supported yet, recognised so that a person is told that, and not of unknown keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

# The keys of a file's first level that are known of each program's files.
KEYS: Final[Mapping[str, frozenset[str]]] = MappingProxyType({
    "Grafana": frozenset({
        "apiVersion", "contactPoints", "dashboard", "muteTimes", "policies", "templates",
    }),
    "Docker Compose": frozenset({"configs", "networks", "secrets", "services", "version", "volumes"}),
    "Kubernetes": frozenset({"apiVersion", "kind", "metadata", "spec"}),
})  # fmt: skip


def foreign(path: Path, keys: frozenset[str], own: int) -> str:
    """Of which programs the file seems to be (`Loki or Promtail`), or nothing where it seems to be one of ours.

    `keys` are those of its first level, of which `own` are also known of the nearest of our kinds.
    """
    known = {name: len(keys & theirs) for name, theirs in KEYS.items()}
    most = max(known.values())
    if most < own or not most:
        return ""
    names = [name for name, count in known.items() if count == most]
    named = [name for name in names if name.split()[0].lower() in str(path.absolute()).lower()]
    return " or ".join(named or names if most > own else named)
