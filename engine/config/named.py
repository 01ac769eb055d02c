"""The files that the command line names: followed, and their lines kept here.

The job of a file is its name without its ending, that of a pattern the folder that it looks into; `filename` tells the
files of a job apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace
from yarl import URL

from engine.config.alone import job
from engine.config.load import Loaded
from engine.foundation.addresses import DEFAULTS
from engine.foundation.files import is_pattern
from engine.foundation.values import HttpUrl

if TYPE_CHECKING:
    from engine.promtail.config import PromtailConfig

TAILED: Final = "files of the command line"
_LOKI: Final = {"url": "http://loki:3100/loki/api/v1/push"}


def with_files(loaded: Loaded, files: Sequence[Path]) -> Loaded:
    """With these files, or patterns of files, followed, and their lines kept here."""
    from engine.logs.config.document import LokiConfig  # noqa: PLC0415 - few name files
    from engine.logs.config.settings import LogSettings  # noqa: PLC0415

    mine = _tailing(files)
    known = loaded.promtail
    if known is not None:
        more = () if any(_is_own(client.url) for client in known.settled_clients) else mine.clients
        jobs = (*known.scrape_configs, *mine.scrape_configs)
        mine = msgspec.structs.replace(known, scrape_configs=jobs, clients=(*known.clients, *more))
    return replace(
        loaded,
        promtail=mine,
        promtail_file=loaded.promtail_file or loaded.file,
        loki=loaded.loki or LogSettings(LokiConfig(auth_enabled=False), {}),
    )


def _tailing(files: Sequence[Path]) -> PromtailConfig:
    from engine.promtail.config import parse_promtail  # noqa: PLC0415 - of what runs only where there is one

    content = {"clients": [_LOKI], "scrape_configs": [job(TAILED, [(file, {"job": _job(file)}) for file in files])]}
    decoded = parse_promtail(msgspec.json.encode(content), "the command line")
    assert not decoded.fatal, decoded.findings
    return decoded.value


def _job(file: Path) -> str:
    return (file.absolute().parent.name or "files") if is_pattern(str(file)) else file.stem


def _is_own(url: HttpUrl) -> bool:
    ours, place = DEFAULTS["loki"], URL(url.reveal())
    return place.host in ours.hosts and place.port == ours.port
