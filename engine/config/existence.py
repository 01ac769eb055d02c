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

_WRITTEN_BY_US: Final = "query_log_file"


def check_files(config: PrometheusConfig, report: Report, translator: Translator, folder: File) -> None:
    """Report every `*_file` of a file in `folder` that is not there. Patterns of files may match nothing."""
    for at, path in _named(config, ()):
        if not File(translator.path(path, folder)).exists():
            report.error(f'file "{path}" does not exist', *at)


def _named(value: Any, at: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, tuple):
        for index, part in enumerate(value):
            yield from _named(part, (*at, index))
    elif isinstance(value, msgspec.Struct):
        for field in msgspec.structs.fields(value):
            yield from _named(getattr(value, field.name), (*at, field.encode_name))
    elif isinstance(value, FilePath) and value and str(at[-1]).endswith("_file") and at[-1] != _WRITTEN_BY_US:
        yield at, value
