"""Energy used by parts of the processor, from `/sys/class/powercap`."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from typing import Final

from engine.foundation.regexes import Regex
from exporters.exposition.families import Family
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

_POWERCAP: Final = "class/powercap"
_MICRO: Final = 1e6
_NOT_IN_NAMES: Final = Regex("[^a-zA-Z0-9_]", anchored=False)


def zones(sysfs: Tree) -> Iterator[tuple[str, str, str]]:
    """Folder, name and index of each: `dram-1` has its index in its name, others of one name are counted."""
    seen: Counter[str] = Counter()
    for folder in sysfs.names(_POWERCAP):
        path = f"{_POWERCAP}/{folder}"
        written = sysfs.value_or_none(f"{path}/name")
        if written is None:
            continue
        name, dash, index = written.partition("-")
        numbered = bool(dash) and index.isdecimal()
        name = name if numbered else written
        place = int(index) if numbered else seen[name]
        seen[name] = place + 1
        yield path, name, str(place)


def read(machine: Machine) -> list[Family]:
    """Raises NoDataError where it is kept from us, as from all but root."""
    found = reading.Gathered()
    sysfs, by_label = machine.sys, machine.options.rapl_zone_label
    for path, name, index in zones(sysfs):
        try:
            joules = float(sysfs.value(f"{path}/energy_uj")) / _MICRO
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise NoDataError("only root may read how much energy is used") from None
            raise
        where = {"index": index, "path": sysfs.path(path)}
        if by_label:
            found.counter("node_rapl_joules_total", "Current RAPL value in joules", joules, rapl_zone=name, **where)
        else:
            family = f"node_rapl_{_NOT_IN_NAMES.replace_all(name, '_')}_joules_total"
            found.counter(family, f"Current RAPL {name} value in joules", joules, **where)
    return found.all()
