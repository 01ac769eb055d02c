"""Counters of the network protocols, from `net/netstat`, `net/snmp` and `net/snmp6`.

Their types are left open: some of the kernel's fields count, others gauge.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

Stats = dict[str, str]  # `Tcp_CurrEstab` and its like, to a number


def parse(table: str) -> Stats:
    """Pairs of lines: `Tcp: name name ...` above `Tcp: 1 2 ...`. Raises ValueError where they do not fit."""
    lines = table.splitlines()
    stats: Stats = {}
    for heads, counts in zip(lines[::2], lines[1::2], strict=True):
        names = _names(heads)
        again, *values = counts.split()
        if not heads.startswith(f"{again} "):
            raise ValueError(f"mismatched lines of {heads.partition(' ')[0]} and {again}")
        stats.update(zip(names, values, strict=True))
    return stats


@lru_cache(maxsize=64)
def _names(heads: str) -> tuple[str, ...]:
    protocol, *names = heads.split()
    return tuple(f"{protocol.removesuffix(':')}_{name}" for name in names)


def parse_snmp6(table: str) -> Stats:
    """One field a line, `Ip6InOctets 128`, its protocol up to and with the 6."""
    stats: Stats = {}
    for line in table.splitlines():
        name, value = line.split()
        protocol, six, field = name.partition("6")
        if six:
            stats[f"{protocol}6_{field}"] = value
    return stats


def families(stats: Stats, fields: str) -> Iterator[Family]:
    """Raises ValueError for a wanted field that is no number."""
    wanted = reading.matching(fields)
    for key, value in stats.items():
        if wanted(key):
            protocol, _, name = key.partition("_")
            yield reading.untyped(f"node_netstat_{key}", f"Statistic {protocol}{name}.", float(value))


def read(machine: Machine) -> list[Family]:
    proc = machine.proc
    stats = parse(proc.text("net/netstat")) | parse(proc.text("net/snmp"))
    with suppress(FileNotFoundError):  # it is missing where IPv6 is off
        stats |= parse_snmp6(proc.text("net/snmp6"))
    return list(families(stats, machine.options.netstat_fields))
