"""Open file handles, from `sys/fs/file-nr`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def parse(file_nr: str) -> list[Family]:
    """Three numbers: allocated, free (always 0 since Linux 2.6), and the most there may be."""
    allocated, _, maximum = map(float, file_nr.split())
    return [
        reading.gauge("node_filefd_allocated", "File handles in use.", allocated),
        reading.gauge("node_filefd_maximum", "File handles that there may be.", maximum),
    ]


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "sys/fs/file-nr"))
