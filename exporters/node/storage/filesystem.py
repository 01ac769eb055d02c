"""Space and file nodes of mounted file systems, from the mount table and one `statvfs` each.

The table is that of process 1, so that a container sees the host's. A mount that can't be asked, or does not answer
in time, shows only `node_filesystem_device_error` 1. The same device, type and mount point twice counts once.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from msgspec import Struct

from exporters.exposition.families import Family, MetricType
from exporters.kernel import Tree
from exporters.node import reading
from exporters.node.machine import Machine
from exporters.node.options import NodeOptions

_ESCAPES: Final = ((r"\040", " "), (r"\011", "\t"), (r"\012", "\n"), (r"\134", "\\"))
HELP: Final = MappingProxyType(
    {
        "node_filesystem_avail_bytes": "Filesystem space available to non-root users in bytes.",
        "node_filesystem_device_error": "Whether an error occurred while getting statistics for the given device.",
        "node_filesystem_files": "Filesystem total file nodes.",
        "node_filesystem_files_free": "Filesystem total free file nodes.",
        "node_filesystem_free_bytes": "Filesystem free space in bytes.",
        "node_filesystem_readonly": "Filesystem read-only status.",
        "node_filesystem_size_bytes": "Filesystem size in bytes.",
    }
)


class Mount(Struct, frozen=True):
    """`point` is as labels show it: without the prefix of `--path.rootfs`."""

    device: str
    point: str
    type: str
    readonly: bool

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        return (("device", self.device), ("fstype", self.type), ("mountpoint", self.point))


class Usage(Struct, frozen=True):
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
    point = reading.device_filter(options.mount_points_exclude)
    type_ = reading.device_filter(options.fs_types_exclude)
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

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._rootfs = str(machine.options.rootfs)
        self._ask = Patience(ask, machine.options.mount_timeout_seconds)

    def read(self) -> list[Family]:
        mounts = select(parse(table(self._machine.proc), self._rootfs), self._machine.options)
        root = self._rootfs.rstrip("/")
        return families(mounts, lambda mount: self._ask(root + mount.point))


def table(proc: Tree) -> str:
    """The mounts of process 1, or else our own: another user's are hidden where procfs is mounted with hidepid."""
    try:
        return proc.text("1/mounts")
    except OSError:
        return proc.text("mounts")


class _Question:
    """About one path; `answers` gets one answer, now or much later."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.answers: SimpleQueue[Usage | OSError] = SimpleQueue()


_Questions: TypeAlias = "SimpleQueue[_Question | None]"


class Patience:
    """Asks with a limit to the waiting: a network's file system may never answer, and nothing can break off the call.

    So a thread of its own asks. One that is late is left alone, with another in its place, and the path counts as
    stuck, without another question, until the answer comes.
    """

    def __init__(self, ask: Callable[[str], Usage], timeout_seconds: float) -> None:
        self._ask = ask
        self._timeout = timeout_seconds
        self._stuck: dict[str, _Question] = {}
        self._questions: _Questions | None = None
        weakref.finalize(self, _end, vars(self))

    def __call__(self, path: str) -> Usage:
        """Raises OSError: the file system's own, or TimeoutError."""
        late = self._stuck.get(path)
        if late is not None:
            if late.answers.empty():
                raise TimeoutError(f"{path} does not answer")
            del self._stuck[path]
        question = _Question(path)
        self._thread().put(question)
        try:
            answer = question.answers.get(timeout=self._timeout)
        except Empty:
            self._stuck[path] = question
            _end(vars(self))
            raise TimeoutError(f"{path} does not answer") from None
        if isinstance(answer, OSError):
            raise answer
        return answer

    def _thread(self) -> _Questions:
        if self._questions is None:
            self._questions = SimpleQueue()
            Thread(target=_answer, args=(self._questions, self._ask), name="statvfs", daemon=True).start()
        return self._questions


def _answer(questions: _Questions, ask: Callable[[str], Usage]) -> None:
    while (question := questions.get()) is not None:
        try:
            question.answers.put(ask(question.path))
        except OSError as error:
            question.answers.put(error)


def _end(state: dict[str, Any]) -> None:
    """Let the thread go, once it is back."""
    if (questions := state["_questions"]) is not None:
        questions.put(None)
        state["_questions"] = None


def ask(path: str) -> Usage:
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
