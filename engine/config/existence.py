"""Files that a config names and needs, like a certificate: a run finds out when it needs them, a check before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as File
from typing import Any, Final

import msgspec

from engine.config.prometheus import PrometheusConfig
from engine.config.translate import Translator
from engine.foundation.decode import Report
from engine.foundation.source import Path
from engine.foundation.values import FilePath

_WRITTEN_BY_US: Final = ("query_log_file", "scrape_failure_log_file")


def check_files(config: PrometheusConfig, report: Report, translator: Translator, folder: File) -> None:
    """Report every `*_file` of a file in `folder` that is not there. Patterns of files may match nothing."""
    for at, path in named_paths(config):
        key = str(at[-1])
        if key.endswith("_file") and key not in _WRITTEN_BY_US and not File(translator.path(path, folder)).exists():
            report.error(f'file "{path}" does not exist', *at)


def named_paths(value: Any, at: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every path and pattern of paths that a configuration names, with its place."""
    if isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from named_paths(part, (*at, index))
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from named_paths(getattr(value, field.name), (*at, field.encode_name))
    elif isinstance(value, FilePath) and value:
        yield at, str(value)
