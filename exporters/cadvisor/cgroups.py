"""The trees of control groups: which there are, and where each keeps what it says.

Version 1 has a tree for each controller (or for several, as `cpu,cpuacct`), version 2 has one. A container is a path in
them, `/docker/0a1b...` or `/system.slice/ssh.service`, in as many of the trees as know it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from exporters.kernel import Tree

CONTROLLERS: Final = ("cpu", "cpuacct", "memory", "blkio", "cpuset", "pids", "hugetlb")
_DEPTH: Final = 20  # deeper than any tree that is no mistake


class Cgroups:
    """`unified` is version 2. No file stays open: a group would not go while one is."""

    def __init__(self, root: Path) -> None:
        self.unified = (root / "cgroup.controllers").exists()
        self._trees = {"": Tree(root, keep=False)} if self.unified else _controllers(root)

    def tree(self, controller: str) -> Tree | None:
        """Where the controller's files are; None where there is no such controller."""
        return self._trees.get("" if self.unified else controller)

    def paths(self) -> dict[str, set[str]]:
        """Of all groups, `/` first: path -> the controllers that know it; of version 2 one, whose name is empty."""
        found: dict[str, set[str]] = {"/": set(self._trees)}
        for controller, tree in self._trees.items():
            for path in _below(tree.path("").rstrip("/"), "", 0):
                found.setdefault(path, set()).add(controller)
        return found


def _controllers(root: Path) -> dict[str, Tree]:
    found: dict[str, Tree] = {}
    try:
        folders = sorted(os.listdir(root))  # noqa: PTH208 - names alone
    except OSError:
        return found
    for folder in folders:
        for controller in folder.split(","):
            if controller in CONTROLLERS and (root / folder).is_dir():
                found.setdefault(controller, Tree(root / folder, keep=False))
    return found


def _below(root: str, path: str, depth: int) -> Iterator[str]:
    if depth > _DEPTH:
        return
    try:
        with os.scandir(root + path) as entries:
            folders = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:  # it has gone meanwhile
        return
    for folder in folders:
        below = f"{path}/{folder}"
        yield below
        yield from _below(root, below, depth + 1)


class Group:
    """One path, and how its files are read: what is missing there reads as nothing."""

    __slots__ = ("_cgroups", "_controllers", "path", "unified")

    def __init__(self, cgroups: Cgroups, path: str, controllers: set[str]) -> None:
        self._cgroups = cgroups
        self._controllers = controllers
        self.path = path
        self.unified = cgroups.unified

    def has(self, controller: str) -> bool:
        return self.unified or controller in self._controllers

    def text(self, controller: str, file: str) -> str:
        """Empty where there is no such file, or nothing may be read of it."""
        tree = self._cgroups.tree(controller) if self.has(controller) else None
        if tree is None:
            return ""
        try:
            return tree.text(f"{self.path[1:]}/{file}")
        except OSError:
            return ""

    def number(self, controller: str, file: str) -> float | None:
        """`max` is infinity; None where there is none."""
        return number(self.text(controller, file).strip())

    def table(self, controller: str, file: str) -> dict[str, float]:
        """Lines of a name and a number."""
        pairs = (line.partition(" ") for line in self.text(controller, file).splitlines())
        return {name: value for name, _, text in pairs if (value := number(text)) is not None}

    def began(self) -> float:
        """When the group was made, in Unix seconds, as far as its folders tell; 0 where they do not."""
        times = [
            made
            for controller in (("",) if self.unified else self._controllers)
            if (tree := self._cgroups.tree(controller)) is not None and (made := _made(tree.path(self.path[1:])))
        ]
        return min(times, default=0.0)


def number(text: str) -> float | None:
    if text == "max":
        return float("inf")
    try:
        return float(int(text))
    except ValueError:
        return None


def _made(folder: str) -> float:
    try:
        return float(int(os.stat(folder).st_mtime))  # noqa: PTH116 - a Path costs more than the call
    except OSError:
        return 0.0
