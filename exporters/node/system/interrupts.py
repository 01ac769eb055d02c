"""How often each interrupt came to each CPU, from `interrupts`."""

from __future__ import annotations

from exporters.exposition.families import Family, MetricType
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine


def parse(interrupts: str) -> list[Family]:
    """A line an interrupt: its number or name, a count a CPU, what it is. Lines of fewer fields are passed over."""
    head, *lines = interrupts.splitlines() or [""]
    cpus = len(head.split())
    family = Family("node_interrupts_total", MetricType.COUNTER, "Interrupt details.")
    for fields in map(str.split, lines):
        if len(fields) < cpus + 2:
            continue
        name, counts, rest = fields[0].removesuffix(":"), fields[1 : cpus + 1], fields[cpus + 1 :]
        by_device = name.isdigit()
        info, devices = (rest[0], " ".join(rest[1:])) if by_device else (" ".join(rest), "")
        for cpu, count in enumerate(counts):
            labels = (("cpu", str(cpu)), ("devices", devices), ("info", info), ("type", name))
            family.add(float(count), labels)
    if not cpus:
        raise NoDataError("the kernel tells no interrupts here")
    return [family]


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("interrupts"))
