"""The machine's own name and kernel, as labels of a constant."""

from __future__ import annotations

import os
from pathlib import Path

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions


def families(labels: dict[str, str]) -> list[Family]:
    return [Family.of("node_uname_info", MetricType.GAUGE, "What the uname call says, as labels.", (labels, 1.0))]


def read(options: NodeOptions) -> list[Family]:
    """From the system call; the domain, which Python's call leaves out, from procfs."""
    return families(_labels(options.procfs))


def _labels(procfs: Path) -> dict[str, str]:
    system = os.uname()
    return {
        "domainname": reading.text_or_none(procfs / "sys/kernel/domainname") or "",
        "machine": system.machine,
        "nodename": system.nodename,
        "release": system.release,
        "sysname": system.sysname,
        "version": system.version,
    }
