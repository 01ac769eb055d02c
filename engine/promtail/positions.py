"""Positions in files: a copy in the original's form, for people and for the original; and, where the store of this
process is no client, those that count.

The original's file maps paths to offsets, as texts. What it can't hold (inodes, marks, what stages still held) is kept
beside it in a file of our own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.decode import decode
from engine.foundation.errors import ConfigError
from engine.foundation.files import replace

CONTAINER_PATHS: Final = ("/tmp/positions.yaml", "/var/log/positions.yaml", "/run/promtail/positions.yaml")  # noqa: S108
"""Where configurations for containers put the file; here it lies in the data folder."""

log = logging.getLogger(__name__)


class Positions(msgspec.Struct, frozen=True, kw_only=True):
    """The original's file."""

    positions: Mapping[str, str] = {}


def place_of(written: str, data_dir: Path | None) -> Path | None:
    """Where the copy lies; None keeps none."""
    if data_dir is None:
        return None
    return data_dir / "promtail" / "positions.yaml" if written in CONTAINER_PATHS else Path(written)


def adopted(places: Iterable[Path], *, ignore_invalid: bool) -> dict[str, int]:
    """Offsets by path, of the first of these files that is there. Raises ConfigError for one that can't be read."""
    for place in places:
        try:
            source = place.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"{place}: can't be read: {error.strerror}") from None
        found = decode(source, Positions, str(place))
        if found.fatal and not ignore_invalid:
            first = next(finding for finding in found.findings if finding.fatal)
            raise ConfigError(f"{first}: this is no file of positions: remove it, or set ignore_invalid_yaml: true")
        return {path: int(offset) for path, offset in found.value.positions.items() if offset.isdecimal()}
    return {}


def write_copy(place: Path, offsets: Mapping[str, int]) -> None:
    """In the original's form, readable for its owner alone. Says once what stands in the way."""
    lines = "".join(f'  {msgspec.json.encode(path).decode()}: "{offset}"\n' for path, offset in sorted(offsets.items()))
    content = f"positions:\n{lines}" if lines else "positions: {}\n"
    place.parent.mkdir(parents=True, exist_ok=True)
    replace(place, content.encode())
    place.chmod(0o600)


class KeptPositions:
    """Those of a Promtail that sends to other Lokis alone. `save` writes them, when something has changed."""

    def __init__(self, place: Path | None) -> None:
        self._place = place
        self._kept: dict[str, str] = {}
        self._changed = False
        if place is not None and place.is_file():
            try:
                self._kept = msgspec.json.decode(place.read_bytes(), type=dict[str, str])
            except (msgspec.DecodeError, msgspec.ValidationError, OSError) as error:
                log.warning("%s: can't be used, files are read as their names in positions.yaml say: %s", place, error)

    def keep(self, positions: Mapping[str, str]) -> None:
        self._changed = self._changed or bool(positions)
        for key, text in positions.items():
            if text:
                self._kept[key] = text
            else:
                self._kept.pop(key, None)

    def positions(self) -> Mapping[str, str]:
        return dict(self._kept)

    def save(self) -> None:
        """Raises OSError."""
        if self._place is not None and self._changed:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            replace(self._place, msgspec.json.encode(self._kept))
            self._changed = False
