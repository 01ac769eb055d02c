"""Boot time, context switches, forks, interrupts and the run queue, from `stat`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions

FIELDS: Final = MappingProxyType(
    {
        "btime": ("node_boot_time_seconds", MetricType.GAUGE, "When the machine booted, in Unix time."),
        "ctxt": ("node_context_switches_total", MetricType.COUNTER, "Context switches since boot."),
        "intr": ("node_intr_total", MetricType.COUNTER, "Interrupts serviced since boot."),
        "processes": ("node_forks_total", MetricType.COUNTER, "Forks since boot."),
        "procs_blocked": ("node_procs_blocked", MetricType.GAUGE, "Processes that wait for input or output."),
        "procs_running": ("node_procs_running", MetricType.GAUGE, "Processes that run or could."),
    }
)
VECTORS: Final = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")


def parse(stat: str, *, softirq: bool = False) -> list[Family]:
    families = []
    for line in stat.splitlines():
        key, *values = line.split()
        if key in FIELDS:
            name, type_, help_ = FIELDS[key]
            families.append(Family.of(name, type_, help_, ({}, float(values[0]))))
        elif key == "softirq" and softirq:
            families.append(_softirq(values[1:]))
    return families


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "stat"), softirq=options.stat_softirq)


def _softirq(counts: list[str]) -> Family:
    rows = [({"vector": vector}, float(count)) for vector, count in zip(VECTORS, counts, strict=False)]
    return Family.of("node_softirqs_total", MetricType.COUNTER, "Softirq calls by vector.", *rows)
