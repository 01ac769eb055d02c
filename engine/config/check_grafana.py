"""`engine check grafana`: a folder with `provisioning/`, grafana.ini, a provisioning file, or a dashboard."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final, TypeVar

from engine.config.grafana import PROVISIONING, load_grafana
from engine.config.grafana_ini import read as read_settings
from engine.config.reading import Reading
from engine.config.stack import dashboards
from engine.config.translate import Translator
from engine.dashboards.files.provision import DataSourcesFile, ProvidersFile
from engine.dashboards.model import board
from engine.foundation.decode import decode
from engine.foundation.files import is_folder
from engine.foundation.source import Finding, Severity

KEYS: Final = frozenset({"datasources", "deleteDatasources", "providers"})
"""Those of a provisioning file's first level."""
_BOARD_KEYS: Final = frozenset({"panels", "rows", "schemaVersion", "templating"})
T = TypeVar("T")


def is_grafana(path: Path, keys: Collection[str]) -> bool:
    """Whether a path is one of Grafana's; `keys` are those of a file's first level."""
    if is_folder(path):
        return path.name == PROVISIONING or (path / PROVISIONING).is_dir()
    return path.suffix == ".ini" or bool(KEYS & set(keys)) or len(_BOARD_KEYS & set(keys)) > 1


def check_grafana(path: Path, reading: Reading, *, translate: bool) -> str:
    """Gives what was found there, in words."""
    if is_folder(path):
        return _folder(path, reading, translate=translate)
    body = _bytes(path, reading)
    if path.suffix == ".ini":
        settings, found = read_settings(body.decode(errors="replace"), str(path), os.environ)
        reading.findings += found
        return f"settings, {'with a password' if settings.password else 'without a password: loopback alone'}"
    if path.suffix == ".json":
        _dashboard(path, body, reading)
        return "a dashboard"
    if b"providers" in body:
        return f"{len(_decoded(body, ProvidersFile, path, reading).providers)} providers"
    return f"{len(_decoded(body, DataSourcesFile, path, reading).datasources)} data sources"


def _decoded(body: bytes, kind: type[T], path: Path, reading: Reading) -> T:
    found = decode(body, kind, str(path))
    reading.findings += found.findings
    return found.value


def _folder(path: Path, reading: Reading, *, translate: bool) -> str:
    found = load_grafana(path, os.environ, Translator({}, Path("engine-data"), enabled=translate))
    reading.findings += found.findings
    reading.sources |= found.read
    files = found.boards
    for file in files:
        _dashboard(file, _bytes(file, reading), reading)
    told = [(len(found.sources), "data source"), (len(found.shelves), "provider"), (len(files), "dashboard")]
    return ", ".join(f"{count} {noun}{'' if count == 1 else 's'}" for count, noun in told)


def _dashboard(file: Path, body: bytes, reading: Reading) -> None:
    """No JSON is a mistake; a query that does not parse, and what is not drawn as what it is, are findings."""
    content = dashboards.read(body)
    if not dashboards.is_dashboard(content):
        reading.tell(Severity.ERROR, file, "it is no dashboard: want JSON with panels")
        return
    for query in dashboards.queries(content):
        if why := dashboards.fault(query.text):
            line, column = dashboards.place(body, query.text)
            reading.findings.append(Finding(Severity.LINT, str(file), line, column, query.where, why))
    for panel in board(content).every():
        for note in panel.notes:
            where = dashboards.named(panel.title, panel.id)
            reading.findings.append(Finding(Severity.LINT, str(file), 1, 1, where, note))


def _bytes(path: Path, reading: Reading) -> bytes:
    try:
        reading.sources[str(path)] = path.read_bytes()
    except OSError as error:
        reading.tell(Severity.ERROR, path, f"can't be read: {error.strerror}")
        return b""
    return reading.sources[str(path)]
