"""Which distribution this is, from `etc/os-release`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

from exporters.exposition.families import Family, MetricType
from exporters.node.errors import NoDataError
from exporters.node.machine import Machine

LABELS: Final = (
    "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
    "version", "version_codename", "version_id",
)  # fmt: skip
_FILES: Final = ("etc/os-release", "usr/lib/os-release")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)  # noqa: TID251 - ours, linear


def parse(release: str) -> dict[str, str]:
    """Shell assignments: name in small letters -> value."""
    pairs = (token.partition("=") for token in shlex.split(release, comments=True))
    return {name.lower(): value for name, equals, value in pairs if equals}


def families(release: dict[str, str]) -> list[Family]:
    labels = {label: release.get(label, "") for label in LABELS}
    found = [Family.of("node_os_info", MetricType.GAUGE, "The distribution, as labels.", (labels, 1.0))]
    if (number := _NUMBER.match(labels["version_id"])) is not None and float(number[0]) > 0:
        few = {label: labels[label] for label in ("id", "id_like", "name")}
        help_ = "Metric containing the major.minor part of the OS version."
        found.append(Family.of("node_os_version", MetricType.GAUGE, help_, (few, float(number[0]))))
    return found


class OsRelease:
    """Reads the file again when it has changed."""

    def __init__(self, machine: Machine) -> None:
        self._files = [machine.options.rootfs / file for file in _FILES]
        self._read: tuple[Path, int] | None = None
        self._found: list[Family] = []

    def read(self) -> list[Family]:
        for path in self._files:
            try:
                changed = path.stat().st_mtime_ns
            except FileNotFoundError:
                continue
            if self._read != (path, changed):
                self._found = families(parse(path.read_text(encoding="utf-8", errors="replace")))
                self._read = (path, changed)
            return self._found
        raise NoDataError("there is no os-release file")


def name(rootfs: Path) -> str:
    """As people call the system, `Debian GNU/Linux 12 (bookworm)`; empty where it has no name."""
    for file in _FILES:
        try:
            return parse((rootfs / file).read_text(encoding="utf-8", errors="replace")).get("pretty_name", "")
        except (OSError, ValueError):
            continue
    return ""
