"""Whether SELinux is on and in force, from its file system and its configuration."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

MODES: Final = MappingProxyType({"enforcing": 1.0, "permissive": 0.0})
DISABLED: Final = -1.0


def configured(config: str) -> float:
    """`SELINUX=enforcing` is 1, permissive 0, anything else -1."""
    mode = DISABLED
    for line in config.splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "SELINUX":
            mode = MODES.get(value.strip().strip('"'), DISABLED)
    return mode


def families(enforce: str | None, config: str) -> list[Family]:
    """From the text of its file, None where that is missing: SELinux is off then."""
    found = [
        reading.gauge("node_selinux_enabled", "SELinux is enabled, 1 is true, 0 is false", float(enforce is not None))
    ]
    if enforce is None:
        return found
    return [
        *found,
        reading.gauge("node_selinux_config_mode", "Configured SELinux enforcement mode", configured(config)),
        reading.gauge("node_selinux_current_mode", "Current SELinux enforcement mode", float(enforce)),
    ]


def read(machine: Machine) -> list[Family]:
    enforce = machine.sys.value_or_none("fs/selinux/enforce")
    if enforce is None:
        return families(None, "")
    try:
        config = (machine.options.rootfs / "etc/selinux/config").read_text(encoding="utf-8", errors="replace")
    except OSError:
        config = ""
    return families(enforce, config)
