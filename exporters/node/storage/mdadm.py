"""Software arrays, from `mdstat`.

An array is a line that names it, one of its size and disks, and where it is made anew or checked a line of progress:

    md3 : active raid6 sda1[8] sdb1[7](F) sdc1[0](S)
          5853468288 blocks super 1.2 level 6, 64k chunk, algorithm 2 [8/7] [UUUUUUU_]
          [=>...................]  recovery =  8.5% (16775552/195310144) finish=17.0min speed=259783K/sec
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from exporters.exposition.families import Family
from exporters.node import reading
from exporters.node.machine import Machine

_DISKS: Final = re.compile(r"\[(\d+)/(\d+)\]", re.ASCII)  # noqa: TID251 - ours, linear
_PROGRESS: Final = re.compile(r"\((\d+)/\d+\)", re.ASCII)  # noqa: TID251 - ours, linear
_HEADS: Final = ("Personalities", "unused", " ")
STATES: Final = ("active", "inactive", "recovering", "resync", "check")
_WORK: Final = (("recovery", "recovering"), ("check", "check"), ("resync", "resync"))


class Array(Struct, frozen=True):
    """Blocks are of 1 KiB."""

    device: str
    state: str
    required: int
    active: int
    failed: int
    spare: int
    blocks: int
    synced: int


def parse(mdstat: str) -> Iterator[Array]:
    """Raises ValueError for a line that is none."""
    lines = mdstat.split("\n")
    for place, line in enumerate(lines):
        if not line.strip() or line.startswith(_HEADS):
            continue
        if len(line.split()) < 3 or len(lines) < place + 4:
            raise ValueError(f"invalid line in mdstat: {line}")
        progress = lines[place + 3] if "bitmap" in lines[place + 2] else lines[place + 2]
        yield _array(line, lines[place + 1], progress)


def _array(line: str, size: str, progress: str) -> Array:
    device, _, state, *_ = line.split()
    blocks = int(size.split(maxsplit=1)[0])
    active, required = _disks(line, size)
    synced = blocks
    for word, named in _WORK:
        if word in progress:
            state = named
            synced = 0 if "PENDING" in progress or "DELAYED" in progress else _synced(progress)
            break
    return Array(device, state, required, active, line.count("(F)"), line.count("(S)"), blocks, synced)


def _disks(line: str, size: str) -> tuple[int, int]:
    """Those that work, and those that there must be."""
    if "raid0" in line or "linear" in line:
        return line.count("["), line.count("[")
    if "inactive" in line:
        return 0, 0
    found = _DISKS.search(size)
    if found is None:
        raise ValueError(f"no disks in a line of mdstat: {size}")
    return int(found[2]), int(found[1])


def _synced(progress: str) -> int:
    found = _PROGRESS.search(progress)
    if found is None:
        raise ValueError(f"no blocks in a line of mdstat: {progress}")
    return int(found[1])


def read(machine: Machine) -> list[Family]:
    """Raises FileNotFoundError where there are no arrays."""
    found = reading.Gathered()
    for array in parse(machine.proc.text("mdstat")):
        device = array.device
        found.gauge("node_md_disks_required", "Total number of disks of device.", array.required, device=device)
        for state in ("active", "failed", "spare"):
            help_ = "Number of active/failed/spare disks of device."
            found.gauge("node_md_disks", help_, getattr(array, state), device=device, state=state)
        for state in STATES:
            is_so = float(state == array.state)
            found.gauge("node_md_state", "Indicates the state of md-device.", is_so, device=device, state=state)
        found.gauge("node_md_blocks", "Total number of blocks on device.", array.blocks, device=device)
        found.gauge("node_md_blocks_synced", "Number of blocks synced on device.", array.synced, device=device)
    return found.all()
