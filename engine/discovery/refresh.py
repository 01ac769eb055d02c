"""Sources that are asked again and again.

Law: what a source told stays in force while it can't be asked or tells nonsense. Its error is counted, kept where
people look, and logged when it changes, not each time.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain, count
from typing import Self, TypeAlias

from msgspec import Struct

from engine.discovery.groups import Publish, TargetGroup
from engine.discovery.ports import DiscoveryError, DiscoveryParts
from engine.discovery.told import news
from engine.foundation.http_client import HttpError

Ask: TypeAlias = Callable[[], Awaitable[Sequence[TargetGroup]]]
"""Gives all groups. Raises HttpError, DiscoveryError."""

log = logging.getLogger(__name__)


class Asked(Struct, frozen=True):
    """Who is asked, for people; by which mechanism, and how often."""

    mechanism: str
    name: str
    seconds: float


async def keep_asking(ask: Ask, asked: Asked, parts: DiscoveryParts, publish: Publish) -> None:
    """Ask now and at each interval, and tell what is new."""
    known: Sequence[TargetGroup] | None = None
    mechanism = asked.mechanism
    with Faults(f"{mechanism}_sd_configs", asked.name, parts) as faults:
        while True:
            begun = parts.clock.monotonic()
            try:
                found = await ask()
            except (HttpError, DiscoveryError) as error:
                parts.counts.refresh_failed(mechanism)
                faults.fault(str(error))
            else:
                faults.well()
                changed = news(known or (), found)
                if changed or known is None:
                    publish(changed)
                known = found
            parts.counts.refreshed(mechanism, parts.clock.monotonic() - begun)
            await parts.clock.sleep(asked.seconds)


class Faults:
    """What is wrong with one source now: kept among all sources' faults, and logged when it changes.

    Two jobs may ask the same source, each in its own way: the second is told apart by a number.
    """

    def __init__(self, section: str, source: str, parts: DiscoveryParts) -> None:
        self._name = f"{section}: {source}" if source else section
        self._kept = parts.counts.faults
        self._used = parts.counts.sources

    def __enter__(self) -> Self:
        names = chain([self._name], (f"{self._name} ({number})" for number in count(2)))
        self._name = next(name for name in names if name not in self._used)
        self._used.add(self._name)
        return self

    def __exit__(self, *_: object) -> None:
        self._kept.pop(self._name, None)
        self._used.discard(self._name)

    def fault(self, text: str) -> None:
        """It can't be used, for this reason."""
        if self._kept.get(self._name) != text:
            log.error("%s: %s; the targets known before stay", self._name, text)
            self._kept[self._name] = text

    def well(self) -> None:
        """It could be used."""
        if self._kept.pop(self._name, None) is not None:
            log.warning("%s: answers again", self._name)
