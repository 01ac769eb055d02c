"""Boot time, context switches, forks, interrupts and the run queue, from `stat`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.machine import Machine

FIELDS: Final = MappingProxyType(
    {
        "btime": ("node_boot_time_seconds", MetricType.GAUGE, "Node boot time, in unixtime."),
        "ctxt": ("node_context_switches_total", MetricType.COUNTER, "Total number of context switches."),
        "intr": ("node_intr_total", MetricType.COUNTER, "Total number of interrupts serviced."),
        "processes": ("node_forks_total", MetricType.COUNTER, "Total number of forks."),
        "procs_blocked": (
            "node_procs_blocked",
            MetricType.GAUGE,
            "Number of processes blocked waiting for I/O to complete.",
        ),
        "procs_running": ("node_procs_running", MetricType.GAUGE, "Number of processes in runnable state."),
    }
)
VECTORS: Final = ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")


def parse(stat: str, *, softirq: bool = False) -> list[Family]:
    families = []
    for line in stat.splitlines():
        key, _, values = line.partition(" ")
        if key in FIELDS:
            name, type_, help_ = FIELDS[key]
            families.append(Family.of(name, type_, help_, ({}, float(values.split(None, 1)[0]))))
        elif key == "softirq" and softirq:
            families.append(_softirq(values.split()[1:]))
    return families


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("stat"), softirq=machine.options.stat_softirq)


def _softirq(counts: list[str]) -> Family:
    rows = [({"vector": vector}, float(count)) for vector, count in zip(VECTORS, counts, strict=False)]
    return Family.of("node_softirqs_total", MetricType.COUNTER, "Number of softirq calls.", *rows)
