"""The kernel's pool of random bits, from `sys/kernel/random`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def families(available: str, size: str) -> list[Family]:
    return [
        reading.gauge("node_entropy_available_bits", "Random bits at hand.", float(available)),
        reading.gauge("node_entropy_pool_size_bits", "Random bits that fit.", float(size)),
    ]


def read(options: NodeOptions) -> list[Family]:
    folder = options.procfs / "sys/kernel/random"
    return families(reading.text(folder / "entropy_avail"), reading.text(folder / "poolsize"))
