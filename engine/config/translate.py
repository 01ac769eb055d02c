"""Paths of containers, as configuration files name them, to files of this machine.

A file that was written for a container says `/etc/prometheus/rules/*.yml` and `/prometheus`. Outside of one the first
is looked for beside the main config of its program, the second under the data folder. A path that exists as it is
written always wins, and each translation is kept, so that it can be told once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct, field

from engine.foundation.files import is_pattern, matching
from engine.foundation.values import FilePath

ROOTED: Final = Path()
"""Where relative paths of a config begin once `rooted` has joined them with the folder of their file."""
DATA_FOLDERS: Final = ("/prometheus", "/alertmanager", "/loki")
T = TypeVar("T")


class Translation(Struct, frozen=True):
    """What a file says, and what is taken for it."""

    written: str
    used: str

    def __str__(self) -> str:
        return f"{self.written} is read as {self.used}"


class Translator(Struct, frozen=True):
    """`homes` maps a program to the folder that holds its main config. Not `enabled`, it joins paths and no more.

    `mounts` are what containers see of this machine, the deepest first: a path inside, and the file or folder.
    """

    homes: Mapping[str, Path]
    data_dir: Path
    enabled: bool = True
    mounts: Sequence[tuple[str, Path]] = ()
    done: dict[str, Translation] = field(default_factory=dict)
    unmounted: list[str] = field(default_factory=list)
    """Paths that the container would not see, so that what lies beside the config was taken."""

    def path(self, written: str, folder: Path) -> str:
        """Where a path of a file in `folder` leads."""
        if not Path(written).is_absolute():
            return str(folder / written)
        used = self._translated(written) if self.enabled and not _exists(written) else None
        if used is None:
            return written
        self.done[written] = Translation(written, used)
        return used

    def rooted(self, config: T, folder: Path) -> T:
        """The same config with all its FilePaths translated."""
        changed: T = _mapped(config, self, folder)
        return changed

    def _translated(self, written: str) -> str | None:
        for root, host in self.mounts:
            if (inside := _below(written, root)) is not None:
                return str(host / inside)
        for program, home in self.homes.items():
            inside = _below(written, f"/etc/{program}")
            if inside is not None:
                if self.mounts:
                    self.unmounted.append(written)
                return str(home / inside)
        for root in DATA_FOLDERS:
            if _below(written, root) is not None:
                return str(self.data_dir / written.lstrip("/"))
        return None


def in_this_folder(path: Path) -> Translation | None:
    """`/etc/prometheus/prometheus.yml` is `prometheus/prometheus.yml` here, or `prometheus.yml`, if that is there."""
    match path.parts:
        case ("/", "etc", program, *rest) if rest:
            for used in (Path(program, *rest), Path(*rest)):
                if used.is_file():
                    return Translation(str(path), str(used))
    return None


def _below(path: str, root: str) -> str | None:
    """What follows the root, or None."""
    if path == root:
        return ""
    return path.removeprefix(root + "/") if path.startswith(root + "/") else None


def _exists(path: str) -> bool:
    return bool(matching(path)) if is_pattern(path) else Path(path).exists()


def _mapped(value: Any, translator: Translator, folder: Path) -> Any:
    if isinstance(value, FilePath):
        return type(value)(translator.path(value, folder)) if value else value
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: _mapped(part, translator, folder) for name, part in fields.items()}
        return msgspec.structs.replace(value, **{name: part for name, part in changed.items() if part != fields[name]})
    if isinstance(value, tuple):
        return tuple(_mapped(part, translator, folder) for part in value)
    if isinstance(value, Mapping):
        return {key: _mapped(part, translator, folder) for key, part in value.items()}
    return value
