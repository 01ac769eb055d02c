"""Tracked connections, from `sys/net/netfilter` and `net/stat/nf_conntrack`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

STATS: Final = MappingProxyType(
    {
        "found": "Number of searched entries which were successful.",
        "invalid": "Number of packets seen which can not be tracked.",
        "ignore": "Number of packets seen which are already connected to a conntrack entry.",
        "insert": "Number of entries inserted into the list.",
        "insert_failed": "Number of entries for which list insertion was attempted but failed.",
        "drop": "Number of packets dropped due to conntrack failure.",
        "early_drop": "Entries given up early, to make room in a full table.",
        "search_restart": "Searches begun again, since the table was given another size meanwhile.",
    }
)


def parse(table: str) -> dict[str, float]:
    """Counts by name, summed over CPUs: a line of names above a line of hexadecimal numbers a CPU."""
    heads, *lines = table.splitlines()
    names = heads.split()
    rows = [dict(zip(names, line.split(), strict=False)) for line in lines]
    return {name: float(sum(int(row.get(name, "0"), 16) for row in rows)) for name in STATS}


def families(entries: float, limit: float, stats: dict[str, float]) -> list[Family]:
    return [
        reading.gauge(
            "node_nf_conntrack_entries",
            "Number of currently allocated flow entries for connection tracking.",
            entries,
        ),
        reading.gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.", limit),
        *(reading.gauge(f"node_nf_conntrack_stat_{name}", STATS[name], value) for name, value in stats.items()),
    ]


def read(machine: Machine) -> list[Family]:
    proc = machine.proc
    try:
        entries, limit = (float(proc.value(f"sys/net/netfilter/nf_conntrack_{name}")) for name in ("count", "max"))
        table = proc.text("net/stat/nf_conntrack")
    except FileNotFoundError:
        raise NoDataError("connections are not tracked here") from None
    return families(entries, limit, parse(table))
