"""Which processes a command line asks for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from engine.foundation.errors import ConfigError
from exporters.process.config import Pattern, rules
from exporters.process.groups import Rule


def select(matches: Sequence[str], pids: Sequence[int], procnames: str, file: Path | None) -> list[Rule]:
    """Rules in the order in which they take processes: numbers, patterns, names, the file's. Raises ConfigError.

    A pattern is found in the exporter's own command line too, and in its parent's: these are never meant.
    """
    ourselves = frozenset((os.getpid(), os.getppid()))
    names = [name for name in procnames.split(",") if name]
    found = [
        *(Rule(name=f"pid {pid}" if len(pids) > 1 else "{{.ExeBase}}", pids=frozenset((pid,))) for pid in pids),
        *(Rule(name=match, cmdline=(_pattern(match),), never=ourselves) for match in matches),
        *(Rule(name=name, comm=(name,)) for name in names),
        *(rules(file) if file is not None else ()),
    ]
    if not found:
        raise ConfigError("process exporter: no process is asked for: give --match, --pid, --procnames or --config")
    return found


def _pattern(text: str) -> Pattern:
    try:
        return Pattern.from_text(text)
    except ConfigError as error:
        raise ConfigError(f"process exporter: --match: {error}") from None
