"""What the CPUs are, from `cpuinfo`; for the cpu collector, which shows it where it is asked to."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions

LABELS: Final = MappingProxyType(
    {
        "cachesize": "cache size",
        "core": "core id",
        "cpu": "processor",
        "family": "cpu family",
        "microcode": "microcode",
        "model": "model",
        "model_name": "model name",
        "package": "physical id",
        "stepping": "stepping",
        "vendor": "vendor_id",
    }
)


def wanted(options: NodeOptions) -> bool:
    """A filter of flags or bugs asks for them too."""
    return options.cpu_info or bool(options.cpu_info_flags) or bool(options.cpu_info_bugs)


def parse(cpuinfo: str) -> list[dict[str, str]]:
    """The fields of each CPU; empty lines stand between them."""
    blocks = [block for block in cpuinfo.split("\n\n") if block.strip()]
    cpus = [
        {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in block.splitlines())}
        for block in blocks
    ]
    return [cpu for cpu in cpus if "processor" in cpu]


def families(cpus: list[dict[str, str]], flags: str, bugs: str) -> Iterable[Family]:
    """`flags` and `bugs` are patterns; of an empty one nothing is shown. Both are those of the first CPU."""
    rows = [({label: cpu.get(key, "") for label, key in LABELS.items()}, 1.0) for cpu in cpus]
    yield Family.of("node_cpu_info", MetricType.GAUGE, "CPU information from /proc/cpuinfo.", *rows)
    for field, label, pattern in (("flags", "flag", flags), ("bugs", "bug", bugs)):
        found = cpus[0].get(field, "").split() if cpus and pattern else []
        shown = [({label: one}, 1.0) for one in found if reading.matching(pattern)(one)]
        help_ = f"The `{field}` field of CPU information from /proc/cpuinfo taken from the first core."
        if shown:
            yield Family.of(f"node_cpu_{label}_info", MetricType.GAUGE, help_, *shown)


def read(machine: Machine) -> list[Family]:
    options = machine.options
    cpus = parse(machine.proc.text("cpuinfo"))
    return list(families(cpus, options.cpu_info_flags, options.cpu_info_bugs))
