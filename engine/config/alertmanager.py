"""Alertmanager's file, read whole: receivers are complete, the route tree is as written."""

from __future__ import annotations

from engine.alerting.config import AlertmanagerConfig, resolve
from engine.foundation.decode import Decoded, decode


def parse_alertmanager(source: str | bytes, file: str = "alertmanager.yml") -> Decoded[AlertmanagerConfig]:
    """The file's content with the globals filled into its receivers, and everything that is wrong with it."""
    found = decode(source, AlertmanagerConfig, file)
    return Decoded(resolve(found.value), found.findings)
