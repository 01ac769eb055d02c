"""TCP sockets by state, and the bytes that wait in them, from `net/tcp` and `net/tcp6`.

The original asks the kernel for the same by netlink; the files say it without a socket.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

STATES: Final = (
    "established", "syn_sent", "syn_recv", "fin_wait1", "fin_wait2", "time_wait", "close", "close_wait", "last_ack",
    "listen", "closing",
)  # fmt: skip
"""As the kernel numbers them, from 1 on."""


def families(tables: Iterable[str]) -> list[Family]:
    counts = Counter(tx_queued_bytes=0, rx_queued_bytes=0)
    for table in tables:
        for fields in map(str.split, table.splitlines()[1:]):
            number = int(fields[3], 16)
            if 1 <= number <= len(STATES):
                counts[STATES[number - 1]] += 1
            sent, _, received = fields[4].partition(":")
            counts["tx_queued_bytes"] += int(sent, 16)
            counts["rx_queued_bytes"] += int(received, 16)
    family = Family("node_tcp_connection_states", MetricType.GAUGE, "Number of connection states.")
    for state, count in sorted(counts.items()):
        family.add(float(count), (("state", state),))
    return [family]


def read(machine: Machine) -> list[Family]:
    tables = []
    for file in ("net/tcp", "net/tcp6"):
        with suppress(FileNotFoundError):
            tables.append(machine.proc.text(file))
    if not tables:
        raise NoDataError("there is no TCP here")
    return families(tables)
