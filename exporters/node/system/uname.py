"""The machine's own name and kernel, as labels of a constant."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.machine import Machine

_DOMAIN: Final = Path("/proc/sys/kernel/domainname")
HELP: Final = "Labeled system information as provided by the uname system call."


def families(labels: dict[str, str]) -> list[Family]:
    return [Family.of("node_uname_info", MetricType.GAUGE, HELP, (labels, 1.0))]


def read(_machine: Machine) -> list[Family]:
    """From the system call; the domain, which Python's call leaves out, from the file that tells the same."""
    system = os.uname()
    return families(
        {
            "domainname": _DOMAIN.read_text().strip() if _DOMAIN.exists() else "",
            "machine": system.machine,
            "nodename": system.nodename,
            "release": system.release,
            "sysname": system.sysname,
            "version": system.version,
        }
    )
