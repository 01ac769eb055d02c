"""The kernel's pool of random bits, from `sys/kernel/random`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine


def families(available: str, size: str) -> list[Family]:
    return [
        reading.gauge("node_entropy_available_bits", "Bits of available entropy.", float(available)),
        reading.gauge("node_entropy_pool_size_bits", "Bits of entropy pool.", float(size)),
    ]


def read(machine: Machine) -> list[Family]:
    folder = "sys/kernel/random"
    return families(machine.proc.value(f"{folder}/entropy_avail"), machine.proc.value(f"{folder}/poolsize"))
