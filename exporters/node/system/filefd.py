"""Open file handles, from `sys/fs/file-nr`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine


def parse(file_nr: str) -> list[Family]:
    """Three numbers: allocated, free (always 0 since Linux 2.6), and the most there may be."""
    allocated, _, maximum = map(float, file_nr.split())
    return [
        reading.gauge("node_filefd_allocated", "File descriptor statistics: allocated.", allocated),
        reading.gauge("node_filefd_maximum", "File descriptor statistics: maximum.", maximum),
    ]


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.value("sys/fs/file-nr"))
