"""The processes of a control group: how many, and what they hold open. Read only where that is asked for."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from exporters.cadvisor.cgroups import Group
from exporters.cadvisor.sink import Of
from exporters.kernel import Tree


def identifiers(group: Group) -> list[str]:
    """Of the processes that are in the group itself, from whichever controller knows them."""
    for controller in ("pids", "memory", "cpu", "cpuacct", "blkio", "cpuset"):
        if group.has(controller):
            return group.text(controller, "cgroup.procs").split()
    return []


def held(proc: Tree, group: Group, processes: Sequence[str], found: Of) -> None:
    found.add("processes", float(len(processes)))
    threads, most = group.number("pids", "pids.current"), group.number("pids", "pids.max")
    if threads is not None:
        found.add("threads", threads)
    if most is not None:
        found.add("threads_max", 0.0 if most == float("inf") else most)
    files = sockets = 0
    for process in processes:
        links = _links(proc, process)
        files += len(links)
        sockets += sum(link.startswith("socket:") for link in links)
    found.add("file_descriptors", float(files))
    found.add("sockets", float(sockets))
    for process in processes[:1]:
        with suppress(OSError):
            _limits(proc.text(f"{process}/limits"), found)


def schedule(proc: Tree, processes: Sequence[str], found: Of) -> None:
    """Nanoseconds run and waited for, and times run, of all processes together."""
    totals = [0.0, 0.0, 0.0]
    for process in processes:
        with suppress(OSError):
            numbers = proc.value(f"{process}/schedstat").split()
            totals = [total + float(number) for total, number in zip(totals, numbers, strict=False)]
    for name, value in zip(("run_seconds", "runqueue_seconds", "run_periods"), totals, strict=True):
        found.add(f"cpu_schedstat_{name}_total", value if name == "run_periods" else value / 1e9)


def _links(proc: Tree, process: str) -> list[str]:
    links = []
    for name in proc.names_or_none(f"{process}/fd"):
        with suppress(OSError):
            links.append(os.readlink(proc.path(f"{process}/fd/{name}")))  # noqa: PTH115 - a Path costs more
    return links


def _limits(limits: str, found: Of) -> None:
    for line in limits.splitlines():
        if line.startswith("Max open files"):
            soft = line.removeprefix("Max open files").split()[0]
            value = -1.0 if soft == "unlimited" else float(soft)
            found.add_of("ulimits_soft", value, ("ulimit", "max_open_files"))
