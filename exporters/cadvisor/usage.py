"""What one control group uses, read from the files of either version.

Whatever the kernel does not tell gives no sample. Limits that are none are 0, as cAdvisor has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from exporters.cadvisor.cgroups import Group, number
from exporters.cadvisor.sink import Of

_NANO: Final = 1e9
_MICRO: Final = 1e6
_TICKS: Final = 100.0
_UNLIMITED: Final = float(2**62)

Device = Callable[[str, str], str]
"""The name of a device by its two numbers, as `/dev/sda`."""


def specification(group: Group, found: Of) -> bool:
    """What the group may use at most; whether there is a quota of CPU time."""
    quota = 0.0
    if group.has("cpu"):
        quota, period, shares = _unified_cpu(group) if group.unified else _cpu(group)
        for name, value in (("period", period), ("shares", shares)):
            if value is not None:
                found.add(f"spec_cpu_{name}", value)
        if quota:
            found.add("spec_cpu_quota", quota)
    if group.has("memory"):
        files = (
            ("memory.max", "memory.swap.max", "memory.min")
            if group.unified
            else ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes")
        )
        for name, file in zip(("", "swap_", "reservation_"), files, strict=True):
            limit = group.number("memory", file)
            value = 0.0 if limit is None or limit > _UNLIMITED else limit
            found.add(f"spec_memory_{name}limit_bytes", value)
    return bool(quota)


def _cpu(group: Group) -> tuple[float, float | None, float | None]:
    quota = group.number("cpu", "cpu.cfs_quota_us") or 0.0
    return max(quota, 0.0), group.number("cpu", "cpu.cfs_period_us"), group.number("cpu", "cpu.shares")


def _unified_cpu(group: Group) -> tuple[float, float | None, float | None]:
    """Weights from 1 to 10000 are shown as the shares of version 1, from 2 to 262144."""
    quota, _, period = group.text("cpu", "cpu.max").strip().partition(" ")
    weight = group.number("cpu", "cpu.weight")
    shares = None if weight is None else float(int(2 + ((weight - 1) * 262142) / 9999))
    limit = number(quota)
    return 0.0 if limit is None or limit == float("inf") else limit, number(period), shares


def cpu(group: Group, found: Of, *, quota: bool) -> None:
    if group.unified:
        stat = group.table("cpu", "cpu.stat")
        used = {name: stat.get(f"{name}_usec") for name in ("usage", "user", "system")}
        seconds = {name: None if value is None else value / _MICRO for name, value in used.items()}
        throttled = stat.get("throttled_usec", 0.0) / _MICRO
        by_cpu: list[float] = []
    else:
        stat = group.table("cpu", "cpu.stat")
        throttled = stat.get("throttled_time", 0.0) / _NANO
        usage = group.number("cpuacct", "cpuacct.usage")
        ticks = group.table("cpuacct", "cpuacct.stat")
        seconds = {name: ticks[name] / _TICKS if name in ticks else None for name in ("user", "system")}
        seconds["usage"] = None if usage is None else usage / _NANO
        wanted = "percpu" in found.groups
        text = group.text("cpuacct", "cpuacct.usage_percpu") if wanted else ""
        by_cpu = [float(nanoseconds) / _NANO for nanoseconds in text.split()]
    for name in ("user", "system"):
        if (value := seconds[name]) is not None:
            found.add(f"cpu_{name}_seconds_total", value)
    if by_cpu:
        for place, value in enumerate(by_cpu):
            if value:
                found.add_of("cpu_usage_seconds_total", value, ("cpu", f"cpu{place:02d}"))
    elif (value := seconds["usage"]) is not None:
        found.add_of("cpu_usage_seconds_total", value, ("cpu", "total"))
    if quota:
        found.add("cpu_cfs_periods_total", stat.get("nr_periods", 0.0))
        found.add("cpu_cfs_throttled_periods_total", stat.get("nr_throttled", 0.0))
        found.add("cpu_cfs_throttled_seconds_total", throttled)


def memory(group: Group, found: Of) -> None:
    """The working set is what is in use without the part of the cache that is hardly used."""
    stat = group.table("memory", "memory.stat")
    if not stat:
        return
    unified = group.unified
    names = (
        {"rss": "anon", "cache": "file", "mapped_file": "file_mapped", "kernel_usage": "kernel"}
        if unified
        else {"rss": "total_rss", "cache": "total_cache", "mapped_file": "total_mapped_file", "swap": "total_swap"}
    )
    values = {name: stat.get(key) for name, key in names.items()}
    usage = group.number("memory", "memory.current" if unified else "memory.usage_in_bytes")
    if usage is None and unified:  # the root has no such file
        usage = stat.get("anon", 0.0) + stat.get("file", 0.0) + stat.get("kernel", 0.0)
    if usage is not None:
        values["usage_bytes"] = usage
        idle = stat.get("inactive_file" if unified else "total_inactive_file", 0.0)
        values["working_set_bytes"] = max(usage - idle, 0.0)
    if unified:
        values["swap"] = group.number("memory", "memory.swap.current")
        values["max_usage_bytes"] = group.number("memory", "memory.peak")
        values["failcnt"] = group.table("memory", "memory.events").get("max")
    else:
        values["max_usage_bytes"] = group.number("memory", "memory.max_usage_in_bytes")
        values["failcnt"] = group.number("memory", "memory.failcnt")
        values["kernel_usage"] = group.number("memory", "memory.kmem.usage_in_bytes")
    for name, value in values.items():
        if value is not None:
            found.add(f"memory_{name}", value)
    for key in ("pgfault", "pgmajfault"):
        for scope, shown in (("container", key), ("hierarchy", key if unified else f"total_{key}")):
            if shown in stat:
                found.add_of("memory_failures_total", stat[shown], ("failure_type", key), ("scope", scope))


def out_of_memory(group: Group, found: Of) -> None:
    events = group.table("memory", "memory.events" if group.unified else "memory.oom_control")
    if "oom_kill" in events:
        found.add("oom_events_total", events["oom_kill"])


def disks(group: Group, found: Of, device: Device) -> None:
    """Bytes and operations by device."""
    for number_, operation, size, count in _unified_disks(group) if group.unified else _disks(group):
        major, _, minor = number_.partition(":")
        label = ("device", device(major, minor))
        if size is not None:
            found.add_of(
                "blkio_device_usage_total", size, label, ("major", major), ("minor", minor), ("operation", operation)
            )
        verb = {"Read": "reads", "Write": "writes"}.get(operation)
        if verb is not None and group.path != "/":  # of the root the disks themselves tell
            if size is not None:
                found.add_of(f"fs_{verb}_bytes_total", size, label)
            if count is not None:
                found.add_of(f"fs_{verb}_total", count, label)


Operation = tuple[str, str, float | None, float | None]


def _unified_disks(group: Group) -> Iterator[Operation]:
    for line in group.text("io", "io.stat").splitlines():
        device, *fields = line.split()
        values = {key: float(value) for key, _, value in (field.partition("=") for field in fields) if value.isdigit()}
        for operation, letter in (("Read", "r"), ("Write", "w"), ("Discard", "d")):
            if f"{letter}bytes" in values:
                yield device, operation, values[f"{letter}bytes"], values.get(f"{letter}ios")


def _disks(group: Group) -> Iterator[Operation]:
    sizes, counts = (_by_operation(group, what) for what in ("service_bytes", "serviced"))
    for key in sizes | counts:
        yield *key, sizes.get(key), counts.get(key)


def _by_operation(group: Group, what: str) -> dict[tuple[str, str], float]:
    """From the scheduler's own count, or where it keeps none from that of limits."""
    for file in (f"blkio.bfq.io_{what}_recursive", f"blkio.io_{what}_recursive", f"blkio.throttle.io_{what}"):
        lines = [line.split() for line in group.text("blkio", file).splitlines()]
        found = {(words[0], words[1]): float(words[2]) for words in lines if len(words) == 3}
        if found:
            return found
    return {}


def pressure(group: Group, found: Of) -> None:
    """Version 2 alone tells, and only where the kernel keeps it."""
    if not group.unified:
        return
    for what in ("cpu", "memory", "io"):
        for line in group.text(what, f"{what}.pressure").splitlines():
            kind, _, rest = line.partition(" ")
            total = number(rest.rpartition("total=")[2])
            name = {"some": "waiting", "full": "stalled"}.get(kind)
            if total is not None and name is not None:
                found.add(f"pressure_{what}_{name}_seconds_total", total / _MICRO)


def rare(group: Group, found: Of) -> None:
    """Families that are off unless asked for, and read nothing where they are."""
    if "hugetlb" in found.groups:
        _huge_pages(group, found)
    if "memory_numa" in found.groups:
        _nodes(group, found)
    if "cpuset" in found.groups and (flag := group.number("cpuset", "cpuset.memory_migrate")) is not None:
        found.add("memory_migrate", flag)


def _huge_pages(group: Group, found: Of) -> None:
    for size in ("2MB", "1GB"):
        unified = group.unified
        usage = group.number("hugetlb", f"hugetlb.{size}.{'current' if unified else 'usage_in_bytes'}")
        if usage is None:
            continue
        label = ("pagesize", size)
        found.add_of("hugetlb_usage_bytes", usage, label)
        if unified:
            failed: float | None = group.table("hugetlb", f"hugetlb.{size}.events").get("max")
        else:
            failed = group.number("hugetlb", f"hugetlb.{size}.failcnt")
            most = group.number("hugetlb", f"hugetlb.{size}.max_usage_in_bytes")
            if most is not None:
                found.add_of("hugetlb_max_usage_bytes", most, label)
        if failed is not None:
            found.add_of("hugetlb_failcnt", failed, label)


def _nodes(group: Group, found: Of) -> None:
    """Version 1: `file=12 N0=10 N1=2` is of the container, `hierarchical_file=...` of all below too, in pages."""
    for line in group.text("memory", "memory.numa_stat").splitlines():
        head, *nodes = line.split()
        kind = head.partition("=")[0]
        scope = "hierarchy" if kind.startswith("hierarchical_") else "container"
        kind = kind.removeprefix("hierarchical_")
        if kind in ("file", "anon", "unevictable"):
            for node, _, pages in (field.partition("=") for field in nodes):
                labels = (("type", kind), ("scope", scope), ("node", node.removeprefix("N")))
                found.add_of("memory_numa_pages", float(pages), *labels)
