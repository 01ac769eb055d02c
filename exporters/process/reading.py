"""One process, from its folder below procfs."""

from __future__ import annotations

import pwd
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from msgspec import Struct

from exporters.kernel import Tree

_TICKS: Final = 100.0  # USER_HZ, fixed in the kernel's interface
STATES: Final = MappingProxyType({"R": "Running", "S": "Sleeping", "D": "Waiting", "Z": "Zombie"})
OTHER: Final = "Other"


class Process(Struct, frozen=True):
    """What it is. `started` is in ticks since the machine's start: with `pid` it says which process this is."""

    pid: int
    parent: int
    started: int
    comm: str
    argv: tuple[str, ...]
    user: str


class Counts(NamedTuple):
    """What only grows: seconds, bytes, numbers."""

    user: float = 0.0
    system: float = 0.0
    read_bytes: float = 0.0
    write_bytes: float = 0.0
    major_faults: float = 0.0
    minor_faults: float = 0.0
    voluntary: float = 0.0
    nonvoluntary: float = 0.0

    def plus(self, other: Counts) -> Counts:
        return Counts(*map(float.__add__, self, other))


class Stat(NamedTuple):
    """The file `stat` of a process or a thread: bytes, and `state` as one of STATES or OTHER."""

    comm: str
    parent: int
    state: str
    counts: Counts
    threads: int
    started: int
    virtual: float
    resident: float


class Held(Struct, frozen=True):
    """What a process holds now. `swapped` is in bytes; `most_files` is 0 where there is no limit or none is told."""

    swapped: float
    files: int
    most_files: float


def processes(proc: Tree) -> Iterator[int]:
    for name in proc.names(""):
        if name.isdecimal():
            yield int(name)


def stat(proc: Tree, folder: str, page_size: int) -> Stat:
    """Raises OSError where it has gone, ValueError."""
    head, _, rest = proc.value(f"{folder}/stat").rpartition(")")
    fields = rest.split()
    counts = Counts(
        user=float(fields[11]) / _TICKS,
        system=float(fields[12]) / _TICKS,
        minor_faults=float(fields[7]),
        major_faults=float(fields[9]),
    )
    return Stat(
        comm=head.partition("(")[2],
        parent=int(fields[1]),
        state=STATES.get(fields[0], OTHER),
        counts=counts,
        threads=int(fields[17]),
        started=int(fields[19]),
        virtual=float(fields[20]),
        resident=float(fields[21]) * page_size,
    )


def known(proc: Tree, pid: int, found: Stat) -> Process:
    """What does not change while it runs, unless it becomes another program. Raises OSError."""
    line = proc.text(f"{pid}/cmdline")
    argv = tuple(part for part in line.split("\0") if part)
    owner = table(proc.text(f"{pid}/status")).get("Uid", "0").split()
    return Process(pid, found.parent, found.started, found.comm, argv, _user(int(owner[1] if len(owner) > 1 else 0)))


def further(proc: Tree, folder: str, counts: Counts) -> tuple[Counts, bool]:
    """The same with switches and bytes; whether all could be read: only its own user and root may read bytes."""
    status = table(proc.text(f"{folder}/status"))
    whole = True
    sizes: dict[str, str] = {}
    try:
        sizes = table(proc.text(f"{folder}/io"))
    except OSError:
        whole = False
    more = counts._replace(
        voluntary=float(status.get("voluntary_ctxt_switches", 0)),
        nonvoluntary=float(status.get("nonvoluntary_ctxt_switches", 0)),
        read_bytes=float(sizes.get("read_bytes", 0)),
        write_bytes=float(sizes.get("write_bytes", 0)),
    )
    return more, whole


def held(proc: Tree, pid: int) -> Held:
    """Raises OSError where it has gone, or what it has open is kept from us."""
    swapped = table(proc.text(f"{pid}/status")).get("VmSwap", "0").split()[0]
    return Held(float(swapped) * 1024, len(proc.names(f"{pid}/fd")), _limit(proc.text(f"{pid}/limits")))


def proportional(proc: Tree, pid: int) -> tuple[float, float]:
    """Bytes in memory and swapped out, those that are shared divided by how many share them. Raises OSError."""
    found = table(proc.text(f"{pid}/smaps_rollup"))
    sizes = (float(found.get(key, "0").split()[0]) * 1024 for key in ("Pss", "SwapPss"))
    resident, swapped = sizes
    return resident, swapped


def table(text: str) -> dict[str, str]:
    """Lines of a name, a colon and a text."""
    return {key: value.strip() for key, colon, value in (line.partition(":") for line in text.splitlines()) if colon}


def _limit(limits: str) -> float:
    for line in limits.splitlines():
        if line.startswith("Max open files"):
            with suppress(ValueError):
                return float(line.removeprefix("Max open files").split()[0])
    return 0.0


@lru_cache(maxsize=256)
def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
