"""Commands set up the log of the whole process; what a test finds there it leaves there."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

PACKAGES = ("", "engine", "exporters", "promql")


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in PACKAGES}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
