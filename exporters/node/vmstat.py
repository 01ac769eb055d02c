"""Paging and swapping, from `vmstat`; types are left open, since the file mixes counts and levels."""

from __future__ import annotations

from engine.foundation.regexes import Regex
from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def parse(vmstat: str, fields: str) -> list[Family]:
    wanted = Regex(fields, anchored=False)
    return [
        reading.untyped(f"node_vmstat_{name}", f"{name} in the kernel's table of virtual memory.", float(value))
        for name, value in map(str.split, vmstat.splitlines())
        if wanted.matches(name)
    ]


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "vmstat"), options.vmstat_fields)
