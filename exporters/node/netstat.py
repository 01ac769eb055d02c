"""Counters of the network protocols, from `net/netstat`, `net/snmp` and `net/snmp6`.

Their types are left open: some of the kernel's fields count, others gauge.
"""

from __future__ import annotations

from engine.foundation.regexes import Regex
from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.options import NodeOptions

Stats = dict[str, float]  # `Tcp_CurrEstab` and its like


def parse(table: str) -> Stats:
    """Pairs of lines: `Tcp: name name ...` above `Tcp: 1 2 ...`. Raises ValueError where they do not fit."""
    lines = table.splitlines()
    stats: Stats = {}
    for heads, counts in zip(lines[::2], lines[1::2], strict=True):
        protocol, *names = heads.split()
        again, *values = counts.split()
        if protocol != again:
            raise ValueError(f"mismatched lines of {protocol} and {again}")
        stats.update(
            (f"{protocol.removesuffix(':')}_{name}", float(value)) for name, value in zip(names, values, strict=True)
        )
    return stats


def parse_snmp6(table: str) -> Stats:
    """One field a line, `Ip6InOctets 128`, its protocol up to and with the 6."""
    stats: Stats = {}
    for line in table.splitlines():
        name, value = line.split()
        protocol, six, field = name.partition("6")
        if six:
            stats[f"{protocol}6_{field}"] = float(value)
    return stats


def families(stats: Stats, fields: str) -> list[Family]:
    wanted = Regex(fields, anchored=False)
    return [
        reading.untyped(f"node_netstat_{key}", f"{key} as the kernel counts it.", value)
        for key, value in stats.items()
        if wanted.matches(key)
    ]


def read(options: NodeOptions) -> list[Family]:
    net = options.procfs / "net"
    stats = parse(reading.text(net / "netstat")) | parse(reading.text(net / "snmp"))
    if (net / "snmp6").exists():  # it is missing where IPv6 is off
        stats |= parse_snmp6(reading.text(net / "snmp6"))
    return families(stats, options.netstat_fields)
