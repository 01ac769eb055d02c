"""Who is told of alerts: a notifier, and the connections to those who hear, which a reload makes anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from msgspec import Struct

from engine.app.components.alertmanagers import Alertmanagers
from engine.config.prometheus import AlertmanagersConfig
from engine.relabel.config import RelabelConfig
from engine.relabel.relabel import relabel
from engine.rules.alertmanagers import Alertmanager
from engine.rules.notifier import Notifier


class Opened(Struct, frozen=True):
    """Connections that nobody uses yet, and those they lead to. Either `adopt` or `close` them."""

    peers: Alertmanagers
    told: Sequence[Alertmanager]

    async def close(self) -> None:
        await self.peers.close()


class Telling:
    """Owns the connections that the notifier uses now. First `open` others, then `adopt` them, at last `close`."""

    def __init__(self, notifier: Notifier, make: Callable[[], Alertmanagers]) -> None:
        self.notifier = notifier
        self._make = make
        self._peers: Alertmanagers | None = None

    async def open(self, sections: Sequence[AlertmanagersConfig]) -> Opened:
        """Raises ConfigError, and then everything is as it was."""
        peers = self._make()
        try:
            return Opened(peers, await peers.open(sections))
        except BaseException:
            await peers.close()
            raise

    async def adopt(self, opened: Opened, labels: Mapping[str, str], configs: Sequence[RelabelConfig]) -> None:
        """Alerts go there from now on, with these labels, relabelled so."""
        self.notifier.apply(labels, partial(relabel, configs=configs))
        self.notifier.discovered(opened.told)
        old, self._peers = self._peers, opened.peers
        if old is not None:
            await old.close()
        opened.peers.follow(self.notifier.discovered)

    async def close(self) -> None:
        if self._peers is not None:
            await self._peers.close()
