"""Space and file nodes of mounted file systems, from the mount table and one `statvfs` each.

The table is that of process 1, so that a container sees the host's. A mount that can't be asked, or does not answer
in time, shows only `node_filesystem_device_error` 1. The same device, type and mount point twice counts once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from types import MappingProxyType
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node import reading
from exporters.node.options import NodeOptions

_ESCAPES: Final = ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\"))
HELP: Final = MappingProxyType(
    {
        "node_filesystem_avail_bytes": "Bytes free for users without special rights.",
        "node_filesystem_device_error": "Whether the file system could not be asked.",
        "node_filesystem_files": "File nodes in total.",
        "node_filesystem_files_free": "File nodes that are free.",
        "node_filesystem_free_bytes": "Bytes that are free.",
        "node_filesystem_readonly": "Whether the file system is mounted read-only.",
        "node_filesystem_size_bytes": "Size in bytes.",
    }
)


@dataclass(frozen=True, slots=True)
class Mount:
    """`point` is as labels show it: without the prefix of `--path.rootfs`."""

    device: str
    point: str
    type: str
    readonly: bool

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        return (("device", self.device), ("fstype", self.type), ("mountpoint", self.point))


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes and file nodes."""

    size: float
    free: float
    available: float
    files: float
    files_free: float


def parse(mounts: str, rootfs: str = "/") -> list[Mount]:
    """The mount table. Raises ValueError for a line that is none."""
    found = []
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 4:
            raise ValueError(f"malformed mount point information: {line!r}")
        device, point, type_, options = fields[:4]
        found.append(Mount(_unescape(device), _strip(_unescape(point), rootfs), type_, "ro" in options.split(",")))
    return found


def select(mounts: Iterable[Mount], options: NodeOptions) -> Iterator[Mount]:
    """Those that the patterns leave, each once."""
    point = reading.device_filter(options.mount_points_exclude, "")
    type_ = reading.device_filter(options.fs_types_exclude, "")
    seen: set[tuple[str, str, str]] = set()
    for mount in mounts:
        key = (mount.device, mount.point, mount.type)
        if key not in seen and point(mount.point) and type_(mount.type):
            seen.add(key)
            yield mount


def families(mounts: Iterable[Mount], usage: Callable[[Mount], Usage]) -> list[Family]:
    """`usage` raises OSError for a file system that does not answer."""
    table = {name: Family(name, MetricType.GAUGE, help_) for name, help_ in HELP.items()}
    for mount in mounts:
        try:
            found = usage(mount)
        except OSError:
            table["node_filesystem_device_error"].add(1.0, mount.labels)
            continue
        table["node_filesystem_device_error"].add(0.0, mount.labels)
        table["node_filesystem_size_bytes"].add(found.size, mount.labels)
        table["node_filesystem_free_bytes"].add(found.free, mount.labels)
        table["node_filesystem_avail_bytes"].add(found.available, mount.labels)
        table["node_filesystem_files"].add(found.files, mount.labels)
        table["node_filesystem_files_free"].add(found.files_free, mount.labels)
        table["node_filesystem_readonly"].add(float(mount.readonly), mount.labels)
    return [family for family in table.values() if family.samples]


class Filesystems:
    """Remembers which mounts are stuck."""

    def __init__(self, options: NodeOptions) -> None:
        self._options = options
        self._ask = Patience(ask, options.mount_timeout_seconds)

    def read(self) -> list[Family]:
        procfs, rootfs = self._options.procfs, self._options.rootfs
        try:
            table = reading.text(procfs / "1/mounts")
        except OSError:  # another user's process 1 is hidden where /proc is mounted with hidepid
            table = reading.text(procfs / "mounts")
        mounts = select(parse(table, str(rootfs)), self._options)
        return families(mounts, lambda mount: self._ask(rootfs / mount.point.lstrip("/")))


class Patience:
    """Asks with a limit to the waiting: a network's file system may never answer, and nothing can break off the call.

    So each question has a thread of its own. One that is late is left alone, and its path counts as stuck, without
    another question, until it comes back.
    """

    def __init__(self, ask: Callable[[Path], Usage], timeout_seconds: float) -> None:
        self._ask = ask
        self._timeout = timeout_seconds
        self._stuck: dict[Path, Thread] = {}

    def __call__(self, path: Path) -> Usage:
        """Raises OSError: the file system's own, or TimeoutError."""
        late = self._stuck.pop(path, None)
        answer: list[Usage | OSError] = []
        thread = late if late is not None and late.is_alive() else self._start(path, answer)
        thread.join(0 if thread is late else self._timeout)
        if not answer:
            self._stuck[path] = thread
            raise TimeoutError(f"{path} does not answer")
        if isinstance(answer[0], OSError):
            raise answer[0]
        return answer[0]

    def _start(self, path: Path, answer: list[Usage | OSError]) -> Thread:
        def run() -> None:
            try:
                answer.append(self._ask(path))
            except OSError as error:
                answer.append(error)

        thread = Thread(target=run, name=f"statvfs {path}", daemon=True)
        thread.start()
        return thread


def ask(path: Path) -> Usage:
    """Raises OSError. Blocks are counted in `f_bsize` here, as the kernel's own call has it."""
    found = os.statvfs(path)
    block = float(found.f_bsize)
    return Usage(
        size=found.f_blocks * block,
        free=found.f_bfree * block,
        available=found.f_bavail * block,
        files=float(found.f_files),
        files_free=float(found.f_ffree),
    )


def _unescape(field: str) -> str:
    for escape, char in _ESCAPES:
        field = field.replace(escape, char)
    return field


def _strip(point: str, rootfs: str) -> str:
    return point if rootfs == "/" else point.removeprefix(rootfs) or "/"
