"""Tracked connections, from `sys/net/netfilter` and `net/stat/nf_conntrack`."""

from __future__ import annotations

from typing import Final

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.options import NodeOptions

STATS: Final = ("found", "invalid", "ignore", "insert", "insert_failed", "drop", "early_drop", "search_restart")


def parse(table: str) -> dict[str, float]:
    """Counts by name, summed over CPUs: a line of names above a line of hexadecimal numbers a CPU."""
    heads, *lines = table.splitlines()
    names = heads.split()
    rows = [dict(zip(names, line.split(), strict=False)) for line in lines]
    return {name: float(sum(int(row.get(name, "0"), 16) for row in rows)) for name in STATS}


def families(entries: float, limit: float, stats: dict[str, float]) -> list[Family]:
    return [
        reading.gauge("node_nf_conntrack_entries", "Connections tracked.", entries),
        reading.gauge("node_nf_conntrack_entries_limit", "Connections that may be tracked.", limit),
        *(
            reading.gauge(f"node_nf_conntrack_stat_{name}", f"{name} as connection tracking counts it.", value)
            for name, value in stats.items()
        ),
    ]


def read(options: NodeOptions) -> list[Family]:
    settings = options.procfs / "sys/net/netfilter"
    try:
        entries, limit = (float(reading.text(settings / f"nf_conntrack_{name}").strip()) for name in ("count", "max"))
        table = reading.text(options.procfs / "net/stat/nf_conntrack")
    except FileNotFoundError:
        raise NoDataError("connections are not tracked here") from None
    return families(entries, limit, parse(table))
