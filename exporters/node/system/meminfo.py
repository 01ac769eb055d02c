"""Memory, from `meminfo`: every line becomes a gauge, `Active(anon):  12 kB` being `node_memory_Active_anon_bytes`."""

from __future__ import annotations

from functools import cache

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine


def parse(meminfo: str) -> list[Family]:
    families = []
    for line in meminfo.splitlines():
        match line.split():
            case [key, value, "kB"]:
                families.append(field(f"{_name(key)}_bytes", float(value) * 1024))
            case [key, value]:
                families.append(field(_name(key), float(value)))
            case []:
                continue
            case _:
                raise ValueError(f"invalid line in meminfo: {line}")
    return families


def read(machine: Machine) -> list[Family]:
    return parse(machine.proc.text("meminfo"))


@cache
def _name(key: str) -> str:
    return key.removesuffix(":").replace("(", "_").replace(")", "")


def field(key: str, value: float) -> Family:
    """`MemTotal_bytes` and its like."""
    return reading.gauge(f"node_memory_{key}", f"Memory information field {key}.", value)
