"""blackbox.yml of an exporter that runs alone."""

from __future__ import annotations

import logging
from pathlib import Path

from engine.foundation.errors import ConfigError
from exporters.blackbox.config.document import BlackboxConfig, parse_blackbox
from exporters.blackbox.config.modules import BUILT_IN

log = logging.getLogger(__name__)


def load(file: Path | None) -> BlackboxConfig:
    """The file's modules, the built-in ones without a file. What can't be used when it is asked for is told in the log.

    Raises ConfigError with every mistake, one a line.
    """
    if file is None:
        return parse_blackbox(BUILT_IN).value
    try:
        source = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"error reading config file: open {file}: {(error.strerror or str(error)).lower()}") from None
    found = parse_blackbox(source, str(file))
    if found.fatal:
        mistakes = [str(finding) for finding in found.findings if finding.fatal]
        raise ConfigError("error parsing config file:\n" + "\n".join(f"  {line}" for line in mistakes))
    for finding in found.findings:
        log.warning("%s", finding)
    return found.value
