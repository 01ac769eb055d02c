"""Memory, from `meminfo`: every line becomes a gauge, `Active(anon):  12 kB` being `node_memory_Active_anon_bytes`."""

from __future__ import annotations

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions


def parse(meminfo: str) -> list[Family]:
    families = []
    for line in meminfo.splitlines():
        match line.split():
            case [key, value]:
                families.append(_field(_name(key), float(value)))
            case [key, value, "kB"]:
                families.append(_field(f"{_name(key)}_bytes", float(value) * 1024))
            case []:
                continue
            case _:
                raise ValueError(f"invalid line in meminfo: {line}")
    return families


def read(options: NodeOptions) -> list[Family]:
    return parse(reading.text(options.procfs / "meminfo"))


def _name(key: str) -> str:
    return key.removesuffix(":").replace("(", "_").replace(")", "")


def _field(key: str, value: float) -> Family:
    return reading.gauge(f"node_memory_{key}", f"{key} in the kernel's memory table.", value)
