"""Files of Grafana's provisioning: data sources, and folders of dashboards; and `$NAME` in their values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Struct

from engine.foundation.decode import NoEffect, NullItem, Report
from engine.foundation.decode_report import Anything
from engine.foundation.values import FilePath, Secret

_VARIABLE: Final = re.compile(r"\$(?:(\$)|__(env|file)\{([^}]*)\}|\{(\w+)\}|(\w+))")  # noqa: TID251 - ours, linear
SPOKEN: Final = ("prometheus", "loki")
"""Types of data sources that can be asked."""
_BROWSERS: Final = NoEffect("every source is asked by the server")
T = TypeVar("T")


class DataSourceConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of `datasources`. What `jsonData` says is read apart, since any key may stand there."""

    name: str = ""
    type: str = ""
    access: str = "proxy"
    org_id: int = 1
    uid: str = ""
    url: str = ""
    user: str = ""
    password: Secret = Secret()
    database: str = ""
    basic_auth: bool = False
    basic_auth_user: str = ""
    basic_auth_password: Secret = Secret()
    with_credentials: Annotated[bool, _BROWSERS] = False
    is_default: bool = False
    json_data: Anything = Anything()
    secure_json_data: Mapping[str, Secret] = {}
    version: int = 1
    editable: bool = False
    correlations: Annotated[Anything, NoEffect("correlations are not drawn")] = Anything()

    def check(self, report: Report) -> None:
        for key in ("name", "type"):
            if not getattr(self, key):
                report.error(f"a data source needs a {key}", key)
        if self.type and self.type not in SPOKEN:
            report.warning(f'data sources of type "{self.type}" can\'t be asked here: want prometheus or loki', "type")

    @property
    def id(self) -> str:
        """Its uid: the one that is written, or the one that Grafana makes of the name."""
        return self.uid or "P" + hashlib.sha256(self.name.encode()).hexdigest()[:16].upper()


class Deletion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str = ""
    org_id: int = 1


class DataSourcesFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A whole file of `provisioning/datasources`."""

    api_version: int = 1
    datasources: Annotated[tuple[DataSourceConfig, ...], NullItem("null is no data source")] = ()
    delete_datasources: Annotated[tuple[Deletion, ...], NullItem("null is no data source")] = ()
    prune: Annotated[bool, NoEffect("only what files name is there")] = False


class ProviderOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    path: FilePath = FilePath()
    folders_from_files_structure: bool = False


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An entry of `providers`: a folder whose JSON files are dashboards, in folders below it too."""

    name: str = ""
    org_id: int = 1
    folder: str = ""
    folder_uid: str = ""
    type: str = "file"
    disable_deletion: bool = False
    editable: bool = True
    allow_ui_updates: bool | None = None
    update_interval_seconds: int = 10
    options: ProviderOptions = ProviderOptions()

    def check(self, report: Report) -> None:
        if self.type not in ("file", ""):
            report.unsupported(f'providers of type "{self.type}" don\'t exist: want file', "type")
        if not self.options.path:
            report.error("a provider needs the path of a folder", "options", "path")
        if self.folder and self.options.folders_from_files_structure:
            report.error("foldersFromFilesStructure names the folders: folder must be empty then", "folder")

    @property
    def may_save(self) -> bool:
        """Whether its files may be written from the page."""
        return self.editable if self.allow_ui_updates is None else self.allow_ui_updates


class ProvidersFile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A whole file of `provisioning/dashboards`."""

    api_version: int = 1
    providers: Annotated[tuple[ProviderConfig, ...], NullItem("null is no provider")] = ()


class Shelved(Struct, frozen=True):
    """A folder of files, as a provider says. `seconds` is how often it is looked at."""

    name: str
    path: Path
    folder: str = ""
    folder_uid: str = ""
    may_save: bool = True
    keeps_deleted: bool = False
    by_folders: bool = False
    seconds: float = 10.0


def expanded(value: T, environment: Mapping[str, str], problem: Callable[[str], None]) -> T:
    """The same with `$NAME`, `${NAME}`, `$__env{NAME}` and `$__file{PATH}` in its texts, `$$` being a dollar.

    What is not set is nothing, as in Grafana; `problem` hears of a file that can't be read.
    """
    changed: T = _expanded(value, environment, problem)
    return changed


def _expanded(value: Any, environment: Mapping[str, str], problem: Callable[[str], None]) -> Any:
    if isinstance(value, Secret):
        return type(value)(_filled(value.reveal(), environment, problem))
    if isinstance(value, str):
        return type(value)(_filled(value, environment, problem))
    if isinstance(value, msgspec.Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        return msgspec.structs.replace(
            value, **{name: _expanded(part, environment, problem) for name, part in parts.items()}
        )
    if isinstance(value, Mapping):
        return {key: _expanded(part, environment, problem) for key, part in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_expanded(part, environment, problem) for part in value)
    return value


def _filled(text: str, environment: Mapping[str, str], problem: Callable[[str], None]) -> str:
    def of(found: re.Match[str]) -> str:
        dollar, kind, inner, braced, bare = found.groups()
        if dollar:
            return "$"
        if kind == "file":
            try:
                return Path(inner).read_text().strip()
            except OSError as error:
                problem(f"$__file{{{inner}}}: {error.strerror}")
                return ""
        return environment.get(inner if kind else braced or bare, "")

    return _VARIABLE.sub(of, text) if "$" in text else text
