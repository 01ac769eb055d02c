"""Seconds that each CPU ran processes and that processes waited for it, from `schedstat`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family, MetricType, Sample
from exporters.node.machine import Machine

_NANO: Final = 1e9
_FIELDS: Final = (  # column, family, unit, help
    (7, "node_schedstat_running_seconds_total", _NANO, "Number of seconds CPU spent running a process."),
    (8, "node_schedstat_waiting_seconds_total", _NANO, "Number of seconds spent by processing waiting for this CPU."),
    (9, "node_schedstat_timeslices_total", 1.0, "Number of timeslices executed by CPU."),
)


def parse(schedstat: str) -> list[Family]:
    """The lines `cpuN` and nine numbers; those of scheduling domains are passed over."""
    lines = [line.split() for line in schedstat.splitlines() if line.startswith("cpu")]
    found = [fields for fields in lines if len(fields) >= 10]
    return [
        Family(
            name,
            MetricType.COUNTER,
            help_,
            [Sample(name, (("cpu", fields[0][3:]),), float(fields[column]) / unit) for fields in found],
        )
        for column, name, unit, help_ in _FIELDS
        if found
    ]


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("schedstat"))
