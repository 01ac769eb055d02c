"""Whatever other programs leave in `*.prom` files, as cron jobs do.

A file is taken whole or not at all: one that does not parse, does not end with a line break or bears timestamps is left
out, shows in the log and in `node_textfile_scrape_error`, and harms no other.
"""

from __future__ import annotations

import glob
import logging
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from exporters.exposition.families import Family, MetricType, Sample
from exporters.exposition.keys import decode
from exporters.exposition.page import ExpositionError, Metadata, Page
from exporters.exposition.text import parse_text
from exporters.node import reading
from exporters.node.machine import Machine

_ENDINGS: Final = MappingProxyType(
    {MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"), MetricType.SUMMARY: ("_sum", "_count")}
)

log = logging.getLogger(__name__)


class TextfileError(ValueError):
    """A file that can't be taken."""


class _Found(Struct):
    """The families of all files so far; `files` names those in which each was read."""

    families: dict[str, Family] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)

    def add(self, families: list[Family], path: Path) -> None:
        """All of a file's. Raises TextfileError, and then none was taken."""
        for family in families:
            known = self.families.get(family.name, family)
            if known.type is not family.type:
                kinds = f"{family.type.value} and not {known.type.value}"
                raise TextfileError(f"{family.name} is a {kinds}, as in {self.files[family.name][0]}")
        for family in families:
            known = self.families.get(family.name, Family(family.name, family.type, family.help))
            known.samples.extend(family.samples)
            self.families[family.name] = replace(known, help=known.help or family.help)
            self.files.setdefault(family.name, []).append(str(path))

    def all(self) -> list[Family]:
        return [
            replace(family, help=family.help or f"Metric read from {', '.join(self.files[name])}")
            for name, family in self.families.items()
        ]


def parse(body: bytes) -> list[Family]:
    """The families of one file. Raises TextfileError, ExpositionError."""
    if body and not body.endswith(b"\n"):
        raise TextfileError("it does not end with a line break")
    page = parse_text(body)
    if page.timestamps is not None:
        raise TextfileError("it contains timestamps, which are not supported")
    families: dict[str, Family] = {}
    for name, labels, value in _samples(page):
        of = _family_of(name, page)
        known = page.metadata.get(of, Metadata())
        family = families.setdefault(of, Family(of, _type(known), known.help or ""))
        family.samples.append(Sample(name, labels, value))
    return list(families.values())


def read(machine: Machine) -> list[Family]:
    """Those of all files in the folders that `--collector.textfile.directory` names; it may be a pattern."""
    found, failed = _Found(), False
    times = Family("node_textfile_mtime_seconds", MetricType.GAUGE, "Unixtime mtime of textfiles successfully read.")
    for folder in _folders(machine.options.textfile_directory):
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".prom")
        except OSError as error:
            log.warning("the folder of text files %s can't be read: %s", folder, error)
            failed = True
            continue
        for path in paths:
            try:
                found.add(parse(path.read_bytes()), path)
                times.add(float(int(path.stat().st_mtime)), (("file", str(path)),))
            except (OSError, TextfileError, ExpositionError) as error:
                log.warning("the text file %s is left out: %s", path, error)
                failed = True
    state = reading.gauge(
        "node_textfile_scrape_error", "1 if there was an error opening or reading a file, 0 otherwise", float(failed)
    )
    return [*found.all(), *([times] if times.samples else []), state]


def _folders(pattern: str) -> list[Path]:
    if not pattern:
        return []
    names = sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern may be absolute, which Path.glob refuses
    return [Path(name) for name in names or [pattern]]


def _samples(page: Page) -> Iterator[tuple[str, tuple[tuple[str, str], ...], float]]:
    for key, value in zip(page.keys, page.values.tolist(), strict=True):
        (_, name), *labels = decode(key)
        yield name, tuple(labels), value


def _family_of(name: str, page: Page) -> str:
    for type_, endings in _ENDINGS.items():
        for ending in endings:
            base = name.removesuffix(ending)
            if base != name and _type(page.metadata.get(base, Metadata())) is type_:
                return base
    return name


def _type(known: Metadata) -> MetricType:
    return MetricType.UNTYPED if known.type in (None, "unknown") else MetricType(known.type)
