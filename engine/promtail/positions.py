"""Positions in files: a copy in the original's form, for people and for the original; and, where the store of this
process is no client, those that count.

The original's file maps paths to offsets, as texts. What it can't hold (inodes, marks, what stages still held) is kept
beside it in a file of our own.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from engine.foundation.decode import decode
from engine.foundation.errors import ConfigError
from engine.foundation.files import replace
from engine.promtail.tail.names import shown

CONTAINER_PATHS: Final = ("/tmp/positions.yaml", "/var/log/positions.yaml", "/run/promtail/positions.yaml")  # noqa: S108
"""Where configurations for containers put the file; here it lies in the data folder."""

_OFFSET: Final = re.compile("[0-9]{1,18}", re.ASCII)  # noqa: TID251 - ours, linear
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # noqa: TID251 - ours, linear
"""What YAML does not take, or takes for the end of a line."""

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
        return {path: int(offset) for path, offset in found.value.positions.items() if _OFFSET.fullmatch(offset)}
    return {}


def write_copy(place: Path, offsets: Mapping[str, int]) -> None:
    """In the original's form, readable for its owner alone. Says once what stands in the way."""
    lines = "".join(f'  {_quoted(path)}: "{offset}"\n' for path, offset in sorted(offsets.items()))
    content = f"positions:\n{lines}" if lines else "positions: {}\n"
    place.parent.mkdir(parents=True, exist_ok=True)
    replace(place, content.encode())
    place.chmod(0o600)


def _quoted(path: str) -> str:
    """As YAML writes it."""
    text = msgspec.json.encode(shown(path)).decode()
    return _UNPRINTABLE.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


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
