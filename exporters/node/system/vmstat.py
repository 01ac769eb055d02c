"""Paging and swapping, from `vmstat`; types are left open, since the file mixes counts and levels."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine


def parse(vmstat: str, fields: str) -> list[Family]:
    wanted = reading.matching(fields)
    return [
        reading.untyped(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", float(value))
        for name, _, value in (line.partition(" ") for line in vmstat.splitlines())
        if wanted(name)
    ]


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("vmstat"), machine.options.vmstat_fields)
