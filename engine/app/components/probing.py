"""The blackbox exporter of this process, made when it is asked first: nothing of it is imported before.

Without a file of its own it has the modules of the original's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from yarl import URL

from engine.config.load import Loaded
from engine.config.translate import ROOTED
from engine.foundation.addresses import AddressBook, LocalResponse
from engine.foundation.clock import Clock
from exporters.blackbox.config.document import BlackboxConfig, parse_blackbox
from exporters.blackbox.pages import TIMEOUT_HEADER
from exporters.exposition.families import Family

if TYPE_CHECKING:
    from exporters.blackbox.exporter import Blackbox


class Probing:
    """Owns the exporter, and what it probes by."""

    def __init__(self, loaded: Loaded, clock: Clock, addresses: AddressBook) -> None:
        self._loaded = loaded
        self._clock = clock
        self._addresses = addresses
        self._made: Blackbox | None = None

    def exporter(self) -> Blackbox:
        if self._made is None:
            from exporters.blackbox.exporter import Blackbox  # noqa: PLC0415 - as the module says

            self._made = Blackbox(_modules(self._loaded), ROOTED, clock=self._clock, addresses=self._addresses)
        return self._made

    def apply(self, loaded: Loaded) -> None:
        """Probe by what these files say from now on."""
        self._loaded = loaded
        if self._made is not None:
            self._made.apply(_modules(loaded), ROOTED)

    def refused(self) -> None:
        """New files could not be used."""
        if self._made is not None:
            self._made.reloads.good = False

    async def page(self, url: URL, headers: Mapping[str, str]) -> LocalResponse:
        """`/probe?...` without a socket."""
        timeout = next((value for name, value in headers.items() if name.lower() == TIMEOUT_HEADER.lower()), "")
        answer = await self.exporter().probe(url.query, timeout)
        return LocalResponse(answer.status, {"Content-Type": answer.content_type}, answer.body)

    async def collect(self, _: Sequence[str]) -> list[Family]:
        """What the exporter tells of itself."""
        return self.exporter().families()


def _modules(loaded: Loaded) -> BlackboxConfig:
    if loaded.blackbox is not None:
        return loaded.blackbox
    from exporters.blackbox.config.modules import BUILT_IN  # noqa: PLC0415 - as the module says

    return parse_blackbox(BUILT_IN).value
