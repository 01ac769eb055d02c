"""What a `grafana/` folder says: data sources, folders of dashboards, grafana.ini and `GF_*` variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from msgspec import Struct, field

from engine.config.grafana_ini import Settings
from engine.config.grafana_ini import read as read_settings
from engine.config.translate import Translator
from engine.dashboards.files.provision import (
    DataSourceConfig,
    DataSourcesFile,
    ProviderConfig,
    ProvidersFile,
    Shelved,
    expanded,
)
from engine.foundation.decode import Decoded, decode
from engine.foundation.files import matching
from engine.foundation.source import Finding, Severity

PROVISIONING: Final = "provisioning"
_INI: Final = ("grafana.ini", "custom.ini")
_MOVED: Final = ("/etc/grafana", "/var/lib/grafana", "/usr/share/grafana")
"""Where containers have them; here they lie beside `provisioning/`."""


class Provisioned(Struct, frozen=True):
    """A data source with what its `jsonData` says."""

    config: DataSourceConfig
    json: Mapping[str, Any] = field(default_factory=dict)


class Grafana(Struct, frozen=True):
    """All of a folder. `deleted` are names of data sources that are taken away."""

    folder: Path
    sources: tuple[Provisioned, ...]
    shelves: tuple[Shelved, ...]
    settings: Settings
    findings: tuple[Finding, ...]
    read: Mapping[str, bytes]
    translations: tuple[tuple[str, str], ...] = ()

    @property
    def boards(self) -> list[Path]:
        """The files of its dashboards."""
        return [file for shelf in self.shelves for file in sorted(shelf.path.rglob("*.json"))]


def load_grafana(folder: Path, environment: Mapping[str, str], translator: Translator | None = None) -> Grafana:
    """`folder` holds `provisioning/` (or is it). Nothing raises for what stands in a file."""
    home = folder.parent if folder.name == PROVISIONING else folder
    reading = _Reading(home, environment, translator)
    settings = reading.settings()
    root = folder if folder.name == PROVISIONING else home / PROVISIONING
    sources = list(reading.sources(root / "datasources"))
    shelves = list(reading.shelves(root / "dashboards"))
    return Grafana(
        folder=home,
        sources=tuple(sources),
        shelves=tuple(shelves),
        settings=settings,
        findings=tuple(reading.findings),
        read=reading.read,
        translations=tuple(reading.translations),
    )


class _Reading:
    """One pass over the files."""

    def __init__(self, home: Path, environment: Mapping[str, str], translator: Translator | None) -> None:
        self._home = home
        self._environment = environment
        self._translator = translator or Translator({}, home)
        self.findings: list[Finding] = []
        self.read: dict[str, bytes] = {}
        self.translations: list[tuple[str, str]] = []

    def settings(self) -> Settings:
        file = next((self._home / name for name in _INI if (self._home / name).is_file()), None)
        source = self._bytes(file) if file is not None else b""
        settings, found = read_settings(source.decode(errors="replace"), str(file or ""), self._environment)
        self.findings += found
        return settings

    def sources(self, folder: Path) -> Iterator[Provisioned]:
        deleted: set[str] = set()
        found: dict[str, Provisioned] = {}
        for file in _files(folder):
            body = self._bytes(file)
            decoded = decode(body, DataSourcesFile, str(file))
            self._take(decoded)
            given = expanded(decoded.value, self._environment, lambda text, file=file: self._warn(file, text))  # type: ignore[misc]
            deleted |= {one.name for one in given.delete_datasources}
            for config, json in zip(given.datasources, _json(body), strict=False):
                json = expanded(json, self._environment, lambda _: None)  # noqa: PLW2901 - the same, filled in
                found[config.name] = Provisioned(config, json)
        yield from found.values()
        defaults = [name for name, one in found.items() if one.config.is_default]
        if len(defaults) > 1:
            message = f"only one data source can be the default, and these are: {', '.join(defaults)}"
            self._warn(folder, message, Severity.ERROR)

    def shelves(self, folder: Path) -> Iterator[Shelved]:
        for file in _files(folder):
            decoded = decode(self._bytes(file), ProvidersFile, str(file))
            self._take(decoded)
            given = expanded(decoded.value, self._environment, lambda text, file=file: self._warn(file, text))  # type: ignore[misc]
            for provider in given.providers:
                if provider.options.path:
                    yield self._shelf(provider, file)

    def _shelf(self, provider: ProviderConfig, file: Path) -> Shelved:
        path = self._path(provider.options.path)
        if not path.is_dir():
            self._warn(file, f"{provider.options.path}: there is no such folder: no dashboards of {provider.name!r}")
        return Shelved(
            name=provider.name,
            path=path,
            folder=provider.folder,
            folder_uid=provider.folder_uid,
            may_save=provider.may_save,
            keeps_deleted=provider.disable_deletion,
            by_folders=provider.options.folders_from_files_structure,
            seconds=max(provider.update_interval_seconds, 1),
        )

    def _path(self, written: str) -> Path:
        """As it is where it exists; a container's path lies beside `provisioning/`."""
        path = Path(written)
        if not path.is_absolute():
            return self._home / path
        if path.is_dir() or not self._translator.enabled:
            return path
        if (used_here := self._translator.path(written, self._home)) != written:
            self.translations.append((written, used_here))
            return Path(used_here)
        for root in _MOVED:
            if written == root or written.startswith(f"{root}/"):
                used = self._home / written.removeprefix(root).lstrip("/")
                if not used.is_dir() and (self._home / path.name).is_dir():
                    used = self._home / path.name
                self.translations.append((written, str(used)))
                return used
        if (self._home / path.name).is_dir():
            self.translations.append((written, str(self._home / path.name)))
            return self._home / path.name
        return path

    def _bytes(self, file: Path) -> bytes:
        try:
            self.read[str(file)] = file.read_bytes()
        except OSError as error:
            self._warn(file, f"can't be read: {error.strerror}", Severity.ERROR)
            self.read[str(file)] = b""
        return self.read[str(file)]

    def _take(self, decoded: Decoded[Any]) -> None:
        self.findings += decoded.findings

    def _warn(self, file: Path, message: str, severity: Severity = Severity.WARNING) -> None:
        self.findings.append(Finding(severity, str(file), 1, 1, "", message))


def _files(folder: Path) -> Sequence[Path]:
    return [*matching(str(folder / "*.yml")), *matching(str(folder / "*.yaml"))]


def _json(body: bytes) -> list[dict[str, Any]]:
    """`jsonData` of each entry, as JSON would have it; the rest was judged before."""
    try:
        found = yaml.safe_load(body)
    except yaml.YAMLError:
        return []
    entries = found.get("datasources") if isinstance(found, dict) else None
    given = [one.get("jsonData") if isinstance(one, dict) else None for one in entries or []]
    return [one if isinstance(one, dict) else {} for one in given]
